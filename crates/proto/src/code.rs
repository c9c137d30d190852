//! Result codes, and the failure a command answers with.
//!
//! Follows `spec/concepts/error-codes.yaml`. An answer carries the number and an English text; a caller
//! decides by the number alone, people read the text.

mod table;

use std::{borrow::Cow, fmt};

pub use table::Code;

impl Code {
    /// The number on the wire.
    pub const fn number(self) -> i64 {
        self as i64
    }
}

impl fmt::Display for Code {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.number(), self.text())
    }
}

/// The only error a caller can be told.
///
/// Holds a number and not a [`Code`], because an application server may refuse with a number of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fail {
    /// `ErrorCode`. 0 together with `extra` means that only a part succeeded (`ActionStatus` `SomeError`).
    pub number: i64,
    /// `ErrorInfo`.
    pub info: Cow<'static, str>,
    /// Further members of the answer as JSON text without the braces: `"A":1,"B":[]`.
    pub extra: Option<String>,
}

impl Fail {
    /// A failure that says more than the text of its code.
    pub fn with(code: Code, info: impl Into<Cow<'static, str>>) -> Fail {
        Fail { number: code.number(), info: info.into(), extra: None }
    }

    /// Adds members to the answer: JSON text without the braces.
    pub fn extra(self, members: String) -> Fail {
        Fail { extra: Some(members), ..self }
    }
}

impl From<Code> for Fail {
    fn from(code: Code) -> Fail {
        Fail { number: code.number(), info: Cow::Borrowed(code.text()), extra: None }
    }
}

impl fmt::Display for Fail {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.number, self.info)
    }
}

impl std::error::Error for Fail {}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs};

    use super::*;

    fn specified() -> BTreeSet<i64> {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec/concepts/error-codes.yaml");
        let file: serde_yaml_ng::Value =
            serde_yaml_ng::from_str(&fs::read_to_string(path).expect("the list of codes is there"))
                .expect("the list of codes is YAML");
        let rows = file["codes"].as_sequence().expect("codes is a list");
        rows.iter().filter_map(|row| row.get("code")?.as_i64()).collect()
    }

    #[test]
    fn the_table_has_exactly_the_specified_codes() {
        let table: BTreeSet<i64> = Code::ALL.iter().map(|code| code.number()).collect();
        assert_eq!(table, specified());
        assert_eq!(table.len(), Code::ALL.len(), "a number occurs twice");
    }

    #[test]
    fn every_code_has_a_text_and_is_found_by_its_number() {
        for &code in Code::ALL {
            assert!(!code.text().is_empty(), "{code:?} has no text");
            assert_eq!(Code::from_number(code.number()), Some(code));
        }
        assert_eq!(Code::from_number(1), None);
        assert_eq!(Code::from_number(i64::MAX), None);
    }

    /// Clients and backends compare these texts; the others are free.
    #[test]
    fn texts_that_callers_know_stay_as_they_are() {
        for (code, number, text) in [
            (Code::AccountUnknown, 70107, "Err_TLS_PT_Open_Login_Account_Not_Exist"),
            (Code::ProfileParam, 40001, "Err_Profile_Comm_Decode_Fail"),
            (Code::C2cToUnknown, 90012, "invalid To_Account"),
        ] {
            assert_eq!((code.number(), code.text()), (number, text));
        }
    }

    #[test]
    fn a_failure_prints_its_number_and_says_what_happened() {
        assert_eq!(Fail::from(Code::C2cToUnknown).to_string(), "90012 invalid To_Account");
        let fail = Fail::with(Code::GroupParam, format!("{} is too long", "Name")).extra("\"A\":1".into());
        assert_eq!(fail.to_string(), "10004 Name is too long");
        assert_eq!(fail.extra.as_deref(), Some("\"A\":1"));
    }
}
