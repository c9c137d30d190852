//! Text as it is compared, the short pieces it is found by, and what of a message is text at all.

use std::borrow::Cow;

use proto::element::ElementType;
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

/// Between the texts of one message: no keyword has it.
pub(super) const BETWEEN: char = '\0';

/// Lower case, and half width where there is one: what differs in nothing else is the same to a search.
pub(super) fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for it in text.chars() {
        match narrow(it) {
            it if it.is_ascii() => out.push(it.to_ascii_lowercase()),
            it => out.extend(it.to_lowercase()),
        }
    }
    out
}

fn narrow(it: char) -> char {
    match it {
        '\u{3000}' => ' ',
        // The forms of the ASCII characters from `!` to `~` that are as wide as ideographs.
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(it) - 0xfee0).unwrap_or(it),
        it => it,
    }
}

/// A piece of text, or something else that a message is found by, as a number that few others share.
pub(super) type Gram = u64;

/// What a gram is made of, so that none is taken for another kind.
#[derive(Clone, Copy)]
enum Kind {
    One = 1,
    Two,
    Four,
    Sender,
    Type,
}

/// Spreads the bits (the last steps of MurmurHash3).
fn mix(mut it: u64) -> u64 {
    it = (it ^ (it >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    it = (it ^ (it >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    it ^ (it >> 33)
}

fn gram(kind: Kind, parts: &[char]) -> Gram {
    parts.iter().fold(mix(kind as u64), |hash, it| mix(hash ^ u64::from(u32::from(*it))))
}

/// The gram of a sender.
pub(super) fn sender_gram(user: &str) -> Gram {
    user.bytes().fold(mix(Kind::Sender as u64), |hash, it| mix(hash ^ u64::from(it)))
}

/// The gram of the element type at this place of [`ElementType::ALL`].
pub(super) fn type_gram(place: usize) -> Gram {
    mix(mix(Kind::Type as u64) ^ place as u64)
}

/// Every piece of a folded text: each character, each two that follow one another, and, since few letters make many
/// words, each four of ASCII.
pub(super) fn grams(folded: &str, mut found: impl FnMut(Gram)) {
    let mut before: [Option<char>; 3] = [None; 3];
    for it in folded.chars() {
        if it == BETWEEN {
            before = [None; 3];
            continue;
        }
        found(gram(Kind::One, &[it]));
        if let Some(one) = before[2] {
            found(gram(Kind::Two, &[one, it]));
        }
        if let [Some(a), Some(b), Some(c)] = before
            && [a, b, c, it].iter().all(char::is_ascii)
        {
            found(gram(Kind::Four, &[a, b, c, it]));
        }
        before = [before[1], before[2], Some(it)];
    }
}

#[derive(Deserialize)]
struct Element<'a> {
    #[serde(rename = "MsgType", borrow)]
    kind: Cow<'a, str>,
    #[serde(rename = "MsgContent", borrow, default)]
    content: Option<&'a RawValue>,
}

/// What of a message can be searched.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Searchable {
    /// Folded, with [`BETWEEN`] between texts.
    pub(super) text: String,
    /// A bit for each type of element, in the order of [`ElementType::ALL`].
    pub(super) types: u64,
}

/// Reads the body of a message; one that is no list of elements has nothing to find.
pub(super) fn searchable(body: &str) -> Searchable {
    let mut out = Searchable::default();
    let elements: Vec<Element<'_>> = serde_json::from_str(body).unwrap_or_default();
    for it in elements {
        let Some(kind) = ElementType::from_name(&it.kind) else { continue };
        out.types |= type_bit(kind);
        let names: &[&str] = match kind {
            ElementType::Text => &["Text"],
            ElementType::File => &["FileName"],
            ElementType::Location => &["Desc"],
            ElementType::Custom => &["Desc", "Data"],
            ElementType::Relay => &["Title", "AbstractList"],
            ElementType::Face | ElementType::Sound | ElementType::Image | ElementType::Video => continue,
        };
        let content: Value =
            it.content.and_then(|it| serde_json::from_str(it.get()).ok()).unwrap_or_default();
        for name in names {
            match &content[*name] {
                Value::String(text) => add(&mut out.text, text),
                Value::Array(list) => {
                    list.iter().filter_map(Value::as_str).for_each(|it| add(&mut out.text, it))
                }
                _ => {}
            }
        }
    }
    out
}

fn add(out: &mut String, text: &str) {
    if !out.is_empty() {
        out.push(BETWEEN);
    }
    out.push_str(&fold(text));
}

/// The bit of a type of element.
pub(super) fn type_bit(kind: ElementType) -> u64 {
    1 << type_place(kind)
}

/// Its place in [`ElementType::ALL`].
pub(super) fn type_place(kind: ElementType) -> usize {
    ElementType::ALL.iter().position(|it| *it == kind).unwrap_or(ElementType::ALL.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_width_make_no_difference() {
        for (one, other) in [("ＨＥＬＬＯ　１", "hello 1"), ("ÄÖ", "äö"), ("ΣΑΣ", "σασ"), ("你好", "你好")]
        {
            assert_eq!(fold(one), fold(other), "{one}");
        }
    }

    #[test]
    fn every_part_of_a_text_has_only_grams_of_the_text() {
        let text = fold("Grüße, 你好世界 needle_1 \u{1f600}!");
        let mut all = std::collections::HashSet::new();
        grams(&text, |it| _ = all.insert(it));
        let chars: Vec<char> = text.chars().collect();
        for from in 0..chars.len() {
            for to in from + 1..=chars.len() {
                let part: String = chars[from..to].iter().collect();
                grams(&part, |it| assert!(all.contains(&it), "{part:?}"));
            }
        }
        grams("needlf", |it| _ = all.remove(&it));
        assert!(!all.is_empty());
    }

    #[test]
    fn only_what_people_wrote_is_searched() {
        let body = r#"[{"MsgType":"TIMTextElem","MsgContent":{"Text":"One"}},
            {"MsgType":"TIMFileElem","MsgContent":{"FileName":"Two.PDF","Url":"http://x"}},
            {"MsgType":"TIMLocationElem","MsgContent":{"Desc":"Three","Latitude":1.5,"Longitude":2}},
            {"MsgType":"TIMCustomElem","MsgContent":{"Desc":"Four","Data":"Five","Ext":"six"}},
            {"MsgType":"TIMRelayElem","MsgContent":{"Title":"Seven","AbstractList":["Eight","Nine"],"MsgNum":2}},
            {"MsgType":"TIMImageElem","MsgContent":{"UUID":"ten"}},
            {"MsgType":"TIMTextElem","MsgContent":{"Text":7}},{"MsgType":"Unknown"}]"#;
        let it = searchable(body);
        assert_eq!(
            it.text.split(BETWEEN).collect::<Vec<_>>(),
            ["one", "two.pdf", "three", "four", "five", "seven", "eight", "nine"]
        );
        assert_eq!(it.types.count_ones(), 6);
        assert_eq!(searchable("{}"), Searchable::default());
    }
}
