//! How trouble leaves the domain: an expected [`Fail`], or a bug or outage to log.

use proto::{Code, Fail};
use store::StoreError;

#[derive(Debug)]
pub enum Error {
    /// The caller's doing; answered with its code, logged at debug.
    Fail(Fail),
    /// Ours; answered with the service's opaque code and logged once, by the dispatcher.
    Internal(Box<dyn std::error::Error + Send + Sync>),
}

impl From<Code> for Error {
    fn from(code: Code) -> Error {
        Error::Fail(code.into())
    }
}

impl From<Fail> for Error {
    fn from(fail: Fail) -> Error {
        Error::Fail(fail)
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Error {
        match error {
            StoreError::Busy => Code::Overloaded.into(),
            other => Error::Internal(Box::new(other)),
        }
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Error {
        Error::Internal(Box::new(error))
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Error::Fail(it) => write!(f, "{} {}", it.number, it.info),
            Error::Internal(it) => write!(f, "internal: {it}"),
        }
    }
}

impl std::error::Error for Error {}
