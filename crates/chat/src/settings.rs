//! Settings of an app: every limit and switch of `spec/concepts/app-settings.md`, by its dotted key.
//!
//! A key that nobody set has the default of that table. What is stored is only what was set.

use std::collections::BTreeMap;

use proto::platform::Policy;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

mod table;
pub use table::Settings;

/// What there is to say about a setting.
pub struct Described {
    pub key: &'static str,
    pub meaning: &'static str,
    /// What a value must be.
    pub expected: &'static str,
}

/// Settings whose values are secrets: nobody is shown them without asking for just that.
pub const SECRETS: &[&str] = &["app.hmac_secrets", "webhooks.auth_token", "webhooks.signing_secret"];

/// Who may do what with a custom profile field. `spec/concepts/profiles.md` 3.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CustomField {
    pub name: String,
    #[serde(rename = "type", default)]
    pub kind: FieldType,
    #[serde(default = "yes")]
    pub app_read: bool,
    #[serde(default = "yes")]
    pub admin_read: bool,
    #[serde(default = "yes")]
    pub app_write: bool,
    #[serde(default = "yes")]
    pub admin_write: bool,
    /// Kinds of groups that have the field; only of group and member fields, empty = all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub group_types: Vec<String>,
}

fn yes() -> bool {
    true
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FieldType {
    #[default]
    String,
    Bytes,
    Integer,
}

/// Spellings that mean the same key.
const ALIASES: &[(&str, &str)] = &[
    ("custom_fields.profile", "profile.custom_fields"),
    ("custom_fields.friend", "sns.custom_fields"),
    ("custom_fields.group", "groups.custom_fields"),
    ("custom_fields.member", "groups.member_custom_fields"),
];

/// The longest that a client is kept waiting for a translation or a text.
const LANGUAGE_TIMEOUT_MS_MAX: i64 = 10_000;
/// Most custom profile or friend fields of an app. `spec/concepts/profiles.md` 3.
pub const CUSTOM_FIELDS_MAX: usize = 20;
/// Most administrators of an app. `spec/concepts/rest-overview.md` 4.
pub const ADMINS_MAX: usize = 10;

/// The rate of one REST command: `limits.rest.<service>.<command>`.
const COMMAND_RATE: &str = "limits.rest.";

/// Longest token of webhooks. `spec/concepts/webhooks.md` 2.
const TOKEN_CHARACTERS_MAX: usize = 128;
/// Longest address of a backend. Bytes.
const URL_BYTES_MAX: usize = 2048;

/// Longest name that Apple gives out. Bytes.
const WORD_BYTES_MAX: usize = 255;

/// An address that webhooks can be posted to. `spec/concepts/webhooks.md` 6.
fn check_url(url: &str) -> Result<(), String> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let host = rest.and_then(|it| it.split(['/', '?', '#']).next()).unwrap_or_default();
    let is_plain = url.bytes().all(|it| it.is_ascii_graphic() && it != b'#');
    match !host.is_empty() && !host.contains('@') && is_plain && url.len() <= URL_BYTES_MAX {
        true => Ok(()),
        false => Err("expected http:// or https:// with a host, an optional port and path".to_owned()),
    }
}

fn in_range(key: &str, value: i64, from: i64, to: i64) -> Result<(), String> {
    match (from..=to).contains(&value) {
        true => Ok(()),
        false => Err(format!("{key}: expected {from} to {to}")),
    }
}

fn one_of(key: &str, value: &str, allowed: &[&str]) -> Result<(), String> {
    match allowed.contains(&value) {
        true => Ok(()),
        false => Err(format!("{key}: expected one of {}", allowed.join(", "))),
    }
}

impl Settings {
    /// Reads what [`Settings::changed`] wrote.
    pub fn from_json(text: &str) -> Result<Settings, String> {
        let map: Map<String, Value> = serde_json::from_str(text).map_err(|it| it.to_string())?;
        let mut settings = Settings::default();
        for (key, value) in map {
            settings.set(&key, value)?;
        }
        Ok(settings)
    }

    /// Sets one key, by its own name or an alias. An error says what was expected and changes nothing.
    pub fn set(&mut self, key: &str, value: Value) -> Result<(), String> {
        let key = ALIASES.iter().find(|it| it.0 == key).map_or(key, |it| it.1);
        if let Some(command) = key.strip_prefix(COMMAND_RATE) {
            let rate = value.as_u64().and_then(|it| u32::try_from(it).ok());
            let rate = rate.ok_or_else(|| format!("{key}: expected a number of calls per second"))?;
            if command.split('.').count() != 2 {
                return Err(format!("{key}: expected {COMMAND_RATE}<service>.<command>"));
            }
            self.command_rates.insert(command.replacen('.', "/", 1), rate);
            return Ok(());
        }
        let mut next = self.clone();
        next.assign(key, value)?;
        next.check(key)?;
        *self = next;
        Ok(())
    }

    /// What differs from the defaults, as the JSON object that is stored.
    pub fn changed(&self) -> Map<String, Value> {
        let (mine, default) = (self.all(), Settings::default().all());
        let mut out: Map<String, Value> =
            mine.into_iter().filter(|(key, value)| default.get(key) != Some(value)).collect();
        for (command, rate) in &self.command_rates {
            out.insert(format!("{COMMAND_RATE}{}", command.replacen('/', ".", 1)), (*rate).into());
        }
        out
    }

    /// The rates that the app has of its own, by `service/command`.
    pub fn own_command_rates(&self) -> &BTreeMap<String, u32> {
        &self.command_rates
    }

    /// The rate of a REST command in calls a second: the app's own, else `documented`.
    pub fn command_rate(&self, service: &str, command: &str, documented: Option<u32>) -> u32 {
        let own = self.command_rates.iter().find(|(key, _)| {
            key.split_once('/').is_some_and(|(one, other)| one == service && other == command)
        });
        match own {
            Some((_, rate)) => *rate,
            None => documented.unwrap_or(self.limits_rest_per_second),
        }
    }

    fn check(&self, key: &str) -> Result<(), String> {
        let in_range = |value, from, to| in_range(key, value, from, to);
        match key {
            "app.admins" if self.app_admins.len() > ADMINS_MAX => {
                Err(format!("{key}: at most {ADMINS_MAX} administrators"))
            }
            "app.admins" => self.app_admins.iter().try_for_each(|it| {
                proto::user_id::check(it).map_err(|_| format!("{key}: {it:?} cannot be a user id"))
            }),
            "app.hmac_secrets" if self.app_hmac_secrets.iter().any(String::is_empty) => {
                Err(format!("{key}: a secret key cannot be empty"))
            }
            "app.public_keys" => self.app_public_keys.iter().try_for_each(|it| {
                proto::usersig::PublicKey::from_pem(it).map(drop).map_err(|it| format!("{key}: {it}"))
            }),
            "app.rest_ip_allow" => self.app_rest_ip_allow.iter().try_for_each(|it| {
                crate::sources::Network::parse(it)
                    .map(drop)
                    .ok_or_else(|| format!("{key}: {it:?} is no address"))
            }),
            "login.max_instances" => in_range(self.login_max_instances, 1, 3),
            "login.max_web_instances" => in_range(self.login_max_web_instances, 1, 10),
            "messages.merged_max_bytes" => {
                in_range(self.messages_merged_max_bytes, 1, crate::messages::merged::BYTES_MAX)
            }
            "conversation.max" => in_range(self.conversation_max, 1, 3000),
            "profile.default_allow_type" => match crate::profiles::ALLOW_TYPES
                .contains(&&*self.profile_default_allow_type)
            {
                true => Ok(()),
                false => Err(format!("{key}: expected one of {}", crate::profiles::ALLOW_TYPES.join(", "))),
            },
            "webhooks.url" if !self.webhooks_url.is_empty() => {
                check_url(&self.webhooks_url).map_err(|it| format!("{key}: {it}"))
            }
            _ if key.starts_with("push.") => self.check_push(key),
            _ if key.starts_with("translate.") || key.starts_with("speech.") => self.check_language(key),
            "webhooks.commands" => self.webhooks_commands.keys().try_for_each(|it| {
                crate::webhooks::Hook::find(it)
                    .map(drop)
                    .ok_or_else(|| format!("{key}: there is no webhook {it:?}"))
            }),
            "webhooks.auth_token" if self.webhooks_auth_token.chars().count() > TOKEN_CHARACTERS_MAX => {
                Err(format!("{key}: expected 1 to {TOKEN_CHARACTERS_MAX} characters"))
            }
            "webhooks.before_timeout_ms" => in_range(self.webhooks_before_timeout_ms, 1, 3000),
            "webhooks.after_timeout_ms" => in_range(self.webhooks_after_timeout_ms, 1, 60_000),
            "webhooks.failure_policy" => one_of(key, &self.webhooks_failure_policy, &["deliver", "refuse"]),
            "webhooks.delivery" => one_of(key, &self.webhooks_delivery, &["durable", "memory"]),
            "webhooks.max_parallel" => in_range(self.webhooks_max_parallel, 1, 4096),
            "webhooks.max_waiting" => in_range(self.webhooks_max_waiting, 1, 10_000_000),
            "webhooks.retry_hours" => in_range(self.webhooks_retry_hours, 1, 24 * 30),
            "webhooks.log_days" => in_range(self.webhooks_log_days, 1, 365),
            "operations.timezone" => match crate::zone::Zone::parse(&self.operations_timezone) {
                Some(_) => Ok(()),
                None => Err(format!("{key}: expected UTC or an offset like UTC+8 or UTC-03:30")),
            },
            "profile.custom_fields" => custom_fields(key, &self.profile_custom_fields, "Tag_Profile_Custom_"),
            "sns.custom_fields" => custom_fields(key, &self.sns_custom_fields, "Tag_SNS_Custom_"),
            _ => Ok(()),
        }
    }

    fn check_language(&self, key: &str) -> Result<(), String> {
        let url = |it: &str| check_url(it).map_err(|it| format!("{key}: {it}"));
        let timeout = |it| in_range(key, it, 1, LANGUAGE_TIMEOUT_MS_MAX);
        match key {
            "translate.url" if !self.translate_url.is_empty() => url(&self.translate_url),
            "speech.url" if !self.speech_url.is_empty() => url(&self.speech_url),
            "translate.timeout_ms" => timeout(self.translate_timeout_ms),
            "speech.timeout_ms" => timeout(self.speech_timeout_ms),
            "translate.max_parallel" => in_range(key, self.translate_max_parallel, 1, 1024),
            "speech.max_parallel" => in_range(key, self.speech_max_parallel, 1, 1024),
            _ => Ok(()),
        }
    }

    fn check_push(&self, key: &str) -> Result<(), String> {
        let url = |it: &str| check_url(it).map_err(|it| format!("{key}: {it}"));
        match key {
            "push.channels" => self
                .push_channels
                .iter()
                .try_for_each(|it| one_of(key, it, &crate::offline_push::Channel::ALL.map(|it| it.name()))),
            "push.http.url" if !self.push_http_url.is_empty() => url(&self.push_http_url),
            "push.apns.url" => url(&self.push_apns_url),
            "push.fcm.url" => url(&self.push_fcm_url),
            "push.fcm.token_url" if !self.push_fcm_token_url.is_empty() => url(&self.push_fcm_token_url),
            "push.apns.key_id" => is_word(key, &self.push_apns_key_id),
            "push.apns.team_id" => is_word(key, &self.push_apns_team_id),
            "push.apns.topic" => is_word(key, &self.push_apns_topic),
            "push.timeout_ms" => in_range(key, self.push_timeout_ms, 1, 60_000),
            "push.life_seconds" => in_range(key, self.push_life_seconds, 1, 604_800),
            "push.max_parallel" => in_range(key, self.push_max_parallel, 1, 1024),
            "push.max_waiting" => in_range(key, self.push_max_waiting, 1, 10_000_000),
            _ => Ok(()),
        }
    }
}

/// What goes into a header of a push service: nothing but letters, digits, points, hyphens and low lines.
fn is_word(key: &str, value: &str) -> Result<(), String> {
    let good = |it: u8| it.is_ascii_alphanumeric() || b".-_".contains(&it);
    match value.len() <= WORD_BYTES_MAX && value.bytes().all(good) {
        true => Ok(()),
        false => Err(format!("{key}: expected letters, digits, '.', '-' and '_'")),
    }
}

fn custom_fields(key: &str, fields: &[CustomField], prefix: &str) -> Result<(), String> {
    if fields.len() > CUSTOM_FIELDS_MAX {
        return Err(format!("{key}: at most {CUSTOM_FIELDS_MAX} fields"));
    }
    for field in fields {
        let word = field.name.strip_prefix(prefix).unwrap_or("");
        let good = (1..=8).contains(&word.len()) && word.bytes().all(|it| it.is_ascii_alphanumeric());
        if !good {
            return Err(format!("{key}: {:?} is not {prefix} with 1 to 8 letters or digits", field.name));
        }
    }
    Ok(())
}

/// The value of one setting; implemented for what the table holds.
trait Setting: Sized {
    const EXPECTED: &'static str;
    fn read(value: Value) -> Option<Self>;
    fn write(&self) -> Value;
}

impl Setting for bool {
    const EXPECTED: &'static str = "true or false";
    fn read(value: Value) -> Option<bool> {
        value.as_bool()
    }
    fn write(&self) -> Value {
        (*self).into()
    }
}

impl Setting for i64 {
    const EXPECTED: &'static str = "a number from 0";
    fn read(value: Value) -> Option<i64> {
        value.as_i64().filter(|it| *it >= 0)
    }
    fn write(&self) -> Value {
        (*self).into()
    }
}

impl Setting for u32 {
    const EXPECTED: &'static str = "a number from 0 to 4294967295";
    fn read(value: Value) -> Option<u32> {
        value.as_u64().and_then(|it| u32::try_from(it).ok())
    }
    fn write(&self) -> Value {
        (*self).into()
    }
}

impl Setting for String {
    const EXPECTED: &'static str = "a text";
    fn read(value: Value) -> Option<String> {
        match value {
            Value::String(it) => Some(it),
            Value::Number(it) => Some(it.to_string()),
            _ => None,
        }
    }
    fn write(&self) -> Value {
        self.as_str().into()
    }
}

macro_rules! by_serde {
    ($($type:ty: $expected:literal),* $(,)?) => {$(
        impl Setting for $type {
            const EXPECTED: &'static str = $expected;
            fn read(value: Value) -> Option<$type> {
                serde_json::from_value(value).ok()
            }
            fn write(&self) -> Value {
                serde_json::to_value(self).unwrap_or_default()
            }
        }
    )*};
}

by_serde! {
    Vec<String>: "a list of texts",
    Vec<CustomField>: "a list of {\"name\", \"type\"}",
    Policy: "single, dual, triple or multi",
    BTreeMap<String, u32>: "an object of numbers",
    BTreeMap<String, bool>: "an object of true or false",
    BTreeMap<String, String>: "an object of texts",
    BTreeMap<String, Vec<String>>: "an object of lists of texts",
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_set_survives_being_stored() {
        let mut settings = Settings::default();
        settings.set("limits.enforce", json!(false)).unwrap();
        settings.set("limits.rest.openim.sendmsg", json!(7)).unwrap();
        settings
            .set("custom_fields.profile", json!([{"name": "Tag_Profile_Custom_Team", "type": "string"}]))
            .unwrap();
        let stored = serde_json::to_string(&settings.changed()).unwrap();
        let read = Settings::from_json(&stored).unwrap();
        assert_eq!(read.changed(), settings.changed());
        assert!(!read.limits_enforce);
        assert_eq!(read.command_rate("openim", "sendmsg", None), 7);
        assert_eq!(read.command_rate("openim", "importmsg", None), 200);
        assert_eq!(read.profile_custom_fields[0].name, "Tag_Profile_Custom_Team");
    }

    #[test]
    fn a_bad_value_is_refused_and_changes_nothing() {
        for (key, value) in [
            ("limits.enforce", json!("no")),
            ("limits.rest.openim.sendmsg", json!(-1)),
            ("limits.rest.sendmsg", json!(1)),
            ("login.max_instances", json!(4)),
            ("login.policy", json!("many")),
            ("app.admins", json!(["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"])),
            ("app.admins", json!(["\u{7}"])),
            ("app.hmac_secrets", json!([""])),
            ("app.rest_ip_allow", json!(["10.0.0.0/33"])),
            ("profile.custom_fields", json!([{"name": "Team"}])),
            ("profile.custom_fields", json!([{"name": "Tag_Profile_Custom_Team", "size": 1}])),
            ("operations.timezone", json!("Beijing")),
            ("push.channels", json!(["sms"])),
            ("push.http.url", json!("ftp://push.example.com")),
            ("push.apns.url", json!("")),
            ("push.apns.topic", json!("com.example\r\nchat")),
            ("push.life_seconds", json!(0)),
            ("push.timeout_ms", json!(60_001)),
            ("push.max_parallel", json!(1025)),
            ("translate.url", json!("file:///etc/passwd")),
            ("speech.url", json!("https://somebody@speech.example.com")),
            ("translate.timeout_ms", json!(10_001)),
            ("speech.timeout_ms", json!(0)),
            ("speech.max_parallel", json!(0)),
            ("translate.max_parallel", json!(1025)),
            ("no.such.key", json!(1)),
        ] {
            let mut settings = Settings::default();
            let error = settings.set(key, value.clone()).expect_err(&format!("{key}={value} is refused"));
            assert!(error.contains(key), "{error} names the key");
            assert!(settings.changed().is_empty(), "{key}={value} changed something");
        }
    }
}
