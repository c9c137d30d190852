//! Lists of an app's users and groups for operators: by key, a page at a time.

use crate::{Row, StoreError, Tx, can_be_there, params};

/// Sorts after every text that begins with what stands before it.
const LAST: char = char::MAX;
/// Sorts before everything that an id may go on with.
const FIRST: char = '\u{1}';
/// Characters of a folded nickname that it is found by; as in the index.
const NICK_CHARACTERS: usize = 64;

pub struct User {
    pub user: String,
    /// JSON literals, empty when unset.
    pub nick: String,
    pub face: String,
    pub created_at: i64,
    pub seen_at: i64,
    pub c2c_muted_until: i64,
    pub group_muted_until: i64,
}

fn user(mut row: Row) -> Result<User, StoreError> {
    Ok(User {
        user: row.take_text(0)?,
        nick: row.take_text(1)?,
        face: row.take_text(2)?,
        created_at: row.int(3)?,
        seen_at: row.int(4)?,
        c2c_muted_until: row.int(5)?,
        group_muted_until: row.int(6)?,
    })
}

/// The first id that may be on a page: after one, or from the prefix on.
fn from(prefix: &str, after: &str) -> String {
    if after.is_empty() { prefix.to_owned() } else { format!("{after}{FIRST}") }
}

/// Users whose ids begin with a prefix, in byte order.
pub fn users(
    tx: &mut dyn Tx,
    app: u32,
    prefix: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<User>, StoreError> {
    if !can_be_there(prefix) || !can_be_there(after) {
        return Ok(Vec::new());
    }
    let rows = tx.rows(
        "select a.user_id, coalesce(n.value, ''), coalesce(f.value, ''), a.created_at, a.seen_at,
                a.c2c_muted_until, a.group_muted_until
         from accounts a
           left join profiles n on n.app = a.app and n.user_id = a.user_id and n.tag = 'Tag_Profile_IM_Nick'
           left join profiles f on f.app = a.app and f.user_id = a.user_id and f.tag = 'Tag_Profile_IM_Image'
         where a.app = $1 and a.user_id >= $2 and a.user_id < $3
         order by a.user_id limit $4",
        params![app, from(prefix, after), format!("{prefix}{LAST}"), limit],
    )?;
    rows.into_iter().map(user).collect()
}

/// A place in the list by nickname.
pub type NickPlace = (String, String);

/// Users whose nicknames, as searches fold them, begin so; with the place of each.
pub fn users_by_nick(
    tx: &mut dyn Tx,
    app: u32,
    folded: &str,
    after: Option<&NickPlace>,
    limit: i64,
) -> Result<Vec<(User, NickPlace)>, StoreError> {
    if !can_be_there(folded) {
        return Ok(Vec::new());
    }
    let begin: String = folded.chars().take(NICK_CHARACTERS).collect();
    let end = format!("{begin}{LAST}");
    let (nick, id) = after.map_or((&*begin, ""), |it| (&*it.0, &*it.1));
    let rows = tx.rows(
        "select a.user_id, coalesce(n.value, ''), coalesce(f.value, ''), a.created_at, a.seen_at,
                a.c2c_muted_until, a.group_muted_until, substr(s.folded, 1, 64)
         from search_names s join accounts a on a.app = s.app and a.user_id = s.id
           left join profiles n on n.app = a.app and n.user_id = a.user_id and n.tag = 'Tag_Profile_IM_Nick'
           left join profiles f on f.app = a.app and f.user_id = a.user_id and f.tag = 'Tag_Profile_IM_Image'
         where s.kind = 1 and s.app = $1
           and (substr(s.folded, 1, 64), s.id) > ($2, $3) and substr(s.folded, 1, 64) < $4
         order by substr(s.folded, 1, 64), s.id limit $5",
        params![app, nick, id, end, limit],
    )?;
    rows.into_iter()
        .map(|mut row| {
            let nick = row.take_text(7)?;
            let user = user(row)?;
            let id = user.user.clone();
            Ok((user, (nick, id)))
        })
        .collect()
}

pub struct Group {
    pub id: i64,
    pub group: String,
    pub kind: i64,
    pub name: String,
    pub owner: String,
    pub members: i64,
    pub created_at: i64,
    pub muted_all: bool,
}

/// Living groups whose ids begin with a prefix, in byte order; of one kind, or with 0 of all.
pub fn groups(
    tx: &mut dyn Tx,
    app: u32,
    kind: i64,
    (prefix, after): (&str, &str),
    limit: i64,
) -> Result<Vec<Group>, StoreError> {
    if !can_be_there(prefix) || !can_be_there(after) {
        return Ok(Vec::new());
    }
    let (low, high) = (from(prefix, after), format!("{prefix}{LAST}"));
    let rows = match kind {
        0 => tx.rows(
            "select id, group_id, kind, name, owner, members, created_at, muted_all from groups
             where app = $1 and group_id >= $2 and group_id < $3 and dismissed_at = 0
             order by group_id limit $4",
            params![app, low, high, limit],
        )?,
        kind => tx.rows(
            "select id, group_id, kind, name, owner, members, created_at, muted_all from groups
             where app = $1 and kind = $5 and group_id >= $2 and group_id < $3 and dismissed_at = 0
             order by group_id limit $4",
            params![app, low, high, limit, kind],
        )?,
    };
    rows.into_iter()
        .map(|mut row| {
            Ok(Group {
                id: row.int(0)?,
                group: row.take_text(1)?,
                kind: row.int(2)?,
                name: row.take_text(3)?,
                owner: row.take_text(4)?,
                members: row.int(5)?,
                created_at: row.int(6)?,
                muted_all: row.int(7)? == 1,
            })
        })
        .collect()
}

pub struct Member {
    pub user: String,
    pub role: i64,
    pub joined_at: i64,
    pub card: String,
    pub sent_at: i64,
    pub read_seq: i64,
    /// 0 when not muted.
    pub muted_until: i64,
}

/// Members of a group after an id, in byte order.
pub fn members(tx: &mut dyn Tx, group: i64, after: &str, limit: i64) -> Result<Vec<Member>, StoreError> {
    if !can_be_there(after) {
        return Ok(Vec::new());
    }
    let rows = tx.rows(
        "select m.user_id, m.role, m.joined_at, m.card, m.sent_at, m.read_seq, coalesce(x.until, 0)
         from group_members m left join group_mutes x on x.group_nr = m.group_nr and x.user_id = m.user_id
         where m.group_nr = $1 and m.user_id > $2 order by m.user_id limit $3",
        params![group, after, limit],
    )?;
    rows.into_iter()
        .map(|mut row| {
            Ok(Member {
                user: row.take_text(0)?,
                role: row.int(1)?,
                joined_at: row.int(2)?,
                card: row.take_text(3)?,
                sent_at: row.int(4)?,
                read_seq: row.int(5)?,
                muted_until: row.int(6)?,
            })
        })
        .collect()
}

pub struct Login {
    pub instance: i64,
    pub platform: i64,
    pub created_at: i64,
    pub used_at: i64,
    pub expires_at: i64,
    /// 0 while connected.
    pub detached_at: i64,
    pub ended_at: i64,
    pub ended_by: i64,
}

/// Logins of a user, those that are alive and those that are remembered, newest first.
pub fn logins(tx: &mut dyn Tx, app: u32, user: &str, limit: i64) -> Result<Vec<Login>, StoreError> {
    let rows = tx.rows(
        "select inst_id, platform, created_at, used_at, expires_at, detached_at, ended_at, ended_by
         from sessions where app = $1 and user_id = $2 order by inst_id desc limit $3",
        params![app, user, limit],
    )?;
    rows.into_iter()
        .map(|row| {
            Ok(Login {
                instance: row.int(0)?,
                platform: row.int(1)?,
                created_at: row.int(2)?,
                used_at: row.int(3)?,
                expires_at: row.int(4)?,
                detached_at: row.int(5)?,
                ended_at: row.int(6)?,
                ended_by: row.int(7)?,
            })
        })
        .collect()
}

/// Bytes that the database takes on disk.
pub fn database_bytes(tx: &mut dyn Tx) -> Result<i64, StoreError> {
    let sql = match tx.dialect() {
        crate::Dialect::Sqlite => {
            "select page_count * page_size from pragma_page_count(), pragma_page_size()"
        }
        crate::Dialect::Postgres => "select pg_database_size(current_database())",
    };
    tx.row(sql, &[])?.ok_or(StoreError::Shape("a size gave no row"))?.int(0)
}

/// How many robots of an app are valid.
pub fn count_robots(tx: &mut dyn Tx, app: u32) -> Result<i64, StoreError> {
    let row = tx.row("select count(*) from robots where app = $1 and valid = 1", params![app])?;
    row.ok_or(StoreError::Shape("count gave no row"))?.int(0)
}
