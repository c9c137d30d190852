//! Making UserSigs, for the command line, the console and tests.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::Mac;

use super::{KeyError, envelope, key, keyed, payload};
use crate::json;

/// The value of `TLS.version` in the old kind; it is neither signed nor checked.
const OLD_VERSION: &str = "201610110000";
/// The value of `TLS.account_type` and `TLS.appid_at_3rd` in the old kind.
const OLD_NONE: &str = "0";

/// A UserSig of the current kind. `time` is unix seconds, `expire` seconds of life.
pub fn sign_hmac(
    secret: &str,
    sdkappid: u32,
    identifier: &str,
    time: i64,
    expire: i64,
    userbuf: Option<&[u8]>,
) -> String {
    let userbuf = userbuf.map(|bytes| STANDARD.encode(bytes));
    let content = payload::hmac_content(identifier, sdkappid, time, expire, userbuf.as_deref());
    let sig = STANDARD.encode(keyed(secret).chain_update(content).finalize().into_bytes());
    let identifier = json::quote(identifier);
    let userbuf = userbuf_member(userbuf.as_deref());
    envelope::seal(&format!(
        r#"{{"TLS.ver":"2.0","TLS.identifier":{identifier},"TLS.sdkappid":{sdkappid},"TLS.time":{time},"TLS.expire":{expire},{userbuf}"TLS.sig":"{sig}"}}"#
    ))
}

/// A UserSig of the old kind, made with a PKCS#8 or SEC1 private key in PEM.
pub fn sign_ecdsa(
    private_pem: &str,
    sdkappid: u32,
    identifier: &str,
    time: i64,
    expire: i64,
    userbuf: Option<&[u8]>,
) -> Result<String, KeyError> {
    let userbuf = userbuf.map(|bytes| STANDARD.encode(bytes));
    let content = payload::ecdsa_content(&payload::EcdsaLines {
        appid_at_3rd: Some(OLD_NONE),
        account_type: OLD_NONE,
        identifier,
        sdk_appid: &sdkappid.to_string(),
        time: &time.to_string(),
        expire_after: &expire.to_string(),
        userbuf: userbuf.as_deref(),
    });
    let sig = STANDARD.encode(key::sign(private_pem, content.as_bytes())?);
    let identifier = json::quote(identifier);
    let userbuf = userbuf_member(userbuf.as_deref());
    Ok(envelope::seal(&format!(
        r#"{{"TLS.account_type":"{OLD_NONE}","TLS.identifier":{identifier},"TLS.appid_at_3rd":"{OLD_NONE}","TLS.sdk_appid":"{sdkappid}","TLS.expire_after":"{expire}","TLS.version":"{OLD_VERSION}","TLS.time":"{time}",{userbuf}"TLS.sig":"{sig}"}}"#
    )))
}

fn userbuf_member(userbuf: Option<&str>) -> String {
    userbuf.map(|text| format!(r#""TLS.userbuf":"{text}","#)).unwrap_or_default()
}
