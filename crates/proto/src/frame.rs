//! Frames of the client socket: one JSON document `{"head":{…},"body":{…}}` per WebSocket message.
//!
//! Follows `spec/client/transport.md` 2. Clients send plain JSON; the server may compress what it sends to
//! a client that asked for it. A client matches an answer by `servcmd` and `seq`, so both are echoed.

use std::{borrow::Cow, fmt, io::Read, io::Write};

use flate2::{Compression, read::MultiGzDecoder, write::ZlibEncoder};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{inflate, json};

/// What a compressed frame starts with.
const COMPRESSED: &[u8; 4] = b"COMP";
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// A frame of a client. Members of the head that are missing are empty or 0.
#[derive(Debug)]
pub struct Request<'a> {
    /// `service.command`.
    pub servcmd: Cow<'a, str>,
    pub seq: u32,
    /// The session token.
    pub a2: Cow<'a, str>,
    pub tinyid: Cow<'a, str>,
    pub identifier: Cow<'a, str>,
    pub usersig: Cow<'a, str>,
    pub sdkappid: u32,
    pub status_instid: u32,
    /// A JSON object.
    pub body: &'a RawValue,
}

/// Why a frame cannot be served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// Not JSON, or no readable head: there is nothing to answer to.
    Unreadable,
    /// The body is missing or no object; the answer is 60003.
    BadBody { servcmd: String, seq: u32 },
}

impl fmt::Display for FrameError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            FrameError::Unreadable => "the frame is not JSON or has no readable head",
            FrameError::BadBody { .. } => "the body of the frame must be an object",
        })
    }
}

impl std::error::Error for FrameError {}

#[derive(Deserialize)]
struct Frame<'a> {
    #[serde(borrow)]
    head: Head<'a>,
    #[serde(borrow)]
    body: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Head<'a> {
    #[serde(borrow)]
    servcmd: Cow<'a, str>,
    seq: u32,
    #[serde(borrow)]
    a2: Cow<'a, str>,
    #[serde(borrow)]
    tinyid: Cow<'a, str>,
    #[serde(borrow)]
    identifier: Cow<'a, str>,
    #[serde(borrow)]
    usersig: Cow<'a, str>,
    sdkappid: u32,
    status_instid: u32,
}

impl<'a> Request<'a> {
    /// Reads the payload of one WebSocket message.
    pub fn parse(payload: &'a [u8]) -> Result<Request<'a>, FrameError> {
        let text = std::str::from_utf8(payload).map_err(|_| FrameError::Unreadable)?;
        let Frame { head, body } = serde_json::from_str(text).map_err(|_| FrameError::Unreadable)?;
        let Some(body) = body.filter(|body| body.get().starts_with('{')) else {
            return Err(FrameError::BadBody { servcmd: head.servcmd.into_owned(), seq: head.seq });
        };
        Ok(Request {
            servcmd: head.servcmd,
            seq: head.seq,
            a2: head.a2,
            tinyid: head.tinyid,
            identifier: head.identifier,
            usersig: head.usersig,
            sdkappid: head.sdkappid,
            status_instid: head.status_instid,
            body,
        })
    }
}

/// The frame that answers `servcmd` and `seq`. `body` is the text of a JSON object.
pub fn answer(servcmd: &str, seq: u32, body: impl AsRef<[u8]>) -> Vec<u8> {
    frame(servcmd, seq, body.as_ref())
}

/// A frame that answers nothing. `body` is the text of a JSON object; clients ignore the number.
pub fn push(servcmd: &str, seq: u32, body: impl AsRef<[u8]>) -> Vec<u8> {
    frame(servcmd, seq, body.as_ref())
}

fn frame(servcmd: &str, seq: u32, body: &[u8]) -> Vec<u8> {
    const FIXED_PARTS: usize = 64;
    let mut frame = Vec::with_capacity(servcmd.len() + body.len() + FIXED_PARTS);
    frame.extend_from_slice(b"{\"head\":{\"servcmd\":");
    frame.extend_from_slice(json::quote(servcmd).as_bytes());
    frame.extend_from_slice(b",\"seq\":");
    frame.extend_from_slice(seq.to_string().as_bytes());
    frame.extend_from_slice(b"},\"body\":");
    frame.extend_from_slice(body);
    frame.push(b'}');
    frame
}

/// The compressed form of a frame, for clients whose URL asked for it.
pub fn compress(json: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(COMPRESSED.to_vec(), Compression::fast());
    encoder.write_all(json).expect("a vector takes every write");
    encoder.finish().expect("a vector takes every write")
}

/// The JSON of a frame from a server, compressed or not. `None` when it is damaged or longer than `max`
/// bytes.
pub fn decompress(bytes: &[u8], max: usize) -> Option<Cow<'_, [u8]>> {
    let Some(packed) = bytes.strip_prefix(COMPRESSED) else {
        return (bytes.len() <= max).then_some(Cow::Borrowed(bytes));
    };
    if !packed.starts_with(&GZIP_MAGIC) {
        return inflate::zlib(packed, max).map(Cow::Owned);
    }
    let mut plain = Vec::new();
    let cap = u64::try_from(max).ok()?.checked_add(1)?;
    MultiGzDecoder::new(packed).take(cap).read_to_end(&mut plain).ok()?;
    (plain.len() <= max).then_some(Cow::Owned(plain))
}

/// A whole WebSocket frame from a server, header included, so that every socket can share the one buffer.
pub fn ws_frame(binary: bool, payload: &[u8]) -> Vec<u8> {
    const FINAL: u8 = 0x80;
    const TEXT: u8 = 1;
    const BINARY: u8 = 2;
    const HEADER_BYTES_MAX: usize = 10;
    let mut frame = Vec::with_capacity(payload.len() + HEADER_BYTES_MAX);
    frame.push(FINAL | if binary { BINARY } else { TEXT });
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(length @ 0..=125), _) => frame.push(length),
        (_, Ok(length)) => {
            frame.push(126);
            frame.extend_from_slice(&length.to_be_bytes());
        }
        _ => {
            frame.push(127);
            frame.extend_from_slice(&(payload.len() as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(payload);
    frame
}

#[cfg(test)]
mod tests {
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_whole_frame_is_read() {
        let text = r#" {"head":{"ver":"v4","platform":7,"websdkappid":537048168,"websdkversion":"1.7.3","sdkappid":1600012345,
            "servcmd":"openim.sendmsg","seq":4294967295,"a2":"t","tinyid":"144115","status_instid":9,"cs":1}, "body": {"a": [1]} } "#;
        let request = Request::parse(text.as_bytes()).expect("it is sound");
        assert_eq!((&*request.servcmd, request.seq), ("openim.sendmsg", u32::MAX));
        assert_eq!((&*request.a2, &*request.tinyid), ("t", "144115"));
        assert_eq!((&*request.identifier, &*request.usersig), ("", ""));
        assert_eq!((request.sdkappid, request.status_instid), (1_600_012_345, 9));
        assert_eq!(request.body.get(), "{\"a\": [1]}");
        assert!(matches!(request.servcmd, Cow::Borrowed(_)), "nothing is copied");
    }

    #[test]
    fn escapes_in_the_head_are_decoded() {
        let text = r#"{"head":{"servcmd":"a\u002eb","identifier":"a\"b\\c","usersig":"x\/y"},"body":{}}"#;
        let request = Request::parse(text.as_bytes()).expect("it is sound");
        assert_eq!((&*request.servcmd, &*request.identifier, &*request.usersig), ("a.b", "a\"b\\c", "x/y"));
        assert_eq!((request.seq, request.sdkappid), (0, 0));
    }

    #[test]
    fn a_bad_body_still_tells_whom_to_answer() {
        for body in ["", r#","body":null"#, r#","body":[]"#, r#","body":"x""#, r#","body":1"#] {
            let text = format!(r#"{{"head":{{"servcmd":"a.b","seq":7}}{body}}}"#);
            let error = Request::parse(text.as_bytes()).expect_err("it has no body");
            assert_eq!(error, FrameError::BadBody { servcmd: "a.b".into(), seq: 7 }, "{text}");
        }
    }

    #[test]
    fn a_frame_without_a_readable_head_is_unreadable() {
        for text in [
            "",
            "x",
            "{}",
            "[]",
            r#"{"body":{}}"#,
            r#"{"head":1,"body":{}}"#,
            r#"{"head":{"seq":1},"body":{"#,
            r#"{"head":{"seq":"1"},"body":{}}"#,
            r#"{"head":{"seq":-1},"body":{}}"#,
            r#"{"head":{"seq":4294967296},"body":{}}"#,
            r#"{"head":{"seq":1.5},"body":{}}"#,
            r#"{"head":{"servcmd":1},"body":{}}"#,
            r#"{"head":{"a2":[]},"body":{}}"#,
            r#"{"head":{"tinyid":7},"body":{}}"#,
            r#"{"head":{"identifier":null},"body":{}}"#,
            r#"{"head":{"seq":1,"seq":2},"body":{}}"#,
            r#"{"head":{},"body":{}} x"#,
        ] {
            assert_eq!(Request::parse(text.as_bytes()).map(drop), Err(FrameError::Unreadable), "{text}");
        }
        assert_eq!(Request::parse(b"{\"head\":{},\"body\":{}}\xff").map(drop), Err(FrameError::Unreadable));
    }

    #[test]
    fn answers_and_pushes_echo_command_and_number() {
        let expected = r#"{"head":{"servcmd":"a.b","seq":7},"body":{"ErrorCode":0}}"#;
        assert_eq!(answer("a.b", 7, r#"{"ErrorCode":0}"#), expected.as_bytes());
        assert_eq!(push("a.b", 7, br#"{"ErrorCode":0}"#), expected.as_bytes());
        let odd = answer("a\"b\n", u32::MAX, "{}");
        let back: serde_json::Value = serde_json::from_slice(&odd).expect("an answer is JSON");
        assert_eq!(back["head"]["servcmd"], "a\"b\n");
    }

    #[test]
    fn clients_open_plain_zlib_and_gzip_frames_up_to_their_cap() {
        let plain = br#"{"head":{},"body":{"text":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}}"#;
        let mut gzip = GzEncoder::new(b"COMP".to_vec(), Compression::default());
        gzip.write_all(plain).expect("a vector takes every write");
        for bytes in [plain.to_vec(), compress(plain), gzip.finish().expect("a vector takes every write")] {
            assert_eq!(decompress(&bytes, plain.len()).as_deref(), Some(&plain[..]));
            assert_eq!(decompress(&bytes, plain.len() - 1), None);
            if bytes.starts_with(b"COMP") {
                assert_eq!(decompress(&bytes[..bytes.len() - 1], plain.len()), None, "cut short");
            }
        }
        assert_eq!(decompress(b"COMP", 100), None);
        assert_eq!(decompress(b"COMPrubbish", 100), None);
    }

    #[test]
    fn the_websocket_header_fits_the_length() {
        for (binary, length, header) in [
            (true, 0, &[0x82, 0][..]),
            (false, 1, &[0x81, 1]),
            (true, 125, &[0x82, 125]),
            (true, 126, &[0x82, 126, 0, 126]),
            (true, 255, &[0x82, 126, 0, 255]),
            (true, 256, &[0x82, 126, 1, 0]),
            (false, 65_535, &[0x81, 126, 0xff, 0xff]),
            (true, 65_536, &[0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let payload = vec![b'x'; length];
            let frame = ws_frame(binary, &payload);
            assert_eq!(frame, [header, &payload].concat(), "{length} bytes");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Request::parse(&bytes).map(drop);
            let _ = decompress(&bytes, 100);
            let _ = decompress(&[b"COMP", &bytes[..]].concat(), 100);
            let _ = decompress(&[b"COMP\x1f\x8b", &bytes[..]].concat(), 100);
        }

        #[test]
        fn what_was_compressed_opens(json in ".{0,2000}") {
            let bytes = compress(json.as_bytes());
            let opened = decompress(&bytes, json.len());
            prop_assert_eq!(opened.as_deref(), Some(json.as_bytes()));
        }
    }
}
