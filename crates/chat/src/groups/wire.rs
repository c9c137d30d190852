//! Group messages, tips and notices as clients get them, in pushes and in history. `spec/client/pushes.md` 4–6.

use std::fmt::Write;

use proto::json::quote;
use store::{
    StoreError, Tx,
    group_messages::{GroupMessage, flag},
};

use super::{Group, SYSTEM, Topic};

/// The TinyId of tips and notices.
const SYSTEM_TINY: &str = "144115198244471703";

/// Marks a message that its sender does not know like this: also the sending session takes it over.
pub(super) const MODIFIED: &str = "\"MsgModifiedFlag\":1,";

/// The JSON literal, or that of an empty text for none.
pub(super) fn or_empty(literal: &str) -> &str {
    if literal.is_empty() { "\"\"" } else { literal }
}

/// A user as tips and messages show it: JSON literals of nickname and avatar, and the card in the group.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shown {
    pub(crate) user: String,
    pub(crate) nick: String,
    pub(crate) face: String,
    pub(crate) card: String,
    pub(crate) role: i64,
}

impl Shown {
    pub(crate) fn read(tx: &mut dyn Tx, app: u32, group: i64, user: &str) -> Result<Shown, StoreError> {
        let (nick, face) = crate::relations::display(tx, app, user)?;
        let member = store::group_members::get(tx, group, user)?;
        let (card, role) = member.map_or((String::new(), 0), |it| (it.card, it.role));
        Ok(Shown { user: user.to_owned(), nick, face, card, role })
    }

    /// `{"UserId":…}`
    pub(crate) fn json(&self) -> String {
        let mut out = format!(
            "{{\"UserId\":{},\"NickName\":{},\"ImageUrl\":{}",
            quote(&self.user),
            or_empty(&self.nick),
            or_empty(&self.face)
        );
        if !self.card.is_empty() {
            _ = write!(out, ",\"NameCard\":{}", quote(&self.card));
        }
        if self.role > 0 {
            _ = write!(out, ",\"Role\":{}", self.role);
        }
        out.push('}');
        out
    }
}

/// The members of `GroupInfo` without its braces.
pub(crate) fn group_info(group: &Group, topic: Option<&Topic>, from: &str) -> String {
    let mut out = format!(
        "\"GroupId\":{},\"GroupName\":{},\"GroupType\":\"{}\",\"From_Account\":{}",
        quote(group.id()),
        quote(&group.row.name),
        group.kind.name(),
        quote(from)
    );
    if group.million_flag() > 0 {
        _ = write!(out, ",\"MillionGroupFlag\":{}", group.million_flag());
    }
    if let Some(topic) = topic {
        _ = write!(out, ",\"TopicId\":{}", quote(&topic.topic_id));
    }
    out
}

/// A message or stored tip as an item of `GroupMsgArray`, of `GroupTips` and of histories.
pub(crate) fn item(group: &Group, topic: Option<&Topic>, it: &GroupMessage) -> String {
    let is_tip = it.has(flag::TIP);
    let recalled = it.has(flag::RECALLED);
    let tiny = if is_tip { SYSTEM_TINY.to_owned() } else { crate::accounts::tiny_id(it.tiny) };
    let mut out =
        format!("{{\"Event\":{},\"From_Account\":{}", if is_tip { 4 } else { 3 }, quote(&it.sender));
    _ = write!(out, ",\"ToGroupId\":{}", quote(group.id()));
    if let Some(topic) = topic {
        _ = write!(out, ",\"ToTopicId\":{}", quote(&topic.topic_id));
    }
    _ = write!(
        out,
        ",\"MsgSeq\":{},\"MsgRandom\":{},\"MsgTimeStamp\":{},\"MsgClientTime\":{},\"ClientSeq\":{},\
         \"TinyId\":\"{tiny}\",\"MsgPriority\":{},\"IsSystemMsg\":{}",
        it.seq,
        it.random,
        it.time,
        it.client_time,
        it.client_seq,
        it.priority,
        i64::from(is_tip)
    );
    if recalled {
        out.push_str(",\"IsPlaceMsg\":2");
        _ = write!(out, ",\"RevokerInfo\":{}", it.revoker);
    } else {
        out.push_str(",\"IsPlaceMsg\":0");
    }
    _ = write!(out, ",\"MsgBody\":{}", if it.body.is_empty() { "[]" } else { &it.body });
    if !is_tip {
        _ = write!(
            out,
            ",\"CloudCustomData\":{},\"NeedReadReceipt\":{},\"SupportMessageExtension\":{}",
            or_empty(&it.cloud),
            i64::from(it.has(flag::WANTS_RECEIPT)),
            i64::from(it.has(flag::EXTENSIBLE))
        );
        if !it.mentions.is_empty() {
            _ = write!(out, ",\"GroupAtInfo\":{}", it.mentions);
        }
        let controls: Vec<_> = [(flag::NO_UNREAD, "\"NoUnread\":1"), (flag::NO_LAST, "\"NoLastMsg\":1")]
            .into_iter()
            .filter(|(bit, _)| it.has(*bit))
            .map(|(_, text)| text)
            .collect();
        if !controls.is_empty() {
            _ = write!(out, ",\"SendMsgControl\":{{{}}}", controls.join(","));
        }
        if it.version > 0 {
            _ = write!(out, ",\"MsgVersion\":{}", it.version);
        }
    }
    _ = write!(out, ",\"GroupInfo\":{{{}", group_info(group, topic, &it.sender));
    if !is_tip {
        _ = write!(
            out,
            ",\"From_AccountNick\":{},\"From_AccountHeadurl\":{},\"MsgFrom_AccountExtraInfo\":{{\"NameCard\":{}}}",
            or_empty(&it.nick),
            or_empty(&it.face),
            quote(&it.card)
        );
    }
    out.push_str("}}");
    out
}

/// The place of a message that is gone: clients skip it.
pub(crate) fn hole(group: &Group, topic: Option<&Topic>, seq: i64) -> String {
    let mut out = format!("{{\"Event\":3,\"From_Account\":\"\",\"ToGroupId\":{}", quote(group.id()));
    if let Some(topic) = topic {
        _ = write!(out, ",\"ToTopicId\":{}", quote(&topic.topic_id));
    }
    _ = write!(
        out,
        ",\"MsgSeq\":{seq},\"MsgRandom\":0,\"MsgTimeStamp\":0,\"MsgPriority\":2,\"IsSystemMsg\":0,\
         \"IsPlaceMsg\":1,\"MsgBody\":[],\"GroupInfo\":{{{}}}}}",
        group_info(group, topic, "")
    );
    out
}

/// Who recalled a message, as `RevokerInfo`.
pub(crate) fn revoker(user: &str, reason: &str) -> String {
    format!("{{\"Revoker_Account\":{},\"Reason\":{}}}", quote(user), quote(reason))
}

/// An event of `EventArray` that carries group messages.
pub(crate) fn message_event(item: &str) -> String {
    format!("{{\"Event\":3,\"GroupMsgArray\":[{item}]}}")
}

/// An event of `EventArray` that carries tips (4 stored, 6 only pushed) or notices (5).
pub(crate) fn tips_event(event: i64, item: &str) -> String {
    format!("{{\"Event\":{event},\"GroupTips\":[{item}]}}")
}

/// Head and end of an item that is in no history: the numbers, and `GroupInfo` with further members.
pub(crate) struct Unstored<'a> {
    pub(crate) group: &'a Group,
    pub(crate) topic: Option<&'a Topic>,
    /// The receiver of a notice.
    pub(crate) to: Option<&'a str>,
    pub(crate) seq: i64,
    pub(crate) random: i64,
    pub(crate) time: i64,
}

impl Unstored<'_> {
    /// With the JSON of its `MsgBody`.
    pub(crate) fn item(&self, body: &str) -> String {
        let mut out = format!("{{\"From_Account\":\"{SYSTEM}\"");
        if let Some(to) = self.to {
            _ = write!(out, ",\"To_Account\":{}", quote(to));
        }
        _ = write!(out, ",\"ToGroupId\":{}", quote(self.group.id()));
        if let Some(topic) = self.topic {
            _ = write!(out, ",\"ToTopicId\":{}", quote(&topic.topic_id));
        }
        _ = write!(
            out,
            ",\"MsgSeq\":{},\"ClientSeq\":{},\"MsgRandom\":{},\"MsgTimeStamp\":{},\"MsgClientTime\":{},\
             \"TinyId\":\"{SYSTEM_TINY}\",\"GroupInfo\":{{{}",
            self.seq,
            self.seq,
            self.random,
            self.time,
            self.time,
            group_info(self.group, self.topic, SYSTEM)
        );
        if let Some(to) = self.to {
            _ = write!(out, ",\"To_Account\":{}", quote(to));
        }
        _ = write!(out, "}},\"MsgBody\":{body}}}");
        out
    }
}
