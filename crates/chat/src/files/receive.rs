//! Taking in one upload. Its bytes go to the store of blobs as they come; only the head of a picture is kept.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use store::{StoreError, files as table, files::File};

use super::{Kind, heads, links, thumbnails};
use crate::{
    Chat,
    apps::App,
    blobs::{Blobs, Place, Writing},
    error::Error,
    shard,
};

/// Uploads that may run at once on one node.
const UPLOADS_MAX: usize = 256;
/// Of these, uploads of one user.
const UPLOADS_OF_ONE_MAX: usize = 16;

/// Why an upload came to nothing.
#[derive(Debug)]
pub enum Fault {
    /// The URL is wrong, was used, is in use or has ended.
    NotAllowed,
    TooLong,
    /// Too many run at once.
    Busy,
    Internal(Error),
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Fault {
        Fault::Internal(error.into())
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Fault {
        Fault::Internal(Error::Internal(Box::new(error)))
    }
}

/// Ids of files that are coming in now, with the app and the user they are of once that is known.
#[derive(Clone, Default)]
pub struct Uploads(Arc<Mutex<HashMap<String, Option<Owner>>>>);

/// App and user.
type Owner = (u32, String);

impl Uploads {
    fn enter(&self, id: &str) -> Result<Running, Fault> {
        let mut running = self.0.lock().expect("no holder panics");
        if running.contains_key(id) {
            return Err(Fault::NotAllowed);
        }
        if running.len() >= UPLOADS_MAX {
            return Err(Fault::Busy);
        }
        running.insert(id.to_owned(), None);
        Ok(Running { id: id.to_owned(), uploads: self.clone() })
    }

    /// Notes whose file it is. No user takes the place of all others.
    fn belongs_to(&self, id: &str, app: u32, owner: &str) -> Result<(), Fault> {
        let mut running = self.0.lock().expect("no holder panics");
        let owner = (app, owner.to_owned());
        if running.values().filter(|it| it.as_ref() == Some(&owner)).count() >= UPLOADS_OF_ONE_MAX {
            return Err(Fault::Busy);
        }
        running.insert(id.to_owned(), Some(owner));
        Ok(())
    }

    pub(super) fn has(&self, id: &str) -> bool {
        self.0.lock().expect("no holder panics").contains_key(id)
    }
}

/// One running upload; over when dropped.
struct Running {
    id: String,
    uploads: Uploads,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.uploads.0.lock().expect("no holder panics").remove(&self.id);
    }
}

/// An upload that may go on.
pub struct Begun {
    file: File,
    place: Place,
    bytes_max: u64,
    running: Running,
}

impl Begun {
    /// Asks whether the upload to `id` and `name` with this signature may go on, and notes that it does.
    pub async fn new(
        chat: &Chat,
        blobs: &dyn Blobs,
        app: &Arc<App>,
        (id, name, signature): (&str, &str, &str),
    ) -> Result<Begun, Fault> {
        if Place::new(app.id, id).is_none() {
            return Err(Fault::NotAllowed);
        }
        let running = chat.uploads.enter(id)?;
        let (now, app_id, id, signature) = (chat.clock.now(), app.id, id.to_owned(), signature.to_owned());
        let read = chat.db.read(move |tx| {
            let purpose = links::Purpose::Upload { app: app_id, id: &id };
            match links::is_good(tx, &purpose, &signature, now)? {
                true => table::find_promised(tx, app_id, &id),
                false => Ok(None),
            }
        });
        let promised = read.await?.filter(|it| it.name == name).ok_or(Fault::NotAllowed)?;
        chat.uploads.belongs_to(&promised.id, app.id, &promised.owner)?;
        let (id, blob) = (promised.id, chat.random.name());
        let noted = blob.clone();
        let write = chat.db.write(shard(app.id, &id), move |tx| {
            let Some(file) = table::find_promised(tx, app_id, &id)? else { return Ok(None) };
            Ok::<_, StoreError>(table::attempt(tx, &id, &noted)?.then_some(file))
        });
        let mut file = write.await?.ok_or(Fault::NotAllowed)?;
        // An attempt that ended with its process may have come as far as its place.
        if let Some(before) = Place::new(app.id, &file.blob)
            && let Err(error) = blobs.remove(&before).await
        {
            tracing::warn!(%error, place = %before, "what an upload left could not be removed");
        }
        let place = Place::new(app.id, &blob).ok_or_else(|| io::Error::other("a name of ours is no name"))?;
        file.blob = blob;
        let kind = Kind::from_number(file.kind).unwrap_or(Kind::Other);
        let bytes_max = kind.bytes_max(&app.state().settings);
        Ok(Begun { file, place, bytes_max, running })
    }

    pub fn bytes_max(&self) -> u64 {
        self.bytes_max
    }

    /// Begins to take in the bytes.
    pub async fn receive(self, blobs: &dyn Blobs) -> Result<Receiving, Fault> {
        let writing = blobs.create(&self.place).await?;
        Ok(Receiving { begun: self, writing, size: 0, head: Vec::new() })
    }
}

/// An upload whose bytes are coming. Dropped, it leaves nothing but the promise.
pub struct Receiving {
    begun: Begun,
    writing: Box<dyn Writing>,
    size: u64,
    head: Vec<u8>,
}

impl Receiving {
    pub async fn take(&mut self, bytes: Bytes) -> Result<(), Fault> {
        self.size += bytes.len() as u64;
        if self.size > self.begun.bytes_max {
            return Err(Fault::TooLong);
        }
        if self.begun.file.kind == Kind::Image as i64 {
            let room = heads::BYTES_MAX - self.head.len();
            self.head.extend_from_slice(&bytes[..bytes.len().min(room)]);
        }
        Ok(self.writing.write(bytes).await?)
    }

    /// All bytes have come: keeps the file.
    pub async fn finish(self, chat: &Chat, blobs: &dyn Blobs, media_type: String) -> Result<(), Fault> {
        let Receiving { begun: Begun { mut file, place, running, .. }, writing, size, head } = self;
        writing.finish().await?;
        file.created_at = chat.clock.now();
        file.size = i64::try_from(size).unwrap_or(i64::MAX);
        file.media_type = media_type;
        let mut is_animated = false;
        if let Some(it) = heads::read(&head) {
            (file.width, file.height, file.format) = (it.width, it.height, it.format.to_owned());
            is_animated = it.is_animated;
        }
        let key = shard(file.app, &file.id);
        let write = chat.db.write(key, move |tx| {
            let is_stored = table::store(tx, &file)?;
            if is_stored && is_animated {
                thumbnails::note_none(tx, &file)?;
            }
            Ok::<_, StoreError>(is_stored)
        });
        let stored = write.await;
        drop(running);
        // After an error nobody knows whether the file counts as stored; if it does not, its promise names the blob.
        if !stored? {
            // On another node somebody was faster.
            blobs.remove(&place).await?;
            return Err(Fault::NotAllowed);
        }
        Ok(())
    }
}
