//! Signing in and out, and what a session's token stands for.

use std::net::IpAddr;

use store::{
    Tx,
    console_users::{self as table, User},
};

use super::{
    Actor, Role, Trouble,
    audit::{Deed, note},
    key,
    operators::{check_password, hash},
};
use crate::Chat;

/// A session ends after so long without a request, and in any case. Seconds.
const IDLE_SECONDS: i64 = 12 * 3600;
const LIFE_SECONDS: i64 = 7 * 86_400;
/// A request is noted when the last note is so old.
const NOTED_SECONDS: i64 = 60;
/// Sessions of one operator; the oldest ends.
const SESSIONS_MAX: i64 = 20;

/// Who is signed in.
#[derive(Clone, Debug)]
pub struct Session {
    pub name: String,
    pub role: Role,
    pub expires_at: i64,
    /// SHA-256 of the token.
    token: Vec<u8>,
}

impl Session {
    pub fn actor(&self, address: Option<IpAddr>) -> Actor {
        Actor { name: self.name.clone(), role: Some(self.role), address }
    }
}

/// A session that was just made, with the token that its holder shows from now on.
pub struct SignedIn {
    pub session: Session,
    pub token: String,
}

fn wrong() -> Trouble {
    Trouble::WrongCredentials("the user or the password is wrong".to_owned())
}

impl Chat {
    /// Signs in with a password.
    pub async fn sign_in(
        &self,
        name: &str,
        password: &str,
        address: Option<IpAddr>,
    ) -> Result<SignedIn, Trouble> {
        let now = self.clock.now();
        self.console.throttle.attempt(Some(name), address, now).map_err(Trouble::TooMany)?;
        let wanted = name.to_owned();
        let user = self.db.read(move |tx| table::get(tx, &wanted)).await?;
        let stored = user.as_ref().map(|it| it.password.clone()).filter(|it| !it.is_empty());
        let too_long = password.chars().count() > super::operators::PASSWORD_MAX;
        let is_right = !too_long && self.console.hashing.verify(password.to_owned(), stored.clone()).await?;
        let Some(user) = user else {
            // What was typed is not kept: it may be a password, and anybody could fill the audit log.
            tracing::info!(?address, "a sign-in to the console in an unknown name was refused");
            return Err(wrong());
        };
        if !is_right {
            let nobody = Actor { name: String::new(), role: None, address };
            self.audit(&nobody, Deed::new("sign-in.refused", &user.name)).await?;
            return Err(wrong());
        }
        self.console.throttle.succeeded(Some(name), address);
        let role = Role::from_number(user.role);
        let actor = Actor { name: user.name.clone(), role: Some(role), address };
        self.enter(actor, "sign-in", move |tx| {
            // The password may have been changed while this one was hashed.
            match table::get(tx, &user.name)? {
                Some(it) if Some(&it.password) == stored.as_ref() => Ok(it),
                _ => Err(wrong()),
            }
        })
        .await
    }

    /// Chooses a password by a one-time link, and signs in.
    pub async fn use_link(
        &self,
        token: &str,
        password: &str,
        address: Option<IpAddr>,
    ) -> Result<SignedIn, Trouble> {
        check_password(password)?;
        let now = self.clock.now();
        self.console.throttle.attempt(None, address, now).map_err(Trouble::TooMany)?;
        let hashed = self.console.hashing.hash(password.to_owned(), self.random.name()).await?;
        let (token, at) = (hash(token), now);
        let actor = Actor { name: String::new(), role: None, address };
        let entered = self.enter(actor, "setup", move |tx| {
            let link = table::take_link(tx, &token)?.filter(|it| at < it.expires_at);
            let link = link.ok_or_else(|| {
                Trouble::WrongCredentials("the link is used up or too old; ask for a new one".to_owned())
            })?;
            let new = User { name: link.name, role: link.role, password: hashed.clone(), created_at: at };
            table::insert(tx, &new)?;
            table::set_password(tx, &new.name, &hashed)?;
            table::end_sessions_of(tx, &new.name)?;
            Ok(table::get(tx, &new.name)?.unwrap_or(new))
        });
        let entered = entered.await?;
        self.console.throttle.succeeded(None, address);
        Ok(entered)
    }

    /// Changes one's own password; all other sessions end, and a new one takes this one's place.
    pub async fn change_own_password(
        &self,
        session: &Session,
        old: &str,
        new: &str,
        address: Option<IpAddr>,
    ) -> Result<SignedIn, Trouble> {
        check_password(new)?;
        let (now, name) = (self.clock.now(), session.name.clone());
        self.console.throttle.attempt(Some(&name), address, now).map_err(Trouble::TooMany)?;
        let wanted = name.clone();
        let user = self.db.read(move |tx| table::get(tx, &wanted)).await?;
        let stored = user.map(|it| it.password).filter(|it| !it.is_empty());
        if !self.console.hashing.verify(old.to_owned(), stored).await? {
            return Err(Trouble::WrongCredentials("the old password is wrong".to_owned()));
        }
        self.console.throttle.succeeded(Some(&name), address);
        let hashed = self.console.hashing.hash(new.to_owned(), self.random.name()).await?;
        self.enter(session.actor(address), "password", move |tx| {
            table::set_password(tx, &name, &hashed)?;
            table::end_sessions_of(tx, &name)?;
            table::get(tx, &name)?.ok_or_else(wrong)
        })
        .await
    }

    /// Makes a session of whom `admit` finds, and writes it down, in one transaction.
    async fn enter(
        &self,
        actor: Actor,
        action: &'static str,
        admit: impl FnOnce(&mut dyn Tx) -> Result<User, Trouble> + Send + 'static,
    ) -> Result<SignedIn, Trouble> {
        let (now, now_ms, token) = (self.clock.now(), self.clock.millis(), self.random.token());
        let hashed = hash(&token);
        let entered = self.db.write(key(), move |tx| {
            let user = admit(tx)?;
            let role = Role::from_number(user.role);
            let actor = Actor { name: user.name.clone(), role: Some(role), ..actor };
            table::prune_sessions(tx, now - LIFE_SECONDS, now - IDLE_SECONDS)?;
            let row = table::Session {
                token: hashed.clone(),
                name: user.name.clone(),
                address: actor.address.map(|it| it.to_canonical().to_string()).unwrap_or_default(),
                created_at: now,
                used_at: now,
            };
            table::insert_session(tx, &row, SESSIONS_MAX)?;
            note(tx, &actor, &Deed::new(action, &user.name), now_ms)?;
            Ok::<_, Trouble>(Session { name: user.name, role, expires_at: now + LIFE_SECONDS, token: hashed })
        });
        Ok(SignedIn { session: entered.await?, token })
    }

    /// The session that a token stands for, if it has not ended.
    pub async fn console_session(&self, token: &str) -> Result<Option<Session>, Trouble> {
        let (now, hashed) = (self.clock.now(), hash(token));
        let wanted = hashed.clone();
        let Some((row, user)) = self.db.read(move |tx| table::session(tx, &wanted)).await? else {
            return Ok(None);
        };
        if now - row.used_at >= IDLE_SECONDS || now - row.created_at >= LIFE_SECONDS {
            return Ok(None);
        }
        if now - row.used_at >= NOTED_SECONDS {
            let used = hashed.clone();
            self.db.write(key(), move |tx| table::use_session(tx, &used, now)).await?;
        }
        Ok(Some(Session {
            name: user.name,
            role: Role::from_number(user.role),
            expires_at: row.created_at + LIFE_SECONDS,
            token: hashed,
        }))
    }

    pub async fn sign_out(&self, session: &Session, address: Option<IpAddr>) -> Result<(), Trouble> {
        let (token, actor, now_ms) = (session.token.clone(), session.actor(address), self.clock.millis());
        let done = self.db.write(key(), move |tx| {
            table::end_session(tx, &token)?;
            note(tx, &actor, &Deed::new("sign-out", &actor.name), now_ms)?;
            Ok::<_, Trouble>(())
        });
        done.await
    }
}
