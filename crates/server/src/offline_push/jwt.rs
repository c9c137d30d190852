//! Signed JSON Web Tokens, as push services want them: ES256 and RS256.

use anyhow::{Context, anyhow, ensure};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use rustls::{
    SignatureScheme,
    crypto::ring::sign::any_supported_type,
    pki_types::{PrivateKeyDer, pem::PemObject},
};
use serde_json::{Value, json};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Es256,
    Rs256,
}

impl Algorithm {
    fn name(self) -> &'static str {
        match self {
            Algorithm::Es256 => "ES256",
            Algorithm::Rs256 => "RS256",
        }
    }

    fn scheme(self) -> SignatureScheme {
        match self {
            Algorithm::Es256 => SignatureScheme::ECDSA_NISTP256_SHA256,
            Algorithm::Rs256 => SignatureScheme::RSA_PKCS1_SHA256,
        }
    }
}

/// A token with these claims; `key` is PEM, `key_id` goes into its head.
pub(super) fn sign(algorithm: Algorithm, key: &str, key_id: &str, claims: &Value) -> anyhow::Result<String> {
    let head = json!({"alg": algorithm.name(), "kid": key_id, "typ": "JWT"});
    let part = |it: &Value| BASE64_URL_SAFE_NO_PAD.encode(it.to_string());
    let signed = format!("{}.{}", part(&head), part(claims));
    let signature = signature(algorithm, key, signed.as_bytes())?;
    Ok(format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature)))
}

/// Whether tokens can be signed with this key.
pub(super) fn check(algorithm: Algorithm, key: &str) -> anyhow::Result<()> {
    signature(algorithm, key, b"").map(drop)
}

// Errors name what is wrong and never show the key.
fn signature(algorithm: Algorithm, key: &str, text: &[u8]) -> anyhow::Result<Vec<u8>> {
    let der =
        PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|_| anyhow!("it is no private key in PEM"))?;
    let key = any_supported_type(&der).map_err(|_| anyhow!("it is a private key of another kind"))?;
    let signer = key.choose_scheme(&[algorithm.scheme()]);
    let signer = signer.with_context(|| format!("the key does not sign {}", algorithm.name()))?;
    let signature = signer.sign(text).map_err(|_| anyhow!("the key does not sign"))?;
    match algorithm {
        Algorithm::Rs256 => Ok(signature),
        Algorithm::Es256 => fixed(&signature),
    }
}

/// Bytes of each of the two numbers of an ES256 signature.
const NUMBER_BYTES: usize = 32;

/// An ECDSA signature, a DER sequence of two integers, as the two numbers side by side.
fn fixed(der: &[u8]) -> anyhow::Result<Vec<u8>> {
    let [0x30, length, rest @ ..] = der else { return Err(anyhow!("a signature is no sequence")) };
    ensure!(usize::from(*length) == rest.len(), "a signature has a wrong length");
    let (mut rest, mut out) = (rest, Vec::with_capacity(2 * NUMBER_BYTES));
    for _ in 0..2 {
        let [0x02, length, tail @ ..] = rest else { return Err(anyhow!("a signature lacks a number")) };
        let (number, tail) =
            tail.split_at_checked(usize::from(*length)).context("a number of a signature is cut off")?;
        let number = number.strip_prefix(&[0]).unwrap_or(number);
        ensure!(number.len() <= NUMBER_BYTES, "a number of a signature is too long");
        out.resize(out.len() + NUMBER_BYTES - number.len(), 0);
        out.extend(number);
        rest = tail;
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_padded_numbers_of_a_signature_take_their_place() {
        let mut der = vec![0x30, 3 + 35];
        der.extend([0x02, 1, 7]);
        der.extend([0x02, 33, 0]);
        der.extend([0xff; 32]);
        let out = fixed(&der).unwrap();
        assert_eq!((out.len(), out[30], out[31], out[32]), (64, 0, 7, 0xff));
        for broken in [&[][..], &[0x30, 1, 2], &[0x30, 2, 2, 9], &der[..20]] {
            assert!(fixed(broken).is_err());
        }
    }

    #[test]
    fn what_is_no_key_is_refused_without_showing_it() {
        for (algorithm, key) in [
            (Algorithm::Es256, "secret text"),
            (Algorithm::Es256, "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"),
        ] {
            let error = format!("{:#}", check(algorithm, key).unwrap_err());
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
