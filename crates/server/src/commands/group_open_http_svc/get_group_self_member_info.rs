//! Gives a client the profiles of groups with its own membership of each.
//!
//! Contract: `spec/client/commands/group_open_http_svc.get_group_self_member_info.yaml`.

use chat::{
    Cx,
    error::Error,
    groups::{
        Kind,
        profile::{self, With},
    },
};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    describe::{self, Custom, Filter, GroupFields, MemberFields},
    get_group_info::{Response, answer, ids},
};
use crate::{command::command, given::Given};

command!(
    "group_open_http_svc" / "get_group_self_member_info", "Reads profiles of groups and the own membership.",
    Socket, Request => Response, handle
);

/// A field that of the SDKs only `lite-chat` asks for here. It takes the maker of a live room for somebody who is in it,
/// and sends the maker's `joinGroup` only once this command says otherwise. `spec/README.md`
const LITE_FIELD: &str = "LastRecallTime";

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    /// 1 to 50 groups.
    group_id_list: Given<Vec<String>>,
    #[serde(default)]
    response_filter: Given<Filter>,
}

fn wanted(filter: Option<Filter>) -> Result<(GroupFields, MemberFields, With), Fail> {
    let bad = Code::GroupParam;
    let Some(filter) = filter else { return Ok((GroupFields::all(), MemberFields::all(), With::Own)) };
    let names = filter.group_base_info_filter.optional(bad, "GroupBaseInfoFilter")?.unwrap_or_default();
    let custom = Custom::of(filter.group_keys, "AppDefinedDataFilter_Group", Custom::All)?;
    let own_custom = Custom::of(filter.member_keys, "AppDefinedDataFilter_GroupMember", Custom::None)?;
    let own = filter.member_info_filter.optional(bad, "MemberInfoFilter")?.unwrap_or_default();
    let with = if names.iter().any(|it| it == LITE_FIELD) { With::OwnPresence } else { With::Own };
    Ok((GroupFields::named(&names, custom), MemberFields::named(&own, own_custom), with))
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let ids = ids(cx, it.group_id_list)?;
    let (group, own, with) = wanted(it.response_filter.optional(Code::GroupParam, "ResponseFilter")?)?;
    // Clients that do not ask for it must still know in what form a community is spoken in.
    let of_community = group.clone().with("SupportTopic");
    let found = profile::profiles(cx, &ids, with).await?;
    answer(&ids, found, |it| {
        let is_community = it.profile.group.kind == Kind::Community;
        let mut out = describe::group(cx, &it.profile, if is_community { &of_community } else { &group })?;
        if let Some(member) = it.members.first() {
            let (entry, info) = (describe::member(cx, member, &own)?, describe::own(cx, member, &own)?);
            out.push_str(&format!(",\"SelfInfo\":{info},\"MemberList\":[{entry}]"));
        }
        Ok(out)
    })
}
