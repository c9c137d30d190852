//! What a client may do, and how it behaves.

pub mod fetch_config;
pub mod fetch_imsdk_purchase_bitsv2;
