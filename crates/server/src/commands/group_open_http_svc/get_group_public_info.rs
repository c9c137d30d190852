//! Gives a client what anybody may know of groups; how a group is found by its id.
//!
//! Contract: `spec/client/commands/group_open_http_svc.get_group_public_info.yaml`.

use chat::{
    Cx,
    error::Error,
    groups::profile::{self, With},
};
use proto::Code;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    describe::{self, Custom, Filter, GroupFields},
    get_group_info::{Response, answer, ids},
};
use crate::{command::command, given::Given};

command!(
    "group_open_http_svc" / "get_group_public_info", "Finds groups by their ids.", Socket,
    Request => Response, handle
);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    /// 1 to 50 groups.
    group_id_list: Given<Vec<String>>,
    #[serde(default)]
    response_filter: Given<Filter>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let bad = Code::GroupParam;
    let ids = ids(cx, it.group_id_list)?;
    let filter = it.response_filter.optional(bad, "ResponseFilter")?.unwrap_or_default();
    let names = filter.group_base_public_info_filter.optional(bad, "GroupBasePublicInfoFilter")?;
    let wanted = match names {
        None => GroupFields::all(),
        Some(names) => GroupFields::named(&names, Custom::None),
    };
    let found = profile::profiles(cx, &ids, With::Public).await?;
    answer(&ids, found, |it| describe::group(cx, &it.profile, &wanted))
}
