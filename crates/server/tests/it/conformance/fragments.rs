//! Messages in fragments (5.*), and long ones (9.*, 10.*).

use super::{BROKEN, CONTINUATION, Row, bad, binary, chopped, frame, good, text};
use crate::wire::{BINARY, PING, PONG, TEXT, masked};

fn first(payload: &str) -> Vec<u8> {
    masked(TEXT, false, payload.as_bytes())
}

fn middle(payload: &str) -> Vec<u8> {
    masked(CONTINUATION, false, payload.as_bytes())
}

fn last(payload: &str) -> Vec<u8> {
    masked(CONTINUATION, true, payload.as_bytes())
}

fn ping(payload: &str) -> Vec<u8> {
    masked(PING, true, payload.as_bytes())
}

pub(super) fn rows() -> Vec<Row> {
    let whole = || vec![frame(TEXT, "onetwo")];
    let mut rows = vec![
        bad("5.1: a ping in fragments", vec![masked(PING, false, b"one"), last("two")], vec![], BROKEN),
        bad("5.2: a pong in fragments", vec![masked(PONG, false, b"one"), last("two")], vec![], BROKEN),
        good("5.3: two fragments", vec![first("one"), last("two")], whole()),
        good("5.4: two fragments at once", vec![[first("one"), last("two")].concat()], whole()),
        good("5.5: two fragments byte by byte", chopped(&[first("one"), last("two")].concat(), 1), whole()),
        good(
            "5.6: a ping between fragments",
            vec![first("one"), ping("p"), last("two")],
            vec![frame(PONG, "p"), frame(TEXT, "onetwo")],
        ),
        good(
            "5.8: a ping between fragments, byte by byte",
            chopped(&[first("one"), ping("p"), last("two")].concat(), 1),
            vec![frame(PONG, "p"), frame(TEXT, "onetwo")],
        ),
        bad(
            "5.15: the end of nothing after a message",
            vec![first("a"), last("b"), middle("c")],
            vec![frame(TEXT, "ab")],
            BROKEN,
        ),
        bad("5.18: a text within a text", vec![first("one"), text("two")], vec![], BROKEN),
        good(
            "5.19: fragments with pings among them",
            vec![first("1"), middle("2"), ping("p1"), middle("3"), middle("4"), ping("p2"), last("5")],
            vec![frame(PONG, "p1"), frame(PONG, "p2"), frame(TEXT, "12345")],
        ),
        good("6.1: three empty fragments", vec![first(""), middle(""), last("")], vec![frame(TEXT, "")]),
        good(
            "6.1.3: one of three is not empty",
            vec![first(""), middle("x"), last("")],
            vec![frame(TEXT, "x")],
        ),
    ];
    for (what, start) in
        [("5.9: the last part of nothing", last("x")), ("5.12: a middle part of nothing", middle("x"))]
    {
        rows.push(bad(what, vec![start.clone(), text("after")], vec![], BROKEN));
        rows.push(bad(
            format!("{what}, at once"),
            vec![[start.clone(), text("after")].concat()],
            vec![],
            BROKEN,
        ));
        rows.push(bad(format!("{what}, byte by byte"), chopped(&start, 1), vec![], BROKEN));
    }
    rows
}

/// Lengths in KiB, and into which parts the message or its bytes are cut.
pub(super) fn long_ones() -> Vec<Row> {
    let mut rows = Vec::new();
    for kib in [64, 256, 1024, 4096] {
        let payload = vec![b'*'; kib << 10];
        rows.push(good(
            format!("9.1: {kib} KiB of text"),
            vec![text(&payload)],
            vec![frame(TEXT, payload.clone())],
        ));
        rows.push(good(
            format!("9.2: {kib} KiB of bytes"),
            vec![binary(&payload)],
            vec![frame(BINARY, payload)],
        ));
    }
    let payload: Vec<u8> = (0..1_u32 << 20).map(|it| b'a' + (it % 26) as u8).collect();
    for each in [256, 4096, 65_536] {
        let parts: Vec<_> = payload.chunks(each).collect();
        let frames = parts
            .iter()
            .enumerate()
            .map(|(at, part)| masked(if at == 0 { TEXT } else { CONTINUATION }, at + 1 == parts.len(), part));
        rows.push(good(
            format!("9.3: 1 MiB in fragments of {each}"),
            frames.collect(),
            vec![frame(TEXT, payload.clone())],
        ));
        rows.push(good(
            format!("9.5: 1 MiB in pieces of {each}"),
            chopped(&text(&payload), each),
            vec![frame(TEXT, payload.clone())],
        ));
    }
    let many = || (0..1000_usize).map(|it| vec![b'x'; it % 130]);
    rows.push(good(
        "9.7: a thousand messages",
        many().map(text).collect(),
        many().map(|it| frame(TEXT, it)).collect(),
    ));
    rows
}
