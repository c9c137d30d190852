//! Topics of communities: making, changing, deleting and listing them. `spec/concepts/group-system.md` 14.

mod own;

use std::{borrow::Cow, collections::HashMap, fmt::Write};

use proto::{Code, Fail, json::quote};
use store::{Tx, group_members as members, groups as rows, joined_groups::newest, topics as table};

use super::{
    Action, Group, Role, TOPIC_MARK, Told, Topic, backend, find, make, may, member_in,
    notices::Report,
    open,
    tips::{self, Change, Op, Tip},
    told::change,
    wire,
};
use crate::{Cx, error::Error, fan_out::Audience, webhooks::Hook};

pub use own::Own;
pub(super) use own::{keep_own, note_joining, sums};

/// Longest id of a topic. Bytes.
pub const TOPIC_ID_BYTES_MAX: usize = 96;

/// The texts of a topic; what is `None` stays, or is empty in a new one.
#[derive(Default)]
pub struct Texts {
    pub name: Option<String>,
    pub introduction: Option<String>,
    pub notification: Option<String>,
    pub face: Option<String>,
    pub custom: Option<String>,
}

impl Texts {
    fn check(&self, cx: &Cx) -> Result<(), Error> {
        let state = cx.app.state();
        let settings = &state.settings;
        if self.name.as_ref().is_some_and(String::is_empty) {
            return Err(bad("TopicName is empty"));
        }
        for (name, text, most) in [
            ("TopicName", &self.name, settings.groups_topic_max_bytes_name),
            ("Introduction", &self.introduction, settings.groups_topic_max_bytes_introduction),
            ("Notification", &self.notification, settings.groups_topic_max_bytes_notification),
            ("FaceUrl", &self.face, settings.groups_topic_max_bytes_face_url),
            ("CustomString", &self.custom, settings.groups_topic_max_bytes_custom_string),
        ] {
            let Some(text) = text else { continue };
            if text.len() as i64 > most {
                return Err(bad(format!("{name} is longer than {most} bytes")));
            }
            if text.contains('\0') {
                return Err(bad(format!("{name} has a character that cannot be stored")));
            }
        }
        Ok(())
    }
}

/// A topic that is to be made.
pub struct NewTopic {
    pub group: String,
    /// A random one when `None`.
    pub topic_id: Option<String>,
    pub texts: Texts,
    /// Who makes it, if not the caller.
    pub operator: Option<String>,
    /// When it was made, for one that is imported: nobody is told of that.
    pub imported_at: Option<i64>,
}

fn bad(info: impl Into<Cow<'static, str>>) -> Error {
    Fail::with(Code::GroupParam, info.into()).into()
}

fn denied(info: &'static str) -> Error {
    Fail::with(Code::GroupDenied, info).into()
}

/// The community of this id that has topics; without them it is 10007, and 11000 when the app has none.
async fn community(cx: &Cx, group_id: &str) -> Result<i64, Error> {
    if !cx.app.state().settings.features_community {
        return Err(Code::CommunityOff.into());
    }
    let group = find(cx, group_id).await?;
    match group.million_flag() {
        2 => Ok(group.number()),
        _ => Err(denied("the group has no topics")),
    }
}

fn check_right(tx: &mut dyn Tx, cx: &Cx, group: &Group) -> Result<(), Error> {
    let role = match cx.is_admin() {
        true => return Ok(()),
        false => member_in(tx, group.number(), cx.caller.user())?.map(|it| it.role),
    };
    match role.is_some_and(|it: Role| may(group.kind, it, Action::ChangeTopics)) {
        true => Ok(()),
        false => Err(denied("only the owner and admins change topics")),
    }
}

/// Refuses an id that is not one of the group's topics with 10004.
fn check_id(group: &str, id: &str) -> Result<(), Error> {
    let part = id.strip_prefix(group).and_then(|it| it.strip_prefix(TOPIC_MARK));
    let fits = |part: &str| !part.is_empty() && !part.contains("@TGS#_") && !part.starts_with("@TOPIC#");
    let is_printable = id.bytes().all(|it| (0x20..=0x7e).contains(&it));
    match part.is_some_and(fits) && is_printable && id.len() <= TOPIC_ID_BYTES_MAX {
        true => Ok(()),
        false => Err(bad(format!(
            "TopicId must be GroupId, @TOPIC#_ and a part of its own, {TOPIC_ID_BYTES_MAX} bytes together"
        ))),
    }
}

/// Makes a topic; returns its id.
pub async fn create(cx: &Cx, new: NewTopic) -> Result<String, Error> {
    let number = community(cx, &new.group).await?;
    if let Some(id) = &new.topic_id {
        check_id(&new.group, id)?;
    }
    new.texts.check(cx)?;
    if new.imported_at.is_none() {
        ask(cx, number, &new).await?;
    }
    let at = cx.clone();
    change(cx, number, move |tx, told| create_in(tx, &at, told, number, new)).await
}

/// Asks the backend whether the topic may be made, once nothing else is against it.
async fn ask(cx: &Cx, number: i64, new: &NewTopic) -> Result<(), Error> {
    let id = new.topic_id.clone();
    let looked = backend::look(cx, Hook::GroupCallbackBeforeCreateTopic, move |tx, cx| {
        let group = open(tx, number)?;
        check_new(tx, cx, &group, id.as_deref(), false)?;
        Ok(group)
    });
    let Some(group) = looked.await? else { return Ok(()) };
    let operator = new.operator.as_deref().unwrap_or(cx.caller.user());
    backend::ask_topic(cx, &group, operator, new.texts.name.as_deref().unwrap_or_default()).await
}

/// Whether the group may have one topic more, under this id. Says which deleted one had it.
fn check_new(
    tx: &mut dyn Tx,
    cx: &Cx,
    group: &Group,
    id: Option<&str>,
    is_import: bool,
) -> Result<Option<i64>, Error> {
    check_right(tx, cx, group)?;
    let found = match id {
        Some(id) => table::get(tx, group.number(), id)?,
        None => None,
    };
    match &found {
        Some(old) if old.deleted_at > 0 => {}
        Some(_) if is_import => return Err(Code::GroupIdTaken.into()),
        Some(_) => {
            let info = "the community has a topic with this TopicId";
            return Err(Fail::with(Code::GroupIdTakenByOwner, info).into());
        }
        None => {}
    }
    let most = cx.app.state().settings.groups_community_max_topics;
    if most > 0 && table::count(tx, group.number())? >= most {
        let info = format!("the community has {most} topics already");
        return Err(Fail::with(Code::GroupUserFull, info).into());
    }
    Ok(found.map(|it| it.id))
}

fn create_in(tx: &mut dyn Tx, cx: &Cx, told: &mut Told, number: i64, new: NewTopic) -> Result<String, Error> {
    let group = open(tx, number)?;
    let left = check_new(tx, cx, &group, new.topic_id.as_deref(), new.imported_at.is_some())?;
    if let Some(left) = left {
        table::forget(tx, left)?;
    }
    let topic_id = new.topic_id.unwrap_or_else(|| {
        format!("{}{TOPIC_MARK}@TOPIC#{}{}", group.id(), group.kind.letter(), make::random_letters(cx))
    });
    let topic = Topic {
        id: rows::next_number(tx)?,
        group: number,
        topic_id: topic_id.clone(),
        name: new.texts.name.unwrap_or_default(),
        introduction: new.texts.introduction.unwrap_or_default(),
        notification: new.texts.notification.unwrap_or_default(),
        face: new.texts.face.unwrap_or_default(),
        custom: new.texts.custom.unwrap_or_default(),
        muted_all: false,
        created_at: new.imported_at.unwrap_or_else(|| cx.chat.clock.now()),
        deleted_at: 0,
    };
    table::insert(tx, cx.app.id, &topic)?;
    told.forget_topic(&topic_id);
    if new.imported_at.is_none() {
        let operator = new.operator.as_deref().unwrap_or(cx.caller.user());
        notify(cx, told, (&group, Some(&topic)), Report::TopicCreated, operator, "");
        backend::topic_created(tx, cx, (&group, &topic), operator)?;
    }
    Ok(topic_id)
}

/// A notice to all members who are online, the caller's sessions included. It has no number.
fn notify(
    cx: &Cx,
    told: &mut Told,
    (group, topic): (&Group, Option<&Topic>),
    report: Report,
    operator: &str,
    more: &str,
) {
    let body = format!(
        "{{\"ReportType\":{},\"Operator_Account\":{},\"MsgKey\":{}{more}}}",
        report as i64,
        quote(operator),
        cx.chat.clock.millis()
    );
    let time = cx.chat.clock.now();
    let item = wire::Unstored { group, topic, to: None, seq: 1, random: 1, time }.item(&body);
    told.room(wire::tips_event(5, &item), Audience::All, None);
}

/// Changes a topic and tells the members with tip 8. Nothing to change is 10004.
pub async fn modify(
    cx: &Cx,
    group_id: &str,
    topic_id: &str,
    operator: Option<String>,
    texts: Texts,
    mute_all: Option<bool>,
) -> Result<(), Error> {
    let number = community(cx, group_id).await?;
    let given = [&texts.name, &texts.introduction, &texts.notification, &texts.face, &texts.custom];
    if given.iter().all(|it| it.is_none()) && mute_all.is_none() {
        return Err(bad("there is no field to change"));
    }
    texts.check(cx)?;
    let topic = super::topic(cx, &*find(cx, group_id).await?, topic_id).await?;
    let (at, id) = (cx.clone(), topic.topic_id.clone());
    change(cx, number, move |tx, told| {
        let group = open(tx, number)?;
        check_right(tx, &at, &group)?;
        let old = living(tx, number, &id)?.ok_or(Code::GroupUnknown)?;
        let mut topic = old.clone();
        for (field, new) in [
            (&mut topic.name, texts.name),
            (&mut topic.introduction, texts.introduction),
            (&mut topic.notification, texts.notification),
            (&mut topic.face, texts.face),
            (&mut topic.custom, texts.custom),
        ] {
            if let Some(new) = new {
                *field = new;
            }
        }
        topic.muted_all = mute_all.unwrap_or(old.muted_all);
        if topic == old {
            return Ok(());
        }
        table::update(tx, &topic)?;
        told.forget_topic(&id);
        let (stored, pushed) = parts(&old, &topic);
        let kind = if stored.is_empty() { Change::Options } else { Change::Topic };
        let more = format!(",\"MsgTopicNewInfo\":{{{}}}", (stored + &pushed).trim_start_matches(','));
        let operator = operator.as_deref().unwrap_or(at.caller.user());
        let tip = Tip { op: Op::TopicChanged, operator, users: &[], more, but: Vec::new() };
        tips::tell(tx, &at, told, (&group, Some(&topic)), kind, tip)?;
        backend::topic_changed(tx, &at, &group, (&old, &topic), operator)
    })
    .await
}

/// What changed: texts whose change is stored, and the rest, which is only pushed.
fn parts(old: &Topic, new: &Topic) -> (String, String) {
    let (mut stored, mut pushed) = (String::new(), String::new());
    for (name, old, new) in [
        ("TopicName", &old.name, &new.name),
        ("TopicFaceUrl", &old.face, &new.face),
        ("TopicIntroduction", &old.introduction, &new.introduction),
        ("TopicNotification", &old.notification, &new.notification),
    ] {
        if old != new {
            _ = write!(stored, ",\"{name}\":{}", quote(new));
        }
    }
    if old.custom != new.custom {
        _ = write!(pushed, ",\"CustomString\":{}", quote(&new.custom));
    }
    if old.muted_all != new.muted_all {
        _ = write!(pushed, ",\"ShutupAll\":{}", i64::from(new.muted_all));
    }
    (stored, pushed)
}

fn living(tx: &mut dyn Tx, group: i64, id: &str) -> Result<Option<Topic>, Error> {
    Ok(table::get(tx, group, id)?.filter(|it| it.deleted_at == 0))
}

/// Deletes topics, all of the community with `None`. Says of each id whether it was there.
pub async fn destroy(
    cx: &Cx,
    group_id: &str,
    ids: Option<Vec<String>>,
) -> Result<Vec<(String, bool)>, Error> {
    let number = community(cx, group_id).await?;
    let at = cx.clone();
    change(cx, number, move |tx, told| {
        let group = open(tx, number)?;
        check_right(tx, &at, &group)?;
        let ids = match ids {
            Some(ids) => ids,
            None => table::all(tx, number)?.into_iter().map(|it| it.topic_id).collect(),
        };
        let mut done: Vec<(String, bool)> = Vec::with_capacity(ids.len());
        for id in ids {
            let found = living(tx, number, &id)?;
            if let Some(topic) = &found {
                table::delete(tx, topic.id, at.chat.clock.now())?;
                told.forget_topic(&id);
                backend::topic_destroyed(tx, &at, &group, &id)?;
            }
            done.push((id, found.is_some()));
        }
        let gone: Vec<_> = done.iter().filter(|it| it.1).map(|it| quote(&it.0)).collect();
        if !gone.is_empty() {
            let more = format!(",\"TopicIdArray\":[{}]", gone.join(","));
            notify(&at, told, (&group, None), Report::TopicDeleted, at.caller.user(), &more);
        }
        Ok(done)
    })
    .await
}

/// A topic with what a user has of it.
pub struct Listed {
    pub topic: Topic,
    /// Number and time of the newest message; 0 for none.
    pub last_seq: i64,
    pub last_time: i64,
    pub own: Own,
}

/// Topics of a community, all in the order of their making or those of the ids in theirs, with what `user` has of
/// each. `None` for an id that is not there. A client must be a member.
pub async fn list(
    cx: &Cx,
    group_id: &str,
    user: &str,
    ids: Vec<String>,
) -> Result<Vec<(String, Option<Listed>)>, Error> {
    let number = community(cx, group_id).await?;
    let (at, user) = (cx.clone(), user.to_owned());
    let read = cx.chat.db.read(move |tx| {
        let member = members::get(tx, number, &user)?;
        if member.is_none() && !at.is_admin() {
            return Err(denied("only members may do this"));
        }
        let mut all: HashMap<_, _> = HashMap::new();
        let mut order = Vec::new();
        for topic in table::all(tx, number)? {
            order.push(topic.topic_id.clone());
            all.insert(topic.topic_id.clone(), topic);
        }
        let wanted = if ids.is_empty() { order } else { ids };
        let mut found = Vec::with_capacity(wanted.len());
        for id in wanted {
            let listed = match all.get(&id) {
                Some(topic) => Some(listed(tx, &at, topic, member.as_ref())?),
                None => None,
            };
            found.push((id, listed));
        }
        Ok(found)
    });
    read.await
}

fn listed(
    tx: &mut dyn Tx,
    cx: &Cx,
    topic: &Topic,
    member: Option<&members::Member>,
) -> Result<Listed, Error> {
    let (last_seq, last_time) = newest(tx, topic.id)?;
    let own = match member {
        Some(member) => own::read(tx, cx, topic, member)?,
        None => Own::default(),
    };
    Ok(Listed { topic: topic.clone(), last_seq, last_time, own })
}
