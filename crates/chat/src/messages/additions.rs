//! One-to-one messages that something is added to. See [`crate::additions`].

use proto::MsgKey;
use store::{
    StoreError, Tx,
    additions::Of,
    messages::{Message, flag},
};

use super::{Named, conversation_key};
use crate::{
    Cx, accounts,
    additions::{Done, Site, Target, Tell, unknown},
    error::Error,
    live::Push,
};

/// A client may name only messages of its own conversations.
fn check_side(cx: &Cx, one: &str, other: &str) -> Result<(), Error> {
    let user = cx.caller.user();
    if cx.is_admin() || user == one || user == other { Ok(()) } else { Err(unknown()) }
}

/// The message, if it is there and the caller may know of it.
fn find(tx: &mut dyn Tx, cx: &Cx, named: &Named) -> Result<Option<Message>, StoreError> {
    let is_for_caller = |it: &Message| {
        !it.has(flag::RECALLED)
            && (cx.is_admin() || !it.has(flag::WITHHELD) || cx.caller.user() == named.from)
    };
    Ok(named.find(tx, cx)?.filter(is_for_caller))
}

fn target(tx: &mut dyn Tx, cx: &Cx, named: &Named, tiny_id: String) -> Result<(Message, Target), Error> {
    let message = find(tx, cx, named)?.ok_or_else(unknown)?;
    let target = Target {
        of: Of::one_to_one(&message),
        is_extensible: message.has(flag::EXTENSIBLE),
        tiny_id,
        client_time: message.client_time,
        random: message.random,
        site: Site::OneToOne {
            from: named.from.clone(),
            to: named.to.clone(),
            seq: message.seq,
            time: message.time,
        },
    };
    Ok((message, target))
}

/// Runs a change, and tells the two people.
pub(crate) async fn change<T: Send + 'static>(
    cx: &Cx,
    named: Named,
    work: impl FnOnce(&mut dyn Tx, &Target) -> Done<T> + Send + 'static,
) -> Result<T, Error> {
    check_side(cx, &named.from, &named.to)?;
    let tiny_id = accounts::tiny_of(cx, &named.from).await?;
    let (at, after) = (cx.clone(), cx.clone());
    let (from, to) = (named.from.clone(), named.to.clone());
    let done = cx.chat.db.write_then(
        conversation_key(cx.app.id, &from, &to),
        move |tx| {
            let (message, target) = target(tx, &at, &named, tiny_id)?;
            let (result, told) = work(tx, &target)?;
            Ok::<_, Error>((result, told, message.has(flag::WITHHELD)))
        },
        move |(_, told, is_withheld)| {
            let mut people = vec![&*from];
            if from != to && !is_withheld {
                people.push(&to);
            }
            told.iter().for_each(|it| tell(&after, &people, it));
        },
    );
    done.await.map(|it| it.0)
}

fn tell(cx: &Cx, people: &[&str], it: &Tell) {
    let own = [cx.caller.user()];
    let (json, people, except) = match it {
        Tell::Others(json) => (json, people, cx.caller.instance()),
        Tell::Everybody(json) => (json, people, None),
        Tell::Own(json) => (json, &own[..], None),
    };
    let push = Push::events(json);
    for user in people {
        cx.app.live.push_shared(user, except, &push);
    }
}

pub(crate) async fn read<T: Send + 'static>(
    cx: &Cx,
    named: Named,
    work: impl FnOnce(&mut dyn Tx, &Target) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    check_side(cx, &named.from, &named.to)?;
    let at = cx.clone();
    let read = cx.chat.db.read(move |tx| {
        let (_, target) = target(tx, &at, &named, String::new())?;
        work(tx, &target)
    });
    read.await
}

/// Messages of two people by their keys, whoever sent them; what is not there is `None`.
pub(crate) async fn read_several<T: Send + 'static>(
    cx: &Cx,
    (one, other): (String, String),
    keys: Vec<MsgKey>,
    work: impl FnOnce(&mut dyn Tx, &[Option<Of>]) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    check_side(cx, &one, &other)?;
    let at = cx.clone();
    let read = cx.chat.db.read(move |tx| {
        let mut found = Vec::with_capacity(keys.len());
        for key in keys {
            let sent = Named { from: one.clone(), to: other.clone(), key };
            let message = match find(tx, &at, &sent)? {
                Some(it) => Some(it),
                None => find(tx, &at, &Named { from: other.clone(), to: one.clone(), key })?,
            };
            found.push(message.map(|it| Of::one_to_one(&it)));
        }
        work(tx, &found)
    });
    read.await
}
