//! REST commands, run as an administrator of an app through the same dispatcher.

use std::sync::Arc;

use chat::{
    Caller, Cx,
    apps::App,
    console::{Role, audit::Deed},
    settings::Settings,
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::endpoint::{Ask, Endpoint, Refusal, Rest, Verb, get, json_answer};
use crate::{
    command::{Call, Command, HttpRequest},
    commands,
    http::Answer,
};

pub const LIST: Endpoint = get!("commands", Some(Role::Viewer), "Lists the REST commands.", [], Listed, list);
pub const RUN: Endpoint = Endpoint {
    verb: Verb::Post,
    path: "apps/{sdkappid}/commands/{service}/{command}",
    role: Some(Role::Viewer),
    summary: "Runs a REST command as an administrator of the app; one that writes needs the role operator.",
    query: &[],
    body_bytes: 0,
    run: |ask| Box::pin(run(ask)),
    schema: |it| (Some(it.subschema_for::<Map<String, Value>>()), Some(it.subschema_for::<Ran>())),
};

/// The commands that only read. Whatever is not named here writes, or hands out what works without the console.
pub const READING: &[(&str, &str)] = &[
    ("im_open_login_svc", "account_check"),
    ("profile", "portrait_get"),
    ("openim", "query_online_status"),
    ("openim", "querystate"),
    ("openim", "admin_getroammsg"),
    ("openim", "get_c2c_unread_msg_num"),
    ("openim_msg_ext_http_svc", "get_key_values"),
    ("openim_msg_ext_http_svc", "group_get_key_values"),
    ("sns", "friend_check"),
    ("sns", "friend_get"),
    ("sns", "friend_get_list"),
    ("sns", "black_list_get"),
    ("sns", "black_list_check"),
    ("sns", "group_get"),
    ("follow", "follow_check"),
    ("follow", "follow_get"),
    ("follow", "follow_get_info"),
    ("all_member_push", "im_get_attr_name"),
    ("all_member_push", "im_get_attr"),
    ("all_member_push", "im_get_tag"),
    ("recentcontact", "get_list"),
    ("recentcontact", "get_contact_group"),
    ("recentcontact", "search_contact_group"),
    ("group_open_http_svc", "get_appid_group_list"),
    ("group_open_http_svc", "get_group_info"),
    ("group_open_http_svc", "get_group_member_info"),
    ("group_open_http_svc", "get_joined_group_list"),
    ("group_open_http_svc", "get_role_in_group"),
    ("group_open_http_svc", "get_group_muted_account"),
    ("group_open_http_svc", "get_group_shutted_uin"),
    ("group_open_http_svc", "get_group_attr"),
    ("group_open_attr_http_svc", "get_group_attr"),
    ("group_open_http_svc", "get_group_counter"),
    ("group_open_http_svc", "group_msg_get_simple"),
    ("group_open_http_svc", "get_online_member_num"),
    ("group_open_http_svc", "get_group_ban_member"),
    ("group_open_http_svc", "get_group_msg_receipt"),
    ("group_open_http_svc", "get_group_msg_receipt_detail"),
    ("group_open_avchatroom_http_svc", "get_members"),
    ("million_group_open_http_svc", "get_topic"),
    ("openconfigsvr", "getnospeaking"),
    ("openconfigsvr", "getappinfo"),
    ("openim_robot_http_svc", "get_all_robots"),
    ("ConfigSvc", "GetIPList"),
];

#[derive(Serialize, JsonSchema)]
struct Listed {
    commands: Vec<Shown>,
}

#[derive(Serialize, JsonSchema)]
struct Shown {
    service: &'static str,
    name: &'static str,
    summary: &'static str,
    access: &'static str,
    /// Calls a second.
    rate: u32,
}

#[derive(Serialize, JsonSchema)]
struct Ran {
    /// What a backend would be answered.
    answer: Value,
    access: &'static str,
    rest: Rest,
}

fn reads(it: &Command) -> bool {
    READING.contains(&(it.service, it.name))
}

fn access(it: &Command) -> &'static str {
    if reads(it) { "read" } else { "write" }
}

async fn list(_: &Ask) -> Result<Listed, Refusal> {
    let (rest, usual) = (commands::ALL.iter().filter(|it| it.doors.has_rest()), Settings::default());
    let shown = rest.map(|it| Shown {
        service: it.service,
        name: it.name,
        summary: it.summary,
        access: access(it),
        rate: usual.command_rate(it.service, it.name, it.rate),
    });
    Ok(Listed { commands: shown.collect() })
}

async fn run(ask: &Ask) -> Result<Answer, Refusal> {
    let (service, name) = (ask.parameter("service"), ask.parameter("command"));
    let index = commands::find_rest(service, name);
    let index = index.ok_or_else(|| Refusal::not_found("there is no such REST command"))?;
    let command = &commands::ALL[index];
    if !reads(command) && ask.session()?.role < Role::Operator {
        return Err(Refusal::forbidden(Role::Operator));
    }
    let body: Map<String, Value> = ask.body()?;
    json_answer(&run_as_admin(ask, index, body).await?)
}

/// The first administrator of the app calls.
pub fn as_admin(ask: &Ask, app: &Arc<App>) -> Result<Cx, Refusal> {
    let admin = app.state().settings.app_admins.first().cloned();
    let admin = admin.ok_or_else(|| Refusal::conflict("the app has no administrator"))?;
    let (chat, app) = (ask.node.chat.clone(), app.clone());
    Ok(Cx { chat, app, caller: Caller::Admin(admin.into()), ip: ask.address() })
}

async fn answer(ask: &Ask, index: usize, call: Call) -> Result<Value, Refusal> {
    let answer = ask.node.run(index, call).await;
    serde_json::from_slice(&answer).map_err(|it| Refusal::internal(it.to_string()))
}

/// Runs a command of the table; one that writes is written down before, and again if it is refused.
async fn run_as_admin(ask: &Ask, index: usize, body: Map<String, Value>) -> Result<Ran, Refusal> {
    let (app, command) = (ask.app()?, &commands::ALL[index]);
    let cx = as_admin(ask, &app)?;
    let name = format!("{}/{}", command.service, command.name);
    let bytes = ask.raw_body().clone();
    if !reads(command) {
        let detail = String::from_utf8_lossy(&bytes).into_owned();
        ask.audit(Deed { app: app.id, detail, ..Deed::new("command", &name) }).await?;
    }
    let request = command
        .sees_request
        .then(|| Box::new(HttpRequest { query: String::new(), base_url: ask.base_url.clone() }));
    let answer = answer(ask, index, Call { cx, body: bytes, link: None, request }).await?;
    if answer["ActionStatus"] == "FAIL" && !reads(command) {
        ask.note_failure(&Refusal::bad("")).await;
    }
    Ok(Ran { answer, access: access(command), rest: Rest { command: name, body: body.into() } })
}

/// Runs a command that reads, with a body of our own.
pub async fn read(ask: &Ask, service: &str, name: &str, body: Value) -> Result<(Value, Rest), Refusal> {
    let index = commands::find_rest(service, name).filter(|it| reads(&commands::ALL[*it]));
    let index = index.ok_or_else(|| Refusal::internal("a command is not in the table"))?;
    let cx = as_admin(ask, &ask.app()?)?;
    let call = Call { cx, body: body.to_string().into(), link: None, request: None };
    let answer = answer(ask, index, call).await?;
    Ok((answer, Rest::new(&format!("{service}/{name}"), body)))
}
