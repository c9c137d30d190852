//! Whose turn it is, where an operation waits for its webhook: later messages of the same sender in the same
//! conversation wait behind it, nothing else does. `spec/concepts/webhooks.md` 4.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use tokio::sync::OwnedMutexGuard;

/// One queue for each conversation of a sender in which somebody waits.
#[derive(Default)]
pub(crate) struct Turns(Arc<Mutex<HashMap<u64, Arc<tokio::sync::Mutex<()>>>>>);

/// A place at the head of a queue, given up when it is dropped.
pub(crate) struct Turn {
    turns: Arc<Mutex<HashMap<u64, Arc<tokio::sync::Mutex<()>>>>>,
    key: u64,
    held: Option<OwnedMutexGuard<()>>,
}

impl Turns {
    /// Queues up at once, in the order of the calls; the future is ready when it is this one's turn.
    pub(crate) fn queue(&self, key: u64) -> impl Future<Output = Turn> + Send + 'static {
        let line = self.0.lock().expect("no holder panics").entry(key).or_default().clone();
        let turns = self.0.clone();
        let mut place = Box::pin(line.lock_owned());
        // The place in the queue is taken by the first poll.
        let first = futures_util::FutureExt::now_or_never(&mut place);
        async move {
            let held = match first {
                Some(it) => it,
                None => place.await,
            };
            Turn { turns, key, held: Some(held) }
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut turns = self.turns.lock().expect("no holder panics");
        self.held = None;
        // The map's own reference is the last when nobody else waits.
        if turns.get(&self.key).is_some_and(|it| Arc::strong_count(it) == 1) {
            turns.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn those_of_one_queue_come_in_their_order_and_others_do_not_wait() {
        let turns = Turns::default();
        let first = turns.queue(1).await;
        let second = turns.queue(1);
        let mut third = Box::pin(turns.queue(1));
        turns.queue(2).await;
        let mut second = Box::pin(second);
        assert!(futures_util::FutureExt::now_or_never(&mut second).is_none());
        drop(first);
        assert!(futures_util::FutureExt::now_or_never(&mut third).is_none());
        drop(second.await);
        drop(third.await);
        assert!(turns.0.lock().unwrap().is_empty());
    }
}
