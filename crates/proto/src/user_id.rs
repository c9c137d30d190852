//! Which texts can be user ids.
//!
//! Follows `spec/concepts/accounts-and-status.md` 1. Ids are compared byte by byte, without any
//! normalisation.

use std::fmt;

/// The longest user id, in bytes of UTF-8.
pub const BYTES_MAX: usize = 32;
/// Every robot's id starts with this, and no other's.
pub const ROBOT_PREFIX: &str = "@RBT#";
/// Ids of groups, topics and the system; an account of such a name could be taken for one.
const RESERVED_PREFIXES: [&str; 5] = [ROBOT_PREFIX, "@TGS#", "@TOPIC#", "@TLS#", "@TIM#"];

/// Why a text cannot be a user id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserIdFault {
    Empty,
    TooLong,
    ControlCharacter,
    SpaceAtEdge,
    ReservedPrefix,
}

impl fmt::Display for UserIdFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            UserIdFault::Empty => "a user id must not be empty",
            UserIdFault::TooLong => "a user id must not be longer than 32 bytes",
            UserIdFault::ControlCharacter => "a user id must not contain control characters",
            UserIdFault::SpaceAtEdge => "a user id must not start or end with a space",
            UserIdFault::ReservedPrefix => {
                "a user id must not start with @RBT#, @TGS#, @TOPIC#, @TLS# or @TIM#"
            }
        })
    }
}

impl std::error::Error for UserIdFault {}

/// Whether an ordinary account may have this id.
pub fn check(id: &str) -> Result<(), UserIdFault> {
    check_characters(id)?;
    if RESERVED_PREFIXES.iter().any(|prefix| id.starts_with(prefix)) {
        return Err(UserIdFault::ReservedPrefix);
    }
    Ok(())
}

/// The rules that robots' ids follow too: length, control characters, spaces.
pub fn check_characters(id: &str) -> Result<(), UserIdFault> {
    if id.is_empty() {
        return Err(UserIdFault::Empty);
    }
    if id.len() > BYTES_MAX {
        return Err(UserIdFault::TooLong);
    }
    if id.chars().any(char::is_control) {
        return Err(UserIdFault::ControlCharacter);
    }
    if id.starts_with(' ') || id.ends_with(' ') {
        return Err(UserIdFault::SpaceAtEdge);
    }
    Ok(())
}

/// Whether this is the id of a robot.
pub fn is_robot(id: &str) -> bool {
    id.len() > ROBOT_PREFIX.len() && id.starts_with(ROBOT_PREFIX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_follow_the_rules() {
        for (id, expected) in [
            ("a", Ok(())),
            ("alice_01", Ok(())),
            ("Alice-01@example.com", Ok(())),
            ("用户", Ok(())),
            ("two words", Ok(())),
            ("12345678901234567890123456789012", Ok(())),
            ("123456789012345678901234567890123", Err(UserIdFault::TooLong)),
            ("用户用户用户用户用户", Ok(())),
            ("用户用户用户用户用户用", Err(UserIdFault::TooLong)),
            ("", Err(UserIdFault::Empty)),
            (" ", Err(UserIdFault::SpaceAtEdge)),
            (" a", Err(UserIdFault::SpaceAtEdge)),
            ("a ", Err(UserIdFault::SpaceAtEdge)),
            ("a\nb", Err(UserIdFault::ControlCharacter)),
            ("a\0", Err(UserIdFault::ControlCharacter)),
            ("a\u{85}", Err(UserIdFault::ControlCharacter)),
            ("@RBT#faq", Err(UserIdFault::ReservedPrefix)),
            ("@TGS#1", Err(UserIdFault::ReservedPrefix)),
            ("@TOPIC#_1", Err(UserIdFault::ReservedPrefix)),
            ("@TLS#NOT_FOUND", Err(UserIdFault::ReservedPrefix)),
            ("@TIM#SYSTEM", Err(UserIdFault::ReservedPrefix)),
            ("@tls#x", Ok(())),
            ("x@TLS#", Ok(())),
        ] {
            assert_eq!(check(id), expected, "{id:?}");
        }
    }

    #[test]
    fn robots_are_known_by_their_prefix() {
        for (id, robot) in [("@RBT#faq", true), ("@RBT#", false), ("@rbt#faq", false), ("faq", false)] {
            assert_eq!(is_robot(id), robot, "{id}");
        }
        assert_eq!(check_characters("@RBT#faq"), Ok(()));
    }
}
