//! Conversation groups: named folders of conversations. `spec/concepts/conversations.md` 7.

use proto::{Code, Fail, json::quote};
use store::{
    StoreError, Tx, accounts as rows,
    contact_marks::{self as table, Group},
};

use super::{
    PAGE_MAX, Which,
    marks::{self, Labels, Owner, change, must_exist},
};
use crate::{
    Cx,
    error::Error,
    relations::{Outcome, outcome},
};

/// Most bytes of the name of a conversation group; an empty one is none.
pub const NAME_BYTES_MAX: usize = 32;
/// Most conversations in one group.
pub const SIZE_MAX: i64 = 1000;

/// A group after a change, and what became of each conversation.
pub struct Filled {
    pub id: i64,
    pub outcomes: Vec<Outcome>,
}

/// Whether a conversation goes into the group or out of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Move {
    In,
    Out,
}

impl Move {
    /// ContactOptType.
    pub fn number(self) -> i64 {
        match self {
            Move::In => 1,
            Move::Out => 2,
        }
    }
}

/// Makes a group with conversations in it; one that is there by this name is only filled.
pub async fn create(cx: &Cx, owner: &str, name: &str, members: Vec<Which>) -> Result<Filled, Error> {
    let (name, most) = (name.to_owned(), cx.app.state().settings.conversation_max_groups);
    let done = change(cx, owner, move |tx, owner| {
        check_name(&name)?;
        let found = table::find_group(tx, owner.app, &owner.name, &name)?;
        let id = match found {
            Some(id) => id,
            None if table::groups(tx, owner.app, &owner.name)?.len() as i64 >= most => {
                let info = format!("more than {most} conversation groups");
                return Err(Fail::with(Code::ContactGroupsFull, info).into());
            }
            None => table::make_group(tx, owner.app, &owner.name, &name)?,
        };
        let moves = members.into_iter().map(|it| (Move::In, it)).collect();
        let (outcomes, moved) = fill(tx, owner, id, moves)?;
        let members: Vec<_> = moved.iter().map(|(_, it)| it.pushed()).collect();
        let event = format!(
            "{{\"PushType\":5,\"RecentContactCreateContactGroup\":{{\"MsgContactGroupContactItem\":[\
             {{\"MsgGroupItem\":{},\"MsgRecentContactItem\":[{}]}}]}}}}",
            pushed(id, &name),
            members.join(",")
        );
        let is_new = found.is_none() || !moved.is_empty();
        Ok((Filled { id, outcomes }, is_new.then_some(event)))
    });
    done.await
}

/// Gives a group another name. Its number.
pub async fn rename(cx: &Cx, owner: &str, old: &str, new: &str) -> Result<i64, Error> {
    let (old, new) = (old.to_owned(), new.to_owned());
    let done = change(cx, owner, move |tx, owner| {
        check_name(&new)?;
        let id = find(tx, owner, &old)?;
        if old == new {
            return Ok((id, None));
        }
        if table::find_group(tx, owner.app, &owner.name, &new)?.is_some() {
            return Err(Fail::with(Code::ContactParam, "another conversation group has this name").into());
        }
        table::rename_group(tx, owner.app, &owner.name, id, &new)?;
        let event = updated(1, id, &new, &old, "");
        Ok((id, Some(event)))
    });
    done.await
}

/// Moves conversations into a group and out of it, one after the other.
pub async fn update(cx: &Cx, owner: &str, name: &str, moves: Vec<(Move, Which)>) -> Result<Filled, Error> {
    let name = name.to_owned();
    let done = change(cx, owner, move |tx, owner| {
        let id = find(tx, owner, &name)?;
        let (outcomes, moved) = fill(tx, owner, id, moves)?;
        let items = moved.iter().map(|(direction, it)| {
            let kind = direction.number();
            format!("{{\"ContactOptType\":{kind},\"RecentContactItem\":{}}}", it.pushed())
        });
        let items = items.collect::<Vec<_>>().join(",");
        let members = format!(",\"RecentContactUpdateGroupItem\":[{items}]");
        let event = (!moved.is_empty()).then(|| updated(2, id, &name, &name, &members));
        Ok((Filled { id, outcomes }, event))
    });
    done.await
}

/// Removes a group; the conversations stay. The number it had.
pub async fn remove(cx: &Cx, owner: &str, name: &str) -> Result<i64, Error> {
    let name = name.to_owned();
    let done = change(cx, owner, move |tx, owner| {
        let id = find(tx, owner, &name)?;
        table::remove_group(tx, owner.app, &owner.name, id, owner.now)?;
        let group = pushed(id, &name);
        let event =
            format!("{{\"PushType\":6,\"RecentContactDelContactGroup\":{{\"MsgGroupItem\":[{group}]}}}}");
        Ok((id, Some(event)))
    });
    done.await
}

fn check_name(name: &str) -> Result<(), Fail> {
    if name.is_empty() || name.len() > NAME_BYTES_MAX || name.contains('\0') {
        let info = format!("the name of a conversation group has 1 to {NAME_BYTES_MAX} bytes");
        return Err(Fail::with(Code::ContactGroupName, info));
    }
    Ok(())
}

fn find(tx: &mut dyn Tx, owner: &Owner, name: &str) -> Result<i64, Error> {
    let id = table::find_group(tx, owner.app, &owner.name, name)?;
    id.ok_or_else(|| Code::ContactGroupUnknown.into())
}

type Moves = Vec<(Move, Which)>;

/// Makes the moves. What became of each, and those that changed something.
fn fill(tx: &mut dyn Tx, owner: &Owner, id: i64, moves: Moves) -> Result<(Vec<Outcome>, Moves), Error> {
    let (mut outcomes, mut moved) = (Vec::with_capacity(moves.len()), Vec::new());
    for (direction, which) in moves {
        let done = make_move(tx, owner, id, direction, &which);
        let changed = matches!(done, Ok(true));
        outcomes.push(outcome(done.map(drop))?);
        if changed {
            moved.push((direction, which));
        }
    }
    Ok((outcomes, moved))
}

/// Says whether it changed something.
fn make_move(tx: &mut dyn Tx, owner: &Owner, id: i64, direction: Move, which: &Which) -> Result<bool, Error> {
    let (app, name, now) = (owner.app, &*owner.name, owner.now);
    let is_in = table::is_member(tx, app, name, id, which.name())?;
    if direction == Move::Out && is_in {
        table::remove_member(tx, app, name, id, which.name(), now)?;
        return Ok(true);
    }
    must_exist(tx, app, which)?;
    if direction == Move::Out || is_in {
        return Ok(false);
    }
    if table::count_members(tx, app, name, id)? >= SIZE_MAX {
        let info = format!("more than {SIZE_MAX} conversations in the group");
        return Err(Fail::with(Code::ContactMarksFull, info).into());
    }
    table::add_member(tx, app, name, id, which.name(), now)?;
    Ok(true)
}

/// A group in a push.
fn pushed(id: i64, name: &str) -> String {
    format!("{{\"GroupId\":{id},\"GroupName\":{}}}", quote(name))
}

/// The event of a group that was renamed (1) or whose conversations changed (2).
fn updated(kind: i64, id: i64, name: &str, old: &str, members: &str) -> String {
    format!(
        "{{\"PushType\":7,\"RecentContactUpdateContactGroup\":{{\"UpdateType\":1,\"MsgUpdateGroup\":\
         {{\"UpdateGroupType\":{kind},\"GroupId\":{id},\"GroupName\":{},\"OldGroupName\":{}{members}}}}}}}",
        quote(name),
        quote(old)
    )
}

/// Conversations with their labels, and all groups of their owner.
pub struct Labelled {
    pub items: Vec<(Which, Labels)>,
    pub groups: Vec<Group>,
    /// Where the next page starts, if there is one.
    pub next: Option<i64>,
}

/// One page of the conversations that have labels, those that were changed first at the front.
pub async fn page(cx: &Cx, owner: &str, start: i64) -> Result<Labelled, Error> {
    let done = read(cx, owner, move |tx, app, owner| {
        let size = PAGE_MAX as i64;
        let mut rows = table::page(tx, app, owner, start, size + 1)?;
        let next = (rows.len() > PAGE_MAX).then(|| start + size);
        rows.truncate(PAGE_MAX);
        let mut items = Vec::with_capacity(rows.len());
        for row in rows {
            let which = Which::of(row.kind, row.peer.clone());
            if marks::exists(tx, app, &which)?
                && let Some(labels) = marks::of_row(tx, app, owner, row)?
            {
                items.push((which, labels));
            }
        }
        Ok((items, next))
    });
    done.await
}

/// The labels of given conversations; without a label they have empty ones, and those that do not exist are
/// left out.
pub async fn search(cx: &Cx, owner: &str, named: Vec<Which>) -> Result<Labelled, Error> {
    let done = read(cx, owner, move |tx, app, owner| {
        let mut items = Vec::with_capacity(named.len());
        for which in named {
            if marks::exists(tx, app, &which)? {
                let labels = marks::labels(tx, app, owner, &which)?;
                items.push((which, labels.unwrap_or_default()));
            }
        }
        Ok((items, None))
    });
    done.await
}

async fn read(
    cx: &Cx,
    owner: &str,
    work: impl FnOnce(&mut dyn Tx, u32, &str) -> Result<(Vec<(Which, Labels)>, Option<i64>), StoreError>
    + Send
    + 'static,
) -> Result<Labelled, Error> {
    let (app, owner) = (cx.app.id, owner.to_owned());
    let done = cx.chat.db.read(move |tx| {
        if rows::get(tx, app, &owner)?.is_none() {
            return Err(Error::from(Fail::with(Code::ContactUnknown, "From_Account does not exist")));
        }
        let (items, next) = work(tx, app, &owner)?;
        Ok(Labelled { items, groups: table::groups(tx, app, &owner)?, next })
    });
    done.await
}
