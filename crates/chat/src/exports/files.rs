//! The files themselves: written beside their place, made durable, then moved there.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use flate2::{Compression, write::GzEncoder};
use md5::{Digest, Md5};
use store::exports::File;

use super::Kind;
use crate::{apps::App, error::Error, zone::Zone};

/// The folder of an app's files.
pub fn folder(data: &Path, app: u32) -> PathBuf {
    data.join("msg_history").join(app.to_string())
}

/// `<SdkAppId>_<ChatType>_<YYYYMMDDHH>.gz`, and `…_<n>.gz` for the further parts of an hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileName {
    pub app: u32,
    pub kind: Kind,
    /// `YYYYMMDDHH` in the app's zone.
    pub hour: String,
    pub part: i64,
}

/// A text that names no file of ours.
#[derive(Debug, PartialEq, Eq)]
pub struct BadName;

impl FileName {
    /// Reads a name strictly: what this gives back, written again, is the same text.
    pub fn parse(text: &str) -> Result<FileName, BadName> {
        let stem = text.strip_suffix(".gz").ok_or(BadName)?;
        let parts: Vec<_> = stem.split('_').collect();
        let (app, kind, hour, part) = match *parts {
            [app, kind, hour] => (app, kind, hour, "1"),
            [app, kind, hour, part] => (app, kind, hour, part),
            _ => return Err(BadName),
        };
        let name = FileName {
            app: app.parse().map_err(|_| BadName)?,
            kind: Kind::from_name(kind).ok_or(BadName)?,
            hour: hour.to_owned(),
            part: part.parse().map_err(|_| BadName)?,
        };
        let is_hour = Zone::UTC.parse_hour(hour).is_some();
        if is_hour && name.part > 0 && name.to_string() == text { Ok(name) } else { Err(BadName) }
    }
}

impl std::fmt::Display for FileName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}_{}_{}", self.app, self.kind.name(), self.hour)?;
        if self.part > 1 {
            write!(f, "_{}", self.part)?;
        }
        f.write_str(".gz")
    }
}

/// Collects the messages of one hour of one app into files.
pub(super) struct Builder {
    folder: PathBuf,
    name: FileName,
    /// (time, seq, line)
    lines: Vec<(i64, i64, String)>,
    bytes: usize,
    files: Vec<File>,
}

impl Builder {
    pub(super) fn new(data: &Path, app: &Arc<App>, kind: Kind, hour: i64) -> Builder {
        let hour = app.state().zone.hour(hour);
        Builder {
            folder: folder(data, app.id),
            name: FileName { app: app.id, kind, hour, part: 1 },
            lines: Vec::new(),
            bytes: 0,
            files: Vec::new(),
        }
    }

    /// Bytes of text that wait to be written.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn add(&mut self, time: i64, seq: i64, line: String) {
        self.bytes += line.len();
        self.lines.push((time, seq, line));
    }

    /// Writes what waits as one complete file.
    pub(super) async fn finish_part(&mut self) -> Result<(), Error> {
        let (folder, name) = (self.folder.clone(), self.name.clone());
        let lines = std::mem::take(&mut self.lines);
        let written = tokio::task::spawn_blocking(move || write(&folder, &name, lines)).await;
        let file = written.map_err(io::Error::other).and_then(|it| it);
        self.files.push(file.map_err(|it| Error::Internal(Box::new(it)))?);
        self.name.part += 1;
        self.bytes = 0;
        Ok(())
    }

    /// Writes the rest. The files of the hour, none when there was no message.
    pub(super) async fn finish(mut self) -> Result<Vec<File>, Error> {
        if !self.lines.is_empty() {
            self.finish_part().await?;
        }
        Ok(self.files)
    }
}

fn write(folder: &Path, name: &FileName, mut lines: Vec<(i64, i64, String)>) -> io::Result<File> {
    lines.sort();
    let mut text = format!(
        "{{\"SdkAppId\":{},\"ChatType\":\"{}\",\"MsgTime\":\"{}\",\"MsgList\":[\n",
        name.app,
        name.kind.name(),
        name.hour
    );
    for (at, (_, _, line)) in lines.iter().enumerate() {
        text.push_str(line);
        text.push_str(if at + 1 < lines.len() { ",\n" } else { "\n" });
    }
    text.push_str("]}");
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(text.as_bytes())?;
    let gzip = gzip.finish()?;
    fs::create_dir_all(folder)?;
    let (path, aside) = (folder.join(name.to_string()), folder.join(format!("{name}.new")));
    let mut file = fs::File::create(&aside)?;
    file.write_all(&gzip)?;
    file.sync_all()?;
    fs::rename(&aside, &path)?;
    fs::File::open(folder)?.sync_all()?;
    Ok(File {
        part: name.part,
        size: length(text.as_bytes()),
        md5: md5(text.as_bytes()),
        gzip_size: length(&gzip),
        gzip_md5: md5(&gzip),
    })
}

fn length(bytes: &[u8]) -> i64 {
    i64::try_from(bytes.len()).unwrap_or(i64::MAX)
}

fn md5(bytes: &[u8]) -> String {
    Md5::digest(bytes).iter().map(|it| format!("{it:02x}")).collect()
}

/// Removes files of hours that began before this second.
pub(super) async fn remove_before(data: &Path, app: &Arc<App>, before: i64) -> Result<(), Error> {
    let (folder, zone) = (folder(data, app.id), app.state().zone);
    let removed = tokio::task::spawn_blocking(move || {
        let entries = match fs::read_dir(&folder) {
            Ok(it) => it,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name();
            let Some(Ok(name)) = name.to_str().map(FileName::parse) else { continue };
            if zone.parse_hour(&name.hour).is_some_and(|it| it < before) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    });
    let removed = removed.await.map_err(io::Error::other).and_then(|it| it);
    removed.map_err(|it| Error::Internal(Box::new(it)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_read_is_the_name_that_was_written() {
        for text in ["1400000000_C2C_2024060121.gz", "1_Group_2026010100_2.gz"] {
            assert_eq!(FileName::parse(text).map(|it| it.to_string()), Ok(text.to_owned()));
        }
        for text in [
            "",
            ".gz",
            "1_C2C_2024060121",
            "1_C2C_2024060121.gz.new",
            "1_C2C_2024060124.gz",
            "1_C2C_2024060121_1.gz",
            "1_C2C_2024060121_0.gz",
            "1_C2C_2024060121_-1.gz",
            "01_C2C_2024060121.gz",
            "+1_C2C_2024060121.gz",
            "1_c2c_2024060121.gz",
            "1_C2C_../../x.gz",
            "../1_C2C_2024060121.gz",
            "1_C2C_2024060121_2_3.gz",
        ] {
            assert_eq!(FileName::parse(text), Err(BadName), "{text}");
        }
    }
}
