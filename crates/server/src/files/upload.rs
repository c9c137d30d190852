//! Taking files in, as a raw body or as a field of a form.

use bytes::Bytes;
use chat::files::{Begun, Fault, Receiving, UPLOAD_SECONDS_MAX};
use http_body_util::BodyExt;
use hyper::{
    Method, Request, StatusCode,
    body::{Body, Incoming},
    header,
};

use super::{
    SIGNATURE, UPLOAD,
    form::{self, Form},
    media, named, parameter, text_of,
};
use crate::{
    http::{Answer, text, whole},
    node::Node,
};

/// What a form may have around its file.
const FORM_BYTES_MAX: u64 = 64 << 10;

/// Why there is no file afterwards.
enum Refusal {
    Fault(Fault),
    /// The client sent nothing for too long, or took too long for all of it.
    TooSlow,
    /// The connection broke, or the request is none.
    Broken(&'static str),
}

impl<E: Into<Fault>> From<E> for Refusal {
    fn from(fault: E) -> Refusal {
        Refusal::Fault(fault.into())
    }
}

pub(super) async fn run(node: &Node, request: Request<Incoming>) -> Answer {
    let limit = std::time::Duration::from_secs(UPLOAD_SECONDS_MAX.unsigned_abs());
    let done = tokio::time::timeout(limit, receive(node, request)).await;
    match done.unwrap_or(Err(Refusal::TooSlow)) {
        Ok(()) => whole(""),
        Err(Refusal::Fault(Fault::NotAllowed)) => {
            text(StatusCode::FORBIDDEN, "the URL is not valid (any more)\n")
        }
        Err(Refusal::Fault(Fault::TooLong)) => text(StatusCode::PAYLOAD_TOO_LARGE, "the file is too large\n"),
        Err(Refusal::Fault(Fault::Busy)) => text(StatusCode::SERVICE_UNAVAILABLE, "try again later\n"),
        Err(Refusal::Fault(Fault::Internal(error))) => {
            tracing::error!(%error, "an upload failed");
            text(StatusCode::INTERNAL_SERVER_ERROR, "the file could not be stored\n")
        }
        Err(Refusal::TooSlow) => text(StatusCode::REQUEST_TIMEOUT, "the file did not arrive\n"),
        Err(Refusal::Broken(why)) => text(StatusCode::BAD_REQUEST, format!("{why}\n")),
    }
}

async fn receive(node: &Node, request: Request<Incoming>) -> Result<(), Refusal> {
    let named = named(node, request.uri().path(), UPLOAD).ok_or(Fault::NotAllowed)?;
    if !named.app.state().settings.files_enabled {
        return Err(Fault::NotAllowed.into());
    }
    let signature = parameter(&request, SIGNATURE);
    let (chat, blobs) = (&*node.chat, &*node.blobs);
    let begun = Begun::new(chat, blobs, &named.app, (named.id, &named.name, &signature)).await?;
    let is_form = request.method() == Method::POST;
    let most = begun.bytes_max() + if is_form { FORM_BYTES_MAX } else { 0 };
    // A promise of a long body is answered before it is kept.
    if request.body().size_hint().lower() > most {
        return Err(Fault::TooLong.into());
    }
    let media_type = text_of(request.headers(), &header::CONTENT_TYPE).to_owned();
    let mut body = request.into_body();
    if !is_form {
        let mut receiving = begun.receive(blobs).await?;
        while let Some(bytes) = next(node, &mut body).await? {
            receiving.take(bytes).await?;
        }
        return Ok(receiving.finish(chat, blobs, media::kept(&media_type)).await?);
    }
    let boundary = form::boundary(&media_type).ok_or(Refusal::Broken("the body is no form"))?;
    let receiving = begun.receive(blobs).await?;
    let (receiving, media_type) = from_form(node, body, Form::new(&boundary), receiving, most).await?;
    Ok(receiving.finish(chat, blobs, media::kept(&media_type)).await?)
}

/// Takes the file out of a form; its media type is that of the field.
async fn from_form(
    node: &Node,
    mut body: Incoming,
    mut form: Form,
    mut receiving: Receiving,
    most: u64,
) -> Result<(Receiving, String), Refusal> {
    let mut come = 0;
    while let Some(bytes) = next(node, &mut body).await? {
        come += bytes.len() as u64;
        if come > most {
            return Err(Fault::TooLong.into());
        }
        let piece = form.take(&bytes).map_err(Refusal::Broken)?;
        if !piece.is_empty() {
            receiving.take(piece).await?;
        }
    }
    let media_type = form.finish().map_err(Refusal::Broken)?;
    Ok((receiving, media_type))
}

/// The next bytes of a body; `None` at its end.
async fn next(node: &Node, body: &mut Incoming) -> Result<Option<Bytes>, Refusal> {
    loop {
        let frame = tokio::time::timeout(node.limits.request(), body.frame()).await;
        match frame.map_err(|_| Refusal::TooSlow)? {
            None => return Ok(None),
            Some(Err(_)) => return Err(Refusal::Broken("the file did not arrive")),
            Some(Ok(frame)) => {
                // Trailers say nothing about the file.
                if let Ok(bytes) = frame.into_data() {
                    return Ok(Some(bytes));
                }
            }
        }
    }
}
