//! What an app's backend is asked and told of relations. `spec/webhooks/Sns.*.yaml`

use std::collections::HashMap;

use proto::Fail;
use serde::Serialize;
use serde_json::{Map, Value};
use store::Tx;

use super::{Adding, Answer, NewFriend, Outcome, Response};
use crate::{
    Cx,
    error::Error,
    webhooks::{
        AnsweredRequest, FriendsMade, Hook, Line, NewPair, Pair, Pairs, PrevFriendAdd, PrevFriendResponse,
        WantedFriend, ask::answer, tell, wants,
    },
};

/// Pairs in one webhook; more of them are several webhooks.
const PAIRS_MAX: usize = 1000;

/// What the backend refuses, by the user whom it is about.
pub(super) type Refused = HashMap<String, Fail>;

/// Asks about the requests of a client that may be made as far as their fields go.
pub(super) async fn ask_adding(
    cx: &Cx,
    owner: &str,
    items: &[NewFriend],
    how: Adding,
) -> Result<Refused, Error> {
    if cx.is_admin() || !wants(cx, Hook::SnsCallbackPrevFriendAdd) {
        return Ok(Refused::new());
    }
    let items: Vec<_> = items
        .iter()
        .filter(|it| it.check().is_ok() && it.user != owner)
        .map(|it| WantedFriend {
            to: &it.user,
            remark: &it.remark,
            list: &it.list,
            source: &it.source,
            wording: &it.wording,
        })
        .collect();
    let body = PrevFriendAdd {
        requester: cx.caller.user(),
        from: owner,
        kind: if how.mutual { "Add_Type_Both" } else { "Add_Type_Single" },
        forced: 0,
        event_time: cx.chat.clock.millis(),
        items,
    };
    match body.items.is_empty() {
        true => Ok(Refused::new()),
        false => refused(cx, Hook::SnsCallbackPrevFriendAdd, &body).await,
    }
}

/// Asks about the answers of a client to friend requests.
pub(super) async fn ask_answers(cx: &Cx, owner: &str, items: &[Response]) -> Result<Refused, Error> {
    if cx.is_admin() || !wants(cx, Hook::SnsCallbackPrevFriendResponse) || items.is_empty() {
        return Ok(Refused::new());
    }
    let items = items.iter().map(|it| AnsweredRequest {
        to: &it.user,
        remark: &it.remark,
        list: &it.list,
        action: match it.answer {
            Answer::Agree => "Response_Action_Agree",
            Answer::AgreeAndAdd => "Response_Action_AgreeAndAdd",
            Answer::Reject => "Response_Action_Reject",
        },
    });
    let body = PrevFriendResponse {
        requester: cx.caller.user(),
        from: owner,
        items: items.collect(),
        event_time: cx.chat.clock.millis(),
    };
    refused(cx, Hook::SnsCallbackPrevFriendResponse, &body).await
}

/// An answer that cannot be read, or that says the backend failed, refuses nothing.
async fn refused<B: Serialize>(cx: &Cx, hook: Hook, body: &B) -> Result<Refused, Error> {
    let answer =
        answer(cx, hook, body).await?.filter(|it| it.get("ErrorCode").and_then(Value::as_i64) == Some(0));
    let items = answer.as_ref().and_then(|it| it.get("ResultItem")?.as_array());
    Ok(items.into_iter().flatten().filter_map(|it| refusal(it.as_object()?)).collect())
}

fn refusal(item: &Map<String, Value>) -> Option<(String, Fail)> {
    let user = item.get("To_Account")?.as_str()?;
    let number = item.get("ResultCode")?.as_i64().filter(|it| *it != 0)?;
    let info = item.get("ResultInfo").and_then(Value::as_str).filter(|it| !it.is_empty());
    let info = info.unwrap_or("refused by the app's own backend").to_owned();
    Some((user.to_owned(), Fail { number, info: info.into(), extra: None }))
}

/// Those of a batch that went well.
fn done<'a, T>(items: &'a [T], outcomes: &[Outcome]) -> impl Iterator<Item = &'a T> {
    items.iter().zip(outcomes).filter(|it| it.1.is_ok()).map(|it| it.0)
}

/// `owner` has those of these friends that could be added at once.
pub(super) fn tell_added(
    tx: &mut dyn Tx,
    cx: &Cx,
    owner: &str,
    (items, outcomes): (&[NewFriend], &[Outcome]),
    how: Adding,
) -> Result<(), Error> {
    let pairs = done(items, outcomes)
        .map(|it| NewPair { pair: Pair { from: owner, to: &it.user }, initiator: owner });
    tell_made(tx, cx, owner, pairs.collect(), ("friend_add", how.forced))
}

/// `owner` accepted requests.
pub(super) fn tell_accepted(
    tx: &mut dyn Tx,
    cx: &Cx,
    owner: &str,
    (items, outcomes): (&[Response], &[Outcome]),
) -> Result<(), Error> {
    let accepted = done(items, outcomes).filter(|it| it.answer != Answer::Reject);
    let pairs = accepted.map(|it| NewPair { pair: Pair { from: &it.user, to: owner }, initiator: &it.user });
    tell_made(tx, cx, owner, pairs.collect(), ("friend_response", false))
}

fn tell_made(
    tx: &mut dyn Tx,
    cx: &Cx,
    owner: &str,
    pairs: Vec<NewPair<'_>>,
    (command, forced): (&'static str, bool),
) -> Result<(), Error> {
    if pairs.is_empty() {
        return Ok(());
    }
    let admin = if cx.is_admin() { cx.caller.user() } else { "" };
    tell(tx, cx, Hook::SnsCallbackFriendAdd, Line::User(owner), |_| {
        Ok(FriendsMade { pairs, command, admin, forced: forced.into(), event_time: cx.chat.clock.millis() })
    })
}

/// Tells of pairs, if there are any.
pub(super) fn tell_pairs<'a>(
    tx: &mut dyn Tx,
    cx: &Cx,
    hook: Hook,
    owner: &str,
    pairs: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<(), Error> {
    if !wants(cx, hook) {
        return Ok(());
    }
    let pairs: Vec<_> = pairs.collect();
    for part in pairs.chunks(PAIRS_MAX) {
        tell(tx, cx, hook, Line::User(owner), |_| {
            let pairs = part.iter().map(|(from, to)| Pair { from, to }).collect();
            Ok(Pairs { pairs, event_time: cx.chat.clock.millis() })
        })?;
    }
    Ok(())
}
