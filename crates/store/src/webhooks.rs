//! Webhook events: those that wait to be delivered, and what became of the others.

use crate::{Outbox, StoreError, Tx, engine, params};

/// What became of an event. Stored by these numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Waiting = 0,
    Delivered = 1,
    /// Not tried again unless somebody asks for it.
    GivenUp = 2,
    /// A question before an operation, which has its answer or had none in time.
    Asked = 3,
}

impl State {
    pub const ALL: [State; 4] = [State::Waiting, State::Delivered, State::GivenUp, State::Asked];
}

/// An event as it was when it happened.
#[derive(Clone, Debug)]
pub struct Event {
    pub id: i64,
    pub command: String,
    pub line: i64,
    pub client_ip: String,
    pub platform: String,
    /// Unix milliseconds.
    pub created_at: i64,
    pub attempts: i64,
    pub body: String,
}

/// How an attempt went.
#[derive(Clone, Debug, Default)]
pub struct Attempt {
    /// Unix milliseconds.
    pub at: i64,
    pub took_ms: i64,
    /// Empty when it did not fail.
    pub failure: String,
    pub answer: String,
}

/// An event with what became of it.
#[derive(Clone, Debug)]
pub struct Logged {
    pub event: Event,
    pub state: i64,
    pub last: Attempt,
}

/// Puts an event into the outbox; whoever empties it is woken after the commit.
pub fn post(tx: &mut dyn Tx, app: u32, it: &Event) -> Result<(), StoreError> {
    insert(tx, app, it, State::Waiting, &Attempt::default())?;
    engine::posted(Outbox::Webhooks);
    Ok(())
}

/// Notes a question and its answer.
pub fn note_asked(tx: &mut dyn Tx, app: u32, it: &Event, attempt: &Attempt) -> Result<(), StoreError> {
    insert(tx, app, it, State::Asked, attempt)
}

fn insert(tx: &mut dyn Tx, app: u32, it: &Event, state: State, attempt: &Attempt) -> Result<(), StoreError> {
    tx.exec(
        "insert into webhook_events (app, command, line, client_ip, platform, created_at, state, attempts,
           tried_at, took_ms, failure, body, answer)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        params![
            app,
            &it.command,
            it.line,
            &it.client_ip,
            &it.platform,
            it.created_at,
            state as i64,
            it.attempts,
            attempt.at,
            attempt.took_ms,
            &attempt.failure,
            &it.body,
            &attempt.answer
        ],
    )?;
    Ok(())
}

/// Waiting events of an app with ids above `after`, the oldest first.
pub fn waiting(tx: &mut dyn Tx, app: u32, after: i64, limit: i64) -> Result<Vec<Event>, StoreError> {
    let rows = tx.rows(
        "select id, command, line, client_ip, platform, created_at, attempts, body
         from webhook_events where app = $1 and state = 0 and id > $2 order by id limit $3",
        params![app, after, limit],
    )?;
    rows.into_iter().map(event).collect()
}

fn event(mut row: crate::Row) -> Result<Event, StoreError> {
    Ok(Event {
        id: row.int(0)?,
        command: row.take_text(1)?,
        line: row.int(2)?,
        client_ip: row.take_text(3)?,
        platform: row.take_text(4)?,
        created_at: row.int(5)?,
        attempts: row.int(6)?,
        body: row.take_text(7)?,
    })
}

/// How many events of an app wait; counts to `most`.
pub fn count_waiting(tx: &mut dyn Tx, app: u32, most: i64) -> Result<i64, StoreError> {
    let row = tx.row(
        "select count(*) from (select 1 from webhook_events where app = $1 and state = 0 limit $2) w",
        params![app, most],
    )?;
    row.map_or(Ok(0), |it| it.int(0))
}

/// Writes down how an event's last attempt went.
pub fn mark(tx: &mut dyn Tx, id: i64, state: State, attempts: i64, last: &Attempt) -> Result<(), StoreError> {
    tx.exec(
        "update webhook_events set state = $2, attempts = $3, tried_at = $4, took_ms = $5, failure = $6, answer = $7
         where id = $1",
        params![id, state as i64, attempts, last.at, last.took_ms, &last.failure, &last.answer],
    )?;
    Ok(())
}

/// Gives up whatever waits; says how many.
pub fn give_up_waiting(tx: &mut dyn Tx, app: u32, failure: &str) -> Result<u64, StoreError> {
    tx.exec(
        "update webhook_events set state = 2, failure = $2 where app = $1 and state = 0",
        params![app, failure],
    )
}

/// What of the log is wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Ids below this; `i64::MAX` for the newest.
    pub before: i64,
    /// The command, empty for all.
    pub command: String,
    /// The state's number, -1 for all.
    pub state: i64,
    /// Created from this millisecond to before that one.
    pub from: i64,
    pub until: i64,
}

/// The newest events first.
pub fn log(tx: &mut dyn Tx, app: u32, it: &Wanted, limit: i64) -> Result<Vec<Logged>, StoreError> {
    let rows = tx.rows(
        "select id, command, line, client_ip, platform, created_at, attempts, body,
           state, tried_at, took_ms, failure, answer
         from webhook_events
         where app = $1 and id < $2 and ($3 = '' or command = $3) and ($4 = -1 or state = $4)
           and created_at >= $5 and created_at < $6
         order by id desc limit $7",
        params![app, it.before, &it.command, it.state, it.from, it.until, limit],
    )?;
    rows.into_iter().map(logged).collect()
}

pub fn get(tx: &mut dyn Tx, app: u32, id: i64) -> Result<Option<Logged>, StoreError> {
    let row = tx.row(
        "select id, command, line, client_ip, platform, created_at, attempts, body,
           state, tried_at, took_ms, failure, answer
         from webhook_events where app = $1 and id = $2",
        params![app, id],
    )?;
    row.map(logged).transpose()
}

pub(crate) fn logged(mut row: crate::Row) -> Result<Logged, StoreError> {
    let state = row.int(8)?;
    let last = Attempt {
        at: row.int(9)?,
        took_ms: row.int(10)?,
        failure: row.take_text(11)?,
        answer: row.take_text(12)?,
    };
    Ok(Logged { event: event(row)?, state, last })
}

/// Which events are to be told once more.
#[derive(Clone, Debug)]
pub struct Again {
    /// Ids, both included.
    pub ids: (i64, i64),
    /// Created from this millisecond to before that one.
    pub times: (i64, i64),
    /// The command, empty for all.
    pub command: String,
    /// Those that were delivered well, too.
    pub delivered: bool,
}

/// Puts events that were delivered or given up back into the outbox; says how many.
pub fn replay(tx: &mut dyn Tx, app: u32, it: &Again) -> Result<u64, StoreError> {
    let changed = tx.exec(
        "update webhook_events set state = 0, attempts = 0
         where app = $1 and id >= $2 and id <= $3 and created_at >= $4 and created_at < $5
           and ($6 = '' or command = $6) and (state = 2 or (state = 1 and $7 = 1))",
        params![app, it.ids.0, it.ids.1, it.times.0, it.times.1, &it.command, i64::from(it.delivered)],
    )?;
    engine::posted(Outbox::Webhooks);
    Ok(changed)
}

/// Forgets events from before a millisecond that wait no more, the oldest; says how many.
pub fn forget(tx: &mut dyn Tx, app: u32, before: i64, limit: i64) -> Result<u64, StoreError> {
    tx.exec(
        "delete from webhook_events where id in (
           select id from webhook_events where app = $1 and state <> 0 and created_at < $2 order by id limit $3)",
        params![app, before, limit],
    )
}
