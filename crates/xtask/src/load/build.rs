//! Building what is measured, and this tool itself, with optimisation.

use std::{
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, ensure};

use crate::root;

/// Set in the process that was started anew, so that it does not do so again.
const MARK: &str = "XTASK_IS_RELEASE";

/// The server, built for release just now.
pub fn server() -> anyhow::Result<PathBuf> {
    build("server")?;
    Ok(target()?.join("release/magpie"))
}

/// Starts this tool anew in its release build, with the same arguments. Returns in that build.
pub fn run_in_release() -> anyhow::Result<()> {
    if std::env::var_os(MARK).is_some() {
        return Ok(());
    }
    build("xtask")?;
    let program = target()?.join("release/xtask");
    let error = Command::new(&program).args(std::env::args_os().skip(1)).env(MARK, "1").exec();
    Err(error).with_context(|| format!("cannot start {}", program.display()))
}

fn build(package: &str) -> anyhow::Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(root::find()?).args(["build", "--release", "--quiet", "--package", package]);
    let status = command.status().context("cannot start cargo")?;
    ensure!(status.success(), "cargo build --release --package {package} failed");
    Ok(())
}

/// The folder that this program was built into.
pub fn target() -> anyhow::Result<PathBuf> {
    let program = std::env::current_exe().context("this program has no path")?;
    let target = program.parent().and_then(Path::parent).context("this program is not in a target folder")?;
    Ok(target.to_owned())
}
