//! Passwords: Argon2id in its usual text form, `$argon2id$v=19$m=…,t=…,p=…$salt$hash`.

use std::sync::Arc;

use argon2::{Algorithm, Argon2, Params, Version};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tokio::sync::Semaphore;

use super::Trouble;

/// Memory in KiB, passes and lanes: what OWASP names as the least for Argon2id.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const HASH_BYTES: usize = 32;
/// Passwords that are hashed at the same time: each takes a core and [`MEMORY_KIB`].
const AT_ONCE_MAX: usize = 2;
/// Those that wait for it; further ones are refused.
const WAITING_MAX: usize = 16;

pub(super) struct Hashing {
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Default for Hashing {
    fn default() -> Hashing {
        Hashing {
            running: Arc::new(Semaphore::new(AT_ONCE_MAX)),
            waiting: Arc::new(Semaphore::new(WAITING_MAX)),
        }
    }
}

impl Hashing {
    /// The text form of a password under a new salt.
    pub(super) async fn hash(&self, password: String, salt: String) -> Result<String, Trouble> {
        self.run(move || make(&password, salt.as_bytes())).await
    }

    /// Whether it is the password. With no text form it takes as long and is not.
    pub(super) async fn verify(&self, password: String, stored: Option<String>) -> Result<bool, Trouble> {
        self.run(move || match stored {
            Some(it) => Ok(is(&password, &it)),
            None => make(&password, &[0; 16]).map(|_| false),
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, String> + Send + 'static,
    ) -> Result<T, Trouble> {
        let _waiting = self.waiting.clone().try_acquire_owned().map_err(|_| Trouble::Busy)?;
        let running = self.running.clone().acquire_owned().await.map_err(|_| Trouble::Busy)?;
        let done = tokio::task::spawn_blocking(move || {
            let _running = running;
            work()
        });
        let done = done.await.map_err(|it| Trouble::Internal(Box::new(it)))?;
        done.map_err(|it| Trouble::Internal(it.into()))
    }
}

fn digest(password: &str, salt: &[u8], (memory, passes, lanes): (u32, u32, u32)) -> Option<[u8; HASH_BYTES]> {
    let params = Params::new(memory, passes, lanes, Some(HASH_BYTES)).ok()?;
    let mut out = [0; HASH_BYTES];
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon.hash_password_into(password.as_bytes(), salt, &mut out).ok()?;
    Some(out)
}

fn make(password: &str, salt: &[u8]) -> Result<String, String> {
    let hash = digest(password, salt, (MEMORY_KIB, PASSES, LANES));
    let hash = hash.ok_or_else(|| "a password could not be hashed".to_owned())?;
    Ok(format!(
        "$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${}${}",
        STANDARD_NO_PAD.encode(salt),
        STANDARD_NO_PAD.encode(hash)
    ))
}

/// Whether `stored` was made of this password; with the parameters that stand in it.
fn is(password: &str, stored: &str) -> bool {
    let check = || {
        let mut parts = stored.strip_prefix("$argon2id$v=19$")?.split('$');
        let mut numbers = parts.next()?.split(',');
        let mut number = |name: &str| numbers.next()?.strip_prefix(name)?.parse::<u32>().ok();
        let params = (number("m=")?, number("t=")?, number("p=")?);
        let salt = STANDARD_NO_PAD.decode(parts.next()?).ok()?;
        let expected = STANDARD_NO_PAD.decode(parts.next()?).ok()?;
        Some(is_same(&expected, &digest(password, &salt, params)?))
    };
    check().unwrap_or(false)
}

/// Compares in a time that tells nothing of where they differ.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    let tag = |it: &[u8]| {
        let mut mac = Hmac::<Sha256>::new_from_slice(b"compare").expect("any length is a key");
        mac.update(it);
        mac
    };
    tag(one).verify_slice(&tag(other).finalize().into_bytes()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_itself_is_accepted() {
        let stored = make("correct horse battery", b"0123456789abcdef").unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$"), "{stored}");
        assert!(is("correct horse battery", &stored));
        for (password, stored) in [
            ("correct horse batterY", &*stored),
            ("", &stored),
            ("correct horse battery", ""),
            ("correct horse battery", "$argon2id$v=19$m=19456,t=2,p=1$$"),
            ("correct horse battery", &stored[..stored.len() - 1]),
        ] {
            assert!(!is(password, stored), "{password:?} against {stored:?}");
        }
    }
}
