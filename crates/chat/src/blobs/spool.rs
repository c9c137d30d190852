//! A file that is being written and goes away unless it is kept.

use std::{
    io,
    path::{Path, PathBuf},
};

use tokio::{
    fs::File,
    io::{AsyncWriteExt, BufWriter},
};

/// Bytes that are gathered for one write.
const GATHERED_BYTES: usize = 128 << 10;

pub struct Spool {
    file: BufWriter<File>,
    path: PathBuf,
    is_kept: bool,
}

impl Spool {
    /// A new file of this name in `folder`, which is made when it is not there.
    pub async fn create(folder: &Path, name: &str) -> io::Result<Spool> {
        tokio::fs::create_dir_all(folder).await?;
        let path = folder.join(name);
        let file = File::options().read(true).write(true).create_new(true).open(&path).await?;
        let file = BufWriter::with_capacity(GATHERED_BYTES, file);
        Ok(Spool { file, path, is_kept: false })
    }

    pub async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes).await
    }

    /// Returns when who opens the file can read everything written.
    pub async fn flush(&mut self) -> io::Result<()> {
        self.file.flush().await
    }

    /// Returns when everything written is on disk.
    pub async fn sync(&mut self) -> io::Result<()> {
        self.file.flush().await?;
        self.file.get_ref().sync_all().await
    }

    /// Moves the synced file to where it stays.
    pub async fn keep(mut self, target: &Path) -> io::Result<()> {
        tokio::fs::rename(&self.path, target).await?;
        self.is_kept = true;
        Ok(())
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        if !self.is_kept {
            // What cannot be removed now is removed at the next start.
            _ = std::fs::remove_file(&self.path);
        }
    }
}
