//! Who may come in with which UserSig. `spec/concepts/usersig.md` 4.

use std::{
    collections::{HashMap, VecDeque},
    sync::Mutex,
};

use proto::{Code, usersig};
use quick_cache::sync::Cache;

use crate::apps::App;

/// Verified UserSigs that are remembered, per app.
const REMEMBERED_MAX: usize = 10_000;
/// User ids with recent failures that are remembered, per app.
const FAILING_MAX: usize = 10_000;
/// Failures are counted for this long, and a penalty lasts as long.
const PENALTY_SECONDS: i64 = 60;

/// What was verified: the times that still have to be compared.
#[derive(Clone, Copy)]
pub struct Verified {
    pub time: i64,
    pub expire: i64,
}

impl Verified {
    pub fn ends_at(self) -> i64 {
        self.time.saturating_add(self.expire)
    }
}

#[derive(Default)]
struct Failing {
    /// Seconds of the failures of the last minute, oldest first; never more than trigger a penalty.
    at: VecDeque<i64>,
    until: i64,
}

pub struct Signatures {
    /// By (UserSig, user id): the app's settings version it was verified under, and its times.
    good: Cache<(Box<str>, Box<str>), (i64, Verified)>,
    failing: Mutex<HashMap<Box<str>, Failing>>,
}

impl Default for Signatures {
    fn default() -> Signatures {
        Signatures { good: Cache::new(REMEMBERED_MAX), failing: Mutex::default() }
    }
}

/// A key to look up with, without owning its texts.
#[derive(Hash)]
struct Shown<'a>(&'a str, &'a str);

impl quick_cache::Equivalent<(Box<str>, Box<str>)> for Shown<'_> {
    fn equivalent(&self, key: &(Box<str>, Box<str>)) -> bool {
        self.0 == &*key.0 && self.1 == &*key.1
    }
}

impl App {
    /// Checks that `text` was made for `user` with a key of this app and has not ended.
    pub fn verify(&self, user: &str, text: &str, now: i64) -> Result<Verified, Code> {
        let state = self.state();
        let most = state.settings.usersig_max_failures;
        if most > 0 && self.signatures.is_punished(user, now) {
            return Err(Code::SigPenalty);
        }
        let verified = self.verify_remembered(user, text, now);
        let punished = [Code::SigMalformed, Code::SigWrong, Code::SigOtherUser, Code::SigOtherApp];
        if most > 0 && verified.as_ref().is_err_and(|code| punished.contains(code)) {
            self.signatures.count_failure(user, now, most);
        }
        let verified = verified?;
        if state.settings.accounts_blocked.iter().any(|it| it == user) {
            return Err(Code::AccountBlocked);
        }
        Ok(verified)
    }

    fn verify_remembered(&self, user: &str, text: &str, now: i64) -> Result<Verified, Code> {
        let state = self.state();
        if let Some((version, verified)) = self.signatures.good.get(&Shown(text, user))
            && version == state.version
        {
            return if now > verified.ends_at() { Err(Code::SigExpired) } else { Ok(verified) };
        }
        let ticket = usersig::verify(text, self.id, user, &state.credentials, now)?;
        let verified = Verified { time: ticket.time, expire: ticket.expire };
        self.signatures.good.insert((text.into(), user.into()), (state.version, verified));
        Ok(verified)
    }
}

impl Signatures {
    fn is_punished(&self, user: &str, now: i64) -> bool {
        let failing = self.failing.lock().expect("no holder panics");
        failing.get(user).is_some_and(|it| now < it.until)
    }

    fn count_failure(&self, user: &str, now: i64, most: i64) {
        let mut failing = self.failing.lock().expect("no holder panics");
        if failing.len() >= FAILING_MAX && !failing.contains_key(user) {
            failing
                .retain(|_, it| now < it.until || it.at.back().is_some_and(|at| now - at < PENALTY_SECONDS));
            if failing.len() >= FAILING_MAX {
                return;
            }
        }
        let it = failing.entry(user.into()).or_default();
        it.at.push_back(now);
        while it.at.front().is_some_and(|at| now - at >= PENALTY_SECONDS) {
            it.at.pop_front();
        }
        if it.at.len() as i64 > most {
            *it = Failing { at: VecDeque::new(), until: now + PENALTY_SECONDS };
        }
    }
}
