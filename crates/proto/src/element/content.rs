//! What the content of each type of element must hold when a backend sends it.

use super::ElementType;
use super::fields::{
    self, Field,
    Kind::{Boolean, Exactly, Integer, List, ListOrEmptyText, Number, Text, Texts},
    optional, required,
};

/// The value of every download flag: the file has a URL of its own.
const BY_URL: u8 = 2;
/// An image comes as original, large picture and thumbnail, or some of them.
const IMAGE_SIZES_MAX: usize = 3;

const TEXT: &[Field] = &[required("Text", Text)];
const LOCATION: &[Field] =
    &[required("Desc", Text), required("Latitude", Number), required("Longitude", Number)];
const FACE: &[Field] = &[required("Index", Integer), optional("Data", Text)];
const CUSTOM: &[Field] =
    &[optional("Data", Text), optional("Desc", Text), optional("Ext", Text), optional("Sound", Text)];
const SOUND: &[Field] = &[
    required("Url", Text),
    required("UUID", Text),
    optional("Size", Integer),
    optional("Second", Integer),
    required("Download_Flag", Exactly(BY_URL)),
];
const IMAGE: &[Field] =
    &[required("UUID", Text), optional("ImageFormat", Integer), required("ImageInfoArray", List)];
const IMAGE_INFO: &[Field] = &[
    required("Type", Integer),
    optional("Size", Integer),
    required("Width", Integer),
    required("Height", Integer),
    required("URL", Text),
];
const FILE: &[Field] = &[
    required("Url", Text),
    required("UUID", Text),
    optional("FileSize", Integer),
    optional("FileName", Text),
    required("Download_Flag", Exactly(BY_URL)),
];
const VIDEO: &[Field] = &[
    required("VideoUrl", Text),
    required("VideoUUID", Text),
    optional("VideoSize", Integer),
    optional("VideoSecond", Integer),
    optional("VideoFormat", Text),
    required("VideoDownloadFlag", Exactly(BY_URL)),
    required("ThumbUrl", Text),
    required("ThumbUUID", Text),
    optional("ThumbSize", Integer),
    required("ThumbWidth", Integer),
    required("ThumbHeight", Integer),
    optional("ThumbFormat", Text),
    required("ThumbDownloadFlag", Exactly(BY_URL)),
];
const RELAY: &[Field] = &[
    optional("Title", Text),
    optional("MsgNum", Integer),
    optional("CompatibleText", Text),
    optional("AbstractList", Texts),
    optional("Version", Integer),
    optional("LayersOverLimit", Boolean),
    optional("MsgList", ListOrEmptyText),
    optional("JsonMsgKey", Text),
    optional("PbMsgKey", Text),
];
const RELAYED: &[Field] = &[
    optional("From_Account", Text),
    optional("To_Account", Text),
    optional("GroupId", Text),
    optional("MsgSeq", Integer),
    optional("MsgRandom", Integer),
    optional("MsgTimeStamp", Integer),
    optional("MsgBody", List),
    optional("CloudCustomData", Text),
];

/// Checks a `MsgContent` object. The error text starts with the path inside it.
pub(super) fn check(kind: ElementType, content: &str) -> Result<(), String> {
    let table = match kind {
        ElementType::Text => TEXT,
        ElementType::Location => LOCATION,
        ElementType::Face => FACE,
        ElementType::Sound => SOUND,
        ElementType::File => FILE,
        ElementType::Video => VIDEO,
        ElementType::Custom => return custom(content),
        ElementType::Image => return image(content),
        ElementType::Relay => return relay(content),
    };
    fields::check(content, table, &[]).map(drop)
}

fn custom(content: &str) -> Result<(), String> {
    let seen = fields::check(content, CUSTOM, &[])?;
    if seen.present == 0 {
        return Err(" needs at least one of Data, Desc, Ext and Sound".into());
    }
    Ok(())
}

fn image(content: &str) -> Result<(), String> {
    let seen = fields::check(content, IMAGE, &["ImageInfoArray"])?;
    let sizes = fields::entries(seen.value("ImageInfoArray").unwrap_or("[]"))?;
    if sizes.is_empty() || sizes.len() > IMAGE_SIZES_MAX {
        return Err(format!(".ImageInfoArray must have 1 to {IMAGE_SIZES_MAX} entries"));
    }
    for (index, size) in sizes.iter().enumerate() {
        let at = |fault: String| format!(".ImageInfoArray[{index}]{fault}");
        if !size.get().starts_with('{') {
            return Err(at(" must be an object".into()));
        }
        let seen = fields::check(size.get(), IMAGE_INFO, &["Type"]).map_err(at)?;
        if !matches!(seen.value("Type"), Some("1" | "2" | "3")) {
            return Err(at(".Type must be 1, 2 or 3".into()));
        }
    }
    Ok(())
}

/// A merged message holds its list or the key of a list stored apart; the unused one comes empty.
fn relay(content: &str) -> Result<(), String> {
    let seen = fields::check(content, RELAY, &["MsgList", "JsonMsgKey"])?;
    let list = seen.value("MsgList").filter(|list| *list != "[]" && *list != "\"\"");
    let key = seen.value("JsonMsgKey").filter(|key| *key != "\"\"");
    match (list, key) {
        (Some(_), Some(_)) => Err(" must not have both MsgList and JsonMsgKey".into()),
        (None, None) => Err(" needs MsgList or JsonMsgKey".into()),
        (None, Some(_)) => Ok(()),
        (Some(list), None) => relayed(list),
    }
}

fn relayed(list: &str) -> Result<(), String> {
    for (index, message) in fields::entries(list)?.iter().enumerate() {
        let at = |fault: String| format!(".MsgList[{index}]{fault}");
        if !message.get().starts_with('{') {
            return Err(at(" must be an object".into()));
        }
        fields::check(message.get(), RELAYED, &[]).map_err(at)?;
    }
    Ok(())
}
