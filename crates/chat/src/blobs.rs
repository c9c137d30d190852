//! Where the bytes of files are: one contract, so that they can lie in a folder or in a store of objects.
//!
//! A place is chosen by this server and never made of anything that a client sent.

mod folder;
mod spool;

use std::{fmt, io, ops::Range, pin::Pin};

use bytes::Bytes;

pub use folder::Folder;
pub use spool::Spool;

/// Bytes read in one step.
pub const STEP_BYTES: usize = 64 << 10;

/// A step that may have to wait for the disk or the network.
pub type Work<'a, T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send + 'a>>;

/// The place of one blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    app: u32,
    name: String,
}

impl Place {
    /// `name` must be one that [`crate::random::Random::name`] drew; anything else has no place.
    pub fn new(app: u32, name: &str) -> Option<Place> {
        let is_hex = name.bytes().all(|it| it.is_ascii_digit() || (b'a'..=b'f').contains(&it));
        (is_hex && name.len() == 32).then(|| Place { app, name: name.to_owned() })
    }

    /// The last part of the path.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The place of what was made of this blob, told apart by a number.
    pub fn beside(&self, number: u32) -> Place {
        Place { app: self.app, name: format!("{}-{number}", self.name) }
    }
}

/// `<app>/<2 digits>/<2 digits>/<32 digits>`, so that no folder gets too many entries. What was made of a blob lies
/// beside it, as `<32 digits>-<number>`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}/{}", self.app, &self.name[..2], &self.name[2..4], self.name)
    }
}

/// A store of blobs. What is under a place never changes.
pub trait Blobs: Send + Sync {
    /// Begins to take in a blob. It is there only after [`Writing::finish`]; dropped before, it leaves nothing.
    fn create(&self, place: &Place) -> Work<'_, Box<dyn Writing>>;

    /// These bytes of a blob; `None` when it is not there.
    fn open(&self, place: &Place, range: Range<u64>) -> Work<'_, Option<Box<dyn Reading>>>;

    /// Removes a blob; that it is not there is no error.
    fn remove(&self, place: &Place) -> Work<'_, ()>;
}

/// Reads a whole blob of this size into memory; `None` when it is not there.
pub async fn read(blobs: &dyn Blobs, place: &Place, size: u64) -> io::Result<Option<Vec<u8>>> {
    let Some(mut reading) = blobs.open(place, 0..size).await? else { return Ok(None) };
    let mut whole = Vec::with_capacity(usize::try_from(size).map_err(io::Error::other)?);
    while let Some((bytes, rest)) = reading.next().await? {
        if (whole.len() + bytes.len()) as u64 > size {
            return Err(io::Error::other("a blob is longer than was noted"));
        }
        whole.extend_from_slice(&bytes);
        reading = rest;
    }
    Ok(Some(whole))
}

/// Keeps a whole blob.
pub async fn write(blobs: &dyn Blobs, place: &Place, bytes: Bytes) -> io::Result<()> {
    let mut writing = blobs.create(place).await?;
    writing.write(bytes).await?;
    writing.finish().await
}

pub trait Writing: Send {
    fn write(&mut self, bytes: Bytes) -> Work<'_, ()>;

    /// Returns when the blob is safe.
    fn finish(self: Box<Self>) -> Work<'static, ()>;
}

pub trait Reading: Send {
    /// The next bytes, and how to go on; `None` at the end.
    fn next(self: Box<Self>) -> Work<'static, Option<(Bytes, Box<dyn Reading>)>>;
}
