//! Searching members of groups in the cloud.

pub mod query;
