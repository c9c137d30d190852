//! A lane, a sender with its receiver, and the mark that its messages carry in their text.

use std::fmt::Write;

/// What the names of a run's users start with, so that they are new where an earlier run was.
pub fn run_name() -> String {
    format!("{:x}", std::time::UNIX_EPOCH.elapsed().unwrap_or_default().as_millis())
}

/// A sender and its receiver.
#[derive(Clone)]
pub struct Lane {
    pub number: usize,
    pub from: String,
    pub to: String,
}

impl Lane {
    /// Writes the body of the lane's message with this number, the same one each time; `bytes` is the length
    /// of its text.
    pub fn write(&self, body: &mut String, number: u32, due: u64, bytes: usize) {
        let Lane { number: lane, from, to } = self;
        // Unlike those of the neighbours, and of the next one.
        let random = number.wrapping_mul(2_654_435_761) % 100_000_000;
        body.clear();
        write!(
            body,
            r#"{{"From_Account":"{from}","To_Account":"{to}","MsgSeq":{number},"MsgRandom":{random},"MsgBody":[{{"MsgType":"TIMTextElem","MsgContent":{{"Text":""#
        )
        .expect("a string takes every write");
        Mark { lane: *lane, number, due }.write(body, bytes);
        body.push_str(r#""}}]}"#);
    }
}

/// What stands in a text: whose it is, its number, and when it was due. Written as `lane:number:due:` and filled up with `x`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The pair of sender and receiver.
    pub lane: usize,
    /// One more for each message of the lane.
    pub number: u32,
    /// Nanoseconds after the start of the run.
    pub due: u64,
}

impl Mark {
    /// Appends the text, of at least `bytes` bytes.
    pub fn write(self, text: &mut String, bytes: usize) {
        let start = text.len();
        let Mark { lane, number, due } = self;
        write!(text, "{lane}:{number}:{due}:").expect("a string takes every write");
        let missing = (start + bytes).saturating_sub(text.len());
        text.extend(std::iter::repeat_n('x', missing));
    }

    pub fn read(text: &str) -> Option<Mark> {
        let mut parts = text.splitn(4, ':');
        let mark = Mark {
            lane: parts.next()?.parse().ok()?,
            number: parts.next()?.parse().ok()?,
            due: parts.next()?.parse().ok()?,
        };
        parts.next()?.bytes().all(|it| it == b'x').then_some(mark)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_json_with_its_mark() {
        let lane = Lane { number: 3, from: "a".into(), to: "b".into() };
        let mut body = "left over".to_owned();
        lane.write(&mut body, 7, 9, 100);
        let value: serde_json::Value = serde_json::from_str(&body).expect("it is JSON");
        assert_eq!((&value["From_Account"], &value["To_Account"]), (&"a".into(), &"b".into()));
        assert_eq!(value["MsgSeq"], 7);
        let text = value["MsgBody"][0]["MsgContent"]["Text"].as_str().expect("it is a text");
        assert_eq!((text.len(), Mark::read(text)), (100, Some(Mark { lane: 3, number: 7, due: 9 })));
    }

    #[test]
    fn a_mark_survives_its_text() {
        let mark = Mark { lane: 3, number: u32::MAX, due: 12_345_678_901 };
        for bytes in [0, 40, 500] {
            let mut text = "before ".to_owned();
            mark.write(&mut text, bytes);
            let text = &text["before ".len()..];
            assert!(text.len() >= bytes && text.len() < bytes.max(40) + 1, "{text}");
            assert_eq!(Mark::read(text), Some(mark));
        }
        for text in ["", "1:2", "1:2:3", "a:2:3:", "1:2:3:y", "-1:2:3:"] {
            assert_eq!(Mark::read(text), None, "{text}");
        }
    }
}
