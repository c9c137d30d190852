//! SQLite: write-ahead log, one writer thread, several readers, checkpoints on their own thread.

use std::{collections::HashMap, path::Path, sync::Arc, time::Duration};

use rusqlite::{Connection, ErrorCode, Statement, types::ValueRef};

use crate::{
    Dialect, Row, StoreError, Tx, Value,
    checkpoint::{LogLimits, Reading, WriteAheadLog},
    db::{Db, Parts},
    engine::{self, Session},
    migrate::{self, Migration},
    queue::Queue,
};

/// Threads with a read-only connection each.
const READERS: usize = 4;

/// How long a transaction waits for another process that writes.
const LOCK_WAIT: Duration = Duration::from_secs(5);

/// Statements kept prepared on a connection. Texts are static, so a program has a fixed number of them; this
/// is far above it.
const STATEMENTS_MAX: usize = 2_048;

const SETTINGS: &str = "
    pragma synchronous = full;
    pragma foreign_keys = off;
    pragma temp_store = memory;
    pragma wal_autocheckpoint = 0;";

/// Negative sizes are in KiB.
const WRITER_SETTINGS: &str = "pragma cache_size = -8192;";
const READER_SETTINGS: &str =
    "pragma cache_size = -4096; pragma mmap_size = 67108864; pragma query_only = on;";

pub(crate) fn open(path: &Path, migrations: &[Migration], limits: LogLimits) -> Result<Db, StoreError> {
    let mut writer = connect(path, WRITER_SETTINGS)?;
    migrate::run(&mut SqliteSession::new(&writer, None), migrations)?;

    let mut parts = Parts::new(Dialect::Sqlite, 1);
    let mut readers = Vec::with_capacity(READERS);
    for _ in 0..READERS {
        let reader = connect(path, READER_SETTINGS)?;
        readers.push((Arc::new(Reading::new(reader.get_interrupt_handle())), reader));
    }
    let log = WriteAheadLog::new(limits, readers.iter().map(|(reading, _)| Arc::clone(reading)).collect());
    let checkpointer = connect(path, WRITER_SETTINGS)?;

    let gauge = Arc::clone(&log);
    writer.wal_hook(Some(move |_: &mut _, pages| {
        gauge.committed(u32::try_from(pages).unwrap_or(0));
        Ok(())
    }))?;
    let (queue, gauge) = (Arc::clone(&parts.writes[0]), Arc::clone(&log));
    parts.spawn("store-write", move || {
        let mut session = SqliteSession::new(&writer, Some(Role::Writer(gauge)));
        engine::write_loop(&mut session, &queue);
    })?;
    for (reading, reader) in readers {
        let queue = Arc::clone(&parts.reads);
        parts.spawn("store-read", move || read(&reader, reading, &queue))?;
    }
    let thread = Arc::clone(&log);
    parts.spawn_last("store-checkpoint", move || thread.run(&checkpointer), move || log.close())?;
    Ok(parts.into_db())
}

fn read(reader: &Connection, reading: Arc<Reading>, queue: &Queue) {
    engine::read_loop(&mut SqliteSession::new(reader, Some(Role::Reader(reading))), queue, READERS);
}

fn connect(path: &Path, settings: &str) -> Result<Connection, StoreError> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(LOCK_WAIT)?;
    let mode: String = connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
    if mode != "wal" {
        return Err(StoreError::Database(format!("SQLite cannot keep a write-ahead log here, only {mode}")));
    }
    connection.execute_batch(SETTINGS)?;
    connection.execute_batch(settings)?;
    Ok(connection)
}

enum Role {
    Writer(Arc<WriteAheadLog>),
    Reader(Arc<Reading>),
}

#[derive(PartialEq)]
enum Savepoint {
    None,
    /// Asked for; made before the first statement that writes, because it costs and many jobs only look.
    Wanted,
    Made,
}

struct SqliteSession<'c> {
    connection: &'c Connection,
    role: Option<Role>,
    statements: HashMap<(usize, usize), Prepared<'c>>,
    savepoint: Savepoint,
}

struct Prepared<'c> {
    statement: Statement<'c>,
    /// Where `$1`, `$2`, … are. SQLite takes `$3` for a name and numbers names by first appearance.
    places: Vec<usize>,
    writes: bool,
}

impl<'c> SqliteSession<'c> {
    fn new(connection: &'c Connection, role: Option<Role>) -> SqliteSession<'c> {
        SqliteSession { connection, role, statements: HashMap::new(), savepoint: Savepoint::None }
    }

    /// The prepared statement, with its parameters bound.
    fn bound(&mut self, sql: &'static str, params: &[Value]) -> Result<&mut Prepared<'c>, StoreError> {
        // A static text is known by its address: cheaper than hashing it.
        let key = (sql.as_ptr().addr(), sql.len());
        if !self.statements.contains_key(&key) {
            if self.statements.len() >= STATEMENTS_MAX {
                self.statements.clear();
            }
            let prepared = Prepared::new(self.connection, sql)?;
            self.statements.insert(key, prepared);
        }
        if self.savepoint == Savepoint::Wanted && self.statements.get(&key).is_some_and(|it| it.writes) {
            self.savepoint = Savepoint::Made;
            self.control("savepoint job")?;
        }
        let prepared = self.statements.get_mut(&key).ok_or(StoreError::Shape("a statement went missing"))?;
        prepared.bind(params)?;
        Ok(prepared)
    }

    fn control(&mut self, sql: &'static str) -> Result<(), StoreError> {
        self.bound(sql, &[])?.statement.raw_execute()?;
        Ok(())
    }
}

impl<'c> Prepared<'c> {
    fn new(connection: &'c Connection, sql: &str) -> Result<Prepared<'c>, StoreError> {
        let statement = connection.prepare(sql)?;
        let mut places = Vec::with_capacity(statement.parameter_count());
        for number in 1..=statement.parameter_count() {
            let place = statement.parameter_index(&format!("${number}"))?;
            places.push(place.ok_or(StoreError::Shape("parameters are not $1, $2, … without a gap"))?);
        }
        // "begin" and the like count as reading, as they should: they need no savepoint.
        let writes = !statement.readonly();
        Ok(Prepared { statement, places, writes })
    }

    fn bind(&mut self, params: &[Value]) -> Result<(), StoreError> {
        if params.len() != self.places.len() {
            return Err(StoreError::Shape("the number of parameters is not that of the statement"));
        }
        for (param, &place) in params.iter().zip(&self.places) {
            match param {
                Value::Null => self.statement.raw_bind_parameter(place, rusqlite::types::Null)?,
                Value::Int(it) => self.statement.raw_bind_parameter(place, it)?,
                Value::Text(it) => self.statement.raw_bind_parameter(place, it)?,
                Value::Blob(it) => self.statement.raw_bind_parameter(place, it)?,
            }
        }
        Ok(())
    }
}

impl Tx for SqliteSession<'_> {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn exec(&mut self, sql: &'static str, params: &[Value]) -> Result<u64, StoreError> {
        let changed = self.bound(sql, params)?.statement.raw_execute()?;
        Ok(changed as u64)
    }

    fn rows(&mut self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        let statement = &mut self.bound(sql, params)?.statement;
        let width = statement.column_count();
        let mut result = Vec::new();
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            let mut columns = Vec::with_capacity(width);
            for i in 0..width {
                columns.push(match row.get_ref(i)? {
                    ValueRef::Null => Value::Null,
                    ValueRef::Integer(it) => Value::Int(it),
                    ValueRef::Real(_) => {
                        return Err(StoreError::Shape("a column is a floating point number"));
                    }
                    ValueRef::Text(it) => Value::Text(utf8(it)?),
                    ValueRef::Blob(it) => Value::Blob(it.to_vec()),
                });
            }
            result.push(Row::new(columns));
        }
        Ok(result)
    }
}

fn utf8(text: &[u8]) -> Result<String, StoreError> {
    String::from_utf8(text.to_vec()).map_err(|_| StoreError::Shape("a text column is not UTF-8"))
}

impl Session for SqliteSession<'_> {
    fn begin(&mut self) -> Result<(), StoreError> {
        self.savepoint = Savepoint::None;
        match &self.role {
            Some(Role::Reader(reading)) => {
                reading.start();
                self.control("begin")
            }
            // Asks for the write lock at once; a later upgrade can fail where this waits.
            _ => self.control("begin immediate"),
        }
    }

    fn savepoint(&mut self) -> Result<(), StoreError> {
        self.savepoint = Savepoint::Wanted;
        Ok(())
    }

    fn release(&mut self) -> Result<(), StoreError> {
        match std::mem::replace(&mut self.savepoint, Savepoint::None) {
            Savepoint::Made => self.control("release job"),
            _ => Ok(()),
        }
    }

    fn rollback_to(&mut self) -> Result<(), StoreError> {
        // Some errors, like a full disk, end the whole transaction.
        if self.connection.is_autocommit() {
            return Err(StoreError::Shape("the transaction has ended"));
        }
        match std::mem::replace(&mut self.savepoint, Savepoint::None) {
            Savepoint::Made => {
                self.control("rollback to job")?;
                self.control("release job")
            }
            _ => Ok(()),
        }
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        self.control("commit")
    }

    fn rollback(&mut self) {
        self.savepoint = Savepoint::None;
        if !self.connection.is_autocommit()
            && let Err(error) = self.control("rollback")
        {
            tracing::error!(%error, "rollback failed");
        }
        if let Some(Role::Reader(reading)) = &self.role {
            reading.end();
        }
    }

    fn batch(&mut self, sql: &str) -> Result<(), StoreError> {
        Ok(self.connection.execute_batch(sql)?)
    }

    fn settle(&mut self) {
        if let Some(Role::Writer(log)) = &self.role {
            log.restart_if_wanted(self.connection, LOCK_WAIT);
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> StoreError {
        let text = match &error {
            rusqlite::Error::SqliteFailure(_, Some(text)) => text.clone(),
            other => other.to_string(),
        };
        let rusqlite::Error::SqliteFailure(failure, _) = error else {
            return StoreError::Database(text);
        };
        match failure.code {
            ErrorCode::DiskFull => StoreError::DiskFull,
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => StoreError::Locked,
            ErrorCode::ConstraintViolation => StoreError::Constraint(text),
            ErrorCode::ReadOnly => StoreError::ReadOnly,
            ErrorCode::OperationInterrupted => StoreError::Unavailable("the read took too long".to_owned()),
            ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::OutOfMemory => {
                StoreError::Unavailable(text)
            }
            _ => StoreError::Database(text),
        }
    }
}
