//! Invalidates the login state of a user.
//!
//! Contract: `spec/rest/im_open_login_svc.kick.yaml`.

use chat::{Cx, error::Error, login};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    command::{Nothing, command},
    given::Given,
};

command!("im_open_login_svc" / "kick", "Invalidates the login state of a user.", Rest, Request => Nothing, handle);

#[derive(Deserialize, JsonSchema)]
struct Request {
    #[serde(rename = "UserID", default)]
    user_id: Given<String>,
    /// The older name of UserID.
    #[serde(rename = "Identifier", default)]
    identifier: Given<String>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    let user = it.user_id.or(it.identifier).need(Code::AccountParam, "UserID")?;
    if user.is_empty() {
        return Err(Fail::with(Code::AccountParam, "UserID is empty").into());
    }
    login::kick(cx, &user).await?;
    Ok(Nothing {})
}
