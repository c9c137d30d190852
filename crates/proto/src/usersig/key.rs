//! The key pairs of the old kind of UserSig, on either of the two curves found in the field.

use std::fmt;

use k256::pkcs8::DecodePublicKey;
use p256::ecdsa::signature::{Signer, Verifier};

/// Private keys made by common tools come with a block of curve parameters in front.
const SEC1_OPENING: &str = "-----BEGIN EC PRIVATE KEY-----";

/// Why a PEM text cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    NotPublic,
    NotPrivate,
}

impl fmt::Display for KeyError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            KeyError::NotPublic => "not a PEM PUBLIC KEY on the curve secp256k1 or prime256v1",
            KeyError::NotPrivate => {
                "not a PEM PRIVATE KEY or EC PRIVATE KEY on the curve secp256k1 or prime256v1"
            }
        })
    }
}

impl std::error::Error for KeyError {}

/// A public key; the key itself says which curve it is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey(Curve<k256::ecdsa::VerifyingKey, p256::ecdsa::VerifyingKey>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Curve<K, P> {
    Secp256k1(K),
    P256(P),
}

impl PublicKey {
    /// Reads a SubjectPublicKeyInfo PEM (`PUBLIC KEY`).
    pub fn from_pem(pem: &str) -> Result<PublicKey, KeyError> {
        let pem = pem.trim();
        if let Ok(key) = k256::ecdsa::VerifyingKey::from_public_key_pem(pem) {
            return Ok(PublicKey(Curve::Secp256k1(key)));
        }
        let key = p256::ecdsa::VerifyingKey::from_public_key_pem(pem).map_err(|_| KeyError::NotPublic)?;
        Ok(PublicKey(Curve::P256(key)))
    }

    /// Whether `der` is a signature of `content`. Both values of `s` count: real generators make either.
    pub(super) fn verifies(&self, content: &[u8], der: &[u8]) -> bool {
        match &self.0 {
            Curve::Secp256k1(key) => k256::ecdsa::Signature::from_der(der)
                .is_ok_and(|signature| key.verify(content, &signature.normalize_s()).is_ok()),
            Curve::P256(key) => p256::ecdsa::Signature::from_der(der)
                .is_ok_and(|signature| key.verify(content, &signature.normalize_s()).is_ok()),
        }
    }
}

/// The DER signature of `content` by a PKCS#8 or SEC1 key. The same content always gives the same signature.
pub(super) fn sign(private_pem: &str, content: &[u8]) -> Result<Vec<u8>, KeyError> {
    let pem = &private_pem[private_pem.find(SEC1_OPENING).unwrap_or(0)..];
    let pem = pem.trim();
    if let Ok(secret) = k256::SecretKey::from_pem(pem) {
        let signature: k256::ecdsa::Signature = k256::ecdsa::SigningKey::from(secret).sign(content);
        return Ok(signature.to_der().as_bytes().to_vec());
    }
    let secret = p256::SecretKey::from_pem(pem).map_err(|_| KeyError::NotPrivate)?;
    let signature: p256::ecdsa::Signature = p256::ecdsa::SigningKey::from(secret).sign(content);
    Ok(signature.to_der().as_bytes().to_vec())
}
