//! Keywords as they are looked for in names.

use store::search_names::{PATTERNS, Wanted};

use super::{KEYWORDS_MAX, Query, text::fold};

/// Hits that one search looks at; further ones are not counted.
pub(super) const HITS_MAX: i64 = 10_000;

const _: () = assert!(KEYWORDS_MAX == PATTERNS, "a search has a pattern for each keyword");

/// Keywords against the exact id and the names of something.
pub(super) struct Keywords {
    /// As they were given: ids are.
    exact: Vec<String>,
    folded: Vec<String>,
    all: bool,
}

impl Keywords {
    pub(super) fn new(it: &Query) -> Keywords {
        Keywords {
            exact: it.keywords.clone(),
            folded: it.keywords.iter().map(|it| fold(it)).collect(),
            all: it.all,
        }
    }

    /// What could be ids, each once.
    pub(super) fn ids(&self) -> Vec<String> {
        let mut ids = self.exact.clone();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// Whether something of this id and with these names is what is looked for.
    pub(super) fn are_in(&self, id: &str, names: &[&str]) -> bool {
        let names: Vec<_> = names.iter().map(|it| fold(it)).collect();
        let mut found = self
            .exact
            .iter()
            .zip(&self.folded)
            .map(|(exact, folded)| exact == id || names.iter().any(|it| it.contains(&**folded)));
        if self.all { found.all(|it| it) } else { found.any(|it| it) }
    }

    /// The same for names in the store.
    pub(super) fn wanted(&self) -> Wanted {
        let pattern =
            |at: usize| self.folded.get(at).or(self.folded.first()).map_or_else(String::new, |it| like(it));
        Wanted { patterns: std::array::from_fn(pattern), all: self.all }
    }
}

/// A pattern for what has this text inside.
fn like(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('%');
    for it in text.chars() {
        if matches!(it, '%' | '_' | '\\') {
            out.push('\\');
        }
        out.push(it);
    }
    out.push('%');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keywords(list: &[&str], all: bool) -> Keywords {
        let keywords = list.iter().map(|it| (*it).to_owned()).collect();
        Keywords::new(&Query { keywords, all, count: 1, cursor: String::new() })
    }

    #[test]
    fn one_keyword_is_enough_or_all_are_needed() {
        for (list, all, expected) in [
            (&["bob"][..], false, true),
            (&["BOB"], false, true),
            (&["ob"], true, true),
            (&["zob"], false, false),
            (&["BBY"], false, true),
            (&["x", "obb"], false, true),
            (&["x", "obb"], true, false),
            (&["bob", "captain"], true, true),
            (&["bob", "captains"], true, false),
        ] {
            assert_eq!(keywords(list, all).are_in("bob", &["Bobby", "Captain"]), expected, "{list:?} {all}");
        }
    }

    #[test]
    fn a_pattern_has_no_wild_characters_of_the_users() {
        let wanted = keywords(&["50%_\\"], false).wanted();
        assert_eq!(wanted.patterns, ["%50\\%\\_\\\\%"; PATTERNS]);
    }
}
