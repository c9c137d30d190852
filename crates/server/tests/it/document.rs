//! The OpenAPI document against the answers of cases: whoever reads it must find every member, and only those.

use std::sync::OnceLock;

use serde_json::Value;
use server::openapi;

/// Of every answer; the document has them apart from the command's own members.
const ENVELOPE: [&str; 4] = ["ActionStatus", "ErrorCode", "ErrorInfo", "ErrorDisplay"];

/// Whether a successful REST answer has the form that the document gives it.
pub fn describes(service: &str, command: &str, answer: &Value) -> Result<(), String> {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    let document = DOCUMENT.get_or_init(|| serde_json::from_slice(&openapi::document()).unwrap());
    let operation = &document["paths"][format!("/v4/{service}/{command}")]["post"];
    let answers = &operation["responses"]["200"]["content"]["application/json"]["schema"]["anyOf"];
    let own = &answers[0]["allOf"][1];
    if own.is_null() {
        return Err(format!("the document has no answer of {service}/{command}"));
    }
    let mut answer = answer.clone();
    if let Some(members) = answer.as_object_mut() {
        members.retain(|name, _| !ENVELOPE.contains(&&**name));
    }
    fits("", own, &answer).map_err(|it| format!("not as the OpenAPI document says: {it}"))
}

/// The part of JSON Schema that the document uses, and no members beyond those that it names.
fn fits(path: &str, schema: &Value, value: &Value) -> Result<(), String> {
    if schema == &Value::Bool(true) {
        return Ok(());
    }
    for several in ["anyOf", "oneOf"] {
        if let Some(list) = schema[several].as_array() {
            let mut tried = list.iter().map(|it| fits(path, it, value));
            let first = tried.next().unwrap_or(Ok(()));
            return if first.is_ok() || tried.any(|it| it.is_ok()) { Ok(()) } else { first };
        }
    }
    let is = |kind: &str| match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        _ => false,
    };
    let right = match &schema["type"] {
        Value::String(kind) => is(kind),
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).any(is),
        _ => true,
    };
    if !right {
        return Err(format!("{path} is {value} and not {}", schema["type"]));
    }
    if let Some(found) = value.as_object() {
        let mut required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
        if let Some(name) = required.find(|it| !found.contains_key(*it)) {
            return Err(format!("{path}.{name} is missing"));
        }
        for (name, value) in found {
            // Objects whose names are data say what all their members are.
            let others = schema.get("additionalProperties").filter(|it| it.is_object());
            match schema["properties"].get(name).or(others) {
                Some(schema) => fits(&format!("{path}.{name}"), schema, value)?,
                None => return Err(format!("{path}.{name} is not there")),
            }
        }
    }
    let inner = schema.get("items").unwrap_or(&Value::Bool(true));
    let mut entries = value.as_array().into_iter().flatten().enumerate();
    entries.try_for_each(|(at, it)| fits(&format!("{path}[{at}]"), inner, it))
}
