//! Push services that listen on this machine: what they get, and what is made of their answers.

mod apns;
mod fcm;
mod http;

use std::{sync::Arc, time::Duration};

use chat::{
    apps::State,
    offline_push::{Channel, Device, Info, Notice, Place, Push},
    settings::Settings,
};
use serde_json::Value;

const APP: u32 = 1_400_000_001;
/// What the clock of the tests shows.
const NOW: i64 = 1_767_225_600;

fn state(changes: &[(&str, Value)]) -> Arc<State> {
    let mut settings = Settings::default();
    settings.set("app.hmac_secrets", vec!["secret"].into()).unwrap();
    changes.iter().for_each(|(key, value)| settings.set(key, value.clone()).unwrap());
    Arc::new(State::new(settings, 1))
}

fn device(token: &str) -> Device {
    Device { inst_id: 7, platform: 3, token: token.to_owned(), ..Device::default() }
}

fn push(channel: Channel, info: Info) -> Push {
    let notice = Notice {
        place: Place::C2c,
        from: "alice".to_owned(),
        nick: "Alice".to_owned(),
        time: NOW,
        seq: 5,
        random: 9,
        title: info.title.clone(),
        text: "Alice: hi".to_owned(),
        info,
        raw_info: r#"{"Title":"T","Unknown":{"a":1}}"#.to_owned(),
    };
    Push {
        app: APP,
        id: format!("push_{APP}_3"),
        channel,
        to: "bob".to_owned(),
        devices: vec![device("token-of-bob")],
        badge: Some(4),
        notice: Arc::new(notice),
        until: NOW + 60,
        timeout: Duration::from_secs(2),
    }
}
