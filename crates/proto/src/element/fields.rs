//! Checks the members of a JSON object against a table, without building it.

use std::{borrow::Cow, fmt};

use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

/// What the value of a member must be.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Text,
    Integer,
    /// A flag that has one value only.
    Exactly(u8),
    Number,
    Boolean,
    /// Any list; whoever reads the member goes on checking.
    List,
    Texts,
    /// A list, or the empty string that stands for none.
    ListOrEmptyText,
    /// An object whose members follow a table of their own.
    Fields(&'static [Field]),
}

/// One member that is known.
pub(super) struct Field {
    name: &'static str,
    kind: Kind,
    required: bool,
}

pub(super) const fn required(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, required: true }
}

pub(super) const fn optional(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, required: false }
}

/// A table has at most this many fields, one bit of [`Seen`] each.
const FIELDS_MAX: usize = 32;

/// The members that were there, and the values a further check asked for.
pub(super) struct Seen<'a> {
    /// One bit per row of the table.
    pub(super) present: u32,
    values: Vec<(&'static str, &'a RawValue)>,
}

impl<'a> Seen<'a> {
    /// The text of a kept member.
    pub(super) fn value(&self, name: &str) -> Option<&'a str> {
        self.values.iter().find(|(kept, _)| *kept == name).map(|(_, raw)| raw.get())
    }
}

/// Checks the object `raw`: known members have their kind, required ones are there, others are free.
///
/// Keeps the raw values of the members named in `keep`. The error text starts with the path inside the
/// object.
pub(super) fn check<'a>(
    raw: &'a str,
    table: &'static [Field],
    keep: &'static [&'static str],
) -> Result<Seen<'a>, String> {
    assert!(table.len() <= FIELDS_MAX, "a table of fields has one bit per row");
    let mut json = serde_json::Deserializer::from_str(raw);
    let mut fault = None;
    let members = Members { table, keep, fault: &mut fault };
    let seen = json
        .deserialize_map(members)
        .and_then(|seen| json.end().map(|()| seen))
        .map_err(|error| format!(": {error}"));
    if let Some(fault) = fault {
        return Err(fault);
    }
    let seen = seen?;
    for (row, field) in table.iter().enumerate() {
        if field.required && seen.present & (1 << row) == 0 {
            return Err(format!(".{} is missing", field.name));
        }
    }
    Ok(seen)
}

struct Members<'f> {
    table: &'static [Field],
    keep: &'static [&'static str],
    /// Set when a value is wrong: our own text, not the reader's.
    fault: &'f mut Option<String>,
}

impl<'de> Visitor<'de> for Members<'_> {
    type Value = Seen<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Seen<'de>, A::Error> {
        let mut seen = Seen { present: 0, values: Vec::new() };
        while let Some(Name(name)) = map.next_key()? {
            let value: &'de RawValue = map.next_value()?;
            let Some(row) = self.table.iter().position(|field| field.name == name) else {
                continue;
            };
            let field = &self.table[row];
            let twice = seen.present & (1 << row) != 0;
            let fault =
                if twice { Some(" is there twice".to_owned()) } else { wrong(field.kind, value.get()) };
            if let Some(fault) = fault {
                *self.fault = Some(format!(".{}{fault}", field.name));
                return Err(A::Error::custom("a member is wrong"));
            }
            seen.present |= 1 << row;
            if self.keep.contains(&field.name) {
                seen.values.push((field.name, value));
            }
        }
        Ok(seen)
    }
}

/// A member's name; borrowed unless it holds escapes.
struct Name<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> serde::Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct NameVisitor;

        impl<'de> Visitor<'de> for NameVisitor {
            type Value = Name<'de>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a name")
            }

            fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(name)))
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(name.to_owned())))
            }
        }

        from.deserialize_str(NameVisitor)
    }
}

/// What is wrong with a value, starting after the member's name. `raw` is valid JSON without space around it.
fn wrong(kind: Kind, raw: &str) -> Option<String> {
    let first = raw.as_bytes()[0];
    let is_number = first == b'-' || first.is_ascii_digit();
    let is_integer = is_number && !raw.contains(['.', 'e', 'E']);
    let (right, wanted) = match kind {
        Kind::Text => (first == b'"', "a string"),
        Kind::Integer => (is_integer, "an integer"),
        Kind::Exactly(value) => {
            let right = is_integer && raw.parse() == Ok(value);
            return (!right).then(|| format!(" must be {value}"));
        }
        Kind::Number => (is_number, "a number"),
        Kind::Boolean => (first == b't' || first == b'f', "true or false"),
        Kind::List => (first == b'[', "an array"),
        Kind::Texts => (first == b'[' && all_texts(raw), "an array of strings"),
        Kind::ListOrEmptyText => (first == b'[' || raw == "\"\"", "an array"),
        Kind::Fields(_) if first != b'{' => (false, "an object"),
        Kind::Fields(table) => return check(raw, table, &[]).err(),
    };
    (!right).then(|| format!(" must be {wanted}"))
}

fn all_texts(raw: &str) -> bool {
    entries(raw).is_ok_and(|entries| entries.iter().all(|entry| entry.get().starts_with('"')))
}

/// The entries of a list.
pub(super) fn entries(raw: &str) -> Result<Vec<&RawValue>, String> {
    serde_json::from_str(raw).map_err(|error| format!(": {error}"))
}
