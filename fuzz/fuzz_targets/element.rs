//! Message bodies: what is accepted is accepted again, byte for byte.
#![no_main]

use libfuzzer_sys::fuzz_target;
use proto::{
    element::{Body, From},
    push_info,
};

fuzz_target!(|text: &str| {
    for from in [From::Admin, From::Client] {
        if let Ok(body) = Body::check(text, from) {
            let again = Body::check(body.json(), from).expect("what was accepted is accepted again");
            assert_eq!(again.json(), body.json());
        }
    }
    _ = push_info::check(text);
});
