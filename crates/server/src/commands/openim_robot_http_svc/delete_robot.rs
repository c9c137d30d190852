//! Makes a chatbot account invalid.
//!
//! Contract: `spec/rest/openim_robot_http_svc.delete_robot.yaml`.

use chat::{Cx, error::Error, robots};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    command::{Nothing, command},
    given::Given,
};

command!(
    "openim_robot_http_svc" / "delete_robot", "Makes a chatbot invalid.", Rest, Request => Nothing, handle
);

#[derive(Deserialize, JsonSchema)]
struct Request {
    #[serde(rename = "Robot_Account")]
    robot: Given<String>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    let user = super::robot(it.robot, "Robot_Account")?;
    robots::delete(cx, &user).await?;
    Ok(Nothing {})
}
