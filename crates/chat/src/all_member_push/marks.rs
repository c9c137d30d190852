//! Attributes and tags of users.
//!
//! What changes is ended and begun with the number of the newest push, so that a push that waits goes by what users
//! had when it was made. All of it is written under one key of the app, that of pushes too.

use std::collections::{BTreeMap, HashSet};

use proto::{Code, Fail};
use store::{StoreError, Tx, among, push_marks as rows, pushes};

use crate::{Cx, error::Error, relations::key};

/// Tags of one user. `spec/concepts/push-to-all-users.md`.
const TAGS_MAX: usize = 100;

/// Names by number.
pub type Names = BTreeMap<i64, String>;

/// The names of the app's attributes.
pub async fn attribute_names(cx: &Cx) -> Result<Names, Error> {
    let app = cx.app.id;
    Ok(cx.chat.db.read(move |tx| names(tx, app)).await?)
}

pub(super) fn names(tx: &mut dyn Tx, app: u32) -> Result<Names, StoreError> {
    Ok(rows::names(tx, app)?.into_iter().collect())
}

/// The number of the attribute of this name, or 90033.
pub(super) fn number(names: &Names, name: &str) -> Result<i64, Fail> {
    let found = names.iter().find(|it| it.1 == name).map(|it| *it.0);
    found.ok_or_else(|| Fail::with(Code::PushAttribute, "an attribute name is not defined for the app"))
}

/// Names some attributes, the others keep their names. No two may have the same.
pub async fn set_attribute_names(cx: &Cx, named: Names) -> Result<(), Error> {
    let app = cx.app.id;
    let done = cx.chat.db.write(key(app), move |tx| {
        let mut all = names(tx, app)?;
        all.extend(named.clone());
        let different: HashSet<_> = all.values().collect();
        if different.len() < all.len() {
            return Err(Error::from(Fail::with(Code::PushAttribute, "two attributes have the same name")));
        }
        named.iter().try_for_each(|(number, name)| rows::set_name(tx, app, *number, name))?;
        Ok(())
    });
    done.await
}

/// One account with what is to be done about it.
pub type Of<T> = (String, Vec<T>);

fn must_exist<'a>(tx: &mut dyn Tx, app: u32, users: impl Iterator<Item = &'a String>) -> Result<(), Error> {
    let users: HashSet<_> = users.cloned().collect();
    let users: Vec<_> = users.into_iter().collect();
    match among::accounts(tx, app, &users)?.len() < users.len() {
        true => Err(Fail::with(Code::C2cAccountUnknown, "an account does not exist").into()),
        false => Ok(()),
    }
}

/// Changes something of each account, all or none.
async fn change<T: Send + 'static>(
    cx: &Cx,
    items: Vec<Of<T>>,
    mut work: impl FnMut(&mut dyn Tx, &Names, &str, Vec<T>, i64) -> Result<(), Error> + Send + 'static,
) -> Result<(), Error> {
    let app = cx.app.id;
    let done = cx.chat.db.write(key(app), move |tx| {
        must_exist(tx, app, items.iter().map(|it| &it.0))?;
        let names = names(tx, app)?;
        let newest = pushes::newest(tx, app)?.map_or(0, |it| it.id);
        items.into_iter().try_for_each(|(user, wanted)| work(tx, &names, &user, wanted, newest))
    });
    done.await
}

/// Sets attributes, each a name and a value; the accounts' others stay.
pub async fn set_attributes(cx: &Cx, items: Vec<Of<(String, String)>>) -> Result<(), Error> {
    let app = cx.app.id;
    let done = change(cx, items, move |tx, names, user, wanted, newest| {
        let has = rows::attributes(tx, app, user)?;
        for (name, value) in wanted {
            let number = number(names, &name)?;
            let is_same =
                |it: &rows::Attribute| it.span.until == 0 && it.number == number && it.value == value;
            if !has.iter().any(is_same) {
                rows::end_attribute(tx, app, user, number, newest)?;
                rows::add_attribute(tx, app, user, (number, &value), newest)?;
            }
        }
        Ok(())
    });
    done.await
}

/// Removes the attributes of these names from each account that has them.
pub async fn remove_attributes(cx: &Cx, items: Vec<Of<String>>) -> Result<(), Error> {
    let app = cx.app.id;
    let done = change(cx, items, move |tx, names, user, wanted, newest| {
        for name in wanted {
            rows::end_attribute(tx, app, user, number(names, &name)?, newest)?;
        }
        Ok(())
    });
    done.await
}

/// Adds tags; those that an account has already are passed over.
pub async fn add_tags(cx: &Cx, items: Vec<Of<String>>) -> Result<(), Error> {
    let app = cx.app.id;
    let done = change(cx, items, move |tx, _, user, wanted, newest| {
        let known = rows::tags(tx, app, user)?;
        let mut place = known.last().map_or(0, |it| it.place);
        let mut has: HashSet<_> =
            known.into_iter().filter(|it| it.span.until == 0).map(|it| it.tag).collect();
        for tag in wanted {
            if has.insert(tag.clone()) {
                place += 1;
                rows::add_tag(tx, app, user, (&tag, place), newest)?;
            }
        }
        match has.len() > TAGS_MAX {
            true => Err(Fail::with(Code::PushTagsTooMany, format!("more than {TAGS_MAX} tags")).into()),
            false => Ok(()),
        }
    });
    done.await
}

/// Removes tags from each account that has them.
pub async fn remove_tags(cx: &Cx, items: Vec<Of<String>>) -> Result<(), Error> {
    let app = cx.app.id;
    let done = change(cx, items, move |tx, _, user, wanted, newest| {
        Ok(wanted.iter().try_for_each(|tag| rows::end_tag(tx, app, user, tag, newest))?)
    });
    done.await
}

/// Removes every tag of each account.
pub async fn remove_all_tags(cx: &Cx, users: Vec<String>) -> Result<(), Error> {
    let app = cx.app.id;
    let items = users.into_iter().map(|it| (it, Vec::<String>::new())).collect();
    let done = change(cx, items, move |tx, _, user, _, newest| {
        for it in rows::tags(tx, app, user)?.iter().filter(|it| it.span.until == 0) {
            rows::end_tag(tx, app, user, &it.tag, newest)?;
        }
        Ok(())
    });
    done.await
}

/// Reads something of each account, in their order.
async fn read<T: Send + 'static>(
    cx: &Cx,
    users: Vec<String>,
    work: impl Fn(&mut dyn Tx, &Names, &str) -> Result<T, StoreError> + Send + 'static,
) -> Result<Vec<(String, T)>, Error> {
    let app = cx.app.id;
    let read = cx.chat.db.read(move |tx| {
        must_exist(tx, app, users.iter())?;
        let names = names(tx, app)?;
        let each = |user: String| work(tx, &names, &user).map(|it| (user, it));
        Ok::<_, Error>(users.into_iter().map(each).collect::<Result<_, _>>()?)
    });
    read.await
}

/// The attributes of each account: name and value.
pub async fn attributes(
    cx: &Cx,
    users: Vec<String>,
) -> Result<Vec<(String, BTreeMap<String, String>)>, Error> {
    let app = cx.app.id;
    let read = read(cx, users, move |tx, names, user| {
        let all = rows::attributes(tx, app, user)?.into_iter().filter(|it| it.span.until == 0);
        Ok(all.filter_map(|it| Some((names.get(&it.number)?.clone(), it.value))).collect())
    });
    read.await
}

/// The tags of each account, in the order of adding.
pub async fn tags(cx: &Cx, users: Vec<String>) -> Result<Vec<(String, Vec<String>)>, Error> {
    let app = cx.app.id;
    let read = read(cx, users, move |tx, _, user| {
        let all = rows::tags(tx, app, user)?.into_iter().filter(|it| it.span.until == 0);
        Ok(all.map(|it| it.tag).collect())
    });
    read.await
}

impl crate::Chat {
    /// Forgets pushes that nobody gets any more and that no repeated call can mean, and what users had that no
    /// waiting push asks for. Called from time to time.
    pub async fn prune_pushes(&self) -> Result<u64, StoreError> {
        const STEP: i64 = 1000;
        let now = self.clock.now();
        let mut gone = 0;
        for app in self.apps.all() {
            let days = app.state().settings.push_all_random_dedup_days.max(KEPT_DAYS_MIN);
            let before = (now - days.saturating_mul(SECONDS_PER_DAY)).saturating_mul(1000);
            let id = app.id;
            let done = self.db.write(key(id), move |tx| {
                let pruned = pushes::prune(tx, id, before, now, STEP)?;
                let next = pushes::newest(tx, id)?.map_or(1, |it| it.id + 1);
                let oldest = pushes::oldest_needed(tx, id, now)?.unwrap_or(next);
                Ok::<_, StoreError>(pruned + rows::prune(tx, id, oldest, STEP)?)
            });
            gone += done.await?;
        }
        Ok(gone)
    }
}

/// Pushes of the same calendar day are counted, wherever the day begins.
const KEPT_DAYS_MIN: i64 = 2;
const SECONDS_PER_DAY: i64 = 86_400;
