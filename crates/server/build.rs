//! Builds the console's page with npm, if that is there and something changed, and puts what it made into the binary.
//!
//! Nothing here makes the build fail: without the page the binary has one that says how to get it.

use std::{
    env, fs,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

use flate2::{Compression, write::GzEncoder};

/// What the page is made of, below `console/`.
const SOURCES: [&str; 6] =
    ["src", "index.html", "demo.html", "package.json", "package-lock.json", "vite.config.js"];
/// Says in `console/dist` of what it was made.
const STAMP: &str = ".stamp";
/// Where the page's builder puts files whose names have a hash of their content.
const HASHED: &str = "assets/";

fn main() {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let page = root.join("../../console");
    tell("cargo::rerun-if-env-changed=MAGPIE_CONSOLE");
    tell("cargo::rerun-if-changed=build.rs");
    tell("cargo::rerun-if-changed=src/console/fallback.html");
    for it in SOURCES.iter().map(|it| page.join(it)).filter(|it| it.exists()) {
        tell(&format!("cargo::rerun-if-changed={}", it.display()));
    }
    let dist = page.join("dist");
    if let Err(why) = build(&page, &dist) {
        tell(&format!("cargo::warning=the console's page was not built: {why}"));
    }
    let mut files = Vec::new();
    collect(&dist, "", &mut files);
    if !files.iter().any(|it| it.0 == "index.html") {
        files = vec![("index.html".to_owned(), root.join("src/console/fallback.html"))];
    }
    files.sort();
    write(&files).expect("the build folder can be written to");
}

/// One line for cargo.
fn tell(line: &str) {
    _ = writeln!(std::io::stdout(), "{line}");
}

/// Makes `dist` anew if the sources changed since it was made.
fn build(page: &Path, dist: &Path) -> Result<(), String> {
    if env::var("MAGPIE_CONSOLE").is_ok_and(|it| it == "skip") {
        return Err("MAGPIE_CONSOLE=skip".to_owned());
    }
    if !page.join("package.json").exists() {
        return Err("there is no console/package.json".to_owned());
    }
    let wanted = format!("{:016x}", hash_all(page));
    if fs::read_to_string(dist.join(STAMP)).is_ok_and(|it| it == wanted) {
        return Ok(());
    }
    run(page, &["ci", "--no-audit", "--no-fund"])?;
    run(page, &["run", "build"])?;
    fs::write(dist.join(STAMP), wanted).map_err(|it| format!("console/dist cannot be written to: {it}"))
}

fn run(page: &Path, arguments: &[&str]) -> Result<(), String> {
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let ran = Command::new(npm).args(arguments).current_dir(page).output();
    let ran = ran.map_err(|it| format!("npm cannot be run ({it})"))?;
    let said = String::from_utf8_lossy(&ran.stderr).lines().next_back().unwrap_or("").to_owned();
    match ran.status.success() {
        true => Ok(()),
        false => Err(format!("npm {} failed: {said}", arguments.join(" "))),
    }
}

/// Files below a folder, by their path with `/`.
fn collect(folder: &Path, prefix: &str, files: &mut Vec<(String, PathBuf)>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        match entry.file_type() {
            Ok(it) if it.is_dir() => collect(&entry.path(), &format!("{path}/"), files),
            Ok(it) if it.is_file() && name != STAMP => files.push((path, entry.path())),
            _ => {}
        }
    }
}

fn hash_all(page: &Path) -> u64 {
    let mut files = Vec::new();
    for it in SOURCES {
        let path = page.join(it);
        match path.is_dir() {
            true => collect(&path, &format!("{it}/"), &mut files),
            false if path.exists() => files.push((it.to_owned(), path)),
            false => {}
        }
    }
    files.sort();
    files.iter().fold(hash(0, b""), |sum, (name, path)| {
        hash(hash(sum, name.as_bytes()), &fs::read(path).unwrap_or_default())
    })
}

/// FNV-1a: to see a change, not to withstand anybody.
fn hash(start: u64, bytes: &[u8]) -> u64 {
    let start = if start == 0 { 0xcbf2_9ce4_8422_2325 } else { start };
    bytes.iter().fold(start, |sum, it| (sum ^ u64::from(*it)).wrapping_mul(0x0100_0000_01b3))
}

fn kind(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or("") {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "woff" => "font/woff",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// Writes the table that `console/static_files.rs` includes, with the files beside it.
fn write(files: &[(String, PathBuf)]) -> std::io::Result<()> {
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it"));
    let mut table = "const FILES: &[File] = &[\n".to_owned();
    for (number, (path, source)) in files.iter().enumerate() {
        let bytes = fs::read(source)?;
        let mut packer = GzEncoder::new(Vec::new(), Compression::best());
        packer.write_all(&bytes)?;
        let packed = packer.finish()?;
        let (plain, gzip) = (out.join(format!("console_{number}")), out.join(format!("console_{number}.gz")));
        fs::write(&plain, &bytes)?;
        let shorter = packed.len() < bytes.len();
        if shorter {
            fs::write(&gzip, &packed)?;
        }
        let packed = match shorter {
            true => format!("Some(include_bytes!({:?}))", gzip.display().to_string()),
            false => "None".to_owned(),
        };
        table += &format!(
            "    File {{ path: {path:?}, kind: {:?}, etag: {:?}, immutable: {}, bytes: include_bytes!({:?}), gzip: {packed} }},\n",
            kind(path),
            format!("\"{:016x}\"", hash(0, &bytes)),
            path.starts_with(HASHED),
            plain.display().to_string(),
        );
    }
    table += "];\n";
    fs::write(out.join("console_files.rs"), table)
}
