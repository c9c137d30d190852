//! What a server sends: answers and pushes, read without copying.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::FRAME_BYTES_MAX;
use crate::Error;

/// A frame of the server. It answers a call if command and number are those of a call; else it is a push.
#[derive(Deserialize)]
pub struct Incoming<'a> {
    #[serde(borrow)]
    head: Head<'a>,
    /// The text of a JSON object.
    #[serde(borrow)]
    pub body: &'a RawValue,
}

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    servcmd: Cow<'a, str>,
    seq: u32,
}

impl Incoming<'_> {
    /// `service.command`, of the call or of the push.
    pub fn servcmd(&self) -> &str {
        &self.head.servcmd
    }

    /// The number of the call; any in a push.
    pub fn seq(&self) -> u32 {
        self.head.seq
    }

    /// Reads a frame and hands it to `use_it`; compressed frames are opened first. [`Error::Malformed`] for one that is
    /// damaged, or longer than [`FRAME_BYTES_MAX`] when opened.
    pub fn read<T>(frame: &[u8], use_it: impl FnOnce(Incoming<'_>) -> T) -> Result<T, Error> {
        let plain = proto::frame::decompress(frame, FRAME_BYTES_MAX)
            .ok_or_else(|| Error::Malformed("a frame is damaged or too long".to_owned()))?;
        let incoming = serde_json::from_slice(&plain)
            .map_err(|error| Error::Malformed(format!("a frame is not readable: {error}")))?;
        Ok(use_it(incoming))
    }
}

/// What a push says about its acknowledgement.
#[derive(Deserialize)]
pub struct NeedsAck<'a> {
    #[serde(default, rename = "NeedAck")]
    need_ack: i64,
    #[serde(borrow, default, rename = "SessionData")]
    session_data: Option<&'a RawValue>,
}

impl NeedsAck<'_> {
    /// The body of the acknowledgement, if the push wants one.
    pub fn ack(&self) -> Option<String> {
        let session_data = self.session_data.map_or("\"\"", RawValue::get);
        (self.need_ack == 1).then(|| format!(r#"{{"SessionData":{session_data}}}"#))
    }
}
