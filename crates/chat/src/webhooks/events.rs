//! The bodies of webhooks, one struct each, with the vendor's members. `spec/webhooks/`

mod c2c;
mod people;
mod relations;

pub(crate) use c2c::*;
pub(crate) use people::*;
pub(crate) use relations::*;
