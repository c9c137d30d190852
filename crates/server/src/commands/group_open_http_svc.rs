//! Groups. The service `million_group_open_http_svc` answers the same commands.

pub mod add_group_member;
pub mod apply_join_group;
pub mod attributes;
pub mod ban_group_member;
pub mod batch_get_group_notify;
pub mod change_group_owner;
pub mod clear_group_attr;
pub mod create_group;
pub mod delete_group_attr;
pub mod delete_group_counter;
pub mod delete_group_member;
pub mod delete_group_msg_by_sender;
pub mod delete_group_ramble_msg_by_seq;
pub mod describe;
pub mod destroy_group;
pub mod forbid_send_msg;
pub mod get_appid_group_list;
pub mod get_group_ban_member;
pub mod get_group_counter;
pub mod get_group_info;
pub mod get_group_member_info;
pub mod get_group_msg_receipt;
pub mod get_group_msg_receipt_detail;
pub mod get_group_msg_receipts_by_users;
pub mod get_group_muted_account;
pub mod get_group_public_info;
pub mod get_group_self_member_info;
pub mod get_huge_group_msg;
pub mod get_joined_group_list;
pub mod get_online_member_num;
pub mod get_pendency;
pub mod get_pinned_messages;
pub mod get_role_in_group;
pub mod get_specified_group_member_info;
pub mod group_msg_get;
pub mod group_msg_get_simple;
pub mod group_msg_recall;
pub mod group_msg_receipt;
pub mod handle_apply_join_group;
pub mod handle_invite_join_group;
pub mod handle_invite_join_permission_group;
pub mod import_group;
pub mod import_group_member;
pub mod import_group_msg;
pub mod import_topic;
pub mod modify_group_attr;
pub mod modify_group_base_info;
pub mod modify_group_member_info;
pub mod msg_read_report;
pub mod numbered;
pub mod people;
pub mod pin_message;
pub mod quit_group;
pub mod send_broadcast_msg;
pub mod send_group_msg;
pub mod send_group_system_notification;
pub mod set_group_attr;
pub mod set_unread_msg_num;
pub mod unban_group_member;
pub mod unpin_message;
pub mod update_group_counter;

use chat::{Cx, groups::Kind};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use numbered::{Numbered, numbers, topic_id, wanted};

use crate::given::Given;

/// One custom field of a group or member.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Field {
    key: String,
    value: String,
}

/// Custom fields by their keys; the last of a repeated key counts.
fn fields(given: Given<Vec<Field>>, name: &str) -> Result<Map<String, Value>, Fail> {
    let fields = given.optional(Code::GroupParam, name)?.unwrap_or_default();
    Ok(fields.into_iter().map(|it| (it.key, it.value.into())).collect())
}

/// Type, which must be there and be one that groups can have.
fn kind(given: Given<String>) -> Result<Kind, Fail> {
    let name = given.need(Code::GroupParam, "Type")?;
    Kind::parse(&name).ok_or_else(|| Fail::with(Code::GroupParam, format!("there is no Type {name:?}")))
}

/// A number that may be 0 or 1.
fn switch(given: Given<i64>, name: &str) -> Result<Option<bool>, Fail> {
    match given.optional(Code::GroupParam, name)? {
        None => Ok(None),
        Some(0) => Ok(Some(false)),
        Some(1) => Ok(Some(true)),
        Some(_) => Err(Fail::with(Code::GroupParam, format!("{name} must be 0 or 1"))),
    }
}

/// GroupId, which must be there.
pub fn group_id(given: Given<String>) -> Result<String, Fail> {
    let id = given.need(Code::GroupParam, "GroupId")?;
    match id.is_empty() {
        true => Err(Fail::with(Code::GroupParam, "GroupId is empty")),
        false => Ok(id),
    }
}

/// A user that a call names as acting: a client may only mean itself (10007), a backend anybody.
fn own(cx: &Cx, given: Given<String>, name: &str) -> Result<Option<String>, Fail> {
    acting(cx, given.optional(Code::GroupParam, name)?, name)
}

/// The same for a name that was read already.
pub fn acting(cx: &Cx, named: Option<String>, name: &str) -> Result<Option<String>, Fail> {
    match named.filter(|it| !it.is_empty()) {
        Some(it) if !cx.is_admin() && it != cx.caller.user() => {
            Err(Fail::with(Code::GroupDenied, format!("{name} must be the user that is logged in")))
        }
        None if !cx.is_admin() => Ok(Some(cx.caller.user().to_owned())),
        named => Ok(named),
    }
}

/// A switch by its name.
pub fn on_or_off(name: &str) -> Option<bool> {
    match name {
        "On" => Some(true),
        "Off" => Some(false),
        _ => None,
    }
}

/// An option by its name; other names are 10004.
pub fn option<T>(given: Given<String>, name: &str, parse: fn(&str) -> Option<T>) -> Result<Option<T>, Fail> {
    let Some(text) = given.optional(Code::GroupParam, name)? else { return Ok(None) };
    match parse(&text) {
        Some(it) => Ok(Some(it)),
        None => Err(Fail::with(Code::GroupParam, format!("{name} has no value {text:?}"))),
    }
}
