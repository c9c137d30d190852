//! Login tickets: decoding, describing and verifying arbitrary text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use proto::usersig::{Credentials, describe, verify};

fuzz_target!(|text: &str| {
    _ = describe(text);
    let credentials = Credentials { hmac_secrets: vec!["secret".to_owned()], public_keys: Vec::new() };
    assert!(verify(text, 1_400_000_001, "alice", &credentials, 1_767_225_600).is_err(), "a forged ticket");
});
