//! Which logs a user may search, and what in them has no block yet.

use crate::{
    Row, StoreError, Tx, can_be_there, params,
    search_logs::{Place, START, Said, said_c2c, said_in_group},
};

/// A conversation of a user with another one.
#[derive(Clone, Debug)]
pub struct Peer {
    pub peer: String,
    pub pair: i64,
    /// Everything up to and with this place is hidden.
    pub clear: Place,
    /// How far there are blocks, and how many.
    pub reached: Place,
    pub blocks: i64,
}

/// A group of a user.
#[derive(Clone, Debug)]
pub struct Joined {
    pub group: i64,
    pub group_id: String,
    pub kind: i64,
    /// As in [`crate::groups::Group`].
    pub older_history: i64,
    pub joined_seq: i64,
    pub cleared_seq: i64,
    pub reached: Place,
    pub blocks: i64,
}

fn reached(row: &Row, at: usize) -> Result<(Place, i64), StoreError> {
    match row.opt_int(at)? {
        Some(first) => Ok(((first, row.int(at + 1)?, row.int(at + 2)?), row.int(at + 3)?)),
        None => Ok((START, 0)),
    }
}

/// The conversations of a user, those with the latest activity first; with a peer only that one.
pub fn peers(
    tx: &mut dyn Tx,
    app: u32,
    owner: &str,
    peer: &str,
    limit: i64,
) -> Result<Vec<Peer>, StoreError> {
    if !can_be_there(peer) {
        return Ok(Vec::new());
    }
    let rows = tx.rows(
        "select c.peer, c.pair, c.clear_time, c.clear_seq, c.clear_random, l.last_1, l.last_2, l.last_3, l.blocks
         from (select peer, pair, clear_time, clear_seq, clear_random from contacts
               where app = $1 and owner = $2 and kind = 1 and ($3 = '' or peer = $3)
               order by active_at desc, peer limit $4) c
         left join search_logs l on l.kind = 1 and l.log = c.pair",
        params![app, owner, peer, limit],
    )?;
    rows.into_iter()
        .map(|mut row| {
            let (reached, blocks) = reached(&row, 5)?;
            Ok(Peer {
                peer: row.take_text(0)?,
                pair: row.int(1)?,
                clear: (row.int(2)?, row.int(3)?, row.int(4)?),
                reached,
                blocks,
            })
        })
        .collect()
}

/// The groups of the kinds 1 to 3 that a user is in; with a number only that one.
pub fn joined(
    tx: &mut dyn Tx,
    app: u32,
    user: &str,
    group: i64,
    limit: i64,
) -> Result<Vec<Joined>, StoreError> {
    let rows = tx.rows(
        "select m.group_nr, g.kind, m.joined_seq, m.cleared_seq, l.last_1, l.last_2, l.last_3, l.blocks,
                g.group_id, g.older_history
         from group_members m join groups g on g.id = m.group_nr
         left join search_logs l on l.kind = 2 and l.log = m.group_nr
         where m.app = $1 and m.user_id = $2 and g.kind in (1, 2, 3) and ($3 = 0 or m.group_nr = $3)
         order by m.group_nr desc limit $4",
        params![app, user, group, limit],
    )?;
    rows.into_iter()
        .map(|mut row| {
            let (reached, blocks) = reached(&row, 4)?;
            Ok(Joined {
                group: row.int(0)?,
                group_id: row.take_text(8)?,
                kind: row.int(1)?,
                older_history: row.int(9)?,
                joined_seq: row.int(2)?,
                cleared_seq: row.int(3)?,
                reached,
                blocks,
            })
        })
        .collect()
}

/// What was said in these conversations of a user since the second at which their blocks end.
pub fn said_to_peers(
    tx: &mut dyn Tx,
    app: u32,
    owner: &str,
    peer: &str,
    limits: (i64, i64),
) -> Result<Vec<Said>, StoreError> {
    if !can_be_there(peer) {
        return Ok(Vec::new());
    }
    let rows = tx.rows(
        "select m.lane, m.time, m.seq, m.random, m.flags, m.body
         from (select c.pair * 2 + d.direction as lane, coalesce(l.last_1, 0) as since
               from (select pair from contacts
                     where app = $1 and owner = $2 and kind = 1 and ($3 = '' or peer = $3)
                     order by active_at desc, peer limit $4) c
               cross join (select 0 as direction union all select 1) d
               left join search_logs l on l.kind = 1 and l.log = c.pair) s
         join messages m on m.lane = s.lane and m.time >= s.since
         limit $5",
        params![app, owner, peer, limits.0, limits.1],
    )?;
    rows.into_iter().map(said_c2c).collect()
}

/// What was said in these groups of a user after the end of their blocks.
pub fn said_in_groups(
    tx: &mut dyn Tx,
    app: u32,
    user: &str,
    group: i64,
    limits: (i64, i64),
) -> Result<Vec<Said>, StoreError> {
    let rows = tx.rows(
        "select m.lane, m.seq, m.time, m.flags, m.sender, m.body
         from (select j.group_nr, coalesce(l.last_1, 0) as since
               from (select x.group_nr from group_members x join groups g on g.id = x.group_nr
                     where x.app = $1 and x.user_id = $2 and g.kind in (1, 2, 3) and ($3 = 0 or x.group_nr = $3)
                     order by x.group_nr desc limit $4) j
               left join search_logs l on l.kind = 2 and l.log = j.group_nr) s
         join group_messages m on m.lane = s.group_nr and m.seq > s.since
         limit $5",
        params![app, user, group, limits.0, limits.1],
    )?;
    rows.into_iter().map(said_in_group).collect()
}
