//! Where a case runs: a database that is empty, a clock that stands, random numbers that repeat.
//!
//! Databases are used again, for making one takes longer than most cases; each run starts with empty tables
//! and with numbers that start at 1.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use chat::{Caller, Chat, Cx, apps::App, clock::Clock, error::Error, random::Random, settings::Settings};
use serde_json::{Map, Value};
use server::{config::Limits, node::Node};
use store::{
    Db, Dialect, PostgresOptions, StoreError, Tx,
    testing::{Folder, Postgres},
};

pub const APP: u32 = 1_400_000_001;
pub const SECRET: &str = "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e";
pub const ADMIN: &str = "administrator";
/// The first second of 2026 in UTC: what clocks show unless a case says otherwise.
pub const START: i64 = 1_767_225_600;
/// The life of a UserSig in seconds.
pub const LIFE: i64 = 86_400;
/// What a table is called while a case does without it.
const AWAY: &str = "_away";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    pub fn name(self) -> &'static str {
        match self {
            Engine::Sqlite => "sqlite",
            Engine::Postgres => "postgres",
        }
    }
}

struct Database {
    db: Db,
    /// Where SQLite keeps it.
    _folder: Option<Folder>,
}

static IDLE: Mutex<Vec<(Engine, Database)>> = Mutex::new(Vec::new());

/// Closes the databases that are not in use and removes their folders.
pub fn close_idle() {
    IDLE.lock().unwrap().clear();
}

fn take(engine: Engine) -> Database {
    let mut idle = IDLE.lock().unwrap();
    let found = idle.iter().position(|it| it.0 == engine).map(|it| idle.swap_remove(it).1);
    drop(idle);
    found.unwrap_or_else(|| make(engine))
}

fn make(engine: Engine) -> Database {
    match engine {
        Engine::Sqlite => {
            let folder = Folder::new().unwrap();
            Database { db: Db::open_sqlite(&folder.path().join("magpie.db")).unwrap(), _folder: Some(folder) }
        }
        Engine::Postgres => {
            let url = Postgres::shared().expect("looked for before").fresh_database();
            let options = PostgresOptions { writers: 2, readers: 2 };
            Database { db: Db::open_postgres(&url, options).unwrap(), _folder: None }
        }
    }
}

/// A text that lives as long as the process, which statements must; each is kept once.
fn statement(text: String) -> &'static str {
    static KNOWN: Mutex<Option<HashMap<String, &'static str>>> = Mutex::new(None);
    let mut known = KNOWN.lock().unwrap();
    known.get_or_insert_default().entry(text.clone()).or_insert_with(|| text.leak())
}

fn tables(tx: &mut dyn Tx) -> Result<Vec<String>, StoreError> {
    let names = match tx.dialect() {
        Dialect::Sqlite => "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'",
        Dialect::Postgres => "select cast(tablename as text) from pg_tables where schemaname = 'public'",
    };
    tx.rows(names, &[])?.into_iter().map(|mut it| it.take_text(0)).collect()
}

fn empty(tx: &mut dyn Tx) -> Result<(), StoreError> {
    for name in tables(tx)? {
        if let Some(back) = name.strip_suffix(AWAY) {
            tx.exec(statement(format!("alter table {name} rename to {back}")), &[])?;
        }
    }
    for name in tables(tx)?.iter().filter(|it| *it != "schema_versions") {
        tx.exec(statement(format!("delete from {name}")), &[])?;
    }
    if tx.dialect() == Dialect::Postgres {
        let restart = "select setval(cast(oid as regclass), 1, false) from pg_class where relkind = 'S'";
        tx.rows(restart, &[])?;
    }
    Ok(())
}

/// Settings on top of what every case has.
fn with_usual(settings: &Map<String, Value>) -> Settings {
    let mut all = Settings::default();
    all.set("app.hmac_secrets", vec![SECRET].into()).unwrap();
    all.set("limits.enforce", false.into()).unwrap();
    for (key, value) in settings {
        all.set(key, value.clone()).unwrap();
    }
    all
}

/// A server without listeners: what both doors lead to.
pub struct World {
    pub node: Arc<Node>,
    engine: Engine,
    database: Option<Database>,
    _files: Folder,
}

impl World {
    /// `settings` come on top of what every case has: a secret to sign with, and no rate limits.
    pub async fn new(engine: Engine, at: i64, settings: &Map<String, Value>) -> World {
        World::with_limits(engine, at, settings, Limits::default()).await
    }

    pub async fn with_limits(
        engine: Engine,
        at: i64,
        settings: &Map<String, Value>,
        limits: Limits,
    ) -> World {
        let database = take(engine);
        database.db.write(0, empty).await.expect("the tables are emptied");
        let chat = Chat::open(database.db.clone(), Clock::fixed(at * 1000), Random::seeded(1)).await.unwrap();
        Box::pin(chat.create_app(APP, with_usual(settings))).await.unwrap();
        let files = Folder::new().unwrap();
        let node = Node::new(chat, limits, files.path().to_owned());
        World { node, engine, database: Some(database), _files: files }
    }

    pub fn chat(&self) -> &Arc<Chat> {
        &self.node.chat
    }

    pub fn app(&self) -> Arc<App> {
        self.chat().apps.get(APP).expect("made at the start")
    }

    pub fn now(&self) -> i64 {
        self.chat().clock.now()
    }

    pub fn advance(&self, seconds: i64) {
        self.chat().clock.advance(seconds * 1000);
    }

    pub fn cx(&self, caller: Caller) -> Cx {
        Cx {
            chat: self.chat().clone(),
            app: self.app(),
            caller,
            ip: Some(std::net::Ipv4Addr::LOCALHOST.into()),
        }
    }

    /// A UserSig that is good now.
    pub fn sig(&self, user: &str) -> String {
        proto::usersig::sign_hmac(SECRET, APP, user, self.now(), LIFE, None)
    }

    /// Does once what a running server does from time to time.
    pub async fn run_job(&self, job: &str) -> Result<(), String> {
        let done = match job {
            "end absences" => self.chat().end_absences().await.map(drop),
            "prune notices" => {
                return self.chat().prune_notices().await.map(drop).map_err(|it| it.to_string());
            }
            "prune pushes" => {
                return self.chat().prune_pushes().await.map(drop).map_err(|it| it.to_string());
            }
            "recycle groups" => self.chat().recycle_groups().await.map(drop),
            "empty live rooms" => self.chat().empty_live_rooms().await,
            "announce settings" => {
                self.node.announced.tell(&self.node);
                return Ok(());
            }
            "collect files" => self.chat().collect_files(&*self.node.blobs).await.map(drop),
            "prune merged messages" => {
                return self.chat().prune_merged().await.map(drop).map_err(|it| it.to_string());
            }
            "index search" => self.index_search().await,
            "exports" => self.chat().export_history(&self.node.data_dir).await.map(drop),
            _ => return Err(format!("no job is called {job:?}")),
        };
        done.map_err(|it| it.to_string())
    }

    /// Gives a group another id, before anybody asked for it.
    pub async fn rename_group(&self, from: String, to: String) {
        let searched = "update search_names set id = $2 where kind = 2 and id = $1";
        let sql = "update groups set group_id = $2 where group_id = $1";
        let changed = self.chat().db.write(0, move |tx| {
            tx.exec(searched, &[from.as_str().into(), to.as_str().into()])?;
            tx.exec(sql, &[from.into(), to.into()])
        });
        assert_eq!(changed.await.expect("the group is renamed"), 1, "there is no such group");
    }

    /// Until there is nothing left to do.
    async fn index_search(&self) -> Result<(), Error> {
        while self.chat().index_search().await? {}
        Ok(())
    }

    /// Gives the merged message that was kept another key.
    pub async fn rename_merged(&self, key: String) {
        let sql = "update merged_messages set list_key = $1";
        let changed = self.chat().db.write(0, move |tx| tx.exec(sql, &[key.into()]));
        assert_eq!(changed.await.expect("the list is renamed"), 1, "there is not one list");
    }

    /// A file that alice has uploaded; there are no bytes.
    pub async fn store_file(&self, id: String, name: String) {
        let now = self.now();
        let file = store::files::File {
            blob: id.clone(),
            id,
            app: APP,
            owner: "alice".to_owned(),
            kind: 3,
            name,
            created_at: now,
            upload_until: now,
            size: 1,
            media_type: "audio/mpeg".to_owned(),
            width: 0,
            height: 0,
            format: String::new(),
        };
        let stored = self.chat().db.write(0, move |tx| {
            store::files::promise(tx, &file)?;
            store::files::attempt(tx, &file.id, &file.blob)?;
            store::files::store(tx, &file)
        });
        assert!(stored.await.expect("the file is stored"));
    }

    /// Takes a table away until the next case, so that whoever needs it fails.
    pub async fn break_table(&self, name: &str) {
        let sql = statement(format!("alter table {name} rename to {name}{AWAY}"));
        let db = &self.chat().db;
        db.write(0, move |tx| tx.exec(sql, &[])).await.expect("the table is there");
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(database) = self.database.take()
            && !std::thread::panicking()
        {
            IDLE.lock().unwrap().push((self.engine, database));
        }
    }
}
