//! The bodies of webhooks, one struct each, with the vendor's members. `spec/webhooks/`

mod c2c;
mod group_messages;
mod groups;
mod people;
mod relations;
mod robots;

pub(crate) use c2c::*;
pub(crate) use group_messages::*;
pub(crate) use groups::*;
pub(crate) use people::*;
pub(crate) use relations::*;
pub(crate) use robots::*;
