//! For whom a push is.

use serde::{Deserialize, Serialize};
use store::StoreError;

/// Something that a user has or has not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mark {
    Tag(String),
    /// The attribute of this number has this value.
    Attribute(i64, String),
}

/// All of `every` and, if there are any, at least one of `some`; empty it is for everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    pub every: Vec<Mark>,
    pub some: Vec<Mark>,
}

impl Condition {
    pub fn is_empty(&self) -> bool {
        self.every.is_empty() && self.some.is_empty()
    }

    /// Whether somebody with these marks is meant.
    pub fn holds(&self, has: impl Fn(&Mark) -> bool) -> bool {
        self.every.iter().all(&has) && (self.some.is_empty() || self.some.iter().any(&has))
    }

    pub(super) fn marks(&self) -> impl Iterator<Item = &Mark> {
        self.every.iter().chain(&self.some)
    }

    /// As it is stored: empty for everybody.
    pub(super) fn write(&self) -> Result<String, serde_json::Error> {
        if self.is_empty() { Ok(String::new()) } else { serde_json::to_string(self) }
    }

    pub(crate) fn read(text: &str) -> Result<Condition, StoreError> {
        match text {
            "" => Ok(Condition::default()),
            text => {
                serde_json::from_str(text).map_err(|_| StoreError::Shape("a push has no sound condition"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(names: &[&str]) -> Vec<Mark> {
        names.iter().map(|it| Mark::Tag((*it).to_owned())).collect()
    }

    #[test]
    fn every_mark_of_one_part_and_some_mark_of_the_other() {
        for (every, some, has, is_meant) in [
            (&[][..], &[][..], &[][..], true),
            (&["a", "b"], &[], &["a", "b"], true),
            (&["a", "b"], &[], &["a"], false),
            (&[], &["a", "b"], &["b"], true),
            (&[], &["a", "b"], &["c"], false),
            (&["a"], &["b", "c"], &["a", "c"], true),
            (&["a"], &["b", "c"], &["a"], false),
            (&["a"], &["b", "c"], &["b", "c"], false),
        ] {
            let condition = Condition { every: tags(every), some: tags(some) };
            let has = tags(has);
            assert_eq!(condition.holds(|it| has.contains(it)), is_meant, "{condition:?} {has:?}");
        }
    }

    #[test]
    fn a_condition_is_read_as_it_was_written() {
        let all = Condition { every: tags(&["a \"b\""]), some: vec![Mark::Attribute(9, "x".to_owned())] };
        for condition in [Condition::default(), all] {
            assert_eq!(Condition::read(&condition.write().unwrap()).unwrap(), condition);
        }
        assert!(Condition::read("{").is_err());
    }
}
