//! Several processes, and one that dies. A test starts itself again as the other process.

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use super::{SCHEMA, insert, keys};
use crate::{Db, checkpoint::LogLimits, params, sqlite, testing::Folder};

const FOLDER_VARIABLE: &str = "MAGPIE_STORE_TEST_FOLDER";

fn open(folder: &Path) -> Db {
    sqlite::open(&folder.join("store.db"), SCHEMA, LogLimits::DEFAULT).unwrap()
}

/// The folder of the parent, in the child.
fn parent() -> Option<PathBuf> {
    std::env::var_os(FOLDER_VARIABLE).map(PathBuf::from)
}

struct Other {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Other {
    /// Runs one test of this program again, as the child; `sh` prepares the process.
    fn start(test: &str, folder: &Folder, sh: &str) -> Other {
        let program = std::env::current_exe().unwrap();
        let mut child = Command::new("sh")
            .args(["-c", &format!("{sh} exec \"$@\""), "sh"])
            .arg(program)
            .args([test, "--exact", "--nocapture", "--test-threads=1"])
            .env(FOLDER_VARIABLE, folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Other { child, input, output }
    }

    /// The next line that the child wrote for us.
    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        while self.output.read_line(&mut line).unwrap() > 0 {
            if let Some(ours) = line.trim_end().strip_prefix("> ") {
                return Some(ours.to_owned());
            }
            line.clear();
        }
        None
    }
}

fn say(text: &str) {
    // Whole lines, past the capture of the test harness; the parent may be gone.
    _ = writeln!(std::io::stdout(), "\n> {text}");
}

#[tokio::test]
async fn two_processes_write_one_file() {
    const EACH: i64 = 200;
    let (folder, first) = match parent() {
        Some(it) => (it, EACH),
        None => (PathBuf::new(), 0),
    };
    if first > 0 {
        let db = open(&folder);
        for k in first..first + EACH {
            db.write(0, move |tx| insert(tx, k, "child")).await.unwrap();
        }
        return;
    }
    let folder = Folder::new().unwrap();
    let db = open(folder.path());
    let mut other = Other::start("tests::processes::two_processes_write_one_file", &folder, "");
    for k in 0..EACH {
        db.write(0, move |tx| insert(tx, k, "parent")).await.unwrap();
    }
    assert!(other.child.wait().unwrap().success());
    assert_eq!(db.read(keys).await, Ok((0..2 * EACH).collect()));
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill() {
    if let Some(folder) = parent() {
        let db = open(&folder);
        let calls = |from: i64| (from..from + 20).map(|k| (k, db.write(0, move |tx| insert(tx, k, "x"))));
        for from in (0..).step_by(20) {
            for (k, call) in calls(from).collect::<Vec<_>>() {
                call.await.unwrap();
                say(&k.to_string());
            }
        }
    }
    let folder = Folder::new().unwrap();
    let mut other = Other::start("tests::processes::what_was_acknowledged_survives_a_kill", &folder, "");
    let mut acknowledged: BTreeSet<i64> = (0..500).map(|_| other.line().unwrap().parse().unwrap()).collect();
    other.child.kill().unwrap();
    other.child.wait().unwrap();
    while let Some(line) = other.line() {
        // The last line may be cut short; then the number is of one that was said before, or none.
        acknowledged.extend(line.parse::<i64>());
    }
    let found: BTreeSet<i64> = open(folder.path()).read(keys).await.unwrap().into_iter().collect();
    assert!(found.is_superset(&acknowledged), "{} of {} are there", found.len(), acknowledged.len());
    // One place after the other, nothing in between.
    assert_eq!(found.len() as i64, found.last().unwrap() + 1);
}

#[tokio::test]
async fn a_file_that_may_not_grow_fails_writes_until_it_may() {
    let write = |db: &Db, k: i64| {
        let sql = "insert into t (k, b) values ($1, $2)";
        db.write(0, move |tx| tx.exec(sql, params![k, vec![7; 50_000]]))
    };
    if let Some(folder) = parent() {
        let db = open(&folder);
        for k in 0..200 {
            match write(&db, k).await {
                Ok(_) => say(&k.to_string()),
                Err(error) => assert!(error.is_unavailable(), "{error}"),
            }
        }
        say("full");
        std::io::stdin().read_line(&mut String::new()).unwrap();
        write(&db, 1_000).await.unwrap();
        say("1000");
        return;
    }
    let folder = Folder::new().unwrap();
    // In blocks of 512 bytes; only the soft limit, and without the signal that would end the process.
    let limit = "trap '' XFSZ; ulimit -S -f 4000;";
    let mut other =
        Other::start("tests::processes::a_file_that_may_not_grow_fails_writes_until_it_may", &folder, limit);
    let mut acknowledged = Vec::new();
    while let Some(line) = other.line() {
        if line == "full" {
            let pid = other.child.id().to_string();
            let raised = Command::new("prlimit").args(["--pid", &pid, "--fsize=unlimited"]).status();
            assert!(raised.unwrap().success());
            other.input.write_all(b"\n").unwrap();
        } else {
            acknowledged.push(line.parse::<i64>().unwrap());
        }
    }
    assert!(other.child.wait().unwrap().success());
    assert!(acknowledged.len() > 5 && acknowledged.len() < 150, "{} were acknowledged", acknowledged.len());
    assert_eq!(open(folder.path()).read(keys).await, Ok(acknowledged));
}
