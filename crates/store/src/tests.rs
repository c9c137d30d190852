//! The engines, tested alike.

mod batches;
mod outages;
mod processes;
mod schema;
mod sqlite_log;
mod values;

use std::sync::mpsc;

use crate::{
    Db, PostgresOptions, Row, StoreError, Tx,
    checkpoint::LogLimits,
    migrate::Migration,
    params, postgres, sqlite,
    testing::{Folder, Postgres},
};

const SCHEMA: &[Migration] = &[Migration {
    version: 1,
    sql: "create table t (k bigint primary key, v text, b blob)",
    postgres: Some("create table t (k bigint primary key, v text, b bytea)"),
}];

/// A database with the table `t`, and how to open it once more.
struct Engine {
    db: Db,
    reopen: Box<dyn Fn() -> Result<Db, StoreError> + Send + Sync>,
    folder: Option<Folder>,
}

fn sqlite_engine() -> Engine {
    let folder = Folder::new().unwrap();
    let path = folder.path().join("store.db");
    let reopen = Box::new(move || sqlite::open(&path, SCHEMA, LogLimits::DEFAULT));
    Engine { db: reopen().unwrap(), reopen, folder: Some(folder) }
}

fn postgres_engine() -> Option<Engine> {
    let url = Postgres::shared()?.fresh_database();
    let reopen = Box::new(move || postgres::open(&url, PostgresOptions::default(), SCHEMA));
    Some(Engine { db: reopen().unwrap(), reopen, folder: None })
}

/// One test for each engine from one function over [`Engine`].
macro_rules! on_both_engines {
    ($($name:ident)*) => {
        $(mod $name {
            #[tokio::test(flavor = "multi_thread")]
            async fn sqlite() {
                super::$name(crate::tests::sqlite_engine()).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn postgres() {
                if let Some(engine) = crate::tests::postgres_engine() {
                    super::$name(engine).await;
                }
            }
        })*
    };
}
use on_both_engines;

type Done = Result<(), StoreError>;

fn insert(tx: &mut dyn Tx, k: i64, v: &str) -> Done {
    tx.exec("insert into t (k, v) values ($1, $2)", params![k, v])?;
    Ok(())
}

fn keys(tx: &mut dyn Tx) -> Result<Vec<i64>, StoreError> {
    tx.rows("select k from t order by k", &[])?.iter().map(|it| it.int(0)).collect()
}

async fn rows(db: &Db, sql: &'static str) -> Vec<Row> {
    db.read(move |tx| tx.rows(sql, &[])).await.unwrap()
}

/// Keeps the writer of a key busy, so that what is queued meanwhile becomes one batch. Dropping it lets go.
struct Hold(#[expect(dead_code, reason = "its end is the signal")] mpsc::SyncSender<()>);

async fn hold(db: &Db, key: u64) -> Hold {
    let (hold, held) = mpsc::sync_channel::<()>(0);
    let (started, start) = tokio::sync::oneshot::channel();
    let work = db.write(key, move |_| -> Done {
        _ = started.send(());
        // Ends when the holder is dropped.
        _ = held.recv();
        Ok(())
    });
    tokio::spawn(work);
    start.await.unwrap();
    Hold(hold)
}
