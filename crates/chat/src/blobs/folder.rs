//! Blobs as files below a folder. Each is written aside, synced and renamed, so it is there whole or not at all.

use std::{
    io::{self, SeekFrom},
    ops::Range,
    path::{Path, PathBuf},
};

use bytes::{Bytes, BytesMut};
use tokio::{
    fs::{self, File},
    io::{AsyncReadExt, AsyncSeekExt},
};

use super::{Blobs, Place, Reading, STEP_BYTES, Spool, Work, Writing};

/// Below the folder: what is still being written.
const INCOMING: &str = "incoming";

pub struct Folder {
    root: PathBuf,
}

impl Folder {
    pub fn new(root: PathBuf) -> Folder {
        Folder { root }
    }

    /// Where files are while they are being written, below a folder for blobs.
    pub fn incoming(root: &Path) -> PathBuf {
        root.join(INCOMING)
    }

    /// Removes what a process that was killed left half written. Only for the start: nothing is being written.
    pub async fn tidy(root: &Path) -> io::Result<()> {
        match fs::remove_dir_all(Folder::incoming(root)).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// One file of the folder from a position on.
    pub async fn read(path: &Path, range: Range<u64>) -> io::Result<Option<Box<dyn Reading>>> {
        let mut file = match File::open(path).await {
            Ok(it) => it,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        if range.start > 0 {
            file.seek(SeekFrom::Start(range.start)).await?;
        }
        Ok(Some(Box::new(Open { file, left: range.end.saturating_sub(range.start) })))
    }
}

impl Blobs for Folder {
    fn create(&self, place: &Place) -> Work<'_, Box<dyn Writing>> {
        let (target, name) = (self.root.join(place.to_string()), place.name.clone());
        Box::pin(async move {
            let spool = Spool::create(&Folder::incoming(&self.root), &name).await?;
            Ok(Box::new(Incoming { spool, target, root: self.root.clone() }) as Box<dyn Writing>)
        })
    }

    fn open(&self, place: &Place, range: Range<u64>) -> Work<'_, Option<Box<dyn Reading>>> {
        let path = self.root.join(place.to_string());
        Box::pin(async move { Folder::read(&path, range).await })
    }

    fn remove(&self, place: &Place) -> Work<'_, ()> {
        let path = self.root.join(place.to_string());
        Box::pin(async move {
            match fs::remove_file(path).await {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            }
        })
    }
}

struct Incoming {
    spool: Spool,
    target: PathBuf,
    root: PathBuf,
}

impl Writing for Incoming {
    fn write(&mut self, bytes: Bytes) -> Work<'_, ()> {
        Box::pin(async move { self.spool.write(&bytes).await })
    }

    fn finish(mut self: Box<Self>) -> Work<'static, ()> {
        Box::pin(async move {
            self.spool.sync().await?;
            let Incoming { spool, target, root } = *self;
            let folder = target.parent().unwrap_or(&root).to_owned();
            let is_new = !fs::try_exists(&folder).await?;
            fs::create_dir_all(&folder).await?;
            spool.keep(&target).await?;
            // A new folder is an entry of the one above it, which has to be on disk too.
            let mut at = Some(&*folder);
            while let Some(it) = at {
                File::open(it).await?.sync_all().await?;
                at = if is_new && it != root { it.parent() } else { None };
            }
            Ok(())
        })
    }
}

struct Open {
    file: File,
    left: u64,
}

impl Reading for Open {
    fn next(mut self: Box<Self>) -> Work<'static, Option<(Bytes, Box<dyn Reading>)>> {
        Box::pin(async move {
            let step = usize::try_from(self.left).unwrap_or(STEP_BYTES).min(STEP_BYTES);
            if step == 0 {
                return Ok(None);
            }
            let mut buffer = BytesMut::with_capacity(step);
            let read = (&mut self.file).take(step as u64).read_buf(&mut buffer).await?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.left -= read as u64;
            Ok(Some((buffer.freeze(), self as Box<dyn Reading>)))
        })
    }
}
