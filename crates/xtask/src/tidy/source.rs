//! A Rust file as the rules see it: code without comments and literals, the string literals, and which lines are tests.
//!
//! It knows just enough of the language for that: comments, strings of all kinds, characters and lifetimes.

use std::ops::RangeInclusive;

use super::{File, Finding};

pub struct Source<'a> {
    pub path: &'a str,
    pub text: &'a str,
    /// The text with every byte of a comment, string or character replaced by a space; line ends are kept.
    pub code: String,
    pub strings: Vec<Literal>,
    tests: Vec<RangeInclusive<usize>>,
}

/// A string literal as it is written.
pub struct Literal {
    pub line: usize,
    pub text: String,
}

impl<'a> Source<'a> {
    pub fn new(file: &'a File) -> Source<'a> {
        let mut reader = Reader { text: &file.text, at: 0, code: Vec::new(), strings: Vec::new() };
        reader.read();
        let code = String::from_utf8(reader.code).expect("whole characters are kept or replaced");
        let tests = test_modules(&code);
        Source { path: &file.path, text: &file.text, code, strings: reader.strings, tests }
    }

    /// The crate the file belongs to, by folder name.
    pub fn package(&self) -> &str {
        self.path.split('/').nth(1).unwrap_or_default()
    }

    pub fn in_folder(&self, name: &str) -> bool {
        self.path.split('/').any(|it| it == name)
    }

    /// Whether a line is only there for tests.
    pub fn is_test(&self, line: usize) -> bool {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        let whole_file = ["tests", "examples", "benches"].iter().any(|it| self.in_folder(it));
        whole_file || name == "tests.rs" || self.tests.iter().any(|it| it.contains(&line))
    }

    /// The lines outside tests where `pattern` stands in the code, not inside a longer name.
    pub fn lines_with(&self, pattern: &str) -> impl Iterator<Item = usize> {
        words(&self.code, pattern).map(|at| line_of(&self.code, at)).filter(|line| !self.is_test(*line))
    }

    pub fn finding(&self, line: usize, message: impl Into<String>) -> Finding {
        Finding { path: self.path.to_owned(), line, message: message.into() }
    }
}

/// Where `pattern` stands in `text`, not preceded or followed by more of the same word.
pub fn words(text: &str, pattern: &str) -> impl Iterator<Item = usize> {
    let is_word = |it: Option<char>| it.is_some_and(|it| it.is_alphanumeric() || it == '_');
    let open = is_word(pattern.chars().next());
    let shut = is_word(pattern.chars().next_back());
    text.match_indices(pattern).map(|(at, _)| at).filter(move |at| {
        let before = text[..*at].chars().next_back();
        let after = text[at + pattern.len()..].chars().next();
        !(open && is_word(before) || shut && is_word(after))
    })
}

/// Counted from 1.
pub fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// The position of the brace that closes the one at `open`.
pub fn closing_brace(code: &str, open: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (at, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return Some(at),
            b'}' => depth = depth.checked_sub(1)?,
            _ => {}
        }
    }
    None
}

fn test_modules(code: &str) -> Vec<RangeInclusive<usize>> {
    let module = |start: usize| {
        let open = start + code[start..].find(['{', ';'])?;
        let end = if code.as_bytes()[open] == b'{' { closing_brace(code, open)? } else { open };
        Some(line_of(code, start)..=line_of(code, end))
    };
    code.match_indices("#[cfg(test)]").filter_map(|(at, _)| module(at)).collect()
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    code: Vec<u8>,
    strings: Vec<Literal>,
}

impl Reader<'_> {
    fn read(&mut self) {
        while let Some(next) = self.rest().chars().next() {
            let rest = self.rest();
            if rest.starts_with("//") {
                self.hide(rest.find('\n').unwrap_or(rest.len()));
            } else if rest.starts_with("/*") {
                self.hide(comment_length(rest));
            } else if next == '"' {
                self.string(0, "\"");
            } else if let Some((prefix, hashes)) = self.raw_string() {
                self.string(prefix, &format!("\"{}", "#".repeat(hashes)));
            } else if next == '\'' {
                self.hide(character_length(rest).unwrap_or(0));
                self.keep(usize::from(self.rest().starts_with('\'')));
            } else {
                self.keep(next.len_utf8());
            }
        }
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn keep(&mut self, length: usize) {
        self.code.extend_from_slice(&self.text.as_bytes()[self.at..self.at + length]);
        self.at += length;
    }

    fn hide(&mut self, length: usize) {
        let hidden = self.text.as_bytes()[self.at..self.at + length].iter();
        self.code.extend(hidden.map(|it| if *it == b'\n' { b'\n' } else { b' ' }));
        self.at += length;
    }

    /// For a raw string that begins here: the length before its quote, and the number of `#`.
    fn raw_string(&self) -> Option<(usize, usize)> {
        let inside_word = self.code.last().is_some_and(|it| it.is_ascii_alphanumeric() || *it == b'_');
        let marks = ["r", "br", "cr"].iter().find(|it| self.rest().starts_with(**it))?;
        let after = &self.rest()[marks.len()..];
        let hashes = after.len() - after.trim_start_matches('#').len();
        let found = !inside_word && after[hashes..].starts_with('"');
        found.then_some((marks.len() + hashes, hashes))
    }

    /// Takes a string whose quote stands after `prefix` bytes and that ends with `end`; only a plain one has escapes.
    fn string(&mut self, prefix: usize, end: &str) {
        let body = &self.rest()[prefix + 1..];
        let raw = prefix > 0;
        let mut length = 0;
        while length < body.len() && !body[length..].starts_with(end) {
            let skip = usize::from(!raw && body[length..].starts_with('\\'));
            length += body[length..].chars().take(skip + 1).map(char::len_utf8).sum::<usize>();
        }
        let text = body[..length].to_owned();
        self.strings.push(Literal { line: line_of(self.text, self.at), text });
        let whole = (prefix + 1 + length + end.len()).min(self.rest().len());
        self.hide(whole);
    }
}

/// Block comments nest.
fn comment_length(rest: &str) -> usize {
    let (mut at, mut depth) = (0, 0usize);
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            (at, depth) = (at + 2, depth + 1);
        } else if rest[at..].starts_with("*/") {
            (at, depth) = (at + 2, depth - 1);
            if depth == 0 {
                break;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    at
}

/// The length of the character literal at the start, quotes included. None: it is a lifetime.
fn character_length(rest: &str) -> Option<usize> {
    let mut characters = rest.char_indices().skip(1);
    match characters.next()? {
        (_, '\\') => {
            let escaped = characters.next()?;
            let end = characters.find(|(_, it)| *it == '\'')?.0;
            (escaped.1 != '\n').then_some(end + 1)
        }
        _ => characters.next().filter(|(_, it)| *it == '\'').map(|(at, _)| at + 1),
    }
}
