//! What became of one message: where it stands, who has read it, and what the backend was told of it.

use proto::msg_key::MsgKey;
use store::{
    Tx, console_messages as counts, console_webhooks as log, contacts,
    group_messages::{self, GroupMessage},
    messages::{self, Message},
    webhooks::Logged,
};

use super::{
    Trouble,
    lists::{COUNTED_MAX, lane_of, living},
};
use crate::{Chat, messages::lane, webhooks::Line};

/// How far from a message its webhooks are looked for, before and after. Milliseconds.
const BEFORE_MS: i64 = 5_000;
const AFTER_MS: i64 = 60_000;
/// Ids that are looked at for that, and events that are looked into.
const IDS_MAX: i64 = 50_000;
const EVENTS_MAX: i64 = 500;

/// A one-to-one message with what is known of it.
pub struct C2c {
    pub message: Message,
    /// Messages of the conversation before it.
    pub place: i64,
    pub is_read: bool,
    pub webhooks: Vec<Logged>,
}

/// A group message with what is known of it.
pub struct InGroup {
    pub message: GroupMessage,
    /// Members who have read that far, and receipts.
    pub read_by: i64,
    pub receipts: i64,
    pub webhooks: Vec<Logged>,
}

type Named = (i64, &'static str);

/// The names of a one-to-one message's flags.
pub fn c2c_flags(it: &Message) -> Vec<&'static str> {
    use messages::flag;
    const NAMES: [Named; 9] = [
        (flag::NO_UNREAD, "no_unread"),
        (flag::NO_LAST, "no_last"),
        (flag::RECALLED, "recalled"),
        (flag::HIDDEN_FROM_SENDER, "hidden_from_sender"),
        (flag::HIDDEN_FROM_RECEIVER, "hidden_from_receiver"),
        (flag::WANTS_RECEIPT, "wants_receipt"),
        (flag::RECEIPT_GIVEN, "receipt_given"),
        (flag::IMPORTED, "imported"),
        (flag::WITHHELD, "withheld"),
    ];
    named(&NAMES, it.flags, it.version)
}

/// The names of a group message's flags.
pub fn group_flags(it: &GroupMessage) -> Vec<&'static str> {
    use group_messages::flag;
    const NAMES: [Named; 8] = [
        (flag::NO_UNREAD, "no_unread"),
        (flag::NO_LAST, "no_last"),
        (flag::RECALLED, "recalled"),
        (flag::TIP, "tip"),
        (flag::DELETED, "deleted"),
        (flag::WANTS_RECEIPT, "wants_receipt"),
        (flag::TARGETED, "targeted"),
        (flag::IMPORTED, "imported"),
    ];
    named(&NAMES, it.flags, it.version)
}

fn named(names: &[Named], flags: i64, version: i64) -> Vec<&'static str> {
    let set = names.iter().filter(|(bit, _)| flags & bit != 0).map(|it| it.1);
    set.chain((version > 0).then_some("modified")).collect()
}

/// Events of a line around a second whose bodies have one of these texts.
fn events(
    tx: &mut dyn Tx,
    app: u32,
    line: Line<'_>,
    second: i64,
    texts: &[String],
) -> Result<Vec<Logged>, Trouble> {
    let from = log::first_at(tx, second * 1000 - BEFORE_MS)?;
    let until = log::first_at(tx, second * 1000 + AFTER_MS)?.min(from.saturating_add(IDS_MAX));
    let found = log::of_line(tx, app, line.number(app), (from, until), EVENTS_MAX)?;
    Ok(found.into_iter().filter(|it| texts.iter().any(|text| it.event.body.contains(text))).collect())
}

fn not_stored() -> Trouble {
    Trouble::NotFound(
        "the message is not stored: it was never sent, was only for those online, or has expired".to_owned(),
    )
}

impl Chat {
    /// Explains a one-to-one message, by its sender, its receiver and its key.
    pub async fn explain_c2c(&self, app: u32, from: String, to: String, key: MsgKey) -> Result<C2c, Trouble> {
        let read = self.db.read(move |tx| {
            let pair = contacts::pair(tx, app, &from, &to)?.ok_or_else(not_stored)?;
            let (lane, place) = (lane(pair, &from, &to), (key.time, key.seq.into(), key.random.into()));
            let message = messages::get(tx, lane, place)?.ok_or_else(not_stored)?;
            let side = contacts::get(tx, app, &to, contacts::KIND_C2C, &from)?;
            let receipt = message.has(messages::flag::RECEIPT_GIVEN);
            let texts = [format!("\"MsgKey\":\"{key}\""), format!("\"MsgRandom\":{}", key.random)];
            Ok(C2c {
                place: counts::count_older(tx, lane, place, COUNTED_MAX)?,
                is_read: receipt || side.is_some_and(|it| it.read_at >= message.time),
                webhooks: events(tx, app, Line::Pair(&from, &to), message.time, &texts)?,
                message,
            })
        });
        read.await
    }

    /// Explains a message of a group or topic, by its number.
    pub async fn explain_in_group(
        &self,
        app: u32,
        group: String,
        topic: String,
        seq: i64,
    ) -> Result<InGroup, Trouble> {
        let read = self.db.read(move |tx| {
            let row = living(tx, app, &group)?;
            let lane = lane_of(tx, &row, &topic)?;
            let message = group_messages::get(tx, lane, seq)?.ok_or_else(not_stored)?;
            let is_topic = !topic.is_empty();
            let texts = [format!("\"Random\":{}", message.random), format!("\"MsgSeq\":{seq},")];
            Ok(InGroup {
                read_by: if is_topic { 0 } else { counts::count_read(tx, row.id, seq, COUNTED_MAX)? },
                receipts: counts::count_receipts(tx, lane, seq, COUNTED_MAX)?,
                webhooks: events(tx, app, Line::Group(&row.group_id), message.time, &texts)?,
                message,
            })
        });
        read.await
    }
}
