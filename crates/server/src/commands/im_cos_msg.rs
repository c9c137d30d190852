//! Uploads of clients: who asks is told by the UserSig of each request, not by a login.

pub mod get_final_ip;
pub mod get_imageinfo;
pub mod pre_sig;
pub mod simple_sig;
pub mod video_cover;

use chat::{
    Cx,
    error::Error,
    files::{self, Kind, Promise, Wanted},
    login,
};
use proto::{Code, Fail};

use crate::{
    files::{DOWNLOAD, SIGNATURE, UPLOAD, base_url},
    gateway::Link,
};

/// Checks who asks, and that the app has files.
async fn admit(cx: &Cx, link: &Link) -> Result<(), Error> {
    login::vouch(&cx.chat, &cx.app, &link.identifier, &link.usersig).await?;
    if !cx.app.state().settings.files_enabled {
        return Err(Code::FeatureOff.into());
    }
    Ok(())
}

/// A file as a client announces it, by the names of its fields.
fn wanted((kind, kind_field): (i64, &str), (name, name_field): (String, &str)) -> Result<Wanted, Fail> {
    let bad = |info: String| Fail::with(Code::MsgInvalid, info);
    let kind = Kind::from_number(kind).ok_or_else(|| bad(format!("{kind_field} must be 1, 2, 3 or 255")))?;
    if name.is_empty() || name.len() > files::NAME_BYTES_MAX {
        return Err(bad(format!("{name_field} must have 1 to {} bytes", files::NAME_BYTES_MAX)));
    }
    Ok(Wanted { kind, name })
}

/// The URLs of a promised file.
struct Urls {
    upload: String,
    download: String,
}

fn urls(cx: &Cx, link: &Link, it: &Promise) -> Urls {
    let state = cx.app.state();
    let base = base_url(&state.settings, &link.connection.opening.base_url);
    let (path, signature) = (&it.path, &it.signature);
    Urls {
        upload: format!("{base}{UPLOAD}{path}?{SIGNATURE}={signature}"),
        download: format!("{base}{DOWNLOAD}{path}"),
    }
}
