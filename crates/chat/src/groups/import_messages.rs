//! Importing messages of another system into a group's log. `spec/rest/group_open_http_svc.import_group_msg.yaml`.

use proto::{Code, Fail, element::Body};
use store::{
    Tx, group_conversations as conversations,
    group_messages::{self as log, GroupMessage, flag},
    search_logs, topic_members,
};

use super::{Group, Kind, open, send::check_size, told::change, view};
use crate::{Cx, accounts, error::Error};

/// Most messages of one call.
pub const MESSAGES_MAX: usize = 7;

/// A message that was sent elsewhere.
pub struct Imported {
    pub from: String,
    pub time: i64,
    /// Drawn at random when it has none.
    pub random: Option<u32>,
    pub body: Body,
    /// CloudCustomData as a JSON literal, empty for none.
    pub cloud: String,
}

/// What became of a message: its time, its number (0 for none) and its code.
pub struct Outcome {
    pub time: i64,
    pub seq: i64,
    pub code: i64,
}

/// Writes messages into the log, in their order, each for itself. Afterwards nobody has unread messages. `listed`
/// shows the newest in the members' lists.
pub async fn import(
    cx: &Cx,
    group_id: &str,
    topic: Option<&str>,
    messages: Vec<Imported>,
    listed: bool,
) -> Result<Vec<Outcome>, Error> {
    let place = view::place(cx, group_id, topic).await?;
    let kind = place.group.kind;
    if kind == Kind::AvChatRoom {
        return Err(Fail::with(Code::GroupDenied, "messages of an AVChatRoom are not kept").into());
    }
    let flags = flag::IMPORTED | if listed && kind != Kind::Community { 0 } else { flag::NO_LAST };
    let mut rows = Vec::with_capacity(messages.len());
    for it in messages {
        let sender = accounts::find_active(cx, &it.from).await?;
        let unknown = || Fail::with(Code::GroupAccountUnknown, format!("{:?} does not exist", it.from));
        let sender = sender.ok_or_else(unknown)?;
        let size = check_size(cx, it.body.json(), &it.cloud);
        let row = GroupMessage {
            lane: place.lane(),
            time: it.time,
            random: it.random.unwrap_or_else(|| cx.chat.random.u32()).into(),
            flags,
            priority: NORMAL,
            crc: crate::messages::checksum(it.body.json(), ""),
            tiny: accounts::tiny_number(&sender.tiny_id),
            sender: it.from,
            client_time: it.time,
            client_seq: cx.chat.random.u32().into(),
            nick: sender.nick.clone(),
            face: sender.face.clone(),
            cloud: it.cloud,
            body: it.body.into_json(),
            ..GroupMessage::default()
        };
        rows.push((row, size));
    }
    let (at, number) = (cx.clone(), place.group.number());
    let done = change(cx, number, move |tx, _| {
        let (group, lane) = (open(tx, number)?, place.lane());
        let mut outcomes = Vec::with_capacity(rows.len());
        for (row, size) in rows {
            let code = match size {
                Ok(()) => write(tx, &at, &group, &row)?,
                Err(fail) => Err(fail.number),
            };
            outcomes.push(Outcome { time: row.time, seq: code.unwrap_or(0), code: code.err().unwrap_or(0) });
        }
        // Their times are those of long ago, by which no new messages are looked for.
        search_logs::note(tx, search_logs::GROUP, lane, search_logs::START)?;
        let newest = log::newest_seq(tx, lane)?;
        match place.topic {
            Some(_) => topic_members::set_all_read(tx, lane, newest)?,
            None => conversations::set_all_read(tx, lane, newest)?,
        }
        Ok(outcomes)
    });
    let outcomes = done.await?;
    // The read position of every member moved.
    cx.app.groups.forget_all();
    Ok(outcomes)
}

/// `MsgPriority` Normal.
const NORMAL: i64 = 2;

/// The number of the message, which may be that of an earlier one; or why it cannot be in the log.
fn write(tx: &mut dyn Tx, cx: &Cx, group: &Group, row: &GroupMessage) -> Result<Result<i64, i64>, Error> {
    let since = row.time - cx.app.state().settings.messages_group_dedup_seconds;
    if let Some(first) = log::find_random(tx, row.lane, since, row.random)? {
        return Ok(Ok(first));
    }
    let is_late = row.time < group.row.created_at || row.time < log::last_time(tx, row.lane)?;
    if is_late || row.time > cx.chat.clock.now() {
        return Ok(Err(Code::GroupParam.number()));
    }
    Ok(Ok(log::append(tx, row)?))
}
