//! The envelope of a UserSig: JSON, zlib, base64 with three characters replaced.

use std::io::Write;

use base64::{Engine, engine::general_purpose::STANDARD, engine::general_purpose::STANDARD_NO_PAD};
use flate2::{Compression, write::ZlibEncoder};

use crate::{Code, inflate};

/// The longest UserSig that is looked at.
pub const TEXT_BYTES_MAX: usize = 8192;
/// Where inflating stops: a thousand characters can hold a megabyte.
pub const PAYLOAD_BYTES_MAX: usize = 65_536;

/// The payload's text. Takes both alphabets and missing padding.
pub(super) fn open(text: &str) -> Result<String, Code> {
    if text.is_empty() {
        return Err(Code::SigEmpty);
    }
    if text.len() > TEXT_BYTES_MAX {
        return Err(Code::SigMalformed);
    }
    unpack(text).ok_or(Code::SigMalformed)
}

fn unpack(text: &str) -> Option<String> {
    let standard: Vec<u8> = text.bytes().map(to_standard).collect();
    let padding = standard.iter().rev().take(2).take_while(|&&byte| byte == b'=').count();
    let packed = STANDARD_NO_PAD.decode(&standard[..standard.len() - padding]).ok()?;
    String::from_utf8(inflate::zlib(&packed, PAYLOAD_BYTES_MAX)?).ok()
}

fn to_standard(byte: u8) -> u8 {
    match byte {
        b'*' => b'+',
        b'-' => b'/',
        b'_' => b'=',
        other => other,
    }
}

/// A UserSig with this payload.
pub(super) fn seal(payload: &str) -> String {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(payload.as_bytes()).expect("a vector takes every write");
    let packed = encoder.finish().expect("a vector takes every write");
    STANDARD.encode(packed).replace('+', "*").replace('/', "-").replace('=', "_")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn both_alphabets_and_missing_padding_open() {
        // 0xFB and 0xFF bytes make the texts use all three replaced characters.
        for payload in ["{}", "a payload with ~~~ and ÿÿÿ", "{\"x\":1}"] {
            let sealed = seal(payload);
            let standard = sealed.replace('*', "+").replace('-', "/").replace('_', "=");
            for text in [&*sealed, &*standard, sealed.trim_end_matches('_'), standard.trim_end_matches('=')] {
                assert_eq!(open(text).as_deref(), Ok(payload), "{text}");
            }
        }
    }

    #[test]
    fn the_longest_text_is_the_limit() {
        let too_long = "A".repeat(TEXT_BYTES_MAX + 1);
        assert_eq!(open(&too_long), Err(Code::SigMalformed));
        assert_eq!(open(""), Err(Code::SigEmpty));
    }

    #[test]
    fn a_payload_at_the_cap_opens_and_one_byte_more_does_not() {
        let largest = " ".repeat(PAYLOAD_BYTES_MAX);
        assert_eq!(open(&seal(&largest)).map(|text| text.len()), Ok(PAYLOAD_BYTES_MAX));
        assert_eq!(open(&seal(&format!("{largest} "))), Err(Code::SigMalformed));
    }

    #[test]
    fn texts_that_are_no_envelope_are_refused() {
        for text in ["=", "_", "A", "====", "not base64!", "eJw=eJw=", "eJ\u{7528}", " eJyr", "eJyr "] {
            assert_eq!(open(text), Err(Code::SigMalformed), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_was_sealed_opens(payload in ".{0,300}") {
            let sealed = seal(&payload);
            prop_assert!(sealed.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"*-_".contains(&byte)));
            prop_assert_eq!(open(&sealed), Ok(payload));
        }

        #[test]
        fn arbitrary_text_never_panics(text in ".{0,200}") {
            let _ = open(&text);
        }
    }
}
