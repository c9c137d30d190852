//! Replaces all attributes of a group.
//!
//! Contract: `spec/rest/group_open_http_svc.set_group_attr.yaml`, for clients
//! `spec/client/commands/group_open_http_svc.set_group_attr.yaml`.

use chat::{Cx, error::Error, groups::attributes::Op};

use super::attributes::{self, Request, Response};
use crate::command::command;

command!("group_open_http_svc" / "set_group_attr", "Replaces a group's attributes.", Both, Request => Response, handle);

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    attributes::write(cx, Op::Set, it).await
}
