//! Media types: which are kept of an upload, and which a browser may show in the page's origin.

/// Longest media type that is kept.
const BYTES_MAX: usize = 100;
/// What nobody runs.
pub const ANYTHING: &str = "application/octet-stream";
/// Parts of a name that tell of something a browser may run.
const RUNNING: &[&str] = &["html", "xml", "svg", "script", "wasm", "flash", "xsl", "multipart", "x-mixed"];

fn is_token(text: &str) -> bool {
    let is_good = |it: u8| it.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&it);
    !text.is_empty() && text.bytes().all(is_good)
}

/// The type of an upload in plain form: small letters, and of the parameters only `charset`.
pub fn kept(given: &str) -> String {
    let (essence, parameters) = given.split_once(';').unwrap_or((given, ""));
    let essence = essence.trim().to_ascii_lowercase();
    let is_type = essence.split_once('/').is_some_and(|(kind, name)| is_token(kind) && is_token(name));
    if !is_type || essence.len() > BYTES_MAX {
        return ANYTHING.to_owned();
    }
    let charset = parameters.split(';').find_map(|it| {
        let (name, value) = it.split_once('=')?;
        let value = value.trim().trim_matches('"');
        (name.trim().eq_ignore_ascii_case("charset") && is_token(value)).then_some(value)
    });
    match charset {
        Some(it) if essence.len() + it.len() <= BYTES_MAX => format!("{essence}; charset={it}"),
        _ => essence,
    }
}

/// The type that is served, and whether it is shown in the page rather than saved.
pub fn served(kept: &str) -> (&str, bool) {
    let essence = kept.split(';').next().unwrap_or(kept);
    if RUNNING.iter().any(|it| essence.contains(it)) {
        return (ANYTHING, false);
    }
    let kind = essence.split('/').next().unwrap_or("");
    (kept, ["image", "audio", "video"].contains(&kind) || essence == "text/plain")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_runs_is_served_as_what_it_is() {
        for given in [
            "text/html",
            "TEXT/HTML; charset=utf-8",
            "application/xhtml+xml",
            "image/svg+xml",
            "text/xml",
            "application/xml",
            "application/rss+xml",
            "text/javascript",
            "application/javascript",
            "application/ecmascript",
            "text/vbscript",
            "application/wasm",
            "application/x-shockwave-flash",
            "text/xsl",
            "multipart/x-mixed-replace",
            "message/x-html",
            "nonsense",
            "",
            "a/b/c",
            "image/png\r\nX: y",
            "text/html,image/png",
        ] {
            assert_eq!(served(&kept(given)), (ANYTHING, false), "{given}");
        }
        let long = format!("image/{}", "x".repeat(200));
        assert_eq!(kept(&long), ANYTHING);
    }

    #[test]
    fn pictures_sounds_and_films_are_shown() {
        for (given, kept_as) in [
            ("image/png", "image/png"),
            ("Image/JPEG", "image/jpeg"),
            ("video/mp4; codecs=\"avc1\"", "video/mp4"),
            ("audio/mpeg", "audio/mpeg"),
            ("text/plain; x=y; Charset=\"GBK\"", "text/plain; charset=GBK"),
        ] {
            assert_eq!(served(&kept(given)), (kept_as, true), "{given}");
        }
        for given in ["application/pdf", "application/zip", "text/css", "font/woff2"] {
            assert_eq!(served(&kept(given)), (given, false), "{given}");
        }
    }
}
