//! What can go wrong in the store.

/// Cloned to every caller of a batch whose commit failed.
///
/// Texts name the cause without the values of the rows, so that they may be logged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    #[error("the disk is full")]
    DiskFull,
    /// Connection lost, disk not readable, server starting. Of a write it is not known whether it happened
    /// when the connection was lost during the commit itself; otherwise it did not.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    #[error("the database is locked by another process")]
    Locked,
    #[error("too much work is waiting for the database")]
    Busy,
    #[error("the database is closed")]
    Closed,
    /// A deadlock or a serialization failure between writers of different keys; nothing was done.
    #[error("two writers were in each other's way: {0}")]
    Conflict(String),
    #[error("a constraint refused the change: {0}")]
    Constraint(String),
    #[error("a read cannot write")]
    ReadOnly,
    /// PostgreSQL cannot store it, so neither engine takes it.
    #[error("text contains U+0000")]
    NulInText,
    #[error("a statement or row has an unexpected shape: {0}")]
    Shape(&'static str),
    #[error("the work panicked")]
    Panicked,
    #[error("the database has schema version {found}, this magpie knows {known}; use a newer magpie")]
    NewerSchema { found: i64, known: i64 },
    #[error("database error: {0}")]
    Database(String),
}

impl StoreError {
    /// The cause lies outside the work; the same call may succeed later.
    pub fn is_unavailable(&self) -> bool {
        use StoreError::{Busy, Closed, Conflict, DiskFull, Locked, Unavailable};
        matches!(self, DiskFull | Unavailable(_) | Locked | Busy | Closed | Conflict(_))
    }
}
