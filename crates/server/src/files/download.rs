//! Giving files out.

use chat::{
    Cx,
    blobs::Place,
    error::Error,
    files::{self, path_part},
};
use http_body_util::Either;
use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    header::{self, HeaderValue},
};
use store::files::File;

use super::{
    DOWNLOAD,
    body::Stream,
    media, named, parameter,
    range::{self, Part},
    text_of,
};
use crate::{
    http::{Answer, text, whole},
    node::Node,
    rest,
};

/// A file never changes, but it may go.
const CACHE: HeaderValue = HeaderValue::from_static("private, max-age=86400");
/// Whatever a browser makes of a file, it runs nothing in it.
const POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; sandbox");

pub(super) async fn run(node: &Node, request: &Request<Incoming>) -> Answer {
    match answer(node, request).await {
        Ok(answer) => answer,
        Err(error) => {
            tracing::error!(%error, "a file could not be given out");
            text(StatusCode::INTERNAL_SERVER_ERROR, "the file could not be read\n")
        }
    }
}

async fn answer(node: &Node, request: &Request<Incoming>) -> Result<Answer, Error> {
    let not_there = || text(StatusCode::NOT_FOUND, "there is no such file\n");
    let Some(named) = named(node, request.uri().path(), DOWNLOAD) else { return Ok(not_there()) };
    if !files::may_download(&node.chat, &named.app, &parameter(request, "authKey")).await? {
        return Ok(text(StatusCode::FORBIDDEN, "a valid authKey is needed\n"));
    }
    let found = files::find(&node.chat, &named.app, named.id).await?;
    let Some(file) = found.filter(|it| it.name == named.name) else { return Ok(not_there()) };
    give(node, request, &file).await.map_err(|it| Error::Internal(Box::new(it)))
}

async fn give(node: &Node, request: &Request<Incoming>, file: &File) -> std::io::Result<Answer> {
    let size = file.size.unsigned_abs();
    let tag = format!("\"{}\"", file.blob);
    if text_of(request.headers(), &header::IF_NONE_MATCH).split(',').any(|it| it.trim() == tag) {
        let mut answer = whole("");
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
        describe(&mut answer, file, &tag);
        return Ok(answer);
    }
    let wanted = text_of(request.headers(), &header::RANGE);
    let is_same = |it: &str| it.is_empty() || it == tag;
    let part = match is_same(text_of(request.headers(), &header::IF_RANGE)) && request.method() == Method::GET
    {
        true => range::part(wanted, size),
        false => Part::Whole,
    };
    let (status, range) = match part {
        Part::Whole => (StatusCode::OK, 0..size),
        Part::Some(range) => (StatusCode::PARTIAL_CONTENT, range),
        Part::Nothing => {
            let mut answer = text(StatusCode::RANGE_NOT_SATISFIABLE, "the file is shorter\n");
            set(&mut answer, header::CONTENT_RANGE, &format!("bytes */{size}"));
            return Ok(answer);
        }
    };
    let length = range.end - range.start;
    let mut answer = if request.method() == Method::HEAD || length == 0 {
        let mut answer = whole("");
        set(&mut answer, header::CONTENT_LENGTH, &length.to_string());
        answer
    } else {
        let place = Place::new(file.app, &file.blob);
        let place = place.ok_or_else(|| std::io::Error::other("the name of a blob is none"))?;
        let Some(reading) = node.blobs.open(&place, range.clone()).await? else {
            tracing::error!(%place, "the bytes of a stored file are gone");
            return Ok(text(StatusCode::NOT_FOUND, "there is no such file\n"));
        };
        Response::new(Either::Right(Either::Left(Stream::new(reading, length))))
    };
    *answer.status_mut() = status;
    if status == StatusCode::PARTIAL_CONTENT {
        let text = format!("bytes {}-{}/{size}", range.start, range.end - 1);
        set(&mut answer, header::CONTENT_RANGE, &text);
    }
    describe(&mut answer, file, &tag);
    Ok(answer)
}

fn describe(answer: &mut Answer, file: &File, tag: &str) {
    let (media_type, is_shown) = media::served(&file.media_type);
    let how = if is_shown { "inline" } else { "attachment" };
    set(answer, header::CONTENT_TYPE, media_type);
    set(answer, header::CONTENT_DISPOSITION, &format!("{how}; filename*=UTF-8''{}", path_part(&file.name)));
    set(answer, header::ETAG, tag);
    let headers = answer.headers_mut();
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CACHE_CONTROL, CACHE);
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
}

fn set(answer: &mut Answer, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers_mut().insert(name, value);
    }
}

/// The file of this app that a URL means, whatever host a proxy put into it.
pub async fn of_url(cx: &Cx, url: &str) -> Result<Option<File>, Error> {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    let Some(at) = path.find(DOWNLOAD) else { return Ok(None) };
    let parts: Vec<_> = path[at + DOWNLOAD.len()..].split('/').collect();
    let [app, id, name] = parts[..] else { return Ok(None) };
    let Ok(name) = rest::percent_decode(name, false) else { return Ok(None) };
    if app.parse() != Ok(cx.app.id) {
        return Ok(None);
    }
    Ok(files::find(&cx.chat, &cx.app, id).await?.filter(|it| it.name == name))
}
