//! Forgetting files: uploads that never came, and files that are kept no longer.

use store::{
    files::{self as table, File},
    thumbnails as noted,
};

use super::{kept_since, thumbnails};
use crate::{
    Chat,
    blobs::{Blobs, Place},
    error::Error,
    shard,
};

/// No upload takes longer. Seconds.
pub const UPLOAD_SECONDS_MAX: i64 = 3600;
/// Files forgotten in one step, and steps of one run.
const STEP: i64 = 100;
const STEPS_MAX: usize = 50;

impl Chat {
    /// Removes uploads that never came and files that are kept no longer. Called from time to time; returns how
    /// many went.
    pub async fn collect_files(&self, blobs: &dyn Blobs) -> Result<usize, Error> {
        let mut gone = 0;
        for _ in 0..STEPS_MAX {
            match self.collect_step(blobs).await? {
                0 => break,
                step => gone += step,
            }
        }
        Ok(gone)
    }

    async fn collect_step(&self, blobs: &dyn Blobs) -> Result<usize, Error> {
        let now = self.clock.now();
        let before = now - UPLOAD_SECONDS_MAX;
        let mut old = self.db.read(move |tx| table::unfinished(tx, before, STEP)).await?;
        for app in self.apps.all() {
            let since = kept_since(&app.state().settings, now);
            if since > 0 {
                let id = app.id;
                old.extend(self.db.read(move |tx| table::stored_before(tx, id, since, STEP)).await?);
            }
        }
        // The next run finds what is in use now.
        old.retain(|it| !self.uploads.has(&it.id) && !self.thumbnails.has(&it.id));
        for it in &old {
            self.forget_file(blobs, it).await?;
        }
        Ok(old.len())
    }

    /// The blob goes first: a row without one is found again, a blob without a row never.
    async fn forget_file(&self, blobs: &dyn Blobs, it: &File) -> Result<(), Error> {
        if let Some(place) = Place::new(it.app, &it.blob) {
            for place in thumbnails::places(it).into_iter().chain([place]) {
                blobs.remove(&place).await.map_err(|it| Error::Internal(Box::new(it)))?;
            }
        }
        let id = it.id.clone();
        let written = self.db.write(shard(it.app, &id), move |tx| {
            noted::forget(tx, &id)?;
            table::forget(tx, &id)
        });
        Ok(written.await?)
    }
}
