//! Modifying a stored message. `spec/concepts/message-format.md` 18.

use proto::{Code, Fail, element::Body};
use store::{
    messages::{self as log, Message, flag},
    search_logs,
};

use super::{Named, conversation_key, literal_or_empty, send::check_size, wire};
use crate::{Cx, accounts, error::Error, live::Push};

/// What becomes of the content; an absent part stays.
pub struct Change {
    pub body: Option<Body>,
    /// CloudCustomData as a JSON literal.
    pub cloud: Option<String>,
    /// The version that the caller holds; a backend has none and always wins.
    pub version: Option<i64>,
}

/// The content after the change.
pub struct Modified {
    pub version: i64,
    pub body: String,
    /// CloudCustomData as a JSON literal.
    pub cloud: String,
}

impl Modified {
    fn of(it: &Message) -> Modified {
        Modified::new(it.version, &it.body, &it.cloud)
    }

    pub(crate) fn new(version: i64, body: &str, cloud: &str) -> Modified {
        Modified { version, body: body.to_owned(), cloud: literal_or_empty(cloud).to_owned() }
    }

    /// As members of an answer.
    pub fn members(&self) -> String {
        format!(
            "\"MsgVersion\":{},\"MsgBody\":{},\"CloudCustomData\":{}",
            self.version, self.body, self.cloud
        )
    }
}

/// Replaces content of a message and tells both users. A conflict (20027) carries the newest content.
pub async fn modify(cx: &Cx, named: Named, change: Change) -> Result<Modified, Error> {
    let tiny_id = accounts::tiny_of(cx, &named.from).await?;
    let (at, origin, after) = (cx.clone(), cx.caller.instance(), cx.app.clone());
    let (from, to) = (named.from.clone(), named.to.clone());
    let done = cx.chat.db.write_then(
        conversation_key(cx.app.id, &from, &to),
        move |tx| {
            let unknown = || Fail::with(Code::ModifyUnknown, "no such message in this conversation");
            let mut message = named.find(tx, &at)?.ok_or_else(unknown)?;
            if message.has(flag::RECALLED) {
                return Err(Error::from(unknown()));
            }
            if change.version.is_some_and(|it| it != message.version) {
                let newest = Modified::of(&message).members();
                return Err(Fail::from(Code::ModifyConflict).extra(newest).into());
            }
            store::exports::keep_original(tx, &message)?;
            if let Some(body) = change.body {
                message.body = body.into_json();
            }
            if let Some(cloud) = change.cloud {
                message.cloud = if cloud == "\"\"" { String::new() } else { cloud };
            }
            check_size(&at, &message.body, &message.cloud)?;
            log::modify(tx, message.id, &message.body, &message.cloud)?;
            search_logs::note_c2c(tx, &message)?;
            message.version += 1;
            Ok(message)
        },
        move |message| {
            let people = wire::People { from: &from, to: &to, tiny_id: &tiny_id };
            let event = || Push::events(&wire::modified(message, people));
            if !message.has(flag::WITHHELD) {
                after.live.push(&to, origin, event);
            }
            if from != to {
                after.live.push(&from, origin, event);
            }
        },
    );
    Ok(Modified::of(&done.await?))
}
