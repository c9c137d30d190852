//! What is UTF-8 and what is not (6.*).

use super::{CONTINUATION, NOT_TEXT, Row, bad, chopped, frame, good, text};
use crate::wire::{TEXT, masked};

pub(super) fn good_ones() -> Vec<Row> {
    let mut rows = Vec::new();
    let greek = "κόσμε Hello-µ@ßöäüàá-UTF-8!!";
    let texts = [
        ("6.2: Greek", greek),
        ("6.7: the first of two bytes", "\u{80}"),
        ("6.7: the first of three bytes", "\u{800}"),
        ("6.7: the first of four bytes", "\u{10000}"),
        ("6.9: the last of one byte", "\u{7f}"),
        ("6.9: the last of two bytes", "\u{7ff}"),
        ("6.9: the last of three bytes", "\u{ffff}"),
        ("6.9: the last of four bytes", "\u{10ffff}"),
        ("6.11: before the surrogates", "\u{d7ff}"),
        ("6.11: after the surrogates", "\u{e000}"),
        ("6.11: the replacement", "\u{fffd}"),
        ("6.22: a place without a character", "\u{fffe}\u{1fffe}\u{10fffe}"),
        ("6.0: nothing between", "a\0b"),
    ];
    for (what, it) in texts {
        rows.push(good(what, vec![text(it)], vec![frame(TEXT, it)]));
        rows.push(good(format!("{what}, byte by byte"), chopped(&text(it), 1), vec![frame(TEXT, it)]));
    }
    // A character may begin in one fragment and end in another.
    let bytes: Vec<_> = greek.bytes().collect();
    let frames = bytes
        .iter()
        .enumerate()
        .map(|(at, byte)| masked(if at == 0 { TEXT } else { CONTINUATION }, at + 1 == bytes.len(), &[*byte]));
    rows.push(good("6.2.4: a fragment for each byte", frames.collect(), vec![frame(TEXT, greek)]));
    rows
}

pub(super) fn bad_ones() -> Vec<Row> {
    let sequences: [(&str, &[u8]); 21] = [
        ("6.3: a surrogate within a text", b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited"),
        ("6.8: five bytes", b"\xf8\x88\x80\x80\x80"),
        ("6.8: six bytes", b"\xfc\x84\x80\x80\x80\x80"),
        ("6.10: the last of five bytes", b"\xfb\xbf\xbf\xbf\xbf"),
        ("6.10: beyond the last", b"\xf4\x90\x80\x80"),
        ("6.12: a continuation alone", b"\x80"),
        ("6.12: the last continuation alone", b"\xbf"),
        ("6.12: many continuations", b"\x80\xbf\x80\xbf\x80"),
        ("6.13: starts of two bytes alone", b"\xc0 \xc1 \xc2 "),
        ("6.13: starts of four bytes alone", b"\xf0 \xf1 "),
        ("6.14: the last byte of two is missing", b"\xc2"),
        ("6.14: the last byte of three is missing", b"\xe1\x80"),
        ("6.14: the last byte of four is missing", b"\xf1\x80\x80"),
        ("6.15: several that end early", b"\xc2\xe1\x80\xf1\x80\x80"),
        ("6.16: impossible bytes", b"\xfe\xfe\xff\xff"),
        ("6.17: a slash in two bytes", b"\xc0\xaf"),
        ("6.17: a slash in three bytes", b"\xe0\x80\xaf"),
        ("6.18: longer than needed", b"\xc1\xbf"),
        ("6.19: zero in two bytes", b"\xc0\x80"),
        ("6.20: the first surrogate", b"\xed\xa0\x80"),
        ("6.21: a pair of surrogates", b"\xed\xa0\x80\xed\xb0\x80"),
    ];
    let mut rows = Vec::new();
    for (what, bytes) in sequences {
        rows.push(bad(what, vec![text(bytes)], vec![], NOT_TEXT));
        let (start, end) = bytes.split_at(bytes.len() / 2);
        let parts = vec![masked(TEXT, false, start), masked(CONTINUATION, true, end)];
        rows.push(bad(format!("{what}, in two fragments"), parts, vec![], NOT_TEXT));
    }
    rows
}
