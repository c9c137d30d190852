//! Topics of communities. Every other command of this service is answered by `group_open_http_svc`.

pub mod create_topic;
pub mod destroy_topic;
pub mod get_topic;
pub mod modify_topic;

use chat::Cx;
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::Deserialize;

use super::group_open_http_svc::acting;
use crate::given::Given;

/// The id of a user, which the vendor's page calls a number.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Named {
    Text(String),
    Number(u64),
}

/// Who acts, if it is not the caller: a client may only name itself.
pub fn operator(cx: &Cx, given: Given<Named>) -> Result<Option<String>, Fail> {
    let named = match given.optional(Code::GroupParam, "From_Account")? {
        None => None,
        Some(Named::Text(it)) => Some(it),
        Some(Named::Number(it)) => Some(it.to_string()),
    };
    acting(cx, named, "From_Account")
}

/// The texts that calls about one topic may have.
macro_rules! texts {
    ($it:ident) => {
        chat::groups::topics::Texts {
            name: $it.topic_name.optional(proto::Code::GroupParam, "TopicName")?,
            introduction: $it.introduction.optional(proto::Code::GroupParam, "Introduction")?,
            notification: $it.notification.optional(proto::Code::GroupParam, "Notification")?,
            face: $it.face_url.optional(proto::Code::GroupParam, "FaceUrl")?,
            custom: $it.custom_string.optional(proto::Code::GroupParam, "CustomString")?,
        }
    };
}
pub(crate) use texts;
