//! Login, logout and the life of a session; the status that users see of one another.

pub mod ws_get_user_status;
pub mod ws_set_custom_status;
pub mod ws_stat_background;
pub mod ws_stat_foreground;
pub mod ws_stat_settoken;
pub mod ws_status_subscribe;
pub mod ws_status_unsubscribe;
pub mod wshello;
pub mod wslogin;
pub mod wslogout;

use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::Serialize;

use crate::given::Given;

/// The users that a call names, at most so many; missing is the same as none.
fn users(given: Given<Vec<Given<String>>>, most: usize) -> Result<Vec<String>, Fail> {
    let bad = Code::BatchSize;
    let users = given.optional(bad, "To_Account")?.unwrap_or_default();
    if users.len() > most {
        return Err(Fail::with(bad, format!("To_Account has more than {most} users")));
    }
    users.into_iter().map(|it| it.need(bad, "To_Account[]")).collect()
}

/// The same where there must be at least one.
fn some_users(given: Given<Vec<Given<String>>>, most: usize) -> Result<Vec<String>, Fail> {
    let users = users(given, most)?;
    if users.is_empty() { Err(Fail::with(Code::BatchSize, "To_Account is empty")) } else { Ok(users) }
}

/// A user that is no account.
#[derive(Serialize, JsonSchema)]
struct Unknown {
    #[serde(rename = "To_Account")]
    to_account: String,
    #[serde(rename = "Invalid_Account")]
    invalid_account: String,
    #[serde(rename = "ErrorCode")]
    error_code: i64,
    #[serde(rename = "ErrorInfo")]
    error_info: &'static str,
}

impl From<String> for Unknown {
    fn from(user: String) -> Unknown {
        Unknown {
            to_account: user.clone(),
            invalid_account: user,
            error_code: Code::AccountUnknown.number(),
            error_info: "not exist",
        }
    }
}
