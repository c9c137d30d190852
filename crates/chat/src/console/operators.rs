//! Operators: making, changing and removing them, and the links by which they choose their passwords.

use serde_json::json;
use sha2::{Digest, Sha256};
use store::{
    Tx,
    console_users::{self as table, Link, User},
};

use super::{
    Actor, Role, Trouble,
    audit::{Deed, note},
    key,
};
use crate::Chat;

/// Longest name of an operator. Characters, which are ASCII.
const NAME_MAX: usize = 64;
/// Operators of a server.
const OPERATORS_MAX: usize = 1000;
/// Characters of a password.
pub const PASSWORD_MIN: usize = 10;
pub const PASSWORD_MAX: usize = 256;
/// How long a one-time link is good.
const LINK_SECONDS: i64 = 86_400;
/// Who the first one-time link makes.
pub const FIRST_OPERATOR: &str = "owner";

/// An operator as others see them.
pub struct Operator {
    pub name: String,
    pub role: Role,
    pub created_at: i64,
    pub has_password: bool,
    pub sessions: i64,
}

/// A one-time link that was just made: the token is nowhere else.
pub struct NewLink {
    pub name: String,
    pub token: String,
    pub expires_at: i64,
}

pub(super) fn hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

/// A name goes into log lines and tables, so it is plain.
fn check_name(name: &str) -> Result<(), Trouble> {
    let is_plain = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || b"._@-".contains(&it);
    match (1..=NAME_MAX).contains(&name.len()) && name.bytes().all(is_plain) {
        true => Ok(()),
        false => Err(Trouble::Bad(format!(
            "a name has 1 to {NAME_MAX} small letters, digits and the characters . _ @ -"
        ))),
    }
}

pub(super) fn check_password(password: &str) -> Result<(), Trouble> {
    match (PASSWORD_MIN..=PASSWORD_MAX).contains(&password.chars().count()) {
        true => Ok(()),
        false => Err(Trouble::Bad(format!("a password has {PASSWORD_MIN} to {PASSWORD_MAX} characters"))),
    }
}

fn unknown(name: &str) -> Trouble {
    Trouble::NotFound(format!("there is no operator {name:?}"))
}

/// Whether somebody else could still manage operators without this one.
fn check_not_last_owner(tx: &mut dyn Tx, name: &str) -> Result<(), Trouble> {
    let can = |it: &User| Role::from_number(it.role) == Role::Owner && !it.password.is_empty();
    let owners: Vec<_> = table::all(tx)?.into_iter().filter(can).collect();
    match owners.iter().any(|it| it.name == name) && owners.len() == 1 {
        true => Err(Trouble::Conflict("the last owner cannot go; make another one first".to_owned())),
        false => Ok(()),
    }
}

impl Chat {
    /// Whether anybody can sign in.
    pub async fn console_is_set_up(&self) -> Result<bool, Trouble> {
        let users = self.db.read(|tx| table::all(tx)).await?;
        Ok(users.iter().any(|it| !it.password.is_empty()))
    }

    pub async fn operators(&self) -> Result<Vec<Operator>, Trouble> {
        let read = self.db.read(|tx| {
            let mut out = Vec::new();
            for it in table::all(tx)? {
                out.push(Operator {
                    role: Role::from_number(it.role),
                    created_at: it.created_at,
                    has_password: !it.password.is_empty(),
                    sessions: table::count_sessions(tx, &it.name)?,
                    name: it.name,
                });
            }
            Ok::<_, Trouble>(out)
        });
        read.await
    }

    /// Makes an operator, who cannot sign in before the link was used.
    pub async fn add_operator(&self, by: &Actor, name: &str, role: Role) -> Result<NewLink, Trouble> {
        check_name(name)?;
        let (by, now, now_ms) = (by.clone(), self.clock.now(), self.clock.millis());
        let link = self.new_link(name);
        let (name, row) = (name.to_owned(), link.row(role));
        let made = self.db.write(key(), move |tx| {
            if table::all(tx)?.len() >= OPERATORS_MAX {
                return Err(Trouble::Conflict(format!("there are {OPERATORS_MAX} operators already")));
            }
            let user =
                User { name: name.clone(), role: role as i64, password: String::new(), created_at: now };
            if !table::insert(tx, &user)? {
                return Err(Trouble::Conflict(format!("there is an operator {name:?} already")));
            }
            table::put_link(tx, &row)?;
            let deed = Deed {
                detail: json!({ "role": role.name() }).to_string(),
                ..Deed::new("operators.add", &name)
            };
            note(tx, &by, &deed, now_ms)?;
            Ok(())
        });
        made.await?;
        Ok(link)
    }

    /// Makes a link by which somebody chooses a new password. The old one is good until then.
    pub async fn link_operator(&self, by: &Actor, name: &str) -> Result<NewLink, Trouble> {
        let (by, now_ms) = (by.clone(), self.clock.millis());
        let link = self.new_link(name);
        let (name, mut row) = (name.to_owned(), link.row(Role::Viewer));
        let made = self.db.write(key(), move |tx| {
            let user = table::get(tx, &name)?.ok_or_else(|| unknown(&name))?;
            row.role = user.role;
            table::put_link(tx, &row)?;
            note(tx, &by, &Deed::new("operators.link", &name), now_ms)?;
            Ok::<_, Trouble>(())
        });
        made.await?;
        Ok(link)
    }

    /// A link for the first owner, when nobody can sign in yet.
    pub async fn first_link(&self) -> Result<Option<NewLink>, Trouble> {
        if self.console_is_set_up().await? {
            return Ok(None);
        }
        let link = self.new_link(FIRST_OPERATOR);
        let (row, now_ms) = (link.row(Role::Owner), self.clock.millis());
        let made = self.db.write(key(), move |tx| {
            table::put_link(tx, &row)?;
            note(tx, &Actor::command_line(), &Deed::new("operators.link", FIRST_OPERATOR), now_ms)?;
            Ok::<_, Trouble>(())
        });
        made.await?;
        Ok(Some(link))
    }

    fn new_link(&self, name: &str) -> NewLink {
        NewLink {
            name: name.to_owned(),
            token: self.random.token(),
            expires_at: self.clock.now() + LINK_SECONDS,
        }
    }

    pub async fn set_operator_role(&self, by: &Actor, name: &str, role: Role) -> Result<(), Trouble> {
        let (by, name, now_ms) = (by.clone(), name.to_owned(), self.clock.millis());
        let done = self.db.write(key(), move |tx| {
            table::get(tx, &name)?.ok_or_else(|| unknown(&name))?;
            if role != Role::Owner {
                check_not_last_owner(tx, &name)?;
            }
            table::set_role(tx, &name, role as i64)?;
            let deed = Deed {
                detail: json!({ "role": role.name() }).to_string(),
                ..Deed::new("operators.role", &name)
            };
            note(tx, &by, &deed, now_ms)?;
            Ok(())
        });
        done.await
    }

    /// Sets a password, of who is there, and ends all sessions of the operator.
    pub async fn set_operator_password(&self, by: &Actor, name: &str, password: &str) -> Result<(), Trouble> {
        check_password(password)?;
        let hashed = self.console.hashing.hash(password.to_owned(), self.random.name()).await?;
        let (by, name, now_ms) = (by.clone(), name.to_owned(), self.clock.millis());
        let done = self.db.write(key(), move |tx| {
            table::get(tx, &name)?.ok_or_else(|| unknown(&name))?;
            table::set_password(tx, &name, &hashed)?;
            table::end_sessions_of(tx, &name)?;
            note(tx, &by, &Deed::new("operators.password", &name), now_ms)?;
            Ok(())
        });
        done.await
    }

    pub async fn remove_operator(&self, by: &Actor, name: &str) -> Result<(), Trouble> {
        let (by, name, now_ms) = (by.clone(), name.to_owned(), self.clock.millis());
        let done = self.db.write(key(), move |tx| {
            table::get(tx, &name)?.ok_or_else(|| unknown(&name))?;
            check_not_last_owner(tx, &name)?;
            table::remove(tx, &name)?;
            note(tx, &by, &Deed::new("operators.remove", &name), now_ms)?;
            Ok(())
        });
        done.await
    }
}

impl NewLink {
    fn row(&self, role: Role) -> Link {
        Link {
            name: self.name.clone(),
            token: hash(&self.token),
            role: role as i64,
            expires_at: self.expires_at,
        }
    }
}
