//! Bodies of webhooks about friends and blocklists. `spec/webhooks/Sns.*.yaml`

use serde::Serialize;

/// Somebody and somebody else who is, or was, in a table of theirs.
#[derive(Serialize)]
pub(crate) struct Pair<'a> {
    #[serde(rename = "From_Account")]
    pub(crate) from: &'a str,
    #[serde(rename = "To_Account")]
    pub(crate) to: &'a str,
}

/// Sns.CallbackFriendDelete, Sns.CallbackBlackListAdd, Sns.CallbackBlackListDelete.
#[derive(Serialize)]
pub(crate) struct Pairs<'a> {
    #[serde(rename = "PairList")]
    pub(crate) pairs: Vec<Pair<'a>>,
    #[serde(rename = "EventTime")]
    pub(crate) event_time: i64,
}

#[derive(Serialize)]
pub(crate) struct NewPair<'a> {
    #[serde(flatten)]
    pub(crate) pair: Pair<'a>,
    #[serde(rename = "Initiator_Account")]
    pub(crate) initiator: &'a str,
}

/// Sns.CallbackFriendAdd.
#[derive(Serialize)]
pub(crate) struct FriendsMade<'a> {
    #[serde(rename = "PairList")]
    pub(crate) pairs: Vec<NewPair<'a>>,
    #[serde(rename = "ClientCmd")]
    pub(crate) command: &'static str,
    #[serde(rename = "Admin_Account")]
    pub(crate) admin: &'a str,
    #[serde(rename = "ForceFlag")]
    pub(crate) forced: i64,
    #[serde(rename = "EventTime")]
    pub(crate) event_time: i64,
}

/// Sns.CallbackPrevFriendAdd.
#[derive(Serialize)]
pub(crate) struct PrevFriendAdd<'a> {
    #[serde(rename = "Requester_Account")]
    pub(crate) requester: &'a str,
    #[serde(rename = "From_Account")]
    pub(crate) from: &'a str,
    #[serde(rename = "FriendItem")]
    pub(crate) items: Vec<WantedFriend<'a>>,
    #[serde(rename = "AddType")]
    pub(crate) kind: &'static str,
    #[serde(rename = "ForceAddFlags")]
    pub(crate) forced: i64,
    #[serde(rename = "EventTime")]
    pub(crate) event_time: i64,
}

#[derive(Serialize)]
pub(crate) struct WantedFriend<'a> {
    #[serde(rename = "To_Account")]
    pub(crate) to: &'a str,
    #[serde(rename = "Remark")]
    pub(crate) remark: &'a str,
    #[serde(rename = "GroupName")]
    pub(crate) list: &'a str,
    #[serde(rename = "AddSource")]
    pub(crate) source: &'a str,
    #[serde(rename = "AddWording")]
    pub(crate) wording: &'a str,
}

/// Sns.CallbackPrevFriendResponse.
#[derive(Serialize)]
pub(crate) struct PrevFriendResponse<'a> {
    #[serde(rename = "Requester_Account")]
    pub(crate) requester: &'a str,
    #[serde(rename = "From_Account")]
    pub(crate) from: &'a str,
    #[serde(rename = "ResponseFriendItem")]
    pub(crate) items: Vec<AnsweredRequest<'a>>,
    #[serde(rename = "EventTime")]
    pub(crate) event_time: i64,
}

#[derive(Serialize)]
pub(crate) struct AnsweredRequest<'a> {
    #[serde(rename = "To_Account")]
    pub(crate) to: &'a str,
    #[serde(rename = "Remark")]
    pub(crate) remark: &'a str,
    #[serde(rename = "TagName")]
    pub(crate) list: &'a str,
    #[serde(rename = "ResponseAction")]
    pub(crate) action: &'static str,
}
