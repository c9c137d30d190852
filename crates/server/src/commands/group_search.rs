//! Searching groups in the cloud.

pub mod query;
