//! Single frames: their lengths (1.*), pings (2.*), reserved bits (3.*) and opcodes (4.*).

use super::{BROKEN, Row, bad, binary, chopped, frame, good, text};
use crate::wire::{BINARY, CLOSE, PING, PONG, TEXT, masked};

/// Around every change of the header's form.
const LENGTHS: [usize; 8] = [0, 1, 125, 126, 127, 128, 65_535, 65_536];

pub(super) fn lengths() -> Vec<Row> {
    let mut rows = Vec::new();
    for length in LENGTHS {
        let (letters, bytes) = (vec![b'*'; length], vec![0xfe; length]);
        rows.push(good(
            format!("1.1: {length} characters"),
            vec![text(&letters)],
            vec![frame(TEXT, letters)],
        ));
        rows.push(good(
            format!("1.2: {length} bytes"),
            vec![binary(&bytes)],
            vec![frame(BINARY, bytes.clone())],
        ));
        // 997 is no divisor of any length.
        rows.push(good(
            format!("1.2.8: {length} bytes in pieces"),
            chopped(&binary(&bytes), 997),
            vec![frame(BINARY, bytes)],
        ));
    }
    rows
}

pub(super) fn pings() -> Vec<Row> {
    let ping = |payload: &[u8]| masked(PING, true, payload);
    let pong = |payload: &[u8]| frame(PONG, payload);
    let (odd, full) = ([0x00, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0x00, 0xff], [0xfe; 125]);
    let ten = || (0..10_u8).map(|it| [b'n', it]);
    vec![
        good("2.1: an empty ping", vec![ping(b"")], vec![pong(b"")]),
        good("2.2: a ping of text", vec![ping(b"Hello, world!")], vec![pong(b"Hello, world!")]),
        good("2.3: a ping of bytes", vec![ping(&odd)], vec![pong(&odd)]),
        good("2.4: a ping of 125 bytes", vec![ping(&full)], vec![pong(&full)]),
        bad("2.5: a ping of 126 bytes", vec![ping(&[0xfe; 126])], vec![], BROKEN),
        good("2.6: a ping byte by byte", chopped(&ping(&full), 1), vec![pong(&full)]),
        good("2.7: an empty pong", vec![masked(PONG, true, b"")], vec![]),
        good("2.8: a pong nobody asked for", vec![masked(PONG, true, b"unsolicited")], vec![]),
        good(
            "2.9: a pong nobody asked for, and a ping",
            vec![masked(PONG, true, b"unsolicited"), ping(b"p")],
            vec![pong(b"p")],
        ),
        good("2.10: ten pings", ten().map(|it| ping(&it)).collect(), ten().map(|it| pong(&it)).collect()),
        good(
            "2.11: ten pings byte by byte",
            ten().flat_map(|it| chopped(&ping(&it), 1)).collect(),
            ten().map(|it| pong(&it)).collect(),
        ),
    ]
}

pub(super) fn reserved_bits() -> Vec<Row> {
    let mut rows = Vec::new();
    for bits in 1..=7_u8 {
        let with_bits = |opcode| masked(opcode | bits << 4, true, b"x");
        for (opcode, name) in [(TEXT, "text"), (BINARY, "binary"), (PING, "ping"), (CLOSE, "close")] {
            rows.push(bad(
                format!("3: bits {bits} in a {name} frame"),
                vec![text("before"), with_bits(opcode), masked(PING, true, b"")],
                vec![frame(TEXT, "before")],
                BROKEN,
            ));
        }
        rows.push(bad(
            format!("3.4: bits {bits}, byte by byte"),
            [chopped(&text("before"), 1), chopped(&with_bits(TEXT), 1)].concat(),
            vec![frame(TEXT, "before")],
            BROKEN,
        ));
    }
    rows
}

pub(super) fn opcodes() -> Vec<Row> {
    let mut rows = Vec::new();
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        for payload in [&b""[..], b"reserved opcode payload"] {
            rows.push(bad(
                format!("4: opcode {opcode} with {} bytes", payload.len()),
                vec![text("before"), masked(opcode, true, payload), masked(PING, true, b"")],
                vec![frame(TEXT, "before")],
                BROKEN,
            ));
        }
    }
    rows
}
