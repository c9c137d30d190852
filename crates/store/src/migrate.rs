//! Brings the schema up to date: numbered files, forward only, under a lock, all in one transaction.

use crate::{Dialect, StoreError, engine::Session, params};

pub(crate) struct Migration {
    pub(crate) version: i64,
    pub(crate) sql: &'static str,
    /// Used on PostgreSQL where it must say it in other words.
    pub(crate) postgres: Option<&'static str>,
}

/// In the order of their versions. What has been released is never edited.
pub(crate) const ALL: &[Migration] = &[
    Migration {
        version: 1,
        sql: include_str!("../migrations/0001_first.sql"),
        postgres: Some(include_str!("../migrations/0001_first.postgres.sql")),
    },
    // From here on one text serves both: `idtext` is a type of its own on PostgreSQL only.
    Migration { version: 2, sql: "", postgres: Some(include_str!("../migrations/0002_idtext.postgres.sql")) },
    Migration { version: 3, sql: include_str!("../migrations/0003_people.sql"), postgres: None },
    Migration {
        version: 4,
        sql: "",
        postgres: Some(include_str!("../migrations/0004_group_numbers.postgres.sql")),
    },
    Migration { version: 5, sql: include_str!("../migrations/0005_groups.sql"), postgres: None },
    Migration { version: 6, sql: include_str!("../migrations/0006_group_logs.sql"), postgres: None },
    Migration { version: 7, sql: include_str!("../migrations/0007_live_rooms.sql"), postgres: None },
    Migration {
        version: 8,
        sql: include_str!("../migrations/0008_webhooks.sql"),
        postgres: Some(include_str!("../migrations/0008_webhooks.postgres.sql")),
    },
    Migration { version: 9, sql: include_str!("../migrations/0009_additions.sql"), postgres: None },
    Migration { version: 10, sql: include_str!("../migrations/0010_pushes.sql"), postgres: None },
    Migration { version: 11, sql: include_str!("../migrations/0011_files.sql"), postgres: None },
    Migration {
        version: 12,
        sql: include_str!("../migrations/0012_console.sql"),
        postgres: Some(include_str!("../migrations/0012_console.postgres.sql")),
    },
    Migration {
        version: 13,
        sql: include_str!("../migrations/0013_offline_push.sql"),
        postgres: Some(include_str!("../migrations/0013_offline_push.postgres.sql")),
    },
    Migration {
        version: 14,
        sql: include_str!("../migrations/0014_search.sql"),
        postgres: Some(include_str!("../migrations/0014_search.postgres.sql")),
    },
    Migration { version: 15, sql: include_str!("../migrations/0015_older_history.sql"), postgres: None },
    Migration {
        version: 16,
        sql: include_str!("../migrations/0016_names_by_beginning.sql"),
        postgres: Some(include_str!("../migrations/0016_names_by_beginning.postgres.sql")),
    },
    Migration { version: 17, sql: include_str!("../migrations/0017_thumbnails.sql"), postgres: None },
];

/// Any number, as long as nobody else uses it: every node of a cluster asks for this lock.
const LOCK: i64 = 0x6d61_6770_6965;

/// Refuses a schema that a newer program made.
pub(crate) fn run<S: Session>(session: &mut S, migrations: &[Migration]) -> Result<(), StoreError> {
    session.begin()?;
    let done = apply(session, migrations).and_then(|()| session.commit());
    if done.is_err() {
        session.rollback();
    }
    done
}

fn apply<S: Session>(session: &mut S, migrations: &[Migration]) -> Result<(), StoreError> {
    // SQLite has its lock since `begin immediate`.
    let record = match session.dialect() {
        Dialect::Sqlite => {
            "insert into schema_versions (version, applied_at) values ($1, cast(strftime('%s', 'now') as integer))"
        }
        Dialect::Postgres => {
            // Another node may be at it, for as long as that takes.
            session.batch("set local lock_timeout = 0")?;
            session.rows("select pg_advisory_xact_lock($1)", params![LOCK])?;
            "insert into schema_versions (version, applied_at) values ($1, extract(epoch from now())::bigint)"
        }
    };
    session.batch(
        "create table if not exists schema_versions (version bigint primary key, applied_at bigint not null)",
    )?;
    let newest = session.row("select coalesce(max(version), 0) from schema_versions", &[])?;
    let found = newest.ok_or(StoreError::Shape("max gave no row"))?.int(0)?;
    let known = migrations.last().map_or(0, |it| it.version);
    if found > known {
        return Err(StoreError::NewerSchema { found, known });
    }
    for migration in migrations.iter().filter(|it| it.version > found) {
        let twin = migration.postgres.filter(|_| session.dialect() == Dialect::Postgres);
        session.batch(twin.unwrap_or(migration.sql))?;
        session.exec(record, params![migration.version])?;
        tracing::info!(version = migration.version, "schema brought up to date");
    }
    Ok(())
}
