//! The form of a case: `cases/<service>/<command>/<what>.json`.
//!
//! `accounts` are imported, then `clients` log in, then the steps of `given` run, each of which must succeed.
//! `call` is the body of the command that the folder names; in it and in steps `"$last alice MsgKey"` is that member
//! of what alice was pushed last. It is made by REST; with `as` by that client; with
//! `head` as a frame over a real socket. `answer` is what must come back, `pushes` what each client must get
//! from this call alone, `webhooks` what the application's backend is asked and told by it, and `then` are steps with the
//! answers that must follow. `services` answer for the operator's translation and speech, and `asked` is what they heard.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case<'a> {
    /// `spec` for an example of the contract; no tool may change its answer.
    pub source: Option<String>,
    /// What the clock shows at the start, in Unix seconds.
    pub at: Option<i64>,
    /// Settings of the app, by dotted key.
    #[serde(default)]
    pub settings: Map<String, Value>,
    #[serde(default)]
    pub accounts: Vec<String>,
    /// Users that log in, by name; `alice/2` and `alice@13` are further sessions of alice, the last as an iPad.
    #[serde(default)]
    pub clients: Vec<String>,
    #[serde(default)]
    pub given: Vec<Vec<Value>>,
    /// Seconds that pass before the call.
    #[serde(default)]
    pub advance: i64,
    #[serde(rename = "as")]
    pub client: Option<String>,
    /// Members of the frame's head beside command and number.
    pub head: Option<Map<String, Value>>,
    /// Parameters of the socket's URL other than those of a browser, or further ones of a REST call's.
    #[serde(default)]
    pub url: Map<String, Value>,
    pub call: Option<Value>,
    /// The body as text, for what is no JSON or more than JSON.
    pub raw: Option<String>,
    #[serde(borrow)]
    pub answer: &'a RawValue,
    #[serde(borrow)]
    pub pushes: Option<&'a RawValue>,
    /// The webhooks that are on, each with its answer, or `true` for the usual one.
    #[serde(default)]
    pub hooks: Map<String, Value>,
    #[serde(borrow)]
    pub webhooks: Option<&'a RawValue>,
    /// The operator's services of language, each with its answer: an object, a text that is none, or the word `silence`.
    #[serde(default)]
    pub services: Map<String, Value>,
    /// What they were asked by the call, each the name of the service and the body.
    #[serde(borrow)]
    pub asked: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub then: Vec<Vec<&'a RawValue>>,
}

impl Case<'_> {
    pub fn read(text: &str) -> Result<Case<'_>, String> {
        let case: Case<'_> = serde_json::from_str(text).map_err(|it| it.to_string())?;
        if case.call.is_some() == case.raw.is_some() {
            return Err("one of `call` and `raw` must be there".to_owned());
        }
        if !case.clients.is_empty() && case.pushes.is_none() {
            return Err("with `clients` there must be `pushes`".to_owned());
        }
        if case.hooks.is_empty() != case.webhooks.is_none() {
            return Err("`hooks` and `webhooks` belong together".to_owned());
        }
        if case.services.is_empty() != case.asked.is_none() {
            return Err("`services` and `asked` belong together".to_owned());
        }
        if case.source.as_ref().is_some_and(|it| it != "spec") {
            return Err("`source` can only be \"spec\"".to_owned());
        }
        Ok(case)
    }

    pub fn body(&self) -> String {
        match (&self.raw, &self.call) {
            (Some(raw), _) => raw.clone(),
            (None, Some(call)) => expand(call, None).to_string(),
            (None, None) => String::new(),
        }
    }
}

/// A file with a case.
#[derive(Clone)]
pub struct File {
    pub path: PathBuf,
    pub service: String,
    pub command: String,
    /// Name of the file without its ending.
    pub what: String,
}

impl File {
    pub fn name(&self) -> String {
        format!("{}/{}/{}", self.service, self.command, self.what)
    }

    pub fn text(&self) -> String {
        std::fs::read_to_string(&self.path).expect("the file was listed")
    }
}

pub fn root() -> PathBuf {
    let mut root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.pop();
    root.pop();
    root
}

/// All cases, in the order of their names.
pub fn files() -> Vec<File> {
    let mut files = Vec::new();
    for service in entries(&root().join("cases")) {
        for command in entries(&service) {
            for path in entries(&command) {
                let name = |it: &Path| it.file_stem().unwrap().to_str().unwrap().to_owned();
                let (service, command, what) = (name(&service), name(&command), name(&path));
                files.push(File { service, command, what, path });
            }
        }
    }
    files
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    if !folder.is_dir() {
        return Vec::new();
    }
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()).collect();
    paths.sort();
    paths
}

/// Who makes a call of a step.
#[derive(Clone, Debug)]
pub enum Who {
    Admin,
    Client(String),
}

/// One thing that happens before or after the call of a case.
#[derive(Clone, Debug)]
pub enum Step {
    /// `["service/command", {body}]`, and for a client `["alice service/command", {body}]`.
    Call { who: Who, service: String, command: String, body: Value },
    /// `["advance", seconds]`
    Advance(i64),
    /// `["login", "alice/2"]`
    Login(String),
    /// `["lose connection", "alice"]`
    Lose(String),
    /// `["come back", "alice"]`: after that, by the token.
    Return(String),
    /// `["job", "end absences"]`: what the server does from time to time.
    Job(String),
    /// `["pushed", {client: [event]}]`: what each client got since the call or the step of this name before.
    Pushed,
    /// `["told", [webhooks]]`: what the application's backend was asked and told since the call or the step of this name
    /// before.
    Told,
    /// `["set", {"a.setting": value}]`
    Set(Map<String, Value>),
    /// `["break", "table"]`: the table is not there for the rest of the case.
    Break(String),
    /// `["group id", {"team": "@TGS#1DEMO"}]`: a group that was just made gets an id that only the server makes.
    GroupId(String, String),
    /// `["merged key", "mk1"]`: the list that was kept gets this key, which only the server makes.
    MergedKey(String),
    /// `["stored file", {"id": "<32 digits>", "name": "a.mp3"}]`: alice has uploaded it.
    StoredFile { id: String, name: String },
    /// `["repeat", times, [step]]`, with `$n` counting from 1.
    Repeat(u64, Box<Step>),
}

impl Step {
    pub fn read(parts: &[Value]) -> Result<Step, String> {
        let bad = || format!("no step has the form {}", Value::from(parts));
        let text = |at: usize| parts.get(at).and_then(Value::as_str).map(str::to_owned).ok_or_else(bad);
        let name = text(0)?;
        Ok(match (&*name, parts.get(1).ok_or_else(bad)?) {
            ("advance", seconds) => Step::Advance(seconds.as_i64().ok_or_else(bad)?),
            ("login", _) => Step::Login(text(1)?),
            ("lose connection", _) => Step::Lose(text(1)?),
            ("come back", _) => Step::Return(text(1)?),
            ("job", _) => Step::Job(text(1)?),
            ("pushed", _) => Step::Pushed,
            ("merged key", _) => Step::MergedKey(text(1)?),
            ("told", _) => Step::Told,
            ("break", _) => Step::Break(text(1)?),
            ("set", settings) => Step::Set(settings.as_object().cloned().ok_or_else(bad)?),
            ("group id", ids) => {
                let (from, to) = ids.as_object().and_then(|it| it.iter().next()).ok_or_else(bad)?;
                Step::GroupId(from.clone(), to.as_str().ok_or_else(bad)?.to_owned())
            }
            ("stored file", file) => {
                let text = |name: &str| file[name].as_str().map(str::to_owned).ok_or_else(bad);
                Step::StoredFile { id: text("id")?, name: text("name")? }
            }
            ("repeat", times) => {
                let inner = parts.get(2).and_then(Value::as_array).ok_or_else(bad)?;
                Step::Repeat(times.as_u64().ok_or_else(bad)?, Box::new(Step::read(inner)?))
            }
            (name, body) => {
                let (who, command) = match name.split_once(' ') {
                    Some((client, command)) => (Who::Client(client.to_owned()), command),
                    None => (Who::Admin, name),
                };
                let (service, command) = command.split_once('/').ok_or_else(bad)?;
                let (service, command) = (service.to_owned(), command.to_owned());
                Step::Call { who, service, command, body: body.clone() }
            }
        })
    }
}

/// Writes out what a case abbreviates: `{"$repeat": [text, times]}`, `{"$each": [template, times]}`, and `$n`
/// inside either, or `"$n"` for the number itself.
pub fn expand(value: &Value, n: Option<u64>) -> Value {
    match value {
        Value::Object(map) if map.len() == 1 && map.contains_key("$repeat") => {
            let (text, times) = (&map["$repeat"][0], map["$repeat"][1].as_u64());
            let text = text.as_str().expect("a text").repeat(times.expect("a number") as usize);
            Value::String(text)
        }
        Value::Object(map) if map.len() == 1 && map.contains_key("$each") => {
            let (template, times) = (&map["$each"][0], map["$each"][1].as_u64().expect("a number"));
            (1..=times).map(|n| expand(template, Some(n))).collect()
        }
        Value::Object(map) => map.iter().map(|(key, it)| (key.clone(), expand(it, n))).collect(),
        Value::Array(list) => list.iter().map(|it| expand(it, n)).collect(),
        Value::String(text) => match n {
            Some(n) if text == "$n" => n.into(),
            Some(n) => text.replace("$n", &n.to_string()).into(),
            None => text.clone().into(),
        },
        other => other.clone(),
    }
}
