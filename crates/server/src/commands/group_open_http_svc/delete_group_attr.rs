//! Deletes attributes of a group, all that are named or none.
//!
//! Contract: `spec/rest/group_open_http_svc.delete_group_attr.yaml`, for clients
//! `spec/client/commands/group_open_http_svc.delete_group_attr.yaml`.

use chat::{Cx, error::Error, groups::attributes::Op};

use super::attributes::{self, Request, Response};
use crate::command::command;

command!("group_open_http_svc" / "delete_group_attr", "Deletes attributes of a group.", Both, Request => Response, handle);

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    attributes::write(cx, Op::Delete, it).await
}
