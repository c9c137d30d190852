//! Files of messages: promising an upload, taking it in, finding it, forgetting it.
//! `spec/client/commands/im_cos_msg.*.yaml`, `spec/client/transport.md` 9.
//!
//! A file is a row and a blob. A promise is a row whose blob has not come; each attempt to upload writes a blob
//! of its own, whose name is noted before it is begun, so that whatever a crash leaves is found and removed.

mod collect;
mod heads;
mod links;
mod receive;
mod shrink;
mod thumbnails;

use store::{StoreError, files as table, files::File};

use proto::{Code, Fail};

use crate::{Chat, Cx, apps::App, error::Error, settings::Settings, shard, zone::SECONDS_PER_DAY};

pub use collect::UPLOAD_SECONDS_MAX;
pub use links::path_part;
pub use receive::{Begun, Fault, Receiving, Uploads};
pub use thumbnails::{Found, Makings, Size, forget as forget_thumbnails, smaller, thumbnail};

/// Longest name of a file that a client may give, in bytes.
pub const NAME_BYTES_MAX: usize = 255;
/// Promised uploads of one user that have not come.
const PROMISED_MAX: i64 = 1000;
/// How long the key that a login gives opens downloads. A client asks for none later, however long it stays.
const DOWNLOAD_KEY_SECONDS: i64 = 365 * SECONDS_PER_DAY;
/// How long the key opens downloads that a service of the operator's is given.
const SERVICE_KEY_SECONDS: i64 = 600;
const BYTES_PER_MB: u64 = 1 << 20;

/// What a file is, with its number on the wire and in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i64)]
pub enum Kind {
    Image = 1,
    Video = 2,
    Audio = 3,
    Other = 255,
}

impl Kind {
    pub fn from_number(number: i64) -> Option<Kind> {
        [Kind::Image, Kind::Video, Kind::Audio, Kind::Other].into_iter().find(|it| *it as i64 == number)
    }

    /// Its name in the setting `files.max_mb`.
    fn name(self) -> &'static str {
        match self {
            Kind::Image => "image",
            Kind::Video => "video",
            Kind::Audio => "audio",
            Kind::Other => "file",
        }
    }

    fn bytes_max(self, settings: &Settings) -> u64 {
        u64::from(mb_max(settings, self)) * BYTES_PER_MB
    }
}

/// The greatest size of a file of a kind, in megabytes. A kind that the setting leaves out has its default.
pub fn mb_max(settings: &Settings, kind: Kind) -> u32 {
    let usual = || Settings::default().files_max_mb.get(kind.name()).copied().unwrap_or_default();
    settings.files_max_mb.get(kind.name()).copied().unwrap_or_else(usual)
}

/// A file that a client is about to upload.
pub struct Wanted {
    pub kind: Kind,
    /// As the client calls it.
    pub name: String,
}

/// What the URLs of a promised file are made of.
pub struct Promise {
    /// `<app>/<id>/<name>`, for a URL.
    pub path: String,
    /// What an upload has to show in its query besides.
    pub signature: String,
    /// The Unix second until which it may begin.
    pub until: i64,
}

/// Promises uploads that must begin within so many seconds, `files.upload_url_seconds` at most.
pub async fn promise(
    cx: &Cx,
    user: &str,
    wanted: Vec<Wanted>,
    seconds: Option<i64>,
) -> Result<Vec<Promise>, Error> {
    let most = cx.app.state().settings.files_upload_url_seconds;
    let (app, now) = (cx.app.id, cx.chat.clock.now());
    let until = now + seconds.filter(|it| *it > 0).map_or(most, |it| it.min(most));
    let rows: Vec<_> = wanted
        .into_iter()
        .map(|it| File {
            id: cx.chat.random.name(),
            app,
            owner: user.to_owned(),
            kind: it.kind as i64,
            name: links::plain_name(&it.name),
            created_at: now,
            upload_until: until,
            blob: String::new(),
            size: 0,
            media_type: String::new(),
            width: 0,
            height: 0,
            format: String::new(),
        })
        .collect();
    let (candidate, owner) = (cx.chat.random.secret(), user.to_owned());
    let written = cx.chat.db.write(shard(app, user), move |tx| {
        if table::promised(tx, app, &owner)? + rows.len() as i64 > PROMISED_MAX {
            let info = format!("over {PROMISED_MAX} uploads are waited for");
            return Err(Error::from(Fail::with(Code::Overloaded, info)));
        }
        let mut promises = Vec::with_capacity(rows.len());
        for it in &rows {
            table::promise(tx, it)?;
            let purpose = links::Purpose::Upload { app, id: &it.id };
            promises.push(Promise {
                path: path(it),
                signature: links::sign(tx, &candidate, &purpose, until)?,
                until,
            });
        }
        Ok(promises)
    });
    written.await
}

/// `<app>/<id>/<name>`, for a URL.
fn path(it: &File) -> String {
    format!("{}/{}/{}", it.app, it.id, path_part(&it.name))
}

/// The second from which stored files of an app are there; 0 when they are kept for ever.
fn kept_since(settings: &Settings, now: i64) -> i64 {
    let days = match settings.files_keep_days {
        0 => settings.messages_history_days,
        days => days,
    };
    if days == 0 { 0 } else { now - days * SECONDS_PER_DAY }
}

/// The stored file of this id that is still kept.
pub async fn find(chat: &Chat, app: &App, id: &str) -> Result<Option<File>, StoreError> {
    // Whatever else was asked for is not there, and need not be looked for.
    if crate::blobs::Place::new(app.id, id).is_none() {
        return Ok(None);
    }
    let since = kept_since(&app.state().settings, chat.clock.now());
    let (app, id) = (app.id, id.to_owned());
    let found = chat.db.read(move |tx| table::find_stored(tx, app, &id)).await?;
    Ok(found.filter(|it| it.created_at >= since))
}

/// The key that downloads of an app need for now; empty when they need none.
pub async fn download_key(cx: &Cx) -> Result<String, Error> {
    download_key_for(cx, DOWNLOAD_KEY_SECONDS).await
}

/// The same, good for so many seconds.
async fn download_key_for(cx: &Cx, seconds: i64) -> Result<String, Error> {
    if !cx.app.state().settings.files_download_auth {
        return Ok(String::new());
    }
    let (app, until) = (cx.app.id, cx.chat.clock.now() + seconds);
    let candidate = cx.chat.random.secret();
    let signed =
        cx.chat.db.write(0, move |tx| links::sign(tx, &candidate, &links::Purpose::Downloads { app }, until));
    Ok(signed.await?)
}

/// `<app>/<id>/<name>`, for a URL that a service of the operator's is given, with the key that it needs for now.
pub async fn path_for_service(cx: &Cx, file: &File) -> Result<String, Error> {
    let path = path(file);
    Ok(match &*download_key_for(cx, SERVICE_KEY_SECONDS).await? {
        "" => path,
        key => format!("{path}?authKey={key}"),
    })
}

/// Whether a download may go on that shows this key.
pub async fn may_download(chat: &Chat, app: &App, key: &str) -> Result<bool, StoreError> {
    if !app.state().settings.files_download_auth {
        return Ok(true);
    }
    let (app, key, now) = (app.id, key.to_owned(), chat.clock.now());
    chat.db.read(move |tx| links::is_good(tx, &links::Purpose::Downloads { app }, &key, now)).await
}
