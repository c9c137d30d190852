//! PostgreSQL: a thread for each connection, several writers.
//!
//! A writer's batch is one transaction. Its control statements travel with the next statement of a job, so a
//! job of one statement costs one round trip, and the commit one for the whole batch.

use std::{
    collections::HashMap,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use tokio::{runtime::Runtime, time::timeout};
use tokio_postgres::{Client, Config, NoTls, Statement, error::SqlState, types::ToSql};

use crate::{
    Dialect, Row, StoreError, Tx, Value,
    db::{Db, Parts},
    engine::{self, Session},
    migrate::{self, Migration},
    postgres_value::decode,
};

const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);
/// A statement that takes longer means that the server cannot be reached.
const STATEMENT_TIME_MAX: Duration = Duration::from_secs(30);
/// A migration may rebuild a big table.
const MIGRATION_TIME_MAX: Duration = Duration::from_secs(24 * 60 * 60);
/// While the server is down it is tried again after this, then twice this, and so on. Callers do not wait.
const RETRY_FIRST: Duration = Duration::from_millis(50);
const RETRY_LAST: Duration = Duration::from_secs(3);
/// Statements kept prepared on a connection; far above the number that a program has.
const STATEMENTS_MAX: usize = 2_048;

/// `lock_timeout` in ms: below [`STATEMENT_TIME_MAX`], so that the server says what is wrong.
const SERVER_SETTINGS: &str = "-c synchronous_commit=on -c lock_timeout=10000 -c client_min_messages=warning";

/// How many connections are opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PostgresOptions {
    pub writers: usize,
    pub readers: usize,
}

impl Default for PostgresOptions {
    fn default() -> PostgresOptions {
        PostgresOptions { writers: 4, readers: 4 }
    }
}

pub(crate) fn open(
    url: &str,
    options: PostgresOptions,
    migrations: &'static [Migration],
) -> Result<Db, StoreError> {
    if options.writers == 0 || options.readers == 0 {
        return Err(StoreError::Shape("PostgreSQL needs a writer and a reader at least"));
    }
    let config = Arc::new(configure(url)?);
    // On a thread of its own, for the caller may be inside a runtime.
    let first = Arc::clone(&config);
    let migrated = thread::spawn(move || {
        let mut session = PostgresSession::new(first, "begin")?;
        session.statement_time_max = MIGRATION_TIME_MAX;
        migrate::run(&mut session, migrations)
    });
    migrated.join().map_err(|_| StoreError::Panicked)??;

    let mut parts = Parts::new(Dialect::Postgres, options.writers);
    for i in 0..options.writers {
        let queue = Arc::clone(&parts.writes[i]);
        let mut session = PostgresSession::new(Arc::clone(&config), "begin")?;
        parts.spawn("store-write", move || engine::write_loop(&mut session, &queue))?;
    }
    for _ in 0..options.readers {
        let queue = Arc::clone(&parts.reads);
        let begin = "begin isolation level repeatable read, read only";
        let mut session = PostgresSession::new(Arc::clone(&config), begin)?;
        parts.spawn("store-read", move || engine::read_loop(&mut session, &queue, options.readers))?;
    }
    Ok(parts.into_db())
}

fn configure(url: &str) -> Result<Config, StoreError> {
    let mut config: Config = url.parse()?;
    let options = format!("{} {SERVER_SETTINGS}", config.get_options().unwrap_or_default());
    config.options(options.trim());
    config.connect_timeout(CONNECT_TIME_MAX).tcp_user_timeout(STATEMENT_TIME_MAX);
    if config.get_application_name().is_none() {
        config.application_name("magpie");
    }
    Ok(config)
}

struct PostgresSession {
    config: Arc<Config>,
    begin: &'static str,
    /// Only this thread drives it, so an idle connection costs nothing and an active one no wake-ups.
    runtime: Runtime,
    link: Option<Link>,
    /// Control statements not sent yet.
    control: String,
    /// The savepoint is still the last thing in `control`, `Some` of where it begins.
    unsent_savepoint: Option<usize>,
    /// The server has been told to begin.
    begun: bool,
    statement_time_max: Duration,
    retry_wait: Duration,
    retry_at: Option<(Instant, StoreError)>,
}

struct Link {
    client: Client,
    statements: HashMap<(usize, usize), Statement>,
}

enum Failure {
    /// The statement is wrong or refused; the connection is fine.
    Statement(StoreError),
    /// The state of the transaction is unknown.
    Connection(StoreError),
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Failure {
        let fatal = match error.as_db_error() {
            Some(it) => matches!(it.severity(), "FATAL" | "PANIC"),
            // Neither the server's word nor closed: a value could not be encoded or decoded.
            None => {
                error.is_closed()
                    || std::error::Error::source(&error).is_some_and(|it| it.is::<std::io::Error>())
            }
        };
        if fatal { Failure::Connection(error.into()) } else { Failure::Statement(error.into()) }
    }
}

impl PostgresSession {
    fn new(config: Arc<Config>, begin: &'static str) -> Result<PostgresSession, StoreError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        Ok(PostgresSession {
            config,
            begin,
            runtime: runtime.map_err(|it| StoreError::Unavailable(it.to_string()))?,
            link: None,
            control: String::new(),
            unsent_savepoint: None,
            begun: false,
            statement_time_max: STATEMENT_TIME_MAX,
            retry_wait: RETRY_FIRST,
            retry_at: None,
        })
    }

    /// Connects, unless the last attempt was too short a time ago.
    fn connect(&mut self) -> Result<(), StoreError> {
        if let Some((at, error)) = &self.retry_at
            && monotonic() < *at
        {
            return Err(error.clone());
        }
        let connected = self.runtime.block_on(async {
            let (client, connection) =
                timeout(CONNECT_TIME_MAX, self.config.connect(NoTls)).await.map_err(|_| late())??;
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::warn!(%error, "connection to PostgreSQL lost");
                }
            });
            Ok::<_, StoreError>(client)
        });
        match connected {
            Ok(client) => {
                self.link = Some(Link { client, statements: HashMap::new() });
                (self.retry_at, self.retry_wait) = (None, RETRY_FIRST);
                Ok(())
            }
            Err(error) => {
                // A wrong password is no less an outage for those who call.
                let error = StoreError::Unavailable(error.to_string());
                self.retry_at = Some((monotonic() + self.retry_wait, error.clone()));
                self.retry_wait = (self.retry_wait * 2).min(RETRY_LAST);
                Err(error)
            }
        }
    }

    fn push_control(&mut self, sql: &str) {
        if !self.control.is_empty() {
            self.control.push(';');
        }
        self.control.push_str(sql);
    }

    /// Runs `call` on the connection, behind the control statements that wait.
    fn run<T>(
        &mut self,
        call: impl AsyncFnOnce(&mut Link, &str) -> Result<T, Failure>,
    ) -> Result<T, StoreError> {
        let Some(link) = &mut self.link else { return Err(lost()) };
        self.begun = true;
        self.unsent_savepoint = None;
        let control = std::mem::take(&mut self.control);
        let result = self.runtime.block_on(async {
            let limited = timeout(self.statement_time_max, call(link, &control)).await;
            limited.unwrap_or_else(|_| Err(Failure::Connection(late())))
        });
        // Its memory serves the next ones.
        self.control = control;
        self.control.clear();
        result.map_err(|failure| match failure {
            Failure::Statement(error) => error,
            Failure::Connection(error) => {
                self.link = None;
                error
            }
        })
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long to wait for a server is no time that the product sees"
)]
fn monotonic() -> Instant {
    Instant::now()
}

fn late() -> StoreError {
    StoreError::Unavailable("PostgreSQL does not answer".to_owned())
}

fn lost() -> StoreError {
    StoreError::Unavailable("connection to PostgreSQL lost".to_owned())
}

/// Control statements cannot fail on a sound connection, so one that does leaves nothing to rely on.
async fn control_first(client: &Client, control: &str) -> Result<(), Failure> {
    if control.is_empty() {
        return Ok(());
    }
    client.batch_execute(control).await.map_err(|it| Failure::Connection(it.into()))
}

/// The prepared statement, and what of `control` is still to be sent.
async fn prepared<'a>(
    link: &mut Link,
    control: &'a str,
    sql: &'static str,
    params: &[Value],
) -> Result<(Statement, &'a str), Failure> {
    // A static text is known by its address: cheaper than hashing it.
    let key = (sql.as_ptr().addr(), sql.len());
    let (statement, control) = match link.statements.get(&key) {
        Some(it) => (it.clone(), control),
        None => {
            // First, so that a text that is refused spoils its own job and not the one before.
            control_first(&link.client, control).await?;
            if link.statements.len() >= STATEMENTS_MAX {
                link.statements.clear();
            }
            let statement = link.client.prepare(sql).await?;
            link.statements.insert(key, statement.clone());
            (statement, "")
        }
    };
    if statement.params().len() != params.len() {
        control_first(&link.client, control).await?;
        let text = "the number of parameters is not that of the statement";
        return Err(Failure::Statement(StoreError::Shape(text)));
    }
    Ok((statement, control))
}

fn bind(params: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    params.iter().map(|it| it as &(dyn ToSql + Sync)).collect()
}

impl Tx for PostgresSession {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn exec(&mut self, sql: &'static str, params: &[Value]) -> Result<u64, StoreError> {
        self.run(async |link, control| {
            let (statement, control) = prepared(link, control, sql, params).await?;
            let params = bind(params);
            let (first, changed) =
                tokio::join!(control_first(&link.client, control), link.client.execute(&statement, &params));
            first?;
            Ok(changed?)
        })
    }

    fn rows(&mut self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        self.run(async |link, control| {
            let (statement, control) = prepared(link, control, sql, params).await?;
            let params = bind(params);
            let (first, rows) =
                tokio::join!(control_first(&link.client, control), link.client.query(&statement, &params));
            first?;
            rows?.iter().map(decode).collect::<Result<_, _>>().map_err(Failure::Statement)
        })
    }
}

impl Session for PostgresSession {
    fn begin(&mut self) -> Result<(), StoreError> {
        self.control.clear();
        (self.begun, self.unsent_savepoint) = (false, None);
        // Lets the connection notice that the server closed it while nobody used it: the first turn looks at
        // the socket, the second runs the task that reads it.
        self.runtime.block_on(async {
            tokio::task::yield_now().await;
            tokio::task::yield_now().await;
        });
        if self.link.as_ref().is_none_or(|it| it.client.is_closed()) {
            self.connect()?;
        }
        self.push_control(self.begin);
        Ok(())
    }

    fn savepoint(&mut self) -> Result<(), StoreError> {
        let before = self.control.len();
        self.push_control("savepoint job");
        self.unsent_savepoint = Some(before);
        Ok(())
    }

    fn release(&mut self) -> Result<(), StoreError> {
        match self.unsent_savepoint.take() {
            Some(before) => self.control.truncate(before),
            None => self.push_control("release savepoint job"),
        }
        Ok(())
    }

    fn rollback_to(&mut self) -> Result<(), StoreError> {
        if self.link.is_none() {
            return Err(lost());
        }
        match self.unsent_savepoint.take() {
            Some(before) => self.control.truncate(before),
            None => self.push_control("rollback to savepoint job;release savepoint job"),
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        if !self.begun {
            self.control.clear();
            return Ok(());
        }
        self.push_control("commit");
        self.run(async |link, control| control_first(&link.client, control).await)
    }

    fn rollback(&mut self) {
        self.control.clear();
        self.unsent_savepoint = None;
        if !std::mem::replace(&mut self.begun, false) || self.link.is_none() {
            return;
        }
        self.push_control("rollback");
        if let Err(error) = self.run(async |link, control| control_first(&link.client, control).await) {
            tracing::debug!(%error, "rollback failed; the connection is given up");
        }
        self.begun = false;
    }

    fn batch(&mut self, sql: &str) -> Result<(), StoreError> {
        self.run(async |link, control| {
            control_first(&link.client, control).await?;
            Ok(link.client.batch_execute(sql).await?)
        })
    }
}

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> StoreError {
        let Some(db) = error.as_db_error() else {
            let source = std::error::Error::source(&error);
            let text = source.map_or_else(|| error.to_string(), |it| format!("{error}: {it}"));
            let lost = error.is_closed() || source.is_some_and(|it| it.is::<std::io::Error>());
            return if lost { StoreError::Unavailable(text) } else { StoreError::Database(text) };
        };
        let text = db.message().to_owned();
        let code = db.code();
        match code.code().get(..2) {
            _ if *code == SqlState::DISK_FULL => StoreError::DiskFull,
            _ if *code == SqlState::READ_ONLY_SQL_TRANSACTION => StoreError::ReadOnly,
            Some("23") => StoreError::Constraint(text),
            Some("40") => StoreError::Conflict(text),
            _ if *code == SqlState::LOCK_NOT_AVAILABLE => StoreError::Conflict(text),
            // Connection, resources, operator's doing, system errors.
            Some("08" | "53" | "57" | "58") => StoreError::Unavailable(text),
            _ => StoreError::Database(text),
        }
    }
}
