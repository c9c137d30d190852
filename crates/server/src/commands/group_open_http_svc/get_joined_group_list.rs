//! Lists the groups that a user is in, with what is wanted of them and of the membership.
//!
//! Contract: `spec/rest/group_open_http_svc.get_joined_group_list.yaml`, for clients
//! `spec/client/commands/group_open_http_svc.get_joined_group_list.yaml`.

use std::fmt::Write;

use chat::{
    Cx,
    error::Error,
    groups::{
        Kind,
        list::{self as groups, Entry, Kinds, Query},
    },
};
use proto::{Code, Fail, json::quote};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::describe::{self, Custom, Filter, GroupFields, MemberFields, Room};
use crate::{
    command::command,
    given::{Given, Raw, raw},
};

command!(
    "group_open_http_svc" / "get_joined_group_list", "Lists the groups of a user.", Both,
    Request => Response, handle
);

/// The same where clients ask for their communities: they name no type, the service is all that tells.
pub mod of_communities {
    use chat::{
        Cx,
        error::Error,
        groups::{Kind, list::Kinds},
    };

    use super::{Request, Response, list};
    use crate::command::command;

    command!(
        "million_group_open_http_svc" / "get_joined_group_list", "Lists the own communities.", Socket,
        Request => Response, handle
    );

    async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
        list(cx, it, Kinds::One(Kind::Community)).await
    }
}

const LIMIT_MAX: u32 = 5000;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    #[serde(rename = "Member_Account", default)]
    member_account: Given<String>,
    /// 1: audio-video groups too.
    #[serde(default)]
    with_huge_groups: Given<i64>,
    /// 1: Private groups that wait for their first message, too.
    #[serde(default)]
    with_no_active_groups: Given<i64>,
    /// At most 5000; all when left out.
    #[serde(default)]
    limit: Given<u32>,
    #[serde(default)]
    offset: Given<u32>,
    #[serde(default)]
    group_type: Given<String>,
    /// What the Web SDK calls GroupType.
    #[serde(rename = "Type", default)]
    kind: Given<String>,
    /// Without it only ids are listed.
    #[serde(default)]
    response_filter: Given<Filter>,
    /// 1: only communities with topics.
    #[serde(default)]
    support_topic: Given<i64>,
    /// Of clients: 1 for the custom fields of the groups.
    #[serde(default)]
    need_app_define_data: Given<i64>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    total_count: i64,
    group_id_list: Vec<Raw>,
}

/// What is wanted of each group.
struct Wanted {
    group: GroupFields,
    own: MemberFields,
    mentions: bool,
}

fn wanted(cx: &Cx, filter: Filter, needs_custom: bool) -> Result<Wanted, Fail> {
    let bad = Code::GroupParam;
    let names = filter.group_base_info_filter.optional(bad, "GroupBaseInfoFilter")?.unwrap_or_default();
    let own = filter.self_info_filter.optional(bad, "SelfInfoFilter")?.unwrap_or_default();
    let asks = |names: &[String], name: &str| names.iter().any(|it| it == name);
    let custom = |wants: bool| if wants { Custom::All } else { Custom::None };
    let mut group = GroupFields::named(&names, custom(needs_custom || asks(&names, "AppDefinedData")));
    if !cx.is_admin() && group.has("ShutUpAllMember") {
        // Clients ask by the old name and read the new one.
        group = group.with("MuteAllMember");
    }
    let own_custom = custom(asks(&own, "AppMemberDefinedData"));
    Ok(Wanted { group, own: MemberFields::named(&own, own_custom), mentions: asks(&names, "AtInfoList") })
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    list(cx, it, Kinds::Any).await
}

/// `usual` is meant when no type is named.
async fn list(cx: &Cx, it: Request, usual: Kinds) -> Result<Response, Error> {
    let bad = Code::GroupParam;
    let user = super::own(cx, it.member_account, "Member_Account")?;
    let user = user.ok_or_else(|| Fail::with(bad, "Member_Account is missing or empty"))?;
    let kinds = super::option(it.group_type.or(it.kind), "GroupType", Kinds::parse)?.unwrap_or(usual);
    let topics = super::switch(it.support_topic, "SupportTopic")?;
    if topics.is_some() && !matches!(kinds, Kinds::Any | Kinds::One(Kind::Community)) {
        return Err(Fail::with(bad, "SupportTopic is for the GroupType Community only").into());
    }
    let limit = it.limit.optional(bad, "Limit")?.filter(|it| *it > 0);
    if limit.is_some_and(|it| it > LIMIT_MAX) {
        return Err(Fail::with(bad, format!("Limit is above {LIMIT_MAX}")).into());
    }
    let filter = it.response_filter.optional(bad, "ResponseFilter")?.unwrap_or_default();
    let needs_custom = super::switch(it.need_app_define_data, "NeedAppDefineData")? == Some(true);
    let wanted = wanted(cx, filter, needs_custom)?;
    let query = Query {
        user,
        kinds,
        with_topics: topics == Some(true),
        live_rooms: super::switch(it.with_huge_groups, "WithHugeGroups")? == Some(true),
        inactive: super::switch(it.with_no_active_groups, "WithNoActiveGroups")? == Some(true),
        offset: it.offset.optional(bad, "Offset")?.unwrap_or(0).into(),
        limit: limit.map(i64::from),
        mentions: wanted.mentions,
    };
    let (mut room, mut group_id_list) = (Room::default(), Vec::new());
    let take = |entry: Entry| {
        let text = describe_entry(cx, &entry, &wanted)?;
        room.take(&text)?;
        group_id_list.push(raw(text)?);
        Ok(())
    };
    let total_count = groups::joined(cx, &query, take).await?;
    Ok(Response { total_count, group_id_list })
}

fn describe_entry(cx: &Cx, it: &Entry, wanted: &Wanted) -> Result<String, Error> {
    let group = &it.profile.group;
    let mut out = format!("{{\"GroupId\":{}", quote(group.id()));
    let with_topics;
    let mut fields = &wanted.group;
    if it.topics.is_some() {
        with_topics = wanted.group.clone().with("Type").with("SupportTopic");
        fields = &with_topics;
    }
    out.push_str(&describe::group(cx, &it.profile, fields)?);
    if let Some(mentions) = &it.mentions {
        _ = write!(out, ",\"AtInfoList\":[{}]", mentions.join(","));
    }
    let mut own = describe::own(cx, &it.member, &wanted.own)?;
    if let Some((next, read)) = it.topics {
        _ = write!(out, ",\"GrossTopicNextMsgSeq\":{next}");
        let comma = if own == "{}" { "" } else { "," };
        own.truncate(own.len() - 1);
        _ = write!(own, "{comma}\"GrossTopicReadSeq\":{read}}}");
    }
    if own != "{}" {
        _ = write!(out, ",\"SelfInfo\":{own}");
    }
    out.push('}');
    Ok(out)
}
