//! What requests about members have in common.
//! `spec/concepts/group-system.md` 1.

use chat::{Cx, groups::Role};
use proto::{Code, Fail};

use super::{
    describe::{Custom, MemberFields},
    option,
};
use crate::given::Given;

/// Most bytes of the text of an application, of an answer to one, and of the reason of a removal.
const TEXT_BYTES_MAX: usize = 1000;
/// A list of at least one user id; one of more than `most` is `too_many`.
pub(super) fn users(
    given: Given<Vec<String>>,
    name: &str,
    (most, too_many): (i64, Code),
) -> Result<Vec<String>, Fail> {
    let users = given.need(Code::GroupParam, name)?;
    if users.is_empty() {
        return Err(Fail::with(Code::GroupParam, format!("{name} is empty")));
    }
    match users.len() as i64 > most {
        true => Err(Fail::with(too_many, format!("{name} has more than {most} entries"))),
        false => Ok(users),
    }
}

/// The same users, each once.
pub(super) fn each_once(users: Vec<String>) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    users.into_iter().filter(|it| seen.insert(it.clone())).collect()
}

/// A text of at most 1000 bytes, empty when left out.
pub(super) fn text(given: Given<String>, name: &str) -> Result<String, Fail> {
    let text = given.optional(Code::GroupParam, name)?.unwrap_or_default();
    match text.len() > TEXT_BYTES_MAX || text.contains('\0') {
        true => Err(Fail::with(Code::GroupParam, format!("{name} is longer than {TEXT_BYTES_MAX} bytes"))),
        false => Ok(text),
    }
}

/// HandleMsg: whether the request is agreed to.
pub(super) fn agrees(given: Given<String>) -> Result<bool, Fail> {
    let parse = |it: &str| match it {
        "Agree" => Some(true),
        "Reject" => Some(false),
        _ => None,
    };
    option(given, "HandleMsg", parse)?.ok_or_else(|| Fail::with(Code::GroupParam, "HandleMsg is missing"))
}

/// Seconds of a mute; the new name wins over the old one.
pub(super) fn mute_time(new: Given<u32>, old: Given<u32>) -> Result<Option<u32>, Fail> {
    let new = new.optional(Code::GroupParam, "MuteTime")?;
    let old = old.optional(Code::GroupParam, "ShutUpTime")?;
    Ok(new.or(old))
}

/// What of members is asked for. Custom fields come by their keys; without keys a backend gets them with all fields
/// only, and a client always, since Web SDKs ask for no keys.
pub(super) fn member_fields(
    cx: &Cx,
    fields: Given<Vec<String>>,
    keys: Given<Vec<String>>,
) -> Result<MemberFields, Fail> {
    let names = fields.optional(Code::GroupParam, "MemberInfoFilter")?;
    let other = if names.is_none() || !cx.is_admin() { Custom::All } else { Custom::None };
    let custom = Custom::of(keys, "AppDefinedDataFilter_GroupMember", other)?;
    Ok(match names {
        Some(names) => MemberFields::named(&names, custom),
        None => {
            let mut all = MemberFields::all();
            all.custom = custom;
            all
        }
    })
}

/// MemberRoleFilter; none is all.
pub(super) fn roles(given: Given<Vec<String>>) -> Result<Vec<Role>, Fail> {
    let names = given.optional(Code::GroupParam, "MemberRoleFilter")?.unwrap_or_default();
    let role = |name: &String| {
        Role::parse(name)
            .ok_or_else(|| Fail::with(Code::GroupParam, format!("MemberRoleFilter has no value {name:?}")))
    };
    names.iter().map(role).collect()
}
