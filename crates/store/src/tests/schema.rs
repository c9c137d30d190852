//! Migrations.

use super::{Engine, SCHEMA, on_both_engines, postgres_engine, sqlite_engine};
use crate::{
    Db, PostgresOptions, StoreError,
    checkpoint::LogLimits,
    migrate::{self, Migration},
    postgres, sqlite,
    testing::{Folder, Postgres},
};

on_both_engines! {
    reopening_keeps_what_is_there
    many_may_open_at_once
}

const NEXT: &[Migration] = &[
    Migration { version: 1, sql: "this is not run again", postgres: None },
    Migration {
        version: 2,
        sql: "alter table t add column w text; create index t_w on t (w)",
        postgres: None,
    },
];

const BROKEN: &[Migration] = &[
    Migration { version: 1, sql: "this is not run again", postgres: None },
    Migration { version: 2, sql: "create table u (k bigint)", postgres: None },
    Migration { version: 3, sql: "this is no SQL", postgres: None },
];

async fn reopening_keeps_what_is_there(it: Engine) {
    it.db.write(0, |tx| super::insert(tx, 1, "x")).await.unwrap();
    let again = (it.reopen)().unwrap();
    assert_eq!(again.read(super::keys).await, Ok(vec![1]));
}

async fn many_may_open_at_once(it: Engine) {
    std::thread::scope(|scope| {
        let opening: Vec<_> = (0..4).map(|_| scope.spawn(|| (it.reopen)().map(drop))).collect();
        for opened in opening {
            assert_eq!(opened.join().unwrap(), Ok(()));
        }
    });
}

async fn check(open: impl Fn(&'static [Migration]) -> Result<Db, StoreError>) {
    let broken = open(BROKEN).map(drop);
    assert!(matches!(broken, Err(StoreError::Database(_))), "{broken:?}");

    let db = open(NEXT).unwrap();
    let versions =
        db.read(|tx| tx.rows("select version, applied_at from schema_versions order by version", &[]));
    let versions = versions.await.unwrap();
    assert_eq!(versions.iter().map(|it| it.int(0).unwrap()).collect::<Vec<_>>(), [1, 2]);
    assert!(versions.iter().all(|it| it.int(1).unwrap() > 1_700_000_000));
    let half_done = db.read(|tx| tx.rows("select k from u", &[])).await;
    assert!(half_done.is_err(), "a broken migration left a table behind");

    let refused = open(SCHEMA).map(drop).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the database has schema version 2, this magpie knows 1; use a newer magpie"
    );
}

#[tokio::test]
async fn sqlite_goes_forward_and_refuses_a_newer_schema() {
    let folder = sqlite_engine().folder.unwrap();
    check(|it| sqlite::open(&folder.path().join("store.db"), it, LogLimits::DEFAULT)).await;
}

#[tokio::test]
async fn postgres_goes_forward_and_refuses_a_newer_schema() {
    if postgres_engine().is_some() {
        let url = Postgres::shared().unwrap().fresh_database();
        postgres::open(&url, PostgresOptions::default(), SCHEMA).unwrap();
        check(|it| postgres::open(&url, PostgresOptions::default(), it)).await;
    }
}

#[test]
fn the_real_schema_can_be_made() {
    let folder = Folder::new().unwrap();
    Db::open_sqlite(&folder.path().join("store.db")).unwrap();
    if let Some(server) = Postgres::shared() {
        Db::open_postgres(&server.fresh_database(), PostgresOptions::default()).unwrap();
    }
}

#[test]
fn versions_count_up_from_one() {
    assert!(migrate::ALL.iter().map(|it| it.version).eq(1..=migrate::ALL.len() as i64));
}

#[test]
fn what_cannot_be_opened_says_why() {
    let folder = Folder::new().unwrap();
    let missing = sqlite::open(&folder.path().join("no/such/folder.db"), SCHEMA, LogLimits::DEFAULT);
    assert!(missing.err().unwrap().is_unavailable());
    std::fs::write(folder.path().join("text.db"), [b'x'; 4_096]).unwrap();
    let text = sqlite::open(&folder.path().join("text.db"), SCHEMA, LogLimits::DEFAULT);
    assert_eq!(text.err().unwrap().to_string(), "database error: file is not a database");
    let nobody = format!("postgresql://magpie@localhost/x?host={}", folder.path().display());
    let nobody = postgres::open(&nobody, PostgresOptions::default(), SCHEMA);
    assert!(nobody.err().unwrap().is_unavailable());
}
