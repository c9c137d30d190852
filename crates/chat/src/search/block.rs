//! Blocks of a log: up to [`MESSAGES_MAX`] messages that follow one another, with a set of the grams that are in them.
//!
//! The set is a filter: what it does not have is not in the block, and what it has may be. It is a bit for each gram,
//! at the place that the gram's lowest bits name, several grams sharing a bit.

use std::collections::HashSet;

use store::{
    group_messages::flag as group_flag,
    messages::flag,
    search_blocks::Block,
    search_logs::{GROUP, Place, Said},
};

use super::text::{Gram, grams, searchable, sender_gram, type_gram};

/// Most messages of a block.
pub(super) const MESSAGES_MAX: usize = 128;
/// A block of so many bytes of text takes no further message.
pub(super) const TEXT_BYTES_MAX: usize = 32 << 10;
/// Bits of a set, at least and at most; both powers of two.
const BITS_MIN: usize = 256;
const BITS_MAX: usize = 1 << 17;
/// Bits for each gram: so many that a gram that is not there is mostly seen to be missing.
const BITS_PER_GRAM: usize = 4;

/// Of a message of two people: who sent it, and whose view it is not in.
const FROM_HIGH: u8 = 1;
const HIDDEN_FROM_SENDER: u8 = 1 << 1;
const HIDDEN_FROM_RECEIVER: u8 = 1 << 2;
/// Of a group's message: only for some of the members.
const TARGETED: u8 = 1 << 3;

/// A message as a search reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry<'a> {
    pub(super) place: Place,
    pub(super) time: i64,
    pub(super) types: u64,
    /// Of a group's message.
    pub(super) sender: &'a str,
    /// Folded.
    pub(super) text: &'a str,
    flags: u8,
}

impl Entry<'_> {
    pub(super) fn is_from_high(&self) -> bool {
        self.flags & FROM_HIGH != 0
    }

    pub(super) fn is_targeted(&self) -> bool {
        self.flags & TARGETED != 0
    }

    /// Whether it is in the view of the one of two people who sent it, or of the other.
    pub(super) fn is_in_view(&self, of_sender: bool) -> bool {
        self.flags & if of_sender { HIDDEN_FROM_SENDER } else { HIDDEN_FROM_RECEIVER } == 0
    }
}

/// A message with the text that its [`Entry`] borrows.
pub(super) struct Readable {
    pub(super) log: i64,
    place: Place,
    time: i64,
    types: u64,
    sender: String,
    text: String,
    flags: u8,
}

impl Readable {
    /// `None` for what nobody finds.
    pub(super) fn new(kind: i64, it: &Said) -> Option<Readable> {
        let flags = if kind == GROUP {
            if it.flags & (group_flag::RECALLED | group_flag::DELETED | group_flag::TIP) != 0 {
                return None;
            }
            if it.flags & group_flag::TARGETED != 0 { TARGETED } else { 0 }
        } else {
            if it.flags & flag::RECALLED != 0 {
                return None;
            }
            let bit = |is: bool, bit: u8| if is { bit } else { 0 };
            bit(it.from_high, FROM_HIGH)
                | bit(it.flags & flag::HIDDEN_FROM_SENDER != 0, HIDDEN_FROM_SENDER)
                | bit(it.flags & (flag::HIDDEN_FROM_RECEIVER | flag::WITHHELD) != 0, HIDDEN_FROM_RECEIVER)
        };
        let found = searchable(&it.body);
        Some(Readable {
            log: it.log,
            place: it.place,
            time: it.time,
            types: found.types,
            sender: it.sender.clone(),
            text: found.text,
            flags,
        })
    }

    pub(super) fn entry(&self) -> Entry<'_> {
        Entry {
            place: self.place,
            time: self.time,
            types: self.types,
            sender: &self.sender,
            text: &self.text,
            flags: self.flags,
        }
    }
}

/// Makes the block of some messages of a log, oldest first, that come after a place. At least one is needed.
pub(super) fn make(kind: i64, log: i64, after: Place, said: &[Said]) -> Option<(Block, Vec<u8>)> {
    let last = said.last()?;
    let (mut texts, mut all) = (Vec::new(), HashSet::new());
    for it in said.iter().filter_map(|it| Readable::new(kind, it)) {
        grams(&it.text, |gram| _ = all.insert(gram));
        (0..u64::BITS as usize).filter(|place| it.types >> place & 1 == 1).for_each(|place| {
            all.insert(type_gram(place));
        });
        if !it.sender.is_empty() {
            all.insert(sender_gram(&it.sender));
        }
        write(&mut texts, &it.entry());
    }
    let block = Block {
        id: 0,
        log,
        after,
        last: last.place,
        newest_at: said.iter().map(|it| it.time).max().unwrap_or(0),
        messages: said.len() as i64,
        version: 0,
        grams: set(&all),
    };
    Some((block, texts))
}

/// How many of these messages one block takes.
pub(super) fn takes(said: &[Said]) -> usize {
    let mut bytes = 0;
    let full = said.iter().position(|it| {
        let was_full = bytes >= TEXT_BYTES_MAX;
        bytes += it.body.len();
        was_full
    });
    full.unwrap_or(said.len()).min(MESSAGES_MAX)
}

fn set(all: &HashSet<Gram>) -> Vec<u8> {
    let bits = (all.len() * BITS_PER_GRAM).next_power_of_two().clamp(BITS_MIN, BITS_MAX);
    let mut set = vec![0; bits / 8];
    for it in all {
        let at = *it as usize & (bits - 1);
        set[at / 8] |= 1 << (at % 8);
    }
    set
}

/// Whether a gram may be in a block with this set.
pub(super) fn may_have(set: &[u8], gram: Gram) -> bool {
    let bits = set.len() * 8;
    if !bits.is_power_of_two() {
        return true;
    }
    let at = gram as usize & (bits - 1);
    set[at / 8] >> (at % 8) & 1 == 1
}

fn write(out: &mut Vec<u8>, it: &Entry<'_>) {
    for number in [it.place.0, it.place.1, it.place.2, it.time] {
        write_number(out, number as u64);
    }
    write_number(out, it.types);
    out.push(it.flags);
    for text in [it.sender, it.text] {
        write_number(out, text.len() as u64);
        out.extend_from_slice(text.as_bytes());
    }
}

/// Seven bits a byte, the lowest first; the highest bit says that more follow.
fn write_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Reads the messages of a block, oldest first. What is not as it was written ends it.
pub(super) struct Entries<'a>(&'a [u8]);

impl<'a> Entries<'a> {
    pub(super) fn new(texts: &'a [u8]) -> Entries<'a> {
        Entries(texts)
    }

    fn number(&mut self) -> Option<u64> {
        let (mut number, mut shift) = (0, 0);
        loop {
            let (first, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(first & 0x7f).checked_shl(shift)?;
            if first & 0x80 == 0 {
                return Some(number);
            }
            shift += 7;
        }
    }

    fn text(&mut self) -> Option<&'a str> {
        let bytes = usize::try_from(self.number()?).ok()?;
        let (text, rest) = self.0.split_at_checked(bytes)?;
        self.0 = rest;
        std::str::from_utf8(text).ok()
    }

    fn read(&mut self) -> Option<Entry<'a>> {
        let place = (self.number()? as i64, self.number()? as i64, self.number()? as i64);
        let (time, types) = (self.number()? as i64, self.number()?);
        let (flags, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(Entry { place, time, types, flags: *flags, sender: self.text()?, text: self.text()? })
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        if self.0.is_empty() {
            return None;
        }
        let read = self.read();
        if read.is_none() {
            self.0 = &[];
        }
        read
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(place: i64, text: &str) -> Said {
        Said {
            log: 7,
            place: (place, 4_294_967_295, 0),
            time: place,
            flags: 0,
            from_high: place % 2 == 1,
            sender: "ann".to_owned(),
            body: format!("[{{\"MsgType\":\"TIMTextElem\",\"MsgContent\":{{\"Text\":{text:?}}}}}]"),
        }
    }

    #[test]
    fn a_block_gives_back_what_was_said() {
        let said = [said(1_795_490_204, "Hello"), said(1_795_490_205, ""), said(1_795_490_206, "世界")];
        let (block, texts) = make(GROUP, 7, (0, 0, 0), &said).unwrap();
        assert_eq!((block.messages, block.newest_at, block.last), (3, 1_795_490_206, said[2].place));
        let entries: Vec<_> = Entries::new(&texts).collect();
        assert_eq!(entries.iter().map(|it| it.text).collect::<Vec<_>>(), ["hello", "", "世界"]);
        assert_eq!(entries.iter().map(|it| it.place).collect::<Vec<_>>(), said.each_ref().map(|it| it.place));
        for end in 0..texts.len() {
            assert!(Entries::new(&texts[..end]).count() <= 3, "a cut block is read to its cut");
        }
    }

    #[test]
    fn the_set_of_a_block_has_all_that_is_in_it_and_little_else() {
        let said: Vec<_> =
            (0..128).map(|it| said(it, &format!("message {it} about things like 天气"))).collect();
        let (block, _) = make(GROUP, 7, (0, 0, 0), &said).unwrap();
        let set_has = |it| may_have(&block.grams, it);
        let has_all = |text: &str| {
            let mut all = true;
            grams(text, |it| all &= set_has(it));
            all
        };
        assert!(["message 127", "天", "天气", "things", "g"].iter().all(|it| has_all(it)));
        let others = ["needle", "zebra", "电影", "quick", "xyz", "jumps", "foxes", "数据", "wxyz", "qqq"];
        assert!(others.iter().filter(|it| has_all(it)).count() <= 2);
        assert!(set_has(sender_gram("ann")));
    }

    #[test]
    fn a_block_is_full_of_messages_or_of_text() {
        let short: Vec<_> = (0..200).map(|it| said(it, "x")).collect();
        assert_eq!(takes(&short), MESSAGES_MAX);
        let long: Vec<_> = (0..10).map(|it| said(it, &"x".repeat(TEXT_BYTES_MAX / 2))).collect();
        assert_eq!(takes(&long), 2);
        assert_eq!(takes(&[]), 0);
    }
}
