//! UserSig: the signed, self-contained ticket that names an app, a user and how long it lives.
//!
//! Follows `spec/concepts/usersig.md`. Times are unix seconds, lives are seconds. What needs a memory is the
//! caller's: whether the app exists (70020), the penalty minute (70050), kicks (70001) and blocks (70051).

mod envelope;
mod key;
mod payload;
mod sign;
#[cfg(test)]
mod vectors;

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::Code;

pub use envelope::{PAYLOAD_BYTES_MAX, TEXT_BYTES_MAX};
pub use key::{KeyError, PublicKey};
pub use payload::{Algorithm, Ticket};
pub use sign::{sign_ecdsa, sign_hmac};

/// What an app verifies with. Several of a kind may be valid at once, so that they can be rotated.
#[derive(Clone, Default)]
pub struct Credentials {
    /// Used as text: a secret that looks like hexadecimal digits is not decoded.
    pub hmac_secrets: Vec<String>,
    pub public_keys: Vec<PublicKey>,
}

impl fmt::Debug for Credentials {
    /// Tells how many there are; a secret has no place in a log.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (secrets, keys) = (self.hmac_secrets.len(), self.public_keys.len());
        write!(out, "Credentials({secrets} secrets, {keys} public keys)")
    }
}

/// Decodes `text` and checks that it lets `identifier` into the app `sdkappid` at second `now`.
///
/// The first failing check decides the code: 70002 empty, 70003 not decodable, 70014 another app, 70013
/// another user, 70016 no key of that kind, 70009 wrong signature, 70001 expired.
pub fn verify(
    text: &str,
    sdkappid: u32,
    identifier: &str,
    credentials: &Credentials,
    now: i64,
) -> Result<Ticket, Code> {
    let ticket = Ticket::decode(text)?;
    if ticket.sdkappid != sdkappid {
        return Err(Code::SigOtherApp);
    }
    if ticket.identifier != identifier {
        return Err(Code::SigOtherUser);
    }
    if !is_signed(&ticket, credentials)? {
        return Err(Code::SigWrong);
    }
    if ticket.is_expired(now) {
        return Err(Code::SigExpired);
    }
    Ok(ticket)
}

/// Whether one credential of the ticket's kind made its signature.
fn is_signed(ticket: &Ticket, credentials: &Credentials) -> Result<bool, Code> {
    let content = ticket.signed_content.as_bytes();
    match ticket.algorithm {
        Algorithm::HmacSha256 if credentials.hmac_secrets.is_empty() => Err(Code::SigNoKey),
        Algorithm::EcdsaSha256 if credentials.public_keys.is_empty() => Err(Code::SigNoKey),
        Algorithm::HmacSha256 => Ok(credentials
            .hmac_secrets
            .iter()
            .any(|secret| keyed(secret).chain_update(content).verify_slice(&ticket.signature).is_ok())),
        Algorithm::EcdsaSha256 => {
            Ok(credentials.public_keys.iter().any(|key| key.verifies(content, &ticket.signature)))
        }
    }
}

fn keyed(secret: &str) -> Hmac<Sha256> {
    Hmac::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length")
}

/// What a person debugging a UserSig wants to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// The JSON inside, or whatever text is there instead.
    pub payload: String,
    /// The text that the signature covers; `None` when members it needs are missing or of a wrong type.
    pub signed_content: Option<String>,
}

/// Opens a UserSig without verifying it. 70002 and 70003 as in [`verify`], but only for the envelope.
pub fn describe(text: &str) -> Result<Description, Code> {
    let payload = envelope::open(text)?;
    let signed_content = payload::Claims::read(&payload).map(|claims| claims.signed_content);
    Ok(Description { payload, signed_content })
}
