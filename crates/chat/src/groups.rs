//! Groups: what they are, who is in them, what happens in them. `spec/concepts/group-system.md`.
//!
//! A group has a number, under which its messages, members and everything else are kept. All writes of a
//! group come under one key. What a change is told to whom is collected in [`Told`] inside the transaction
//! and handed to the fan-out after it, in the order of the commits.

mod enter;
pub mod fields;
mod find;
mod make;
mod names;
mod notices;
mod recent;
mod rights;
pub mod send;
mod tips;
mod told;
mod wire;

pub use enter::enter_all;
pub use find::{Group, Groups, Member, Topic, find, find_in, member, member_in, open, topic};
pub use make::{First, Made, NewGroup, dismiss, make};
pub use names::{ApplyOption, InviteOption, Kind, MsgFlag, Role};
pub use rights::{Action, may, may_act_on};

pub(crate) use told::Told;

use crate::shard;

/// Most bytes of a group's own id. `spec/concepts/group-system.md` 6.
pub const ID_BYTES_MAX: usize = 48;
/// Who tips and notices come from.
pub const SYSTEM: &str = "@TIM#SYSTEM";

/// The key under which all writes of a group keep their order.
pub(crate) fn key(app: u32, number: i64) -> u64 {
    shard(app, &format!("\0group {number}"))
}

/// The key under which groups come into being: ids and quotas of an app are decided in one place.
pub(crate) fn making_key(app: u32) -> u64 {
    shard(app, "\0groups")
}
