//! Following: one-way, without consent, apart from friendship. `spec/concepts/relationships.md` 10.

use std::collections::BTreeMap;

use proto::{Code, Fail, json::quote};
use store::{StoreError, Tx, among, follows};

use crate::{
    Cx,
    error::Error,
    live::Push,
    relations::{self, Outcome, Standing},
};

pub use store::follows::Kind;

/// Refuses with 60017 while the app has no following.
pub fn must_be_on(cx: &Cx) -> Result<(), Fail> {
    if cx.app.state().settings.follow_enabled { Ok(()) } else { Err(Code::FeatureOff.into()) }
}

/// Makes `owner` follow users, one after another; whom it follows already it just goes on following.
pub async fn follow(cx: &Cx, owner: &str, users: Vec<String>) -> Result<Vec<Outcome>, Error> {
    let state = cx.app.state();
    let limits = Limits {
        following: state.settings.follow_max_following,
        followers: state.settings.follow_max_followers,
        mutual: state.settings.follow_max_mutual,
    };
    let now = cx.chat.clock.now();
    change(cx, owner, users, move |tx, app, owner, user, news| {
        relations::must_exist(tx, app, user, "To_Account")?;
        if user == owner {
            return Err(Fail::with(Code::SnsParam, "Err_SNS_Follow_Self").into());
        }
        if follows::get(tx, app, owner, user)?.is_some() {
            return Ok(());
        }
        let is_mutual = follows::get(tx, app, user, owner)?.is_some();
        limits.check(tx, app, owner, user, is_mutual)?;
        follows::add(tx, app, owner, user, now, is_mutual)?;
        let (of_owner, of_user) = (profile(tx, app, owner)?, profile(tx, app, user)?);
        news.add(owner, user, now, &of_user, &diff(true, OWN_FOLLOWING, is_mutual));
        news.add(user, owner, now, &of_owner, &diff(true, OWN_FOLLOWER, is_mutual));
        Ok(())
    })
    .await
}

/// Makes `owner` follow users no longer; whom it does not follow, or who is no account, is passed over.
pub async fn unfollow(cx: &Cx, owner: &str, users: Vec<String>) -> Result<Vec<Outcome>, Error> {
    change(cx, owner, users, |tx, app, owner, user, news| {
        let Some(was) = follows::get(tx, app, owner, user)? else { return Ok(()) };
        follows::remove(tx, app, owner, user)?;
        news.add(owner, user, was.since, "", &diff(false, OWN_FOLLOWING, was.is_mutual));
        news.add(user, owner, was.since, "", &diff(false, OWN_FOLLOWER, was.is_mutual));
        Ok(())
    })
    .await
}

/// Most relations of each kind; 0 of the last two for no limit.
#[derive(Clone, Copy)]
struct Limits {
    following: i64,
    followers: i64,
    mutual: i64,
}

impl Limits {
    /// Whether there is room for one more relation of `owner` to `user`.
    fn check(self, tx: &mut dyn Tx, app: u32, owner: &str, user: &str, is_mutual: bool) -> Result<(), Error> {
        if follows::count(tx, app, owner, Kind::Following)? >= self.following {
            return Err(Code::FollowingFull.into());
        }
        if self.followers > 0 && follows::count(tx, app, user, Kind::Followers)? >= self.followers {
            return Err(Code::FollowersFull.into());
        }
        if is_mutual && self.mutual > 0 {
            for (whose, code) in [(owner, Code::MutualFull), (user, Code::PeerMutualFull)] {
                if follows::count(tx, app, whose, Kind::Mutual)? >= self.mutual {
                    return Err(code.into());
                }
            }
        }
        Ok(())
    }
}

/// Does `each` for every user in one transaction, then tells all sessions of whoever was touched.
async fn change(
    cx: &Cx,
    owner: &str,
    users: Vec<String>,
    each: impl Fn(&mut dyn Tx, u32, &str, &str, &mut News) -> Result<(), Error> + Send + 'static,
) -> Result<Vec<Outcome>, Error> {
    let (app, name, at_end) = (cx.app.id, owner.to_owned(), cx.app.clone());
    let done = cx.chat.db.write_then(
        relations::key(app),
        move |tx| {
            relations::must_exist(tx, app, &name, "From_Account")?;
            let (mut news, mut outcomes) = (News::default(), Vec::with_capacity(users.len()));
            for user in &users {
                outcomes.push(relations::outcome(each(tx, app, &name, user, &mut news))?);
            }
            Ok::<_, Error>((outcomes, news))
        },
        move |(_, news)| {
            for (user, items) in &news.0 {
                let event = || format!("{{\"Event\":22,\"FollowChangeList\":[{}]}}", items.join(","));
                at_end.live.push(user, None, || Push::events(&event()));
            }
        },
    );
    done.await.map(|it| it.0)
}

/// `FollowType` of a change: what the other one is to the receiver of the news.
const OWN_FOLLOWER: i64 = 1;
const OWN_FOLLOWING: i64 = 2;
const MUTUAL: i64 = 3;

/// Items of `FollowChangeList`, by the user who is told.
#[derive(Default)]
struct News(BTreeMap<String, Vec<String>>);

impl News {
    fn add(&mut self, to: &str, other: &str, since: i64, profile: &str, diff: &str) {
        let item = format!(
            "{{\"From_Account\":{},{profile}\"FollowTime\":{since},\"FollowDiffList\":[{diff}]}}",
            quote(other)
        );
        self.0.entry(to.to_owned()).or_default().push(item);
    }
}

fn diff(is_add: bool, kind: i64, is_mutual: bool) -> String {
    let one = |kind: i64| format!("{{\"IsAdd\":{},\"FollowType\":{kind}}}", i64::from(is_add));
    if is_mutual { format!("{},{}", one(kind), one(MUTUAL)) } else { one(kind) }
}

/// Members of an item with the other's nickname and avatar. The Web SDK knows the latter as `FaceUrl` only.
fn profile(tx: &mut dyn Tx, app: u32, user: &str) -> Result<String, StoreError> {
    let (nick, face) = relations::display(tx, app, user)?;
    Ok(format!("\"Nick\":{nick},\"Image\":{face},\"FaceUrl\":{face},"))
}

/// How each user stands to `owner`: whether the owner follows, and is followed; 30003 for one that is no account.
pub async fn check(cx: &Cx, owner: &str, users: Vec<String>) -> Result<Vec<Result<Standing, Fail>>, Error> {
    let (app, name) = (cx.app.id, owner.to_owned());
    let read = cx.chat.db.read(move |tx| {
        relations::must_exist(tx, app, &name, "From_Account")?;
        let accounts = among::accounts(tx, app, &users)?;
        let followed = among::followed_by(tx, app, &name, &users)?;
        let followers = among::followers_of(tx, app, &name, &users)?;
        let standing = |user: &String| match accounts.contains(user) {
            true => Ok(Standing { has: followed.contains(user), is_had: followers.contains(user) }),
            false => Err(relations::unknown()),
        };
        Ok::<_, Error>(users.iter().map(standing).collect())
    });
    read.await
}

/// How many relations a user has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub followers: i64,
    pub following: i64,
    pub mutual: i64,
}

/// The counts of users, whoever asks; 30003 for one that is no account.
pub async fn counts(cx: &Cx, owner: &str, users: Vec<String>) -> Result<Vec<Result<Counts, Fail>>, Error> {
    let (app, name) = (cx.app.id, owner.to_owned());
    let read = cx.chat.db.read(move |tx| {
        relations::must_exist(tx, app, &name, "From_Account")?;
        let accounts = among::accounts(tx, app, &users)?;
        let mut counts = Vec::with_capacity(users.len());
        for user in &users {
            counts.push(if accounts.contains(user) {
                Ok(Counts {
                    followers: follows::count(tx, app, user, Kind::Followers)?,
                    following: follows::count(tx, app, user, Kind::Following)?,
                    mutual: follows::count(tx, app, user, Kind::Mutual)?,
                })
            } else {
                Err(relations::unknown())
            });
        }
        Ok::<_, Error>(counts)
    });
    read.await
}

/// A place in a list: the time of an entry and its user. It stays right when entries come or go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub time: i64,
    pub user: String,
}

/// A page of a list: users with the time of the relation, latest first, then by id.
pub struct Page {
    pub entries: Vec<(String, i64)>,
    /// The place of the last entry, when others follow.
    pub next: Option<Place>,
}

/// Reads up to `limit` entries of a list, from the top or behind a place.
pub async fn page(cx: &Cx, owner: &str, kind: Kind, after: Option<Place>, limit: i64) -> Result<Page, Error> {
    let (app, name) = (cx.app.id, owner.to_owned());
    let read = cx.chat.db.read(move |tx| {
        relations::must_exist(tx, app, &name, "From_Account")?;
        let after = after.unwrap_or(Place { time: i64::MAX, user: String::new() });
        let mut entries = follows::page(tx, app, &name, kind, (after.time, &after.user), limit + 1)?;
        let mut next = None;
        if entries.len() as i64 > limit {
            entries.pop();
            next = entries.last().map(|it| Place { time: it.1, user: it.0.clone() });
        }
        Ok::<_, Error>(Page { entries, next })
    });
    read.await
}
