//! The only place that draws random numbers. Tests seed it.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// Bytes of a session token: more than anybody can guess.
const TOKEN_BYTES: usize = 24;
/// Bytes of the name of a file.
const NAME_BYTES: usize = 16;
/// Bytes of a secret key; shown as twice as many hexadecimal digits.
const SECRET_BYTES: usize = 32;

/// The operating system's generator, or a repeatable sequence.
#[derive(Clone)]
pub struct Random(Option<Arc<AtomicU64>>);

impl Random {
    pub fn system() -> Random {
        Random(None)
    }

    pub fn seeded(seed: u64) -> Random {
        Random(Some(Arc::new(AtomicU64::new(seed))))
    }

    pub fn u32(&self) -> u32 {
        let mut bytes = [0; 4];
        self.fill(&mut bytes);
        u32::from_le_bytes(bytes)
    }

    /// An unguessable session token, safe in JSON and URLs.
    pub fn token(&self) -> String {
        let mut bytes = [0; TOKEN_BYTES];
        self.fill(&mut bytes);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// An unguessable name of 128 bits, in hexadecimal digits.
    pub fn name(&self) -> String {
        let mut bytes = [0; NAME_BYTES];
        self.fill(&mut bytes);
        bytes.iter().map(|it| format!("{it:02x}")).collect()
    }

    /// A secret key in the form the vendor's console shows: 64 hexadecimal digits.
    pub fn secret(&self) -> String {
        let mut bytes = [0; SECRET_BYTES];
        self.fill(&mut bytes);
        bytes.iter().map(|it| format!("{it:02x}")).collect()
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that may")]
    fn fill(&self, bytes: &mut [u8]) {
        match &self.0 {
            None => getrandom::fill(bytes).expect("the operating system gives random numbers"),
            Some(state) => {
                for chunk in bytes.chunks_mut(8) {
                    let number = split_mix(state.fetch_add(GOLDEN, Ordering::Relaxed));
                    chunk.copy_from_slice(&number.to_le_bytes()[..chunk.len()]);
                }
            }
        }
    }
}

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

fn split_mix(state: u64) -> u64 {
    let mut z = state.wrapping_add(GOLDEN);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
