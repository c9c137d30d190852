//! JSON text that is passed on without being rebuilt.

use std::borrow::Cow;

/// `raw` without the white space between its tokens; order, unknown members and the bytes inside strings
/// stay.
///
/// Borrows when there is nothing to remove. `raw` should be valid JSON; other text comes back as some text.
pub fn compact(raw: &str) -> Cow<'_, str> {
    compact_and_measure(raw).0
}

/// [`compact`], and how deep objects and lists are nested.
pub(crate) fn compact_and_measure(raw: &str) -> (Cow<'_, str>, usize) {
    let bytes = raw.as_bytes();
    let mut kept = String::new();
    let mut kept_to = 0;
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => at = after_string(bytes, at),
            b' ' | b'\t' | b'\n' | b'\r' => {
                kept.push_str(&raw[kept_to..at]);
                at += 1;
                kept_to = at;
            }
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
                at += 1;
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                at += 1;
            }
            _ => at += 1,
        }
    }
    if kept_to == 0 {
        return (Cow::Borrowed(raw), deepest);
    }
    kept.push_str(&raw[kept_to..]);
    (Cow::Owned(kept), deepest)
}

/// The position after the string that opens at `open`.
fn after_string(bytes: &[u8], open: usize) -> usize {
    let mut at = open + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// The bytes of the text that a JSON string stands for; 0 for what is no JSON string.
pub fn text_bytes(literal: &str) -> usize {
    match literal.contains('\\') {
        true => serde_json::from_str::<String>(literal).map_or(0, |it| it.len()),
        false => literal.len().saturating_sub(2),
    }
}

/// `text` as a JSON string with its quotation marks.
pub fn quote(text: &str) -> String {
    serde_json::to_string(text).expect("a string is always JSON")
}

/// `text` as the inside of a JSON string, without quotation marks.
pub fn escape(text: &str) -> String {
    let quoted = quote(text);
    quoted[1..quoted.len() - 1].to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_white_space_between_tokens_goes() {
        for (raw, expected, depth) in [
            ("{}", "{}", 1),
            ("", "", 0),
            (" [ 1 ,\t2\r\n] ", "[1,2]", 1),
            (r#"{ "a b" : " c\" d " , "e" : [ ] }"#, r#"{"a b":" c\" d ","e":[]}"#, 2),
            (r#"{"a":"\\" , "b":"x"}"#, r#"{"a":"\\","b":"x"}"#, 1),
            ("[ \"用 户\" ]", "[\"用 户\"]", 1),
            ("\"open \\", "\"open \\", 0),
        ] {
            assert_eq!(compact_and_measure(raw), (Cow::Borrowed(expected), depth), "{raw}");
        }
        assert!(matches!(compact(r#"{"a":"b c"}"#), Cow::Borrowed(_)), "compact text is not copied");
    }

    #[test]
    fn strings_are_quoted() {
        assert_eq!(quote("a\"b\\c\n\u{1}用"), "\"a\\\"b\\\\c\\n\\u0001用\"");
        assert_eq!(escape("a\"b"), "a\\\"b");
    }

    proptest! {
        #[test]
        fn compacting_keeps_the_value(words in proptest::collection::vec(".{0,8}", 0..6)) {
            let value = serde_json::json!({ "words": words, "n": [1, 2.5, null, true] });
            let spread = serde_json::to_string_pretty(&value).expect("a value is JSON");
            let tight = serde_json::to_string(&value).expect("a value is JSON");
            prop_assert_eq!(compact(&spread), tight);
        }

        #[test]
        fn compacting_never_panics(raw in ".{0,60}") {
            let _ = compact(&raw);
        }
    }
}
