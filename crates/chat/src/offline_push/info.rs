//! `OfflinePushInfo`, and the text of a message that comes without one. `spec/concepts/message-format.md` 5 and 6.

use serde_json::{Map, Value};

/// Longest text and title that are shown; further ones are cut. Bytes.
const TEXT_BYTES_MAX: usize = 1024;
const TITLE_BYTES_MAX: usize = 256;

/// What a sender wishes of a push. Texts are empty where it said nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Info {
    pub title: String,
    pub text: String,
    pub ext: String,
    pub android_sound: String,
    /// Of FCM.
    pub android_channel: String,
    pub android_image: String,
    pub apple_sound: String,
    pub apple_title: String,
    pub subtitle: String,
    pub apple_image: String,
    /// Whether the message counts in the badge.
    pub counts: bool,
    pub is_mutable: bool,
    pub interruption: String,
    pub is_silent: bool,
    /// Pushes with the same one replace each other on a device.
    pub collapse_id: String,
}

fn members(json: &str) -> Map<String, Value> {
    serde_json::from_str(json).unwrap_or_default()
}

fn text(of: &Map<String, Value>, name: &str) -> String {
    of.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn inner(of: &Map<String, Value>, name: &str) -> Map<String, Value> {
    of.get(name).and_then(Value::as_object).cloned().unwrap_or_default()
}

fn is_one(of: &Map<String, Value>, name: &str) -> bool {
    of.get(name).and_then(Value::as_i64) == Some(1)
}

/// Whether the sender wants no push.
pub(super) fn forbids(json: &str) -> bool {
    !json.is_empty() && is_one(&members(json), "PushFlag")
}

impl Info {
    /// Of a message with this body. `None`: there is nothing that could be shown.
    pub(super) fn of(json: &str, body: &str) -> Option<Info> {
        let elements: Vec<Value> = serde_json::from_str(body).unwrap_or_default();
        let elements: Vec<_> = elements.iter().filter_map(Value::as_object).collect();
        let mut it = if json.is_empty() { Info::of_elements(&elements) } else { Info::given(json) };
        if it.text.is_empty() {
            it.text = elements.iter().map(|it| shown(it)).collect();
        }
        shorten(&mut it.text, TEXT_BYTES_MAX);
        shorten(&mut it.title, TITLE_BYTES_MAX);
        shorten(&mut it.apple_title, TITLE_BYTES_MAX);
        shorten(&mut it.subtitle, TITLE_BYTES_MAX);
        (!it.text.is_empty() || it.is_silent).then_some(it)
    }

    fn given(json: &str) -> Info {
        let all = members(json);
        let (android, apple) = (inner(&all, "AndroidInfo"), inner(&all, "ApnsInfo"));
        Info {
            title: text(&all, "Title"),
            text: text(&all, "Desc"),
            ext: text(&all, "Ext"),
            android_sound: text(&android, "Sound"),
            android_channel: text(&android, "GoogleChannelID"),
            android_image: text(&android, "GoogleImage"),
            apple_sound: text(&apple, "Sound"),
            apple_title: text(&apple, "Title"),
            subtitle: text(&apple, "SubTitle"),
            apple_image: text(&apple, "Image"),
            counts: !is_one(&apple, "BadgeMode"),
            is_mutable: is_one(&apple, "MutableContent"),
            interruption: text(&apple, "InterruptionLevel"),
            is_silent: is_one(&apple, "ContentAvailable"),
            collapse_id: text(&apple, "CollapseID"),
        }
    }

    /// Without an OfflinePushInfo the first custom element says what goes with the push.
    fn of_elements(elements: &[&Map<String, Value>]) -> Info {
        let custom = elements.iter().find(|it| text(it, "MsgType") == "TIMCustomElem");
        let content = custom.map(|it| inner(it, "MsgContent")).unwrap_or_default();
        let sound = text(&content, "Sound");
        Info {
            ext: text(&content, "Ext"),
            android_sound: sound.clone(),
            apple_sound: sound,
            counts: true,
            ..Info::default()
        }
    }
}

/// An element as text.
fn shown(element: &Map<String, Value>) -> String {
    let content = inner(element, "MsgContent");
    let fixed = match &*text(element, "MsgType") {
        "TIMTextElem" => return text(&content, "Text"),
        "TIMCustomElem" => return text(&content, "Desc"),
        "TIMLocationElem" => "[Location]",
        "TIMFaceElem" => "[Face]",
        "TIMImageElem" => "[Image]",
        "TIMSoundElem" => "[Voice]",
        "TIMFileElem" => "[File]",
        "TIMVideoFileElem" => "[Video]",
        "TIMRelayElem" => "[Chat History]",
        _ => "",
    };
    fixed.to_owned()
}

fn shorten(text: &mut String, most: usize) {
    text.truncate(text.floor_char_boundary(most));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn custom(desc: &str) -> Value {
        let content = json!({"Data": "d", "Desc": desc, "Ext": "e", "Sound": "s.caf"});
        json!([{"MsgType": "TIMCustomElem", "MsgContent": content}])
    }

    #[test]
    fn the_elements_of_a_message_are_its_text() {
        let element = |kind: &str| json!({"MsgType": kind, "MsgContent": {"Text": "hi", "Desc": "told"}});
        for (kinds, expected) in [
            (vec!["TIMTextElem"], "hi"),
            (vec!["TIMTextElem", "TIMFaceElem", "TIMCustomElem"], "hi[Face]told"),
            (vec!["TIMLocationElem", "TIMImageElem"], "[Location][Image]"),
            (vec!["TIMSoundElem", "TIMFileElem"], "[Voice][File]"),
            (vec!["TIMVideoFileElem", "TIMRelayElem"], "[Video][Chat History]"),
        ] {
            let body = Value::from(kinds.into_iter().map(element).collect::<Vec<_>>()).to_string();
            assert_eq!(Info::of("", &body).map(|it| it.text).as_deref(), Some(expected));
        }
    }

    #[test]
    fn a_custom_element_without_a_description_is_not_pushed_unless_the_info_has_one() {
        assert_eq!(Info::of("", &custom("").to_string()), None);
        assert_eq!(Info::of("{}", &custom("").to_string()), None);
        let info = Info::of(r#"{"Desc":"x"}"#, &custom("").to_string()).map(|it| (it.text, it.ext));
        assert_eq!(info, Some(("x".to_owned(), String::new())), "its Ext is not looked at");
        let info = Info::of("{}", &custom("told").to_string()).map(|it| (it.text, it.apple_sound));
        assert_eq!(info, Some(("told".to_owned(), String::new())));
        let info = Info::of("", &custom("told").to_string()).map(|it| (it.ext, it.apple_sound));
        assert_eq!(info, Some(("e".to_owned(), "s.caf".to_owned())));
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let body = json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": "家".repeat(1000)}}]);
        let text = Info::of("", &body.to_string()).map(|it| it.text.len());
        assert_eq!(text, Some(1023));
    }

    #[test]
    fn what_is_no_object_wishes_nothing() {
        for (json, expected) in [
            ("", false),
            ("{}", false),
            ("7", false),
            (r#"{"PushFlag":1}"#, true),
            (r#"{"PushFlag":"1"}"#, false),
        ] {
            assert_eq!(forbids(json), expected, "{json}");
        }
    }
}
