//! Bodies of webhooks about messages to groups. `spec/webhooks/Group.*Msg*.yaml`, `Group.CallbackAfterReadReceipt.yaml`

use serde::Serialize;
use serde_json::value::RawValue;

use super::ListedUser;

/// A message to a group: what all webhooks about one say of it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct MessageToGroup<'a> {
    pub(crate) group_id: &'a str,
    /// Of a group that exists.
    #[serde(rename = "Type", skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<&'static str>,
    #[serde(rename = "From_Account")]
    pub(crate) from: &'a str,
    #[serde(rename = "Operator_Account")]
    pub(crate) operator: &'a str,
    pub(crate) random: i64,
    pub(crate) online_only_flag: i64,
    pub(crate) msg_body: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cloud_custom_data: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) topic_id: Option<&'a str>,
    pub(crate) event_time: i64,
}

/// Group.CallbackBeforeSendMsg.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct BeforeSendToGroup<'a> {
    #[serde(flatten)]
    pub(crate) message: MessageToGroup<'a>,
    pub(crate) msg_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) group_at_info: Option<&'a RawValue>,
}

/// Group.CallbackAfterSendMsg.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AfterSendToGroup<'a> {
    #[serde(flatten)]
    pub(crate) message: MessageToGroup<'a>,
    pub(crate) msg_seq: i64,
    pub(crate) msg_time: i64,
    pub(crate) msg_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) group_at_info: Option<&'a RawValue>,
}

/// Group.CallbackSendMsgException.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct NotSentToGroup<'a> {
    #[serde(flatten)]
    pub(crate) message: MessageToGroup<'a>,
    pub(crate) error_code: i64,
    pub(crate) error_info: &'a str,
}

/// Bot.OnGroupMessage.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RobotsMentioned<'a> {
    #[serde(flatten)]
    pub(crate) message: MessageToGroup<'a>,
    pub(crate) msg_seq: i64,
    pub(crate) msg_time: i64,
    #[serde(rename = "AtRobots_Account")]
    pub(crate) robots: Vec<&'a str>,
}

/// A message in Group.CallbackAfterRecallMsg.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Recalled {
    pub(crate) msg_seq: i64,
}

/// Group.CallbackAfterRecallMsg.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AfterRecallInGroup<'a> {
    #[serde(rename = "Operator_Account")]
    pub(crate) operator: &'a str,
    #[serde(rename = "Type")]
    pub(crate) kind: &'static str,
    pub(crate) group_id: &'a str,
    pub(crate) msg_seq_list: Vec<Recalled>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) topic_id: Option<&'a str>,
    pub(crate) event_time: i64,
}

/// A message in Group.CallbackAfterReadReceipt.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ReceiptCount<'a> {
    pub(crate) msg_seq: i64,
    pub(crate) read_num: i64,
    pub(crate) unread_num: i64,
    /// Who confirmed it just now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) read_receipt_members: Option<[ListedUser<'a>; 1]>,
}

/// Group.CallbackAfterReadReceipt.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AfterReadReceipt<'a> {
    pub(crate) group_id: &'a str,
    #[serde(rename = "Type")]
    pub(crate) kind: &'static str,
    pub(crate) group_msg_receipt_list: Vec<ReceiptCount<'a>>,
    pub(crate) event_time: i64,
}
