//! Many works in one commit, each for itself.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use super::{Done, Engine, hold, insert, keys, on_both_engines, rows};
use crate::{Db, StoreError, WRITES_WAITING_MAX, params};

on_both_engines! {
    a_write_is_visible_to_reads_once_it_is_answered
    a_work_that_fails_undoes_only_itself
    a_work_alone_that_fails_is_undone
    a_failed_statement_ends_its_work
    works_of_one_key_run_in_the_order_of_the_calls
    what_follows_a_commit_sees_it_on_another_connection_and_runs_in_order
    what_follows_a_commit_may_panic
    nothing_follows_a_work_that_failed
    a_dropped_answer_does_not_stop_the_work
    too_many_waiting_writes_are_turned_away
    reads_cannot_write
    a_read_sees_one_snapshot
    the_last_handle_may_go_inside_a_work
}

async fn a_write_is_visible_to_reads_once_it_is_answered(it: Engine) {
    for k in 0..100 {
        it.db.write(k, move |tx| insert(tx, k as i64, "x")).await.unwrap();
        assert_eq!(it.db.read(keys).await, Ok((0..=k as i64).collect()));
    }
}

async fn a_work_that_fails_undoes_only_itself(it: Engine) {
    #[derive(Debug, PartialEq)]
    enum Refusal {
        Rule,
        Store(StoreError),
    }
    impl From<StoreError> for Refusal {
        fn from(error: StoreError) -> Refusal {
            Refusal::Store(error)
        }
    }
    let hold = hold(&it.db, 0).await;
    let first = it.db.write(0, |tx| insert(tx, 1, "kept"));
    let refused = it.db.write(0, |tx| {
        insert(tx, 2, "undone")?;
        tx.exec("update t set v = 'spoiled'", &[])?;
        Err::<(), _>(Refusal::Rule)
    });
    let panicked = it.db.write(0, |tx| -> Result<(), Refusal> {
        insert(tx, 3, "undone")?;
        panic!("on purpose");
    });
    let taken = it.db.write(0, |tx| -> Result<(), Refusal> {
        insert(tx, 4, "undone")?;
        insert(tx, 1, "taken")?;
        Ok(())
    });
    let bad = it.db.write(0, |tx| tx.exec("insert into nowhere values (1)", &[]));
    let looks = it.db.write(0, keys);
    let last = it.db.write(0, |tx| insert(tx, 5, "kept"));
    drop(hold);
    assert_eq!(first.await, Ok(()));
    assert_eq!(refused.await, Err(Refusal::Rule));
    assert_eq!(panicked.await, Err(Refusal::Store(StoreError::Panicked)));
    assert!(matches!(taken.await, Err(Refusal::Store(StoreError::Constraint(_)))));
    assert!(matches!(bad.await, Err(StoreError::Database(_))));
    assert_eq!(looks.await, Ok(vec![1]));
    assert_eq!(last.await, Ok(()));
    let kept = rows(&it.db, "select v from t order by k").await;
    assert_eq!(kept.iter().map(|it| it.text(0).unwrap()).collect::<Vec<_>>(), ["kept", "kept"]);
}

async fn a_work_alone_that_fails_is_undone(it: Engine) {
    let refused = it.db.write(0, |tx| {
        insert(tx, 1, "undone")?;
        Err::<(), _>(StoreError::Shape("on purpose"))
    });
    assert_eq!(refused.await, Err(StoreError::Shape("on purpose")));
    let panicked = it.db.write(0, |tx| -> Done {
        insert(tx, 1, "undone")?;
        panic!("on purpose")
    });
    assert_eq!(panicked.await, Err(StoreError::Panicked));
    assert_eq!(it.db.read(keys).await, Ok(vec![]));
    assert_eq!(it.db.write(0, |tx| insert(tx, 1, "kept")).await, Ok(()));
}

async fn a_failed_statement_ends_its_work(it: Engine) {
    for k in [1, 2] {
        let ignored = it.db.write(0, move |tx| {
            insert(tx, k, "undone")?;
            let failed = insert(tx, k, "taken");
            assert_eq!(insert(tx, k + 10, "too late"), failed);
            Ok::<_, StoreError>(())
        });
        assert!(matches!(ignored.await, Err(StoreError::Constraint(_))));
    }
    assert_eq!(it.db.read(keys).await, Ok(vec![]));
}

async fn works_of_one_key_run_in_the_order_of_the_calls(it: Engine) {
    const CALLS: i64 = 1_000;
    let append = "insert into t (k, v) values ((select coalesce(max(k), 0) + 1 from t), $1)";
    let calls: Vec<_> =
        (0..CALLS).map(|i| it.db.write(7, move |tx| tx.exec(append, params![i.to_string()]))).collect();
    for call in calls {
        assert_eq!(call.await, Ok(1));
    }
    let order = rows(&it.db, "select v from t order by k").await;
    let order: Vec<String> = order.iter().map(|it| it.text(0).unwrap().to_owned()).collect();
    assert_eq!(order, (0..CALLS).map(|it| it.to_string()).collect::<Vec<_>>());
}

/// For use on a writer's thread.
fn read_now(db: &Db) -> Vec<i64> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(db.read(keys)).unwrap()
}

async fn what_follows_a_commit_sees_it_on_another_connection_and_runs_in_order(it: Engine) {
    let other = (it.reopen)().unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let calls: Vec<_> = (0..50)
        .map(|k| {
            let (other, seen) = (other.clone(), Arc::clone(&seen));
            let after = move |&k: &i64| {
                assert!(read_now(&other).contains(&k));
                seen.lock().unwrap().push(k);
            };
            it.db.write_then(3, move |tx| insert(tx, k, "x").map(|()| k), after)
        })
        .collect();
    for (k, call) in (0..).zip(calls) {
        assert_eq!(call.await, Ok(k));
        assert!(seen.lock().unwrap().contains(&k), "answered before what follows had run");
    }
    assert_eq!(*seen.lock().unwrap(), (0..50).collect::<Vec<_>>());
}

async fn what_follows_a_commit_may_panic(it: Engine) {
    let work = it.db.write_then(0, |tx| insert(tx, 1, "kept"), |()| panic!("on purpose"));
    assert_eq!(work.await, Ok(()));
    assert_eq!(it.db.write(0, |tx| insert(tx, 2, "kept")).await, Ok(()));
}

async fn nothing_follows_a_work_that_failed(it: Engine) {
    let followed = Arc::new(AtomicBool::new(false));
    for work in [
        |_: &mut dyn crate::Tx| -> Done { Err(StoreError::Shape("on purpose")) },
        |_: &mut dyn crate::Tx| -> Done { panic!("on purpose") },
        |tx: &mut dyn crate::Tx| -> Done {
            _ = tx.exec("nonsense", &[]);
            Ok(())
        },
    ] {
        let follows = Arc::clone(&followed);
        let failed = it.db.write_then(0, work, move |()| follows.store(true, Ordering::SeqCst));
        assert!(failed.await.is_err());
    }
    assert!(!followed.load(Ordering::SeqCst));
}

async fn a_dropped_answer_does_not_stop_the_work(it: Engine) {
    drop(it.db.write(0, |tx| insert(tx, 1, "x")));
    assert_eq!(it.db.write(0, keys).await, Ok(vec![1]));
}

async fn too_many_waiting_writes_are_turned_away(it: Engine) {
    let hold = hold(&it.db, 0).await;
    let waiting: Vec<_> = (0..WRITES_WAITING_MAX).map(|_| it.db.write(0, |_| -> Done { Ok(()) })).collect();
    let one_more = it.db.write(0, |_| -> Done { Ok(()) });
    assert_eq!(one_more.await, Err(StoreError::Busy));
    drop(hold);
    for call in waiting {
        assert_eq!(call.await, Ok(()));
    }
    assert_eq!(it.db.write(0, |tx| insert(tx, 1, "x")).await, Ok(()));
}

async fn reads_cannot_write(it: Engine) {
    for sql in ["insert into t (k) values (1)", "delete from t", "create table u (k bigint)"] {
        let refused = it.db.read(move |tx| tx.exec(sql, &[]));
        assert_eq!(refused.await, Err(StoreError::ReadOnly), "{sql}");
    }
    assert_eq!(it.db.read(keys).await, Ok(vec![]));
}

async fn a_read_sees_one_snapshot(it: Engine) {
    it.db.write(0, |tx| insert(tx, 1, "x")).await.unwrap();
    let db = it.db.clone();
    let seen = it.db.read(move |tx| {
        let before = keys(tx)?;
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let wrote = std::thread::spawn(move || runtime.block_on(db.write(0, |tx| insert(tx, 2, "x"))));
        wrote.join().unwrap()?;
        Ok::<_, StoreError>((before, keys(tx)?))
    });
    assert_eq!(seen.await, Ok((vec![1], vec![1])));
    assert_eq!(it.db.read(keys).await, Ok(vec![1, 2]));
}

async fn the_last_handle_may_go_inside_a_work(it: Engine) {
    let Engine { db, reopen, folder } = it;
    let inside = db.clone();
    let work = db.write(0, move |tx| {
        insert(tx, 1, "x")?;
        drop(inside);
        Ok::<_, StoreError>(())
    });
    drop(db);
    assert_eq!(work.await, Ok(()));
    assert_eq!(reopen().unwrap().read(keys).await, Ok(vec![1]));
    drop(folder);
}
