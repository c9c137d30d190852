//! The rules, one function each. Every rule says what to do, not only what is wrong.

use super::{
    File, Finding,
    source::{Source, closing_brace, line_of, words},
};

const FILE_LINES_MAX: usize = 500;
const FUNCTION_LINES_MAX: usize = 70;
/// The title and the pointer to the specification stand in the first lines of a command's file.
const HEAD_LINES: usize = 10;
const DIALECTS_MAX: usize = 10;

const COMMANDS: &str = "crates/server/src/commands/";
/// The product's clock, the client's own, and how long the store waits for a database.
const CLOCKS: &[&str] =
    &["crates/chat/src/clock.rs", "crates/client/src/clock.rs", "crates/store/src/postgres.rs"];
const RANDOM: &[&str] = &["crates/chat/src/random.rs"];

/// How time is read, and what to use instead.
const TIME: &[&str] = &["SystemTime::now", "Instant::now", "UNIX_EPOCH.elapsed", "UNIX_EPOCH::elapsed"];
/// How random numbers are drawn.
const CHANCE: &[&str] = &["getrandom::fill", "getrandom::u32", "getrandom::u64", "RandomState::new"];
/// What a page of the server may not do: turn text into markup, or load something from elsewhere.
const PAGES: &[&str] = &[
    "innerHTML",
    "outerHTML",
    "insertAdjacentHTML",
    "document.write",
    "eval(",
    "http://",
    "https://",
    "src=",
];
const PRINTING: &[&str] = &["println!", "print!", "eprintln!", "eprint!", "dbg!"];

pub fn file_length(source: &Source<'_>, findings: &mut Vec<Finding>) {
    let lines = source.text.lines().count();
    if lines > FILE_LINES_MAX {
        findings.push(
            source.finding(
                FILE_LINES_MAX + 1,
                format!("{lines} lines; split it, {FILE_LINES_MAX} is the limit"),
            ),
        );
    }
}

pub fn function_length(source: &Source<'_>, findings: &mut Vec<Finding>) {
    for start in words(&source.code, "fn") {
        let Some((name, end)) = function(&source.code, start) else { continue };
        let first = line_of(&source.code, start);
        let lines = line_of(&source.code, end) - first + 1;
        if lines > FUNCTION_LINES_MAX {
            let message =
                format!("function `{name}` has {lines} lines; split it, {FUNCTION_LINES_MAX} is the limit");
            findings.push(source.finding(first, message));
        }
    }
}

/// The name of the function at `start` and the end of its body. None: a type, or a function without a body.
fn function(code: &str, start: usize) -> Option<(&str, usize)> {
    let rest = code[start + "fn".len()..].trim_start();
    let name = rest.split(|it: char| !(it.is_alphanumeric() || it == '_' || it == '$')).next()?;
    if name.is_empty() {
        return None;
    }
    let mut depth = 0i32;
    for (at, byte) in code.bytes().enumerate().skip(start) {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth -= 1,
            b';' if depth == 0 => return None,
            b'{' if depth == 0 => return Some((name, closing_brace(code, at)?)),
            _ => {}
        }
    }
    None
}

/// The file of a command names the file it follows.
pub fn specification(source: &Source<'_>, exists: &dyn Fn(&str) -> bool, findings: &mut Vec<Finding>) {
    let Some(name) = source.path.strip_prefix(COMMANDS) else { return };
    let is_command = name.contains('/') && !name.ends_with("/mod.rs") && !source.is_test(1);
    if !is_command {
        return;
    }
    let named = source.text.lines().take(HEAD_LINES).enumerate().find_map(|(nr, line)| {
        let at = words(line, "spec/").next()?;
        let is_path = |it: char| it.is_ascii_alphanumeric() || "_./-".contains(it);
        let length = line[at..].find(|it| !is_path(it)).unwrap_or(line.len() - at);
        Some((nr + 1, line[at..at + length].trim_end_matches('.')))
    });
    match named {
        None => {
            findings.push(source.finding(
                1,
                format!("name the file in spec/ that it follows in the first {HEAD_LINES} lines"),
            ))
        }
        Some((line, path)) if !exists(path) => {
            findings.push(source.finding(line, format!("there is no {path}")))
        }
        Some(_) => {}
    }
}

/// Queries are in `store`, where each is written for both engines and tested on both.
pub fn sql(source: &Source<'_>, findings: &mut Vec<Finding>) {
    if ["store", "xtask"].contains(&source.package()) {
        return;
    }
    for literal in source.strings.iter().filter(|it| !source.is_test(it.line) && is_sql(&it.text)) {
        findings
            .push(source.finding(literal.line, "SQL outside crates/store; add a function there and call it"));
    }
}

fn is_sql(text: &str) -> bool {
    let text = text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    let has = |words: &str| format!(" {text} ").contains(&format!(" {words} "));
    let select = text.starts_with("select ") || (has("select") && has("from"));
    select || has("insert into") || has("delete from") || (text.starts_with("update ") && has("set"))
}

/// The clock and the random numbers have one door each, so that tests can hold it.
pub fn time_and_chance(source: &Source<'_>, findings: &mut Vec<Finding>) {
    if source.package() == "xtask" {
        return;
    }
    for (patterns, doors, instead) in
        [(TIME, CLOCKS, "read the time from chat::clock"), (CHANCE, RANDOM, "draw from chat::random")]
    {
        for pattern in patterns.iter().filter(|_| !doors.contains(&&*source.path)) {
            findings.extend(
                source.lines_with(pattern).map(|line| source.finding(line, format!("{pattern}: {instead}"))),
            );
        }
    }
}

pub fn printing(source: &Source<'_>, findings: &mut Vec<Finding>) {
    let may_print =
        source.package() == "xtask" || source.in_folder("cli") || source.path.ends_with("/cli.rs");
    for pattern in PRINTING.iter().filter(|_| !may_print) {
        findings.extend(source.lines_with(pattern).map(|line| {
            source.finding(line, format!("{pattern}: log it, or return it to the command line"))
        }));
    }
}

/// One SQL text serves both engines; the exceptions are few and counted.
pub fn dialects(sources: &[Source<'_>], findings: &mut Vec<Finding>) {
    let uses = sources.iter().flat_map(|it| it.lines_with(".dialect()").map(move |line| (it, line)));
    for (source, line) in uses.skip(DIALECTS_MAX) {
        findings.push(source.finding(
            line,
            format!(
                "the dialect is asked for more than {DIALECTS_MAX} times; write one SQL text for both engines"
            ),
        ));
    }
}

/// A field that is not there is left out of a case: `null` would be a third state that the protocol does not have.
pub fn nulls(case: &File, findings: &mut Vec<Finding>) {
    let (mut inside, mut escaped) = (false, false);
    for (at, it) in case.text.char_indices() {
        if inside {
            (inside, escaped) = (escaped || it != '"', !escaped && it == '\\');
        } else if it == '"' {
            inside = true;
        } else if case.text[at..].starts_with("null") {
            let message = "null in a case; leave the field out".to_owned();
            findings.push(Finding { path: case.path.clone(), line: line_of(&case.text, at), message });
        }
    }
}

/// A page is one file that works without the rest of the world, and shows what users wrote as text.
pub fn pages(page: &File, findings: &mut Vec<Finding>) {
    for pattern in PAGES {
        for (at, _) in page.text.match_indices(pattern) {
            let message = format!("{pattern} in a page; set textContent, and keep everything in the file");
            findings.push(Finding { path: page.path.clone(), line: line_of(&page.text, at), message });
        }
    }
}
