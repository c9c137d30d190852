//! Lists the valid chatbot accounts.
//!
//! Contract: `spec/rest/openim_robot_http_svc.get_all_robots.yaml`.

use chat::{Cx, error::Error, robots};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::command::command;

command!("openim_robot_http_svc" / "get_all_robots", "Lists the chatbots.", Rest, Request => Response, handle);

#[derive(Deserialize, JsonSchema)]
struct Request {}

#[derive(Serialize, JsonSchema)]
struct Response {
    /// In the order of their creation.
    #[serde(rename = "Robot_Account")]
    robots: Vec<String>,
}

async fn handle(cx: &Cx, _: Request) -> Result<Response, Error> {
    Ok(Response { robots: robots::all(cx).await? })
}
