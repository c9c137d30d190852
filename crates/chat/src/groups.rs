//! Groups: what they are, who is in them, what happens in them. `spec/concepts/group-system.md`.
//!
//! A group has a number, under which its messages, members and everything else are kept. All writes of a
//! group come under one key. What a change is told to whom is collected in [`Told`] inside the transaction
//! and handed to the fan-out after it, in the order of the commits.

pub(crate) mod additions;
pub mod announce;
pub mod attributes;
mod backend;
pub mod counters;
mod discards;
mod dismiss;
mod enter;
pub mod fields;
mod find;
pub mod hide;
pub mod history;
pub mod import_messages;
pub mod invite;
pub mod join;
pub mod leave;
pub mod list;
pub mod live_rooms;
mod make;
pub mod members;
pub mod membership;
pub mod mentions;
pub mod modify;
pub mod mute;
mod names;
mod notices;
pub(crate) mod own_side;
pub mod owner;
pub mod pins;
pub mod profile;
pub mod read;
pub mod recall;
pub mod receipts;
mod recent;
pub mod requests;
mod rights;
pub mod send;
mod spoke;
mod tips;
mod told;
pub mod topics;
mod view;
mod wire;

pub use dismiss::dismiss;
pub use enter::enter_all;
pub use find::{Group, Groups, Member, Topic, find, find_in, member, member_in, open, topic};
pub use make::{First, Made, NewGroup, make};
pub use names::{ApplyOption, InviteOption, Kind, MsgFlag, Role};
pub use profile::Profile;
pub use recent::PRIORITIES;
pub use rights::{Action, may, may_act_on};
pub use store::group_messages::flag as group_flag;

pub(crate) use find::TOPIC_MARK;
pub(crate) use told::Told;
pub(crate) use view::{is_meant_for, shows_older};
pub(crate) use wire::item;

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
