//! The known keys, and the layers of values laid over one another under them.
//!
//! The keys are read off a serialised [`Config`], so that a new field is a new key without a second list.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::Read,
    path::Path,
};

use anyhow::{Context, anyhow, bail, ensure};
use serde::Deserialize;
use serde_json::Value;

use super::{Config, FILE_BYTES_MAX};

/// How alike (0 to 1) a misspelt key and a known one must be to be taken for one another.
const ALIKE: f64 = 0.75;

/// Every key, dotted, with the value it has in the configuration it was read off.
pub(super) struct Known {
    keys: BTreeMap<String, Value>,
    secrets: &'static [&'static str],
}

impl Known {
    pub(super) fn of(config: &Config, secrets: &'static [&'static str]) -> Known {
        let mut keys = BTreeMap::new();
        let value = serde_json::to_value(config).expect("a configuration is plain data");
        flatten_json("", value, &mut keys);
        Known { keys, secrets }
    }

    pub(super) fn values(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.keys.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// The secret that `key` names a file for.
    fn secret_in_file(&self, key: &str) -> Option<&'static str> {
        let name = key.strip_suffix("_file")?;
        self.secrets.iter().copied().find(|it| *it == name)
    }

    fn unknown(&self, key: &str) -> anyhow::Error {
        if self.keys.keys().any(|it| it.starts_with(&format!("{key}."))) {
            return anyhow!("`{key}` is a section; expected the keys inside it");
        }
        let files = self.secrets.iter().map(|it| format!("{it}_file"));
        let (alike, nearest) = self
            .keys
            .keys()
            .cloned()
            .chain(files)
            .map(|it| (likeness(key, &it), it))
            .max_by(|(a, _), (b, _)| a.partial_cmp(b).expect("likenesses are numbers"))
            .expect("there are keys");
        if alike.0 >= ALIKE {
            return anyhow!("unknown key {key:?}; did you mean `{nearest}`?");
        }
        let all: Vec<_> = self.keys.keys().map(String::as_str).collect();
        anyhow!("unknown key {key:?}; expected one of {}", all.join(", "))
    }
}

/// Compares what stands after the dot too (`connections` is meant for `limits.connections`); whole keys decide a draw.
fn likeness(key: &str, known: &str) -> (f64, f64) {
    let last = known.rsplit('.').next().unwrap_or(known);
    let whole = strsim::jaro_winkler(key, known);
    (whole.max(strsim::jaro_winkler(key, last)), whole)
}

fn flatten_json(prefix: &str, value: Value, keys: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                flatten_json(&dotted(prefix, &name), value, keys);
            }
        }
        value => _ = keys.insert(prefix.to_owned(), value),
    }
}

fn dotted(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") }
}

/// One value and where it comes from. Without a value the key goes back to having none.
struct Entry {
    origin: String,
    key: String,
    value: Option<toml::Value>,
}

/// What has been read so far.
pub(super) struct Layers {
    known: Known,
    table: toml::Table,
}

impl Layers {
    pub(super) fn new(known: Known) -> Layers {
        Layers { known, table: toml::Table::new() }
    }

    pub(super) fn file(&mut self, path: &Path) -> anyhow::Result<()> {
        let origin = path.display().to_string();
        let text = read(path)?;
        // The error's own display quotes the line, which may hold a password.
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            let before = error.span().map_or("", |it| &text[..it.start.min(text.len())]);
            anyhow!("{origin}, line {}: {}", before.matches('\n').count() + 1, error.message())
        })?;
        let mut entries = Vec::new();
        self.flatten(&origin, "", table, &mut entries)?;
        self.lay(entries)
    }

    /// Values that are only text, as variables and flags have them: origin, key, value.
    pub(super) fn texts<'a>(
        &mut self,
        texts: impl Iterator<Item = (String, String, &'a str)>,
    ) -> anyhow::Result<()> {
        let mut entries = Vec::new();
        for (origin, key, text) in texts {
            let value = match self.known.keys.get(&key) {
                Some(Value::Null) if text.is_empty() => None,
                Some(Value::Number(_) | Value::Bool(_)) => Some(toml_or_text(text)),
                Some(Value::Array(_)) if text.trim_start().starts_with('[') => Some(toml_or_text(text)),
                Some(Value::Array(_)) => {
                    let items = text.split(',').map(str::trim).filter(|it| !it.is_empty());
                    Some(items.map(|it| toml::Value::String(it.to_owned())).collect::<Vec<_>>().into())
                }
                _ => Some(toml::Value::String(text.to_owned())),
            };
            entries.push(Entry { origin, key, value });
        }
        self.lay(entries)
    }

    pub(super) fn finish(self) -> anyhow::Result<Config> {
        Config::deserialize(self.table).map_err(|error| anyhow!("{}", error.message()))
    }

    fn flatten(
        &self,
        origin: &str,
        prefix: &str,
        table: toml::Table,
        entries: &mut Vec<Entry>,
    ) -> anyhow::Result<()> {
        for (name, value) in table {
            let key = dotted(prefix, &name);
            let section = self.known.keys.keys().any(|it| it.starts_with(&format!("{key}.")));
            match value {
                toml::Value::Table(inner) if section => self.flatten(origin, &key, inner, entries)?,
                value => entries.push(Entry { origin: origin.to_owned(), key, value: Some(value) }),
            }
        }
        Ok(())
    }

    /// Lays the values of one source over those already there.
    fn lay(&mut self, entries: Vec<Entry>) -> anyhow::Result<()> {
        let mut given = BTreeSet::new();
        for mut entry in entries {
            if let Some(secret) = self.known.secret_in_file(&entry.key) {
                let Some(toml::Value::String(path)) = &entry.value else {
                    bail!("{}: `{}`: expected the path of a file", entry.origin, entry.key);
                };
                let text =
                    read(Path::new(path)).with_context(|| format!("{}: `{}`", entry.origin, entry.key))?;
                entry.value = Some(toml::Value::String(text.trim().to_owned()));
                entry.key = secret.to_owned();
            }
            let Entry { origin, key, value } = entry;
            ensure!(self.known.keys.contains_key(&key), "{origin}: {}", self.known.unknown(&key));
            ensure!(
                given.insert(key.clone()),
                "{origin}: `{key}` is given twice; expected either it or `{key}_file`"
            );
            self.put(&origin, &key, value)?;
        }
        Ok(())
    }

    fn put(&mut self, origin: &str, key: &str, value: Option<toml::Value>) -> anyhow::Result<()> {
        if let Some(value) = &value {
            let mut alone = toml::Table::new();
            _ = section_of(&mut alone, key).map(|(table, name)| table.insert(name.to_owned(), value.clone()));
            if let Err(error) = Config::deserialize(alone) {
                match expected(key, &self.known.keys[key]) {
                    Some(expected) => bail!("{origin}: `{key}` is {value}; expected {expected}"),
                    None => bail!("{origin}: `{key}`: {}", error.message()),
                }
            }
        }
        let (table, name) = section_of(&mut self.table, key).context("a section was laid as a value")?;
        match value {
            Some(value) => _ = table.insert(name.to_owned(), value),
            None => _ = table.remove(name),
        }
        Ok(())
    }
}

/// The table that `key` belongs into, made if need be, and the key's name there.
fn section_of<'a, 'k>(table: &'a mut toml::Table, key: &'k str) -> Option<(&'a mut toml::Table, &'k str)> {
    match key.split_once('.') {
        None => Some((table, key)),
        Some((section, name)) => {
            let section = table.entry(section).or_insert_with(|| toml::Table::new().into());
            section.as_table_mut().map(|it| (it, name))
        }
    }
}

/// What a person should write, where the parser's own words would not help.
fn expected(key: &str, default: &Value) -> Option<&'static str> {
    if key == "listen" || key.ends_with(".listen") {
        return Some("an address with a port, such as 127.0.0.1:9000");
    }
    match default {
        Value::Number(_) => Some("a whole number, not negative"),
        Value::Array(_) => Some("a list of paths"),
        _ => None,
    }
}

/// A value in TOML's own notation. What is none stays text, and is refused by the type of its key.
fn toml_or_text(text: &str) -> toml::Value {
    text.trim().parse().unwrap_or_else(|_| toml::Value::String(text.to_owned()))
}

fn read(path: &Path) -> anyhow::Result<String> {
    let shown = path.display();
    let file = File::open(path).with_context(|| format!("cannot read {shown}"))?;
    let mut text = String::new();
    file.take(FILE_BYTES_MAX + 1)
        .read_to_string(&mut text)
        .with_context(|| format!("cannot read {shown} as UTF-8 text"))?;
    ensure!(text.len() as u64 <= FILE_BYTES_MAX, "{shown} is larger than {FILE_BYTES_MAX} bytes");
    Ok(text)
}
