//! Bringing in many users from a file, by the rules of the account import and of profiles.

use futures_util::{StreamExt, stream};
use proto::Fail;

use super::works::Work;
use crate::{
    Cx,
    accounts::{self, Import},
    error::Error,
    profiles,
};

/// Users between two looks at whether the work goes on.
const BATCH: usize = 100;
/// Users whose writes wait for a commit beside each other.
const BESIDE: usize = 16;

/// A user as a line of a file names them.
#[derive(Debug)]
pub struct NewUser {
    pub import: Import,
    /// Fields beside nickname and avatar, as texts or JSON literals.
    pub profile: Vec<(String, Given)>,
}

/// A field's value as its file has it.
#[derive(Debug, PartialEq)]
pub enum Given {
    /// A cell, which does not say whether it is a number.
    Text(String),
    Literal(String),
}

/// A line of a file, counted from 1, with the user that it names or why it names none.
pub type Line = (i64, Result<NewUser, String>);

/// Imports one user after the other as the caller; each is a call of its own. False when it was told to stop before its
/// end. What a user may not be is a fault of the line; what broke here ends the work.
pub async fn import_users(cx: &Cx, mut lines: Vec<Line>, work: &Work) -> Result<bool, Error> {
    work.expect(lines.len() as i64);
    while !lines.is_empty() {
        let rest = lines.split_off(lines.len().min(BATCH));
        let batch = std::mem::replace(&mut lines, rest);
        let each = stream::iter(batch).map(|it| import_line(cx, it, work)).buffered(BESIDE);
        let done: Vec<Result<(), Error>> = each.collect().await;
        done.into_iter().collect::<Result<(), _>>()?;
        if !lines.is_empty() && !work.goes_on().await {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn import_line(cx: &Cx, (number, line): Line, work: &Work) -> Result<(), Error> {
    let fault = match line {
        Err(why) => Some(why),
        Ok(it) => match import(cx, it).await {
            Ok(()) => None,
            Err(Error::Fail(it)) => Some(words(&it)),
            Err(error) => return Err(error),
        },
    };
    let taken = i64::from(fault.is_none());
    if let Some(why) = fault {
        work.fault(number, why);
    }
    work.step(1, taken);
    Ok(())
}

fn words(it: &Fail) -> String {
    format!("{}: {}", it.number, it.info)
}

async fn import(cx: &Cx, it: NewUser) -> Result<(), Error> {
    let state = cx.app.state().clone();
    let literals = it.profile.into_iter().map(|(tag, given)| match given {
        Given::Text(text) => profiles::literal(&state.settings, &tag, &text).map(|it| (tag, it)),
        Given::Literal(it) => Ok((tag, it)),
    });
    let fields: Vec<_> = literals.collect::<Result<_, Error>>()?;
    // A line is taken whole or not at all.
    profiles::check_fields(&state.settings, &fields, cx.is_admin())?;
    let user = it.import.user.clone();
    accounts::import(cx, it.import).await?;
    if fields.is_empty() { Ok(()) } else { profiles::set(cx, &user, fields).await }
}
