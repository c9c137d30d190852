//! Bodies of webhooks about one-to-one messages to robots. `spec/webhooks/Bot.OnC2CMessage.yaml`,
//! `spec/webhooks/Chatbot.OnC2CSignalMessage.yaml`

use serde::Serialize;

use super::C2cMessage;

/// Bot.OnC2CMessage.
#[derive(Serialize)]
pub(crate) struct MessageToRobot<'a> {
    #[serde(flatten)]
    pub(crate) message: C2cMessage<'a>,
    #[serde(rename = "SendMsgResult")]
    pub(crate) result: i64,
    #[serde(rename = "ErrorInfo")]
    pub(crate) info: &'static str,
}

/// Chatbot.OnC2CSignalMessage.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Passthrough<'a> {
    #[serde(rename = "From_Account")]
    pub(crate) from: &'a str,
    #[serde(rename = "To_Account")]
    pub(crate) to: &'a str,
    pub(crate) msg_seq: i64,
    pub(crate) msg_random: i64,
    pub(crate) msg_key: String,
    pub(crate) event_time: i64,
    pub(crate) data: &'a str,
}
