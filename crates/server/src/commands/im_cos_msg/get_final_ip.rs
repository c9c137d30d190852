//! Answers that no upload has to go by IP address.
//!
//! Contract: `spec/client/commands/im_cos_msg.get_final_ip.yaml`.

use chat::{Cx, error::Error};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::admit;
use crate::{command::command, gateway::Link};

command!(link "im_cos_msg" / "get_final_ip", "Tells the IP of a domain: none.", SocketAnyone, Request => Response, handle);

#[derive(Deserialize, JsonSchema)]
struct Request {}

#[derive(Serialize, JsonSchema)]
struct Response {
    str_final_ip: &'static str,
}

async fn handle(cx: &Cx, link: &Link, _: Request) -> Result<Response, Error> {
    admit(cx, link).await?;
    Ok(Response { str_final_ip: "" })
}
