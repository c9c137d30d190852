//! The clients against small servers that say what the test wants.

mod rest;
mod server;
mod socket;
