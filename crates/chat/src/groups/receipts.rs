//! Read receipts of single messages. `spec/rest/group_open_http_svc.get_group_msg_receipt.yaml`,
//! `spec/rest/group_open_http_svc.get_group_msg_receipt_detail.yaml`, `spec/concepts/message-format.md` 18.
//!
//! The audience of a message is fixed when it is sent: whoever comes later is not in it, whoever leaves stays.

use std::collections::HashSet;

use proto::{Code, Fail, json::quote};
use store::{
    Tx, group_members as members,
    group_messages::{self as log, GroupMessage, flag},
    group_receipts as rows,
};

use super::{
    Group, Kind, SYSTEM, Told, backend, find, member_in, open,
    send::RECEIPT_MEMBERS_MAX,
    told::change,
    view::{self, Place},
    wire,
};
use crate::{Cx, accounts::tiny_id, error::Error};

/// Most messages of one call.
pub const MESSAGES_MAX: usize = 50;
const MILLIS_PER_SECOND: i64 = 1000;

/// Keeps who a message that was just stored is sent to, and says how many they are.
pub(super) fn keep_audience(tx: &mut dyn Tx, group: &Group, it: &GroupMessage) -> Result<i64, Error> {
    let mut users = match it.has(flag::TARGETED) {
        true => view::users(&it.targets)?,
        // Somebody may have come since the number of members was checked.
        false => members::users(tx, group.number(), "", group.row.members.max(RECEIPT_MEMBERS_MAX))?,
    };
    users.retain(|user| *user != it.sender);
    users.sort_unstable();
    users.dedup();
    let list = users.iter().map(|it| quote(it)).collect::<Vec<_>>().join(",");
    rows::set_audience(tx, it.lane, it.seq, &format!("[{list}]"))?;
    Ok(users.len() as i64)
}

/// Looks up where receipts are read or given; kinds that have none are refused with 10007.
async fn place(cx: &Cx, group_id: &str) -> Result<Place, Error> {
    if !cx.app.state().settings.features_read_receipts {
        return Err(Code::GroupFeatureOff.into());
    }
    let group = find(cx, group_id).await?;
    if matches!(group.kind, Kind::AvChatRoom | Kind::Community) {
        return Err(Fail::with(Code::GroupDenied, "groups of this type have no read receipts").into());
    }
    view::place(cx, group_id, None).await
}

/// A message with receipts and its audience.
fn asked(
    tx: &mut dyn Tx,
    cx: &Cx,
    lane: i64,
    seq: i64,
) -> Result<Option<(GroupMessage, Vec<String>)>, Error> {
    let found = log::get(tx, lane, seq)?.filter(|it| {
        it.has(flag::WANTS_RECEIPT) && !it.has(flag::RECALLED | flag::DELETED) && it.time >= view::since(cx)
    });
    let Some(message) = found else { return Ok(None) };
    let audience = rows::audience(tx, lane, seq)?.unwrap_or_default();
    Ok(Some((message, view::users(&audience)?)))
}

/// The caller confirms messages. What asked for no receipt, was not meant for the caller or is confirmed already
/// is skipped; the senders are told of the rest.
pub async fn give(cx: &Cx, group_id: &str, numbers: Vec<i64>) -> Result<(), Error> {
    let place = place(cx, group_id).await?;
    let (at, number) = (cx.clone(), place.group.number());
    change(cx, number, move |tx, told| {
        let (group, user) = (open(tx, number)?, at.caller.user());
        member_in(tx, number, user)?.ok_or(Code::GroupDenied)?;
        let mut given: Vec<(String, Vec<String>)> = Vec::new();
        let mut counts = Vec::new();
        for seq in numbers {
            let Some((message, audience)) = asked(tx, &at, number, seq)? else { continue };
            if audience.binary_search_by(|it| it.as_str().cmp(user)).is_err()
                || !rows::give(tx, number, seq, user, at.chat.clock.millis())?
            {
                continue;
            }
            let read = rows::count(tx, number, seq)?;
            let unread = audience.len() as i64 - read;
            counts.push((seq, read, unread));
            let item = format!(
                "{{\"TinyId\":\"{}\",\"MsgClientTime\":{},\"MsgRandom\":{},\"MsgSeq\":{seq},\"ReadNum\":{read},\
                 \"UnreadNum\":{unread}}}",
                tiny_id(message.tiny),
                message.client_time,
                message.random,
            );
            match given.iter_mut().find(|it| it.0 == message.sender) {
                Some(known) => known.1.push(item),
                None => given.push((message.sender, vec![item])),
            }
        }
        tell(told, &group, given);
        backend::receipts(tx, &at, &group, &counts, Some(user))
    })
    .await
}

/// Event 5 with `GroupMsgReceiptList` to the senders.
fn tell(told: &mut Told, group: &Group, given: Vec<(String, Vec<String>)>) {
    for (sender, items) in given {
        let item = format!(
            "{{\"From_Account\":\"{SYSTEM}\",\"ToGroupId\":{},\"GroupInfo\":{{{}}},\
             \"MsgBody\":{{\"GroupMsgReceiptList\":[{}]}}}}",
            quote(group.id()),
            wire::group_info(group, None, SYSTEM),
            items.join(",")
        );
        told.user(&sender, wire::tips_event(5, &item), None);
    }
}

/// How many of a message's audience read it, and how many did not.
pub struct Counts {
    pub seq: i64,
    /// `None` for a message without receipts.
    pub read_and_unread: Option<(i64, i64)>,
}

/// Counts of messages, in the order of their numbers in the call.
pub async fn counts(cx: &Cx, group_id: &str, numbers: Vec<i64>) -> Result<Vec<Counts>, Error> {
    let place = place(cx, group_id).await?;
    let (at, lane) = (cx.clone(), place.lane());
    let read = cx.chat.db.read(move |tx| {
        let mut out = Vec::with_capacity(numbers.len());
        for seq in numbers {
            let read_and_unread = match asked(tx, &at, lane, seq)? {
                None => None,
                Some((_, audience)) => {
                    let read = rows::count(tx, lane, seq)?;
                    Some((read, audience.len() as i64 - read))
                }
            };
            out.push(Counts { seq, read_and_unread });
        }
        Ok::<_, Error>(out)
    });
    read.await
}

/// Some of a message's audience.
pub struct Listed {
    /// With the second of the receipt, of those who read it.
    pub users: Vec<(String, Option<i64>)>,
    /// Where the next page starts, if there is one.
    pub next: Option<usize>,
}

/// Who read a message, in the order of the receipts, or who did not. `from` is where the page starts; a place
/// beyond the end is 10004, a message without receipts 10062.
pub async fn list(
    cx: &Cx,
    group_id: &str,
    seq: i64,
    is_read: bool,
    (from, count): (usize, usize),
) -> Result<Listed, Error> {
    let place = place(cx, group_id).await?;
    let (at, lane) = (cx.clone(), place.lane());
    let read = cx.chat.db.read(move |tx| {
        let (_, audience) = asked(tx, &at, lane, seq)?.ok_or(Code::GroupReceiptNotAsked)?;
        let given = rows::all(tx, lane, seq)?;
        let readers: HashSet<String> = given.iter().map(|it| it.0.clone()).collect();
        // Who did not read is found by the place in the audience, so that a receipt between two pages moves nobody.
        let all: Vec<_> = match is_read {
            true => given.into_iter().map(|(user, at)| (user, Some(at / MILLIS_PER_SECOND))).collect(),
            false => audience.into_iter().map(|user| (user, None)).collect(),
        };
        if from > all.len() {
            return Err(Error::from(Fail::with(Code::GroupParam, "Cursor is none of an earlier answer")));
        }
        let is_wanted = |user: &String| is_read || !readers.contains(user);
        let mut wanted = all.into_iter().enumerate().skip(from).filter(|it| is_wanted(&it.1.0)).peekable();
        let users = wanted.by_ref().take(count).map(|it| it.1).collect();
        Ok(Listed { users, next: wanted.peek().map(|it| it.0) })
    });
    read.await
}

/// Who of the named users read which message: (number, user, second).
pub async fn of_users(
    cx: &Cx,
    group_id: &str,
    pairs: Vec<(i64, Vec<String>)>,
) -> Result<Vec<(i64, String, i64)>, Error> {
    let place = place(cx, group_id).await?;
    let (at, lane) = (cx.clone(), place.lane());
    let read = cx.chat.db.read(move |tx| {
        let mut out = Vec::new();
        for (seq, users) in pairs {
            if asked(tx, &at, lane, seq)?.is_none() {
                continue;
            }
            for (user, at) in rows::all(tx, lane, seq)? {
                if users.contains(&user) {
                    out.push((seq, user, at / MILLIS_PER_SECOND));
                }
            }
        }
        Ok::<_, Error>(out)
    });
    read.await
}
