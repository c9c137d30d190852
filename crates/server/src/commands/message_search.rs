//! Searching messages in the cloud.

pub mod query;
