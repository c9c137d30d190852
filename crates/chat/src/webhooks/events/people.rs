//! Bodies of webhooks about users: their state and their profile. `spec/webhooks/State.StateChange.yaml`,
//! `spec/webhooks/Profile.CallbackPortraitSet.yaml`

use serde::Serialize;
use serde_json::value::RawValue;

/// State.StateChange.
#[derive(Serialize)]
pub(crate) struct StateChange<'a> {
    #[serde(rename = "EventTime")]
    pub(crate) event_time: i64,
    #[serde(rename = "Info")]
    pub(crate) info: StateInfo<'a>,
    /// Instances that a login pushed out.
    #[serde(rename = "KickedDevice", skip_serializing_if = "Vec::is_empty")]
    pub(crate) kicked: Vec<KickedDevice>,
}

#[derive(Serialize)]
pub(crate) struct StateInfo<'a> {
    #[serde(rename = "Action")]
    pub(crate) action: &'static str,
    #[serde(rename = "To_Account")]
    pub(crate) user: &'a str,
    #[serde(rename = "Reason")]
    pub(crate) reason: &'static str,
    #[serde(rename = "CustomStatus", skip_serializing_if = "Option::is_none")]
    pub(crate) custom_status: Option<&'a str>,
}

#[derive(Serialize)]
pub(crate) struct KickedDevice {
    #[serde(rename = "Platform")]
    pub(crate) platform: &'static str,
}

/// Profile.CallbackPortraitSet.
#[derive(Serialize)]
pub(crate) struct PortraitSet<'a> {
    #[serde(rename = "Operator_Account")]
    pub(crate) operator: &'a str,
    #[serde(rename = "From_Account")]
    pub(crate) user: &'a str,
    #[serde(rename = "EventTime")]
    pub(crate) event_time: i64,
    #[serde(rename = "ProfileItem")]
    pub(crate) items: Vec<ProfileItem<'a>>,
}

#[derive(Serialize)]
pub(crate) struct ProfileItem<'a> {
    #[serde(rename = "Tag")]
    pub(crate) tag: &'a str,
    #[serde(rename = "Value")]
    pub(crate) value: &'a RawValue,
}
