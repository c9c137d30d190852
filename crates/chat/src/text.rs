//! Texts that are kept or shown in part.

/// The beginning of a text, at most so many bytes of it; U+0000, which no engine keeps, is replaced.
pub(crate) fn beginning(text: &str, most: usize) -> String {
    text[..text.floor_char_boundary(most)].replace('\0', "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::beginning;

    #[test]
    fn a_text_is_cut_between_characters() {
        for (text, most, expected) in
            [("abc", 3, "abc"), ("abc", 2, "ab"), ("a天", 3, "a"), ("天", 2, ""), ("a\0b", 9, "a\u{fffd}b")]
        {
            assert_eq!(beginning(text, most), expected, "{text:?} {most}");
        }
    }
}
