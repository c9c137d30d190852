//! Gives what was said in a live room lately, to who goes on polling it.
//!
//! Contract: `spec/client/commands/group_open_http_svc.get_huge_group_msg.yaml`.

use chat::{Cx, error::Error, groups::live_rooms};
use proto::Code;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    command::command,
    given::{Given, Raw, raw},
};

command!(
    "group_open_http_svc" / "get_huge_group_msg", "Gives the recent messages of a live room.", Socket,
    Request => Response, handle
);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
    /// Of somebody who watches without having come in.
    #[serde(default)]
    long_polling_key: Given<String>,
    /// The number that polling starts with.
    #[serde(default)]
    pull_pre_seq: Given<i64>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    rsp_msg_list: Vec<Raw>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let bad = Code::GroupParam;
    let group = super::group_id(it.group_id)?;
    let key = it.long_polling_key.optional(bad, "LongPollingKey")?;
    let before = it.pull_pre_seq.optional(bad, "PullPreSeq")?.unwrap_or(0);
    let items = live_rooms::recent(cx, &group, key.as_deref(), before).await?;
    Ok(Response { rsp_msg_list: items.into_iter().map(raw).collect::<Result<_, _>>()? })
}
