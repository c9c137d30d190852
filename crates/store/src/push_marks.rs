//! Attributes and tags of users, by which pushes to all users choose. What somebody has, or had, counts for pushes
//! by their numbers; see the migration.

use crate::{Row, StoreError, Tx, can_be_there, params};

/// For which pushes something counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub since: i64,
    /// 0 for what is there still.
    pub until: i64,
}

impl Span {
    /// Whether it was there when the push of this number was made.
    pub fn holds(self, push: i64) -> bool {
        self.since < push && (self.until == 0 || push <= self.until)
    }
}

#[derive(Clone, Debug)]
pub struct Attribute {
    pub number: i64,
    pub value: String,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct Tag {
    pub tag: String,
    pub place: i64,
    pub span: Span,
}

/// The app's names: number and name, by number.
pub fn names(tx: &mut dyn Tx, app: u32) -> Result<Vec<(i64, String)>, StoreError> {
    let rows = tx
        .rows("select number, name from push_attribute_names where app = $1 order by number", params![app])?;
    rows.into_iter().map(|mut it| Ok((it.int(0)?, it.take_text(1)?))).collect()
}

pub fn set_name(tx: &mut dyn Tx, app: u32, number: i64, name: &str) -> Result<(), StoreError> {
    tx.exec(
        "insert into push_attribute_names (app, number, name) values ($1, $2, $3)
         on conflict (app, number) do update set name = excluded.name",
        params![app, number, name],
    )?;
    Ok(())
}

/// What a user has and had, by number.
pub fn attributes(tx: &mut dyn Tx, app: u32, user: &str) -> Result<Vec<Attribute>, StoreError> {
    let rows = tx.rows(
        "select number, value, since, until from push_attributes where app = $1 and user_id = $2
         order by number, since",
        params![app, user],
    )?;
    let attribute = |mut it: Row| {
        let span = Span { since: it.int(2)?, until: it.int(3)? };
        Ok(Attribute { number: it.int(0)?, value: it.take_text(1)?, span })
    };
    rows.into_iter().map(attribute).collect()
}

/// Takes an attribute away; `newest` is the app's newest push.
pub fn end_attribute(
    tx: &mut dyn Tx,
    app: u32,
    user: &str,
    number: i64,
    newest: i64,
) -> Result<(), StoreError> {
    tx.exec(
        "delete from push_attributes
         where app = $1 and user_id = $2 and number = $3 and until = 0 and since >= $4",
        params![app, user, number, newest],
    )?;
    tx.exec(
        "update push_attributes set until = $4 where app = $1 and user_id = $2 and number = $3 and until = 0",
        params![app, user, number, newest],
    )?;
    Ok(())
}

/// Gives an attribute to a user who has none of this number.
pub fn add_attribute(
    tx: &mut dyn Tx,
    app: u32,
    user: &str,
    (number, value): (i64, &str),
    newest: i64,
) -> Result<(), StoreError> {
    tx.exec(
        "insert into push_attributes (app, user_id, number, since, until, value) values ($1, $2, $3, $4, 0, $5)",
        params![app, user, number, newest, value],
    )?;
    Ok(())
}

/// What a user has and had, in the order of adding.
pub fn tags(tx: &mut dyn Tx, app: u32, user: &str) -> Result<Vec<Tag>, StoreError> {
    let rows = tx.rows(
        "select tag, place, since, until from push_tags where app = $1 and user_id = $2 order by place",
        params![app, user],
    )?;
    let tag = |mut it: Row| {
        let span = Span { since: it.int(2)?, until: it.int(3)? };
        Ok(Tag { tag: it.take_text(0)?, place: it.int(1)?, span })
    };
    rows.into_iter().map(tag).collect()
}

/// Gives a tag to a user who does not have it.
pub fn add_tag(
    tx: &mut dyn Tx,
    app: u32,
    user: &str,
    (tag, place): (&str, i64),
    newest: i64,
) -> Result<(), StoreError> {
    tx.exec(
        "insert into push_tags (app, user_id, tag, since, until, place) values ($1, $2, $3, $4, 0, $5)",
        params![app, user, tag, newest, place],
    )?;
    Ok(())
}

/// Takes a tag away; `newest` is the app's newest push.
pub fn end_tag(tx: &mut dyn Tx, app: u32, user: &str, tag: &str, newest: i64) -> Result<(), StoreError> {
    if !can_be_there(tag) {
        return Ok(());
    }
    tx.exec(
        "delete from push_tags where app = $1 and user_id = $2 and tag = $3 and until = 0 and since >= $4",
        params![app, user, tag, newest],
    )?;
    tx.exec(
        "update push_tags set until = $4 where app = $1 and user_id = $2 and tag = $3 and until = 0",
        params![app, user, tag, newest],
    )?;
    Ok(())
}

/// Forgets what counts for no push from this one on. Returns how many rows went.
pub fn prune(tx: &mut dyn Tx, app: u32, oldest: i64, limit: i64) -> Result<u64, StoreError> {
    let attributes = tx.exec(
        "delete from push_attributes where (app, user_id, number, since) in
           (select app, user_id, number, since from push_attributes
            where app = $1 and until > 0 and until < $2 limit $3)",
        params![app, oldest, limit],
    )?;
    let tags = tx.exec(
        "delete from push_tags where (app, user_id, tag, since) in
           (select app, user_id, tag, since from push_tags
            where app = $1 and until > 0 and until < $2 limit $3)",
        params![app, oldest, limit],
    )?;
    Ok(attributes + tags)
}
