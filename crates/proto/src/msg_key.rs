//! `MsgKey`: the name of a one-to-one message inside its conversation.
//!
//! Follows `spec/concepts/message-format.md` 1: `<MsgSeq>_<MsgRandom>_<MsgTime>`, for example
//! `501_8812_1767225601`.

use std::{cmp::Ordering, fmt, str::FromStr};

/// The longest text that is looked at.
const TEXT_BYTES_MAX: usize = 50;

/// Sorts as history does: by time, then sequence, then random.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MsgKey {
    pub seq: u32,
    pub random: u32,
    /// Unix seconds.
    pub time: i64,
}

impl Ord for MsgKey {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.time, self.seq, self.random).cmp(&(other.time, other.seq, other.random))
    }
}

impl PartialOrd for MsgKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for MsgKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}_{}_{}", self.seq, self.random, self.time)
    }
}

/// The text is not three decimal numbers joined by `_`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadMsgKey;

impl fmt::Display for BadMsgKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a MsgKey must be <MsgSeq>_<MsgRandom>_<MsgTime>")
    }
}

impl std::error::Error for BadMsgKey {}

impl FromStr for MsgKey {
    type Err = BadMsgKey;

    /// Takes only the one spelling that [`MsgKey`] prints.
    fn from_str(text: &str) -> Result<MsgKey, BadMsgKey> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(BadMsgKey);
        }
        let mut numbers = text.split('_');
        let key = MsgKey {
            seq: decimal(numbers.next())?,
            random: decimal(numbers.next())?,
            time: decimal(numbers.next())?,
        };
        if numbers.next().is_some() { Err(BadMsgKey) } else { Ok(key) }
    }
}

/// A number without sign and without leading zeros.
fn decimal<N: FromStr>(text: Option<&str>) -> Result<N, BadMsgKey> {
    let text = text.ok_or(BadMsgKey)?;
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().map_err(|_| BadMsgKey) } else { Err(BadMsgKey) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_key_reads_as_it_prints() {
        let key = MsgKey { seq: 501, random: 8812, time: 1_767_225_601 };
        assert_eq!(key.to_string(), "501_8812_1767225601");
        assert_eq!("501_8812_1767225601".parse(), Ok(key));
        assert_eq!("0_0_0".parse(), Ok(MsgKey { seq: 0, random: 0, time: 0 }));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "1",
            "1_2",
            "1_2_3_4",
            "1_2_",
            "_2_3",
            "1__3",
            "+1_2_3",
            "-1_2_3",
            "1_2_-3",
            " 1_2_3",
            "1_2_3 ",
            "01_2_3",
            "1_00_3",
            "a_2_3",
            "4294967296_2_3",
            "1_4294967296_3",
            "1_2_9223372036854775808",
            "1-2-3",
            "١_2_3",
        ] {
            assert_eq!(text.parse::<MsgKey>(), Err(BadMsgKey), "{text}");
        }
        assert_eq!("1".repeat(51).parse::<MsgKey>(), Err(BadMsgKey));
    }

    #[test]
    fn keys_sort_by_time_then_sequence_then_random() {
        let ordered = ["9_9_1", "1_9_2", "2_1_2", "2_2_2", "1_1_3"];
        let keys: Vec<MsgKey> = ordered.iter().map(|text| text.parse().expect("a key")).collect();
        assert!(keys.is_sorted());
    }

    proptest! {
        #[test]
        fn every_key_comes_back(seq in any::<u32>(), random in any::<u32>(), time in 0..=i64::MAX) {
            let key = MsgKey { seq, random, time };
            prop_assert_eq!(key.to_string().parse(), Ok(key));
        }
    }
}
