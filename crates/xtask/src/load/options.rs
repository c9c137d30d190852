//! The arguments of `cargo xtask load`.

use std::path::PathBuf;

use anyhow::{Context, bail, ensure};
use lexopt::{Arg, Parser, ValueExt};

use super::target::Target;

pub const HELP: &str = "\
cargo xtask load [options]

Starts a server with an empty store, loads it, and checks that every acknowledged message arrived once, in order.

  --scenario NAME[,NAME…]  rest, socket, mixed, latency, idle, start (all of these), lists, webhooks,
                           push_all, group, scale, search, storm
  --rate N|max             sends a second on a schedule, or as many as go (max); latency has 200
  --seconds N              length of a scenario (10)
  --connections N          pairs of sender and receiver (64; latency 16; idle 5000),
                           or who is online for a push to all (10000), in a group (2000)
                           or in a live room (18000), or who comes back in a storm (18000)
  --messages N             messages that are searched (1000000)
  --payload-bytes N        length of a text (100)
  --database URL           PostgreSQL instead of the embedded database
  --binary FILE            a server that is built already
  --url URL                a server that runs already; needs --sdkappid and --secret-key, and takes
                           --admin NAME and --pid N (for its processor time and memory)
  --with-floors            measures the bare floors too, and compares
  --json FILE              writes the numbers there
";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scenario {
    Rest,
    Socket,
    Mixed,
    Latency,
    Idle,
    Start,
    Lists,
    Webhooks,
    PushAll,
    Group,
    Scale,
    Search,
    Storm,
}

impl Scenario {
    pub const ALL: &[(&'static str, Scenario)] = &[
        ("rest", Scenario::Rest),
        ("socket", Scenario::Socket),
        ("mixed", Scenario::Mixed),
        ("latency", Scenario::Latency),
        ("idle", Scenario::Idle),
        ("start", Scenario::Start),
        ("lists", Scenario::Lists),
        ("webhooks", Scenario::Webhooks),
        ("push_all", Scenario::PushAll),
        ("group", Scenario::Group),
        ("scale", Scenario::Scale),
        ("search", Scenario::Search),
        ("storm", Scenario::Storm),
    ];

    /// Those that run when none is named: without the ones that take long.
    fn default_ones() -> impl Iterator<Item = Scenario> {
        let takes_long = |it: &Scenario| {
            use Scenario::{Group, Lists, PushAll, Scale, Search, Storm, Webhooks};
            matches!(it, Lists | Webhooks | PushAll | Group | Scale | Search | Storm)
        };
        Scenario::ALL.iter().map(|it| it.1).filter(move |it| !takes_long(it))
    }

    pub fn name(self) -> &'static str {
        Scenario::ALL.iter().find(|it| it.1 == self).map_or("", |it| it.0)
    }
}

#[derive(Default)]
pub struct Options {
    pub scenarios: Vec<Scenario>,
    /// Outer: given; inner none: as many as go.
    pub rate: Option<Option<f64>>,
    pub seconds: Option<f64>,
    pub connections: Option<usize>,
    pub payload_bytes: Option<usize>,
    pub messages: Option<usize>,
    pub database: Option<String>,
    pub binary: Option<PathBuf>,
    pub url: Option<String>,
    pub sdkappid: Option<u32>,
    pub secret: Option<String>,
    pub admin: Option<String>,
    pub pid: Option<u32>,
    pub with_floors: bool,
    pub json: Option<PathBuf>,
    pub help: bool,
}

impl Options {
    pub fn read(mut arguments: Parser) -> anyhow::Result<Options> {
        let mut options = Options::default();
        while let Some(argument) = arguments.next()? {
            let Arg::Long(name) = argument else { return Err(argument.unexpected().into()) };
            let name = name.to_owned();
            match name.as_str() {
                "help" => options.help = true,
                "with-floors" => options.with_floors = true,
                _ => options.set(&name, &arguments.value().and_then(|it| it.string())?)?,
            }
        }
        if options.scenarios.is_empty() {
            options.scenarios = Scenario::default_ones().collect();
        }
        options.check()?;
        Ok(options)
    }

    fn set(&mut self, name: &str, value: &str) -> anyhow::Result<()> {
        let bad = || format!("--{name} {value:?}");
        match name {
            "scenario" => {
                for name in value.split(',') {
                    let known = Scenario::ALL.iter().find(|it| it.0 == name);
                    self.scenarios.push(known.with_context(|| format!("there is no scenario {name:?}"))?.1);
                }
            }
            "rate" if value == "max" => self.rate = Some(None),
            "rate" => self.rate = Some(Some(value.parse().with_context(bad)?)),
            "seconds" => self.seconds = Some(value.parse().with_context(bad)?),
            "connections" => self.connections = Some(value.parse().with_context(bad)?),
            "payload-bytes" => self.payload_bytes = Some(value.parse().with_context(bad)?),
            "messages" => self.messages = Some(value.parse().with_context(bad)?),
            "database" => self.database = Some(value.to_owned()),
            "binary" => self.binary = Some(value.into()),
            "url" => self.url = Some(value.to_owned()),
            "sdkappid" => self.sdkappid = Some(value.parse().with_context(bad)?),
            "secret-key" => self.secret = Some(value.to_owned()),
            "admin" => self.admin = Some(value.to_owned()),
            "pid" => self.pid = Some(value.parse().with_context(bad)?),
            "json" => self.json = Some(value.into()),
            _ => bail!("there is no --{name}; see --help"),
        }
        Ok(())
    }

    fn check(&self) -> anyhow::Result<()> {
        let is_sound = |it: f64, most: f64| it > 0.0 && it <= most;
        ensure!(self.rate.flatten().is_none_or(|it| is_sound(it, 1e6)), "--rate is out of range");
        ensure!(self.seconds.is_none_or(|it| is_sound(it, 3600.0)), "--seconds is out of range");
        ensure!(
            self.connections.is_none_or(|it| (1..=18_000).contains(&it)),
            "--connections is out of range: one process cannot open more than 18000"
        );
        ensure!(
            self.messages.is_none_or(|it| (1000..=100_000_000).contains(&it)),
            "--messages is out of range"
        );
        ensure!(self.payload_bytes.is_none_or(|it| it <= 10_000), "--payload-bytes is out of range");
        Ok(())
    }

    /// The server that runs already, if one is named.
    pub fn target(&self) -> anyhow::Result<Option<Target>> {
        let Some(base) = self.url.clone() else { return Ok(None) };
        Ok(Some(Target {
            base,
            sdkappid: self.sdkappid.context("--url needs --sdkappid")?,
            secret: self.secret.clone().context("--url needs --secret-key")?,
            admin: self.admin.clone().unwrap_or_else(|| super::magpie::ADMIN.to_owned()),
            pid: self.pid,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: [Scenario; 7] = [
        Scenario::Lists,
        Scenario::Webhooks,
        Scenario::PushAll,
        Scenario::Group,
        Scenario::Scale,
        Scenario::Search,
        Scenario::Storm,
    ];

    fn read(arguments: &str) -> anyhow::Result<Options> {
        Options::read(Parser::from_args(arguments.split_whitespace()))
    }

    #[test]
    fn arguments_are_read() {
        let options = read(
            "--scenario rest,idle --scenario start --rate 200 --seconds 0.5 --connections 3 --with-floors",
        );
        let options = options.expect("they are sound");
        assert_eq!(options.scenarios, [Scenario::Rest, Scenario::Idle, Scenario::Start]);
        assert_eq!(
            (options.rate, options.seconds, options.connections),
            (Some(Some(200.0)), Some(0.5), Some(3))
        );
        assert!(options.with_floors && options.target().expect("none is named").is_none());
        let options = read("--rate max").expect("they are sound");
        assert_eq!((options.rate, options.scenarios.len()), (Some(None), Scenario::ALL.len() - LONG.len()));
        for scenario in LONG {
            assert!(!options.scenarios.contains(&scenario), "it takes long");
        }
        let target =
            read("--url http://h:1 --sdkappid 7 --secret-key k --pid 9").expect("they are sound").target();
        let target = target.expect("it is whole").expect("it is named");
        assert_eq!((target.base.as_str(), target.sdkappid, target.pid), ("http://h:1", 7, Some(9)));
    }

    #[test]
    fn nonsense_is_refused() {
        for arguments in [
            "--scenario nothing",
            "--rate 0",
            "--rate -1",
            "--rate NaN",
            "--rate",
            "--seconds x",
            "--connections 0",
            "--connections 18001",
            "--payload-bytes 10001",
            "--messages 999",
            "--unknown 1",
            "rest",
        ] {
            assert!(read(arguments).is_err(), "{arguments}");
        }
        assert!(read("--url http://h:1").expect("it may be").target().is_err(), "the key is missing");
    }
}
