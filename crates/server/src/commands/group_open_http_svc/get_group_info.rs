//! Gives the profiles of up to 50 groups, with their members.
//!
//! Contract: `spec/rest/group_open_http_svc.get_group_info.yaml`.

use chat::{
    Cx,
    error::Error,
    groups::profile::{self, Found, With},
};
use proto::{Code, Fail, json::quote};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::describe::{self, Custom, Filter, GroupFields, MemberFields, Room};
use crate::{
    command::command,
    given::{Given, Raw, raw},
};

command!("group_open_http_svc" / "get_group_info", "Reads profiles of groups.", Rest, Request => Response, handle);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    /// 1 to 50 groups.
    group_id_list: Given<Vec<String>>,
    /// Without it all basic fields, members and custom fields.
    #[serde(default)]
    response_filter: Given<Filter>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Response {
    group_info: Vec<Raw>,
}

/// What is wanted; without members there is no `MemberList`.
struct Wanted {
    group: GroupFields,
    members: Option<MemberFields>,
}

fn wanted(filter: Option<Filter>) -> Result<Wanted, Fail> {
    let bad = Code::GroupParam;
    let Some(filter) = filter else {
        return Ok(Wanted { group: GroupFields::all(), members: Some(MemberFields::all()) });
    };
    let names = filter.group_base_info_filter.optional(bad, "GroupBaseInfoFilter")?.unwrap_or_default();
    let custom = Custom::of(filter.group_keys, "AppDefinedDataFilter_Group", Custom::None)?;
    let member_custom = Custom::of(filter.member_keys, "AppDefinedDataFilter_GroupMember", Custom::None)?;
    let members = filter.member_info_filter.optional(bad, "MemberInfoFilter")?;
    Ok(Wanted {
        group: GroupFields::named(&names, custom),
        members: members.map(|names| MemberFields::named(&names, member_custom)),
    })
}

/// GroupIdList, of at least one and at most as many as the app allows.
pub fn ids(cx: &Cx, given: Given<Vec<String>>) -> Result<Vec<String>, Fail> {
    let ids = given.need(Code::GroupParam, "GroupIdList")?;
    let most = cx.app.state().settings.groups_batch_profiles;
    match ids.is_empty() || ids.len() as i64 > most {
        true => Err(Fail::with(Code::GroupParam, format!("GroupIdList must have 1 to {most} entries"))),
        false => Ok(ids),
    }
}

/// The entries of `GroupInfo`: what `describe` writes of each group that was found, and the code of each other.
pub fn answer(
    ids: &[String],
    found: Vec<Result<Found, Fail>>,
    mut describe: impl FnMut(&Found) -> Result<String, Error>,
) -> Result<Response, Error> {
    let (mut room, mut group_info) = (Room::default(), Vec::with_capacity(ids.len()));
    for (id, found) in ids.iter().zip(found) {
        let (code, info, more) = match &found {
            Ok(it) => (0, String::new(), describe(it)?),
            Err(fail) => (fail.number, fail.info.to_string(), String::new()),
        };
        let text = format!(
            "{{\"GroupId\":{},\"ErrorCode\":{code},\"ErrorInfo\":{}{more}}}",
            quote(id),
            quote(&info)
        );
        room.take(&text)?;
        group_info.push(raw(text)?);
    }
    Ok(Response { group_info })
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let ids = ids(cx, it.group_id_list)?;
    let wanted = wanted(it.response_filter.optional(Code::GroupParam, "ResponseFilter")?)?;
    let with = if wanted.members.is_some() { With::Members } else { With::Nothing };
    let found = profile::profiles(cx, &ids, with).await?;
    answer(&ids, found, |it| {
        let mut out = describe::group(cx, &it.profile, &wanted.group)?;
        if let Some(fields) = &wanted.members
            && it.profile.group.kind.has_members()
        {
            let members = it.members.iter().map(|member| describe::member(cx, member, fields));
            let members = members.collect::<Result<Vec<_>, Error>>()?;
            out.push_str(&format!(",\"MemberList\":[{}]", members.join(",")));
        }
        Ok(out)
    })
}
