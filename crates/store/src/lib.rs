//! Storage: two engines behind one small contract, the schema, and all queries.
//!
//! A query is a free function over `&mut dyn Tx`; it has one SQL text for both engines and knows no rule.
//! SQL that both understand: `$1` parameters without a gap, `bigint`, `text` and `bytea`/`blob` columns,
//! `insert … on conflict`, `returning`, row values; `cast(sum(x) as bigint)`; no `now()`.

mod checkpoint;
mod db;
mod engine;
mod error;
mod job;
mod migrate;
mod postgres;
mod postgres_value;
mod queue;
mod sqlite;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod value;

pub mod accounts;
pub mod additions;
pub mod among;
pub mod apps;
pub mod blocks;
pub mod console_audit;
pub mod console_lists;
pub mod console_messages;
pub mod console_users;
pub mod console_webhooks;
pub mod contact_marks;
pub mod contacts;
pub mod counters;
pub mod daily;
pub mod do_not_disturb;
pub mod exports;
pub mod extensions;
pub mod files;
pub mod follows;
pub mod friend_requests;
pub mod friends;
pub mod group_attributes;
pub mod group_conversations;
pub mod group_counters;
pub mod group_hidden;
pub mod group_members;
pub mod group_mentions;
pub mod group_messages;
pub mod group_pins;
pub mod group_recalls;
pub mod group_receipts;
pub mod group_requests;
pub mod groups;
pub mod joined_groups;
pub mod live_rooms;
pub mod merged_messages;
pub mod messages;
pub mod notices;
pub mod offline_pushes;
pub mod profiles;
pub mod push_marks;
pub mod push_tokens;
pub mod pushes;
pub mod reactions;
pub mod relation_sequences;
pub mod retention;
pub mod robots;
pub mod search_blocks;
pub mod search_logs;
pub mod search_names;
pub mod search_scope;
pub mod secrets;
pub mod sessions;
pub mod subscriptions;
pub mod thumbnails;
pub mod topic_members;
pub mod topics;
pub mod webhooks;

pub use db::{Db, READS_WAITING_MAX, WRITES_WAITING_MAX};
pub use engine::{Outbox, is_finishing};
pub use error::StoreError;
pub use job::Pending;
pub use postgres::PostgresOptions;
pub use value::{Row, Value};

/// Whether a text can be in the database at all: neither engine keeps U+0000. Looking for one that cannot finds
/// nothing; storing one is an error.
pub(crate) fn can_be_there(text: &str) -> bool {
    !text.contains('\0')
}

/// For the few places where the engines need different words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    Sqlite,
    Postgres,
}

/// What a query may do inside a transaction.
pub trait Tx {
    fn dialect(&self) -> Dialect;

    /// Runs a statement that gives no rows; returns how many it changed.
    fn exec(&mut self, sql: &'static str, params: &[Value]) -> Result<u64, StoreError>;

    fn rows(&mut self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>, StoreError>;

    /// The first row, if there is one.
    fn row(&mut self, sql: &'static str, params: &[Value]) -> Result<Option<Row>, StoreError> {
        Ok(self.rows(sql, params)?.into_iter().next())
    }
}

#[cfg(test)]
mod tests;
