//! The root folder of the repository, wherever inside it a task is started.

use std::path::PathBuf;

use anyhow::Context;

pub fn find() -> anyhow::Result<PathBuf> {
    let here = std::env::current_dir().context("there is no current folder")?;
    let is_root = |it: &PathBuf| it.join("Cargo.toml").is_file() && it.join("crates/xtask").is_dir();
    here.ancestors().map(PathBuf::from).find(is_root).context("start this inside the repository")
}
