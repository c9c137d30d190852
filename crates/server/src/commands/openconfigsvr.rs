//! Global mute and operations data.

pub mod getappinfo;
pub mod getnospeaking;
pub mod setnospeaking;

use proto::{Code, Fail};

use crate::given::Given;

/// The account a mute is about; a missing one has a code of its own.
fn account(given: Given<String>, name: &str, missing: Code, invalid: Code) -> Result<String, Fail> {
    match given {
        Given::Missing => Err(Fail::with(missing, format!("{name} is missing"))),
        given => match given.need(invalid, name)? {
            user if user.is_empty() => Err(Fail::with(invalid, format!("{name} is empty"))),
            user => Ok(user),
        },
    }
}
