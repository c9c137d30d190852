//! Answers that there is no cover of a video: none are made here.
//!
//! Contract: `spec/client/commands/im_cos_msg.video_cover.yaml`.

use chat::{Cx, error::Error};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::admit;
use crate::{command::command, gateway::Link};

command!(link "im_cos_msg" / "video_cover", "Gives the cover of a video: none.", SocketAnyone, Request => Response, handle);

#[derive(Deserialize, JsonSchema)]
struct Request {}

#[derive(Serialize, JsonSchema)]
struct Response {
    error_code: i64,
    error_msg: &'static str,
    download_url: &'static str,
}

async fn handle(cx: &Cx, link: &Link, _: Request) -> Result<Response, Error> {
    admit(cx, link).await?;
    Ok(Response { error_code: 0, error_msg: "", download_url: "" })
}
