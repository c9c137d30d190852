//! The console over real connections: who may do what, what is written down, and what the lists show.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod audit;
mod client;
mod document;
mod guard;
mod lists;
mod live;
mod page;
mod secrets;
mod settings;
mod sign_in;
mod works;
