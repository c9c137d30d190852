//! Extensions of messages, and reactions to them.

pub mod get_key_values;
pub mod group_get_key_values;
pub mod group_reaction_add;
pub mod group_reaction_del;
pub mod group_reaction_iterate;
pub mod group_reaction_multi_stat;
pub mod group_set_key_values;
mod named;
mod pairs;
pub mod reaction_add;
pub mod reaction_del;
pub mod reaction_iterate;
pub mod reaction_multi_stat;
mod reactions;
pub mod set_key_values;
