//! The OpenAPI 3.1 document, read off the command table.

use std::sync::OnceLock;

use bytes::Bytes;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::{command::Command, commands, console};

/// The document as JSON text. It does not change while the process lives.
pub fn document() -> Bytes {
    static DOCUMENT: OnceLock<Bytes> = OnceLock::new();
    DOCUMENT.get_or_init(|| build().to_string().into()).clone()
}

fn build() -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    settings.meta_schema = None;
    let mut schemas = settings.into_generator();
    let rest = commands::ALL.iter().filter(|it| it.doors.has_rest());
    let mut paths: Map<String, Value> = rest
        .map(|it| {
            let (request, response) = (it.schema)(&mut schemas);
            (format!("/v4/{}/{}", it.service, it.name), path(it, request.as_value(), response.as_value()))
        })
        .collect();
    paths.extend(console::openapi_paths(&mut schemas));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Magpie",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Every command answers HTTP 200; ErrorCode tells the outcome.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "paths": paths,
        "components": { "parameters": parameters() },
    })
}

fn path(it: &Command, request: &Value, response: &Value) -> Value {
    let names = ["sdkappid", "identifier", "usersig", "random", "contenttype"];
    let refs: Vec<_> =
        names.iter().map(|it| json!({ "$ref": format!("#/components/parameters/{it}") })).collect();
    json!({ "post": {
        "operationId": format!("{}.{}", it.service, it.name),
        "summary": it.summary,
        "tags": [it.service],
        "parameters": refs,
        "requestBody": { "required": true, "content": { "application/json": { "schema": request } } },
        "responses": { "200": {
            "description": "The answer; ErrorCode is 0 on success.",
            "content": { "application/json": { "schema": {
                "anyOf": [
                    { "allOf": [envelope(&["OK"]), response] },
                    envelope(&["FAIL", "SomeError"]),
                ],
            } } },
        } },
    } })
}

fn envelope(statuses: &[&str]) -> Value {
    json!({
        "type": "object",
        "properties": {
            "ActionStatus": { "type": "string", "enum": statuses },
            "ErrorCode": { "type": "integer" },
            "ErrorInfo": { "type": "string" },
        },
        "required": ["ActionStatus", "ErrorCode", "ErrorInfo"],
    })
}

fn parameters() -> Value {
    let parameter = |name: &str, required: bool, schema: Value, description: &str| json!({ "name": name, "in": "query", "required": required, "schema": schema, "description": description });
    json!({
        "sdkappid": parameter("sdkappid", true, json!({ "type": "integer", "minimum": 1, "maximum": 4_294_967_295_u32 }), "The app"),
        "identifier": parameter("identifier", true, json!({ "type": "string" }), "An administrator of the app"),
        "usersig": parameter("usersig", true, json!({ "type": "string" }), "A UserSig of that administrator"),
        "random": parameter("random", false, json!({ "type": "integer", "minimum": 0, "maximum": 4_294_967_295_u32 }), "Names the request"),
        "contenttype": parameter("contenttype", false, json!({ "type": "string", "enum": ["json"] }), "Always json"),
    })
}
