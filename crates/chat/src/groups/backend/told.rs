//! What is told, one function for each webhook. `spec/webhooks/Group.*.yaml`

use store::{Tx, group_members as members, group_messages::GroupMessage};

use crate::{
    Chat, Cx,
    apps::App,
    error::Error,
    groups::{
        Group, Kind, NewGroup, Role, Topic,
        attributes::Op,
        join::{How, room},
    },
    webhooks::{
        AfterAttributes, AfterCreateGroup, AfterCreateTopic, AfterDestroyed, AfterExit, AfterFull,
        AfterInfoChanged, AfterJoin, AfterMemberChanged, AfterOwnerChanged, AfterReadReceipt,
        AfterRecallInGroup, AfterTopicDestroyed, GivenField, Hook, Line, ListedUser, MemberState,
        NewAttribute, NewTexts, Origin, Recalled, ReceiptCount, tell, tell_from,
    },
};

/// A group was made; `users` are who it began with.
pub(in crate::groups) fn created<'a>(
    tx: &mut dyn Tx,
    cx: &Cx,
    group: &Group,
    new: &NewGroup,
    users: impl Iterator<Item = &'a String>,
) -> Result<(), Error> {
    tell(tx, cx, Hook::GroupCallbackAfterCreateGroup, Line::Group(group.id()), |_| {
        let given = new.custom.iter().filter_map(|(key, it)| Some((key, it.as_str()?)));
        Ok(AfterCreateGroup {
            group_id: group.id(),
            operator: cx.caller.user(),
            owner: &group.row.owner,
            kind: group.kind.name(),
            name: &group.row.name,
            member_list: ListedUser::list(users.filter(|it| **it != group.row.owner)),
            user_defined_data_list: given.map(|(key, value)| GivenField { key, value }).collect(),
            event_time: cx.chat.clock.millis(),
        })
    })
}

/// Users came in, and perhaps the group is full now. `operator` is who invited them, or who applied.
pub(in crate::groups) fn joined(
    tx: &mut dyn Tx,
    cx: &Cx,
    group: &Group,
    users: &[String],
    (how, operator): (How, &str),
) -> Result<(), Error> {
    if users.is_empty() {
        return Ok(());
    }
    tell(tx, cx, Hook::GroupCallbackAfterNewMemberJoin, Line::Group(group.id()), |_| {
        Ok(AfterJoin {
            group_id: group.id(),
            kind: group.kind.name(),
            join_type: match how {
                How::Applied => "Apply",
                How::Invited => "Invited",
            },
            operator,
            new_member_list: ListedUser::list(users),
            event_time: cx.chat.clock.millis(),
        })
    })?;
    if room(group) <= 0 { full(tx, cx, group) } else { Ok(()) }
}

/// There is no room for anybody more.
pub(in crate::groups) fn full(tx: &mut dyn Tx, cx: &Cx, group: &Group) -> Result<(), Error> {
    tell(tx, cx, Hook::GroupCallbackAfterGroupFull, Line::Group(group.id()), |_| {
        Ok(AfterFull { group_id: group.id(), event_time: cx.chat.clock.millis() })
    })
}

/// Users are gone: of their own will (`Quit`) or another's (`Kicked`).
pub(in crate::groups) fn left<'a>(
    tx: &mut dyn Tx,
    cx: &Cx,
    group: &Group,
    users: impl IntoIterator<Item = &'a String>,
    (how, operator): (&'static str, &str),
) -> Result<(), Error> {
    tell(tx, cx, Hook::GroupCallbackAfterMemberExit, Line::Group(group.id()), |_| {
        Ok(AfterExit {
            group_id: group.id(),
            kind: group.kind.name(),
            exit_type: how,
            operator,
            exit_member_list: ListedUser::list(users),
            event_time: cx.chat.clock.millis(),
        })
    })
}

/// The group ends; called while its members are still known.
pub(in crate::groups) fn destroyed(tx: &mut dyn Tx, cx: &Cx, group: &Group) -> Result<(), Error> {
    tell(tx, cx, Hook::GroupCallbackAfterGroupDestroyed, Line::Group(group.id()), |tx| {
        let users = match group.kind {
            Kind::AvChatRoom | Kind::Community => None,
            _ => Some(members::users(tx, group.number(), "", group.row.members.max(1))?),
        };
        serde_json::to_value(AfterDestroyed {
            group_id: group.id(),
            kind: group.kind.name(),
            owner: &group.row.owner,
            name: &group.row.name,
            member_list: users.as_ref().map(ListedUser::list),
            event_time: cx.chat.clock.millis(),
        })
        .map_err(Error::from)
    })
}

/// Those of the four texts that are new.
fn new_texts<'a>(old: [&str; 4], new: [&'a str; 4]) -> Option<NewTexts<'a>> {
    let changed = |at: usize| (old[at] != new[at]).then_some(new[at]);
    let texts = NewTexts {
        name: changed(0),
        introduction: changed(1),
        notification: changed(2),
        face_url: changed(3),
    };
    (old != new).then_some(texts)
}

/// The profile changed; only its texts are told.
pub(in crate::groups) fn info_changed(
    tx: &mut dyn Tx,
    cx: &Cx,
    (old, new): (&Group, &Group),
    operator: &str,
) -> Result<(), Error> {
    let (before, after) = (&old.row, &new.row);
    let before: [&str; 4] = [&before.name, &before.introduction, &before.notification, &before.face];
    let after: [&str; 4] = [&after.name, &after.introduction, &after.notification, &after.face];
    let Some(texts) = new_texts(before, after) else { return Ok(()) };
    tell(tx, cx, Hook::GroupCallbackAfterGroupInfoChanged, Line::Group(new.id()), |_| {
        let event_time = cx.chat.clock.millis();
        let (group_id, kind) = (new.id(), new.kind.name());
        Ok(AfterInfoChanged { group_id, topic_id: None, kind, operator, texts, event_time })
    })
}

/// The same of a topic.
pub(in crate::groups) fn topic_changed(
    tx: &mut dyn Tx,
    cx: &Cx,
    group: &Group,
    (old, new): (&Topic, &Topic),
    operator: &str,
) -> Result<(), Error> {
    let before: [&str; 4] = [&old.name, &old.introduction, &old.notification, &old.face];
    let after: [&str; 4] = [&new.name, &new.introduction, &new.notification, &new.face];
    let Some(texts) = new_texts(before, after) else { return Ok(()) };
    tell(tx, cx, Hook::GroupCallbackAfterTopicInfoChanged, Line::Group(group.id()), |_| {
        Ok(AfterInfoChanged {
            group_id: group.id(),
            topic_id: Some(&new.topic_id),
            kind: group.kind.name(),
            operator,
            texts,
            event_time: cx.chat.clock.millis(),
        })
    })
}

/// Another has the group now; `old` is empty when nobody had it.
pub(in crate::groups) fn owner_changed(
    tx: &mut dyn Tx,
    cx: &Cx,
    group: &Group,
    old: &str,
    operator: &str,
) -> Result<(), Error> {
    tell(tx, cx, Hook::GroupCallbackAfterChangeGroupOwner, Line::Group(group.id()), |_| {
        Ok(AfterOwnerChanged {
            group_id: group.id(),
            kind: group.kind.name(),
            operator,
            old,
            new: &group.row.owner,
            event_time: cx.chat.clock.millis(),
        })
    })
}

/// Somebody's role or name card is another; nothing is told if neither is.
pub(in crate::groups) fn member_changed(
    tx: &mut dyn Tx,
    cx: &Cx,
    group: &Group,
    (old, new): (&members::Member, &members::Member),
) -> Result<(), Error> {
    let role = (old.role != new.role).then(|| Role::from_number(new.role).name());
    let card = (old.card != new.card).then_some(&*new.card);
    if role.is_none() && card.is_none() {
        return Ok(());
    }
    tell(tx, cx, Hook::GroupCallbackAfterMemberFieldChanged, Line::Group(group.id()), |_| {
        Ok(AfterMemberChanged {
            group_id: group.id(),
            kind: group.kind.name(),
            operator: cx.caller.user(),
            user: &new.user,
            same_user: &new.user,
            role,
            name_card: card,
            event_time: cx.chat.clock.millis(),
        })
    })
}

/// Attributes were written; `pairs` are those of the call.
pub(in crate::groups) fn attributes_changed<'a>(
    tx: &mut dyn Tx,
    cx: &Cx,
    group: &Group,
    op: Op,
    pairs: impl Iterator<Item = (&'a String, &'a String)>,
) -> Result<(), Error> {
    tell(tx, cx, Hook::GroupCallbackAfterGroupAttrChanged, Line::Group(group.id()), |_| {
        let shown = pairs.map(|(key, value)| {
            let value = if op == Op::Delete { "" } else { value };
            NewAttribute { key, value }
        });
        Ok(AfterAttributes {
            group_id: group.id(),
            kind: group.kind.name(),
            operator: cx.caller.user(),
            option_type: match op {
                Op::Set => "set",
                Op::Modify => "modify",
                Op::Clear => "clear",
                Op::Delete => "delete",
            },
            group_attr: shown.collect(),
            event_time: cx.chat.clock.millis(),
        })
    })
}

/// Messages were taken back.
pub(in crate::groups) fn recalled(
    tx: &mut dyn Tx,
    cx: &Cx,
    (group, topic): (&Group, Option<&Topic>),
    done: &[GroupMessage],
) -> Result<(), Error> {
    if done.is_empty() {
        return Ok(());
    }
    tell(tx, cx, Hook::GroupCallbackAfterRecallMsg, Line::Group(group.id()), |_| {
        Ok(AfterRecallInGroup {
            operator: cx.caller.user(),
            kind: group.kind.name(),
            group_id: group.id(),
            msg_seq_list: done.iter().map(|it| Recalled { msg_seq: it.seq }).collect(),
            topic_id: topic.map(|it| &*it.topic_id),
            event_time: cx.chat.clock.millis(),
        })
    })
}

/// How far messages are read: (number, readers, others). `reader` is who confirmed them, nobody for one just sent.
pub(in crate::groups) fn receipts(
    tx: &mut dyn Tx,
    cx: &Cx,
    group: &Group,
    counts: &[(i64, i64, i64)],
    reader: Option<&str>,
) -> Result<(), Error> {
    if counts.is_empty() {
        return Ok(());
    }
    tell(tx, cx, Hook::GroupCallbackAfterReadReceipt, Line::Group(group.id()), |_| {
        let list = counts.iter().map(|(msg_seq, read_num, unread_num)| ReceiptCount {
            msg_seq: *msg_seq,
            read_num: *read_num,
            unread_num: *unread_num,
            read_receipt_members: reader.map(|user| [ListedUser { user }]),
        });
        Ok(AfterReadReceipt {
            group_id: group.id(),
            kind: group.kind.name(),
            group_msg_receipt_list: list.collect(),
            event_time: cx.chat.clock.millis(),
        })
    })
}

pub(in crate::groups) fn topic_created(
    tx: &mut dyn Tx,
    cx: &Cx,
    (group, topic): (&Group, &Topic),
    operator: &str,
) -> Result<(), Error> {
    tell(tx, cx, Hook::GroupCallbackAfterCreateTopic, Line::Group(group.id()), |_| {
        Ok(AfterCreateTopic {
            group_id: group.id(),
            topic_id: &topic.topic_id,
            operator,
            owner: &group.row.owner,
            kind: group.kind.name(),
            name: &topic.name,
            event_time: cx.chat.clock.millis(),
        })
    })
}

pub(in crate::groups) fn topic_destroyed(
    tx: &mut dyn Tx,
    cx: &Cx,
    group: &Group,
    topic_id: &str,
) -> Result<(), Error> {
    tell(tx, cx, Hook::GroupCallbackAfterTopicDestroyed, Line::Group(group.id()), |_| {
        Ok(AfterTopicDestroyed {
            group_id: group.id(),
            kind: group.kind.name(),
            topic_id_list: [topic_id],
            event_time: cx.chat.clock.millis(),
        })
    })
}

/// Somebody in a live room lost the last connection some time ago, or is back.
pub(in crate::groups) fn state_changed(
    tx: &mut dyn Tx,
    (chat, app): (&Chat, &App),
    group: &str,
    user: &str,
    is_online: bool,
) -> Result<(), Error> {
    let origin = Origin { ip: None, platform: "" };
    tell_from(tx, (chat, app), origin, Hook::GroupCallbackOnMemberStateChange, Line::Group(group), |_| {
        Ok(MemberState {
            group_id: group,
            kind: Kind::AvChatRoom.name(),
            event_type: if is_online { "Online" } else { "Offline" },
            member_list: [ListedUser { user }],
            event_time: chat.clock.millis(),
        })
    })
}
