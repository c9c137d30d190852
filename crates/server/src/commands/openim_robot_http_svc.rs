//! Chatbot accounts.

pub mod create_robot;
pub mod delete_robot;
pub mod get_all_robots;

use chat::robots;
use proto::{Code, Fail};

use crate::given::Given;

/// The id of a robot.
fn robot(given: Given<String>, name: &str) -> Result<String, Fail> {
    let user = given.need(Code::GroupParam, name)?;
    if !user.starts_with("@RBT#") {
        return Err(Fail::with(Code::GroupParam, "robot UserID must start with @RBT#"));
    }
    if !robots::is_id(&user) {
        let info = format!("{name} must have 6 to 32 bytes and no control characters");
        return Err(Fail::with(Code::GroupParam, info));
    }
    Ok(user)
}
