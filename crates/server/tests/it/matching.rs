//! Compares an answer with what a case expects of it.

use std::{collections::HashSet, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::Value;

/// A member of an expected object that lets the actual one have others too.
const MORE: &str = "$more";
/// The only member of an expected object that stands for a list in any order.
const UNORDERED: &str = "$unordered";

/// Every member of both, in any order of members; `$int`, `$text`, `$list`, `$object` and `$any` stand for a
/// value that a case cannot know. The error names the first place where they differ.
pub fn compare(expected: &Value, actual: &Value) -> Result<(), String> {
    compare_at("", expected, actual)
}

fn compare_at(path: &str, expected: &Value, actual: &Value) -> Result<(), String> {
    let differ = || Err(format!("{path}: expected {expected}, got {actual}"));
    match (expected, actual) {
        (Value::String(wanted), _) if wanted.starts_with('$') => {
            let fits = match &wanted[1..] {
                "any" => true,
                "int" => actual.is_i64() || actual.is_u64(),
                "text" => actual.is_string(),
                "list" => actual.is_array(),
                "object" => actual.is_object(),
                _ => expected == actual,
            };
            if fits { Ok(()) } else { differ() }
        }
        (Value::Object(wanted), Value::Array(found)) => match wanted.get(UNORDERED) {
            Some(Value::Array(wanted)) => in_any_order(path, wanted, found),
            _ => differ(),
        },
        (Value::Object(wanted), Value::Object(found)) => {
            for (name, value) in wanted.iter().filter(|it| it.0 != MORE) {
                let found = found.get(name).ok_or_else(|| format!("{path}.{name} is missing"))?;
                compare_at(&format!("{path}.{name}"), value, found)?;
            }
            match found.iter().find(|it| !wanted.contains_key(it.0)) {
                Some((name, value)) if !wanted.contains_key(MORE) => {
                    Err(format!("{path}.{name} is not expected, it is {value}"))
                }
                _ => Ok(()),
            }
        }
        (Value::Array(wanted), Value::Array(found)) if wanted.len() != found.len() => {
            Err(format!("{path}: expected {} entries, got {}", wanted.len(), found.len()))
        }
        (Value::Array(wanted), Value::Array(found)) => {
            let mut pairs = wanted.iter().zip(found).enumerate();
            pairs.try_for_each(|(at, (wanted, found))| compare_at(&format!("{path}[{at}]"), wanted, found))
        }
        _ if expected == actual => Ok(()),
        _ => differ(),
    }
}

fn in_any_order(path: &str, wanted: &[Value], found: &[Value]) -> Result<(), String> {
    let mut left: Vec<_> = wanted.iter().collect();
    for (at, found) in found.iter().enumerate() {
        let fits = left.iter().position(|it| compare_at(path, it, found).is_ok());
        left.remove(fits.ok_or_else(|| format!("{path}[{at}] is not expected, it is {found}"))?);
    }
    left.first().map_or(Ok(()), |it| Err(format!("{path}: {it} is missing")))
}

/// What holds for every answer: it is one JSON object with an envelope, no member is there twice and none is null.
pub fn well_formed(answer: &[u8]) -> Result<Value, String> {
    serde_json::from_slice::<Sound>(answer).map_err(|it| it.to_string())?;
    let value: Value = serde_json::from_slice(answer).map_err(|it| it.to_string())?;
    let status = value["ActionStatus"].as_str().ok_or("there is no ActionStatus")?;
    let code = value["ErrorCode"].as_i64().ok_or("there is no ErrorCode")?;
    let info = value["ErrorInfo"].as_str().ok_or("there is no ErrorInfo")?;
    let fits = match status {
        // One command has a word for it, and those of topics another.
        "OK" => code == 0 && (matches!(info, "" | "ok") || (info == "OK" && value["Result"].is_array())),
        "SomeError" => code == 0,
        "FAIL" => code != 0 && !info.is_empty(),
        _ => false,
    };
    if fits { Ok(value) } else { Err(format!("{status} does not go with {code} {info:?}")) }
}

/// JSON without null and without repeated members.
struct Sound;

impl<'de> Deserialize<'de> for Sound {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Sound, D::Error> {
        from.deserialize_any(Sound)
    }
}

impl<'de> Visitor<'de> for Sound {
    type Value = Sound;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything but null")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Sound, E> {
        Ok(Sound)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Sound, E> {
        Ok(Sound)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Sound, E> {
        Ok(Sound)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Sound, E> {
        Ok(Sound)
    }

    fn visit_str<E>(self, _: &str) -> Result<Sound, E> {
        Ok(Sound)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Sound, A::Error> {
        while list.next_element::<Sound>()?.is_some() {}
        Ok(Sound)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Sound, A::Error> {
        let mut names = HashSet::new();
        while let Some(name) = map.next_key::<String>()? {
            map.next_value::<Sound>().map_err(|it| A::Error::custom(format!("{name}: {it}")))?;
            if !names.insert(name.clone()) {
                return Err(A::Error::custom(format!("{name} is there twice")));
            }
        }
        Ok(Sound)
    }
}

/// Lays JSON out for people: what fits stays on one line, and members keep their order.
pub fn layout(json: &str, indent: usize) -> String {
    const WIDTH: usize = 108;
    let line = spaced(json);
    let parts = parts(json);
    if line.chars().count() + indent <= WIDTH || parts.is_empty() {
        return line;
    }
    let inner = indent + 2;
    let parts: Vec<_> = parts.iter().map(|it| format!("{:inner$}{}", "", layout_member(it, inner))).collect();
    let (open, close) = if json.trim_start().starts_with('{') { ('{', '}') } else { ('[', ']') };
    format!("{open}\n{}\n{:indent$}{close}", parts.join(",\n"), "")
}

fn layout_member(part: &str, indent: usize) -> String {
    let part = part.trim();
    match Scan::new(part).find(|(_, byte, depth)| *byte == b':' && *depth == 0) {
        Some((at, ..)) => format!("{}: {}", &part[..at], layout(&part[at + 1..], indent)),
        None => layout(part, indent),
    }
}

fn spaced(json: &str) -> String {
    let mut out = String::with_capacity(json.len() + json.len() / 4);
    let mut from = 0;
    for (at, byte, _) in Scan::new(json).filter(|it| matches!(it.1, b':' | b',')) {
        out.push_str(json[from..at].trim_end());
        out.push(char::from(byte));
        out.push(' ');
        from = at + 1 + json[at + 1..].len() - json[at + 1..].trim_start().len();
    }
    out.push_str(&json[from..]);
    out.trim().to_owned()
}

/// The members of an object or the entries of a list; nothing for anything else.
fn parts(json: &str) -> Vec<&str> {
    let json = json.trim();
    if !json.starts_with(['{', '[']) || json.len() <= 2 {
        return Vec::new();
    }
    let inside = &json[1..json.len() - 1];
    let mut parts = Vec::new();
    let mut from = 0;
    for (at, ..) in Scan::new(inside).filter(|(_, byte, depth)| *byte == b',' && *depth == 0) {
        parts.push(&inside[from..at]);
        from = at + 1;
    }
    parts.push(&inside[from..]);
    parts
}

/// The bytes of JSON outside its texts: place, byte, depth.
struct Scan<'a> {
    json: &'a [u8],
    at: usize,
    depth: i32,
}

impl Scan<'_> {
    fn new(json: &str) -> Scan<'_> {
        Scan { json: json.as_bytes(), at: 0, depth: 0 }
    }
}

impl Iterator for Scan<'_> {
    type Item = (usize, u8, i32);

    fn next(&mut self) -> Option<(usize, u8, i32)> {
        while *self.json.get(self.at)? == b'"' {
            self.at += 1;
            while *self.json.get(self.at)? != b'"' {
                self.at += if self.json[self.at] == b'\\' { 2 } else { 1 };
            }
            self.at += 1;
        }
        let (at, byte) = (self.at, self.json[self.at]);
        self.at += 1;
        match byte {
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth -= 1,
            _ => {}
        }
        Some((at, byte, self.depth))
    }
}

/// A matcher that lets everything pass would make every case pass.
pub fn checks() -> Result<(), String> {
    let json = |it: &str| serde_json::from_str::<Value>(it).unwrap();
    for (expected, actual, fits) in [
        ("{\"a\":1}", "{\"a\":1}", true),
        ("{\"a\":1}", "{\"a\":2}", false),
        ("{\"a\":1}", "{\"a\":1,\"b\":2}", false),
        ("{\"a\":1,\"b\":2}", "{\"a\":1}", false),
        ("{\"a\":1,\"$more\":true}", "{\"a\":1,\"b\":2}", true),
        ("{\"a\":1,\"$more\":true}", "{\"b\":2}", false),
        ("[1,2]", "[2,1]", false),
        ("[1]", "[1,1]", false),
        ("{\"$unordered\":[1,2]}", "[2,1]", true),
        ("{\"$unordered\":[1,2]}", "[1,1]", false),
        ("{\"$unordered\":[1,2]}", "[1]", false),
        ("\"$int\"", "1", true),
        ("\"$int\"", "1.5", false),
        ("\"$int\"", "\"1\"", false),
        ("\"$text\"", "\"\"", true),
        ("\"$text\"", "1", false),
        ("\"$list\"", "{}", false),
        ("\"$object\"", "[]", false),
        ("\"$any\"", "[]", true),
        ("\"$else\"", "\"x\"", false),
        ("1", "\"1\"", false),
    ] {
        if compare(&json(expected), &json(actual)).is_ok() != fits {
            return Err(format!("{expected} against {actual}"));
        }
    }
    let ok = r#""ActionStatus":"OK","ErrorCode":0,"ErrorInfo":"""#;
    for (answer, good) in [
        (format!("{{{ok}}}"), true),
        (format!("{{{ok},\"a\":null}}"), false),
        (format!("{{{ok},\"a\":[{{\"b\":null}}]}}"), false),
        (format!("{{{ok},\"a\":1,\"a\":1}}"), false),
        ("{\"ActionStatus\":\"OK\",\"ErrorCode\":0}".to_owned(), false),
        ("{\"ActionStatus\":\"OK\",\"ErrorCode\":1,\"ErrorInfo\":\"\"}".to_owned(), false),
        ("{\"ActionStatus\":\"FAIL\",\"ErrorCode\":1,\"ErrorInfo\":\"\"}".to_owned(), false),
        ("not json".to_owned(), false),
    ] {
        if well_formed(answer.as_bytes()).is_ok() != good {
            return Err(answer);
        }
    }
    let wide = format!("{{\"a\":[1,2],\"b\":\"{},:{{\\\"\"}}", "x".repeat(120));
    let laid = layout(&wide, 0);
    if json(&laid) != json(&wide) || !laid.starts_with("{\n  \"a\": [1, 2],\n") {
        return Err(laid);
    }
    Ok(())
}
