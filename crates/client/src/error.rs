//! Why a call or a connection failed.

use std::{io, sync::Arc};

/// What can go wrong. Only [`Error::Refused`] comes from a command.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text is no address of a server.
    #[error("{0:?} is not an address; it looks like http://127.0.0.1:8080 (or ws://), without TLS")]
    Address(String),
    /// Nobody listens there, or nobody can be reached.
    #[error("connecting to {to} failed: {why}")]
    Connect {
        /// `host:port`.
        to: String,
        /// What the system says.
        why: io::Error,
    },
    /// The server does not want the socket, or is not one.
    #[error("the server did not open the socket: {0}")]
    Handshake(String),
    /// HTTP itself failed. Whether the call was carried out is not known.
    #[error("the HTTP exchange failed: {0}")]
    Http(String),
    /// The call never reached a command.
    #[error("the server answered with HTTP status {0}")]
    Status(u16),
    /// The server answered, and refused.
    #[error("refused with {code}: {info}")]
    Refused {
        /// `ErrorCode`; `spec/concepts/error-codes.yaml` has them all.
        code: i64,
        /// `ErrorInfo`: words for people, which may change.
        info: String,
    },
    /// A frame or body could not be read, or lacks what it must have.
    #[error("the answer is not what was expected: {0}")]
    Malformed(String),
    /// Whether the call was carried out is not known.
    #[error("no answer in time")]
    Timeout,
    /// The connection has ended. Whether calls without an answer were carried out is not known.
    #[error("the connection is closed: {0}")]
    Closed(Arc<str>),
}

impl Error {
    pub(crate) fn closed(why: &str) -> Error {
        Error::Closed(why.into())
    }

    /// The result code when the server refused.
    pub fn code(&self) -> Option<i64> {
        match self {
            Error::Refused { code, .. } => Some(*code),
            _ => None,
        }
    }
}

/// The answer itself, or its refusal.
pub(crate) fn accepted(answer: serde_json::Value) -> Result<serde_json::Value, Error> {
    match answer.get("ErrorCode").and_then(serde_json::Value::as_i64) {
        Some(0) => Ok(answer),
        Some(code) => {
            let info = answer.get("ErrorInfo").and_then(serde_json::Value::as_str).unwrap_or_default();
            Err(Error::Refused { code, info: info.to_owned() })
        }
        None => Err(Error::Malformed("it has no ErrorCode".to_owned())),
    }
}
