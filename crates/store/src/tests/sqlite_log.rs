//! SQLite's write-ahead log stays short and goes away.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{SCHEMA, keys};
use crate::{Db, StoreError, checkpoint::LogLimits, params, sqlite, testing::Folder};

const PAGE_BYTES: u64 = 4_096;
const SMALL: LogLimits = LogLimits { checkpoint: 32, restart: 128, interrupt: 512 };
/// Writes between two looks at the log add so much at most.
const SLACK_PAGES: u64 = 512;

fn open(folder: &Folder) -> (Db, PathBuf) {
    let db = sqlite::open(&folder.path().join("store.db"), SCHEMA, SMALL).unwrap();
    (db, folder.path().join("store.db-wal"))
}

fn length(log: &Path) -> u64 {
    std::fs::metadata(log).map_or(0, |it| it.len())
}

/// Writes about three pages each.
async fn write_some(db: &Db, count: i64) {
    for k in 0..count {
        let sql = "insert into t (k, b) values ($1, $2) on conflict (k) do update set b = excluded.b";
        // Never what is there already: SQLite would not write that.
        let bytes = vec![(k / 100) as u8; 9_000];
        db.write(0, move |tx| tx.exec(sql, params![k % 100, bytes])).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn under_constant_reads_the_log_stays_short() {
    let folder = Folder::new().unwrap();
    let (db, log) = open(&folder);
    let stop = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let (db, stop) = (db.clone(), Arc::clone(&stop));
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    db.read(keys).await.unwrap();
                }
            })
        })
        .collect();
    write_some(&db, 3_000).await;
    stop.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.await.unwrap();
    }
    let most = (u64::from(SMALL.restart) + SLACK_PAGES) * PAGE_BYTES;
    assert!(length(&log) < most, "{} bytes, of some 9,000 pages written", length(&log));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_never_ends_is_interrupted() {
    let folder = Folder::new().unwrap();
    let (db, log) = open(&folder);
    write_some(&db, 1).await;
    let endless = "with recursive n (i) as (select 1 union all select i + 1 from n)
                   select count(*) from n, t where i + k < 0";
    let (started, start) = tokio::sync::oneshot::channel();
    let read = tokio::spawn(db.read(move |tx| {
        keys(tx)?;
        _ = started.send(());
        tx.rows(endless, &[])
    }));
    start.await.unwrap();
    write_some(&db, 3_000).await;
    let error = read.await.unwrap().unwrap_err();
    assert_eq!(error, StoreError::Unavailable("the read took too long".to_owned()));
    write_some(&db, 300).await;
    let most = (u64::from(SMALL.interrupt) + 2 * SLACK_PAGES) * PAGE_BYTES;
    assert!(length(&log) < most, "{} bytes, of some 9,900 pages written", length(&log));
}

#[tokio::test]
async fn closing_leaves_one_file() {
    let folder = Folder::new().unwrap();
    let (db, log) = open(&folder);
    write_some(&db, 10).await;
    assert!(length(&log) > 0);
    let last = db.write(0, |tx| super::insert(tx, 1_000, "queued before the end"));
    drop(db);
    assert_eq!(last.await, Ok(()));
    assert!(!log.exists());
    let (db, _) = open(&folder);
    assert_eq!(db.read(keys).await.unwrap().last(), Some(&1_000));
}
