//! Live rooms for those who did not log in.

pub mod apply_join_group;
