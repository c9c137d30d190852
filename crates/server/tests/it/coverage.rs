//! The contract, the command table and the cases compared. What is missing stands in `cases/gaps.txt`, line by
//! line with its reason, and that list may only shrink.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::PathBuf,
};

use serde_json::Value;
use server::{command::Command, commands};

use crate::{case, hooks, matching::compare};

/// What follows a gap's name: why it is one.
const REASON: &str = " # ";
/// Written for a gap that is new; somebody has to find the reason.
const NO_REASON: &str = "?";
/// The rate of a command whose row names none.
const USUAL_RATE: u32 = 200;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Door {
    Rest,
    Socket,
}

impl fmt::Display for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Door::Rest => "rest",
            Door::Socket => "socket",
        })
    }
}

/// A code or a range of codes that a command may answer with.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Codes(i64, i64);

impl fmt::Display for Codes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == self.1 { write!(f, "{}", self.0) } else { write!(f, "{}-{}", self.0, self.1) }
    }
}

struct Example {
    name: String,
    request: Value,
    response: Value,
}

/// One file of the contract.
struct Specified {
    door: Door,
    /// `service/command`, and further names of the same.
    names: Vec<String>,
    rate: Option<u32>,
    codes: BTreeSet<Codes>,
    examples: Vec<Example>,
}

/// The text of a file with a command of clients or backends; `None` for what only the server sends.
fn read(door: Door, path: &PathBuf) -> Option<Specified> {
    let text = std::fs::read_to_string(path).unwrap();
    let file: Value = serde_yaml_ng::from_str(&text).unwrap_or_else(|it| panic!("{}: {it}", path.display()));
    if file["direction"] == "server to client" {
        return None;
    }
    let name = file["servcmd"].as_str().or(file["command"].as_str()).expect("each file names its command");
    let list = |key: &str| file[key].as_array().cloned().unwrap_or_default();
    let mut names = vec![name.replacen('.', "/", 1)];
    names.extend(list("also_as").iter().map(|it| it.as_str().unwrap().replacen('.', "/", 1)));
    let first_number = |it: &str| numbers(it).first().map(|it| it.0 as u32);
    let example = |it: &Value| Example {
        name: it["name"].as_str().unwrap_or("example").to_owned(),
        request: it["request"].clone(),
        response: it["response"].clone(),
    };
    let mut examples: Vec<_> = list("examples").iter().map(example).collect();
    examples.extend(file.get("example").map(example));
    let codes = list("errors").iter().flat_map(|it| numbers(&it["code"].to_string())).collect();
    Some(Specified { door, names, rate: file["rate"].as_str().and_then(first_number), codes, examples })
}

/// The numbers and ranges in a text like `30539, 10100-10200`; indices in brackets are none.
fn numbers(text: &str) -> Vec<Codes> {
    let words = text
        .split(|it: char| !(it.is_ascii_digit() || it == '-' || it == '['))
        .map(|it| it.trim_matches('-'));
    let code = |it: &str| match it.split_once('-') {
        Some((from, to)) => Some(Codes(from.parse().ok()?, to.parse().ok()?)),
        None => it.parse().ok().map(|it| Codes(it, it)),
    };
    words.filter_map(code).collect()
}

fn contract() -> Vec<Specified> {
    let folders = [(Door::Rest, "spec/rest"), (Door::Socket, "spec/client/commands")];
    let files = folders.iter().flat_map(|(door, folder)| {
        let mut paths: Vec<_> =
            std::fs::read_dir(case::root().join(folder)).unwrap().map(|it| it.unwrap().path()).collect();
        paths.sort();
        paths.into_iter().filter_map(|path| read(*door, &path))
    });
    files.collect()
}

/// The row of this name; commands of groups are reachable under the service of communities too.
fn row(door: Door, name: &str) -> Option<&'static Command> {
    let find = |name: &str| commands::ALL.iter().find(|it| has_door(it, door) && name_of(it) == name);
    find(name).or_else(|| find(&of_groups(name)?))
}

/// The name under the service of groups of what is named under that of communities.
fn of_groups(name: &str) -> Option<String> {
    let (service, command) = name.split_once('/')?;
    (service == commands::COMMUNITIES).then(|| format!("{}/{command}", commands::GROUPS))
}

fn has_door(it: &Command, door: Door) -> bool {
    match door {
        Door::Rest => it.doors.has_rest(),
        Door::Socket => it.doors.has_socket(),
    }
}

fn name_of(it: &Command) -> String {
    format!("{}/{}", it.service, it.name)
}

/// What a case shows.
struct Shown {
    door: Door,
    is_example: bool,
    request: Value,
    answer: Value,
}

fn shown() -> BTreeMap<String, Vec<Shown>> {
    let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for file in case::files() {
        let text = file.text();
        let case = case::Case::read(&text).unwrap_or_else(|it| panic!("{}: {it}", file.name()));
        let is_socket = case.client.is_some() || case.head.is_some();
        let shown = Shown {
            door: if is_socket { Door::Socket } else { Door::Rest },
            is_example: case.source.is_some(),
            request: case.call.clone().unwrap_or_else(|| case.raw.clone().unwrap_or_default().into()),
            answer: serde_json::from_str(case.answer.get()).unwrap(),
        };
        all.entry(format!("{}/{}", file.service, file.command)).or_default().push(shown);
    }
    all
}

/// The webhooks that cases show.
fn told() -> BTreeSet<String> {
    let mut told = BTreeSet::new();
    for file in case::files() {
        let text = file.text();
        let case = case::Case::read(&text).unwrap_or_else(|it| panic!("{}: {it}", file.name()));
        let later = case.then.iter().filter(|it| it[0].get() == "\"told\"").filter_map(|it| it.get(1));
        for webhooks in case.webhooks.iter().chain(later) {
            let items: Vec<(Value, Value)> = serde_json::from_str(webhooks.get()).unwrap_or_default();
            told.extend(items.iter().filter_map(|it| it.1["CallbackCommand"].as_str().map(str::to_owned)));
        }
    }
    told
}

/// The codes in an answer, of the whole call and of single items.
fn codes_in(value: &Value, codes: &mut BTreeSet<i64>) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                if ["ErrorCode", "ResultCode", "RetCode"].contains(&&**name) {
                    codes.extend(value.as_i64());
                }
                codes_in(value, codes);
            }
        }
        Value::Array(list) => list.iter().for_each(|it| codes_in(it, codes)),
        _ => {}
    }
}

impl Shown {
    /// Whether this is that example: its request as it stands, and every member of its answer, but for what no
    /// run can know.
    fn is(&self, door: Door, example: &Example) -> bool {
        self.is_example
            && self.door == door
            && self.request == example.request
            && covers(&self.answer, &example.response)
    }
}

/// Whether what a case expects is at least what an example says.
fn covers(expected: &Value, example: &Value) -> bool {
    match (expected, example) {
        (Value::Object(expected), Value::Object(example)) => {
            example.iter().all(|(name, it)| expected.get(name).is_some_and(|mine| covers(mine, it)))
        }
        (Value::Array(expected), Value::Array(example)) => {
            expected.len() == example.len() && expected.iter().zip(example).all(|(mine, it)| covers(mine, it))
        }
        _ => compare(expected, example).is_ok(),
    }
}

/// Every gap there is.
fn gaps() -> BTreeSet<String> {
    let (contract, shown) = (contract(), shown());
    let mut gaps = BTreeSet::new();
    for it in &contract {
        let built: Vec<_> = it.names.iter().filter(|name| row(it.door, name).is_some()).collect();
        for name in it.names.iter().filter(|name| row(it.door, name).is_none()) {
            gaps.insert(format!("not built yet: {} {name}", it.door));
        }
        let Some(name) = built.first() else { continue };
        let cases: Vec<_> = built.iter().filter_map(|name| shown.get(*name)).flatten().collect();
        let mut codes = BTreeSet::new();
        cases.iter().for_each(|it| codes_in(&it.answer, &mut codes));
        for code in it.codes.iter().filter(|it| codes.range(it.0..=it.1).next().is_none()) {
            gaps.insert(format!("code: {} {name} {code}", it.door));
        }
        for example in
            it.examples.iter().filter(|example| !cases.iter().any(|case| case.is(it.door, example)))
        {
            gaps.insert(format!("example: {} {name} {:?}", it.door, example.name));
        }
    }
    for command in commands::ALL {
        for door in [Door::Rest, Door::Socket].into_iter().filter(|door| has_door(command, *door)) {
            let name = name_of(command);
            if !contract.iter().any(|it| it.door == door && it.names.contains(&name)) {
                gaps.insert(format!("no file: {door} {name}"));
            }
            if !shown.get(&name).is_some_and(|it| it.iter().any(|it| it.door == door)) {
                gaps.insert(format!("no case: {door} {name}"));
            }
        }
    }
    let told = told();
    gaps.extend(hooks::names().filter(|it| !told.contains(*it)).map(|it| format!("no case: webhook {it}")));
    gaps
}

/// The list and what is really missing are the same, and each line tells why.
pub fn gaps_are_listed() -> Result<(), String> {
    let path = case::root().join("cases/gaps.txt");
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let listed: BTreeMap<_, _> =
        text.lines().map(|it| it.split_once(REASON).unwrap_or((it, NO_REASON))).collect();
    let gaps = gaps();
    if std::env::var_os("ACCEPT").is_some() {
        let reason = |gap: &String| match gap.starts_with("not built yet") {
            true => String::new(),
            false => format!("{REASON}{}", listed.get(&**gap).unwrap_or(&NO_REASON)),
        };
        let lines: String = gaps.iter().map(|gap| format!("{gap}{}\n", reason(gap))).collect();
        return std::fs::write(path, lines).map_err(|it| it.to_string());
    }
    let mut faults: Vec<_> = gaps
        .iter()
        .filter(|it| !listed.contains_key(&***it))
        .map(|it| format!("{it}: write a case; the list of gaps only shrinks"))
        .collect();
    let covered = listed.keys().filter(|it| !gaps.contains(**it));
    faults.extend(covered.map(|it| format!("{it}: is covered now; take it off the list")));
    let without = listed.iter().filter(|(gap, why)| **why == NO_REASON && !gap.starts_with("not built yet"));
    faults.extend(without.map(|it| format!("{}: say why", it.0)));
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
}

pub fn rates_are_the_documented_ones() -> Result<(), String> {
    for it in contract().iter().filter(|it| it.door == Door::Rest) {
        let Some(row) = row(Door::Rest, &it.names[0]) else { continue };
        let (mine, documented) = (row.rate.unwrap_or(USUAL_RATE), it.rate.unwrap_or(USUAL_RATE));
        if mine != documented {
            return Err(format!("{}: {mine} calls a second, documented are {documented}", it.names[0]));
        }
    }
    Ok(())
}

/// A folder that names no command would never be looked at by the comparison above.
pub fn cases_are_of_commands() -> Result<(), String> {
    let known: BTreeSet<_> = commands::ALL.iter().map(name_of).collect();
    let is_known = |it: &String| known.contains(it) || of_groups(it).is_some_and(|it| known.contains(&it));
    match shown().keys().find(|it| !is_known(it)) {
        Some(name) => Err(format!("cases/{name}: there is no such command")),
        None => Ok(()),
    }
}
