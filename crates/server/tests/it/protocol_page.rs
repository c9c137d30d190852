//! `docs/CLIENT-PROTOCOL.md` against the server and the contract: its table has every command of the socket and no other,
//! its frames can be read, and what it points to is there.

use std::collections::BTreeSet;

use proto::frame::Request;
use serde_json::Value;
use server::{command::Doors, commands};

use crate::case::root;

fn page() -> String {
    std::fs::read_to_string(root().join("docs/CLIENT-PROTOCOL.md")).unwrap()
}

pub fn lists_every_command_of_the_socket() -> Result<(), String> {
    let page = page();
    let (_, table) = page.split_once("\n## Commands\n").ok_or("the page has no table of commands")?;
    let (table, _) = table.split_once("\n## ").ok_or("the table of commands has no end")?;
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter(|it| it.starts_with("| `"))
        .map(|it| it.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    let mut named = BTreeSet::new();
    for row in &rows {
        let [command, mark, _, file] = row[..] else { return Err(format!("{row:?} has not four columns")) };
        let is_new = named.insert((command.trim_matches('`').to_owned(), mark == "·"));
        if !is_new {
            return Err(format!("{command} is there twice"));
        }
        let file = file.trim_matches('`');
        if file.ends_with(".yaml") && !root().join("spec/client/commands").join(file).is_file() {
            return Err(format!("{command}: there is no {file}"));
        }
    }
    let of_the_server: BTreeSet<_> = commands::ALL
        .iter()
        .filter(|it| it.doors.has_socket())
        .map(|it| (format!("{}.{}", it.service, it.name), it.doors == Doors::SocketAnyone))
        .collect();
    let missing: Vec<_> = of_the_server.difference(&named).collect();
    let wrong: Vec<_> = named.difference(&of_the_server).collect();
    match missing.is_empty() && wrong.is_empty() {
        true => Ok(()),
        false => Err(format!("missing: {missing:?}; wrong: {wrong:?}")),
    }
}

/// Requests name commands that exist; answers follow their requests, under the same name and number.
pub fn shows_frames_that_can_be_read() -> Result<(), String> {
    let page = page();
    let mut asked = Vec::new();
    for frame in page.split("```json\n").skip(1).map(|it| it.split("\n```").next().unwrap()) {
        let value: Value = serde_json::from_str(frame).map_err(|error| format!("{error}: {frame}"))?;
        let request = Request::parse(frame.as_bytes()).map_err(|error| format!("{error}: {frame}"))?;
        let name = (request.servcmd.to_string(), request.seq);
        if value["body"].get("EventArray").is_some() {
            continue;
        }
        if value["body"].get("ActionStatus").is_none() {
            let exists = commands::ALL.iter().any(|it| format!("{}.{}", it.service, it.name) == name.0);
            if !exists {
                return Err(format!("there is no {}", name.0));
            }
            asked.push(name);
        } else if value["body"]["ErrorCode"] == 0 && !asked.contains(&name) {
            return Err(format!("nobody asked for {frame}"));
        }
    }
    if asked.len() >= 8 { Ok(()) } else { Err(format!("only {} requests are shown", asked.len())) }
}

pub fn points_to_sections_that_are_there() -> Result<(), String> {
    let pushes = std::fs::read_to_string(root().join("spec/client/pushes.md")).unwrap();
    let page = page();
    let (_, table) = page.split_once("\n## Pushes\n").ok_or("the page has no table of pushes")?;
    let sections = table.lines().filter(|it| it.starts_with("| ")).skip(1).flat_map(|row| {
        row.trim_end_matches('|').rsplit('|').next().unwrap_or_default().split(" to ").map(str::trim)
    });
    let mut count = 0;
    for section in sections {
        count += 1;
        let heads = [format!("\n## {section}. "), format!("\n### {section} ")];
        if !heads.iter().any(|it| pushes.contains(it)) {
            return Err(format!("spec/client/pushes.md has no section {section:?}"));
        }
    }
    if count >= 20 { Ok(()) } else { Err(format!("only {count} sections are named")) }
}
