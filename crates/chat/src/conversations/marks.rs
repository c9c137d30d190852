//! Marks of conversations: 64 bits and a text of the app's own. They are labels and nothing else: neither
//! order nor unread counts nor delivery depend on them. `spec/concepts/conversations.md` 6.

use proto::{Code, Fail, json::quote};
use store::{
    StoreError, Tx, accounts as rows,
    contact_marks::{self as table, Marked},
};

use super::Which;
use crate::{
    Cx,
    error::Error,
    live::Push,
    relations::{Outcome, outcome},
    shard,
};

/// Most bytes of a custom mark.
pub const CUSTOM_BYTES_MAX: usize = 256;
/// OptType: what of a conversation's marks is changed.
pub const STANDARD: i64 = 1;
pub const CUSTOM: i64 = 2;
pub const BOTH: i64 = 3;
/// Standard marks are bits 0 to 63.
const BITS: i64 = 64;

/// A change of the marks of one conversation. What is cleared and set is set.
pub struct Mark {
    pub which: Which,
    /// OptType: [`STANDARD`], [`CUSTOM`] or [`BOTH`].
    pub kind: i64,
    /// Numbers of bits.
    pub clear: Vec<i64>,
    pub set: Vec<i64>,
    /// `None` leaves it as it is, an empty text removes it.
    pub custom: Option<String>,
}

/// What a conversation is labelled with.
#[derive(Clone, Debug, Default)]
pub struct Labels {
    marks: u64,
    /// Empty when there is none.
    pub custom: String,
    /// Numbers of the conversation groups it is in.
    pub groups: Vec<i64>,
    /// When any of it changed last.
    pub changed_at: i64,
}

impl Labels {
    fn is_empty(&self) -> bool {
        self.marks == 0 && self.custom.is_empty() && self.groups.is_empty()
    }

    /// The standard marks as a binary number whose last digit is bit 0; `None` when no bit is set.
    pub fn standard(&self) -> Option<String> {
        (self.marks != 0).then(|| format!("{:b}", self.marks))
    }
}

/// What is known of an owner inside a change.
pub(super) struct Owner {
    pub app: u32,
    pub name: String,
    pub now: i64,
}

/// Sets and clears marks, one item after the other.
pub async fn mark(cx: &Cx, owner: &str, items: Vec<Mark>) -> Result<Vec<Outcome>, Error> {
    let most = cx.app.state().settings.conversation_max_marked;
    let done = change(cx, owner, move |tx, owner| {
        let (mut outcomes, mut pushed) = (Vec::with_capacity(items.len()), Vec::new());
        for it in &items {
            outcomes.push(outcome(apply(tx, owner, it, most).map(|changed| pushed.extend(changed)))?);
        }
        let member = "RecentContactMarkContactItem";
        let event = format!(
            "{{\"PushType\":4,\"RecentContactMarkContact\":{{\"{member}\":[{}]}}}}",
            pushed.join(",")
        );
        Ok((outcomes, (!pushed.is_empty()).then_some(event)))
    });
    done.await
}

/// Makes one change. What is pushed of it, unless everything was so already.
fn apply(tx: &mut dyn Tx, owner: &Owner, it: &Mark, most: i64) -> Result<Option<String>, Error> {
    check(it)?;
    must_exist(tx, owner.app, &it.which)?;
    let (kind, peer) = it.which.name();
    let before = table::get(tx, owner.app, &owner.name, (kind, peer))?;
    let before = before.unwrap_or_else(|| Marked { kind, peer: peer.to_owned(), ..Marked::default() });
    let bits = |numbers: &[i64]| numbers.iter().fold(0, |all, bit| all | 1_i64 << bit);
    let mut after = before.clone();
    after.marks = (before.marks & !bits(&it.clear)) | bits(&it.set);
    if let Some(custom) = &it.custom {
        after.custom.clone_from(custom);
    }
    if after == before {
        return Ok(None);
    }
    let is_marked = |it: &Marked| it.marks != 0 || !it.custom.is_empty();
    if is_marked(&after) && !is_marked(&before) && table::count(tx, owner.app, &owner.name)? >= most {
        let info = format!("more than {most} conversations with marks");
        return Err(Fail::with(Code::ContactMarksFull, info).into());
    }
    after.changed_at = owner.now;
    table::put(tx, owner.app, &owner.name, &after)?;
    table::prune(tx, owner.app, &owner.name, (kind, peer))?;
    Ok(Some(pushed(it, &after)))
}

/// The items of the push. The vendor's older Web SDK takes no notice of one with the OptType of both, so that is
/// told as two.
fn pushed(it: &Mark, now: &Marked) -> String {
    let kinds: &[i64] = match it.kind {
        BOTH => &[STANDARD, CUSTOM],
        CUSTOM => &[CUSTOM],
        _ => &[STANDARD],
    };
    let (contact, custom) = (it.which.pushed(), quote(&now.custom));
    let items = kinds.iter().map(|kind| {
        format!(
            "{{\"RecentContactItem\":{contact},\"OptType\":{kind},\"StandardMark\":\"{:b}\",\"CustomMark\":{custom}}}",
            now.marks
        )
    });
    items.collect::<Vec<_>>().join(",")
}

fn check(it: &Mark) -> Result<(), Fail> {
    if let Some(bit) = it.clear.iter().chain(&it.set).find(|bit| !(0..BITS).contains(*bit)) {
        let info = format!("{bit} is no mark: marks are numbered 0 to {}", BITS - 1);
        return Err(Fail::with(Code::ContactParam, info));
    }
    match &it.custom {
        Some(custom) if custom.len() > CUSTOM_BYTES_MAX => {
            let info = format!("CustomMark is longer than {CUSTOM_BYTES_MAX} bytes");
            Err(Fail::with(Code::ContactParam, info))
        }
        Some(custom) if custom.contains('\0') => {
            Err(Fail::with(Code::ContactParam, "CustomMark must not contain U+0000"))
        }
        _ => Ok(()),
    }
}

/// Refuses a conversation with somebody who is no account, and one of a group that is not there.
pub(super) fn must_exist(tx: &mut dyn Tx, app: u32, which: &Which) -> Result<(), Error> {
    match which {
        _ if exists(tx, app, which)? => Ok(()),
        Which::Peer(_) => Err(Fail::with(Code::ContactUnknown, "To_Account does not exist").into()),
        Which::Group(_) => Err(Code::ContactGroupGone.into()),
    }
}

pub(super) fn exists(tx: &mut dyn Tx, app: u32, which: &Which) -> Result<bool, StoreError> {
    match which {
        Which::Peer(peer) => Ok(rows::get(tx, app, peer)?.is_some()),
        Which::Group(group) => group_exists(tx, app, group),
    }
}

fn group_exists(tx: &mut dyn Tx, app: u32, group_id: &str) -> Result<bool, StoreError> {
    Ok(store::groups::get(tx, app, group_id)?.is_some_and(|it| it.dismissed_at == 0))
}

/// The labels of a conversation, `None` when it has none.
pub(super) fn labels(
    tx: &mut dyn Tx,
    app: u32,
    owner: &str,
    which: &Which,
) -> Result<Option<Labels>, StoreError> {
    match table::get(tx, app, owner, which.name())? {
        Some(row) => of_row(tx, app, owner, row),
        None => Ok(None),
    }
}

/// The same of a row that was read. A row without a label is left when an account that was in a group is deleted.
pub(super) fn of_row(
    tx: &mut dyn Tx,
    app: u32,
    owner: &str,
    row: Marked,
) -> Result<Option<Labels>, StoreError> {
    let groups = table::groups_of(tx, app, owner, (row.kind, &row.peer))?;
    let labels = Labels { marks: row.marks as u64, custom: row.custom, groups, changed_at: row.changed_at };
    Ok(Some(labels).filter(|it| !it.is_empty()))
}

/// Changes labels of an owner, who must exist. The event that `work` leaves goes to the owner's other sessions
/// after the commit. The owner's limits are counted, so everything of one owner happens under one key.
pub(super) async fn change<T: Send + 'static>(
    cx: &Cx,
    owner: &str,
    work: impl FnOnce(&mut dyn Tx, &Owner) -> Result<(T, Option<String>), Error> + Send + 'static,
) -> Result<T, Error> {
    if !cx.app.state().settings.conversation_groups_enabled {
        return Err(Code::ContactGroupsOff.into());
    }
    let owner = Owner { app: cx.app.id, name: owner.to_owned(), now: cx.chat.clock.now() };
    let (at_end, name) = (cx.clone(), owner.name.clone());
    let done = cx.chat.db.write_then(
        shard(owner.app, &owner.name),
        move |tx| {
            if rows::get(tx, owner.app, &owner.name)?.is_none() {
                return Err(Error::from(Fail::with(Code::ContactUnknown, "From_Account does not exist")));
            }
            work(tx, &owner)
        },
        move |(_, event): &(T, Option<String>)| {
            if let Some(event) = event {
                at_end.app.live.push(&name, at_end.caller.instance(), || {
                    Push::events(&format!("{{\"Event\":13,\"RecentContactMod\":[{event}]}}"))
                });
            }
        },
    );
    done.await.map(|it| it.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_marks_ends_with_bit_0() {
        let text = |marks| Labels { marks, ..Labels::default() }.standard();
        assert_eq!(text(0), None);
        assert_eq!(text(1).as_deref(), Some("1"));
        assert_eq!(text(0b1001).as_deref(), Some("1001"));
        assert_eq!(text(1 << 63), Some(format!("1{}", "0".repeat(63))));
    }
}
