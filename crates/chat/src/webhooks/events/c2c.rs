//! Bodies of webhooks about one-to-one messages. `spec/webhooks/C2C.*.yaml`

use serde::Serialize;
use serde_json::value::RawValue;

/// A one-to-one message; the same members stand in the webhooks before and after sending.
#[derive(Serialize)]
pub(crate) struct C2cMessage<'a> {
    #[serde(rename = "From_Account")]
    pub(crate) from: &'a str,
    #[serde(rename = "To_Account")]
    pub(crate) to: &'a str,
    #[serde(rename = "MsgSeq")]
    pub(crate) seq: i64,
    #[serde(rename = "MsgRandom")]
    pub(crate) random: i64,
    #[serde(rename = "MsgTime")]
    pub(crate) time: i64,
    #[serde(rename = "MsgKey")]
    pub(crate) key: String,
    #[serde(rename = "MsgId")]
    pub(crate) id: String,
    #[serde(rename = "OnlineOnlyFlag")]
    pub(crate) online_only: i64,
    #[serde(rename = "MsgBody")]
    pub(crate) body: &'a RawValue,
    #[serde(rename = "CloudCustomData", skip_serializing_if = "Option::is_none")]
    pub(crate) cloud: Option<&'a RawValue>,
    #[serde(rename = "EventTime")]
    pub(crate) event_time: i64,
}

/// C2C.CallbackAfterSendMsg.
#[derive(Serialize)]
pub(crate) struct AfterSendC2c<'a> {
    #[serde(flatten)]
    pub(crate) message: C2cMessage<'a>,
    #[serde(rename = "SendMsgResult")]
    pub(crate) result: i64,
    #[serde(rename = "ErrorInfo")]
    pub(crate) info: &'static str,
    #[serde(rename = "UnreadMsgNum")]
    pub(crate) unread: i64,
}

/// C2C.CallbackAfterMsgReport.
#[derive(Serialize)]
pub(crate) struct AfterReportC2c<'a> {
    #[serde(rename = "Report_Account")]
    pub(crate) reader: &'a str,
    #[serde(rename = "Peer_Account")]
    pub(crate) peer: &'a str,
    #[serde(rename = "LastReadTime")]
    pub(crate) read_at: i64,
    #[serde(rename = "UnreadMsgNum")]
    pub(crate) unread: i64,
    #[serde(rename = "EventTime")]
    pub(crate) event_time: i64,
}

/// C2C.CallbackAfterMsgWithDraw.
#[derive(Serialize)]
pub(crate) struct AfterRecallC2c<'a> {
    #[serde(rename = "From_Account")]
    pub(crate) from: &'a str,
    #[serde(rename = "To_Account")]
    pub(crate) to: &'a str,
    #[serde(rename = "MsgKey")]
    pub(crate) key: String,
    #[serde(rename = "MsgId")]
    pub(crate) id: String,
    #[serde(rename = "UnreadMsgNum")]
    pub(crate) unread: i64,
    #[serde(rename = "EventTime")]
    pub(crate) event_time: i64,
}
