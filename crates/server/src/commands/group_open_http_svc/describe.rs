//! How groups and members are written in answers: with the fields that were asked for, or with all.
//! `spec/concepts/group-system.md` 1.3, 7 and 8.

use std::fmt::Write;

use chat::{
    Cx,
    error::Error,
    groups::{ApplyOption, Group, InviteOption, Member, Profile, fields},
    settings::CustomField,
};
use proto::{Code, Fail, json::quote};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::given::Given;

/// `ResponseFilter`: each list names fields or custom keys.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", default)]
pub struct Filter {
    pub group_base_info_filter: Given<Vec<String>>,
    pub group_base_public_info_filter: Given<Vec<String>>,
    pub member_info_filter: Given<Vec<String>>,
    pub self_info_filter: Given<Vec<String>>,
    #[serde(rename = "AppDefinedDataFilter_Group")]
    pub group_keys: Given<Vec<String>>,
    #[serde(rename = "AppDefinedDataFilter_GroupMember")]
    pub member_keys: Given<Vec<String>>,
}

/// Which custom fields an answer has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Custom {
    None,
    All,
    Keys(Vec<String>),
}

impl Custom {
    /// The keys of a filter; without one `other`.
    pub fn of(given: Given<Vec<String>>, name: &str, other: Custom) -> Result<Custom, Fail> {
        Ok(given.optional(Code::GroupParam, name)?.map_or(other, Custom::Keys))
    }

    fn has(&self, key: &str) -> bool {
        match self {
            Custom::None => false,
            Custom::All => true,
            Custom::Keys(keys) => keys.iter().any(|it| it == key),
        }
    }
}

/// A field and its JSON.
type Field<T> = (&'static str, fn(&Cx, &T) -> String);

const GROUP: [Field<Profile>; 21] = [
    ("Type", |_, it| quote(it.group.kind.name())),
    ("Name", |_, it| quote(&it.group.row.name)),
    ("Appid", |cx, _| cx.app.id.to_string()),
    ("Introduction", |_, it| quote(&it.group.row.introduction)),
    ("Notification", |_, it| quote(&it.group.row.notification)),
    ("FaceUrl", |_, it| quote(&it.group.row.face)),
    ("Owner_Account", |_, it| quote(&it.group.row.owner)),
    ("CreateTime", |_, it| it.group.row.created_at.to_string()),
    ("InfoSeq", |_, it| it.group.row.info_seq.to_string()),
    ("LastInfoTime", |_, it| it.group.row.info_at.to_string()),
    ("LastMsgTime", |_, it| it.last_time.to_string()),
    ("NextMsgSeq", |_, it| (it.last_seq + 1).to_string()),
    ("MemberNum", |_, it| it.group.row.members.to_string()),
    ("MaxMemberNum", |_, it| it.group.row.max_members.to_string()),
    ("ApplyJoinOption", |_, it| quote(ApplyOption::from_number(it.group.row.apply_option).name())),
    ("InviteJoinOption", |_, it| quote(InviteOption::from_number(it.group.row.invite_option).name())),
    ("MuteAllMember", |_, it| muted_all(&it.group)),
    ("ShutUpAllMember", |_, it| muted_all(&it.group)),
    ("SupportTopic", |_, it| i64::from(it.group.row.support_topic).to_string()),
    // Permission groups are not built: they are off, and nobody has a permission of one.
    ("EnablePermission", |_, _| "0".to_owned()),
    ("DefaultPermission", |_, _| "0".to_owned()),
];

/// What an answer without a filter leaves out.
const ONLY_IF_ASKED: [&str; 2] = ["EnablePermission", "DefaultPermission"];

fn muted_all(group: &Group) -> String {
    quote(if group.row.muted_all { "On" } else { "Off" })
}

const MEMBER: [Field<Member>; 9] = [
    ("Role", |_, it| quote(it.role.name())),
    ("JoinTime", |_, it| it.row.joined_at.to_string()),
    ("MsgSeq", |_, it| it.row.read_seq.to_string()),
    ("MsgFlag", |_, it| quote(it.flag.name())),
    ("LastSendMsgTime", |_, it| it.row.sent_at.to_string()),
    ("MuteUntil", muted_until),
    ("ShutUpUntil", muted_until),
    ("NameCard", |_, it| quote(&it.row.card)),
    ("OnlineStatus", |cx, it| quote(if cx.app.live.is_online(&it.row.user) { "Online" } else { "Offline" })),
];

fn muted_until(cx: &Cx, it: &Member) -> String {
    let until = if it.muted_until > cx.chat.clock.now() { it.muted_until } else { 0 };
    until.to_string()
}

/// A bit for each field of a table that is named; other names are passed over.
fn bits<T>(table: &[Field<T>], names: &[String]) -> u32 {
    let place = |name: &String| table.iter().position(|it| it.0 == name);
    names.iter().filter_map(place).fold(0, |bits, at| bits | 1 << at)
}

fn all_but<T>(table: &[Field<T>], names: &[&str]) -> u32 {
    let wanted: Vec<_> = table.iter().filter(|it| !names.contains(&it.0)).map(|it| it.0.to_owned()).collect();
    bits(table, &wanted)
}

/// What an answer has of groups.
#[derive(Clone, Debug)]
pub struct GroupFields {
    bits: u32,
    pub custom: Custom,
}

impl GroupFields {
    /// Without a filter.
    pub fn all() -> GroupFields {
        GroupFields { bits: all_but(&GROUP, &ONLY_IF_ASKED), custom: Custom::All }
    }

    pub fn named(names: &[String], custom: Custom) -> GroupFields {
        GroupFields { bits: bits(&GROUP, names), custom }
    }

    /// The same with one more, or with it under its other name too.
    #[must_use]
    pub fn with(mut self, name: &str) -> GroupFields {
        self.bits |= bits(&GROUP, &[name.to_owned()]);
        self
    }

    pub fn has(&self, name: &str) -> bool {
        self.bits & bits(&GROUP, &[name.to_owned()]) != 0
    }
}

/// What an answer has of members, besides who they are.
#[derive(Clone, Debug)]
pub struct MemberFields {
    bits: u32,
    pub custom: Custom,
}

impl MemberFields {
    /// Without a filter: whether somebody is online is told only to who asks.
    pub fn all() -> MemberFields {
        MemberFields { bits: all_but(&MEMBER, &["OnlineStatus"]), custom: Custom::All }
    }

    pub fn named(names: &[String], custom: Custom) -> MemberFields {
        MemberFields { bits: bits(&MEMBER, names), custom }
    }
}

/// The members of a JSON object, each with a comma before it.
fn write_fields<T>(out: &mut String, cx: &Cx, table: &[Field<T>], bits: u32, it: &T) {
    for (at, (name, value)) in table.iter().enumerate() {
        if bits & 1 << at != 0 {
            _ = write!(out, ",\"{name}\":{}", value(cx, it));
        }
    }
}

/// `"AppDefinedData"` and the like with a comma before it. A client sees what the declaration lets it read.
fn write_custom(
    out: &mut String,
    cx: &Cx,
    (name, declared): (&str, &[CustomField]),
    stored: &str,
    wanted: &Custom,
) -> Result<(), Error> {
    if *wanted == Custom::None {
        return Ok(());
    }
    let may_read = |key: &str| cx.is_admin() || declared.iter().all(|it| it.name != key || it.app_read);
    let values = fields::read(stored)?;
    let shown = values.iter().filter(|it| wanted.has(it.0) && may_read(it.0));
    let items: Vec<_> =
        shown.map(|(key, value)| format!("{{\"Key\":{},\"Value\":{value}}}", quote(key))).collect();
    _ = write!(out, ",\"{name}\":[{}]", items.join(","));
    Ok(())
}

/// The fields of a group, each with a comma before it, to follow its `GroupId`.
pub fn group(cx: &Cx, it: &Profile, wanted: &GroupFields) -> Result<String, Error> {
    let mut out = String::new();
    write_fields(&mut out, cx, &GROUP, wanted.bits, it);
    let state = cx.app.state();
    let declared = ("AppDefinedData", &*state.settings.groups_custom_fields);
    write_custom(&mut out, cx, declared, &it.group.row.custom, &wanted.custom)?;
    Ok(out)
}

/// The fields of a member, each with a comma before it.
fn about_member(cx: &Cx, it: &Member, wanted: &MemberFields) -> Result<String, Error> {
    let mut out = String::new();
    write_fields(&mut out, cx, &MEMBER, wanted.bits, it);
    let state = cx.app.state();
    let declared = ("AppMemberDefinedData", &*state.settings.groups_member_custom_fields);
    write_custom(&mut out, cx, declared, &it.row.custom, &wanted.custom)?;
    Ok(out)
}

/// A member as an entry of `MemberList`.
pub fn member(cx: &Cx, it: &Member, wanted: &MemberFields) -> Result<String, Error> {
    Ok(format!("{{\"Member_Account\":{}{}}}", quote(&it.row.user), about_member(cx, it, wanted)?))
}

/// A user's own membership, as `SelfInfo`.
pub fn own(cx: &Cx, it: &Member, wanted: &MemberFields) -> Result<String, Error> {
    let fields = about_member(cx, it, wanted)?;
    Ok(format!("{{{}}}", fields.trim_start_matches(',')))
}

/// Most bytes of an answer.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// Counts what an answer holds already; more than 1 MB is 10018.
#[derive(Default)]
pub struct Room(usize);

impl Room {
    pub fn take(&mut self, text: &str) -> Result<(), Fail> {
        self.0 += text.len() + 1;
        if self.0 > ANSWER_BYTES_MAX { Err(Code::GroupAnswerTooLong.into()) } else { Ok(()) }
    }
}
