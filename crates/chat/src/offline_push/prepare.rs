//! What of a row of the outbox is pushed now, and to whom. Read in one snapshot, before anything goes out.

use std::sync::Arc;

use store::{
    StoreError, Tx, do_not_disturb as pauses, group_members as members,
    group_messages::{self as group_log, GroupMessage, flag as group_flag},
    groups as group_rows,
    messages::{self as log, flag},
    offline_pushes::{Waiting, kind},
    push_tokens::{self, Device},
    pushes, topics,
};

use super::{Channel, Dropped, Info, Notice, Place, post::since};
use crate::{
    Cx,
    all_member_push::{self, Condition},
    do_not_disturb,
    groups::{self, MsgFlag},
    messages,
};

/// Users that one step of a row for many looks at.
pub(super) const STEP: i64 = 100;

/// Somebody to push to, by one service.
pub(super) struct Receiver {
    pub(super) user: String,
    pub(super) channel: Channel,
    pub(super) devices: Vec<Device>,
    pub(super) badge: Option<i64>,
}

/// One step of a row.
#[derive(Default)]
pub(super) struct Prepared {
    pub(super) notice: Option<Arc<Notice>>,
    pub(super) receivers: Vec<Receiver>,
    pub(super) dropped: Vec<Dropped>,
    /// The last user that was looked at, if there may be more behind.
    pub(super) reached: Option<String>,
}

impl Prepared {
    fn nobody(why: Dropped) -> Prepared {
        Prepared { dropped: vec![why], ..Prepared::default() }
    }
}

/// What is asked for every row of a round.
pub(super) fn prepare(tx: &mut dyn Tx, cx: &Cx, row: &Waiting, now: i64) -> Result<Prepared, StoreError> {
    if now > row.until {
        return Ok(Prepared::nobody(Dropped::Expired));
    }
    let (notice, users, reached) = match row.kind {
        kind::C2C => {
            let Some(it) = of_c2c(tx, row)? else { return Ok(Prepared::nobody(Dropped::Gone)) };
            (it, vec![(row.user.clone(), MsgFlag::AcceptAndNotify)], None)
        }
        kind::GROUP => {
            let Some((it, message)) = of_group(tx, row)? else { return Ok(Prepared::nobody(Dropped::Gone)) };
            let (users, reached) = members_of(tx, cx, row, &message)?;
            (it, users, reached)
        }
        _ => {
            let Some((it, push)) = of_all(tx, cx, row)? else { return Ok(Prepared::nobody(Dropped::Gone)) };
            let (users, reached) = users_of(tx, cx, row, &push)?;
            (it, users, reached)
        }
    };
    let mut it = Prepared { reached, ..Prepared::default() };
    for (user, option) in users.into_iter().filter(|it| it.0 != row.sender) {
        match option {
            MsgFlag::AcceptAndNotify => serve(tx, cx, (row, &notice), &user, now, &mut it)?,
            MsgFlag::AcceptNotNotify | MsgFlag::Discard => it.dropped.push(Dropped::Muted),
        }
    }
    it.notice = Some(Arc::new(notice));
    Ok(it)
}

/// Adds what is pushed to one user.
fn serve(
    tx: &mut dyn Tx,
    cx: &Cx,
    (row, notice): (&Waiting, &Notice),
    user: &str,
    now: i64,
    into: &mut Prepared,
) -> Result<(), StoreError> {
    if cx.app.live.is_in_foreground(user) {
        into.dropped.push(Dropped::Online);
        return Ok(());
    }
    let channels = cx.app.state().channels;
    let mut by_channel: [Vec<Device>; Channel::ALL.len()] = Default::default();
    for device in push_tokens::devices(tx, cx.app.id, user, since(cx))? {
        if let Some(channel) = channels.serving(&device)
            && is_meant(row, &device, channel)
        {
            by_channel[channel as usize].push(device);
        }
    }
    if by_channel.iter().all(Vec::is_empty) {
        return Ok(());
    }
    if pauses::get(tx, cx.app.id, user)?.is_some_and(|it| do_not_disturb::is_active(&it, now)) {
        into.dropped.push(Dropped::Quiet);
        return Ok(());
    }
    let mut unread = None;
    for (channel, devices) in Channel::ALL.into_iter().zip(by_channel) {
        let parts: Vec<Vec<Device>> = match channel {
            Channel::Http => Some(devices).filter(|it| !it.is_empty()).into_iter().collect(),
            Channel::Apns | Channel::Fcm => devices.into_iter().map(|it| vec![it]).collect(),
        };
        for devices in parts {
            let badge = match notice.info.counts {
                true => Some(badge(tx, cx, user, &devices[0], &mut unread)?),
                false => None,
            };
            into.receivers.push(Receiver { user: user.to_owned(), channel, devices, badge });
        }
    }
    Ok(())
}

/// A row that is tried again is for one device, or for those of the operator's own service.
fn is_meant(row: &Waiting, device: &Device, channel: Channel) -> bool {
    match row.inst_id {
        0 => true,
        -1 => channel == Channel::Http,
        one => one == device.inst_id,
    }
}

/// What the device said and the pushes since, this one among them; else what the user has not read.
fn badge(
    tx: &mut dyn Tx,
    cx: &Cx,
    user: &str,
    device: &Device,
    unread: &mut Option<i64>,
) -> Result<i64, StoreError> {
    if device.unread >= 0 {
        return Ok(device.unread + device.pushed + 1);
    }
    if let Some(it) = *unread {
        return Ok(it);
    }
    let counted =
        messages::notifying_unread_of(tx, cx, user)? + groups::read::notifying_unread_of(tx, cx, user)?;
    Ok(*unread.insert(counted))
}

/// A text that is kept as a JSON literal, or as it is.
fn plain(literal: &str) -> String {
    serde_json::from_str(literal).unwrap_or_else(|_| literal.to_owned())
}

/// `None` when there is nothing to show. `who` stands before a text that has no title.
fn notice(row: &Waiting, place: Place, nick: String, who: &str, (time, body): (i64, &str)) -> Option<Notice> {
    let info = Info::of(&row.info, body)?;
    let text = match info.title.is_empty() && !who.is_empty() && !info.text.is_empty() {
        true => format!("{who}: {}", info.text),
        false => info.text.clone(),
    };
    Some(Notice {
        place,
        from: row.sender.clone(),
        nick,
        time,
        seq: row.seq,
        random: row.random,
        title: info.title.clone(),
        text,
        info,
        raw_info: row.info.clone(),
    })
}

fn of_c2c(tx: &mut dyn Tx, row: &Waiting) -> Result<Option<Notice>, StoreError> {
    let Some(it) = log::get(tx, row.lane, (row.number, row.seq, row.random))? else { return Ok(None) };
    if it.has(flag::RECALLED | flag::HIDDEN_FROM_RECEIVER) {
        return Ok(None);
    }
    let nick = plain(&it.nick);
    let notice = notice(row, Place::C2c, nick.clone(), &nick, (it.time, &it.body));
    Ok(notice.map(|notice| counting(notice, !it.has(flag::NO_UNREAD))))
}

/// What never counts as unread does not count in the badge.
fn counting(mut it: Notice, counts: bool) -> Notice {
    it.info.counts &= counts;
    it
}

fn of_group(tx: &mut dyn Tx, row: &Waiting) -> Result<Option<(Notice, GroupMessage)>, StoreError> {
    let Some(it) = group_log::get(tx, row.lane, row.number)? else { return Ok(None) };
    let Some(group) = group_rows::by_number(tx, row.group)?.filter(|it| it.dismissed_at == 0) else {
        return Ok(None);
    };
    if it.has(group_flag::RECALLED | group_flag::DELETED) {
        return Ok(None);
    }
    let topic = match row.lane == row.group {
        true => None,
        false => topics::by_number(tx, row.lane)?.map(|it| (it.topic_id, it.name)),
    };
    let nick = plain(if it.card.is_empty() { &it.nick } else { &it.card });
    let who = format!("{nick}({})", group.name);
    let place = Place::Group { id: group.group_id, name: group.name, topic };
    let counts = !it.has(group_flag::NO_UNREAD | group_flag::TARGETED);
    let notice = notice(row, place, nick, &who, (it.time, &it.body));
    Ok(notice.map(|notice| (counting(notice, counts), it)))
}

type Users = (Vec<(String, MsgFlag)>, Option<String>);

/// The next members that a message may be pushed to, each with its receive option.
fn members_of(tx: &mut dyn Tx, cx: &Cx, row: &Waiting, it: &GroupMessage) -> Result<Users, StoreError> {
    let named = match (row.user.is_empty(), it.has(group_flag::TARGETED)) {
        (false, _) => vec![row.user.clone()],
        (true, true) => serde_json::from_str(&it.targets).unwrap_or_default(),
        (true, false) => {
            let with_token = !cx.app.state().channels.without_token;
            let place = (row.group, row.lane, row.number);
            let found =
                push_tokens::members(tx, cx.app.id, place, &row.reached, since(cx), with_token, STEP)?;
            let reached = found.last().filter(|_| found.len() as i64 == STEP).map(|it| it.0.clone());
            let users = found.into_iter().map(|it| (it.0, MsgFlag::from_number(it.1)));
            return Ok((users.collect(), reached));
        }
    };
    let mut users = Vec::with_capacity(named.len());
    for user in named {
        if let Some(member) = members::get(tx, row.group, &user)? {
            users.push((user, MsgFlag::from_number(member.flag)));
        }
    }
    Ok((users, None))
}

fn of_all(tx: &mut dyn Tx, cx: &Cx, row: &Waiting) -> Result<Option<(Notice, pushes::Push)>, StoreError> {
    let Some(push) = pushes::get(tx, cx.app.id, row.number)? else { return Ok(None) };
    let it = all_member_push::message(&push);
    let nick = plain(&it.nick);
    let notice = notice(row, Place::All, nick.clone(), &nick, (it.time, &it.body));
    Ok(notice.map(|notice| (notice, push)))
}

/// The next users that a push to all may be pushed to.
fn users_of(tx: &mut dyn Tx, cx: &Cx, row: &Waiting, push: &pushes::Push) -> Result<Users, StoreError> {
    if !row.user.is_empty() {
        return Ok((vec![(row.user.clone(), MsgFlag::AcceptAndNotify)], None));
    }
    let (app, condition) = (cx.app.id, Condition::read(&push.condition)?);
    let with_token = !cx.app.state().channels.without_token;
    let from = (&*row.reached, push.made_at / 1000);
    let mut found = push_tokens::users(tx, app, from, since(cx), with_token, STEP)?;
    let reached = found.last().filter(|_| found.len() as i64 == STEP).cloned();
    if !condition.is_empty() {
        let chosen = all_member_push::choose(tx, app, &found, &condition, push.id)?;
        found.retain(|it| chosen.contains(it));
    }
    Ok((found.into_iter().map(|it| (it, MsgFlag::AcceptAndNotify)).collect(), reached))
}
