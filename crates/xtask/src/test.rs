//! `cargo xtask test`: everything that has to be green, with all the set-up that it needs.
//!
//! What a machine lacks (Node, Chromium, PostgreSQL, Python) is said plainly and skipped; with `CI` set it is a failure,
//! so that nothing is skipped there unseen.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context, bail};
use lexopt::Arg;

use crate::{autobahn, root};

/// One part of the whole.
struct Step {
    name: &'static str,
    run: fn(&Places) -> anyhow::Result<Outcome>,
}

enum Outcome {
    Passed,
    /// The machine lacks this.
    Skipped(&'static str),
    /// The machine lacks this, and another step has the same tests without it.
    Covered(&'static str),
}

struct Places {
    root: PathBuf,
    /// The release binary under test.
    binary: PathBuf,
    /// Python packages of the tests.
    venv: PathBuf,
}

/// In the order in which a mistake is cheapest to find.
const STEPS: &[Step] = &[
    Step { name: "format", run: |it| cargo(it, &["fmt", "--all", "--check"]) },
    Step { name: "tidy", run: |it| cargo(it, &["xtask", "tidy"]) },
    Step {
        name: "clippy",
        run: |it| cargo(it, &["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"]),
    },
    Step {
        name: "postgres",
        run: |_| needs(postgres().is_some(), "no PostgreSQL binaries: one engine is not tested"),
    },
    Step { name: "unit", run: |it| cargo(it, &["test", "--workspace", "--quiet"]) },
    Step { name: "websocket", run: websocket },
    Step { name: "build", run: |it| cargo(it, &["build", "--release", "--quiet", "--package", "server"]) },
    Step { name: "demo", run: demo },
    Step { name: "sdk", run: sdk },
    Step { name: "console", run: console },
    Step { name: "uikit", run: uikit },
    Step { name: "openapi", run: openapi },
    Step { name: "crash", run: |it| crash(it, &[]) },
    Step { name: "mixed", run: |it| crash(it, &["--mixed", "--rounds", "12"]) },
    Step { name: "webhooks", run: |it| crash(it, &["--webhooks", "--rounds", "8"]) },
];

pub fn run(mut arguments: lexopt::Parser) -> anyhow::Result<()> {
    let mut only = Vec::new();
    while let Some(argument) = arguments.next()? {
        match argument {
            Arg::Value(name) => only.push(name.into_string().ok().context("a step's name is plain text")?),
            Arg::Short('h') | Arg::Long("help") => {
                println!("cargo xtask test [STEP…]\n\nsteps, all by default:");
                STEPS.iter().for_each(|it| println!("  {}", it.name));
                return Ok(());
            }
            other => return Err(other.unexpected().into()),
        }
    }
    if let Some(unknown) = only.iter().find(|it| STEPS.iter().all(|step| step.name != **it)) {
        bail!("there is no step {unknown:?}");
    }
    let root = root::find()?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let places = Places { binary: target.join("release/magpie"), venv: target.join("test-python"), root };
    let steps = STEPS.iter().filter(|it| only.is_empty() || only.iter().any(|name| name == it.name));
    report(steps.map(|step| (step.name, timed(step, &places))).collect())
}

type Done = (anyhow::Result<Outcome>, f64);

fn timed(step: &Step, places: &Places) -> Done {
    println!("── {}", step.name);
    let started = Instant::now();
    let outcome = (step.run)(places);
    if let Err(error) = &outcome {
        println!("── {} failed: {error:#}", step.name);
    }
    (outcome, started.elapsed().as_secs_f64())
}

fn report(done: Vec<(&'static str, Done)>) -> anyhow::Result<()> {
    let in_ci = std::env::var_os("CI").is_some();
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    println!();
    for (name, (outcome, seconds)) in done {
        let said = match outcome {
            Ok(Outcome::Passed) => {
                passed += 1;
                "passed".to_owned()
            }
            Ok(Outcome::Covered(why)) => {
                skipped += 1;
                format!("skipped: {why}")
            }
            Ok(Outcome::Skipped(why)) if in_ci => {
                failed += 1;
                format!("FAILED: {why}")
            }
            Ok(Outcome::Skipped(why)) => {
                skipped += 1;
                format!("skipped: {why}")
            }
            Err(error) => {
                failed += 1;
                format!("FAILED: {error:#}")
            }
        };
        println!("{name:<10} {seconds:>6.1} s  {said}");
    }
    println!("\n{passed} passed, {failed} failed, {skipped} skipped");
    if failed > 0 { bail!("not green") } else { Ok(()) }
}

fn needs(there: bool, what: &'static str) -> anyhow::Result<Outcome> {
    Ok(if there { Outcome::Passed } else { Outcome::Skipped(what) })
}

fn execute(command: &mut Command) -> anyhow::Result<Outcome> {
    let status = command.stdin(Stdio::null()).status().with_context(|| format!("starting {command:?}"))?;
    if status.success() { Ok(Outcome::Passed) } else { bail!("{status}") }
}

fn cargo(places: &Places, arguments: &[&str]) -> anyhow::Result<Outcome> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    execute(Command::new(cargo).args(arguments).current_dir(&places.root))
}

fn found(program: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).any(|it| it.join(program).is_file())
}

fn postgres() -> Option<PathBuf> {
    if found("postgres") && found("initdb") {
        return Some("postgres".into());
    }
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    versions.flatten().map(|it| it.path().join("bin/postgres")).find(|it| it.is_file())
}

/// The Autobahn test suite, where there is the old Python that it needs.
fn websocket(places: &Places) -> anyhow::Result<Outcome> {
    if autobahn::python().is_none() {
        return Ok(Outcome::Covered("no Python 2.7 for the Autobahn suite; step unit has its cases"));
    }
    cargo(places, &["xtask", "autobahn"])
}

/// The README's first command, in an empty folder.
fn demo(places: &Places) -> anyhow::Result<Outcome> {
    let folder = Folder::new("demo")?;
    execute(
        Command::new(&places.binary)
            .args(["demo", "--once", "--listen", "127.0.0.1:0"])
            .current_dir(&folder.0),
    )
}

/// The vendor's SDKs and UserSig generators.
fn sdk(places: &Places) -> anyhow::Result<Outcome> {
    if !found("node") || !found("npm") {
        return Ok(Outcome::Skipped("no Node: the Web SDK is not tested"));
    }
    let folder = places.root.join("tests/sdk");
    npm(&folder, &["ci", "--no-audit", "--no-fund"])?;
    let mut test = Command::new("npm");
    test.arg("test").current_dir(&folder).env("MAGPIE_BIN", &places.binary);
    match python(places)? {
        Some(python) => {
            let requirements = places.root.join("tests/generators/requirements.txt");
            install(&python, &requirements)?;
            test.env("MAGPIE_PYTHON", python);
        }
        None => println!("skipped: no Python: its UserSig generator is not tested"),
    }
    execute(&mut test)
}

/// What of the console's page can be tested without a browser, and with one its use and the demo's page.
fn console(places: &Places) -> anyhow::Result<Outcome> {
    if !found("node") {
        return Ok(Outcome::Skipped("no Node: the console's page is not tested"));
    }
    for page in ["index.html", "demo.html"] {
        if !places.root.join("console/dist").join(page).is_file() {
            bail!("the build made no console/dist/{page}");
        }
    }
    let mut test = Command::new("node");
    test.args(["--test", "--test-timeout=90000", "tests/console/console.test.mjs"]).current_dir(&places.root);
    if found("npm") && chromium() {
        npm(&places.root.join("tests/browser"), &["ci", "--no-audit", "--no-fund"])?;
        test.args([
            "tests/console/demo.test.mjs",
            "tests/console/hour.test.mjs",
            "tests/console/roles.test.mjs",
            "tests/console/works.test.mjs",
            "tests/console/access.test.mjs",
        ]);
        test.env("MAGPIE_BIN", &places.binary);
    } else {
        println!("skipped: no Chromium: the pages themselves are not tested");
    }
    execute(&mut test)
}

/// The vendor's chat page in two headless browsers.
fn uikit(places: &Places) -> anyhow::Result<Outcome> {
    if !found("node") || !found("npm") {
        return Ok(Outcome::Skipped("no Node: the vendor's chat page is not tested"));
    }
    if !chromium() {
        return Ok(Outcome::Skipped("no Chromium: the vendor's chat page is not tested"));
    }
    let page = places.root.join("examples/uikit");
    npm(&page, &["ci", "--no-audit", "--no-fund"])?;
    npm(&page, &["run", "build"])?;
    npm(&places.root.join("tests/browser"), &["ci", "--no-audit", "--no-fund"])?;
    let mut test = Command::new("node");
    test.args(["--test", "--test-timeout=90000", "tests/uikit/uikit.test.mjs"]).current_dir(&places.root);
    execute(test.env("MAGPIE_BIN", &places.binary))
}

/// The browser of the tests, found as `tests/browser/chromium.mjs` does.
fn chromium() -> bool {
    let path = std::env::var_os("MAGPIE_CHROMIUM").map_or_else(|| "/usr/bin/chromium".into(), PathBuf::from);
    path.is_file()
}

fn npm(folder: &Path, arguments: &[&str]) -> anyhow::Result<()> {
    execute(Command::new("npm").args(arguments).current_dir(folder)).map(drop)
}

/// Schemathesis throws what the OpenAPI document allows, and what it does not, at the server.
fn openapi(places: &Places) -> anyhow::Result<Outcome> {
    let Some(python) = python(places)? else {
        return Ok(Outcome::Skipped("no Python: the API is not fuzzed"));
    };
    let folder = places.root.join("tests/openapi");
    install(&python, &folder.join("requirements.txt"))?;
    execute(Command::new(&python).arg(folder.join("run.py")).arg(&places.binary))
}

/// An interpreter of our own, so that nothing is installed for the whole machine.
fn python(places: &Places) -> anyhow::Result<Option<PathBuf>> {
    let python = places.venv.join("bin/python");
    if python.is_file() {
        return Ok(Some(python));
    }
    if !found("python3") {
        return Ok(None);
    }
    execute(Command::new("python3").args(["-m", "venv"]).arg(&places.venv))?;
    Ok(Some(python))
}

fn install(python: &Path, requirements: &Path) -> anyhow::Result<()> {
    let mut pip = Command::new(python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"])
        .arg(requirements);
    execute(&mut pip).map(drop)
}

/// Kills the server again and again and looks for what it had acknowledged.
fn crash(places: &Places, more: &[&str]) -> anyhow::Result<Outcome> {
    let this = std::env::current_exe()?;
    execute(
        Command::new(this)
            .arg("crash")
            .arg("--binary")
            .arg(&places.binary)
            .args(more)
            .current_dir(&places.root),
    )
}

/// A folder that is removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> anyhow::Result<Folder> {
        let path = std::env::temp_dir().join(format!("magpie-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).with_context(|| format!("making {}", path.display()))?;
        Ok(Folder(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        _ = std::fs::remove_dir_all(&self.0);
    }
}
