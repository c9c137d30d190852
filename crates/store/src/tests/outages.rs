//! Full disks and lost connections: every caller is told the truth, and it passes.

use std::collections::BTreeSet;

use super::{Done, hold, insert, keys, postgres_engine, rows, sqlite_engine};
use crate::{Db, StoreError, params, testing::Postgres};

/// A statement that needs pages.
fn big(db: &Db, k: i64) -> crate::Pending<u64, StoreError> {
    db.write(0, move |tx| tx.exec("insert into t (k, b) values ($1, $2)", params![k, vec![7; 20_000]]))
}

#[tokio::test]
async fn a_full_disk_fails_writes_until_there_is_room() {
    let it = sqlite_engine();
    it.db.write(0, |tx| tx.rows("pragma max_page_count = 60", &[])).await.unwrap();
    let mut stored = BTreeSet::new();
    let mut refused = 0;
    for round in 0..10 {
        // Alone at even rounds, in a batch at odd ones.
        let held = hold(&it.db, 0).await;
        let calls: Vec<_> = (0..8).map(|i| (round * 8 + i, big(&it.db, round * 8 + i))).collect();
        drop(held);
        for (k, call) in calls {
            match call.await {
                Ok(_) => _ = stored.insert(k),
                Err(error) => {
                    assert_eq!(error, StoreError::DiskFull);
                    refused += 1;
                }
            }
        }
        match big(&it.db, 1_000 + round).await {
            Ok(_) => _ = stored.insert(1_000 + round),
            Err(error) => assert_eq!(error, StoreError::DiskFull),
        }
        assert_eq!(it.db.read(keys).await.unwrap(), stored.iter().copied().collect::<Vec<_>>());
    }
    assert!(refused > 60, "the disk was never full");
    it.db.write(0, |tx| tx.rows("pragma max_page_count = 1000000", &[])).await.unwrap();
    big(&it.db, 2_000).await.unwrap();
}

/// Ends all connections to the database, and returns when their processes are gone.
async fn terminate(server: &Postgres, name: &str) {
    // Materialized, or the server may call the function for other rows too.
    let ended = server.ask(&format!(
        "with it as materialized (select pid from pg_stat_activity where datname = '{name}')
         select pid from it where pg_terminate_backend(pid)"
    ));
    for pid in ended {
        while std::path::Path::new("/proc").join(&pid).exists() {
            tokio::task::yield_now().await;
        }
    }
}

async fn name_of(db: &Db) -> String {
    rows(db, "select current_database()").await[0].text(0).unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminated_connection_loses_nothing_that_was_acknowledged() {
    let Some(it) = postgres_engine() else { return };
    let (server, name) = (Postgres::shared().unwrap(), name_of(&it.db).await);
    let mut acknowledged = BTreeSet::new();
    let mut failed = 0;
    for round in 0..20 {
        let calls: Vec<_> = (0..100)
            .map(|i| (round * 100 + i, it.db.write(i as u64, move |tx| insert(tx, round * 100 + i, "x"))))
            .collect();
        terminate(server, &name).await;
        for (k, call) in calls {
            match call.await {
                Ok(()) => _ = acknowledged.insert(k),
                Err(error) => {
                    assert!(error.is_unavailable(), "{error}");
                    failed += 1;
                }
            }
        }
    }
    assert!(failed > 0, "no connection was in use when it was terminated");
    // Connections that died unused are noticed before work is given to them.
    terminate(server, &name).await;
    for k in 5_000..5_008 {
        assert_eq!(it.db.write(k as u64, move |tx| insert(tx, k, "x")).await, Ok(()));
        acknowledged.insert(k);
    }
    let found: BTreeSet<i64> = it.db.read(keys).await.unwrap().into_iter().collect();
    assert!(found.is_superset(&acknowledged));
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_server_is_away_callers_are_told_at_once() {
    let Some(it) = postgres_engine() else { return };
    let (server, name) = (Postgres::shared().unwrap(), name_of(&it.db).await);
    server.ask(&format!("alter database {name} allow_connections false"));
    terminate(server, &name).await;
    let mut told = 0;
    while told < 50 {
        let written = it.db.write(told, |tx| insert(tx, 1, "x")).await;
        let read = it.db.read(keys).await;
        assert!(written.is_err_and(|it| it.is_unavailable()) && read.is_err_and(|it| it.is_unavailable()));
        told += 1;
    }
    server.ask(&format!("alter database {name} allow_connections true"));
    let mut attempts = 0;
    while let Err(error) = it.db.write(0, |tx| -> Done { insert(tx, 2, "x") }).await {
        assert!(error.is_unavailable());
        attempts += 1;
        assert!(attempts < 10_000_000, "it does not recover");
        tokio::task::yield_now().await;
    }
    assert_eq!(it.db.write(0, keys).await, Ok(vec![2]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadlock_fails_one_work_and_not_its_neighbours() {
    let Some(it) = postgres_engine() else { return };
    it.db.write(0, |tx| insert(tx, 1, "x").and_then(|()| insert(tx, 2, "x"))).await.unwrap();
    let both = std::sync::Arc::new(std::sync::Barrier::new(2));
    let calls = [(0, 1, 2), (1, 2, 1)].map(|(key, first, second)| {
        let both = std::sync::Arc::clone(&both);
        it.db.write(key, move |tx| {
            let sql = "update t set v = v || '+' where k = $1";
            tx.exec(sql, params![first])?;
            both.wait();
            tx.exec(sql, params![second])
        })
    });
    let [one, other] = calls;
    let ends = [one.await, other.await];
    assert_eq!(ends.iter().filter(|it| it.is_ok()).count(), 1, "{ends:?}");
    assert!(ends.iter().any(|it| matches!(it, Err(StoreError::Conflict(_)))), "{ends:?}");
    let values = rows(&it.db, "select v from t").await;
    assert!(values.iter().all(|it| it.text(0) == Ok("x+")));
}
