//! Every vector of `spec/usersig-vectors.json`, and what must hold for any UserSig.

use std::{collections::BTreeMap, fs};

use base64::{Engine, engine::general_purpose::STANDARD};
use proptest::prelude::*;
use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct File {
    keys: BTreeMap<String, Key>,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Key {
    secret: Option<String>,
    public_key_pem: Option<String>,
    private_key_pem: Option<String>,
    private_key_sec1_pem: Option<String>,
}

impl Key {
    fn credentials(&self) -> Credentials {
        Credentials {
            hmac_secrets: self.secret.iter().cloned().collect(),
            public_keys: self
                .public_key_pem
                .iter()
                .map(|pem| PublicKey::from_pem(pem).expect("the vectors hold sound keys"))
                .collect(),
        }
    }
}

#[derive(Deserialize)]
struct Vector {
    id: String,
    algorithm: String,
    deterministic: bool,
    constructed: bool,
    inputs: Inputs,
    payload: Option<String>,
    signed_content: Option<String>,
    usersig: String,
    checks: Vec<Check>,
}

#[derive(Deserialize)]
struct Inputs {
    sdkappid: u32,
    expire: i64,
    time: Option<i64>,
    clock_ms: Option<i64>,
    key: String,
    userid: String,
    userbuf_hex: Option<String>,
}

#[derive(Deserialize)]
struct Check {
    sdkappid: u32,
    identifier: String,
    key: String,
    now: i64,
    expect: i64,
    kicked_at: Option<i64>,
}

fn file() -> File {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec/usersig-vectors.json");
    serde_json::from_str(&fs::read_to_string(path).expect("the vectors are there"))
        .expect("the vectors have their form")
}

fn bytes_of(hex: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).expect("the vectors hold hexadecimal digits") as u8;
    hex.as_bytes().chunks(2).map(|pair| digit(pair[0]) * 16 + digit(pair[1])).collect()
}

#[test]
fn every_check_of_every_vector_ends_as_recorded() {
    let File { keys, vectors } = file();
    let mut checks = 0;
    for vector in &vectors {
        for check in &vector.checks {
            let credentials = keys[&check.key].credentials();
            let verified =
                verify(&vector.usersig, check.sdkappid, &check.identifier, &credentials, check.now);
            let code = match verified {
                Err(code) => code.number(),
                // A client login compares with the second of the last kick.
                Ok(ticket) if check.kicked_at.is_some_and(|kick| ticket.time < kick) => {
                    Code::SigExpired.number()
                }
                Ok(_) => 0,
            };
            assert_eq!(
                code, check.expect,
                "{} presented by {} at {}",
                vector.id, check.identifier, check.now
            );
            checks += 1;
        }
    }
    assert_eq!((vectors.len(), checks), (50, 88), "vectors and checks read");
}

#[test]
fn payload_and_signed_content_of_every_vector_are_shown() {
    for vector in file().vectors {
        let shown = describe(&vector.usersig).ok();
        if let Some(payload) = &vector.payload {
            assert_eq!(shown.as_ref().map(|it| &it.payload), Some(payload), "{}", vector.id);
        }
        assert_eq!(shown.and_then(|it| it.signed_content), vector.signed_content, "{}", vector.id);
    }
}

#[test]
fn our_generator_signs_like_every_recorded_one() {
    let File { keys, vectors } = file();
    let mut compared = 0;
    for vector in vectors.iter().filter(|it| it.deterministic && !it.constructed) {
        assert_eq!(vector.algorithm, "HMAC-SHA256");
        let inputs = &vector.inputs;
        // One generator rounds its clock to the nearest second.
        let time = inputs.time.or(inputs.clock_ms.map(|ms| (ms + 500) / 1000)).expect("a vector has a time");
        // One vector is signed on purpose with a secret that the app does not have.
        let key = if vector.id == "hmac-wrong-secret" { "hmac_a_other_secret" } else { &*inputs.key };
        let secret = keys[key].secret.as_deref().expect("an HMAC key has a secret");
        let userbuf = inputs.userbuf_hex.as_deref().map(bytes_of);
        let text =
            sign_hmac(secret, inputs.sdkappid, &inputs.userid, time, inputs.expire, userbuf.as_deref());

        let ours = Ticket::decode(&text).expect("our own UserSig can be read");
        let theirs = Ticket::decode(&vector.usersig).expect("a recorded UserSig can be read");
        assert_eq!(ours, theirs, "{}", vector.id);
        assert_eq!(Some(&ours.signed_content), vector.signed_content.as_ref(), "{}", vector.id);
        compared += 1;
    }
    assert!(compared > 20, "only {compared} vectors were compared");
}

#[test]
fn both_forms_of_a_private_key_sign_for_their_public_key() {
    let File { keys, .. } = file();
    for name in ["ec_secp256k1", "ec_p256"] {
        let key = &keys[name];
        let with_parameters = key.private_key_sec1_pem.as_ref().map(|pem| {
            format!("-----BEGIN EC PARAMETERS-----\nBgUrgQQACg==\n-----END EC PARAMETERS-----\n{pem}")
        });
        let pems = [&key.private_key_pem, &key.private_key_sec1_pem, &with_parameters];
        for pem in pems.into_iter().flatten() {
            let text = sign_ecdsa(pem, 7, "ann", 100, 10, Some(b"abc")).expect("a sound key");
            assert_eq!(sign_ecdsa(pem, 7, "ann", 100, 10, Some(b"abc")).as_ref(), Ok(&text));
            let ticket = verify(&text, 7, "ann", &key.credentials(), 110).expect("it is signed");
            assert_eq!(ticket.userbuf.as_deref(), Some("YWJj"));
            assert_eq!(
                verify(&text, 7, "ann", &keys["ec_other"].credentials(), 110),
                Err(Code::SigWrong),
                "{name}"
            );
        }
    }
}

/// Recorded tickets hold low values of `s` only by chance; generators make both.
#[test]
fn the_other_value_of_s_is_accepted() {
    let File { keys, .. } = file();
    let pem = keys["ec_secp256k1"].private_key_pem.as_deref().expect("the key is there");
    let text = sign_ecdsa(pem, 7, "ann", 100, 10, None).expect("a sound key");
    let ticket = Ticket::decode(&text).expect("it can be read");
    let low = k256::ecdsa::Signature::from_der(&ticket.signature).expect("it is DER");
    let (r, s) = low.split_scalars();
    let high =
        k256::ecdsa::Signature::from_scalars(r.to_bytes(), (-*s).to_bytes()).expect("scalars in range");
    assert_ne!(high, low);

    let payload = envelope::open(&text).expect("it can be opened");
    let payload = payload
        .replace(&STANDARD.encode(low.to_der().as_bytes()), &STANDARD.encode(high.to_der().as_bytes()));
    let text = envelope::seal(&payload);
    assert!(verify(&text, 7, "ann", &keys["ec_secp256k1"].credentials(), 100).is_ok());
}

#[test]
fn one_of_several_credentials_is_enough() {
    let text = sign_hmac("new", 7, "ann", 100, 10, None);
    for (secrets, expected) in [
        (vec!["new"], Ok(())),
        (vec!["old", "new"], Ok(())),
        (vec!["new", "old"], Ok(())),
        (vec!["old"], Err(Code::SigWrong)),
        (vec![], Err(Code::SigNoKey)),
    ] {
        let credentials = Credentials {
            hmac_secrets: secrets.iter().map(ToString::to_string).collect(),
            public_keys: file().keys["ec_p256"].credentials().public_keys,
        };
        assert_eq!(verify(&text, 7, "ann", &credentials, 100).map(drop), expected, "{secrets:?}");
    }
}

#[test]
fn secrets_are_not_printed() {
    assert_eq!(format!("{:?}", credentials("hidden")), "Credentials(1 secrets, 0 public keys)");
}

#[test]
fn other_pem_texts_are_no_keys() {
    let keys = file().keys;
    let private = keys["ec_p256"].private_key_pem.as_deref().expect("the key is there");
    let public = keys["ec_p256"].public_key_pem.as_deref().expect("the key is there");
    for pem in ["", "key", private, &public.replace('E', "F"), "-----BEGIN PUBLIC KEY-----\n"] {
        assert_eq!(PublicKey::from_pem(pem), Err(KeyError::NotPublic), "{pem}");
    }
    for pem in ["", "key", public] {
        assert_eq!(sign_ecdsa(pem, 1, "ann", 1, 1, None), Err(KeyError::NotPrivate), "{pem}");
    }
}

fn credentials(secret: &str) -> Credentials {
    Credentials { hmac_secrets: vec![secret.to_owned()], public_keys: vec![] }
}

proptest! {
    #[test]
    fn what_was_signed_verifies(
        identifier in ".{1,32}",
        secret in ".{0,80}",
        app in any::<u32>(),
        time in 0..4_000_000_000_i64,
        expire in 0..1_000_000_000_i64,
        userbuf in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..40)),
    ) {
        let text = sign_hmac(&secret, app, &identifier, time, expire, userbuf.as_deref());
        let ticket = verify(&text, app, &identifier, &credentials(&secret), time + expire);
        prop_assert!(ticket.is_ok(), "{ticket:?}");
        prop_assert_eq!(verify(&text, app, &identifier, &credentials(&secret), time + expire + 1), Err(Code::SigExpired));
    }

    /// A changed character may hit what is not signed (the alphabet, the compression level); it can only make
    /// the text unreadable or leave the ticket as it was.
    #[test]
    fn a_changed_text_never_gives_another_ticket(at in 0..10_000_usize, to in 0x20..0x7f_u8) {
        let text = sign_hmac("secret", 7, "ann", 100, 10, Some(b"abc"));
        let genuine = verify(&text, 7, "ann", &credentials("secret"), 100);
        let mut changed = text.into_bytes();
        let at = at % changed.len();
        changed[at] = to;
        let changed = String::from_utf8(changed).expect("all of it is ASCII");
        if let Ok(ticket) = verify(&changed, 7, "ann", &credentials("secret"), 100) {
            prop_assert_eq!(Ok(ticket), genuine);
        }
    }

    #[test]
    fn a_changed_byte_of_what_is_signed_never_verifies(at in 0..10_000_usize, flip in 1..=255_u8) {
        let ticket = Ticket::decode(&sign_hmac("secret", 7, "ann", 100, 10, None)).expect("it can be read");
        let mut content = ticket.signed_content.clone().into_bytes();
        let at = at % content.len();
        content[at] ^= flip;
        let forged = Ticket { signed_content: String::from_utf8_lossy(&content).into_owned(), ..ticket.clone() };
        prop_assert_eq!(is_signed(&forged, &credentials("secret")), Ok(false));

        let mut signature = ticket.signature.clone();
        let at = at % signature.len();
        signature[at] ^= flip;
        let forged = Ticket { signature, ..ticket };
        prop_assert_eq!(is_signed(&forged, &credentials("secret")), Ok(false));
    }

    #[test]
    fn decoding_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300), payload in ".{0,200}") {
        let _ = Ticket::decode(&String::from_utf8_lossy(&bytes));
        let _ = Ticket::decode(&STANDARD.encode(&bytes));
        let _ = Ticket::decode(&envelope::seal(&payload));
    }
}
