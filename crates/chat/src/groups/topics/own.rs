//! What members have of topics for themselves: read position, receive option, mute.
//!
//! Who came in has read what was said before. That is not written down for each topic of a community, but told by the
//! time of joining, until the member changes something.

use store::{
    StoreError, Tx, group_members as members, group_messages as log, joined_groups, topic_members,
    topics as table,
};

use super::super::{Group, MsgFlag, Topic, mentions::pending, view::since};
use crate::{Cx, error::Error};

/// Numbers that do not count as unread which a list names of one topic at most, the newest.
const UNCOUNTED_MAX: usize = 1000;

/// A member's own state in a topic; all zero for who is no member.
pub struct Own {
    /// Until which second the user may not speak in it.
    pub muted_until: i64,
    pub read_seq: i64,
    pub flag: MsgFlag,
    /// Numbers above the read position that do not count, where they are wanted.
    pub uncounted: Vec<i64>,
    /// Items of `AtInfoList`.
    pub mentions: Vec<String>,
}

impl Default for Own {
    fn default() -> Own {
        let flag = MsgFlag::AcceptAndNotify;
        Own { muted_until: 0, read_seq: 0, flag, uncounted: Vec::new(), mentions: Vec::new() }
    }
}

/// Up to where a member has read in a topic that it changed nothing of: whoever joined has read what was said before.
/// What was said in the very second of joining is told by [`note_joining`].
fn read_at_joining(tx: &mut dyn Tx, topic: i64, member: &members::Member) -> Result<i64, StoreError> {
    log::last_before(tx, topic, member.joined_at)
}

/// Keeps what new members have read in topics that were spoken in during this second: by the time of joining alone
/// nobody could say which of those messages came before.
pub(in super::super) fn note_joining(
    tx: &mut dyn Tx,
    group: &Group,
    users: &[String],
    now: i64,
) -> Result<(), StoreError> {
    if group.million_flag() != 2 {
        return Ok(());
    }
    for (topic, newest) in table::spoken_in(tx, group.number(), now)? {
        users.iter().try_for_each(|it| topic_members::ensure(tx, topic, it, newest))?;
    }
    Ok(())
}

/// Makes a member's own row of a topic, if there is none.
pub(in super::super) fn keep_own(
    tx: &mut dyn Tx,
    topic: i64,
    member: &members::Member,
) -> Result<(), StoreError> {
    let read_seq = read_at_joining(tx, topic, member)?;
    topic_members::ensure(tx, topic, &member.user, read_seq)
}

/// Of a community's topics: the sum of the next numbers, and of those up to which a member has read. What was said
/// before the second `since` is not shown any more and counts as read, whether or not it is still stored.
pub(in super::super) fn sums(
    tx: &mut dyn Tx,
    group: i64,
    member: &members::Member,
    since: i64,
) -> Result<(i64, i64), StoreError> {
    let (mut next, mut read) = (0, 0);
    for (topic, newest, noted) in joined_groups::topic_positions(tx, group, &member.user)? {
        next += newest + 1;
        let read_seq = match noted {
            Some(seq) => seq,
            None => read_at_joining(tx, topic, member)?,
        };
        read += read_seq.max(log::last_before(tx, topic, since)?);
    }
    Ok((next, read))
}

/// What a member has of a topic, whether or not it ever changed anything of it.
pub(super) fn read(tx: &mut dyn Tx, cx: &Cx, topic: &Topic, member: &members::Member) -> Result<Own, Error> {
    let state = topic_members::get(tx, topic.id, &member.user)?;
    let (read_seq, flag) = match &state {
        Some(it) => (it.read_seq, MsgFlag::from_number(it.flag)),
        None => (read_at_joining(tx, topic.id, member)?, MsgFlag::AcceptAndNotify),
    };
    let read_seq = read_seq.max(log::last_before(tx, topic.id, since(cx))?);
    let mut uncounted = log::uncounted(tx, topic.id, read_seq, &member.user)?;
    uncounted.drain(..uncounted.len().saturating_sub(UNCOUNTED_MAX));
    Ok(Own {
        muted_until: members::muted_until(tx, topic.id, &member.user)?,
        read_seq,
        flag,
        uncounted,
        mentions: pending(tx, topic.id, &member.user, read_seq)?,
    })
}
