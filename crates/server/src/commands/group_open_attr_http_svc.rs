//! The attributes of groups have a service of their own for reading.

pub mod get_group_attr;
