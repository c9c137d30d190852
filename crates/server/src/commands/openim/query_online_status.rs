//! Tells who is online, if asked for by platform.
//!
//! Contract: `spec/rest/openim.query_online_status.yaml`, and `openim.querystate.yaml` for its older name.

use chat::{
    Cx,
    error::Error,
    presence::{self, Device, Presence},
};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::message;
use crate::{command::command, given::Given};

command!("openim" / "query_online_status", "Tells who is online.", Rest, Request => Response, handle);

/// The same command by its older name.
pub mod querystate {
    use super::{Request, Response, handle};
    use crate::command::command;

    command!("openim" / "querystate", "Tells who is online (older name).", Rest, Request => Response, handle);
}

const ACCOUNTS_MAX: usize = 500;
/// The order of platforms in an answer.
const PLATFORMS: &[&str] = &["iPhone", "Android", "Web", "PC", "iPad", "Mac"];

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    /// 1 to 500 users.
    #[serde(rename = "To_Account")]
    to_account: Given<Vec<Given<String>>>,
    #[serde(default)]
    is_need_detail: Given<i64>,
    #[serde(default)]
    is_return_instid: Given<i64>,
    #[serde(default)]
    is_return_custom_status: Given<i64>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    query_result: Vec<Found>,
    error_list: Vec<Unknown>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Found {
    #[serde(rename = "To_Account")]
    to_account: String,
    status: &'static str,
    /// The older name of the same.
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<Vec<Detail>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_status: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Detail {
    platform: &'static str,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    instid: Option<i64>,
}

#[derive(Serialize, JsonSchema)]
struct Unknown {
    #[serde(rename = "To_Account")]
    to_account: String,
    #[serde(rename = "ErrorCode")]
    error_code: i64,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let bad = Code::C2cJson;
    let users = it.to_account.need(bad, "To_Account")?;
    if users.is_empty() {
        return Err(Fail::with(bad, "To_Account is empty").into());
    }
    if users.len() > ACCOUNTS_MAX {
        return Err(Fail::with(Code::C2cTooMany, format!("more than {ACCOUNTS_MAX} users")).into());
    }
    let users = users.into_iter().map(|it| it.need(Code::C2cTo, "To_Account[]"));
    let users = users.collect::<Result<Vec<_>, _>>()?;
    let detail = message::flag(it.is_need_detail, bad, "IsNeedDetail")?;
    let instances = message::flag(it.is_return_instid, bad, "IsReturnInstid")?;
    let custom = message::flag(it.is_return_custom_status, bad, "IsReturnCustomStatus")?;
    let (mut query_result, mut error_list) = (Vec::new(), Vec::new());
    for (user, presence) in users.iter().zip(presence::of(cx, users.clone()).await?) {
        let to_account = user.clone();
        match presence {
            None => error_list.push(Unknown { to_account, error_code: Code::AccountUnknown.number() }),
            Some(it) => query_result.push(Found {
                to_account,
                status: it.status().name(),
                state: it.status().name(),
                detail: (detail && !it.devices.is_empty()).then(|| details(&it, instances)),
                custom_status: custom.then_some(it.custom),
            }),
        }
    }
    if query_result.is_empty() {
        let members = serde_json::to_string(&error_list)?;
        let members = format!("\"QueryResult\":[],\"ErrorList\":{members}");
        return Err(Fail::from(Code::AccountUnknown).extra(members).into());
    }
    Ok(Response { query_result, error_list })
}

/// One entry a platform with its best status, or one an instance where instances are asked for.
fn details(it: &Presence, instances: bool) -> Vec<Detail> {
    let detail = |it: &Device| Detail {
        platform: it.platform,
        status: it.status.name(),
        instid: instances.then_some(it.inst_id),
    };
    let mut devices: Vec<_> = it.devices.iter().collect();
    devices.sort_by_key(|it| (PLATFORMS.iter().position(|name| *name == it.platform), it.inst_id));
    if instances {
        return devices.into_iter().map(detail).collect();
    }
    let mut best: Vec<&Device> = Vec::new();
    for device in devices {
        match best.iter_mut().find(|it| it.platform == device.platform) {
            Some(same) if same.status < device.status => *same = device,
            Some(_) => {}
            None => best.push(device),
        }
    }
    best.into_iter().map(detail).collect()
}
