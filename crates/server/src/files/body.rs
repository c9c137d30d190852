//! A blob as the body of an answer, or of a request to another store.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use chat::blobs::{Reading, Work};
use hyper::body::{Body, Frame, SizeHint};

type Step = Work<'static, Option<(Bytes, Box<dyn Reading>)>>;

/// Reads one step at a time, when the other side wants more.
pub struct Stream {
    step: Option<Step>,
    left: u64,
}

impl Stream {
    /// A body of exactly so many bytes.
    pub fn new(reading: Box<dyn Reading>, length: u64) -> Stream {
        Stream { step: (length > 0).then(|| reading.next()), left: length }
    }
}

impl Body for Stream {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let Some(step) = &mut self.step else { return Poll::Ready(None) };
        let done = ready!(step.as_mut().poll(cx));
        self.step = None;
        match done {
            Ok(Some((bytes, reading))) => {
                // A longer blob than was promised would break the connection's framing.
                let taken = bytes.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
                self.left -= taken as u64;
                self.step = (self.left > 0).then(|| reading.next());
                Poll::Ready(Some(Ok(Frame::data(bytes.slice(..taken)))))
            }
            Ok(None) => Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into()))),
            Err(error) => {
                tracing::error!(%error, "a file could not be read to its end");
                Poll::Ready(Some(Err(error)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.step.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
