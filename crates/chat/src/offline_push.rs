//! Pushes to the devices of people who are away. `spec/concepts/offline-push.md`.
//!
//! A message that may have to be pushed leaves one row in an outbox, inside its own transaction, and none while the app
//! has no push service. Who is pushed to is found by a job ([`deliver`]); how a push gets to a device is the business
//! of whoever implements [`PushSink`].

mod deliver;
mod devices;
mod info;
pub mod keys;
mod post;
mod prepare;

use std::{
    pin::Pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use proto::platform::{Class, Platform};
use tokio::sync::Notify;

pub use devices::{DeviceToken, in_background, in_foreground, set_token};
pub use info::Info;
pub(crate) use post::{post_all, post_c2c, post_group};
pub use store::push_tokens::Device;

use crate::{apps::State, settings::Settings};

/// A kind of push service. Its place is that of its sink.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Channel {
    /// The operator's own, which serves any platform.
    Http,
    Apns,
    Fcm,
}

impl Channel {
    pub const ALL: [Channel; 3] = [Channel::Http, Channel::Apns, Channel::Fcm];

    /// As `push.channels` writes it.
    pub fn name(self) -> &'static str {
        match self {
            Channel::Http => "http",
            Channel::Apns => "apns",
            Channel::Fcm => "fcm",
        }
    }
}

/// The push services of an app that are on, read off its settings once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Channels {
    http: bool,
    apns: bool,
    fcm: bool,
    /// The operator's own service is told of users, too, whose devices gave no token.
    without_token: bool,
}

/// An Apple token is written with so many hexadecimal digits, at least.
const APPLE_TOKEN_DIGITS: usize = 64;

impl Channels {
    pub fn of(settings: &Settings) -> Channels {
        let is_listed = |it: Channel| settings.push_channels.iter().any(|name| name == it.name());
        let http = is_listed(Channel::Http) && !settings.push_http_url.is_empty();
        let apple = [&settings.push_apns_key_id, &settings.push_apns_team_id, &settings.push_apns_topic];
        Channels {
            http,
            apns: is_listed(Channel::Apns) && apple.iter().all(|it| !it.is_empty()),
            fcm: is_listed(Channel::Fcm),
            without_token: http && settings.push_http_without_token,
        }
    }

    pub fn is_on(self) -> bool {
        self.http || self.apns || self.fcm
    }

    /// The service that a device is pushed to by; `None` for one that cannot be.
    fn serving(self, device: &Device) -> Option<Channel> {
        if device.token.is_empty() {
            return self.without_token.then_some(Channel::Http);
        }
        let is_apple = match Platform::from_number(device.platform) {
            Platform::IPhone | Platform::IPad | Platform::Mac => true,
            Platform::Android => false,
            // A page that was packed into an app does not say on what it runs.
            other if other.class() == Class::Web => looks_like_apple(&device.token),
            _ => false,
        };
        match is_apple {
            true if self.apns => Some(Channel::Apns),
            false if self.fcm => Some(Channel::Fcm),
            _ => self.http.then_some(Channel::Http),
        }
    }
}

fn looks_like_apple(token: &str) -> bool {
    token.len() >= APPLE_TOKEN_DIGITS && token.bytes().all(|it| it.is_ascii_hexdigit())
}

/// Where a message was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    C2c,
    Group {
        id: String,
        name: String,
        /// Id and name.
        topic: Option<(String, String)>,
    },
    /// A push to all users.
    All,
}

/// What is told of a message, the same to everybody.
#[derive(Clone, Debug)]
pub struct Notice {
    pub place: Place,
    pub from: String,
    pub nick: String,
    pub time: i64,
    pub seq: i64,
    pub random: i64,
    /// Empty when the sender gave none.
    pub title: String,
    /// Ready to be shown: without a title it begins with who says it.
    pub text: String,
    pub info: Info,
    /// OfflinePushInfo as it was sent, or empty.
    pub raw_info: String,
}

/// One push to one user by one service.
#[derive(Clone, Debug)]
pub struct Push {
    pub app: u32,
    /// The same when it is tried again.
    pub id: String,
    pub channel: Channel,
    pub to: String,
    /// Of [`Channel::Http`] all that it serves, of the others exactly one.
    pub devices: Vec<Device>,
    /// `None` when the badge is to stay as it is.
    pub badge: Option<i64>,
    pub notice: Arc<Notice>,
    /// Not to be shown after this second.
    pub until: i64,
    pub timeout: Duration,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Sent,
    /// To be tried again, after so many seconds if the service said so.
    Later(String, Option<i64>),
    /// Not to be tried again.
    Failed(String),
}

/// An attempt's end with the tokens that the service does not know any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub outcome: Outcome,
    pub dead: Vec<String>,
}

impl From<Outcome> for Report {
    fn from(outcome: Outcome) -> Report {
        Report { outcome, dead: Vec::new() }
    }
}

pub type Attempt<'a> = Pin<Box<dyn Future<Output = Report> + Send + 'a>>;

/// Carries pushes to a push service.
pub trait PushSink: Send + Sync {
    /// Tries once, within the push's time.
    fn push<'a>(&'a self, state: &'a Arc<State>, push: &'a Push) -> Attempt<'a>;
}

/// The offline pushes of a node.
pub struct OfflinePushes {
    sinks: [OnceLock<Arc<dyn PushSink>>; Channel::ALL.len()],
    posted: Arc<Notify>,
}

impl Default for OfflinePushes {
    fn default() -> OfflinePushes {
        OfflinePushes { sinks: std::array::from_fn(|_| OnceLock::new()), posted: Arc::new(Notify::new()) }
    }
}

impl OfflinePushes {
    /// Says how pushes of a channel go out; only the first call counts. Until then every attempt fails.
    pub fn connect(&self, channel: Channel, sink: Arc<dyn PushSink>) {
        _ = self.sinks[channel as usize].set(sink);
    }

    /// Notified when an outbox got something.
    pub(crate) fn waker(&self) -> Arc<Notify> {
        self.posted.clone()
    }

    async fn push(&self, state: &Arc<State>, push: &Push) -> Report {
        match self.sinks[push.channel as usize].get() {
            Some(it) => it.push(state, push).await,
            None => Outcome::Failed("pushes are not served by this process".to_owned()).into(),
        }
    }
}

/// Why somebody was not pushed to, or a push was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dropped {
    /// Its time was over.
    Expired,
    /// The message was recalled, deleted, or there is no text in it.
    Gone,
    /// The user had come to the foreground.
    Online,
    /// The user's hours of do-not-disturb.
    Quiet,
    /// The receive option of the group or topic.
    Muted,
    /// Too many waited.
    Full,
}

impl Dropped {
    pub const ALL: [Dropped; 6] =
        [Dropped::Expired, Dropped::Gone, Dropped::Online, Dropped::Quiet, Dropped::Muted, Dropped::Full];

    pub fn name(self) -> &'static str {
        match self {
            Dropped::Expired => "dropped_expired",
            Dropped::Gone => "dropped_gone",
            Dropped::Online => "dropped_online",
            Dropped::Quiet => "dropped_quiet",
            Dropped::Muted => "dropped_muted",
            Dropped::Full => "dropped_full",
        }
    }
}

/// What an operator sees of an app's offline pushes.
#[derive(Default)]
pub struct Numbers {
    pub sent: AtomicU64,
    /// Attempts that are repeated.
    pub retried: AtomicU64,
    pub failed: AtomicU64,
    dropped: [AtomicU64; Dropped::ALL.len()],
}

impl Numbers {
    pub fn dropped(&self, why: Dropped) -> u64 {
        self.dropped[why as usize].load(Ordering::Relaxed)
    }

    fn drop(&self, why: Dropped, count: u64) {
        self.dropped[why as usize].fetch_add(count, Ordering::Relaxed);
    }
}

/// What is kept in memory for the offline pushes of one app.
#[derive(Default)]
pub struct AppPushes {
    /// Something was put into the outbox that nobody has looked for yet.
    news: AtomicBool,
    /// A round of the job is under way.
    busy: AtomicBool,
    /// The outbox was found empty after the services were switched off.
    emptied: AtomicBool,
    waiting: AtomicI64,
    pub numbers: Numbers,
}

impl AppPushes {
    /// Rows of the outbox, as they were counted last.
    pub fn waiting(&self) -> i64 {
        self.waiting.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_device_is_served_by_the_service_of_its_maker_or_the_operator_s_own() {
        let apple = "0123456789abcdef".repeat(4);
        let all: &[&str] = &["http", "apns", "fcm"];
        for (channels, platform, token, expected) in [
            (all, 3, "t", Some(Channel::Apns)),
            (all, 2, "t", Some(Channel::Fcm)),
            (all, 7, &*apple, Some(Channel::Apns)),
            (all, 7, "d0:APA91", Some(Channel::Fcm)),
            (all, 2, "", Some(Channel::Http)),
            (&["http", "fcm"], 3, "t", Some(Channel::Http)),
            (&["fcm"], 3, "t", None),
            (&["fcm"], 2, "", None),
            (&[], 2, "t", None),
        ] {
            let mut settings = Settings::default();
            for (key, value) in [
                ("push.channels", json!(channels)),
                ("push.http.url", json!("https://push.example.com")),
                ("push.apns.key_id", json!("K")),
                ("push.apns.team_id", json!("T")),
                ("push.apns.topic", json!("com.example.chat")),
            ] {
                settings.set(key, value).expect("a good value");
            }
            let device = Device { platform, token: token.to_owned(), ..Device::default() };
            assert_eq!(Channels::of(&settings).serving(&device), expected, "{channels:?} {platform} {token}");
        }
    }
}
