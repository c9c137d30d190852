//! Names of files, and what makes their URLs good: who has the signature of an upload may make it, once.

use std::fmt::Write;

use store::{StoreError, Tx, secrets};

use crate::signed;

/// Name of the secret that signs uploads and keys for downloads.
const SECRET: &str = "files";
/// What a file is called whose name has nothing that could be kept.
const NAMELESS: &str = "file";

/// What a signature is for, so that none is good for anything else.
pub(super) enum Purpose<'a> {
    Upload { app: u32, id: &'a str },
    Downloads { app: u32 },
}

impl Purpose<'_> {
    fn signed_text(&self, until: i64) -> String {
        match self {
            Purpose::Upload { app, id } => format!("upload/{app}/{id}/{until:x}"),
            Purpose::Downloads { app } => format!("downloads/{app}/{until:x}"),
        }
    }
}

/// A signature, and the second at which it ends in it.
pub(super) fn sign(
    tx: &mut dyn Tx,
    candidate: &str,
    it: &Purpose<'_>,
    until: i64,
) -> Result<String, StoreError> {
    let secret = secrets::get_or_make(tx, SECRET, candidate)?;
    Ok(signed::sign(&secret, &it.signed_text(until), until))
}

/// Whether a signature was made here for this and has not ended.
pub(super) fn is_good(tx: &mut dyn Tx, it: &Purpose<'_>, given: &str, now: i64) -> Result<bool, StoreError> {
    let Some(shown) = signed::Shown::parse(given, now) else { return Ok(false) };
    let Some(secret) = secrets::get(tx, SECRET)? else { return Ok(false) };
    Ok(shown.is_of(&secret, &it.signed_text(shown.until)))
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
