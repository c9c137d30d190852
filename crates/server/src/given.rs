//! Request fields that remember how they were given, so that each can be answered with its own code.

use std::{borrow::Cow, fmt, marker::PhantomData};

use proto::{Code, Fail};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error, Visitor},
};
use serde_json::value::RawValue;

/// One member of a request. A JSON null counts as missing.
#[derive(Clone, Debug, Default)]
pub enum Given<T> {
    #[default]
    Missing,
    /// Not of the type that is documented.
    Wrong,
    Is(T),
}

impl<T> Given<T> {
    /// The value, which must be there and of the right type.
    pub fn need(self, code: Code, name: &str) -> Result<T, Fail> {
        match self {
            Given::Is(it) => Ok(it),
            Given::Missing => Err(Fail::with(code, format!("{name} is missing"))),
            Given::Wrong => Err(wrong(code, name)),
        }
    }

    /// The value, which may be left out but must be of the right type.
    pub fn optional(self, code: Code, name: &str) -> Result<Option<T>, Fail> {
        match self {
            Given::Is(it) => Ok(Some(it)),
            Given::Missing => Ok(None),
            Given::Wrong => Err(wrong(code, name)),
        }
    }

    pub fn is_missing(&self) -> bool {
        matches!(self, Given::Missing)
    }

    /// This one, or else the other spelling of the same field.
    pub fn or(self, other: Given<T>) -> Given<T> {
        if self.is_missing() { other } else { self }
    }
}

fn wrong(code: Code, name: &str) -> Fail {
    Fail::with(code, format!("{name} is not of the documented type"))
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Given<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Given<T>, D::Error> {
        // An option, so that a missing member is no error.
        deserializer.deserialize_option(Reader(PhantomData))
    }
}

struct Reader<T>(PhantomData<T>);

impl<'de, T: DeserializeOwned> Visitor<'de> for Reader<T> {
    type Value = Given<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_none<E>(self) -> Result<Given<T>, E> {
        Ok(Given::Missing)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Given<T>, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        Ok(serde_json::from_str(raw.get()).map_or(Given::Wrong, Given::Is))
    }
}

impl<T: JsonSchema> JsonSchema for Given<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// A JSON object. Without this a list of its members' values would be taken for it.
#[derive(Clone, Debug, Default)]
pub struct Object<T>(pub T);

impl<'de, T: DeserializeOwned> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Object<T>, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        let read = raw.starts_with('{').then(|| serde_json::from_str(raw).ok()).flatten();
        read.map(Object).ok_or_else(|| Error::custom("expected an object"))
    }
}

impl<T: JsonSchema> JsonSchema for Object<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// A JSON value that is passed on as it came.
#[derive(Clone, Debug)]
pub struct Raw(pub Box<RawValue>);

impl Raw {
    pub fn text(&self) -> &str {
        self.0.get()
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Raw, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(Raw)
    }
}

impl serde::Serialize for Raw {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl JsonSchema for Raw {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Raw".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        true.into()
    }
}

/// JSON text made here, written into an answer as it is.
pub fn raw(text: String) -> Result<Raw, serde_json::Error> {
    RawValue::from_string(text).map(Raw)
}

/// A list of JSON texts as one JSON list.
pub fn raw_list(items: &[String]) -> Result<Raw, serde_json::Error> {
    raw(format!("[{}]", items.join(",")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Request {
        id: Given<u32>,
        #[serde(default)]
        name: Given<String>,
    }

    #[test]
    fn a_list_is_no_object() {
        let read = |text: &str| serde_json::from_str::<Object<Request>>(text).map(|it| it.0);
        assert_eq!(read(r#"{"id": 7}"#).unwrap().id.need(Code::C2cTo, "id").unwrap(), 7);
        for text in ["[7]", "[]", "7", "null", "\"{}\""] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn each_field_tells_whether_it_is_missing_or_wrong() {
        let read = |text: &str| serde_json::from_str::<Request>(text).unwrap();
        let it = read(r#"{"id": 7, "name": "x"}"#);
        assert_eq!(
            (it.id.need(Code::C2cTo, "id").unwrap(), it.name.need(Code::C2cTo, "name").unwrap()),
            (7, "x".into())
        );
        let it = read(r#"{"id": "7"}"#);
        assert_eq!(it.id.need(Code::C2cTo, "id").unwrap_err().info, "id is not of the documented type");
        assert!(it.name.optional(Code::C2cTo, "name").unwrap().is_none());
        let it = read(r#"{"id": null, "name": 5}"#);
        assert_eq!(it.id.need(Code::C2cTo, "id").unwrap_err().info, "id is missing");
        assert_eq!(it.name.optional(Code::C2cFrom, "name").unwrap_err().number, 90008);
    }
}
