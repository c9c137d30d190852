//! Changing remark, lists and custom fields of friends.
//!
//! Contract: `spec/rest/sns.friend_update.yaml`.

use proto::{Code, Fail};
use serde::de::DeserializeOwned;
use serde_json::Value;
use store::{Tx, friends};

use super::{
    Changes, Outcome, change,
    entry::{
        GROUP, REMARK, check_remark, check_room, checked_custom, checked_lists, set_custom, set_lists,
        set_remark,
    },
    must_exist, outcome,
};
use crate::{Cx, error::Error, profiles::Field, settings::Settings};

/// A friend and the fields to set, of which the last of a tag counts.
pub struct Update {
    pub user: String,
    pub fields: Vec<Field>,
}

/// Changes entries of the list of `owner`: of each all fields or none.
pub async fn update(cx: &Cx, owner: &str, items: Vec<Update>) -> Result<Vec<Outcome>, Error> {
    let (at, me) = (cx.clone(), owner.to_owned());
    let work = move |tx: &mut dyn Tx, changes: &mut Changes| {
        items.iter().map(|it| outcome(one(tx, &at, &me, it, changes))).collect()
    };
    change(cx, owner, work).await
}

#[derive(Default)]
struct Checked {
    remark: Option<String>,
    lists: Option<Vec<String>>,
    custom: Vec<(String, Value)>,
}

fn check(settings: &Settings, fields: &[Field]) -> Result<Checked, Fail> {
    let mut out = Checked::default();
    for field in fields {
        match &*field.0 {
            REMARK => {
                let remark: String = typed(field, "a string")?;
                check_remark(&remark)?;
                out.remark = Some(remark);
            }
            GROUP => out.lists = Some(checked_lists(typed(field, "a list of strings")?)?),
            _ => out.custom.push(checked_custom(settings, field)?),
        }
    }
    Ok(out)
}

fn typed<T: DeserializeOwned>((tag, literal): &Field, expected: &str) -> Result<T, Fail> {
    let wrong =
        |_| Fail::with(Code::SnsParam, format!("Err_SNS_Value_Type_Wrong: expected {expected} for {tag}"));
    serde_json::from_str(literal).map_err(wrong)
}

fn one(tx: &mut dyn Tx, cx: &Cx, owner: &str, it: &Update, changes: &mut Changes) -> Result<(), Error> {
    let app = cx.app.id;
    must_exist(tx, app, &it.user, "To_Account")?;
    let Some(mut entry) = friends::get(tx, app, owner, &it.user)? else {
        return Err(Fail::with(Code::SnsParam, "Err_SNS_FriendUpdate_Friend_Not_Exist").into());
    };
    let checked = check(&cx.app.state().settings, &it.fields)?;
    check_room(tx, cx, owner, checked.lists.as_deref().unwrap_or(&[]))?;

    let before = entry.clone();
    if let Some(remark) = checked.remark {
        set_remark(&mut entry, owner, remark, cx.chat.clock.now(), changes);
    }
    set_custom(&mut entry, owner, checked.custom, changes)?;
    if entry != before {
        friends::put(tx, app, owner, &entry)?;
    }
    if let Some(names) = checked.lists {
        set_lists(tx, cx, owner, &it.user, &names, changes)?;
    }
    Ok(())
}
