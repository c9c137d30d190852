//! User profiles.

pub mod portrait_get;
pub mod portrait_get_all;
pub mod portrait_set;
