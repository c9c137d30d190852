//! Inflating zlib streams with a cap on the output, so that a small input cannot fill the memory.

use flate2::{Decompress, FlushDecompress, Status};

/// First guess of the output's size, as a multiple of the input's; a signed ticket or a frame inflates to
/// less.
const EXPECTED_RATIO: usize = 4;

/// The content of the zlib stream at the start of `packed`.
///
/// `None` when the stream is damaged or ends early, its checksum is wrong, or more than `max` bytes come out.
/// Bytes after the end of the stream are ignored.
pub(crate) fn zlib(packed: &[u8], max: usize) -> Option<Vec<u8>> {
    let room = max.checked_add(1)?;
    let mut stream = Decompress::new(true);
    let mut out = Vec::with_capacity((packed.len() * EXPECTED_RATIO).clamp(1, room));
    let mut read = 0;
    loop {
        let written = out.len();
        let status = stream.decompress_vec(&packed[read..], &mut out, FlushDecompress::None).ok()?;
        let taken = usize::try_from(stream.total_in()).ok()? - read;
        read += taken;
        if out.len() > max {
            return None;
        }
        if status == Status::StreamEnd {
            return Some(out);
        }
        if out.len() == out.capacity() {
            let more = out.capacity().min(room - out.len()).max(1);
            out.reserve_exact(more);
        } else if taken == 0 && out.len() == written {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::ZlibEncoder};
    use proptest::prelude::*;

    use super::*;

    fn deflate(plain: &[u8], level: u32) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(level));
        encoder.write_all(plain).expect("a vector takes every write");
        encoder.finish().expect("a vector takes every write")
    }

    #[test]
    fn the_cap_is_the_last_size_that_passes() {
        let plain = vec![b'a'; 1000];
        for level in [0, 1, 9] {
            let packed = deflate(&plain, level);
            assert_eq!(zlib(&packed, 1000).as_deref(), Some(&plain[..]));
            assert_eq!(zlib(&packed, 999), None);
        }
    }

    #[test]
    fn a_bomb_stops_at_the_cap() {
        let bomb = deflate(&vec![0; 50_000_000], 9);
        assert!(bomb.len() < 100_000);
        assert_eq!(zlib(&bomb, 65_536), None);
    }

    #[test]
    fn a_stream_cut_anywhere_is_refused() {
        let packed = deflate(b"{\"TLS.ver\":\"2.0\"}", 6);
        for end in 0..packed.len() {
            assert_eq!(zlib(&packed[..end], 100), None, "cut after {end} bytes");
        }
    }

    #[test]
    fn bytes_after_the_stream_are_ignored() {
        let mut packed = deflate(b"tail", 6);
        packed.extend([0, 0, 0]);
        assert_eq!(zlib(&packed, 100).as_deref(), Some(&b"tail"[..]));
    }

    proptest! {
        #[test]
        fn what_was_deflated_comes_back(plain in proptest::collection::vec(any::<u8>(), 0..5000), level in 0..10_u32) {
            prop_assert_eq!(zlib(&deflate(&plain, level), 5000), Some(plain));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = zlib(&bytes, 1000);
        }
    }
}
