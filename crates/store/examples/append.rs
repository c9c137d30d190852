//! How much processor time one stored message and one look-up cost.
//!
//! `append [messages] [tasks] [lanes] [postgres URL]`: the tasks append to a table of the shape of the message
//! log, each waiting for its own commit, and the cost is taken from the kernel's account of this process.

use std::{
    io::Write,
    sync::atomic::{AtomicI64, Ordering},
    time::Instant,
};

use tokio::task::JoinHandle;

use store::{Db, PostgresOptions, StoreError, params};

const TABLE: &str = "create table log (id bigint primary key, lane bigint not null, time bigint not null, \
    seq bigint not null, random bigint not null, flags bigint not null, crc bigint not null, \
    client_time bigint not null, expires_at bigint not null, version bigint not null, nick text not null, \
    face text not null, cloud text not null, body text not null)";
const TABLE_SQLITE: &str = "create table log (id integer primary key, lane bigint not null, time bigint not null, \
    seq bigint not null, random bigint not null, flags bigint not null, crc bigint not null, \
    client_time bigint not null, expires_at bigint not null, version bigint not null, nick text not null, \
    face text not null, cloud text not null, body text not null)";
const INDEX: &str = "create unique index log_place on log (lane, time, seq, random)";
const APPEND: &str = "insert into log (id, lane, time, seq, random, flags, crc, client_time, expires_at, version, \
    nick, face, cloud, body) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) \
    on conflict do nothing";
const BODY: &str = r#"[{"MsgType":"TIMTextElem","MsgContent":{"Text":"A sentence that somebody might well write to a friend."}}]"#;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let mut args = std::env::args().skip(1);
    let messages: i64 = args.next().map_or(Ok(200_000), |it| it.parse())?;
    let tasks: i64 = args.next().map_or(Ok(64), |it| it.parse())?;
    let lanes: i64 = args.next().map_or(Ok(10_000), |it| it.parse())?;
    let folder = std::env::temp_dir().join(format!("append_{}", std::process::id()));
    std::fs::create_dir(&folder)?;
    let (db, table) = match args.next() {
        Some(url) => (Db::open_postgres(&url, PostgresOptions::default())?, TABLE),
        None => (Db::open_sqlite(&folder.join("store.db"))?, TABLE_SQLITE),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build()?;
    runtime.block_on(run(db, table, messages, tasks, lanes))?;
    drop(runtime);
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

async fn run(db: Db, table: &'static str, messages: i64, tasks: i64, lanes: i64) -> Result<(), Failure> {
    db.write(0, move |tx| -> Result<(), StoreError> {
        tx.exec(table, &[])?;
        tx.exec(INDEX, &[])?;
        Ok(())
    })
    .await?;
    let each = messages / tasks;
    let start = Cost::now()?;
    join((0..tasks).map(|_| tokio::spawn(append(db.clone(), each, lanes)))).await?;
    start.report("written", each * tasks)?;
    let start = Cost::now()?;
    join((0..tasks).map(|task| tokio::spawn(look(db.clone(), task * each, each)))).await?;
    start.report("read", each * tasks)
}

async fn join(tasks: impl Iterator<Item = JoinHandle<Result<(), StoreError>>>) -> Result<(), Failure> {
    for task in tasks.collect::<Vec<_>>() {
        task.await??;
    }
    Ok(())
}

async fn append(db: Db, count: i64, lanes: i64) -> Result<(), StoreError> {
    static NEXT: AtomicI64 = AtomicI64::new(1);
    for _ in 0..count {
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        // Scattered, as the conversations of a busy server are.
        let lane = (id.wrapping_mul(2_654_435_761) & i64::from(u32::MAX)) % lanes;
        let write = move |tx: &mut dyn store::Tx| {
            let time = 1_700_000_000 + id / 1_000;
            tx.exec(
                APPEND,
                params![id, lane, time, id, id * 7, 0, 12_345, time, 0, 0, "\"Ann\"", "", "", BODY],
            )
        };
        db.write(lane as u64, write).await?;
    }
    Ok(())
}

/// Each row by its id, one read a row.
async fn look(db: Db, first: i64, count: i64) -> Result<(), StoreError> {
    for id in first + 1..=first + count {
        db.read(move |tx| tx.row("select flags, body from log where id = $1", params![id])).await?;
    }
    Ok(())
}

struct Cost {
    wall: Instant,
    cpu_us: f64,
}

impl Cost {
    #[expect(clippy::disallowed_methods, reason = "a measurement")]
    fn now() -> Result<Cost, Failure> {
        Ok(Cost { wall: Instant::now(), cpu_us: cpu_us()? })
    }

    fn report(&self, what: &str, count: i64) -> Result<(), Failure> {
        let cpu_us = (cpu_us()? - self.cpu_us) / count as f64;
        let rate = count as f64 / self.wall.elapsed().as_secs_f64();
        Ok(writeln!(std::io::stdout(), "{count} {what}: {cpu_us:.1} us CPU each, {rate:.0} a second")?)
    }
}

/// User and system time of this process, ended threads included.
fn cpu_us() -> Result<f64, Failure> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields = stat.rsplit_once(')').ok_or("no name in stat")?.1;
    let ticks: Result<Vec<f64>, _> = fields.split_whitespace().skip(11).take(2).map(str::parse).collect();
    // The kernel's account is in ticks of 10 ms.
    Ok(ticks?.iter().sum::<f64>() * 10_000.0)
}
