//! Tests of message bodies: which ones pass, and what is said about the others.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn element(kind: &str, content: &Value) -> Value {
    json!({ "MsgType": kind, "MsgContent": content })
}

fn check(kind: &str, content: &Value, from: From) -> Result<Body, Fault> {
    Body::check(&json!([element(kind, content)]).to_string(), from)
}

fn image_info(kind: i64) -> Value {
    json!({ "Type": kind, "Size": 7, "Width": 10, "Height": 20, "URL": "https://files.example/a.png" })
}

/// One sound content per type: the members that must be there, then those that may.
fn sound() -> [(ElementType, Value, Value); 9] {
    [
        (ElementType::Text, json!({ "Text": "hello 😀 \"you\"" }), json!({})),
        (ElementType::Location, json!({ "Desc": "here", "Latitude": 29.34, "Longitude": -116 }), json!({})),
        (ElementType::Face, json!({ "Index": 1 }), json!({ "Data": "x" })),
        (ElementType::Custom, json!({}), json!({ "Data": "d", "Desc": "", "Ext": "e", "Sound": "s" })),
        (
            ElementType::Sound,
            json!({ "Url": "https://files.example/a.mp3", "UUID": "u", "Download_Flag": 2 }),
            json!({ "Size": 4096, "Second": 3 }),
        ),
        (
            ElementType::Image,
            json!({ "UUID": "u", "ImageInfoArray": [image_info(1), image_info(2), image_info(3)] }),
            json!({ "ImageFormat": 255 }),
        ),
        (
            ElementType::File,
            json!({ "Url": "https://files.example/a.pdf", "UUID": "u", "Download_Flag": 2 }),
            json!({ "FileSize": 1773552, "FileName": "a.pdf" }),
        ),
        (
            ElementType::Video,
            json!({
                "VideoUrl": "v", "VideoUUID": "u", "VideoDownloadFlag": 2, "ThumbUrl": "t", "ThumbUUID": "w",
                "ThumbWidth": 1, "ThumbHeight": 1, "ThumbDownloadFlag": 2,
            }),
            json!({ "VideoSize": 1, "VideoSecond": 0, "VideoFormat": "mp4", "ThumbSize": 1, "ThumbFormat": "JPG" }),
        ),
        (
            ElementType::Relay,
            json!({}),
            json!({
                "Title": "t", "MsgNum": 1, "CompatibleText": "c", "AbstractList": ["a: b"], "Version": 1,
                "LayersOverLimit": false, "MsgList": [{ "From_Account": "a", "MsgBody": [] }],
                "JsonMsgKey": "", "PbMsgKey": "",
            }),
        ),
    ]
}

fn merged(one: &Value, other: &Value) -> Value {
    let mut all = one.clone();
    for (name, value) in other.as_object().expect("contents are objects") {
        all[name] = value.clone();
    }
    all
}

/// The smallest and the largest content of a type.
fn contents(kind: ElementType, must: &Value, may: &Value) -> [Value; 2] {
    let least = match kind {
        ElementType::Custom => json!({ "Ext": "" }),
        ElementType::Relay => json!({ "JsonMsgKey": "k" }),
        _ => must.clone(),
    };
    [least, merged(must, may)]
}

#[test]
fn every_type_passes_with_its_least_and_all_its_fields() {
    for (kind, must, may) in sound() {
        for content in contents(kind, &must, &may) {
            for from in [From::Admin, From::Client] {
                let body = check(kind.name(), &content, from).expect("it is sound");
                assert_eq!(body.types().collect::<Vec<_>>(), [kind]);
            }
        }
    }
}

#[test]
fn a_missing_field_is_named_to_a_backend_and_passes_from_a_client() {
    for (kind, must, _) in sound() {
        for name in must.as_object().expect("contents are objects").keys() {
            let mut content = must.clone();
            content.as_object_mut().expect("contents are objects").remove(name);
            let fault = Fault::Field(format!("MsgBody[0].MsgContent.{name} is missing"));
            assert_eq!(check(kind.name(), &content, From::Admin), Err(fault));
            assert!(check(kind.name(), &content, From::Client).is_ok());
        }
    }
}

#[test]
fn a_field_of_another_type_is_named_to_a_backend_and_passes_from_a_client() {
    for (kind, must, may) in sound() {
        let whole = merged(&must, &may);
        for (name, value) in whole.as_object().expect("contents are objects") {
            let others: &[Value] = match value {
                Value::String(_) => &[json!(1), json!(null), json!({}), json!(["x"]), json!(true)],
                Value::Number(number) if number.is_f64() => {
                    &[json!("1"), json!(null), json!({}), json!(true)]
                }
                Value::Number(_) if kind == ElementType::Location => &[json!("1"), json!(null), json!([])],
                Value::Number(_) => &[json!("1"), json!(1.5), json!(null), json!({}), json!(true)],
                _ => &[json!("x"), json!(1), json!(null), json!({})],
            };
            for other in others {
                let mut content = whole.clone();
                content[name] = other.clone();
                let Err(Fault::Field(text)) = check(kind.name(), &content, From::Admin) else {
                    panic!("{kind:?}.{name} = {other} passed");
                };
                assert!(text.starts_with(&format!("MsgBody[0].MsgContent.{name} must be ")), "{text}");
                assert!(check(kind.name(), &content, From::Client).is_ok());
            }
        }
    }
}

#[test]
fn values_beyond_their_range_are_named() {
    for (kind, content, fault) in [
        ("TIMCustomElem", json!({}), " needs at least one of Data, Desc, Ext and Sound"),
        ("TIMCustomElem", json!({ "Other": "x" }), " needs at least one of Data, Desc, Ext and Sound"),
        ("TIMSoundElem", json!({ "Url": "", "UUID": "", "Download_Flag": 1 }), ".Download_Flag must be 2"),
        ("TIMFileElem", json!({ "Url": "", "UUID": "", "Download_Flag": "2" }), ".Download_Flag must be 2"),
        (
            "TIMImageElem",
            json!({ "UUID": "", "ImageInfoArray": [] }),
            ".ImageInfoArray must have 1 to 3 entries",
        ),
        (
            "TIMImageElem",
            json!({ "UUID": "", "ImageInfoArray": [image_info(1), image_info(1), image_info(1), image_info(1)] }),
            ".ImageInfoArray must have 1 to 3 entries",
        ),
        (
            "TIMImageElem",
            json!({ "UUID": "", "ImageInfoArray": [image_info(1), image_info(4)] }),
            ".ImageInfoArray[1].Type must be 1, 2 or 3",
        ),
        (
            "TIMImageElem",
            json!({ "UUID": "", "ImageInfoArray": ["x"] }),
            ".ImageInfoArray[0] must be an object",
        ),
        (
            "TIMImageElem",
            json!({ "UUID": "", "ImageInfoArray": [{ "Type": 1, "Width": 1, "Height": 1 }] }),
            ".ImageInfoArray[0].URL is missing",
        ),
    ] {
        let expected = Fault::Field(format!("MsgBody[0].MsgContent{fault}"));
        assert_eq!(check(kind, &content, From::Admin), Err(expected), "{content}");
    }
}

#[test]
fn a_merged_message_has_a_list_or_a_key() {
    let message = json!([{ "From_Account": "a", "MsgSeq": 1, "MsgRandom": 2, "MsgTimeStamp": 3, "MsgBody": [], "Id": 7 }]);
    let (none, both) = (" needs MsgList or JsonMsgKey", " must not have both MsgList and JsonMsgKey");
    for (content, fault) in [
        (json!({ "MsgList": message }), None),
        (json!({ "MsgList": message, "JsonMsgKey": "", "PbMsgKey": "" }), None),
        (json!({ "JsonMsgKey": "k", "PbMsgKey": "p" }), None),
        (json!({ "JsonMsgKey": "k", "MsgList": [] }), None),
        (json!({ "JsonMsgKey": "k", "MsgList": "" }), None),
        (json!({}), Some(none)),
        (json!({ "JsonMsgKey": "", "MsgList": [] }), Some(none)),
        (json!({ "JsonMsgKey": "", "MsgList": "" }), Some(none)),
        (json!({ "PbMsgKey": "p" }), Some(none)),
        (json!({ "MsgList": message, "JsonMsgKey": "k" }), Some(both)),
        (json!({ "MsgList": [1] }), Some(".MsgList[0] must be an object")),
        (json!({ "MsgList": [{ "MsgSeq": "1" }] }), Some(".MsgList[0].MsgSeq must be an integer")),
        (json!({ "MsgList": [{}, { "MsgBody": {} }] }), Some(".MsgList[1].MsgBody must be an array")),
        (
            json!({ "AbstractList": [1], "JsonMsgKey": "k" }),
            Some(".AbstractList must be an array of strings"),
        ),
    ] {
        let expected = fault.map(|text| Fault::Field(format!("MsgBody[0].MsgContent{text}")));
        assert_eq!(check("TIMRelayElem", &content, From::Admin).err(), expected, "{content}");
    }
}

#[test]
fn what_is_no_message_body_is_refused_from_everybody() {
    let text = element("TIMTextElem", &json!({ "Text": "x" })).to_string();
    let malformed = |text: &str| Fault::Malformed(text.to_owned());
    for (raw, fault) in [
        ("{}".to_owned(), Fault::NotList),
        ("\"x\"".to_owned(), Fault::NotList),
        ("null".to_owned(), Fault::NotList),
        (String::new(), Fault::NotList),
        (text.clone(), Fault::NotList),
        ("[]".to_owned(), malformed("MsgBody must not be empty")),
        (" [ ] ".to_owned(), malformed("MsgBody must not be empty")),
        ("[1]".to_owned(), malformed("MsgBody[0] must be an object")),
        (format!("[{text},[]]"), malformed("MsgBody[1] must be an object")),
        (format!("[{text},null]"), malformed("MsgBody[1] must be an object")),
        ("[{}]".to_owned(), malformed("MsgBody[0].MsgType must be a string")),
        ("[{\"MsgType\":1}]".to_owned(), malformed("MsgBody[0].MsgType must be a string")),
        ("[{\"MsgType\":null}]".to_owned(), malformed("MsgBody[0].MsgType must be a string")),
        ("[{\"MsgType\":\"TIMTextElem\"}]".to_owned(), malformed("MsgBody[0].MsgContent must be an object")),
        (
            "[{\"MsgType\":\"TIMTextElem\",\"MsgContent\":null}]".to_owned(),
            malformed("MsgBody[0].MsgContent must be an object"),
        ),
        (
            "[{\"MsgType\":\"TIMTextElem\",\"MsgContent\":[]}]".to_owned(),
            malformed("MsgBody[0].MsgContent must be an object"),
        ),
    ] {
        for from in [From::Admin, From::Client] {
            assert_eq!(Body::check(&raw, from), Err(fault.clone()), "{raw}");
        }
    }
    for raw in ["[", "[1", "[{\"MsgType\"}]", "[] x", "[{\"MsgType\":\"a\",\"MsgType\":\"b\"}]"] {
        assert!(matches!(Body::check(raw, From::Client), Err(Fault::Malformed(_))), "{raw}");
    }
}

#[test]
fn types_that_only_the_server_makes_are_refused() {
    for kind in ["TIMGroupTipElem", "TIMGroupSystemNoticeElem", "TIMTextElem ", "timtextelem", "Text", ""] {
        let fault = Fault::Malformed("MsgBody[0].MsgType is not a type that can be sent".into());
        assert_eq!(check(kind, &json!({ "Text": "x" }), From::Client), Err(fault), "{kind}");
    }
}

#[test]
fn a_body_is_nested_up_to_its_limit() {
    let nested = |depth: usize| {
        let inner = "[".repeat(depth - 3) + &"]".repeat(depth - 3);
        format!(r#"[{{"MsgType":"TIMTextElem","MsgContent":{{"Text":"x","More":{inner}}}}}]"#)
    };
    assert!(Body::check(&nested(DEPTH_MAX), From::Client).is_ok());
    let fault = Fault::Malformed("MsgBody is nested deeper than 64".into());
    assert_eq!(Body::check(&nested(DEPTH_MAX + 1), From::Client), Err(fault));
}

#[test]
fn several_elements_keep_their_order_and_unknown_members_stay() {
    let raw = r#" [ {"Z":[ 1 , null ],"MsgType":"TIMFaceElem","MsgContent":{ "New" : 1.50, "Index":6,"Data":"a  b" }} ,
        {"MsgType":"TIM\u0054extElem","MsgContent":{"Text":"\u4f60 \/ 😀"}} ] "#;
    let body = Body::check(raw, From::Admin).expect("it is sound");
    let kept = r#"[{"Z":[1,null],"MsgType":"TIMFaceElem","MsgContent":{"New":1.50,"Index":6,"Data":"a  b"}},{"MsgType":"TIM\u0054extElem","MsgContent":{"Text":"\u4f60 \/ 😀"}}]"#;
    assert_eq!(body.json(), kept);
    assert_eq!(body.types().collect::<Vec<_>>(), [ElementType::Face, ElementType::Text]);
    assert_eq!(message_bytes(body.json(), ""), kept.len());
    assert_eq!(
        message_bytes(body.json(), r#""cl\"\u20acd""#),
        kept.len() + 7,
        "escapes count as what they mean"
    );
    assert_eq!(body.into_json(), kept);
}

#[test]
fn faults_have_the_codes_of_both_services() {
    for (fault, c2c) in [
        (Fault::NotList, Code::C2cBodyNotList),
        (Fault::Malformed("x".into()), Code::C2cBody),
        (Fault::Field("x".into()), Code::C2cElement),
    ] {
        assert_eq!((fault.c2c_code(), fault.group_code()), (c2c, Code::GroupParam));
    }
    assert_eq!(Fault::NotList.to_string(), "MsgBody must be an array");
    assert_eq!(Fault::Field("MsgBody[0] x".into()).to_string(), "MsgBody[0] x");
}

proptest! {
    #[test]
    fn any_text_comes_back_as_it_was(text in ".{0,200}") {
        let raw = json!([element("TIMTextElem", &json!({ "Text": text }))]).to_string();
        let body = Body::check(&raw, From::Admin).expect("it is sound");
        prop_assert_eq!(body.json(), raw);
    }

    #[test]
    fn arbitrary_text_never_panics(raw in ".{0,100}") {
        let _ = Body::check(&raw, From::Admin);
        let _ = Body::check(&format!("[{raw}]"), From::Admin);
        let _ = push_info::check(&format!("{{{raw}}}"));
    }
}
