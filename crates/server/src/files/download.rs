//! Giving files out.

use std::io;

use chat::{
    Cx,
    apps::App,
    blobs::Place,
    error::Error,
    files::{self, Found, Size, path_part},
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
/// What stands for a thumbnail until there is one is asked for again.
const CACHE_FOR_NOW: HeaderValue = HeaderValue::from_static("private, no-cache");
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
    let Some(named) = named(node, request.uri().path(), DOWNLOAD) else { return Ok(not_there()) };
    if !files::may_download(&node.chat, &named.app, &parameter(request, "authKey")).await? {
        return Ok(text(StatusCode::FORBIDDEN, "a valid authKey is needed\n"));
    }
    let found = files::find(&node.chat, &named.app, named.id).await?;
    let Some(file) = found.filter(|it| it.name == named.name) else { return Ok(not_there()) };
    give_sized(node, request, &named.app, &file).await
}

/// What is given out for a file: itself, or a picture made of it.
struct Content<'a> {
    place: Place,
    size: u64,
    media_type: &'a str,
    tag: String,
    cache: HeaderValue,
}

impl<'a> Content<'a> {
    fn original(file: &'a File, cache: HeaderValue) -> io::Result<Content<'a>> {
        let place = Place::new(file.app, &file.blob);
        let place = place.ok_or_else(|| io::Error::other("the name of a blob is none"))?;
        let (size, tag) = (file.size.unsigned_abs(), format!("\"{}\"", file.blob));
        Ok(Content { place, size, media_type: &file.media_type, tag, cache })
    }
}

/// The file in the size that was asked for.
async fn give_sized(
    node: &Node,
    request: &Request<Incoming>,
    app: &App,
    file: &File,
) -> Result<Answer, Error> {
    let internal = |it: io::Error| Error::Internal(Box::new(it));
    let found = match asked_size(request.uri().query().unwrap_or("")) {
        Some(size) => files::thumbnail(&node.chat, &node.blobs, app, file, size).await?,
        None => Found::Original,
    };
    let cache = match found {
        Found::Original => CACHE,
        Found::OriginalForNow => CACHE_FOR_NOW,
        Found::Thumbnail { place, size, media_type } => {
            let tag = format!("\"{}\"", place.name());
            let content = Content { place, size, media_type: &media_type, tag, cache: CACHE };
            if let Some(answer) = give(node, request, file, content).await.map_err(internal)? {
                return Ok(answer);
            }
            // Somebody took it away: the next who asks has it made again.
            files::forget_thumbnails(&node.chat, file).await?;
            CACHE_FOR_NOW
        }
    };
    let content = Content::original(file, cache).map_err(internal)?;
    let place = content.place.clone();
    let given = give(node, request, file, content).await.map_err(internal)?;
    Ok(given.unwrap_or_else(|| {
        tracing::error!(%place, "the bytes of a stored file are gone");
        not_there()
    }))
}

fn not_there() -> Answer {
    text(StatusCode::NOT_FOUND, "there is no such file\n")
}

/// The size that a query asks for as SDKs do: `imageView2/3/w/198/h/198`, alone or beside parameters. Any other
/// form is as if there were none.
fn asked_size(query: &str) -> Option<Size> {
    query.split('&').find_map(|it| {
        let it = rest::percent_decode(it.trim_end_matches('='), false).ok()?;
        Size::ALL.into_iter().find(|size| it == query_of(*size))
    })
}

/// What asks for a size, in a query.
pub fn query_of(size: Size) -> String {
    let side = size.side();
    format!("imageView2/3/w/{side}/h/{side}")
}

/// `None` when the bytes are not there.
async fn give(
    node: &Node,
    request: &Request<Incoming>,
    file: &File,
    it: Content<'_>,
) -> io::Result<Option<Answer>> {
    let (size, tag) = (it.size, &*it.tag);
    if text_of(request.headers(), &header::IF_NONE_MATCH).split(',').any(|it| it.trim() == tag) {
        let mut answer = whole("");
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
        describe(&mut answer, file, &it);
        return Ok(Some(answer));
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
            return Ok(Some(answer));
        }
    };
    let length = range.end - range.start;
    let mut answer = if request.method() == Method::HEAD || length == 0 {
        let mut answer = whole("");
        set(&mut answer, header::CONTENT_LENGTH, &length.to_string());
        answer
    } else {
        let Some(reading) = node.blobs.open(&it.place, range.clone()).await? else { return Ok(None) };
        Response::new(Either::Right(Either::Left(Stream::new(reading, length))))
    };
    *answer.status_mut() = status;
    if status == StatusCode::PARTIAL_CONTENT {
        let text = format!("bytes {}-{}/{size}", range.start, range.end - 1);
        set(&mut answer, header::CONTENT_RANGE, &text);
    }
    describe(&mut answer, file, &it);
    Ok(Some(answer))
}

fn describe(answer: &mut Answer, file: &File, it: &Content<'_>) {
    let (media_type, is_shown) = media::served(it.media_type);
    let how = if is_shown { "inline" } else { "attachment" };
    set(answer, header::CONTENT_TYPE, media_type);
    set(answer, header::CONTENT_DISPOSITION, &format!("{how}; filename*=UTF-8''{}", path_part(&file.name)));
    set(answer, header::ETAG, &it.tag);
    let headers = answer.headers_mut();
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CACHE_CONTROL, it.cache.clone());
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
