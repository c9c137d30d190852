//! Links that open one file for some time, without further credentials.

use store::{StoreError, secrets};

use super::FileName;
use crate::{
    Chat,
    error::Error,
    shard,
    signed::{Shown, sign},
};

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
        let token = sign(&secret.await?, &signed_text(expires_at, &name), expires_at);
        Ok(Link { path: format!("/msg_history/{token}/{name}"), expires_at })
    }
}

/// What a link's token is a signature of.
fn signed_text(expires_at: i64, name: &str) -> String {
    format!("{expires_at:x}/{name}")
}

/// The file that a link opens: `token/name`. `None` for a link that this server did not make, or that is over.
pub async fn check(chat: &Chat, token: &str, name: &str) -> Result<Option<FileName>, StoreError> {
    let Ok(file) = FileName::parse(name) else { return Ok(None) };
    let Some(shown) = Shown::parse(token, chat.clock.now()) else { return Ok(None) };
    let Some(secret) = chat.db.read(|tx| secrets::get(tx, SECRET)).await? else { return Ok(None) };
    let is_good = shown.is_of(&secret, &signed_text(shown.until, name));
    Ok(is_good.then_some(file))
}
