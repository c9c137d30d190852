//! What a command is. Each lives in its own file under `commands/<service>/`; see `commands::ALL`.

use std::{future::Future, pin::Pin, sync::Arc};

use bytes::Bytes;
use chat::{Cx, error::Error};
use proto::{Code, Fail};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, de::DeserializeOwned};

use crate::gateway::Link;

pub type Answer = Pin<Box<dyn Future<Output = Result<Vec<u8>, Error>> + Send>>;

/// One call of a command.
pub struct Call {
    pub cx: Cx,
    pub body: Bytes,
    /// The connection it came over; none for REST.
    pub link: Option<Link>,
    /// The request around it, for a REST command that asks for it.
    pub request: Option<Box<HttpRequest>>,
}

/// What few commands want of the request that brought them.
pub struct HttpRequest {
    /// The part of the URL after the question mark.
    pub query: String,
    /// How the caller addressed this server: `https://host:port`.
    pub base_url: String,
}

/// Who may call a command, and from where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doors {
    /// Backends, by REST.
    Rest,
    /// Clients that are logged in, over their socket.
    Socket,
    /// Clients, logged in or not.
    SocketAnyone,
    /// Backends and clients that are logged in.
    Both,
}

impl Doors {
    pub fn has_rest(self) -> bool {
        matches!(self, Doors::Rest | Doors::Both)
    }

    pub fn has_socket(self) -> bool {
        !matches!(self, Doors::Rest)
    }

    pub fn needs_login(self) -> bool {
        !matches!(self, Doors::SocketAnyone)
    }
}

/// One row of the command table.
pub struct Command {
    pub service: &'static str,
    pub name: &'static str,
    pub summary: &'static str,
    pub doors: Doors,
    /// Documented calls a second when they are not the usual 200.
    pub rate: Option<u32>,
    /// Whether [`Call::request`] is filled in.
    pub sees_request: bool,
    pub run: fn(Call) -> Answer,
    pub schema: fn(&mut SchemaGenerator) -> (Schema, Schema),
}

/// Declares a file's command: `command!("service" / "name", "Summary.", Both, Request => Response, handle);`
/// with a documented rate as `Rest(100)`. `handle` takes `&Cx` and the request; one that is about the
/// connection itself, declared with `link`, takes a `&Link` too, and one declared with `request` the
/// `&HttpRequest`.
macro_rules! command {
    ($service:literal / $name:literal, $summary:literal, $door:ident $(($rate:literal))?,
     $request:ty => $response:ty, $handle:path) => {
        pub const COMMAND: $crate::command::Command = $crate::command::Command {
            service: $service,
            name: $name,
            summary: $summary,
            doors: $crate::command::Doors::$door,
            rate: $crate::command::rate!($($rate)?),
            sees_request: false,
            run: |call| Box::pin(async move {
                let request: $request = $crate::command::decode($service, &call.body)?;
                let response: $response = $handle(&call.cx, request).await?;
                $crate::command::encode(call.cx.is_admin(), $service, $name, &response)
            }),
            schema: $crate::command::schema::<$request, $response>,
        };
    };
    (request $service:literal / $name:literal, $summary:literal, $door:ident $(($rate:literal))?,
     $request:ty => $response:ty, $handle:path) => {
        pub const COMMAND: $crate::command::Command = $crate::command::Command {
            service: $service,
            name: $name,
            summary: $summary,
            doors: $crate::command::Doors::$door,
            rate: $crate::command::rate!($($rate)?),
            sees_request: true,
            run: |call| Box::pin(async move {
                let request: $request = $crate::command::decode($service, &call.body)?;
                let around = $crate::command::http_request(&call)?;
                let response: $response = $handle(&call.cx, around, request).await?;
                $crate::command::encode(call.cx.is_admin(), $service, $name, &response)
            }),
            schema: $crate::command::schema::<$request, $response>,
        };
    };
    (link $service:literal / $name:literal, $summary:literal, $door:ident,
     $request:ty => $response:ty, $handle:path) => {
        pub const COMMAND: $crate::command::Command = $crate::command::Command {
            service: $service,
            name: $name,
            summary: $summary,
            doors: $crate::command::Doors::$door,
            rate: None,
            sees_request: false,
            run: |call| Box::pin(async move {
                let request: $request = $crate::command::decode($service, &call.body)?;
                let link = $crate::command::link(&call)?;
                let response: $response = $handle(&call.cx, link, request).await?;
                $crate::command::encode(call.cx.is_admin(), $service, $name, &response)
            }),
            schema: $crate::command::schema::<$request, $response>,
        };
    };
}

macro_rules! rate {
    () => {
        None
    };
    ($rate:literal) => {
        Some($rate)
    };
}
pub(crate) use {command, rate};

pub fn link(call: &Call) -> Result<&Link, Error> {
    call.link.as_ref().ok_or_else(|| Fail::from(Code::UnknownCommand).into())
}

pub fn http_request(call: &Call) -> Result<&HttpRequest, Error> {
    call.request.as_deref().ok_or_else(|| Fail::from(Code::UnknownCommand).into())
}

/// Nothing beyond the envelope.
#[derive(Serialize, JsonSchema)]
pub struct Nothing {}

/// How a call ended whose frame says OK whatever happened, as clients look for it in `CmdErrorCode`.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Outcome {
    error_code: i64,
    error_info: String,
}

/// The outcome, and what there is if it is a good one. Trouble of ours stays an error.
pub fn outcome<T>(done: Result<T, Error>) -> Result<(Outcome, Option<T>), Error> {
    match done {
        Ok(it) => Ok((Outcome { error_code: 0, error_info: String::new() }, Some(it))),
        Err(Error::Fail(it)) => {
            Ok((Outcome { error_code: it.number, error_info: it.info.into_owned() }, None))
        }
        Err(error) => Err(error),
    }
}

pub fn decode<T: DeserializeOwned>(service: &str, body: &[u8]) -> Result<T, Error> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let is_object = body.iter().find(|it| !it.is_ascii_whitespace()) == Some(&b'{');
    match serde_json::from_slice(body) {
        Ok(request) if is_object => Ok(request),
        Ok(_) | Err(_) => {
            Err(Fail::with(services::bad_json(service), "Fail to Parse json data of body, Please check it")
                .into())
        }
    }
}

/// Success: the envelope, then the response's own members.
pub fn encode<T: Serialize>(
    is_admin: bool,
    service: &str,
    name: &str,
    response: &T,
) -> Result<Vec<u8>, Error> {
    let mut out = Vec::with_capacity(256);
    out.extend_from_slice(b"{\"ActionStatus\":\"OK\",\"ErrorCode\":0,\"ErrorInfo\":\"");
    out.extend_from_slice(services::success_info(service, name, is_admin).as_bytes());
    out.push(b'"');
    if services::has_display(service) {
        out.extend_from_slice(b",\"ErrorDisplay\":\"\"");
    }
    let start = out.len();
    serde_json::to_writer(&mut out, response)?;
    match &out[start..] {
        b"{}" => out.truncate(start),
        _ => out[start] = b',',
    }
    if out.last() != Some(&b'}') || out.len() == start {
        out.push(b'}');
    }
    Ok(out)
}

/// Failure: the envelope, and what the failure itself tells.
pub fn encode_fail(service: &str, fail: &Fail) -> Vec<u8> {
    // A batch of which some failed is no failure as a whole, but not OK either.
    let status = if fail.number == 0 { "SomeError" } else { "FAIL" };
    let info = proto::json::quote(&fail.info);
    let mut out =
        format!("{{\"ActionStatus\":\"{status}\",\"ErrorCode\":{},\"ErrorInfo\":{info}", fail.number);
    if services::has_display(service) {
        out.push_str(",\"ErrorDisplay\":\"\"");
    }
    if let Some(extra) = &fail.extra {
        out.push(',');
        out.push_str(extra);
    }
    out.push('}');
    out.into_bytes()
}

pub fn schema<Q: JsonSchema, R: JsonSchema>(it: &mut SchemaGenerator) -> (Schema, Schema) {
    (it.subschema_for::<Q>(), it.subschema_for::<R>())
}

/// What to tell the caller of an error. Trouble of ours is logged here and nowhere else.
pub fn explain(command: &Command, error: Error, request_id: &str) -> Arc<Fail> {
    let fail = match error {
        Error::Fail(fail) => fail,
        Error::Internal(error) => {
            tracing::error!(command = command.name, service = command.service, request_id, %error, "failed");
            services::internal(command.service).into()
        }
    };
    Arc::new(fail)
}

/// What differs by service. `spec/concepts/rest-overview.md` 2 and 3.
pub mod services {
    use proto::Code;

    pub fn is_group(service: &str) -> bool {
        matches!(
            service,
            "group_open_http_svc"
                | "group_open_attr_http_svc"
                | "group_open_avchatroom_http_svc"
                | "million_group_open_http_svc"
        )
    }

    /// The answer to a body that is no JSON object.
    pub fn bad_json(service: &str) -> Code {
        match service {
            "openim" | "all_member_push" => Code::C2cJson,
            "openconfigsvr" => Code::MuteJson,
            "openim_msg_ext_http_svc" => Code::GroupJson,
            "profile" => Code::ProfileParam,
            "sns" | "follow" => Code::SnsParam,
            "recentcontact" => Code::ContactParam,
            "im_open_login_svc" => Code::AccountParam,
            // The number that clients know as a kick is this service's "invalid parameter".
            "open_msg_svc" => Code::Kicked,
            it if is_group(it) => Code::GroupJson,
            _ => Code::BadJson,
        }
    }

    /// The answer when something of ours broke.
    pub fn internal(service: &str) -> Code {
        match service {
            "openim" | "all_member_push" => Code::C2cInternal,
            "profile" => Code::ProfileInternal,
            "sns" | "follow" => Code::SnsInternal,
            "recentcontact" => Code::ContactInternal,
            "im_open_login_svc" | "im_open_status" => Code::AccountInternal,
            "openconfigsvr" => Code::MuteInternal,
            "openim_robot_http_svc" | "openim_msg_ext_http_svc" => Code::GroupInternal,
            "open_msg_svc" => Code::HistoryInternal,
            it if is_group(it) => Code::GroupInternal,
            _ => Code::TimedOut,
        }
    }

    /// ErrorInfo of a success: few commands have a word for it, and only for backends.
    pub fn success_info(service: &str, name: &str, is_admin: bool) -> &'static str {
        match (service, name) {
            ("openconfigsvr", "getappinfo") => "OK",
            ("million_group_open_http_svc", "modify_topic" | "destroy_topic" | "get_topic") if is_admin => {
                "ok"
            }
            _ => "",
        }
    }

    /// Services whose answers carry a text for display, always empty.
    pub fn has_display(service: &str) -> bool {
        matches!(service, "profile" | "sns" | "recentcontact")
    }

    /// The answer to a body that is too long.
    pub fn too_long(service: &str) -> Code {
        match service {
            "openim" => Code::C2cTooLong,
            it if is_group(it) => Code::MsgTooLong,
            _ => Code::BadUrl,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct One {
        a: i64,
    }

    #[test]
    fn the_envelope_stands_before_the_commands_own_members() {
        let text = |it: Vec<u8>| String::from_utf8(it).unwrap();
        assert_eq!(
            text(encode(true, "openim", "sendmsg", &One { a: 1 }).unwrap()),
            r#"{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":"","a":1}"#
        );
        assert_eq!(
            text(encode(true, "profile", "portrait_set", &Nothing {}).unwrap()),
            r#"{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":"","ErrorDisplay":""}"#
        );
        let fail = Fail::with(Code::C2cTo, "a \"quoted\" text").extra("\"B\":[]".to_owned());
        assert_eq!(
            text(encode_fail("openim", &fail)),
            r#"{"ActionStatus":"FAIL","ErrorCode":90003,"ErrorInfo":"a \"quoted\" text","B":[]}"#
        );
    }

    #[test]
    fn only_an_object_is_a_body() {
        for body in ["", " ", "[]", "null", "1", "\"x\"", "{", "{}x", "not json", "{\"a\":1,}"] {
            let decoded: Result<serde_json::Value, _> = decode("openim", body.as_bytes());
            assert!(decoded.is_err(), "{body:?}");
        }
        for body in ["{}", " {\"a\":1} ", "\u{feff}{}"] {
            let decoded: Result<serde_json::Value, _> = decode("openim", body.as_bytes());
            assert!(decoded.is_ok(), "{body:?}");
        }
    }
}
