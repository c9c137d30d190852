//! The questions. `spec/webhooks/Group.CallbackBefore*.yaml`

use std::collections::HashSet;

use proto::Code;
use serde_json::{Map, Value};

use crate::{
    Cx,
    error::Error,
    groups::{Group, Kind, NewGroup},
    webhooks::{
        BeforeApplyJoin, BeforeCreateGroup, BeforeCreateTopic, BeforeInviteJoin, Hook, ListedUser,
        ask::{GROUP_CODES, Rules, Verdict, ask},
    },
};

const RULES: Rules = Rules {
    refused: Code::GroupRefused,
    own_codes: GROUP_CODES,
    may_drop: false,
    unanswered: Code::GroupRefused,
};

/// Users that the backend keeps out.
pub(in crate::groups) type Refused = HashSet<String>;

/// May this group be made? `owned` is how many groups of each kind the owner has.
pub(in crate::groups) async fn ask_create(
    cx: &Cx,
    new: &NewGroup,
    owned: &[(i64, i64)],
) -> Result<(), Error> {
    let number = |kind: Kind| owned.iter().find(|it| it.0 == kind as i64).map_or(0, |it| it.1);
    let body = || BeforeCreateGroup {
        operator: cx.caller.user(),
        owner: new.owner.as_deref().unwrap_or_default(),
        kind: new.kind.name(),
        name: &new.name,
        create_group_num: number(new.kind),
        created_group_num: Kind::ALL.iter().map(|it| (it.name().to_owned(), number(*it).into())).collect(),
        invite_option: new.invite.map(|it| it.name()),
        member_list: ListedUser::list(new.members.iter().map(|it| &it.user)),
        event_time: cx.chat.clock.millis(),
    };
    ask(cx, Hook::GroupCallbackBeforeCreateGroup, &RULES, body).await.map(drop)
}

/// May the caller apply for this group?
pub(in crate::groups) async fn ask_apply(cx: &Cx, group: &Group) -> Result<(), Error> {
    let body = || BeforeApplyJoin {
        group_id: group.id(),
        kind: group.kind.name(),
        requester: cx.caller.user(),
        event_time: cx.chat.clock.millis(),
    };
    ask(cx, Hook::GroupCallbackBeforeApplyJoinGroup, &RULES, body).await.map(drop)
}

/// May these users be brought in? Says who may not.
pub(in crate::groups) async fn ask_invite(
    cx: &Cx,
    group: &Group,
    users: &[String],
) -> Result<Refused, Error> {
    let body = || BeforeInviteJoin {
        group_id: group.id(),
        kind: group.kind.name(),
        operator: cx.caller.user(),
        destination_members: ListedUser::list(users),
        event_time: cx.chat.clock.millis(),
    };
    match ask(cx, Hook::GroupCallbackBeforeInviteJoinGroup, &RULES, body).await? {
        Verdict::Go(answer) => Ok(refused(&answer, users)),
        // No code means it here.
        Verdict::Drop => Ok(Refused::new()),
    }
}

fn refused(answer: &Map<String, Value>, users: &[String]) -> Refused {
    let named = answer.get("RefusedMembers_Account").and_then(Value::as_array);
    let names = named.into_iter().flatten().filter_map(Value::as_str);
    names.filter(|it| users.iter().any(|user| user == it)).map(str::to_owned).collect()
}

/// May a topic of this name be made?
pub(in crate::groups) async fn ask_topic(
    cx: &Cx,
    group: &Group,
    operator: &str,
    name: &str,
) -> Result<(), Error> {
    let body = || BeforeCreateTopic {
        operator,
        kind: group.kind.name(),
        name,
        group_id: group.id(),
        event_time: cx.chat.clock.millis(),
    };
    ask(cx, Hook::GroupCallbackBeforeCreateTopic, &RULES, body).await.map(drop)
}
