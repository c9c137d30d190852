//! Tips: what members see of what happened in the group. `spec/concepts/group-system.md` 15.2 and 15.3.

use std::{fmt::Write, sync::Arc};

use proto::json::quote;
use store::{
    Tx,
    group_messages::{self as log, GroupMessage, flag},
};

use super::{
    Group, Kind, SYSTEM, Told, Topic,
    wire::{self, Shown, Unstored},
};
use crate::{Cx, error::Error, fan_out::Audience};

/// What tip it is; the numbers are OpType on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i64)]
pub(crate) enum Op {
    Joined = 1,
    Left = 2,
    Kicked = 3,
    AdminSet = 4,
    AdminCancelled = 5,
    GroupChanged = 6,
    MemberChanged = 7,
    TopicChanged = 8,
    Banned = 10,
    Unbanned = 11,
}

/// Which switch of `groups.<type>.tips` a tip belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Members,
    Profile,
    Options,
    CustomFields,
    /// Mute one, set or cancel admin.
    Roles,
    Bans,
    Topic,
}

/// Whether a tip takes a number and stays in the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    Stored,
    Pushed,
    Off,
}

impl Change {
    fn key(self) -> &'static str {
        match self {
            Change::Members => "members",
            Change::Profile => "profile",
            Change::Options => "options",
            Change::CustomFields => "custom_fields",
            Change::Roles => "roles",
            Change::Bans => "bans",
            Change::Topic => "topic",
        }
    }

    /// The vendor's defaults, by kind.
    fn usual(self, kind: Kind) -> Keep {
        use Keep::{Off, Pushed, Stored};
        match (self, kind) {
            (Change::Bans, Kind::AvChatRoom) => Pushed,
            (Change::Bans, _) => Off,
            (Change::Members, Kind::ChatRoom) => Off,
            (Change::Roles, Kind::ChatRoom | Kind::AvChatRoom) => Off,
            (Change::Options, Kind::AvChatRoom) => Off,
            (Change::Options | Change::CustomFields, _) => Pushed,
            (_, Kind::AvChatRoom) => Pushed,
            (Change::Members | Change::Profile | Change::Roles | Change::Topic, _) => Stored,
        }
    }

    /// What the app wants of it in groups of this kind.
    pub(crate) fn keep(self, cx: &Cx, kind: Kind) -> Keep {
        let state = cx.app.state();
        let switches = match kind {
            Kind::Private => &state.settings.groups_private_tips,
            Kind::Public => &state.settings.groups_public_tips,
            Kind::ChatRoom => &state.settings.groups_chatroom_tips,
            Kind::Community => &state.settings.groups_community_tips,
            // Fixed: clients of a live room count on them.
            Kind::AvChatRoom => return self.usual(kind),
        };
        match switches.get(self.key()).map(String::as_str) {
            Some("stored") => Keep::Stored,
            Some("pushed") => Keep::Pushed,
            Some("off") => Keep::Off,
            _ => self.usual(kind),
        }
    }
}

/// A tip without its numbers.
pub(crate) struct Tip<'a> {
    pub(crate) op: Op,
    pub(crate) operator: &'a str,
    /// Whom it concerns.
    pub(crate) users: &'a [String],
    /// Further members of the body, each with a comma before it.
    pub(crate) more: String,
    /// Who does not get it: somebody that left hears of it otherwise.
    pub(crate) but: Vec<String>,
}

impl Tip<'_> {
    fn body(&self, tx: &mut dyn Tx, app: u32, group: i64) -> Result<String, Error> {
        let mut out = format!(
            "{{\"OpType\":{},\"Operator_Account\":{},\"MsgOperatorMemberExtraInfo\":{}",
            self.op as i64,
            quote(self.operator),
            Shown::read(tx, app, group, self.operator)?.json()
        );
        if !self.users.is_empty() {
            let (mut names, mut shown) = (Vec::new(), Vec::new());
            for user in self.users {
                names.push(quote(user));
                shown.push(Shown::read(tx, app, group, user)?.json());
            }
            _ = write!(
                out,
                ",\"List_Account\":[{}],\"MsgMemberExtraInfo\":[{}]",
                names.join(","),
                shown.join(",")
            );
        }
        out.push_str(&self.more);
        out.push('}');
        Ok(out)
    }
}

/// Writes a tip into the log and tells the members, as the app wants it for this kind of change. A Private group
/// that waits for its first message has none. Live rooms number their tips themselves.
pub(crate) fn tell(
    tx: &mut dyn Tx,
    cx: &Cx,
    told: &mut Told,
    (group, topic): (&Group, Option<&Topic>),
    change: Change,
    tip: Tip<'_>,
) -> Result<(), Error> {
    let keep = change.keep(cx, group.kind);
    if keep == Keep::Off || !group.row.active {
        return Ok(());
    }
    let body = tip.body(tx, cx.app.id, group.number())?;
    let (now, random) = (cx.chat.clock.now(), i64::from(cx.chat.random.u32()));
    let audience = if tip.but.is_empty() {
        Audience::All
    } else {
        Audience::But(Arc::new(tip.but.into_iter().collect()))
    };
    if keep == Keep::Pushed && group.kind.has_members() {
        let item = Unstored { group, topic, to: None, seq: 0, random, time: now }.item(&body);
        told.message(wire::tips_event(6, &item), audience, None);
        return Ok(());
    }
    let mut message = GroupMessage {
        lane: topic.map_or(group.number(), |it| it.id),
        time: now,
        random,
        flags: flag::TIP,
        priority: 2,
        sender: SYSTEM.to_owned(),
        client_time: now,
        client_seq: i64::from(cx.chat.random.u32()),
        body,
        ..GroupMessage::default()
    };
    let item = match group.kind {
        Kind::AvChatRoom => cx
            .app
            .groups
            .rooms
            .tip(group.number(), now, |seq| wire::item(group, topic, &GroupMessage { seq, ..message })),
        _ => {
            message.seq = log::append(tx, &message)?;
            wire::item(group, topic, &message)
        }
    };
    told.message(wire::tips_event(4, &item), audience, None);
    Ok(())
}
