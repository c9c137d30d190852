//! The goodbye (7.*).

use super::{BROKEN, CONTINUATION, NORMAL, Row, bad, close, frame, text};
use crate::wire::{CLOSE, PING, TEXT, masked};

/// The longest reason.
const REASON_BYTES_MAX: usize = 123;

pub(super) fn rows() -> Vec<Row> {
    let with = |payload: &[u8]| masked(CLOSE, true, payload);
    let hello = || vec![frame(TEXT, "Hello")];
    let reason = |bytes: usize| [&NORMAL.to_be_bytes()[..], &vec![b'*'; bytes]].concat();
    let long = vec![b'*'; 256 << 10];
    let mut rows = vec![
        bad("7.1.1: a close after a message", vec![text("Hello"), close(NORMAL)], hello(), NORMAL),
        bad("7.1.2: two closes", vec![close(NORMAL), close(NORMAL)], vec![], NORMAL),
        bad("7.1.3: a ping after a close", vec![close(NORMAL), masked(PING, true, b"p")], vec![], NORMAL),
        bad("7.1.4: a text after a close", vec![close(NORMAL), text("after")], vec![], NORMAL),
        bad(
            "7.1.5: the end of a message after a close",
            vec![masked(TEXT, false, b"a"), close(NORMAL), masked(CONTINUATION, true, b"b")],
            vec![],
            NORMAL,
        ),
        bad(
            "7.1.6: a close after 256 KiB",
            vec![text(&long), close(NORMAL)],
            vec![frame(TEXT, long)],
            NORMAL,
        ),
        bad("7.3.1: a close without a code", vec![with(b"")], vec![], NORMAL),
        bad("7.3.2: half a code", vec![with(&[3])], vec![], BROKEN),
        bad("7.3.3: a code alone", vec![close(NORMAL)], vec![], NORMAL),
        bad("7.3.4: a reason", vec![with(&reason(8))], vec![], NORMAL),
        bad("7.3.5: the longest reason", vec![with(&reason(REASON_BYTES_MAX))], vec![], NORMAL),
        bad("7.3.6: a longer reason", vec![with(&reason(REASON_BYTES_MAX + 1))], vec![], BROKEN),
        bad("7.5.1: a reason that is no text", vec![with(b"\x03\xe8\xed\xa0\x80")], vec![], 1007),
    ];
    for code in [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999] {
        rows.push(bad(format!("7.7: code {code}"), vec![close(code)], vec![], code));
    }
    for code in [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999] {
        rows.push(bad(format!("7.9: code {code}"), vec![close(code)], vec![], BROKEN));
    }
    rows
}
