//! Reactions: who answered a message with which sign.
//! `spec/client/commands/openim_msg_ext_http_svc.reaction_add.yaml`.

use std::collections::HashSet;

use proto::{Code, Fail, json::quote};
use store::{
    Tx,
    additions::{self as counts, Of},
    reactions::{self as rows, Reacted},
};

use super::{Named, Several, Site, Target, Tell, change as change_message, read as read_message};
use crate::{Cx, error::Error, groups, messages};

/// Different reactions to a message, and users of one of them.
const REACTIONS_MAX: usize = 10;
pub const USERS_MAX: usize = 100;
const REACTION_BYTES_MAX: usize = 64;
/// Users that an event names.
const TOLD_USERS_MAX: usize = 10;
/// Messages of one question, and users that one answer names.
pub const MESSAGES_MAX: usize = 100;
const ANSWER_USERS_MAX: usize = 10_000;
const IN_LIVE_ROOM: Code = Code::GroupDenied;

/// What the own sessions are told: `MsgOptType`.
#[derive(Clone, Copy)]
#[repr(i64)]
enum Op {
    Add = 1,
    Remove = 2,
}

/// One reaction to a message.
pub struct Summary {
    pub reaction: String,
    pub count: usize,
    /// The first of its users.
    pub users: Vec<String>,
    pub is_own: bool,
}

fn check_feature(cx: &Cx) -> Result<(), Error> {
    match cx.app.state().settings.features_reactions {
        true => Ok(()),
        false => Err(Fail::with(Code::GroupRequest, "message reactions are switched off").into()),
    }
}

fn check(cx: &Cx, reaction: &str) -> Result<(), Error> {
    check_feature(cx)?;
    if reaction.is_empty() || reaction.len() > REACTION_BYTES_MAX || reaction.contains('\0') {
        let info = format!("Reaction must have 1 to {REACTION_BYTES_MAX} bytes, none of them 0");
        return Err(Fail::with(Code::GroupParam, info).into());
    }
    Ok(())
}

/// The users of one reaction, in their order.
fn users_of<'a>(all: &'a [Reacted], reaction: &str) -> Vec<&'a str> {
    all.iter().filter(|it| it.reaction == reaction).map(|it| &*it.user).collect()
}

/// The caller reacts to a message.
pub async fn add(cx: &Cx, named: Named, reaction: String) -> Result<(), Error> {
    check(cx, &reaction)?;
    let user = cx.caller.user().to_owned();
    change_message(cx, named, IN_LIVE_ROOM, move |tx, target| {
        let mut all = rows::all(tx, target.of)?;
        let users = users_of(&all, &reaction);
        if users.contains(&&*user) {
            return Err(Code::ReactionTwice.into());
        }
        if users.len() >= USERS_MAX {
            return Err(Code::ReactionUsersFull.into());
        }
        let kinds: HashSet<_> = all.iter().map(|it| &it.reaction).collect();
        if users.is_empty() && kinds.len() >= REACTIONS_MAX {
            return Err(Code::ReactionsFull.into());
        }
        let place = counts::count_reaction(tx, target.of)?;
        let new = Reacted { reaction: reaction.clone(), user, place };
        rows::insert(tx, target.of, &new)?;
        all.push(new);
        Ok(((), tell(target, &all, &reaction, Op::Add)))
    })
    .await
}

/// The caller takes a reaction back.
pub async fn remove(cx: &Cx, named: Named, reaction: String) -> Result<(), Error> {
    check(cx, &reaction)?;
    let user = cx.caller.user().to_owned();
    change_message(cx, named, IN_LIVE_ROOM, move |tx, target| {
        let mut all = rows::all(tx, target.of)?;
        let users = users_of(&all, &reaction);
        if users.is_empty() {
            return Err(Code::ReactionUnknown.into());
        }
        if !users.contains(&&*user) {
            return Err(Code::ReactionNotOwn.into());
        }
        rows::remove(tx, target.of, &reaction, &user)?;
        all.retain(|it| !(it.reaction == reaction && it.user == user));
        Ok(((), tell(target, &all, &reaction, Op::Remove)))
    })
    .await
}

/// Event 21 in its two forms. The one for who acted comes first, so that its clients know of it when they are told
/// how many there are.
fn tell(target: &Target, all: &[Reacted], reaction: &str, op: Op) -> Vec<Tell> {
    let numbers = format!(
        "\"TinyId\":\"{}\",\"MsgClientTime\":{},\"MsgRandom\":{}",
        target.tiny_id, target.client_time, target.random
    );
    let message = match &target.site {
        Site::OneToOne { .. } => format!("\"C2CMsgInfo\":{{{numbers}}}"),
        Site::InGroup { group, topic, .. } => {
            format!("\"GroupMsgInfo\":{{{},{numbers}}}", Site::group_members(group, topic.as_deref()))
        }
    };
    let reaction_quoted = quote(reaction);
    let own = format!(
        "{{\"Event\":21,\"MsgReactionNotify\":{{{message},\"Reaction\":{reaction_quoted},\"MsgOptType\":{}}}}}",
        op as i64
    );
    let users = users_of(all, reaction);
    let named: Vec<_> = users.iter().take(TOLD_USERS_MAX).map(|it| quote(it)).collect();
    let everybody = format!(
        "{{\"Event\":21,\"MsgReactionNotifyList\":[{{{message},\"MsgReactionSummary\":[{{\
         \"Reaction\":{reaction_quoted},\"Count\":{},\"Reaction_Account\":[{}]}}]}}]}}",
        users.len(),
        named.join(",")
    );
    vec![Tell::Own(own), Tell::Everybody(everybody)]
}

/// Users of a reaction in the order in which they reacted, those behind the place `after`, and the place to go on
/// from; 0 for the end. A reaction that is not there has none.
pub async fn users(
    cx: &Cx,
    named: Named,
    reaction: String,
    (after, count): (i64, usize),
) -> Result<(Vec<String>, i64), Error> {
    check(cx, &reaction)?;
    read_message(cx, named, IN_LIVE_ROOM, move |tx, target| {
        let all = rows::all(tx, target.of)?;
        let behind = all.into_iter().filter(|it| it.reaction == reaction && it.place > after);
        let mut found: Vec<_> = behind.take(count + 1).collect();
        let is_more = found.len() > count;
        found.truncate(count);
        let next = found.last().filter(|_| is_more).map_or(0, |it| it.place);
        Ok((found.into_iter().map(|it| it.user).collect(), next))
    })
    .await
}

/// The reactions to each of these messages, with at most `count` of the users of each. What is not there, or not for
/// who asks, has none.
pub async fn summaries(cx: &Cx, several: Several, count: usize) -> Result<Vec<Vec<Summary>>, Error> {
    check_feature(cx)?;
    let user = cx.caller.user().to_owned();
    let work = move |tx: &mut dyn Tx, targets: &[Option<Of>]| {
        let mut room = ANSWER_USERS_MAX;
        let mut out = Vec::with_capacity(targets.len());
        for target in targets {
            let all = match target {
                Some(of) => rows::all(tx, *of)?,
                None => Vec::new(),
            };
            let mut found = summaries_of(&all, &user, count);
            for it in &mut found {
                it.users.truncate(room);
                room -= it.users.len();
            }
            out.push(found);
        }
        Ok(out)
    };
    match several {
        Several::OneToOne { one, other, keys } => {
            messages::additions::read_several(cx, (one, other), keys, work).await
        }
        Several::InGroup { group, topic, numbers } => {
            groups::additions::read_several(cx, (&group, topic.as_deref()), numbers, IN_LIVE_ROOM, work).await
        }
    }
}

/// In the order of the first user of each.
fn summaries_of(all: &[Reacted], user: &str, count: usize) -> Vec<Summary> {
    let mut out: Vec<Summary> = Vec::new();
    for it in all {
        let known = out.iter().position(|summary| summary.reaction == it.reaction);
        let at = known.unwrap_or_else(|| {
            let reaction = it.reaction.clone();
            out.push(Summary { reaction, count: 0, users: Vec::new(), is_own: false });
            out.len() - 1
        });
        let summary = &mut out[at];
        summary.count += 1;
        summary.is_own |= it.user == user;
        if summary.users.len() < count {
            summary.users.push(it.user.clone());
        }
    }
    out
}
