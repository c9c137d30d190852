//! What an endpoint is, what it is asked, and how it refuses.

use std::{borrow::Cow, future::Future, net::IpAddr, pin::Pin, sync::Arc, sync::Mutex};

use bytes::Bytes;
use chat::{
    apps::App,
    console::{Actor, Role, Trouble, audit::Deed, sessions::Session},
};
use hyper::{
    Method, StatusCode,
    header::{self, HeaderMap, HeaderValue},
};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use tokio::sync::watch;

use super::{API, Came, guard};
use crate::{
    http::{Answer, whole},
    node::Node,
    rest,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Get,
    Post,
}

pub type Running<'a> = Pin<Box<dyn Future<Output = Result<Answer, Refusal>> + Send + 'a>>;
/// Schemas of request and answer, where they are JSON.
pub type Schemas = (Option<Schema>, Option<Schema>);

/// One row of the table.
pub struct Endpoint {
    pub verb: Verb,
    /// Below [`API`]; `{name}` stands for one segment.
    pub path: &'static str,
    /// The least role; none for whoever comes.
    pub role: Option<Role>,
    pub summary: &'static str,
    pub query: &'static [&'static str],
    /// A body may have so many bytes where that is more than usual.
    pub body_bytes: usize,
    pub run: for<'a> fn(&'a Ask) -> Running<'a>,
    pub schema: fn(&mut SchemaGenerator) -> Schemas,
}

/// Declares an endpoint: `get!("path", Some(Role::Viewer), "Summary.", ["query"], Response, handle)`.
macro_rules! get {
    ($path:literal, $role:expr, $summary:literal, [$($query:literal),*], $response:ty, $handle:path) => {
        $crate::console::endpoint::Endpoint {
            verb: $crate::console::endpoint::Verb::Get,
            path: $path,
            role: $role,
            summary: $summary,
            query: &[$($query),*],
            body_bytes: 0,
            run: |ask| Box::pin(async move {
                let response: $response = $handle(ask).await?;
                $crate::console::endpoint::json_answer(&response)
            }),
            schema: |it| (None, Some(it.subschema_for::<$response>())),
        }
    };
}

/// The same with a body: `post!("path", Some(Role::Operator), "Summary.", Request => Response, handle)`.
macro_rules! post {
    ($path:literal, $role:expr, $summary:literal, $request:ty => $response:ty, $handle:path) => {
        $crate::console::endpoint::Endpoint {
            verb: $crate::console::endpoint::Verb::Post,
            path: $path,
            role: $role,
            summary: $summary,
            query: &[],
            body_bytes: 0,
            run: |ask| {
                Box::pin(async move {
                    let request: $request = ask.body()?;
                    let response: $response = $handle(ask, request).await?;
                    $crate::console::endpoint::json_answer(&response)
                })
            },
            schema: |it| (Some(it.subschema_for::<$request>()), Some(it.subschema_for::<$response>())),
        }
    };
}
pub(super) use {get, post};

/// Nothing to say.
#[derive(serde::Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// The REST command that an answer corresponds to.
#[derive(Serialize, JsonSchema)]
pub struct Rest {
    pub command: String,
    pub body: Value,
}

impl Rest {
    pub fn new(command: &str, body: Value) -> Rest {
        Rest { command: command.to_owned(), body }
    }
}

pub fn json_answer(it: &impl Serialize) -> Result<Answer, Refusal> {
    let body = serde_json::to_vec(it).map_err(|it| Refusal::internal(it.to_string()))?;
    let mut answer = whole(body);
    let kind = HeaderValue::from_static("application/json; charset=utf-8");
    answer.headers_mut().insert(header::CONTENT_TYPE, kind);
    Ok(answer)
}

/// Why there is no answer.
#[derive(Debug)]
pub struct Refusal {
    pub status: StatusCode,
    pub code: &'static str,
    pub message: String,
    /// Seconds after which it may be better.
    retry_after: Option<i64>,
}

impl Refusal {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Refusal {
        Refusal { status, code, message: message.into(), retry_after: None }
    }

    pub fn bad(message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    pub fn not_found(message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    pub fn conflict(message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::CONFLICT, "conflict", message)
    }

    pub fn not_signed_in() -> Refusal {
        Refusal::new(StatusCode::UNAUTHORIZED, "not_signed_in", "sign in first")
    }

    pub fn forbidden(needed: Role) -> Refusal {
        Refusal::forbidden_as("forbidden", format!("this needs the role {}", needed.name()))
    }

    pub fn forbidden_as(code: &'static str, message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::FORBIDDEN, code, message)
    }

    pub fn too_long(most: usize) -> Refusal {
        let message = format!("a body has at most {most} bytes");
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "too_long", message)
    }

    pub fn too_many(seconds: i64, message: impl Into<String>) -> Refusal {
        let refusal = Refusal::new(StatusCode::TOO_MANY_REQUESTS, "too_many", message);
        Refusal { retry_after: Some(seconds), ..refusal }
    }

    pub fn internal(message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
    }

    /// What its reader is told: what broke is in the log alone.
    pub fn words(&self) -> &str {
        match self.status {
            StatusCode::INTERNAL_SERVER_ERROR => "a fault of the server; its log has more",
            _ => &self.message,
        }
    }

    pub fn answer(&self) -> Answer {
        let body = json!({ "error": { "code": self.code, "message": self.words() } });
        let mut answer = whole(body.to_string());
        *answer.status_mut() = self.status;
        let kind = HeaderValue::from_static("application/json; charset=utf-8");
        answer.headers_mut().insert(header::CONTENT_TYPE, kind);
        if let Some(seconds) = self.retry_after {
            answer.headers_mut().insert(header::RETRY_AFTER, seconds.max(1).into());
        }
        answer
    }
}

impl From<Trouble> for Refusal {
    fn from(it: Trouble) -> Refusal {
        match it {
            Trouble::Bad(it) => Refusal::bad(it),
            Trouble::NotFound(it) => Refusal::not_found(it),
            Trouble::Conflict(it) => Refusal::conflict(it),
            Trouble::WrongCredentials(it) => Refusal::new(StatusCode::UNAUTHORIZED, "wrong_credentials", it),
            Trouble::TooMany(seconds) => Refusal::too_many(seconds, it.to_string()),
            Trouble::Busy => Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", it.to_string()),
            Trouble::Internal(it) => Refusal::internal(it.to_string()),
        }
    }
}

impl From<chat::error::Error> for Refusal {
    fn from(it: chat::error::Error) -> Refusal {
        Trouble::from(it).into()
    }
}

/// The parameters of a path, by name.
type Parameters = Vec<(&'static str, String)>;

/// The endpoint of a path, with its parameters.
pub fn find(method: &Method, path: &str) -> Result<(&'static Endpoint, Parameters), Refusal> {
    let rest = path.strip_prefix(API).unwrap_or("");
    let mut is_path = false;
    for it in super::ALL {
        let Some(parameters) = matched(it.path, rest)? else { continue };
        is_path = true;
        if (it.verb == Verb::Get && method == Method::GET)
            || (it.verb == Verb::Post && method == Method::POST)
        {
            return Ok((it, parameters));
        }
    }
    match is_path {
        true => {
            let message = "the path is right, the method is not";
            Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "wrong_method", message))
        }
        false => Err(Refusal::not_found("there is no such endpoint")),
    }
}

fn matched(pattern: &'static str, path: &str) -> Result<Option<Parameters>, Refusal> {
    let mut parameters = Vec::new();
    let mut given = path.split('/');
    for part in pattern.split('/') {
        let Some(text) = given.next() else { return Ok(None) };
        match part.strip_prefix('{').and_then(|it| it.strip_suffix('}')) {
            Some(name) => {
                let value = rest::percent_decode(text, false);
                let value = value.map_err(|_| Refusal::bad("the URL has a bad percent-encoding"))?;
                parameters.push((name, value.into_owned()));
            }
            None if part == text => {}
            None => return Ok(None),
        }
    }
    Ok(given.next().is_none().then_some(parameters))
}

/// One request to an endpoint.
pub struct Ask {
    pub node: Arc<Node>,
    pub session: Option<Session>,
    parameters: Parameters,
    query: String,
    body: Bytes,
    address: IpAddr,
    /// What the session's cookie holds; empty for none.
    pub cookie: String,
    secure: bool,
    /// `https://host` as the caller addressed this server.
    pub base_url: String,
    pub stopping: watch::Receiver<bool>,
    set_cookie: Mutex<Option<String>>,
    /// The row of the audit log that was written for it.
    audited: Mutex<Option<(i64, Deed)>>,
}

impl Ask {
    pub fn new(
        node: Arc<Node>,
        parameters: Parameters,
        session: Option<Session>,
        (came, cookie): (Came, String),
    ) -> Ask {
        Ask {
            node,
            session,
            parameters,
            query: String::new(),
            body: Bytes::new(),
            address: came.peer.ip(),
            cookie,
            secure: came.secure,
            base_url: String::new(),
            stopping: came.stopping,
            set_cookie: Mutex::default(),
            audited: Mutex::default(),
        }
    }

    pub fn with(mut self, query: &str, body: Bytes, headers: &HeaderMap) -> Ask {
        query.clone_into(&mut self.query);
        self.body = body;
        self.secure = guard::is_secure(headers, self.secure);
        self.base_url = rest::base_url(self.secure, super::host(headers));
        self
    }

    pub fn body<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        serde_json::from_slice(&self.body).map_err(|it| Refusal::bad(format!("the body: {it}")))
    }

    pub fn raw_body(&self) -> &Bytes {
        &self.body
    }

    /// A parameter of the path.
    pub fn parameter(&self, name: &str) -> &str {
        self.parameters.iter().find(|it| it.0 == name).map_or("", |it| &it.1)
    }

    /// A parameter of the query; empty for none.
    pub fn text(&self, name: &str) -> Result<String, Refusal> {
        let found = rest::parameter(&self.query, name);
        let found = found.map_err(|_| Refusal::bad("the query has a bad percent-encoding"))?;
        Ok(found.map(Cow::into_owned).unwrap_or_default())
    }

    /// The same as a number.
    pub fn number(&self, name: &str) -> Result<Option<i64>, Refusal> {
        let text = self.text(name)?;
        match text.is_empty() {
            true => Ok(None),
            false => text.parse().map(Some).map_err(|_| Refusal::bad(format!("{name} must be a number"))),
        }
    }

    pub fn need(&self, name: &str) -> Result<String, Refusal> {
        match self.text(name)? {
            it if it.is_empty() => Err(Refusal::bad(format!("{name} is missing"))),
            it => Ok(it),
        }
    }

    /// The app of the path.
    pub fn app(&self) -> Result<Arc<App>, Refusal> {
        let id = self.parameter("sdkappid").parse().ok();
        let app = id.and_then(|it| self.node.chat.apps.get(it));
        app.ok_or_else(|| Refusal::not_found("there is no such app"))
    }

    pub fn address(&self) -> Option<IpAddr> {
        Some(self.address)
    }

    pub fn session(&self) -> Result<&Session, Refusal> {
        self.session.as_ref().ok_or_else(Refusal::not_signed_in)
    }

    pub fn actor(&self) -> Result<Actor, Refusal> {
        Ok(self.session()?.actor(self.address()))
    }

    /// Writes down what is about to be done.
    pub async fn audit(&self, deed: Deed) -> Result<(), Refusal> {
        let id = self.node.chat.audit(&self.actor()?, deed.clone()).await?;
        *self.audited.lock().expect("no holder panics") = Some((id, deed));
        Ok(())
    }

    /// Writes down that what was written down was not done.
    pub async fn note_failure(&self, refusal: &Refusal) {
        let audited = self.audited.lock().expect("no holder panics").take();
        let (Some((id, deed)), Ok(actor)) = (audited, self.actor()) else { return };
        let detail = json!({ "row": id, "code": refusal.code }).to_string();
        let deed = Deed { action: "failed".to_owned(), detail, ..deed };
        if let Err(error) = self.node.chat.audit(&actor, deed).await {
            tracing::error!(%error, row = id, "it could not be noted that an operator's deed failed");
        }
    }

    /// Has the answer set the session's cookie, or with an empty token take it away.
    pub fn set_cookie(&self, token: &str) {
        *self.set_cookie.lock().expect("no holder panics") = Some(guard::set_cookie(token, self.secure));
    }

    pub fn cookie_to_set(&self) -> Option<HeaderValue> {
        let line = self.set_cookie.lock().expect("no holder panics").take()?;
        let mut value = HeaderValue::from_str(&line).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

/// The endpoints as paths of the OpenAPI document.
pub fn openapi_paths(schemas: &mut SchemaGenerator) -> Map<String, Value> {
    let mut paths: Map<String, Value> = Map::new();
    for it in super::ALL {
        let (request, response) = (it.schema)(schemas);
        let names = it.path.split('/').filter_map(|it| it.strip_prefix('{')?.strip_suffix('}'));
        let parameter = |name: &str, place: &str| json!({ "name": name, "in": place, "required": place == "path", "schema": { "type": "string" } });
        let parameters: Vec<_> = names
            .map(|it| parameter(it, "path"))
            .chain(it.query.iter().map(|it| parameter(it, "query")))
            .collect();
        let content = |it: &Schema| json!({ "application/json": { "schema": it.as_value() } });
        let mut ok = json!({ "description": "Done." });
        if let Some(schema) = &response {
            ok["content"] = content(schema);
        }
        let role = it.role.map_or("anyone", Role::name);
        let mut operation = json!({
            "operationId": format!("console.{}.{}", if it.verb == Verb::Get { "get" } else { "post" }, it.path),
            "summary": it.summary,
            "description": format!("Role: {role}."),
            "tags": ["console"],
            "parameters": parameters,
            "responses": { "200": ok, "default": {
                "description": "Refused.",
                "content": { "application/json": { "schema": error_schema() } },
            } },
        });
        if let Some(schema) = &request {
            operation["requestBody"] = json!({ "required": true, "content": content(schema) });
        }
        let verb = if it.verb == Verb::Get { "get" } else { "post" };
        let path = paths.entry(format!("{API}{}", it.path)).or_insert_with(|| json!({}));
        path[verb] = operation;
    }
    paths
}

fn error_schema() -> Value {
    json!({
        "type": "object",
        "properties": { "error": {
            "type": "object",
            "properties": { "code": { "type": "string" }, "message": { "type": "string" } },
            "required": ["code", "message"],
        } },
        "required": ["error"],
    })
}
