//! What waits for somebody's consent to a membership, and what became of it.

use crate::{Row, StoreError, Tx, can_be_there, groups, params};

/// Kinds of requests; the first two are `PendencyType` on the wire.
pub mod kind {
    /// The joiner asks the group's owner and admins.
    pub const APPLICATION: i64 = 0;
    /// A member asks them for somebody else.
    pub const INVITATION: i64 = 2;
    /// The joiner itself is asked.
    pub const CONSENT: i64 = 12;
}

/// Answers to requests.
pub mod answer {
    pub const NONE: i64 = 0;
    pub const AGREED: i64 = 1;
    pub const REFUSED: i64 = 2;
}

/// Most requests that one authentication stands for: those of one call.
const SAME_MAX: i64 = 1000;

/// A request's row; the columns are explained in the migration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    pub id: i64,
    pub group: i64,
    pub kind: i64,
    /// Who asks, and who is to join.
    pub asker: String,
    pub joiner: String,
    pub remark: String,
    /// By which handlers name it; the requests of one call share it.
    pub auth: String,
    /// Milliseconds.
    pub asked_at: i64,
    pub answer: i64,
}

fn request(row: &mut Row) -> Result<Request, StoreError> {
    Ok(Request {
        id: row.int(0)?,
        group: row.int(1)?,
        kind: row.int(2)?,
        asker: row.take_text(3)?,
        joiner: row.take_text(4)?,
        remark: row.take_text(5)?,
        auth: row.take_text(6)?,
        asked_at: row.int(7)?,
        answer: row.int(8)?,
    })
}

fn all(rows: Vec<Row>) -> Result<Vec<Request>, StoreError> {
    rows.into_iter().map(|mut it| request(&mut it)).collect()
}

/// Writes a new request, which gets a number; `id` and `answer` of `it` are not used.
pub fn insert(tx: &mut dyn Tx, app: u32, it: &Request) -> Result<(), StoreError> {
    let id = groups::next_number(tx)?;
    tx.exec(
        "insert into group_requests (id, app, group_nr, kind, asker, joiner, remark, auth, asked_at, answer,
                                     answerer, answered_at, answer_text)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, '', 0, '')",
        params![id, app, it.group, it.kind, &*it.asker, &*it.joiner, &*it.remark, &*it.auth, it.asked_at],
    )?;
    Ok(())
}

/// The request of this kind that waits between these two.
pub fn waiting(
    tx: &mut dyn Tx,
    group: i64,
    kind: i64,
    asker: &str,
    joiner: &str,
) -> Result<Option<Request>, StoreError> {
    if !can_be_there(asker) || !can_be_there(joiner) {
        return Ok(None);
    }
    let row = tx.row(
        "select id, group_nr, kind, asker, joiner, remark, auth, asked_at, answer from group_requests
         where group_nr = $1 and joiner = $2 and answer = 0 and kind = $3 and asker = $4",
        params![group, joiner, kind, asker],
    )?;
    row.map(|mut it| request(&mut it)).transpose()
}

/// The newest request of this kind that waits from this user.
pub fn newest_of(tx: &mut dyn Tx, group: i64, kind: i64, asker: &str) -> Result<Option<Request>, StoreError> {
    if !can_be_there(asker) {
        return Ok(None);
    }
    let row = tx.row(
        "select id, group_nr, kind, asker, joiner, remark, auth, asked_at, answer from group_requests
         where group_nr = $1 and kind = $2 and asker = $3 and answer = 0 order by id desc limit 1",
        params![group, kind, asker],
    )?;
    row.map(|mut it| request(&mut it)).transpose()
}

/// The requests of a group that an authentication stands for, answered or not.
pub fn by_auth(tx: &mut dyn Tx, app: u32, group: i64, auth: &str) -> Result<Vec<Request>, StoreError> {
    if auth.is_empty() || !can_be_there(auth) {
        return Ok(Vec::new());
    }
    let rows = tx.rows(
        "select id, group_nr, kind, asker, joiner, remark, auth, asked_at, answer from group_requests
         where app = $1 and auth = $2 and group_nr = $3 order by id limit $4",
        params![app, auth, group, SAME_MAX],
    )?;
    all(rows)
}

/// Notes what became of a request.
pub fn set_answer(
    tx: &mut dyn Tx,
    id: i64,
    answer: i64,
    (answerer, at, text): (&str, i64, &str),
) -> Result<(), StoreError> {
    tx.exec(
        "update group_requests set answer = $2, answerer = $3, answered_at = $4, answer_text = $5 where id = $1",
        params![id, answer, answerer, at, text],
    )?;
    Ok(())
}

pub fn remove(tx: &mut dyn Tx, id: i64) -> Result<(), StoreError> {
    tx.exec("delete from group_requests where id = $1", params![id])?;
    Ok(())
}

/// A request with the group that it is about.
#[derive(Clone, Debug)]
pub struct Led {
    pub request: Request,
    pub group_id: String,
    pub group_name: String,
}

/// Applications and members' invitations since a millisecond of the groups that a user leads, newest first:
/// either of communities or of all others.
pub fn led_by(
    tx: &mut dyn Tx,
    app: u32,
    user: &str,
    communities: bool,
    since: i64,
    limit: i64,
) -> Result<Vec<Led>, StoreError> {
    const COMMUNITY: i64 = 5;
    let rows = tx.rows(
        "select r.id, r.group_nr, r.kind, r.asker, r.joiner, r.remark, r.auth, r.asked_at, r.answer, g.group_id,
                g.name
         from group_members m join groups g on g.id = m.group_nr join group_requests r on r.group_nr = m.group_nr
         where m.app = $1 and m.user_id = $2 and m.role > 200 and r.kind <= 2 and r.asked_at >= $3
           and ((g.kind = $4 and $5 = 1) or (g.kind <> $4 and $5 = 0))
         order by r.asked_at desc, r.id desc limit $6",
        params![app, user, since, COMMUNITY, communities, limit],
    )?;
    let led = |mut it: Row| {
        Ok(Led { request: request(&mut it)?, group_id: it.take_text(9)?, group_name: it.take_text(10)? })
    };
    rows.into_iter().map(led).collect()
}

/// Forgets requests from before a millisecond, so many at once. Says how many.
pub fn prune(tx: &mut dyn Tx, before: i64, limit: i64) -> Result<u64, StoreError> {
    tx.exec(
        "delete from group_requests where id in (select id from group_requests where asked_at < $1 limit $2)",
        params![before, limit],
    )
}
