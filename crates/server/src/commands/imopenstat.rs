//! Reports of the SDK about itself.

pub mod tim_web_report_v2;
