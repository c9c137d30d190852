//! The payload of a UserSig: its members, the text that is signed, and the ticket made of both.

use base64::{
    Engine, alphabet, engine::DecodePaddingMode, engine::GeneralPurpose, engine::GeneralPurposeConfig,
};
use serde::{Deserialize, Deserializer, de};

use super::envelope;
use crate::Code;

/// The standard alphabet, with or without padding.
const SIGNATURE_BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// How a ticket is signed; the names of its members tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// The current kind, signed with a secret text.
    HmacSha256,
    /// The old kind, signed with a private key.
    EcdsaSha256,
}

/// A decoded UserSig. Nothing in it can be trusted unless it came from [`verify`](super::verify).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    pub algorithm: Algorithm,
    pub identifier: String,
    pub sdkappid: u32,
    /// Second in which it was made. May lie in the future.
    pub time: i64,
    /// Life in seconds.
    pub expire: i64,
    /// The base64 text of the opaque UserBuf, if there is one.
    pub userbuf: Option<String>,
    /// The text that the signature covers.
    pub signed_content: String,
    pub signature: Vec<u8>,
}

impl Ticket {
    /// Reads a UserSig without verifying it: 70002 when empty, 70003 when it cannot be read.
    pub fn decode(text: &str) -> Result<Ticket, Code> {
        let payload = envelope::open(text)?;
        Claims::read(&payload).and_then(Claims::into_ticket).ok_or(Code::SigMalformed)
    }

    /// The last second in which it is valid.
    pub fn valid_until(&self) -> i64 {
        self.time.saturating_add(self.expire)
    }

    /// A negative life has always ended, even one that starts in the future.
    pub fn is_expired(&self, now: i64) -> bool {
        self.expire < 0 || now > self.valid_until()
    }
}

/// The members of the current kind. Unknown ones are ignored, a doubled one is an error.
#[derive(Deserialize)]
struct Current {
    #[serde(rename = "TLS.identifier")]
    identifier: String,
    #[serde(rename = "TLS.sdkappid")]
    sdkappid: Integer,
    #[serde(rename = "TLS.time")]
    time: Integer,
    #[serde(rename = "TLS.expire")]
    expire: Integer,
    #[serde(rename = "TLS.userbuf")]
    userbuf: Option<String>,
    #[serde(rename = "TLS.sig")]
    sig: Option<String>,
}

/// The members of the old kind.
#[derive(Deserialize)]
struct Old {
    #[serde(rename = "TLS.appid_at_3rd")]
    appid_at_3rd: Option<String>,
    #[serde(rename = "TLS.account_type")]
    account_type: String,
    #[serde(rename = "TLS.identifier")]
    identifier: String,
    #[serde(rename = "TLS.sdk_appid")]
    sdk_appid: Integer,
    #[serde(rename = "TLS.time")]
    time: Integer,
    #[serde(rename = "TLS.expire_after")]
    expire_after: Integer,
    #[serde(rename = "TLS.userbuf")]
    userbuf: Option<String>,
    #[serde(rename = "TLS.sig")]
    sig: Option<String>,
}

/// The member that only the current kind has.
#[derive(Deserialize)]
struct Kind {
    #[serde(rename = "TLS.sdkappid")]
    sdkappid: Option<de::IgnoredAny>,
}

/// A number, or a string of decimal digits. Keeps the text, because the old kind signs it as it stands.
struct Integer {
    value: i64,
    text: Option<String>,
}

impl Integer {
    fn as_written(&self) -> String {
        self.text.clone().unwrap_or_else(|| self.value.to_string())
    }
}

impl<'de> Deserialize<'de> for Integer {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = Integer;

            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str("an integer or a string of decimal digits")
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Integer, E> {
                Ok(Integer { value, text: None })
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Integer, E> {
                let value = i64::try_from(value).map_err(E::custom)?;
                Ok(Integer { value, text: None })
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Integer, E> {
                let value = text.parse().map_err(E::custom)?;
                if text.starts_with('+') {
                    return Err(E::custom("a sign is not a decimal digit"));
                }
                Ok(Integer { value, text: Some(text.to_owned()) })
            }
        }

        from.deserialize_any(Visitor)
    }
}

/// What a payload says, before its signature is looked at.
pub(super) struct Claims {
    algorithm: Algorithm,
    identifier: String,
    sdkappid: u32,
    time: i64,
    expire: i64,
    userbuf: Option<String>,
    pub(super) signed_content: String,
    sig: Option<String>,
}

impl Claims {
    /// `None` when the payload is no JSON object or a signed member is missing or of a wrong type.
    pub(super) fn read(payload: &str) -> Option<Claims> {
        // A derived struct would also take a list of its members in order.
        if !payload.trim_start().starts_with('{') {
            return None;
        }
        let kind: Kind = serde_json::from_str(payload).ok()?;
        let claims = if kind.sdkappid.is_some() {
            Claims::current(serde_json::from_str(payload).ok()?)?
        } else {
            Claims::old(serde_json::from_str(payload).ok()?)?
        };
        if claims.identifier.is_empty() { None } else { Some(claims) }
    }

    fn current(members: Current) -> Option<Claims> {
        let sdkappid = u32::try_from(members.sdkappid.value).ok()?;
        let (time, expire) = (members.time.value, members.expire.value);
        let signed_content =
            hmac_content(&members.identifier, sdkappid, time, expire, members.userbuf.as_deref());
        Some(Claims {
            algorithm: Algorithm::HmacSha256,
            identifier: members.identifier,
            sdkappid,
            time,
            expire,
            userbuf: members.userbuf,
            signed_content,
            sig: members.sig,
        })
    }

    fn old(members: Old) -> Option<Claims> {
        let signed_content = ecdsa_content(&EcdsaLines {
            appid_at_3rd: members.appid_at_3rd.as_deref(),
            account_type: &members.account_type,
            identifier: &members.identifier,
            sdk_appid: &members.sdk_appid.as_written(),
            time: &members.time.as_written(),
            expire_after: &members.expire_after.as_written(),
            userbuf: members.userbuf.as_deref(),
        });
        Some(Claims {
            algorithm: Algorithm::EcdsaSha256,
            identifier: members.identifier,
            sdkappid: u32::try_from(members.sdk_appid.value).ok()?,
            time: members.time.value,
            expire: members.expire_after.value,
            userbuf: members.userbuf,
            signed_content,
            sig: members.sig,
        })
    }

    fn into_ticket(self) -> Option<Ticket> {
        Some(Ticket {
            algorithm: self.algorithm,
            identifier: self.identifier,
            sdkappid: self.sdkappid,
            time: self.time,
            expire: self.expire,
            userbuf: self.userbuf,
            signed_content: self.signed_content,
            signature: SIGNATURE_BASE64.decode(self.sig?).ok()?,
        })
    }
}

/// What the current kind signs. `userbuf` is base64 text; its line stands even when it is empty.
pub(super) fn hmac_content(
    identifier: &str,
    sdkappid: u32,
    time: i64,
    expire: i64,
    userbuf: Option<&str>,
) -> String {
    let mut content = format!(
        "TLS.identifier:{identifier}\nTLS.sdkappid:{sdkappid}\nTLS.time:{time}\nTLS.expire:{expire}\n"
    );
    push_userbuf(&mut content, userbuf);
    content
}

/// The values the old kind signs, as they stand in the payload.
pub(super) struct EcdsaLines<'a> {
    pub(super) appid_at_3rd: Option<&'a str>,
    pub(super) account_type: &'a str,
    pub(super) identifier: &'a str,
    pub(super) sdk_appid: &'a str,
    pub(super) time: &'a str,
    pub(super) expire_after: &'a str,
    pub(super) userbuf: Option<&'a str>,
}

/// What the old kind signs.
pub(super) fn ecdsa_content(lines: &EcdsaLines<'_>) -> String {
    let EcdsaLines { account_type, identifier, sdk_appid, time, expire_after, .. } = lines;
    let mut content = String::new();
    if let Some(third) = lines.appid_at_3rd {
        content.push_str(&format!("TLS.appid_at_3rd:{third}\n"));
    }
    content.push_str(&format!(
        "TLS.account_type:{account_type}\nTLS.identifier:{identifier}\nTLS.sdk_appid:{sdk_appid}\n\
         TLS.time:{time}\nTLS.expire_after:{expire_after}\n"
    ));
    push_userbuf(&mut content, lines.userbuf);
    content
}

fn push_userbuf(content: &mut String, userbuf: Option<&str>) {
    if let Some(userbuf) = userbuf {
        content.push_str(&format!("TLS.userbuf:{userbuf}\n"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(payload: &str) -> Result<Ticket, Code> {
        Ticket::decode(&envelope::seal(payload))
    }

    const SOUND: &str = r#"{"TLS.ver":"2.0","TLS.identifier":"ann","TLS.sdkappid":7,"TLS.time":10,"TLS.expire":5,"TLS.sig":"AAAA"}"#;

    #[test]
    fn a_sound_payload_is_read() {
        let ticket = decode(SOUND).expect("it is sound");
        assert_eq!((&*ticket.identifier, ticket.sdkappid, ticket.time, ticket.expire), ("ann", 7, 10, 5));
        assert_eq!((ticket.algorithm, ticket.userbuf.as_deref()), (Algorithm::HmacSha256, None));
    }

    #[test]
    fn spellings_that_real_generators_use_are_read() {
        for (from, to) in [
            ("7", "\"7\""),
            ("10", "\"10\""),
            ("5}", "5 }\n"),
            ("\"ann\"", "\"\\u0061nn\""),
            (",\"TLS.sig\":\"AAAA\"", ",\"TLS.sig\":\"AA==\",\"more\":{\"a\":[1]}"),
            ("AAAA", "AA"),
            ("AAAA", "A\\/+A"),
            ("{", " \n{\t"),
        ] {
            let payload = SOUND.replacen(from, to, 1);
            assert!(decode(&payload).is_ok(), "{payload}");
        }
    }

    #[test]
    fn a_missing_or_wrong_member_is_malformed() {
        for (from, to) in [
            ("TLS.identifier", "x"),
            ("TLS.sdkappid", "x"),
            ("TLS.time", "x"),
            ("TLS.expire", "x"),
            ("TLS.sig", "x"),
            ("\"ann\"", "1"),
            ("\"ann\"", "\"\""),
            (":7", ":-7"),
            (":7", ":4294967296"),
            (":7", ":7.0"),
            (":7", ":\"7 \""),
            (":7", ":null"),
            (":10", ":\"+10\""),
            (":10", ":\"\""),
            (":10", ":99999999999999999999"),
            (":10", ":true"),
            ("\"AAAA\"", "1"),
            ("\"AAAA\"", "\"A\""),
            ("\"AAAA\"", "\"*-__\""),
            ("\"TLS.time\"", "\"TLS.time\":1,\"TLS.time\""),
            ("\"AAAA\"}", "\"AAAA\"} x"),
            ("\"AAAA\"", "\"AAAA\",\"TLS.userbuf\":1"),
        ] {
            let payload = SOUND.replacen(from, to, 1);
            assert_ne!(payload, SOUND, "{from} is not in the payload");
            assert_eq!(decode(&payload), Err(Code::SigMalformed), "{payload}");
        }
        for payload in ["", "null", "1", "[]", "\"x\"", r#"["ann",7,10,5,null,"AAAA"]"#] {
            assert_eq!(decode(payload), Err(Code::SigMalformed), "{payload}");
        }
    }

    #[test]
    fn life_ends_after_its_last_second_and_arithmetic_saturates() {
        for (time, expire, now, expired) in [
            (100, 10, 110, false),
            (100, 10, 111, true),
            (100, 0, 100, false),
            (100, 0, 101, true),
            (100, -1, 50, true),
            (500, 10, 100, false),
            (i64::MAX, i64::MAX, i64::MAX, false),
            (1, i64::MAX, i64::MAX, false),
            (i64::MIN, 0, i64::MIN, false),
            (i64::MIN, i64::MIN, i64::MIN, true),
        ] {
            let ticket = Ticket { time, expire, ..decode(SOUND).expect("it is sound") };
            assert_eq!(ticket.is_expired(now), expired, "made {time}, lives {expire}, now {now}");
        }
    }
}
