//! Reports of clients on pushes that they got while they were offline.

pub mod uniapp_sdk_report;
