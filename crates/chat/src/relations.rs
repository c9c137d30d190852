//! Relations between people: friends, friend lists, requests, blocklists. `spec/concepts/relationships.md`.
//!
//! A call does all its items in one transaction, one after another; an item that fails changes nothing, so
//! each checks everything before it writes. What changed is collected in [`Changes`], which raises the
//! sequences before the commit and tells the sessions after it.

mod add;
mod blocks;
mod changes;
mod checks;
mod delete;
mod entry;
mod group;
mod import;
mod lists;
mod read;
mod requests;
mod told;
mod update;
mod watchers;

use proto::{Code, Fail};
use store::{StoreError, Tx};

use crate::{Cx, error::Error, shard};

pub use add::{Adding, NewFriend, add};
pub use blocks::{Blocklist, block, blocklist, unblock};
pub use checks::{Standing, Which, check};
pub use delete::{delete, delete_all};
pub use group::{FriendList, Move, change_list, delete_lists, friend_lists, make_lists};
pub use import::{Imported, import};
pub use read::{Page, Start, Wanted, page, some};
pub use requests::{Answer, Response, Side, Waiting, mark_read, respond, waiting, withdraw};
pub use update::{Update, update};

pub(crate) use changes::Changes;
pub(crate) use checks::unknown;
pub(crate) use watchers::tell_owners;

/// Most bytes of the remark that an owner has for a friend.
pub const REMARK_BYTES_MAX: usize = 96;
/// Most bytes of a friend list's name; an empty one is none.
pub const LIST_NAME_BYTES_MAX: usize = 30;
/// Most bytes of the text of a friend request.
pub const WORDING_BYTES_MAX: usize = 256;

/// What became of one item of a batch.
pub type Outcome = Result<(), Fail>;

/// All relations of an app change under one key: an entry, its reverse and their limits belong to two people,
/// and these writes are rare beside messages.
pub(crate) fn key(app: u32) -> u64 {
    shard(app, "\0relations")
}

/// Runs `work` on behalf of `owner`, who must exist (30003), and tells whoever was touched.
pub(crate) async fn change<T: Send + 'static>(
    cx: &Cx,
    owner: &str,
    work: impl FnOnce(&mut dyn Tx, &mut Changes) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let (app, name) = (cx.app.clone(), owner.to_owned());
    let (at_end, except) = (cx.clone(), cx.caller.instance());
    let done = cx.chat.db.write_then(
        key(app.id),
        move |tx| {
            must_exist(tx, app.id, &name, "From_Account")?;
            let mut changes = Changes::default();
            let result = work(tx, &mut changes)?;
            changes.raise(tx, app.id)?;
            Ok::<_, Error>((result, changes))
        },
        move |(_, changes)| changes.tell(&at_end.app, except, at_end.chat.clock.now()),
    );
    done.await.map(|it| it.0)
}

/// Refuses a user that is no account with 30003.
pub(crate) fn must_exist(tx: &mut dyn Tx, app: u32, user: &str, what: &str) -> Result<(), Error> {
    match store::accounts::get(tx, app, user)? {
        Some(_) => Ok(()),
        None => Err(Fail::with(Code::SnsUnknown, format!("Err_SNS_Account_Not_Exist: {what}")).into()),
    }
}

/// Turns the refusal of an item into its outcome; trouble of ours ends the whole call.
pub(crate) fn outcome(result: Result<(), Error>) -> Result<Outcome, Error> {
    match result {
        Ok(()) => Ok(Ok(())),
        Err(Error::Fail(fail)) => Ok(Err(fail)),
        Err(error) => Err(error),
    }
}

/// Current nickname and avatar as JSON literals, `""` when unset.
pub(crate) fn display(tx: &mut dyn Tx, app: u32, user: &str) -> Result<(String, String), StoreError> {
    let (mut nick, mut face) = ("\"\"".to_owned(), "\"\"".to_owned());
    for (tag, value) in store::profiles::all(tx, app, user)? {
        match tag.as_str() {
            crate::profiles::NICK => nick = value,
            crate::profiles::FACE => face = value,
            _ => {}
        }
    }
    Ok((nick, face))
}
