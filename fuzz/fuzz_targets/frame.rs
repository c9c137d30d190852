//! Frames of the client socket, both ways.
#![no_main]

use libfuzzer_sys::fuzz_target;
use proto::frame::{Request, answer, decompress};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(request) = Request::parse(bytes) {
        let frame = answer(&request.servcmd, request.seq, request.body.get());
        assert!(Request::parse(&frame).is_ok(), "an answer is a frame");
    }
    _ = decompress(bytes, 1 << 20);
});
