//! The socket's own sign of life.

pub mod alive;
