//! Smaller pictures of uploaded ones: made when somebody asks first, all sizes at once, and kept beside the original.
//! `spec/client/transport.md` 9.
//!
//! Which sizes there are is decided here, so that nobody fills the disk with sizes. A request waits only for its own
//! picture; when too much is being made it gets the original, and so it does when a picture cannot be made smaller.

use std::{
    collections::HashMap,
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use store::{
    files::{self as table, File},
    thumbnails::{self as noted, Thumbnail},
};
use tokio::sync::watch;

use super::{
    Kind, heads,
    shrink::{Small, scaled, shrink},
};
use crate::{
    Chat,
    apps::App,
    blobs::{self, Blobs, Place},
    clock::instant,
    error::Error,
    shard,
};

/// Pictures that are being made smaller at once.
const MAKINGS_MAX: usize = 16;
/// Memory that all of them may take together. A picture that needs more is shown as it is.
const MEMORY_BYTES_MAX: u64 = 448 << 20;
/// What a pixel takes at least while it is decoded.
const PIXEL_BYTES_MIN: u64 = 4;
/// A larger picture is shown as it is. The sensors of phones have 50 million.
const PIXELS_MAX: u64 = 51_000_000;
/// A longer file is shown as it is.
const SOURCE_BYTES_MAX: u64 = 32 << 20;
/// How long a request waits for its picture.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// The sizes that there are, by the pixels of the shorter side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Size {
    Small = 198,
    Large = 720,
}

impl Size {
    /// The largest first.
    pub const ALL: [Size; 2] = [Size::Large, Size::Small];

    pub fn side(self) -> u32 {
        self as u32
    }

    /// Width and height of a picture in this size; `None` when it is no larger than that.
    fn of(self, file: &File) -> Option<(u32, u32)> {
        let sides = (u32::try_from(file.width).ok()?, u32::try_from(file.height).ok()?);
        scaled(sides, self.side())
    }
}

/// What stands for a picture in a size.
pub enum Found {
    Thumbnail {
        place: Place,
        size: u64,
        media_type: String,
    },
    Original,
    /// The original, for it could not be made now.
    OriginalForNow,
}

/// What became of requests for thumbnails since the start.
#[derive(Default)]
pub struct Numbers {
    /// Pictures that were made smaller.
    pub made: AtomicU64,
    /// Pictures that have to be shown as they are.
    pub failed: AtomicU64,
    /// Requests that got the original because too much was being made.
    pub refused: AtomicU64,
    /// Requests that got the original because it took too long.
    pub late: AtomicU64,
    /// Spent on both, by threads.
    pub micros: AtomicU64,
}

fn count(number: &AtomicU64) {
    number.fetch_add(1, Ordering::Relaxed);
}

/// What is being made now.
#[derive(Default)]
pub struct Makings {
    pub numbers: Numbers,
    running: Arc<Mutex<HashMap<String, Running>>>,
}

#[derive(Debug)]
struct Running {
    memory: u64,
    /// Closed at the end.
    end: watch::Receiver<()>,
}

/// One making; over when dropped.
#[derive(Debug)]
struct Making {
    file: String,
    running: Arc<Mutex<HashMap<String, Running>>>,
    _end: watch::Sender<()>,
}

impl Drop for Making {
    fn drop(&mut self) {
        self.running.lock().expect("no holder panics").remove(&self.file);
    }
}

impl Makings {
    /// The end of a file's making, and the making itself for who has to do it. `None` when there is no room.
    fn enter(&self, file: &File) -> Option<(watch::Receiver<()>, Option<Making>)> {
        let mut running = self.running.lock().expect("no holder panics");
        if let Some(it) = running.get(&file.id) {
            return Some((it.end.clone(), None));
        }
        let memory = 2 * file.size.unsigned_abs() + pixels(file) * PIXEL_BYTES_MIN;
        let taken = taken(&running);
        if running.len() >= MAKINGS_MAX || taken + memory > MEMORY_BYTES_MAX {
            return None;
        }
        let (sender, end) = watch::channel(());
        running.insert(file.id.clone(), Running { memory, end: end.clone() });
        let making = Making { file: file.id.clone(), running: self.running.clone(), _end: sender };
        Some((end, Some(making)))
    }

    /// Reserves as much memory as the picture needs now that its bytes are there. False when there is not so much.
    fn reserve(&self, file: &str, memory: u64) -> bool {
        let mut running = self.running.lock().expect("no holder panics");
        let taken = taken(&running);
        let Some(it) = running.get_mut(file) else { return false };
        let fits = taken - it.memory + memory <= MEMORY_BYTES_MAX;
        if fits {
            it.memory = memory;
        }
        fits
    }

    pub(super) fn has(&self, file: &str) -> bool {
        self.running.lock().expect("no holder panics").contains_key(file)
    }
}

fn taken(running: &HashMap<String, Running>) -> u64 {
    running.values().map(|it| it.memory).sum()
}

fn pixels(file: &File) -> u64 {
    file.width.unsigned_abs().saturating_mul(file.height.unsigned_abs())
}

/// The sizes in which a picture is made, the largest first; none of what is no picture, or too large a one.
fn wanted(file: &File) -> Vec<Size> {
    let is_picture = file.kind == Kind::Image as i64 && !file.format.is_empty();
    if !is_picture || pixels(file) > PIXELS_MAX || file.size.unsigned_abs() > SOURCE_BYTES_MAX {
        return Vec::new();
    }
    Size::ALL.into_iter().filter(|it| it.of(file).is_some()).collect()
}

/// Where whatever was made of a file may be.
pub(super) fn places(file: &File) -> Vec<Place> {
    let original = Place::new(file.app, &file.blob);
    original.iter().flat_map(|it| wanted(file).into_iter().map(|size| it.beside(size.side()))).collect()
}

/// Notes that all sizes of a picture are the original.
pub(super) fn note_none(tx: &mut dyn store::Tx, file: &File) -> Result<(), store::StoreError> {
    let row = |size: Size| Thumbnail {
        file: file.id.clone(),
        side: size.side().into(),
        size: 0,
        media_type: String::new(),
    };
    wanted(file).into_iter().try_for_each(|it| noted::note(tx, &row(it)))
}

async fn look(chat: &Chat, file: &File, size: Size) -> Result<Option<Thumbnail>, Error> {
    let (id, side) = (file.id.clone(), size.side().into());
    Ok(chat.db.read(move |tx| noted::find(tx, &id, side)).await?)
}

/// The sizes in which a picture is not given out as it is, as far as is known, with width and height.
pub async fn smaller(chat: &Chat, app: &App, file: &File) -> Result<Vec<(Size, (u32, u32))>, Error> {
    if !app.state().settings.files_thumbnails {
        return Ok(Vec::new());
    }
    let (id, sizes) = (file.id.clone(), wanted(file));
    let read = chat.db.read(move |tx| {
        let mut smaller = Vec::with_capacity(sizes.len());
        for size in sizes {
            if noted::find(tx, &id, size.side().into())?.is_none_or(|it| it.size > 0) {
                smaller.push(size);
            }
        }
        Ok::<_, store::StoreError>(smaller)
    });
    Ok(read.await?.into_iter().filter_map(|it| Some((it, it.of(file)?))).collect())
}

/// What stands for a file in a size; makes it when nobody has asked before.
pub async fn thumbnail(
    chat: &Arc<Chat>,
    blobs: &Arc<dyn Blobs>,
    app: &App,
    file: &File,
    size: Size,
) -> Result<Found, Error> {
    if !app.state().settings.files_thumbnails || !wanted(file).contains(&size) {
        return Ok(Found::Original);
    }
    if let Some(it) = look(chat, file, size).await? {
        return found(file, size, it);
    }
    let Some((mut end, making)) = chat.thumbnails.enter(file) else {
        count(&chat.thumbnails.numbers.refused);
        return Ok(Found::OriginalForNow);
    };
    if let Some(making) = making {
        // It goes on when whoever asked goes away: others may ask, too.
        tokio::spawn(make(chat.clone(), blobs.clone(), file.clone(), making));
    }
    if tokio::time::timeout(WAIT_MAX, end.changed()).await.is_err() {
        count(&chat.thumbnails.numbers.late);
        return Ok(Found::OriginalForNow);
    }
    match look(chat, file, size).await? {
        Some(it) => found(file, size, it),
        None => Ok(Found::OriginalForNow),
    }
}

fn found(file: &File, size: Size, it: Thumbnail) -> Result<Found, Error> {
    let original = Place::new(file.app, &file.blob);
    let original = original.ok_or_else(|| Error::Internal("the name of a blob is none".into()))?;
    Ok(match it.size {
        0 => Found::Original,
        bytes => Found::Thumbnail {
            place: original.beside(size.side()),
            size: bytes.unsigned_abs(),
            media_type: it.media_type,
        },
    })
}

/// Forgets the thumbnails of a file whose bytes somebody took away, so that they are made again.
pub async fn forget(chat: &Chat, file: &File) -> Result<(), Error> {
    let id = file.id.clone();
    Ok(chat.db.write(shard(file.app, &id), move |tx| noted::forget(tx, &id)).await?)
}

async fn make(chat: Arc<Chat>, blobs: Arc<dyn Blobs>, file: File, making: Making) {
    let done = make_all(&chat, &*blobs, &file).await;
    if let Err(error) = done {
        tracing::warn!(%error, file = %file.id, "a thumbnail could not be kept");
    }
    drop(making);
}

async fn make_all(chat: &Chat, blobs: &dyn Blobs, file: &File) -> Result<(), Error> {
    let internal = |it: io::Error| Error::Internal(Box::new(it));
    let Some(original) = Place::new(file.app, &file.blob) else { return Ok(()) };
    let read = blobs::read(blobs, &original, file.size.unsigned_abs()).await;
    let Some(bytes) = read.map_err(internal)? else { return Ok(()) };
    let numbers = &chat.thumbnails.numbers;
    let memory = 2 * bytes.len() as u64 + pixels(file) * heads::pixel_bytes(&bytes, &file.format);
    let made = if memory > MEMORY_BYTES_MAX {
        None
    } else if chat.thumbnails.reserve(&file.id, memory) {
        let started = instant();
        let made = shrunk(file, bytes, memory).await;
        let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        numbers.micros.fetch_add(micros, Ordering::Relaxed);
        made
    } else {
        count(&numbers.refused);
        return Ok(());
    };
    count(if made.is_some() { &numbers.made } else { &numbers.failed });
    let rows = keep(blobs, file, &original, made.unwrap_or_default()).await.map_err(internal)?;
    let noting = file.clone();
    let written = chat.db.write(shard(file.app, &file.id), move |tx| {
        if table::find_stored(tx, noting.app, &noting.id)?.is_none() {
            return Ok(false);
        }
        note_none(tx, &noting)?;
        rows.iter().try_for_each(|it| noted::note(tx, it))?;
        Ok::<_, store::StoreError>(true)
    });
    if !written.await? {
        // The file went meanwhile, on another node.
        for place in places(file) {
            blobs.remove(&place).await.map_err(internal)?;
        }
    }
    Ok(())
}

/// The picture in all its sizes. A panic of a decoder ends here, too.
async fn shrunk(file: &File, bytes: Vec<u8>, memory: u64) -> Option<Vec<Small>> {
    let sides: Vec<_> = wanted(file).into_iter().map(Size::side).collect();
    let (format, limits) = (file.format.clone(), (pixels(file), memory));
    let made = tokio::task::spawn_blocking(move || shrink(&bytes, &format, limits, &sides)).await;
    made.ok().flatten()
}

/// Writes what was made; what is no smaller than the original is left out.
async fn keep(
    blobs: &dyn Blobs,
    file: &File,
    original: &Place,
    made: Vec<Small>,
) -> io::Result<Vec<Thumbnail>> {
    let mut rows = Vec::with_capacity(made.len());
    for Small { side, bytes, media_type } in made {
        let Some(bytes) = bytes else { continue };
        let size = i64::try_from(bytes.len()).map_err(io::Error::other)?;
        blobs::write(blobs, &original.beside(side), bytes.into()).await?;
        let media_type = media_type.to_owned();
        rows.push(Thumbnail { file: file.id.clone(), side: side.into(), size, media_type });
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(id: usize, (width, height): (i64, i64), size: i64) -> File {
        File {
            id: id.to_string(),
            app: 1,
            owner: "alice".to_owned(),
            kind: Kind::Image as i64,
            name: "a.jpg".to_owned(),
            created_at: 0,
            upload_until: 0,
            blob: format!("{id:032x}"),
            size,
            media_type: "image/jpeg".to_owned(),
            width,
            height,
            format: "jpg".to_owned(),
        }
    }

    #[test]
    fn only_so_many_pictures_are_made_smaller_at_once() {
        let makings = Makings::default();
        let enter = |id| makings.enter(&picture(id, (300, 300), 10_000));
        let mut running: Vec<_> = (0..MAKINGS_MAX).map(|id| enter(id).expect("there is room").1).collect();
        assert!(running.iter().all(Option::is_some));
        assert!(enter(MAKINGS_MAX).is_none(), "one more");
        assert!(
            enter(0).is_some_and(|it| it.1.is_none()),
            "who asks for one that is being made waits for it"
        );
        assert!(makings.has("0"));
        running.remove(0);
        assert!(!makings.has("0"));
        assert!(enter(MAKINGS_MAX).is_some(), "one more when another is over");
    }

    #[test]
    fn they_take_only_so_much_memory() {
        let makings = Makings::default();
        // 4 bytes for each of 50 million pixels.
        let large = |id| picture(id, (10_000, 5_000), 10 << 20);
        let first = makings.enter(&large(1)).expect("there is room");
        let mut second = makings.enter(&large(2)).expect("there is room");
        assert!(makings.enter(&picture(3, (3_000, 3_000), 1 << 20)).is_none(), "38 MB more");
        assert!(makings.enter(&picture(3, (300, 300), 10_000)).is_some());
        assert!(!makings.reserve("1", MEMORY_BYTES_MAX), "two at once");
        second.1 = None;
        assert!(makings.reserve("1", MEMORY_BYTES_MAX), "alone");
        assert!(!makings.reserve("1", MEMORY_BYTES_MAX + 1), "more than there is");
        drop(first);
        assert!(!makings.reserve("1", 1), "it is over");
        assert!(makings.enter(&large(2)).is_some());
    }

    #[test]
    fn what_is_made_is_bounded() {
        let sizes = |sides, size| wanted(&picture(1, sides, size));
        assert_eq!(sizes((199, 199), 10), [Size::Small]);
        assert_eq!(sizes((721, 900), 10), Size::ALL);
        assert_eq!(sizes((10_000, 5_100), SOURCE_BYTES_MAX as i64), Size::ALL);
        for (sides, size) in
            [((198, 900), 10), ((10_000, 5_101), 10), ((721, 721), SOURCE_BYTES_MAX as i64 + 1), ((0, 0), 10)]
        {
            assert_eq!(sizes(sides, size), [], "{sides:?} {size}");
        }
        let other = File { kind: Kind::Other as i64, ..picture(1, (900, 900), 10) };
        assert_eq!(wanted(&other), []);
        let unread = File { format: String::new(), ..picture(1, (900, 900), 10) };
        assert_eq!(wanted(&unread), []);
    }
}
