//! `cargo xtask autobahn`: the Autobahn test suite against the gateway's reader and writer.
//!
//! The suite runs on Python 2.7 only, which many systems have no package for: `MAGPIE_PYTHON2` names one that is not on
//! the path. `crates/server/tests/it/conformance.rs` has the same cases without it.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context, bail, ensure};
use serde::Deserialize;
use serde_json::json;

use crate::root;

/// What the server is called in the suite's reports.
const AGENT: &str = "magpie";
/// The compression that is not offered has hundreds of cases, each of which says so.
const LEFT_OUT: [&str; 2] = ["12.*", "13.*"];
/// Fewer mean that the suite did not get through.
const CASES_MIN: usize = 290;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    behavior: String,
    behavior_close: String,
}

pub fn run(mut arguments: lexopt::Parser) -> anyhow::Result<()> {
    if let Some(argument) = arguments.next()? {
        return Err(argument.unexpected().into());
    }
    let python = python().context("there is no Python 2.7; MAGPIE_PYTHON2 may name one")?;
    let root = root::find()?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let folder = target.join("test-autobahn");
    install(&python, &root, &folder)?;
    let server = Echo::start(&root, &target)?;
    let cases = measure(&python, &folder, &server.address)?;
    report(&cases)
}

/// An interpreter that works.
pub fn python() -> Option<PathBuf> {
    let named = std::env::var_os("MAGPIE_PYTHON2").map(PathBuf::from);
    let candidates = named.into_iter().chain(["python2.7", "python2"].map(PathBuf::from));
    let works = |it: &PathBuf| {
        let mut command = Command::new(it);
        command.args(["-c", "import pip, sys; assert sys.version_info[0] == 2"]);
        command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|it| it.success())
    };
    candidates.into_iter().find(works)
}

/// Once; beside the build, so that nothing is installed for the whole machine.
fn install(python: &Path, root: &Path, folder: &Path) -> anyhow::Result<()> {
    let wanted = std::fs::read_to_string(root.join("tests/websocket/requirements.txt"))?;
    let mark = folder.join("installed.txt");
    if std::fs::read_to_string(&mark).is_ok_and(|it| it == wanted) {
        return Ok(());
    }
    std::fs::create_dir_all(folder)?;
    let mut pip = Command::new(python);
    pip.args(["-m", "pip", "install", "--quiet", "--upgrade", "--target"]).arg(folder.join("packages"));
    pip.arg("--requirement").arg(root.join("tests/websocket/requirements.txt"));
    ensure!(pip.status().context("starting pip")?.success(), "the suite could not be installed");
    std::fs::write(mark, wanted)?;
    Ok(())
}

/// Runs the suite and reads what it found.
fn measure(python: &Path, folder: &Path, address: &str) -> anyhow::Result<BTreeMap<String, Case>> {
    const START: &str = "import site, sys; site.addsitedir('packages'); \
        sys.argv = ['wstest', '-m', 'fuzzingclient', '-s', 'plan.json']; \
        from autobahntestsuite.wstest import run; run()";
    let servers = json!([{ "agent": AGENT, "url": address }]);
    let plan = json!({
        "outdir": "reports", "servers": servers,
        "cases": ["*"], "exclude-cases": LEFT_OUT, "exclude-agent-cases": {},
    });
    std::fs::write(folder.join("plan.json"), plan.to_string())?;
    let reports = folder.join("reports");
    if reports.exists() {
        std::fs::remove_dir_all(&reports)?;
    }
    let mut suite = Command::new(python);
    suite.args(["-W", "ignore", "-c", START]).current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null());
    ensure!(suite.status().context("starting the suite")?.success(), "the suite failed");
    let index = std::fs::read_to_string(reports.join("index.json")).context("the suite made no report")?;
    let mut agents: BTreeMap<String, BTreeMap<String, Case>> = serde_json::from_str(&index)?;
    agents.remove(AGENT).context("the report is about somebody else")
}

fn report(cases: &BTreeMap<String, Case>) -> anyhow::Result<()> {
    let is_fine = |it: &str| matches!(it, "OK" | "NON-STRICT" | "INFORMATIONAL");
    let mut counts = BTreeMap::new();
    let mut failed = Vec::new();
    for (name, case) in cases {
        *counts.entry(&*case.behavior).or_insert(0) += 1;
        if !is_fine(&case.behavior) || !is_fine(&case.behavior_close) {
            failed.push(format!("{name}: {}, close {}", case.behavior, case.behavior_close));
        }
    }
    println!("autobahn: {} cases: {counts:?}", cases.len());
    failed.iter().for_each(|it| println!("  {it}"));
    if !failed.is_empty() {
        bail!("{} cases failed", failed.len());
    }
    ensure!(cases.len() >= CASES_MIN, "only {} cases were run", cases.len());
    Ok(())
}

/// The server under test; it ends with its standard input, so with this process at the latest.
struct Echo {
    child: Child,
    address: String,
}

impl Echo {
    fn start(root: &Path, target: &Path) -> anyhow::Result<Echo> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut build = Command::new(cargo);
        build.current_dir(root).args(["build", "--quiet", "--package", "server", "--example", "echo"]);
        ensure!(build.status().context("starting cargo")?.success(), "the echo server was not built");
        let mut command = Command::new(target.join("debug/examples/echo"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().context("starting the echo server")?;
        let output = child.stdout.take().context("it has no output")?;
        let mut address = String::new();
        BufReader::new(output).read_line(&mut address).context("the echo server says nothing")?;
        Ok(Echo { child, address: address.trim().to_owned() })
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        // Ending its input ends it.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
