//! One running server: the domain, the numbers it shows, and the doors to the command table.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock, atomic::AtomicU64, atomic::Ordering},
};

use chat::{
    Chat, Cx,
    blobs::{Blobs, Folder},
    clock::instant,
    error::Error,
    offline_push::{Dropped, Numbers},
};
use futures_util::FutureExt;
use proto::{Code, Fail};
use tokio::sync::Semaphore;

use crate::{
    announce::Announced,
    command::{Call, Command, encode_fail, explain},
    commands,
    config::Limits,
    console::Live,
    demo,
    gateway::Connections,
    jobs::Jobs,
    metrics::{CommandMetrics, Door, Metrics, set},
};

/// Client messages of more than the usual length that are in memory at once.
const LONG_FRAMES_MAX: usize = 64;

pub struct Node {
    pub chat: Arc<Chat>,
    pub metrics: Arc<Metrics>,
    pub limits: Limits,
    /// Where the server keeps its files.
    pub data_dir: PathBuf,
    /// Where the bytes of uploaded files are.
    pub blobs: Arc<dyn Blobs>,
    pub connections: Connections,
    /// What clients know of settings that concern them.
    pub announced: Announced,
    /// What the console's viewers share.
    pub(crate) live: Live,
    /// The page of `magpie demo`, which no other server has.
    pub demo: OnceLock<demo::Page>,
    pub jobs: Jobs,
    /// Unix seconds.
    pub started_at: i64,
    /// Room for long messages of clients.
    pub long_frames: Arc<Semaphore>,
    /// One for each row of the command table, in its order.
    counted: Vec<Arc<CommandMetrics>>,
    /// The rows by the name that the socket uses, `service.command`.
    by_servcmd: HashMap<String, usize>,
    requests: AtomicU64,
}

impl Node {
    /// A node whose uploaded files lie in its data folder.
    pub fn new(chat: Arc<Chat>, limits: Limits, data_dir: PathBuf) -> Arc<Node> {
        let blobs = Arc::new(Folder::new(Node::files_dir(&data_dir)));
        Node::with_blobs(chat, limits, data_dir, blobs)
    }

    /// Where uploaded files are in a data folder.
    pub fn files_dir(data_dir: &Path) -> PathBuf {
        data_dir.join("files")
    }

    pub fn with_blobs(
        chat: Arc<Chat>,
        limits: Limits,
        data_dir: PathBuf,
        blobs: Arc<dyn Blobs>,
    ) -> Arc<Node> {
        let started_at = chat.clock.now();
        let metrics = Arc::new(Metrics::new(env!("CARGO_PKG_VERSION"), started_at));
        let counted = commands::ALL.iter().map(|it| metrics.command(it.service, it.name)).collect();
        let sockets = commands::ALL.iter().enumerate().filter(|(_, it)| it.doors.has_socket());
        let mut by_servcmd: HashMap<_, _> =
            sockets.map(|(index, it)| (format!("{}.{}", it.service, it.name), index)).collect();
        for (index, it) in commands::ALL.iter().enumerate() {
            if it.service == commands::GROUPS && it.doors.has_socket() {
                by_servcmd.entry(format!("{}.{}", commands::COMMUNITIES, it.name)).or_insert(index);
            }
        }
        Arc::new(Node {
            chat,
            metrics,
            limits,
            data_dir,
            blobs,
            connections: Connections::default(),
            announced: Announced::default(),
            live: Live::default(),
            demo: OnceLock::new(),
            jobs: Jobs::default(),
            started_at,
            long_frames: Arc::new(Semaphore::new(LONG_FRAMES_MAX)),
            counted,
            by_servcmd,
            requests: AtomicU64::new(0),
        })
    }

    /// The row that a socket frame names.
    pub fn by_servcmd(&self, servcmd: &str) -> Option<usize> {
        self.by_servcmd.get(servcmd).copied()
    }

    /// Brings the gauges up to date that are counted only when somebody looks.
    pub fn observe(&self) {
        let mut sessions = std::collections::BTreeMap::new();
        for app in self.chat.apps.all() {
            for (platform, count) in app.live.count_by_platform() {
                *sessions.entry(platform).or_insert(0_i64) += count;
            }
        }
        self.observe_webhooks();
        self.observe_dropped();
        self.observe_offline_pushes();
        self.observe_thumbnails();
        for (platform, count) in sessions {
            self.metrics.sessions.get_or_create(&crate::metrics::ByPlatform { platform }).set(count);
        }
    }

    fn observe_dropped(&self) {
        let counts: Vec<_> = self.chat.apps.all().iter().map(|it| it.dropped_group_messages()).collect();
        for (place, kind) in ["high", "normal", "low", "lowest"].into_iter().enumerate() {
            set(&self.metrics.group_messages_dropped, kind, counts.iter().map(|it| it[place]).sum());
        }
    }

    fn observe_thumbnails(&self) {
        let numbers = &self.chat.thumbnails.numbers;
        for (kind, count) in [
            ("made", &numbers.made),
            ("failed", &numbers.failed),
            ("refused", &numbers.refused),
            ("late", &numbers.late),
        ] {
            set(&self.metrics.thumbnails, kind, count.load(Ordering::Relaxed));
        }
        self.metrics.thumbnail_seconds.set(numbers.micros.load(Ordering::Relaxed) as f64 / 1e6);
    }

    fn observe_webhooks(&self) {
        let apps = self.chat.apps.all();
        let sum = |of: fn(&chat::webhooks::Numbers) -> &AtomicU64| {
            apps.iter().map(|it| of(&it.hooks.numbers).load(Ordering::Relaxed)).sum()
        };
        let waiting = apps.iter().map(|it| it.hooks.waiting().unsigned_abs()).sum();
        for (kind, count) in [
            ("sent", sum(|it| &it.sent)),
            ("answered", sum(|it| &it.answered)),
            ("failed", sum(|it| &it.failed)),
            ("dropped", sum(|it| &it.dropped)),
            ("given_up", sum(|it| &it.given_up)),
            ("waiting", waiting),
        ] {
            set(&self.metrics.webhooks, kind, count);
        }
    }

    fn observe_offline_pushes(&self) {
        let apps = self.chat.apps.all();
        let note = |kind, count| set(&self.metrics.offline_pushes, kind, count);
        let sum = |of: fn(&Numbers) -> &AtomicU64| {
            apps.iter().map(|it| of(&it.pushes.numbers).load(Ordering::Relaxed)).sum()
        };
        note("sent", sum(|it| &it.sent));
        note("retried", sum(|it| &it.retried));
        note("failed", sum(|it| &it.failed));
        for why in Dropped::ALL {
            note(why.name(), apps.iter().map(|it| it.pushes.numbers.dropped(why)).sum());
        }
        note("waiting", apps.iter().map(|it| it.pushes.waiting().unsigned_abs()).sum());
    }

    /// A name for one request in the log.
    pub fn request_id(&self) -> String {
        format!("{:x}", self.requests.fetch_add(1, Ordering::Relaxed))
    }

    /// Runs the command at `index` of the table. The answer is complete, whatever happened.
    pub async fn run(&self, index: usize, call: Call) -> Vec<u8> {
        let started = instant();
        let command = &commands::ALL[index];
        let door = if call.link.is_some() { Door::Socket } else { Door::Rest };
        let ran = std::panic::AssertUnwindSafe((command.run)(call)).catch_unwind().await;
        let result = ran.unwrap_or_else(|panic| Err(self.panicked(panic.as_ref())));
        let (code, answer) = match result {
            Ok(answer) => (0, answer),
            Err(error) => self.refuse(command, error),
        };
        self.counted[index].answered(door, code, started.elapsed().as_secs_f64());
        answer
    }

    fn panicked(&self, panic: &(dyn std::any::Any + Send)) -> Error {
        self.metrics.panics.inc();
        let text = panic.downcast_ref::<&str>().map(ToString::to_string);
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        Error::Internal(format!("panic: {}", text.unwrap_or_default()).into())
    }

    /// The answer to a call that failed before its command ran.
    pub fn refuse_at(&self, index: usize, error: Error) -> Vec<u8> {
        self.refuse(&commands::ALL[index], error).1
    }

    /// The answer to an error of a command; it is logged once, here.
    fn refuse(&self, command: &Command, error: Error) -> (i64, Vec<u8>) {
        let request_id = self.request_id();
        let fail = explain(command, error, &request_id);
        tracing::debug!(
            service = command.service,
            command = command.name,
            request_id,
            code = fail.number,
            info = %fail.info,
            "refused"
        );
        (fail.number, encode_fail(command.service, &fail))
    }

    /// Whether the rate limits of the app allow one more REST call of this command now.
    pub fn allow(&self, cx: &Cx, index: usize) -> Result<(), Fail> {
        let state = cx.app.state();
        if !state.settings.limits_enforce {
            return Ok(());
        }
        let command = &commands::ALL[index];
        let now = self.chat.clock.millis();
        let rate = state.settings.command_rate(command.service, command.name, command.rate);
        let table = (index, commands::ALL.len());
        chat::webhooks::alert::note_call(cx, table, (command.service, command.name), rate);
        let own = cx.app.bucket(index, commands::ALL.len());
        if own.is_some_and(|it| !it.take(rate, now)) {
            self.metrics.rate_limited.get_or_create(&crate::metrics::ByScope { scope: "command" }).inc();
            return Err(Fail::with(
                Code::CommandRate,
                format!("over {rate} calls per second of this command"),
            ));
        }
        let total = state.settings.limits_app_per_second;
        if !cx.app.total.take(total, now) {
            // Refused calls do not count, here neither.
            if let Some(own) = own {
                own.give_back(rate);
            }
            self.metrics.rate_limited.get_or_create(&crate::metrics::ByScope { scope: "app" }).inc();
            return Err(Fail::with(Code::AppRate, format!("over {total} REST calls per second of this app")));
        }
        Ok(())
    }
}
