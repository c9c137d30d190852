//! The console's domain: who operates this server, what they may, and what they did.
//!
//! Operators belong to the server, not to an app. The page and the command line use the same functions; each names its
//! [`Actor`]. Whatever changes something is written to the audit log in the same transaction, or before it
//! is done.

pub mod audit;
pub mod explain;
pub mod import;
pub mod lists;
pub mod operators;
mod password;
pub mod sessions;
mod throttle;
pub mod works;

use std::{fmt, net::IpAddr};

use proto::Code;
use store::StoreError;

use crate::{error::Error, shard};
use password::Hashing;
use throttle::Throttle;

/// What an operator may. Each role includes the ones before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Reads.
    Viewer = 1,
    /// Also changes what belongs to apps, and sees their keys.
    Operator = 2,
    /// Also makes and disables apps, and manages operators.
    Owner = 3,
}

impl Role {
    pub const ALL: [Role; 3] = [Role::Viewer, Role::Operator, Role::Owner];

    pub fn name(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Operator => "operator",
            Role::Owner => "owner",
        }
    }

    pub fn parse(name: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|it| it.name() == name)
    }

    /// What the store says it is; a number that nobody wrote may do least.
    fn from_number(number: i64) -> Role {
        Role::ALL.into_iter().find(|it| *it as i64 == number).unwrap_or(Role::Viewer)
    }
}

/// Who does something.
#[derive(Clone, Debug)]
pub struct Actor {
    /// An operator's name, or what stands for the command line.
    pub name: String,
    /// None for who is not signed in.
    pub role: Option<Role>,
    /// Where from; none for the command line.
    pub address: Option<IpAddr>,
}

impl Actor {
    /// Who has the data folder may do everything.
    pub fn command_line() -> Actor {
        Actor { name: "(command line)".to_owned(), role: Some(Role::Owner), address: None }
    }
}

/// Why something was not done.
#[derive(Debug)]
pub enum Trouble {
    Bad(String),
    NotFound(String),
    Conflict(String),
    WrongCredentials(String),
    /// Too much was tried; again in so many seconds.
    TooMany(i64),
    /// More work than the server takes now.
    Busy,
    Internal(Box<dyn std::error::Error + Send + Sync>),
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Trouble {
        match error {
            StoreError::Busy => Trouble::Busy,
            other => Trouble::Internal(Box::new(other)),
        }
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Trouble {
        match error {
            Error::Fail(it) if it.number == Code::Overloaded.number() => Trouble::Busy,
            Error::Fail(it) => Trouble::Bad(it.info.to_string()),
            Error::Internal(it) => Trouble::Internal(it),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::Bad(it)
            | Trouble::NotFound(it)
            | Trouble::Conflict(it)
            | Trouble::WrongCredentials(it) => f.write_str(it),
            Trouble::TooMany(seconds) => write!(f, "too many attempts; again in {seconds} seconds"),
            Trouble::Busy => f.write_str("the server has too much to do now"),
            Trouble::Internal(it) => write!(f, "internal: {it}"),
        }
    }
}

impl std::error::Error for Trouble {}

/// What the console keeps in memory.
#[derive(Default)]
pub struct Console {
    throttle: Throttle,
    hashing: Hashing,
    pub works: works::Works,
}

/// The key under which all that belongs to the console is written.
fn key() -> u64 {
    shard(0, "\0console")
}
