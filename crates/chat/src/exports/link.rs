//! Links that open one file for some time, without further credentials.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use store::{StoreError, secrets};

use super::FileName;
use crate::{Chat, error::Error, shard};

/// Name of the secret that signs links.
const SECRET: &str = "links";

/// What makes a link: `/msg_history/<token>/<file name>`.
pub struct Link {
    pub path: String,
    /// The Unix second at which it stops working.
    pub expires_at: i64,
}

impl Chat {
    /// A link to a file for so many seconds.
    pub async fn link(&self, file: &FileName, seconds: i64) -> Result<Link, Error> {
        let candidate = self.random.secret();
        let secret = self.db.write(shard(0, SECRET), move |tx| secrets::get_or_make(tx, SECRET, &candidate));
        let expires_at = self.clock.now() + seconds;
        let name = file.to_string();
        let tag: String =
            tag(&secret.await?, expires_at, &name).finalize().into_bytes().iter().map(hex).collect();
        Ok(Link { path: format!("/msg_history/{expires_at:x}.{tag}/{name}"), expires_at })
    }
}

fn hex(byte: &u8) -> String {
    format!("{byte:02x}")
}

fn tag(secret: &str, expires_at: i64, name: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length is a key");
    mac.update(format!("{expires_at:x}/{name}").as_bytes());
    mac
}

/// The file that a link opens: `token/name`. `None` for a link that this server did not make, or that is over.
pub async fn check(chat: &Chat, token: &str, name: &str) -> Result<Option<FileName>, StoreError> {
    let Ok(file) = FileName::parse(name) else { return Ok(None) };
    let Some((expires, given)) = token.split_once('.') else { return Ok(None) };
    let Some(expires_at) = i64::from_str_radix(expires, 16).ok().filter(|it| *it > chat.clock.now()) else {
        return Ok(None);
    };
    let digits = given.as_bytes().chunks(2).map(|it| {
        let text = std::str::from_utf8(it).ok()?;
        if it.len() == 2 { u8::from_str_radix(text, 16).ok() } else { None }
    });
    let Some(given) = digits.collect::<Option<Vec<_>>>() else { return Ok(None) };
    let Some(secret) = chat.db.read(|tx| secrets::get(tx, SECRET)).await? else { return Ok(None) };
    let is_good = tag(&secret, expires_at, name).verify_slice(&given).is_ok();
    Ok(is_good.then_some(file))
}
