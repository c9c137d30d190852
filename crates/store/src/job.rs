//! A unit of work, erased so that the engines are compiled once and not once per query.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::sync::oneshot;

use crate::{StoreError, Tx};

pub(crate) type Job = Box<dyn Run + Send>;

pub(crate) trait Run {
    /// Does the work. True when its changes are to be kept.
    fn run(&mut self, tx: &mut dyn Tx) -> bool;

    /// Replaces the result: the work said it went well, though a statement of it had failed.
    fn fail(&mut self, error: StoreError);

    /// Answers the caller: with the result of the work, or with why it is not durable.
    fn finish(self: Box<Self>, durable: Result<(), &StoreError>);
}

/// The answer to a write or read.
///
/// The work is queued already and is done whether this is awaited or dropped.
#[must_use = "only the answer says whether the work was done"]
pub struct Pending<T, E>(oneshot::Receiver<Result<T, E>>);

impl<T, E: From<StoreError>> Future for Pending<T, E> {
    type Output = Result<T, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T, E>> {
        let answer = ready!(Pin::new(&mut self.0).poll(cx));
        Poll::Ready(answer.unwrap_or_else(|_| Err(StoreError::Closed.into())))
    }
}

struct Typed<T, E, W, A> {
    work: Option<W>,
    result: Option<Result<T, E>>,
    after: A,
    answer: oneshot::Sender<Result<T, E>>,
}

pub(crate) fn new<T, E, W, A>(work: W, after: A) -> (Job, Pending<T, E>)
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
    W: FnOnce(&mut dyn Tx) -> Result<T, E> + Send + 'static,
    A: FnOnce(&T) + Send + 'static,
{
    let (answer, pending) = oneshot::channel();
    (Box::new(Typed { work: Some(work), result: None, after, answer }), Pending(pending))
}

impl<T, E, W, A> Run for Typed<T, E, W, A>
where
    E: From<StoreError>,
    W: FnOnce(&mut dyn Tx) -> Result<T, E>,
    A: FnOnce(&T),
{
    fn run(&mut self, tx: &mut dyn Tx) -> bool {
        let Some(work) = self.work.take() else { return false };
        // What the closure captured is gone after a panic, and its changes are rolled back.
        let result = catch_unwind(AssertUnwindSafe(|| work(tx)));
        let result = result.unwrap_or_else(|_| Err(StoreError::Panicked.into()));
        let keep = result.is_ok();
        self.result = Some(result);
        keep
    }

    fn fail(&mut self, error: StoreError) {
        self.result = Some(Err(error.into()));
    }

    fn finish(self: Box<Self>, durable: Result<(), &StoreError>) {
        let Typed { result, after, answer, .. } = *self;
        let result = match (durable, result) {
            (Ok(()), Some(result)) => result,
            (Ok(()), None) => Err(StoreError::Closed.into()),
            (Err(error), _) => Err(error.clone().into()),
        };
        if let Ok(value) = &result
            && catch_unwind(AssertUnwindSafe(|| after(value))).is_err()
        {
            tracing::error!("what follows a commit panicked");
        }
        // Nobody may be waiting any more; the work counts all the same.
        _ = answer.send(result);
    }
}
