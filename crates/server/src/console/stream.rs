//! Answers that come piece by piece.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body_util::Either;
use hyper::{
    Response,
    body::{Body, Frame},
    header::{self, HeaderValue},
};
use tokio::sync::mpsc;

use super::endpoint::Refusal;
use crate::{http::Answer, node::Node};

/// Pieces that wait for a slow reader.
const PIECES_MAX: usize = 4;

/// A body whose pieces come from a task.
pub struct Channel(mpsc::Receiver<Bytes>);

impl Body for Channel {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(cx).map(|it| it.map(|it| Ok(Frame::data(it))))
    }
}

/// An answer of this type, and where its pieces are put.
pub fn answer(kind: &'static str) -> (Answer, mpsc::Sender<Bytes>) {
    let (sender, receiver) = mpsc::channel(PIECES_MAX);
    let mut answer = Response::new(Either::Right(Either::Right(Channel(receiver))));
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    (answer, sender)
}

/// A file of lines that is read step by step: each gives its lines and where the next begins, none at the end.
pub fn lines<P, F>(
    node: &Arc<Node>,
    name: &'static str,
    first: P,
    step: impl Fn(Arc<Node>, P) -> F + Send + 'static,
) -> Answer
where
    P: Send + 'static,
    F: Future<Output = Result<(String, Option<P>), Refusal>> + Send + 'static,
{
    let (mut answer, pieces) = answer("application/x-ndjson; charset=utf-8");
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        answer.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
    let node = node.clone();
    tokio::spawn(async move {
        let mut next = Some(first);
        while let Some(place) = next {
            let lines = match step(node.clone(), place).await {
                Ok((lines, after)) => {
                    next = after;
                    lines
                }
                Err(refusal) => {
                    tracing::error!(error = %refusal.message, "a file of the console ends too early");
                    return;
                }
            };
            if !lines.is_empty() && pieces.send(lines.into()).await.is_err() {
                return;
            }
        }
    });
    answer
}
