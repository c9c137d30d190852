//! What an app's backend is asked and told of groups. `spec/webhooks/Group.*.yaml`
//!
//! Questions are asked when everything else allows the operation, before its transaction. What is told is told inside
//! the transaction, under the group's line.

mod asked;
mod told;

use proto::Code;
use store::Tx;

pub(super) use asked::{Refused, ask_apply, ask_create, ask_invite, ask_topic};
pub(super) use told::{
    attributes_changed, created, destroyed, full, info_changed, joined, left, member_changed, owner_changed,
    recalled, receipts, state_changed, topic_changed, topic_created, topic_destroyed,
};

use super::{find, key};
use crate::{
    Cx,
    error::Error,
    webhooks::{Hook, wants},
};

/// Looks whether an operation would succeed, if the backend wants to be asked about it: so that it is asked only of
/// what can be done.
pub(super) async fn look<T: Send + 'static>(
    cx: &Cx,
    hook: Hook,
    work: impl FnOnce(&mut dyn Tx, &Cx) -> Result<T, Error> + Send + 'static,
) -> Result<Option<T>, Error> {
    if !wants(cx, hook) {
        return Ok(None);
    }
    let at = cx.clone();
    cx.chat.db.read(move |tx| work(tx, &at)).await.map(Some)
}

/// Passes on what came of letting somebody in; that the group was too full for it is told.
pub(super) async fn note_full<T>(cx: &Cx, group_id: &str, result: Result<T, Error>) -> Result<T, Error> {
    let is_full = matches!(&result, Err(Error::Fail(it)) if it.number == Code::GroupFull.number());
    if is_full && wants(cx, Hook::GroupCallbackAfterGroupFull) {
        let (at, group) = (cx.clone(), find(cx, group_id).await?);
        let key = key(cx.app.id, group.number());
        cx.chat.db.write(key, move |tx| full(tx, &at, &group)).await?;
    }
    result
}
