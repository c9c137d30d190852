//! `magpie serve`: the server itself, from its first start to its graceful end.

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context, ensure};
use chat::{Chat, blobs::Folder, console::works, settings::Settings};
use serde_json::json;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
    task::JoinSet,
};

use super::{Flags, address, pairs, place, say};
use crate::{
    config::Config,
    http::{self, Routes},
    language,
    listen::{self, Gate},
    logs,
    node::Node,
    offline_push,
    s3::S3Store,
    tls::{Certificates, Pair},
    webhooks,
};

/// The app that the first start makes.
const FIRST_APP: u32 = 1_400_000_001;
/// How often changes of apps made by other processes are looked for.
const APPS_EVERY: Duration = Duration::from_millis(100);
/// How often silent connections are looked for.
const SILENT_EVERY: Duration = Duration::from_secs(5);
/// How often old sessions are forgotten.
const SESSIONS_EVERY: Duration = Duration::from_secs(600);
/// How often users who have been away from live rooms for too long are looked for.
const LIVE_ROOMS_EVERY: Duration = Duration::from_secs(5);
/// How often users who have been away for long enough are looked for.
const ABSENCES_EVERY: Duration = Duration::from_secs(1);
/// How often what was counted is added to the store.
const STATISTICS_EVERY: Duration = Duration::from_secs(5);
/// How often it is written when members of groups last spoke.
const LAST_SPOKEN_EVERY: Duration = Duration::from_secs(5);
/// How often old rows of the statistics are forgotten.
const PRUNE_EVERY: Duration = Duration::from_secs(60);
/// How often old notices of groups are forgotten.
const NOTICES_EVERY: Duration = Duration::from_secs(60);
/// How often pushes to all users that the last end of the server interrupted go on.
const RESUMED_PUSHES_EVERY: Duration = Duration::from_secs(1);
/// How often old pushes to all users are forgotten.
const PUSHES_EVERY: Duration = Duration::from_secs(60);
/// How often groups that nobody uses any more are looked for.
const RECYCLE_EVERY: Duration = Duration::from_secs(3600);
/// How often old lines of the log of webhooks are forgotten.
const WEBHOOK_LOG_EVERY: Duration = Duration::from_secs(600);
/// How often files and merged messages that are kept no longer are looked for.
const FILES_EVERY: Duration = Duration::from_secs(60);
/// How often files of the console's works that are kept no longer are looked for.
const WORKS_EVERY: Duration = Duration::from_secs(60);
/// How often some of the messages that are too old are removed.
const RETENTION_EVERY: Duration = Duration::from_secs(1);
/// How often it is looked for messages that searches shall find faster.
const SEARCH_EVERY: Duration = Duration::from_secs(1);
/// While there is much of that to do: the pause after a part of it, in times of what the part took, so that it takes
/// no more than a quarter of a processor, and the least pause.
const SEARCH_PAUSES: u32 = 3;
const SEARCH_PAUSE_MIN: Duration = Duration::from_millis(2);
/// How often hours that are over are looked for.
const EXPORTS_EVERY: Duration = Duration::from_secs(60);

#[derive(clap::Args, Clone, Default)]
#[group(id = "serve")]
pub struct Args {
    /// Where REST, sockets and pages are served without TLS.
    #[arg(long, value_name = "HOST:PORT")]
    listen: Option<SocketAddr>,
    /// Where the same is served with TLS.
    #[arg(long, value_name = "HOST:PORT")]
    tls_listen: Option<SocketAddr>,
    /// A certificate chain in PEM; several are chosen by the name that the client asks for.
    #[arg(long = "cert", value_name = "FILE")]
    certs: Vec<PathBuf>,
    /// The private key of the certificate at the same place.
    #[arg(long = "key", value_name = "FILE")]
    keys: Vec<PathBuf>,
    /// Where health and metrics are served instead of on the main port.
    #[arg(long, value_name = "HOST:PORT")]
    metrics_listen: Option<SocketAddr>,
    /// human or json.
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<String>,
    /// error, warn, info, debug or trace.
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<String>,
}

impl Args {
    pub fn sets_log_level(&self) -> bool {
        self.log_level.is_some()
    }

    pub fn config(&self, flags: &Flags) -> anyhow::Result<Config> {
        let list = |files: &[PathBuf]| {
            let quoted: Vec<_> = files.iter().map(|it| json!(it.display().to_string()).to_string()).collect();
            (!files.is_empty()).then(|| format!("[{}]", quoted.join(",")))
        };
        flags.config(pairs([
            ("listen", address(self.listen)),
            ("tls.listen", address(self.tls_listen)),
            ("tls.certs", list(&self.certs)),
            ("tls.keys", list(&self.keys)),
            ("metrics.listen", address(self.metrics_listen)),
            ("log.format", self.log_format.clone()),
            ("log.level", self.log_level.clone()),
        ]))
    }
}

pub async fn run(flags: &Flags, args: Args) -> anyhow::Result<()> {
    let config = args.config(flags)?;
    logs::start(&config.log)?;
    let server = Box::pin(Server::start(config)).await?;
    until_told(&server).await?;
    tracing::info!("stopping");
    server.stop().await;
    Ok(())
}

/// Returns when the process is told to stop; reloads certificates when it is told to.
pub async fn until_told(server: &Server) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    loop {
        tokio::select! {
            _ = terminate.recv() => return Ok(()),
            _ = tokio::signal::ctrl_c() => return Ok(()),
            _ = hang_up.recv() => server.reload().await,
        }
    }
}

/// A server that runs until it is stopped.
pub struct Server {
    pub node: Arc<Node>,
    pub listen: SocketAddr,
    certificates: Option<Arc<Certificates>>,
    gate: Gate,
    shutdown: watch::Sender<bool>,
    tasks: JoinSet<()>,
    held: place::Held,
}

impl Server {
    /// Starts everything and says what it did. Errors name what cannot be used.
    pub async fn start(config: Config) -> anyhow::Result<Server> {
        if place::make_folder(&config.data_dir)? {
            say(format!("magpie: made the data folder {}", config.data_dir.display()));
        }
        let held = place::Held::take(&config.data_dir)?;
        let chat = place::open(&config).await?;
        chat.start().await?;
        Box::pin(make_first_app(&chat, &config)).await?;
        let node = make_node(chat, &config).await?;
        works::tidy(&config.data_dir).await.context("tidying the files of works")?;
        let gate = Gate::new(config.limits.connections, node.metrics.clone());
        let (shutdown, stopping) = watch::channel(false);
        let mut listeners =
            Listeners { node: &node, gate: &gate, stopping: &stopping, tasks: JoinSet::new() };
        let routes = Routes::Main { metrics: config.metrics.listen.is_none() };
        let listen = listeners.add(config.listen, None, routes)?;
        let certificates = certificates(&config)?;
        let mut addresses = vec![format!("http://{listen}")];
        if let (Some(address), Some(certificates)) = (config.tls.listen, &certificates) {
            let tls =
                listen::Tls { config: certificates.server_config()?, handshake: config.limits.handshake() };
            addresses.push(format!("https://{}", listeners.add(address, Some(tls), routes)?));
        }
        if let Some(address) = config.metrics.listen {
            let address = listeners.add(address, None, Routes::Metrics)?;
            say(format!("magpie: health and metrics on http://{address}/metrics"));
        }
        let mut tasks = listeners.tasks;
        let transport = webhooks::Http::new(node.chat.clock.clone(), config.webhooks.allow_local);
        node.chat.webhooks.connect(Arc::new(transport));
        offline_push::connect(&node.chat, config.webhooks.allow_local);
        language::connect(&node.chat, config.webhooks.allow_local);
        deliver(&node, &mut tasks, &stopping);
        maintain(&node, &mut tasks, &stopping);
        held.announce(listen)?;
        tracing::info!(version = env!("CARGO_PKG_VERSION"), listen = addresses.join(" "), "started");
        offer_setup(&node.chat, addresses.last().map_or("", |it| it)).await?;
        say(format!("magpie: listening on {}", addresses.join(" and ")));
        Ok(Server { node, listen, certificates, gate, shutdown, tasks, held })
    }

    /// Reads the certificates again.
    async fn reload(&self) {
        let Some(certificates) = self.certificates.clone() else {
            tracing::info!("nothing to reload");
            return;
        };
        match tokio::task::spawn_blocking(move || certificates.reload()).await {
            Ok(Ok(())) => tracing::info!("certificates reloaded"),
            Ok(Err(error)) => {
                tracing::error!(error = %format!("{error:#}"), "the old certificates stay in use")
            }
            Err(error) => tracing::error!(%error, "the old certificates stay in use"),
        }
    }

    /// Takes no new work, lets what runs finish, tells clients to come back, and ends in bounded time.
    pub async fn stop(mut self) {
        _ = self.shutdown.send(true);
        while self.tasks.join_next().await.is_some() {}
        self.node.connections.close_all();
        let gone = async {
            self.gate.drained().await;
            self.node.connections.settled().await;
        };
        if tokio::time::timeout(self.node.limits.shutdown(), gone).await.is_err() {
            tracing::warn!("some connections did not end in time");
        }
        if let Err(error) = self.node.chat.store_statistics().await {
            tracing::warn!(%error, "the last statistics could not be stored");
        }
        if let Err(error) = self.node.chat.store_last_spoken().await {
            tracing::warn!(%error, "when members last spoke could not be stored");
        }
        drop(self.held);
    }
}

/// While nobody can sign in to the console, the terminal shows a one-time link. It is written nowhere else.
async fn offer_setup(chat: &Chat, base: &str) -> anyhow::Result<()> {
    if let Some(link) = chat.first_link().await? {
        say(format!("magpie: choose the console's first password at {base}/console/#setup={}", link.token));
    }
    Ok(())
}

/// The node, with its files in the data folder or in a store of objects.
async fn make_node(chat: Arc<Chat>, config: &Config) -> anyhow::Result<Arc<Node>> {
    let files = Node::files_dir(&config.data_dir);
    Folder::tidy(&files).await.with_context(|| format!("tidying {}", files.display()))?;
    let (limits, data_dir) = (config.limits.clone(), config.data_dir.clone());
    if config.s3.endpoint.is_empty() {
        return Ok(Node::new(chat, limits, data_dir));
    }
    let clock = chat.clock.clone();
    let store = S3Store::new(&config.s3, clock, Folder::incoming(&files)).context("the store of objects")?;
    Ok(Node::with_blobs(chat, limits, data_dir, Arc::new(store)))
}

async fn make_first_app(chat: &Chat, config: &Config) -> anyhow::Result<()> {
    if !chat.apps.all().is_empty() {
        return Ok(());
    }
    let mut settings = Settings::default();
    settings.set("app.hmac_secrets", json!([chat.random.secret()])).map_err(anyhow::Error::msg)?;
    chat.create_app(FIRST_APP, settings).await?;
    let place = match config.database.is_empty() {
        true => format!("--data-dir {}", config.data_dir.display()),
        false => "--database …".to_owned(),
    };
    say(format!("magpie: made the first app: SDKAppID {FIRST_APP}, administrator `administrator`"));
    say(format!("magpie: its secret key is shown by: magpie app show {place}"));
    Ok(())
}

fn certificates(config: &Config) -> anyhow::Result<Option<Arc<Certificates>>> {
    let (certs, keys) = (&config.tls.certs, &config.tls.keys);
    ensure!(certs.len() == keys.len(), "there are {} certificates and {} keys", certs.len(), keys.len());
    if config.tls.listen.is_none() {
        ensure!(certs.is_empty(), "there are certificates but no tls.listen");
        return Ok(None);
    }
    ensure!(!certs.is_empty(), "tls.listen needs a certificate and its key");
    let pairs = certs.iter().zip(keys).map(|(cert, key)| Pair { cert: cert.clone(), key: key.clone() });
    Ok(Some(Arc::new(Certificates::load(pairs.collect())?)))
}

struct Listeners<'a> {
    node: &'a Arc<Node>,
    gate: &'a Gate,
    stopping: &'a watch::Receiver<bool>,
    tasks: JoinSet<()>,
}

impl Listeners<'_> {
    fn add(
        &mut self,
        address: SocketAddr,
        tls: Option<listen::Tls>,
        routes: Routes,
    ) -> anyhow::Result<SocketAddr> {
        let listener = listen::bind(address).with_context(|| format!("listening on {address}"))?;
        let bound = listener.local_addr()?;
        let (node, stopping) = (self.node.clone(), self.stopping.clone());
        let serve = move |stream, peer, permit| {
            http::serve(node.clone(), routes, stream, peer, permit, stopping.clone())
        };
        self.tasks.spawn(listen::serve(listener, tls, self.gate.clone(), self.stopping.clone(), serve));
        Ok(bound)
    }
}

/// What has to be done from time to time.
fn maintain(node: &Arc<Node>, tasks: &mut JoinSet<()>, stopping: &watch::Receiver<bool>) {
    every("apps", APPS_EVERY, node, tasks, stopping, |node| async move {
        if let Err(error) = node.chat.refresh_apps().await {
            tracing::warn!(%error, "the apps could not be read");
        }
        node.announced.tell(&node);
    });
    every("silent", SILENT_EVERY, node, tasks, stopping, |node| async move {
        node.connections.drop_silent(node.chat.clock.now());
    });
    every("sessions", SESSIONS_EVERY, node, tasks, stopping, |node| async move {
        if let Err(error) = node.chat.prune_sessions().await {
            tracing::warn!(%error, "old sessions could not be forgotten");
        }
    });
    every("absences", ABSENCES_EVERY, node, tasks, stopping, |node| async move {
        if let Err(error) = node.chat.end_absences().await {
            tracing::warn!(%error, "the status of users who are away could not be ended");
        }
    });
    every("live rooms", LIVE_ROOMS_EVERY, node, tasks, stopping, |node| async move {
        if let Err(error) = node.chat.empty_live_rooms().await {
            tracing::warn!(%error, "users who are away could not be taken out of live rooms");
        }
    });
    every("search", SEARCH_EVERY, node, tasks, stopping, index_search);
    tend_pushes(node, tasks, stopping);
    keep_books(node, tasks, stopping);
}

/// Delivers for as long as the server runs: webhooks, pushes to devices and to all users, changes of status.
fn deliver(node: &Arc<Node>, tasks: &mut JoinSet<()>, stopping: &watch::Receiver<bool>) {
    until_stopped(tasks, stopping, chat::webhooks::deliver::run(node.chat.clone()));
    let chat = node.chat.clone();
    until_stopped(tasks, stopping, async move { chat.deliver_offline_pushes().await });
    let chat = node.chat.clone();
    until_stopped(tasks, stopping, async move { chat.deliver_pushes().await });
    let chat = node.chat.clone();
    until_stopped(tasks, stopping, async move { chat.tell_statuses().await });
}

/// Runs what does not end by itself.
fn until_stopped(
    tasks: &mut JoinSet<()>,
    stopping: &watch::Receiver<bool>,
    work: impl Future<Output = ()> + Send + 'static,
) {
    let mut stopping = stopping.clone();
    tasks.spawn(async move {
        tokio::select! {
            () = work => {}
            () = http::stopped(&mut stopping) => {}
        }
    });
}

/// What is written down now and then, and forgotten when it is old.
fn keep_books(node: &Arc<Node>, tasks: &mut JoinSet<()>, stopping: &watch::Receiver<bool>) {
    every("webhook log", WEBHOOK_LOG_EVERY, node, tasks, stopping, |node| async move {
        if let Err(error) = node.chat.forget_webhooks().await {
            tracing::warn!(%error, "old webhook events could not be forgotten");
        }
    });
    every("statistics", STATISTICS_EVERY, node, tasks, stopping, |node| async move {
        if let Err(error) = node.chat.store_statistics().await {
            tracing::warn!(%error, "statistics could not be stored");
        }
    });
    every("last spoken", LAST_SPOKEN_EVERY, node, tasks, stopping, |node| async move {
        if let Err(error) = node.chat.store_last_spoken().await {
            tracing::warn!(%error, "when members last spoke could not be stored");
        }
    });
    every("prune", PRUNE_EVERY, node, tasks, stopping, |node| async move {
        if let Err(error) = node.chat.prune_statistics().await {
            tracing::warn!(%error, "old statistics could not be forgotten");
        }
    });
    every("notices", NOTICES_EVERY, node, tasks, stopping, |node| async move {
        if let Err(error) = node.chat.prune_notices().await {
            tracing::warn!(%error, "old notices of groups could not be forgotten");
        }
    });
    every("recycle", RECYCLE_EVERY, node, tasks, stopping, |node| async move {
        if let Err(error) = node.chat.recycle_groups().await {
            tracing::warn!(%error, "groups that nobody uses could not be dismissed");
        }
    });
    every("files", FILES_EVERY, node, tasks, stopping, |node| async move {
        if let Err(error) = node.chat.collect_files(&*node.blobs).await {
            tracing::warn!(%error, "old files could not be removed");
        }
        if let Err(error) = node.chat.prune_merged().await {
            tracing::warn!(%error, "old merged messages could not be forgotten");
        }
    });
    every("works", WORKS_EVERY, node, tasks, stopping, |node| async move {
        node.chat.console.works.forget_files(node.chat.clock.now());
    });
    every("retention", RETENTION_EVERY, node, tasks, stopping, |node| async move {
        if let Err(error) = node.chat.remove_expired_messages().await {
            tracing::warn!(%error, "messages that are too old could not be removed");
        }
    });
    every("exports", EXPORTS_EVERY, node, tasks, stopping, |node| async move {
        if let Err(error) = node.chat.export_history(&node.data_dir).await {
            tracing::warn!(%error, "messages could not be exported");
        }
    });
}

/// Makes ready what was said for being searched.
async fn index_search(node: Arc<Node>) {
    loop {
        let started = node.chat.clock.millis();
        match node.chat.index_search().await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                tracing::warn!(%error, "messages could not be made ready for searches");
                return;
            }
        }
        let took = Duration::from_millis(u64::try_from(node.chat.clock.millis() - started).unwrap_or(0));
        tokio::time::sleep((took * SEARCH_PAUSES).max(SEARCH_PAUSE_MIN)).await;
    }
}

/// Takes up pushes to all users that were interrupted, and forgets those that are over.
fn tend_pushes(node: &Arc<Node>, tasks: &mut JoinSet<()>, stopping: &watch::Receiver<bool>) {
    every("resumed pushes", RESUMED_PUSHES_EVERY, node, tasks, stopping, |node| async move {
        if let Err(error) = node.chat.resume_pushes().await {
            tracing::warn!(%error, "an interrupted push to all users could not go on");
        }
    });
    every("pushes", PUSHES_EVERY, node, tasks, stopping, |node| async move {
        if let Err(error) = node.chat.prune_pushes().await {
            tracing::warn!(%error, "old pushes to all users could not be forgotten");
        }
    });
}

fn every<F>(
    name: &'static str,
    period: Duration,
    node: &Arc<Node>,
    tasks: &mut JoinSet<()>,
    stopping: &watch::Receiver<bool>,
    work: impl Fn(Arc<Node>) -> F + Send + 'static,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let (node, mut stopping) = (node.clone(), stopping.clone());
    node.jobs.add(name, period);
    tasks.spawn(async move {
        let mut ticks = tokio::time::interval(period);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {
                    let started = chat::clock::instant();
                    work(node.clone()).await;
                    node.jobs.ran(name, node.chat.clock.now(), started.elapsed());
                }
                () = http::stopped(&mut stopping) => return,
            }
        }
    });
}
