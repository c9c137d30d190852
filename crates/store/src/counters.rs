//! Numbers handed out one by one, for ids that have to be small.

use crate::{Dialect, StoreError, Tx, params};

/// What is numbered; a new one needs a sequence in the PostgreSQL schema.
#[derive(Clone, Copy, Debug)]
pub enum Numbered {
    Tiny,
    Pair,
    Instance,
    /// Groups and topics.
    Group,
}

impl Numbered {
    fn name(self) -> &'static str {
        match self {
            Numbered::Tiny => "counter_tiny",
            Numbered::Pair => "counter_pair",
            Numbered::Instance => "counter_instance",
            Numbered::Group => "counter_group",
        }
    }
}

/// Takes the next number; the first is 1. Two transactions never get the same, and one that is undone may
/// leave a gap.
pub fn next(tx: &mut dyn Tx, what: Numbered) -> Result<i64, StoreError> {
    match tx.dialect() {
        Dialect::Sqlite => raise(tx, what.name()),
        Dialect::Postgres => {
            let row = tx.row("select nextval(cast(cast($1 as text) as regclass))", params![what.name()])?;
            row.ok_or(StoreError::Shape("a sequence gave no number"))?.int(0)
        }
    }
}

/// Raises the counter of this name by one.
pub(crate) fn raise(tx: &mut dyn Tx, name: &'static str) -> Result<i64, StoreError> {
    let row = tx.row(
        "insert into counters (name, value) values ($1, 1)
         on conflict (name) do update set value = counters.value + 1 returning value",
        params![name],
    )?;
    row.ok_or(StoreError::Shape("a counter gave no number"))?.int(0)
}

/// The value of the counter of this name, 0 before the first.
pub(crate) fn value(tx: &mut dyn Tx, name: &'static str) -> Result<i64, StoreError> {
    match tx.row("select value from counters where name = $1", params![name])? {
        Some(row) => row.int(0),
        None => Ok(0),
    }
}
