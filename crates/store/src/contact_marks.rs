//! Marks of conversations and the conversation groups they are in: of one side, like all of a conversation.

use crate::{Row, StoreError, Tx, can_be_there, params};

/// A conversation as its owner names it: its kind, and the peer or the group at its other end.
pub type Name<'a> = (i64, &'a str);

/// What a conversation is marked with. There is a row while it has a mark or is in a conversation group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marked {
    pub kind: i64,
    pub peer: String,
    /// 64 bits, as a signed number.
    pub marks: i64,
    pub custom: String,
    pub changed_at: i64,
}

fn marked(mut row: Row) -> Result<Marked, StoreError> {
    Ok(Marked {
        kind: row.int(0)?,
        peer: row.take_text(1)?,
        marks: row.int(2)?,
        custom: row.take_text(3)?,
        changed_at: row.int(4)?,
    })
}

pub fn get(
    tx: &mut dyn Tx,
    app: u32,
    owner: &str,
    (kind, peer): Name<'_>,
) -> Result<Option<Marked>, StoreError> {
    if !can_be_there(owner) || !can_be_there(peer) {
        return Ok(None);
    }
    let row = tx.row(
        "select kind, peer, marks, custom, changed_at from contact_marks
         where app = $1 and owner = $2 and kind = $3 and peer = $4",
        params![app, owner, kind, peer],
    )?;
    row.map(marked).transpose()
}

/// Writes the row, new or over the old one.
pub fn put(tx: &mut dyn Tx, app: u32, owner: &str, it: &Marked) -> Result<(), StoreError> {
    tx.exec(
        "insert into contact_marks (app, owner, kind, peer, marks, custom, changed_at)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (app, owner, kind, peer) do update
         set marks = excluded.marks, custom = excluded.custom, changed_at = excluded.changed_at",
        params![app, owner, it.kind, &*it.peer, it.marks, &*it.custom, it.changed_at],
    )?;
    Ok(())
}

/// Removes the row of a conversation that has no mark and is in no group any more.
pub fn prune(tx: &mut dyn Tx, app: u32, owner: &str, (kind, peer): Name<'_>) -> Result<(), StoreError> {
    tx.exec(
        "delete from contact_marks
         where app = $1 and owner = $2 and kind = $3 and peer = $4 and marks = 0 and custom = ''
           and not exists (select 1 from contact_group_members
                           where app = $1 and owner = $2 and kind = $3 and peer = $4)",
        params![app, owner, kind, peer],
    )?;
    Ok(())
}

/// How many conversations have a mark; those that are only in groups do not count.
pub fn count(tx: &mut dyn Tx, app: u32, owner: &str) -> Result<i64, StoreError> {
    let row = tx.row(
        "select count(*) from contact_marks where app = $1 and owner = $2 and (marks <> 0 or custom <> '')",
        params![app, owner],
    )?;
    row.ok_or(StoreError::Shape("count gave no row"))?.int(0)
}

/// Rows by their last change and then by conversation, from the `offset`-th.
pub fn page(
    tx: &mut dyn Tx,
    app: u32,
    owner: &str,
    offset: i64,
    limit: i64,
) -> Result<Vec<Marked>, StoreError> {
    let rows = tx.rows(
        "select kind, peer, marks, custom, changed_at from contact_marks
         where app = $1 and owner = $2 order by changed_at, kind, peer limit $4 offset $3",
        params![app, owner, offset, limit],
    )?;
    rows.into_iter().map(marked).collect()
}

/// Ends of the conversations of a kind whose marks or groups changed at this second or later.
pub fn changed_since(
    tx: &mut dyn Tx,
    app: u32,
    owner: &str,
    kind: i64,
    since: i64,
) -> Result<Vec<String>, StoreError> {
    let rows = tx.rows(
        "select peer from contact_marks where app = $1 and owner = $2 and kind = $3 and changed_at >= $4",
        params![app, owner, kind, since],
    )?;
    rows.into_iter().map(|mut it| it.take_text(0)).collect()
}

/// A conversation group: its number and its name.
pub type Group = (i64, String);

/// The owner's groups in the order of their making.
pub fn groups(tx: &mut dyn Tx, app: u32, owner: &str) -> Result<Vec<Group>, StoreError> {
    let rows = tx.rows(
        "select id, name from contact_groups where app = $1 and owner = $2 order by id",
        params![app, owner],
    )?;
    rows.into_iter().map(|mut it| Ok((it.int(0)?, it.take_text(1)?))).collect()
}

/// The number of the owner's group of this name.
pub fn find_group(tx: &mut dyn Tx, app: u32, owner: &str, name: &str) -> Result<Option<i64>, StoreError> {
    if !can_be_there(owner) || !can_be_there(name) {
        return Ok(None);
    }
    let row = tx.row(
        "select id from contact_groups where app = $1 and owner = $2 and name = $3",
        params![app, owner, name],
    )?;
    row.map(|it| it.int(0)).transpose()
}

/// Makes a group under a number that the owner never had before.
pub fn make_group(tx: &mut dyn Tx, app: u32, owner: &str, name: &str) -> Result<i64, StoreError> {
    let row = tx.row(
        "update accounts set contact_groups_made = contact_groups_made + 1
         where app = $1 and user_id = $2 returning contact_groups_made",
        params![app, owner],
    )?;
    let id = row.ok_or(StoreError::Shape("the owner of a group is no account"))?.int(0)?;
    tx.exec(
        "insert into contact_groups (app, owner, id, name) values ($1, $2, $3, $4)",
        params![app, owner, id, name],
    )?;
    Ok(id)
}

pub fn rename_group(tx: &mut dyn Tx, app: u32, owner: &str, id: i64, name: &str) -> Result<(), StoreError> {
    tx.exec(
        "update contact_groups set name = $4 where app = $1 and owner = $2 and id = $3",
        params![app, owner, id, name],
    )?;
    Ok(())
}

/// Removes a group; that changes the conversations that were in it.
pub fn remove_group(tx: &mut dyn Tx, app: u32, owner: &str, id: i64, now: i64) -> Result<(), StoreError> {
    tx.exec(
        "update contact_marks set changed_at = $4
         where app = $1 and owner = $2
           and exists (select 1 from contact_group_members it
                       where it.app = $1 and it.owner = $2 and it.kind = contact_marks.kind
                         and it.peer = contact_marks.peer and it.group_id = $3)",
        params![app, owner, id, now],
    )?;
    tx.exec(
        "delete from contact_group_members where app = $1 and owner = $2 and group_id = $3",
        params![app, owner, id],
    )?;
    tx.exec("delete from contact_groups where app = $1 and owner = $2 and id = $3", params![app, owner, id])?;
    tx.exec(
        "delete from contact_marks
         where app = $1 and owner = $2 and marks = 0 and custom = ''
           and not exists (select 1 from contact_group_members it
                           where it.app = $1 and it.owner = $2 and it.kind = contact_marks.kind
                             and it.peer = contact_marks.peer)",
        params![app, owner],
    )?;
    Ok(())
}

pub fn count_members(tx: &mut dyn Tx, app: u32, owner: &str, id: i64) -> Result<i64, StoreError> {
    let row = tx.row(
        "select count(*) from contact_group_members where app = $1 and owner = $2 and group_id = $3",
        params![app, owner, id],
    )?;
    row.ok_or(StoreError::Shape("count gave no row"))?.int(0)
}

/// Numbers of the groups that a conversation is in, in the order of their making.
pub fn groups_of(
    tx: &mut dyn Tx,
    app: u32,
    owner: &str,
    (kind, peer): Name<'_>,
) -> Result<Vec<i64>, StoreError> {
    if !can_be_there(owner) || !can_be_there(peer) {
        return Ok(Vec::new());
    }
    let rows = tx.rows(
        "select group_id from contact_group_members
         where app = $1 and owner = $2 and kind = $3 and peer = $4 order by group_id",
        params![app, owner, kind, peer],
    )?;
    rows.into_iter().map(|it| it.int(0)).collect()
}

pub fn is_member(
    tx: &mut dyn Tx,
    app: u32,
    owner: &str,
    id: i64,
    (kind, peer): Name<'_>,
) -> Result<bool, StoreError> {
    if !can_be_there(peer) {
        return Ok(false);
    }
    let row = tx.row(
        "select 1 from contact_group_members
         where app = $1 and owner = $2 and kind = $3 and peer = $4 and group_id = $5",
        params![app, owner, kind, peer, id],
    )?;
    Ok(row.is_some())
}

/// Puts a conversation into a group in which it is not.
pub fn add_member(
    tx: &mut dyn Tx,
    app: u32,
    owner: &str,
    id: i64,
    (kind, peer): Name<'_>,
    now: i64,
) -> Result<(), StoreError> {
    tx.exec(
        "insert into contact_group_members (app, owner, kind, peer, group_id) values ($1, $2, $3, $4, $5)",
        params![app, owner, kind, peer, id],
    )?;
    tx.exec(
        "insert into contact_marks (app, owner, kind, peer, marks, custom, changed_at)
         values ($1, $2, $3, $4, 0, '', $5)
         on conflict (app, owner, kind, peer) do update set changed_at = excluded.changed_at",
        params![app, owner, kind, peer, now],
    )?;
    Ok(())
}

/// Takes a conversation out of a group.
pub fn remove_member(
    tx: &mut dyn Tx,
    app: u32,
    owner: &str,
    id: i64,
    (kind, peer): Name<'_>,
    now: i64,
) -> Result<(), StoreError> {
    tx.exec(
        "delete from contact_group_members
         where app = $1 and owner = $2 and kind = $3 and peer = $4 and group_id = $5",
        params![app, owner, kind, peer, id],
    )?;
    tx.exec(
        "update contact_marks set changed_at = $5 where app = $1 and owner = $2 and kind = $3 and peer = $4",
        params![app, owner, kind, peer, now],
    )?;
    prune(tx, app, owner, (kind, peer))
}
