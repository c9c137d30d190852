//! Names of files, and what makes their URLs good: who has the signature of an upload may make it, once.

use std::fmt::Write;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use store::{StoreError, Tx, secrets};

/// Name of the secret that signs uploads and keys for downloads.
const SECRET: &str = "files";
/// What a file is called whose name has nothing that could be kept.
const NAMELESS: &str = "file";

/// What a signature is for, so that none is good for anything else.
pub(super) enum Purpose<'a> {
    Upload { app: u32, id: &'a str },
    Downloads { app: u32 },
}

/// A signature and the second at which it ends: `<seconds in hexadecimal>.<tag>`.
pub(super) fn sign(
    tx: &mut dyn Tx,
    candidate: &str,
    it: &Purpose<'_>,
    until: i64,
) -> Result<String, StoreError> {
    let secret = secrets::get_or_make(tx, SECRET, candidate)?;
    let tag = tag(&secret, it, until).finalize().into_bytes();
    let mut text = format!("{until:x}.");
    tag.iter().for_each(|byte| _ = write!(text, "{byte:02x}"));
    Ok(text)
}

/// Whether a signature was made here for this and has not ended.
pub(super) fn is_good(tx: &mut dyn Tx, it: &Purpose<'_>, given: &str, now: i64) -> Result<bool, StoreError> {
    let Some((until, tag_given)) = given.split_once('.') else { return Ok(false) };
    let Some(until) = i64::from_str_radix(until, 16).ok().filter(|it| *it > now) else { return Ok(false) };
    let Some(bytes) = bytes(tag_given) else { return Ok(false) };
    let Some(secret) = secrets::get(tx, SECRET)? else { return Ok(false) };
    Ok(tag(&secret, it, until).verify_slice(&bytes).is_ok())
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let pairs = hex.as_bytes().chunks(2).map(|it| match it {
        [_, _] => u8::from_str_radix(std::str::from_utf8(it).ok()?, 16).ok(),
        _ => None,
    });
    pairs.collect()
}

fn tag(secret: &str, it: &Purpose<'_>, until: i64) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length is a key");
    let text = match it {
        Purpose::Upload { app, id } => format!("upload/{app}/{id}/{until:x}"),
        Purpose::Downloads { app } => format!("downloads/{app}/{until:x}"),
    };
    mac.update(text.as_bytes());
    mac
}

/// A client's name for a file without what could mean something in a path.
pub(super) fn plain_name(given: &str) -> String {
    let name: String = given.chars().filter(|it| !it.is_control() && !['/', '\\'].contains(it)).collect();
    // Browsers take names of dots out of a URL, written with percent signs or not.
    if name.chars().all(|it| it == '.') { NAMELESS.to_owned() } else { name }
}

/// `text` as one part of the path of a URL.
pub fn path_part(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out_of_its_place() {
        for (given, kept) in [
            ("a.png", "a.png"),
            ("../../etc/passwd", "....etcpasswd"),
            ("..", "file"),
            ("/", "file"),
            ("..\\..", "...."),
            ("a\0b\r\nc\u{7f}", "abc"),
            ("%2e%2e", "%2e%2e"),
            ("图 1.png", "图 1.png"),
        ] {
            let kept = if kept.chars().all(|it| it == '.') { "file" } else { kept };
            assert_eq!(plain_name(given), kept, "{given:?}");
        }
        assert_eq!(path_part("%2e%2e"), "%252e%252e");
        assert_eq!(path_part("图 1.png"), "%E5%9B%BE%201.png");
        assert_eq!(path_part("a?b#c&d"), "a%3Fb%23c%26d");
    }
}
