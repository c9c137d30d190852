//! Makes a chatbot account.
//!
//! Contract: `spec/rest/openim_robot_http_svc.create_robot.yaml`.

use chat::{
    Cx,
    error::Error,
    robots::{self, Robot},
};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    command::{Nothing, command},
    given::Given,
};

command!("openim_robot_http_svc" / "create_robot", "Makes a chatbot.", Rest, Request => Nothing, handle);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    /// `@RBT#` and more, at most 32 bytes in all.
    #[serde(rename = "UserID")]
    user_id: Given<String>,
    nick: Given<String>,
    face_url: Given<String>,
    self_signature: Given<String>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    let user = super::robot(it.user_id, "UserID")?;
    let nick = text(it.nick, "Nick")?;
    let face = text(it.face_url, "FaceUrl")?;
    let signature = text(it.self_signature, "SelfSignature")?;
    robots::create(cx, Robot { user, nick, face, signature }).await?;
    Ok(Nothing {})
}

fn text(given: Given<String>, name: &str) -> Result<Option<String>, Fail> {
    let text = given.optional(Code::GroupParam, name)?;
    let most = robots::TEXT_BYTES_MAX;
    match text {
        Some(it) if it.len() > most => {
            Err(Fail::with(Code::GroupParam, format!("{name} is longer than {most} bytes")))
        }
        text => Ok(text),
    }
}
