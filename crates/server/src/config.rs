//! The server's own configuration: one TOML file, then the environment, then flags; the last wins.
//!
//! What an app may and may not do is no part of this: app settings live in the store and change while the server runs.
//! Relative paths are relative to the folder the server was started in. Times are in seconds, sizes in bytes.

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{bail, ensure};
use serde::{Deserialize, Serialize};

use keys::{Known, Layers};

mod keys;
#[cfg(test)]
mod tests;

/// The file that is read when none is named.
const DEFAULT_FILE: &str = "magpie.toml";
/// What the name of every variable of ours starts with; the rest is the key, with `__` between section and key.
const ENV_PREFIX: &str = "MAGPIE__";
/// Keys that hold a secret: masked wherever they are shown, and each may be read from a file named by `<key>_file`.
const SECRETS: &[&str] = &["database", "s3.key"];
/// A configuration file larger than this is no configuration file.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// Everything the operator decides about this process.
#[derive(Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Holds what the server keeps on disk: the database file and uploads.
    pub data_dir: PathBuf,
    /// Empty: SQLite in `data_dir`. Else the address of a PostgreSQL database, `postgres://user:password@host/name`.
    pub database: String,
    /// Where REST and the sockets are served without TLS.
    pub listen: SocketAddr,
    pub tls: Tls,
    pub s3: S3,
    pub metrics: Metrics,
    pub log: Log,
    pub limits: Limits,
    pub webhooks: Webhooks,
}

/// The listener with TLS. Certificate and key files are paired by position.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tls {
    /// None: no TLS here.
    pub listen: Option<SocketAddr>,
    /// PEM files, each a chain with the server's own certificate first.
    pub certs: Vec<PathBuf>,
    /// PEM files, one private key each.
    pub keys: Vec<PathBuf>,
}

/// A store of objects for uploaded files, of any maker that speaks the protocol of S3.
#[derive(Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct S3 {
    /// `https://host` or `http://host:port`. Empty: files lie in `data_dir`.
    pub endpoint: String,
    pub region: String,
    pub bucket: String,
    /// The access key, by its id and by itself.
    pub key_id: String,
    pub key: String,
    /// Whether the bucket stands in the path rather than before the host's name.
    pub path_style: bool,
    /// PEM file with the authorities that its certificate is checked against. None: those of the system.
    pub ca_file: Option<PathBuf>,
}

impl Default for S3 {
    fn default() -> S3 {
        S3 {
            endpoint: String::new(),
            region: "us-east-1".to_owned(),
            bucket: String::new(),
            key_id: String::new(),
            key: String::new(),
            path_style: true,
            ca_file: None,
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Metrics {
    /// Where `/metrics`, `/livez` and `/readyz` are served. None: on the main listener.
    pub listen: Option<SocketAddr>,
}

/// Where apps may have their webhooks sent.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Webhooks {
    /// Also to this machine and to link-local addresses.
    pub allow_local: bool,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    pub format: LogFormat,
    /// A level (`info`) or a filter (`info,server::rest=debug`). The variable `RUST_LOG` overrides it.
    pub level: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    #[default]
    Human,
    Json,
}

/// Bounds on what clients may make this process hold.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Open connections of all listeners together; further ones are closed at once.
    pub connections: usize,
    /// The request line and the headers together.
    pub request_header_bytes: usize,
    /// No request body may be longer, whatever the command allows.
    pub body_bytes: usize,
    /// Time for the TLS handshake.
    pub handshake_seconds: u64,
    /// Time for a client to send a request it has begun.
    pub request_seconds: u64,
    /// Time a connection may stay open between two requests.
    pub keep_alive_seconds: u64,
    /// Time a socket may stay silent.
    pub idle_seconds: u64,
    /// Time to end in after the signal to stop.
    pub shutdown_seconds: u64,
}

/// What each number may be: key, value of a configuration, least, greatest.
type Range = (&'static str, fn(&Limits) -> u64, u64, u64);

const RANGES: &[Range] = &[
    ("limits.connections", |it| it.connections as u64, 1, 1_000_000),
    // The HTTP parser refuses to work with less than 8 KiB.
    ("limits.request_header_bytes", |it| it.request_header_bytes as u64, 8 << 10, 1 << 20),
    ("limits.body_bytes", |it| it.body_bytes as u64, 64 << 10, 64 << 20),
    ("limits.handshake_seconds", |it| it.handshake_seconds, 1, 300),
    ("limits.request_seconds", |it| it.request_seconds, 1, 3600),
    ("limits.keep_alive_seconds", |it| it.keep_alive_seconds, 1, 86_400),
    ("limits.idle_seconds", |it| it.idle_seconds, 10, 86_400),
    ("limits.shutdown_seconds", |it| it.shutdown_seconds, 1, 3600),
];

impl Default for Config {
    fn default() -> Config {
        Config {
            data_dir: "magpie-data".into(),
            database: String::new(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 9000)),
            tls: Tls::default(),
            s3: S3::default(),
            metrics: Metrics::default(),
            log: Log::default(),
            limits: Limits::default(),
            webhooks: Webhooks::default(),
        }
    }
}

impl Default for Log {
    fn default() -> Log {
        Log { format: LogFormat::Human, level: "info".to_owned() }
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            // Below the 20,000 files that many systems allow a process, with room for the database.
            connections: 18_000,
            request_header_bytes: 16 << 10,
            body_bytes: 1 << 20,
            handshake_seconds: 10,
            request_seconds: 30,
            keep_alive_seconds: 75,
            idle_seconds: 150,
            shutdown_seconds: 20,
        }
    }
}

impl Limits {
    pub fn handshake(&self) -> Duration {
        Duration::from_secs(self.handshake_seconds)
    }

    pub fn request(&self) -> Duration {
        Duration::from_secs(self.request_seconds)
    }

    pub fn keep_alive(&self) -> Duration {
        Duration::from_secs(self.keep_alive_seconds)
    }

    pub fn idle(&self) -> Duration {
        Duration::from_secs(self.idle_seconds)
    }

    pub fn shutdown(&self) -> Duration {
        Duration::from_secs(self.shutdown_seconds)
    }
}

impl Config {
    /// Reads `file` (without one: `magpie.toml` of the current folder, if there is one), then the variables `MAGPIE__…` of
    /// `env`, then `set`, pairs of a dotted key and its value. An error names the source, the key and what was expected.
    pub fn load(
        file: Option<&Path>,
        env: impl Iterator<Item = (String, String)>,
        set: &[(String, String)],
    ) -> anyhow::Result<Config> {
        let mut layers = Layers::new(Known::of(&Config::default(), SECRETS));
        match file {
            Some(path) => layers.file(path)?,
            None if Path::new(DEFAULT_FILE).exists() => layers.file(Path::new(DEFAULT_FILE))?,
            None => {}
        }
        let mut variables: Vec<_> = env.filter(|(name, _)| name.starts_with(ENV_PREFIX)).collect();
        variables.sort();
        let variables = variables.iter().map(|(name, value)| {
            let key = name[ENV_PREFIX.len()..].to_lowercase().replace("__", ".");
            (format!("environment variable {name}"), key, value.as_str())
        });
        layers.texts(variables)?;
        layers.texts(set.iter().map(|(key, value)| (format!("--set {key}"), key.clone(), value.as_str())))?;
        let config = layers.finish()?;
        config.check()?;
        Ok(config)
    }

    /// The configuration as lines `key = value`, for people: secrets are masked.
    pub fn summary(&self) -> Vec<String> {
        let known = Known::of(self, &[]);
        known
            .values()
            .map(|(key, value)| match value {
                serde_json::Value::String(text) if key == "database" => format!("{key} = {:?}", mask(text)),
                serde_json::Value::String(text) if SECRETS.contains(&key) && !text.is_empty() => {
                    format!("{key} = \"***\"")
                }
                serde_json::Value::Null => format!("{key} = (none)"),
                value => format!("{key} = {value}"),
            })
            .collect()
    }

    /// What no single value can show: ranges, and keys that need one another.
    fn check(&self) -> anyhow::Result<()> {
        for (key, value, least, greatest) in RANGES {
            let value = value(&self.limits);
            ensure!(
                (*least..=*greatest).contains(&value),
                "`{key}` is {value}; expected {least} to {greatest}"
            );
        }
        let (certs, keys) = (self.tls.certs.len(), self.tls.keys.len());
        ensure!(
            certs == keys,
            "`tls.certs` names {certs} files and `tls.keys` {keys}; expected one key for each certificate, in the same order"
        );
        match self.tls.listen {
            Some(_) if certs == 0 => {
                bail!("`tls.listen` is set; expected a file in `tls.certs` and its key in `tls.keys`")
            }
            Some(address) => {
                ensure!(
                    address != self.listen,
                    "`tls.listen` and `listen` are both {address}; expected two addresses"
                );
            }
            None => {}
        }
        ensure!(!self.data_dir.as_os_str().is_empty(), "`data_dir` is empty; expected the path of a folder");
        let postgres = self.database.starts_with("postgres://") || self.database.starts_with("postgresql://");
        ensure!(
            self.database.is_empty() || postgres,
            "`database` is no address of a database; expected nothing or postgres://user:password@host/name"
        );
        crate::s3::check(&self.s3)?;
        crate::logs::filter(&self.log, None)?;
        Ok(())
    }
}

/// Shows the same as [`Config::summary`]: a log line with a configuration in it gives no secret away.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.summary().iter().map(|it| format_args!("{it}").to_string())).finish()
    }
}

/// The variables of this process for [`Config::load`]. A value that is no UTF-8 is passed on with replacement characters,
/// so that it is refused where it matters and not before.
pub fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
}

/// Replaces the passwords in the address of a database by `***`. Rather hides too much than too little.
fn mask(address: &str) -> String {
    let (scheme, rest) = match address.find("://") {
        Some(at) => address.split_at(at + 3),
        None => ("", address),
    };
    let (credentials, rest) = match rest.rfind('@') {
        Some(at) => rest.split_at(at),
        None => ("", rest),
    };
    let credentials = match credentials.split_once(':') {
        Some((user, _)) => format!("{user}:***"),
        None => credentials.to_owned(),
    };
    let (place, query) = match rest.split_once('?') {
        Some((place, query)) => (place, Some(query)),
        None => (rest, None),
    };
    let query = query.map(|query| {
        let shown = query.split('&').map(|pair| match pair.split_once('=') {
            Some((name, _)) if name.to_lowercase().contains("password") => format!("{name}=***"),
            _ => pair.to_owned(),
        });
        format!("?{}", shown.collect::<Vec<_>>().join("&"))
    });
    format!("{scheme}{credentials}{place}{}", query.unwrap_or_default())
}
