//! `cargo xtask tidy`: the rules of `docs/STYLE.md` that a program can check and no linter knows.
//!
//! Prints each finding as `file:line: message`; any finding makes the task fail.

use std::path::Path;

use anyhow::{Context, bail};

use crate::root;
use source::Source;

mod rules;
mod source;
#[cfg(test)]
mod tests;

/// Something to put right.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    path: String,
    line: usize,
    message: String,
}

/// A text file: its path from the root, with `/` on every system, and what is in it.
struct File {
    path: String,
    text: String,
}

pub fn run(mut arguments: lexopt::Parser) -> anyhow::Result<()> {
    if let Some(argument) = arguments.next()? {
        return Err(argument.unexpected().into());
    }
    let root = root::find()?;
    let mut files = Vec::new();
    for (folder, ending) in [("crates", "rs"), ("crates", "html"), ("cases", "json")] {
        read(&root, folder, ending, &mut files)?;
    }
    let findings = check(&files, &|path| root.join(path).is_file());
    for Finding { path, line, message } in &findings {
        println!("{path}:{line}: {message}");
    }
    match findings.len() {
        0 => Ok(()),
        number => bail!("{number} findings"),
    }
}

/// Everything there is to say about these files. `exists` tells whether a path from the root is a file.
fn check(files: &[File], exists: &dyn Fn(&str) -> bool) -> Vec<Finding> {
    let ending = |wanted| files.iter().filter(move |it| it.path.rsplit('.').next() == Some(wanted));
    let sources: Vec<_> = ending("rs").map(Source::new).collect();
    let mut findings = Vec::new();
    for source in &sources {
        rules::file_length(source, &mut findings);
        rules::function_length(source, &mut findings);
        rules::specification(source, exists, &mut findings);
        rules::sql(source, &mut findings);
        rules::time_and_chance(source, &mut findings);
        rules::printing(source, &mut findings);
    }
    rules::dialects(&sources, &mut findings);
    ending("json").for_each(|it| rules::nulls(it, &mut findings));
    ending("html").for_each(|it| rules::pages(it, &mut findings));
    findings.sort();
    findings
}

/// Reads the files below `folder` whose names end in `ending`, in the order of their paths.
fn read(root: &Path, folder: &str, ending: &str, files: &mut Vec<File>) -> anyhow::Result<()> {
    let reading = || format!("cannot read {folder}");
    let mut entries: Vec<_> =
        std::fs::read_dir(root.join(folder)).and_then(Iterator::collect).with_context(reading)?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.file_type().with_context(reading)?.is_dir() {
            if entry.file_name() != "target" {
                read(root, &path, ending, files)?;
            }
        } else if Path::new(&path).extension().is_some_and(|it| it == ending) {
            let text =
                std::fs::read_to_string(root.join(&path)).with_context(|| format!("cannot read {path}"))?;
            files.push(File { path, text });
        }
    }
    Ok(())
}
