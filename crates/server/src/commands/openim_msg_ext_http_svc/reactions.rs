//! What the commands about reactions have in common: fields, and answers.
//! `spec/client/commands/openim_msg_ext_http_svc.reaction_multi_stat.yaml`,
//! `spec/client/commands/openim_msg_ext_http_svc.reaction_iterate.yaml`.

use chat::{
    Cx,
    additions::{
        Named, Several,
        reactions::{self, MESSAGES_MAX, USERS_MAX},
    },
    error::Error,
};
use proto::Fail;
use schemars::JsonSchema;
use serde::Serialize;

use super::named::BAD;
use crate::given::Given;

/// Users of each reaction that are shown when a call does not say how many.
const USERS_SHOWN: i64 = 10;

/// Some users of one reaction.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Users {
    #[serde(rename = "Reaction_Account")]
    users: Vec<String>,
    /// Where the next page starts, 0 when there is none.
    next_seq: i64,
}

/// A reaction to a message.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Summary {
    reaction: String,
    count: usize,
    #[serde(rename = "Reaction_Account")]
    users: Vec<String>,
    reacted_by_me: i64,
}

pub(super) fn reaction(given: Given<String>) -> Result<String, Fail> {
    given.need(BAD, "Reaction")
}

pub(super) async fn users(
    cx: &Cx,
    named: Named,
    reaction: Given<String>,
    (next, count): (Given<i64>, Given<i64>),
) -> Result<Users, Error> {
    let reaction = self::reaction(reaction)?;
    let after = next.optional(BAD, "NextSeq")?.unwrap_or(0);
    let count = count.need(BAD, "Count")?;
    let is_fit = |it: &usize| (1..=USERS_MAX).contains(it);
    let count = usize::try_from(count).ok().filter(is_fit);
    let count = count.ok_or_else(|| Fail::with(BAD, format!("Count must be from 1 to {USERS_MAX}")))?;
    let (users, next_seq) = reactions::users(cx, named, reaction, (after, count)).await?;
    Ok(Users { users, next_seq })
}

/// A list of messages, with 1 to [`MESSAGES_MAX`] entries.
pub(super) fn list<T>(given: Given<Vec<T>>, name: &str) -> Result<Vec<T>, Fail> {
    let list = given.need(BAD, name)?;
    if list.is_empty() || list.len() > MESSAGES_MAX {
        return Err(Fail::with(BAD, format!("{name} must have 1 to {MESSAGES_MAX} entries")));
    }
    Ok(list)
}

/// The reactions to each message, in the order in which the messages are named.
pub(super) async fn summaries(
    cx: &Cx,
    several: Several,
    count: Given<i64>,
) -> Result<Vec<Vec<Summary>>, Error> {
    let count = count.optional(BAD, "Count")?.unwrap_or(USERS_SHOWN);
    let count = usize::try_from(count).map_err(|_| Fail::with(BAD, "Count is negative"))?;
    let found = reactions::summaries(cx, several, count).await?;
    let summary = |it: reactions::Summary| Summary {
        reaction: it.reaction,
        count: it.count,
        users: it.users,
        reacted_by_me: i64::from(it.is_own),
    };
    Ok(found.into_iter().map(|it| it.into_iter().map(summary).collect()).collect())
}
