//! Each rule: what it finds, and what looks alike and is none of its business.

use super::*;

/// What is said about one file, as `line: message`.
fn said(path: &str, text: &str) -> Vec<String> {
    let files = [File { path: path.to_owned(), text: text.to_owned() }];
    let exists = |it: &str| ["spec/rest/a.b.yaml", "spec/client/commands/c.md"].contains(&it);
    check(&files, &exists).into_iter().map(|it| format!("{}: {}", it.line, it.message)).collect()
}

/// The line of each finding.
fn lines(path: &str, text: &str) -> Vec<usize> {
    said(path, text).iter().map(|it| it.split(':').next().unwrap().parse().unwrap()).collect()
}

const LIB: &str = "crates/chat/src/lib.rs";

#[test]
fn a_file_has_at_most_500_lines() {
    assert_eq!(said(LIB, &"// a\n".repeat(500)), [""; 0]);
    assert_eq!(said(LIB, &"// a\n".repeat(501)), ["501: 501 lines; split it, 500 is the limit"]);
}

#[test]
fn a_function_has_at_most_70_lines() {
    let body = |lines: usize| "    a();\n".repeat(lines);
    let fits = format!("fn fits() {{\n{}}}\n", body(68));
    let long = format!("\npub async fn long(a: [u8; 3]) -> [u8; 3] {{\n{}}}\n", body(69));
    assert_eq!(said(LIB, &fits), [""; 0]);
    assert_eq!(said(LIB, &long), ["2: function `long` has 71 lines; split it, 70 is the limit"]);
    let two = format!("{fits}{fits}");
    assert_eq!(said(LIB, &two), [""; 0], "two functions of 70 lines each");
    for (what, before) in [
        ("a function type", "type A = fn(u8) -> u8;\n"),
        ("a function of a trait", "trait A { fn a(&self, b: [u8; 2]); }\n"),
        ("a brace in a string", "const A: &str = \"{ fn a() {\";\n"),
        ("a brace in a raw string", "const A: &str = r#\"\" fn a() {\"#;\n"),
        ("a brace as a character", "const A: [char; 2] = ['{', '\\'']; const B: &'static u8 = &b'{';\n"),
        ("a brace in a comment", "// fn a() {\n/* { /* { */ fn a() { */\n"),
    ] {
        assert_eq!(said(LIB, &format!("{before}{fits}{}", "\n".repeat(80))), [""; 0], "{what}");
    }
}

#[test]
fn a_command_names_its_specification() {
    let file = "crates/server/src/commands/a/b.rs";
    for (path, text, expected) in [
        (file, "//! Does b.\n//!\n//! Follows `spec/rest/a.b.yaml`.\n", ""),
        (file, "//! Does b, see spec/client/commands/c.md.\n", ""),
        (file, "//! Does b.\n//! Follows spec/rest/a.c.yaml.\n", "2: there is no spec/rest/a.c.yaml"),
        (file, "//! Does b.\n", "1: name the file in spec/ that it follows in the first 10 lines"),
        ("crates/server/src/commands/a.rs", "pub mod b;\n", ""),
        ("crates/server/src/commands/a/b/tests.rs", "//! Tests.\n", ""),
        ("crates/server/src/rest.rs", "//! REST.\n", ""),
    ] {
        assert_eq!(said(path, text).join("\n"), expected, "{path}: {text}");
    }
}

#[test]
fn sql_is_in_the_store() {
    for (text, found) in [
        ("select name from groups", true),
        ("with it as (select 1) Select name\n  from it", true),
        ("INSERT INTO groups (name) values ($1)", true),
        ("update groups set name = $1", true),
        ("delete   from groups", true),
        ("please select one", false),
        ("update the settings", false),
        ("inserted into the list", false),
    ] {
        let code = format!("fn a() {{\n    run({text:?});\n}}\n");
        let expected: &[usize] = if found { &[2] } else { &[] };
        assert_eq!(lines(LIB, &code), expected, "{text}");
        for allowed in
            ["crates/store/src/groups.rs", "crates/xtask/src/load.rs", "crates/server/tests/it/main.rs"]
        {
            assert_eq!(lines(allowed, &code), [0; 0], "{allowed}: {text}");
        }
    }
    let raw = "fn a() {\n    run(r#\"delete from groups where name = \"a\"\"#);\n}\n";
    assert_eq!(lines(LIB, raw), [2]);
    assert_eq!(lines(LIB, "// delete from groups\n"), [0; 0]);
    assert_eq!(
        lines(LIB, "#[cfg(test)]\nmod tests {\n    const A: &str = \"delete from groups\";\n}\n"),
        [0; 0]
    );
}

#[test]
fn time_and_random_numbers_have_one_door_each() {
    let time =
        "fn a() {\n    std::time::SystemTime::now();\n    Instant::now();\n    UNIX_EPOCH.elapsed();\n}\n";
    let chance = "fn a() {\n    getrandom::fill(&mut a);\n}\n";
    let (clock, random) = ("crates/chat/src/clock.rs", "crates/chat/src/random.rs");
    for (path, text, expected) in [
        (LIB, time, &[2, 3, 4][..]),
        (LIB, chance, &[2]),
        (clock, time, &[]),
        (clock, chance, &[2]),
        (random, chance, &[]),
        (random, time, &[2, 3, 4]),
        ("crates/xtask/src/load.rs", time, &[]),
        ("crates/server/tests/it/main.rs", time, &[]),
        (LIB, "fn a() {\n    chat::clock::instant();\n    MyInstant::nowhere();\n}\n", &[]),
    ] {
        assert_eq!(lines(path, text), expected, "{path}: {text}");
    }
    assert_eq!(said(LIB, chance), ["2: getrandom::fill: draw from chat::random"]);
}

#[test]
fn only_the_command_line_prints() {
    let text = "fn a() {\n    println!(\"a\");\n    eprint!(\"a\");\n    my_println!();\n}\n";
    for (path, expected) in [
        (LIB, &[2, 3][..]),
        ("crates/server/src/main.rs", &[2, 3]),
        ("crates/server/src/cli/serve.rs", &[]),
        ("crates/server/src/cli.rs", &[]),
        ("crates/client/examples/echo.rs", &[]),
        ("crates/server/tests/it/main.rs", &[]),
        ("crates/xtask/src/load.rs", &[]),
    ] {
        assert_eq!(lines(path, text), expected, "{path}");
    }
}

#[test]
fn the_dialect_is_asked_for_at_most_ten_times() {
    let uses = |number| "let a = tx.dialect();\n".repeat(number) + "fn dialect(&self) -> Dialect;\n";
    let path = "crates/store/src/messages.rs";
    assert_eq!(lines(path, &uses(10)), [0; 0]);
    assert_eq!(lines(path, &uses(12)), [11, 12]);
}

#[test]
fn a_case_has_no_null() {
    let path = "cases/openim/sendmsg/a.json";
    assert_eq!(lines(path, "{\n  \"a\": null,\n  \"b\": [1, null]\n}\n"), [2, 3]);
    assert_eq!(lines(path, r#"{"null": "null", "a": "\"null", "b": "\\"}"#), [0; 0]);
}

#[test]
fn a_page_stands_alone_and_shows_text_as_text() {
    let path = "crates/server/src/docs.html";
    assert_eq!(lines(path, "<p>\n<script src='a.js'></script>\nit.innerHTML = text;\n"), [2, 3]);
    assert_eq!(lines(path, "<link href=\"https://example.org/a.css\">\n"), [1]);
    assert_eq!(lines(path, "<a href=\"openapi.json\"></a>\nit.textContent = text;\n"), [0; 0]);
}

#[test]
fn findings_are_in_the_order_of_the_files() {
    let file = |path: &str| File { path: path.to_owned(), text: "\nprintln!();\ndbg!();\n".to_owned() };
    let findings = check(&[file("crates/b/src/b.rs"), file("crates/a/src/a.rs")], &|_| true);
    let places: Vec<_> = findings.iter().map(|it| (it.path.as_str(), it.line)).collect();
    assert_eq!(
        places,
        [
            ("crates/a/src/a.rs", 2),
            ("crates/a/src/a.rs", 3),
            ("crates/b/src/b.rs", 2),
            ("crates/b/src/b.rs", 3)
        ]
    );
}
