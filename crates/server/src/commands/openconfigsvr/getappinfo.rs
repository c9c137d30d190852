//! Tells what happened in the app on each of the last days.
//!
//! Contract: `spec/rest/openconfigsvr.getappinfo.yaml`.

use std::{borrow::Cow, collections::BTreeMap};

use chat::{Cx, error::Error, statistics::Day};
use proto::Code;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{command::command, given::Given};

command!("openconfigsvr" / "getappinfo", "Reads daily counts of the app.", Rest, Request => Response, handle);

/// Always returned.
const DATE: &str = "Date";
/// Fields about the app.
const TEXTS: [&str; 3] = ["AppName", "AppId", "Company"];
/// Where the number of a field comes from: counters of a day, added up. A field without any is about something
/// that this server does not do yet, and 0.
const NUMBERS: &[(&str, &[&str])] = &[
    ("ActiveUserNum", &["active_users"]),
    ("RegistUserNumOneDay", &["accounts_made"]),
    ("RegistUserNumTotal", &["accounts"]),
    ("LoginTimes", &["logins"]),
    ("LoginUserNum", &["login_users"]),
    ("UpMsgNum", &["c2c_sent", "group_sent"]),
    ("SendMsgUserNum", &["senders"]),
    ("APNSMsgNum", &["c2c_pushed", "group_pushed"]),
    ("C2CUpMsgNum", &["c2c_sent"]),
    ("C2CDownMsgNum", &["c2c_delivered"]),
    ("C2CSendMsgUserNum", &["c2c_senders"]),
    ("C2CAPNSMsgNum", &["c2c_pushed"]),
    ("MaxOnlineNum", &["online_max"]),
    ("DownMsgNum", &["c2c_delivered", "group_delivered"]),
    ("ChainIncrease", &["friends_added"]),
    ("ChainDecrease", &["friends_removed"]),
    ("GroupUpMsgNum", &["group_sent"]),
    ("GroupDownMsgNum", &["group_delivered"]),
    ("GroupSendMsgUserNum", &["group_senders"]),
    ("GroupAPNSMsgNum", &["group_pushed"]),
    ("GroupSendMsgGroupNum", &["active_groups"]),
    ("GroupJoinGroupTimes", &["group_joins"]),
    ("GroupQuitGroupTimes", &["group_leaves"]),
    ("GroupNewGroupNum", &["groups_made"]),
    ("GroupAllGroupNum", &["groups"]),
    ("GroupDestroyGroupNum", &["groups_disbanded"]),
    ("CallBackReq", &["webhooks_sent"]),
    ("CallBackRsp", &["webhooks_answered"]),
];

#[derive(Deserialize, JsonSchema)]
struct Request {
    /// Names of the fields to return; all when left out or empty.
    #[serde(rename = "RequestField")]
    fields: Given<Vec<String>>,
}

#[derive(Serialize, JsonSchema)]
struct Response {
    /// One object a day, newest first, at most 30; every value is a text.
    #[serde(rename = "Result")]
    days: Vec<Fields>,
}

/// The fields of a day that were asked for.
#[derive(Serialize)]
struct Fields(BTreeMap<&'static str, String>);

impl JsonSchema for Fields {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Day".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names = TEXTS.iter().copied().chain(NUMBERS.iter().map(|it| it.0)).chain([DATE]);
        let properties: serde_json::Map<_, _> =
            names.map(|it| (it.to_owned(), json!({"type": "string"}))).collect();
        schemars::json_schema!({"type": "object", "properties": properties, "required": [DATE]})
    }
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let wanted = it.fields.optional(Code::MuteJson, "RequestField")?.unwrap_or_default();
    let days = cx.chat.days(&cx.app).await?;
    Ok(Response { days: days.iter().map(|it| describe(cx, it, &wanted)).collect() })
}

fn describe(cx: &Cx, day: &Day, wanted: &[String]) -> Fields {
    let settings = &cx.app.state().settings;
    let texts = TEXTS.into_iter().zip([
        settings.app_name.clone(),
        cx.app.id.to_string(),
        settings.app_company.clone(),
    ]);
    let sum = |what: &[&str]| what.iter().map(|it| day.get(it)).sum::<i64>().to_string();
    let numbers = NUMBERS.iter().map(|(name, what)| (*name, sum(what)));
    let all = texts.chain(numbers);
    let mut fields: BTreeMap<_, _> =
        all.filter(|it| wanted.is_empty() || wanted.iter().any(|name| name == it.0)).collect();
    fields.insert(DATE, day.date());
    Fields(fields)
}
