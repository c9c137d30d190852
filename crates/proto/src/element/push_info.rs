//! `OfflinePushInfo`: texts and switches for the push services of phone makers.
//!
//! Follows `spec/concepts/message-format.md` 5. Only types are checked; the object is stored as it came and
//! handed to whatever push hook is configured.

use super::fields::{
    self, Field,
    Kind::{Fields, Integer, Text},
    optional,
};

const PUSH_INFO: &[Field] = &[
    optional("PushFlag", Integer),
    optional("Title", Text),
    optional("Desc", Text),
    optional("Ext", Text),
    optional("AndroidInfo", Fields(ANDROID)),
    optional("ApnsInfo", Fields(APNS)),
];
const ANDROID: &[Field] = &[
    optional("Sound", Text),
    optional("PushStyle", Integer),
    optional("HuaWeiChannelID", Text),
    optional("XiaoMiChannelID", Text),
    optional("OPPOChannelID", Text),
    optional("GoogleChannelID", Text),
    optional("HuaWeiImportance", Text),
    optional("HuaWeiCategory", Text),
    optional("VIVOCategory", Text),
    optional("OPPOCategory", Text),
    optional("HonorImportance", Text),
    optional("VIVOClassification", Integer),
    optional("ExtAsHuaweiIntentParam", Integer),
    optional("MeiZuNoticeMsgType", Integer),
    optional("HuaWeiImage", Text),
    optional("HonorImage", Text),
    optional("GoogleImage", Text),
];
const APNS: &[Field] = &[
    optional("Sound", Text),
    optional("BadgeMode", Integer),
    optional("Title", Text),
    optional("SubTitle", Text),
    optional("Image", Text),
    optional("MutableContent", Integer),
    optional("InterruptionLevel", Text),
    optional("ContentAvailable", Integer),
];

/// Checks the JSON text of an `OfflinePushInfo`. The error says which member is wrong and how.
pub fn check(raw: &str) -> Result<(), String> {
    let raw = raw.trim_ascii();
    let name = "OfflinePushInfo";
    if !raw.starts_with('{') {
        return Err(format!("{name} must be an object"));
    }
    fields::check(raw, PUSH_INFO, &[]).map(drop).map_err(|fault| format!("{name}{fault}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn right_types_and_unknown_members_pass() {
        for raw in [
            "{}",
            " { \"PushFlag\" : 1 , \"Title\" : \"t\" } ",
            r#"{"PushFlag":0,"Desc":"d","Ext":"{}","AndroidInfo":{"Sound":"a.mp3","VIVOClassification":1},"ApnsInfo":{"BadgeMode":1,"Title":"t"}}"#,
            r#"{"New":[1,null],"AndroidInfo":{"NewChannel":7},"ApnsInfo":{}}"#,
        ] {
            assert_eq!(check(raw), Ok(()), "{raw}");
        }
    }

    #[test]
    fn wrong_types_are_named() {
        for (raw, fault) in [
            ("[]", "OfflinePushInfo must be an object"),
            ("\"\"", "OfflinePushInfo must be an object"),
            ("null", "OfflinePushInfo must be an object"),
            (r#"{"PushFlag":"0"}"#, "OfflinePushInfo.PushFlag must be an integer"),
            (r#"{"PushFlag":0.5}"#, "OfflinePushInfo.PushFlag must be an integer"),
            (r#"{"Title":1}"#, "OfflinePushInfo.Title must be a string"),
            (r#"{"Ext":{}}"#, "OfflinePushInfo.Ext must be a string"),
            (r#"{"Desc":null}"#, "OfflinePushInfo.Desc must be a string"),
            (r#"{"AndroidInfo":[]}"#, "OfflinePushInfo.AndroidInfo must be an object"),
            (r#"{"AndroidInfo":{"Sound":1}}"#, "OfflinePushInfo.AndroidInfo.Sound must be a string"),
            (r#"{"ApnsInfo":{"BadgeMode":true}}"#, "OfflinePushInfo.ApnsInfo.BadgeMode must be an integer"),
            (r#"{"Title":"a","Title":"b"}"#, "OfflinePushInfo.Title is there twice"),
        ] {
            assert_eq!(check(raw), Err(fault.to_owned()), "{raw}");
        }
        assert!(check("{").is_err());
        assert!(check("{} x").is_err());
    }
}
