//! The pages and their parts, which `build.rs` puts into the binary: the console's, and that of `magpie demo`.

use hyper::{
    Method, Request, StatusCode,
    body::Incoming,
    header::{self, HeaderMap, HeaderValue},
};

use crate::http::{Answer, text, whole};

/// One file of the page.
struct File {
    /// Below `/console/`.
    path: &'static str,
    kind: &'static str,
    etag: &'static str,
    /// Its name changes with its content.
    immutable: bool,
    bytes: &'static [u8],
    /// Packed, where that is shorter.
    gzip: Option<&'static [u8]>,
}

include!(concat!(env!("OUT_DIR"), "/console_files.rs"));

/// What is asked for again each time; the rest is for good.
const CHECKED: &str = "no-cache";
const FOR_GOOD: &str = "public, max-age=31536000, immutable";

/// Whether the binary has a file of this name.
pub fn has_file(path: &str) -> bool {
    FILES.iter().any(|it| it.path == path)
}

/// Answers for the page below `prefix` whose first file is `index`. Other pages are not there.
pub fn answer(request: &Request<Incoming>, prefix: &'static str, index: &str) -> Answer {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return text(StatusCode::METHOD_NOT_ALLOWED, "only GET\n");
    }
    let path = request.uri().path().strip_prefix(prefix).unwrap_or("");
    let Some(path) = path.strip_prefix('/') else {
        // Relative, so that it is right behind a proxy that put something before the path.
        let to = format!("{}/", prefix.trim_start_matches('/'));
        let mut answer = text(StatusCode::PERMANENT_REDIRECT, format!("{to}\n"));
        let to = HeaderValue::from_str(&to).expect("a prefix is plain text");
        answer.headers_mut().insert(header::LOCATION, to);
        return answer;
    };
    let path = if path.is_empty() { index } else { path };
    match FILES.iter().find(|it| it.path == path && (path == index || !path.ends_with(".html"))) {
        Some(it) => file(it, request.headers()),
        None => text(StatusCode::NOT_FOUND, "not found\n"),
    }
}

fn has(headers: &HeaderMap, name: header::HeaderName, wanted: &str) -> bool {
    let text = headers.get(name).and_then(|it| it.to_str().ok()).unwrap_or("");
    text.split(',').any(|it| it.split(';').next().unwrap_or("").trim().trim_start_matches("W/") == wanted)
}

fn file(it: &File, asked: &HeaderMap) -> Answer {
    let packed = it.gzip.filter(|_| has(asked, header::ACCEPT_ENCODING, "gzip"));
    let mut answer = if has(asked, header::IF_NONE_MATCH, it.etag) {
        let mut answer = whole(bytes::Bytes::new());
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
        answer
    } else {
        whole(bytes::Bytes::from_static(packed.unwrap_or(it.bytes)))
    };
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(it.kind));
    headers.insert(header::ETAG, HeaderValue::from_static(it.etag));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    let keep = if it.immutable { FOR_GOOD } else { CHECKED };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    if packed.is_some() && answer.status() == StatusCode::OK {
        answer.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    answer
}
