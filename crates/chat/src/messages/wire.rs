//! How a one-to-one message looks to a client. `spec/client/pushes.md` 1, `spec/client/commands/openim.*`.

use std::fmt::Write;

use proto::json::quote;
use store::messages::{Message, flag};

use super::literal_or_empty;

/// The people of a message, as a client needs them beside the stored row.
#[derive(Clone, Copy)]
pub struct People<'a> {
    pub from: &'a str,
    pub to: &'a str,
    /// TinyId of the sender.
    pub tiny_id: &'a str,
}

/// What every form of a message has: who, which, when.
fn identity(out: &mut String, it: &Message, people: People<'_>) {
    _ = write!(out, "\"From_Account\":{},\"To_Account\":{},", quote(people.from), quote(people.to));
    numbers(out, it, people);
}

fn numbers(out: &mut String, it: &Message, people: People<'_>) {
    _ = write!(
        out,
        "\"MsgSeq\":{0},\"MsgRandom\":{1},\"MsgTimeStamp\":{2},\"MsgClientTime\":{3},\"TinyId\":\"{4}\"",
        it.seq, it.random, it.time, it.client_time, people.tiny_id
    );
}

fn content(out: &mut String, it: &Message) {
    _ = write!(
        out,
        ",\"ClientSeq\":{},\"MsgBody\":{},\"CloudCustomData\":{},\"From_AccountNick\":{},\"From_AccountHeadurl\":{}",
        it.seq,
        it.body,
        literal_or_empty(&it.cloud),
        literal_or_empty(&it.nick),
        literal_or_empty(&it.face)
    );
    for (bit, name) in [
        (flag::WANTS_RECEIPT, "IsNeedReadReceipt"),
        (flag::EXTENSIBLE, "SupportMessageExtension"),
        (flag::RECEIPT_GIVEN, "IsPeerRead"),
    ] {
        if it.has(bit) {
            _ = write!(out, ",\"{name}\":1");
        }
    }
    if it.version > 0 {
        _ = write!(out, ",\"MsgVersion\":{}", it.version);
    }
    if it.flags & (flag::NO_UNREAD | flag::NO_LAST) != 0 {
        let control: Vec<_> = [(flag::NO_UNREAD, "\"NoUnread\":1"), (flag::NO_LAST, "\"NoLastMsg\":1")]
            .into_iter()
            .filter(|(bit, _)| it.has(*bit))
            .map(|(_, text)| text)
            .collect();
        _ = write!(out, ",\"SendMsgControl\":{{{}}}", control.join(","));
    }
}

/// Which copy of a new message a push carries.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Copy {
    Receiver,
    /// For the sender's other sessions: the two accounts are swapped, and the SDK swaps them back.
    Sender,
}

/// The same event of a message that its sender does not know like this, so that also the sending session takes it over.
pub(super) fn rewritten(event: &str) -> String {
    event.replacen("\"C2cMsgArray\":[{", "\"C2cMsgArray\":[{\"MsgModifiedFlag\":1,", 1)
}

/// The push of a new message, event 9.
pub fn new_message(it: &Message, people: People<'_>, copy: Copy, online_only: bool) -> String {
    let mut out = String::with_capacity(512 + it.body.len());
    out.push_str("{\"Event\":9,\"C2cMsgArray\":[{");
    match copy {
        Copy::Receiver => identity(&mut out, it, people),
        Copy::Sender => {
            let swapped = People { from: people.to, to: people.from, ..people };
            identity(&mut out, it, swapped);
            out.push_str(",\"IsSyncMsg\":1");
        }
    }
    content(&mut out, it);
    if online_only {
        out.push_str(",\"MsgLifeTime\":0");
    }
    out.push_str("}]}");
    out
}

/// A message in a client's history or unread list.
pub fn stored(it: &Message, people: People<'_>) -> String {
    let mut out = String::with_capacity(512 + it.body.len());
    out.push('{');
    identity(&mut out, it, people);
    content(&mut out, it);
    let recalled = it.has(flag::RECALLED);
    _ = write!(out, ",\"MsgFlagBits\":{}", if recalled { 8 } else { 0 });
    if recalled {
        _ = write!(out, ",{}", revoker(&it.revoker));
    }
    out.push('}');
    out
}

/// A message that a search found: one that is there, so it has no flags.
pub fn found(it: &Message, people: People<'_>) -> String {
    let mut out = String::with_capacity(512 + it.body.len());
    out.push('{');
    identity(&mut out, it, people);
    content(&mut out, it);
    out.push('}');
    out
}

pub fn revoker(account: &str) -> String {
    format!("\"RevokerInfo\":{{\"Revoker_Account\":{},\"Reason\":\"\"}}", quote(account))
}

/// The notice of a recall, event 10.
pub fn recalled(it: &Message, people: People<'_>, by: &str) -> String {
    let mut out = String::from(
        "{\"Event\":10,\"C2cNotifyMsgArray\":[{\"WithdrawC2cMsgNotify\":{\"C2cWithdrawInfoArray\":[{",
    );
    identity(&mut out, it, people);
    _ = write!(out, ",{}}}]}}}}]}}", revoker(by));
    out
}

/// The notice of a modification, event 18.
pub fn modified(it: &Message, people: People<'_>) -> String {
    format!(
        "{{\"Event\":18,\"C2cMsgModNotifys\":[{{\"From_Account\":{},\"To_Account\":{},\"MsgSeq\":{},\
         \"MsgRandom\":{},\"MsgTimeStamp\":{},\"MsgVersion\":{},\"MsgBody\":{},\"CloudCustomData\":{}}}]}}",
        quote(people.from),
        quote(people.to),
        it.seq,
        it.random,
        it.time,
        it.version,
        it.body,
        literal_or_empty(&it.cloud)
    )
}

/// The notices of a read conversation, event 10: to the peer, and to the reader's other sessions.
pub fn read_by_peer(reader: &str, read_at: i64) -> String {
    format!(
        "{{\"Event\":10,\"C2cNotifyMsgArray\":[{{\"C2cReadedReceipt\":{{\"To_Account\":{},\
         \"UinPairReadArray\":[{{\"LastReadTime\":{read_at}}}]}}}}]}}",
        quote(reader)
    )
}

pub fn read_elsewhere(peer: &str, read_at: i64) -> String {
    format!(
        "{{\"Event\":10,\"C2cNotifyMsgArray\":[{{\"ReadC2cMsgNotify\":{{\"UinPairReadArray\":[\
         {{\"From_Account\":{},\"LastReadTime\":{read_at}}}]}}}}]}}",
        quote(peer)
    )
}

/// Per-message receipts, event 16, to the sender of the messages.
pub fn receipts(reader: &str, read_at: i64, tiny_id: &str, messages: &[Message]) -> String {
    let items: Vec<_> = messages
        .iter()
        .map(|it| {
            format!(
                "{{\"TinyId\":\"{tiny_id}\",\"MsgClientTime\":{},\"MsgRandom\":{},\"MsgSeq\":{},\"MsgTime\":{}}}",
                it.client_time, it.random, it.seq, it.time
            )
        })
        .collect();
    format!(
        "{{\"Event\":16,\"UserId\":{},\"PeerReadTime\":{read_at},\"C2cMsgInfo\":[{}]}}",
        quote(reader),
        items.join(",")
    )
}
