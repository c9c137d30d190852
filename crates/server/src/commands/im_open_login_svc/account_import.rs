//! Registers one user, with nickname and avatar if given.
//!
//! Contract: `spec/rest/im_open_login_svc.account_import.yaml`.

use chat::{
    Cx,
    accounts::{self, Import},
    error::Error,
};
use proto::Code;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    command::{Nothing, command},
    given::Given,
};

command!("im_open_login_svc" / "account_import", "Imports one account.", Rest, Request => Nothing, handle);

#[derive(Deserialize, JsonSchema)]
pub struct Request {
    /// 1 to 32 bytes.
    #[serde(rename = "UserID", default)]
    user_id: Given<String>,
    /// The older name of UserID.
    #[serde(rename = "Identifier", default)]
    identifier: Given<String>,
    #[serde(rename = "Nick", default)]
    nick: Given<String>,
    #[serde(rename = "FaceUrl", default)]
    face_url: Given<String>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    let bad = Code::AccountParam;
    let import = Import {
        user: it.user_id.or(it.identifier).need(bad, "UserID")?,
        nick: it.nick.optional(bad, "Nick")?,
        face: it.face_url.optional(bad, "FaceUrl")?,
    };
    accounts::import(cx, import).await?;
    Ok(Nothing {})
}
