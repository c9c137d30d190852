//! The parts of a message that several commands take. `spec/concepts/message-format.md`.

use chat::{Caller, Cx};
use proto::{
    Code, Fail,
    element::{Body, From},
    push_info,
};

use crate::given::{Given, Raw};

/// Longest time a message waits for somebody who is offline. Seconds.
pub const LIFE_SECONDS_MAX: i64 = 604_800;

/// How strictly elements are checked depends on who sends.
pub fn strictness(cx: &Cx) -> From {
    match cx.caller {
        Caller::Admin(_) => From::Admin,
        Caller::User(_) | Caller::Guest => From::Client,
    }
}

/// MsgBody, which must be there.
pub fn body(cx: &Cx, given: Given<Raw>) -> Result<Body, Fail> {
    let raw = given.need(Code::C2cBody, "MsgBody")?;
    Body::check(raw.text(), strictness(cx)).map_err(|fault| Fail::with(fault.c2c_code(), fault.to_string()))
}

/// CloudCustomData as a JSON literal; empty when there is none.
pub fn cloud(given: Given<Raw>, code: Code) -> Result<String, Fail> {
    match given.optional(code, "CloudCustomData")? {
        None => Ok(String::new()),
        Some(raw) if raw.text() == "\"\"" => Ok(String::new()),
        Some(raw) if raw.text().starts_with('"') => Ok(raw.text().to_owned()),
        Some(_) => Err(Fail::with(code, "CloudCustomData must be a string")),
    }
}

/// OfflinePushInfo as JSON, empty for none. A backend's must have its documented form; a client's that has not is left
/// out.
pub fn push_info(cx: &Cx, given: Given<Raw>) -> Result<String, Fail> {
    let Given::Is(raw) = given else { return Ok(String::new()) };
    match push_info::check(raw.text()) {
        Err(info) if cx.is_admin() => Err(Fail::with(Code::C2cPushInfo, info)),
        Err(_) => Ok(String::new()),
        Ok(()) => Ok(raw.text().to_owned()),
    }
}

/// Whether a list of options has this one; unknown options are skipped.
pub fn has(options: &[String], name: &str) -> bool {
    options.iter().any(|it| it == name)
}

/// Which webhooks a message may cause, by its ForbidCallbackControl. A client cannot forbid any.
pub fn hooked(cx: &Cx, forbidden: &[String]) -> chat::messages::Hooked {
    let allows = |name| !cx.is_admin() || !has(forbidden, name);
    chat::messages::Hooked {
        before: allows("ForbidBeforeSendMsgCallback"),
        after: allows("ForbidAfterSendMsgCallback"),
        robots: true,
    }
}

/// A flag that is 0 or 1; other numbers count as 0.
pub fn flag(given: Given<i64>, code: Code, name: &str) -> Result<bool, Fail> {
    Ok(given.optional(code, name)? == Some(1))
}

/// SyncOtherMachine.
pub fn sync(given: Given<i64>) -> Result<chat::messages::Sync, Fail> {
    Ok(match given.optional(Code::C2cSync, "SyncOtherMachine")? {
        Some(1) => chat::messages::Sync::Push,
        Some(2) => chat::messages::Sync::Nothing,
        _ => chat::messages::Sync::Keep,
    })
}
