//! Mentions that mark a member's conversation until the member reads past them or removes the mark.

use crate::{StoreError, Tx, can_be_there, params};

/// The user under which a mention of everybody is kept.
const EVERYBODY: &str = "";

/// Notes a mention; `None` mentions everybody. The numbers are those of the reminder.
pub fn add(
    tx: &mut dyn Tx,
    lane: i64,
    seq: i64,
    user: Option<&str>,
    (random, client_seq): (i64, i64),
) -> Result<(), StoreError> {
    tx.exec(
        "insert into group_mentions (lane, seq, user_id, random, client_seq) values ($1, $2, $3, $4, $5)
         on conflict do nothing",
        params![lane, seq, user.unwrap_or(EVERYBODY), random, client_seq],
    )?;
    Ok(())
}

/// The message was recalled: it mentions nobody any more.
pub fn remove(tx: &mut dyn Tx, lane: i64, seq: i64) -> Result<(), StoreError> {
    tx.exec("delete from group_mentions where lane = $1 and seq = $2", params![lane, seq])?;
    Ok(())
}

/// A mark on a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    pub seq: i64,
    pub sender: String,
    /// The user by name, or everybody.
    pub is_everybody: bool,
    pub random: i64,
    pub client_seq: i64,
}

/// What mentions a user above a number, oldest first; at most `limit` each of those by name and of everybody.
pub fn pending(
    tx: &mut dyn Tx,
    lane: i64,
    user: &str,
    above: i64,
    limit: i64,
) -> Result<Vec<Mention>, StoreError> {
    let mut found = Vec::new();
    for name in [user, EVERYBODY] {
        let rows = tx.rows(
            "select a.seq, m.sender, a.random, a.client_seq
             from group_mentions a join group_messages m on m.lane = a.lane and m.seq = a.seq
             where a.lane = $1 and a.user_id = $2 and a.seq > $3 and m.sender <> $4
               and not exists (select 1 from group_mentions_seen s
                               where s.lane = a.lane and s.user_id = $4 and s.seq = a.seq)
             order by a.seq limit $5",
            params![lane, name, above, user, limit],
        )?;
        for mut it in rows {
            found.push(Mention {
                seq: it.int(0)?,
                sender: it.take_text(1)?,
                is_everybody: name == EVERYBODY,
                random: it.int(2)?,
                client_seq: it.int(3)?,
            });
        }
    }
    found.sort_by_key(|it| (it.seq, it.is_everybody));
    Ok(found)
}

/// Removes a mark by the numbers of its reminder, for this user alone.
pub fn see(
    tx: &mut dyn Tx,
    lane: i64,
    user: &str,
    (random, client_seq): (i64, i64),
) -> Result<(), StoreError> {
    if !can_be_there(user) {
        return Ok(());
    }
    tx.exec(
        "insert into group_mentions_seen (lane, user_id, seq)
         select distinct lane, $2, seq from group_mentions
         where lane = $1 and user_id in ($2, '') and random = $3 and client_seq = $4
         on conflict do nothing",
        params![lane, user, random, client_seq],
    )?;
    Ok(())
}
