//! The application's backend of a case: it records what it is asked and told, answers as the case says, and compares
//! every body with its contract in `spec/webhooks/`.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, OnceLock},
};

use chat::{
    apps::State,
    webhooks::{Attempt, Failure, Request, Transport},
};
use serde_json::{Map, Value, json};

use crate::{
    case,
    place::{APP, World},
};

/// The settings that switch on the webhooks a case names.
pub fn settings(hooks: &Map<String, Value>) -> Vec<(String, Value)> {
    let on: Map<String, Value> = hooks.keys().map(|it| (it.clone(), true.into())).collect();
    vec![
        ("webhooks.url".to_owned(), "https://hooks.example".into()),
        ("webhooks.commands".to_owned(), on.into()),
    ]
}

/// A backend that answers with what the case has for each webhook: an object, the word `silence`, or a status
/// that is not 200.
pub struct Backend {
    answers: Map<String, Value>,
    asked: Mutex<Vec<Value>>,
    seen: Mutex<i64>,
}

impl Transport for Backend {
    fn post<'a>(&'a self, _: &'a Arc<State>, request: &'a Request) -> Attempt<'a> {
        let body: Value = serde_json::from_str(&request.body).expect("a body is JSON");
        self.asked.lock().unwrap().push(item(&request.client_ip, &request.platform, &body));
        let answer = self.answers.get(&request.command).cloned();
        Box::pin(async move {
            match answer {
                Some(Value::Object(it)) => Ok(Value::Object(it).to_string()),
                Some(Value::Number(it)) => Err(Failure::Rejected(format!("status {it}"))),
                Some(Value::String(it)) if it == "silence" => Err(Failure::TimedOut),
                Some(Value::String(it)) => Ok(it),
                _ => Ok(json!({"ActionStatus": "OK", "ErrorCode": 0, "ErrorInfo": ""}).to_string()),
            }
        })
    }
}

/// How a case writes a webhook: where it says that it came from, and its body.
fn item(ip: &str, platform: &str, body: &Value) -> Value {
    json!([format!("{platform} {ip}").trim(), body])
}

impl Backend {
    pub fn connect(world: &World, answers: Map<String, Value>) -> Arc<Backend> {
        let backend = Arc::new(Backend { answers, asked: Mutex::default(), seen: Mutex::new(0) });
        world.chat().webhooks.connect(backend.clone());
        backend
    }

    /// What it was asked, then what it would be told, since this was called last.
    pub async fn taken(&self, world: &World) -> Result<Vec<Value>, String> {
        const ALL: i64 = 10_000;
        let mut taken = std::mem::take(&mut *self.asked.lock().unwrap());
        let after = *self.seen.lock().unwrap();
        // What is written in passing is there after this.
        world.chat().db.write(0, |_| Ok::<_, store::StoreError>(())).await.map_err(|it| it.to_string())?;
        let read = world.chat().db.read(move |tx| store::webhooks::waiting(tx, APP, after, ALL));
        for it in read.await.map_err(|it: store::StoreError| it.to_string())? {
            *self.seen.lock().unwrap() = it.id;
            let body: Value =
                serde_json::from_str(&it.body).map_err(|error| format!("{}: {error}", it.body))?;
            taken.push(item(&it.client_ip, &it.platform, &body));
        }
        taken.iter().try_for_each(|it| check(&it[1]))?;
        Ok(taken)
    }
}

/// What the contract says of one member.
struct Member {
    /// Names from the outside in; lists are gone through.
    path: Vec<String>,
    kind: String,
    required: bool,
}

fn contracts() -> &'static BTreeMap<String, Vec<Member>> {
    static CONTRACTS: OnceLock<BTreeMap<String, Vec<Member>>> = OnceLock::new();
    CONTRACTS.get_or_init(|| {
        let folder = std::fs::read_dir(case::root().join("spec/webhooks")).unwrap();
        let files = folder.map(|it| {
            let text = std::fs::read_to_string(it.unwrap().path()).unwrap();
            let file: Value = serde_yaml_ng::from_str(&text).unwrap();
            let members = file["request"].as_array().unwrap().iter().map(|it| Member {
                path: it["name"].as_str().unwrap().replace("[]", "").split('.').map(str::to_owned).collect(),
                kind: it["type"].as_str().unwrap().to_owned(),
                required: it["required"].as_bool().unwrap_or(false),
            });
            (file["command"].as_str().unwrap().to_owned(), members.collect())
        });
        files.collect()
    })
}

/// The names of all webhooks of the contract.
pub fn names() -> impl Iterator<Item = &'static str> {
    contracts().keys().map(|it| &**it)
}

/// Every member that must be there is, and each is of its type.
fn check(body: &Value) -> Result<(), String> {
    let command = body["CallbackCommand"].as_str().ok_or("a webhook has no CallbackCommand")?;
    let members = contracts().get(command).ok_or_else(|| format!("{command} has no contract"))?;
    for member in members {
        check_member(body, &member.path, member)
            .map_err(|it| format!("{command}: {it}\nwhole body: {body}"))?;
    }
    Ok(())
}

fn check_member(within: &Value, path: &[String], member: &Member) -> Result<(), String> {
    if let Some(list) = within.as_array() {
        return list.iter().try_for_each(|it| check_member(it, path, member));
    }
    let [name, rest @ ..] = path else { return check_type(within, member) };
    let shown = member.path.join(".");
    match within.get(name) {
        Some(Value::Null) => Err(format!("{shown} is null")),
        Some(inner) if rest.is_empty() => check_type(inner, member),
        Some(inner) => check_member(inner, rest, member),
        // A member of something that is not there need not be there either.
        None if rest.is_empty() && member.required => Err(format!("{shown} is missing")),
        None => Ok(()),
    }
}

fn check_type(value: &Value, member: &Member) -> Result<(), String> {
    let fits = member.kind.split('|').any(|kind| match kind {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "object" => value.is_object(),
        "boolean" => value.is_boolean(),
        kind if kind.starts_with("array") => value.is_array(),
        _ => true,
    });
    if fits { Ok(()) } else { Err(format!("{} is no {}: {value}", member.path.join("."), member.kind)) }
}
