//! Texts that this server signs for some time and recognises later: `<seconds in hexadecimal>.<tag>`.

use std::fmt::Write;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

fn tag(secret: &str, text: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length is a key");
    mac.update(text.as_bytes());
    mac
}

/// Signs a text, which must name the second `until` which it is good.
pub(crate) fn sign(secret: &str, text: &str, until: i64) -> String {
    let mut out = format!("{until:x}.");
    tag(secret, text).finalize().into_bytes().iter().for_each(|byte| _ = write!(out, "{byte:02x}"));
    out
}

/// A signature as somebody shows it, of which only the form and the time are checked.
pub(crate) struct Shown {
    pub(crate) until: i64,
    tag: Vec<u8>,
}

impl Shown {
    /// `None` for what is no signature, or one that is over.
    pub(crate) fn parse(given: &str, now: i64) -> Option<Shown> {
        let (until, digits) = given.split_once('.')?;
        let until = i64::from_str_radix(until, 16).ok().filter(|it| *it > now)?;
        let bytes = digits.as_bytes().chunks(2).map(|it| match it {
            [_, _] => u8::from_str_radix(std::str::from_utf8(it).ok()?, 16).ok(),
            _ => None,
        });
        Some(Shown { until, tag: bytes.collect::<Option<_>>()? })
    }

    /// Whether it was made with this secret for this text.
    pub(crate) fn is_of(&self, secret: &str, text: &str) -> bool {
        tag(secret, text).verify_slice(&self.tag).is_ok()
    }
}
