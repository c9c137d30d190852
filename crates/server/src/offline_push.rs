//! Carries offline pushes to push services: the operator's own, Apple's, and Firebase. `spec/concepts/offline-push.md`.

mod apns;
mod fcm;
mod http;
mod jwt;
mod passes;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use chat::{
    Chat,
    offline_push::{Channel, Outcome, keys::Keys},
};
use hyper::StatusCode;

use crate::outgoing::{Answer, Protocol, Wire};

/// Longest answer of a push service that is read. Bytes.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Connects all push services. `allow_local`: they may be on this machine or link.
pub fn connect(chat: &Arc<Chat>, allow_local: bool) {
    let wire = |protocol| wire(protocol, allow_local);
    let (clock, keys) = (&chat.clock, Keys::of(&chat.db));
    let own = http::Http::new(clock.clone(), wire(Protocol::Http1));
    chat.offline_pushes.connect(Channel::Http, Arc::new(own));
    let apple = apns::Apns::new(clock.clone(), keys.clone(), wire(Protocol::Http2));
    chat.offline_pushes.connect(Channel::Apns, Arc::new(apple));
    let firebase = fcm::Fcm::new(clock.clone(), keys, wire(Protocol::Any));
    chat.offline_pushes.connect(Channel::Fcm, Arc::new(firebase));
}

fn wire(protocol: Protocol, allow_local: bool) -> Wire {
    Wire::new(protocol, allow_local, |it| &it.push_tls_ca_file, ANSWER_BYTES_MAX)
}

/// Whether a service can be shown this key.
pub fn check_key(channel: Channel, key: &str) -> anyhow::Result<()> {
    match channel {
        Channel::Http => anyhow::bail!("the operator's own service needs no key"),
        Channel::Apns => jwt::check(jwt::Algorithm::Es256, key),
        Channel::Fcm => fcm::Account::read(key).map(drop),
    }
}

impl Answer {
    /// What follows from the status alone.
    fn outcome(&self) -> Outcome {
        let is_for_now = self.status.is_server_error()
            || [StatusCode::TOO_MANY_REQUESTS, StatusCode::REQUEST_TIMEOUT].contains(&self.status);
        match (self.status.is_success(), is_for_now) {
            (true, _) => Outcome::Sent,
            (false, true) => Outcome::Later(self.said(), self.retry_after),
            (false, false) => Outcome::Failed(self.said()),
        }
    }
}
