//! The part of a file that a request asks for.

use std::ops::Range;

/// What a `Range` header comes to.
#[derive(Debug, PartialEq, Eq)]
pub enum Part {
    Whole,
    Some(Range<u64>),
    /// It lies behind the end.
    Nothing,
}

/// One range of bytes. Several at once, and what cannot be read, give the whole file, as RFC 9110 allows.
pub fn part(header: &str, size: u64) -> Part {
    let Some((from, to)) = header.strip_prefix("bytes=").and_then(|it| it.split_once('-')) else {
        return Part::Whole;
    };
    let number = |it: &str| {
        let it = it.trim();
        it.bytes().all(|it| it.is_ascii_digit()).then(|| it.parse::<u64>().ok()).flatten()
    };
    match (from.trim(), to.trim()) {
        ("", last) => match number(last) {
            Some(0) => Part::Nothing,
            Some(_) if size == 0 => Part::Nothing,
            Some(last) => Part::Some(size.saturating_sub(last)..size),
            None => Part::Whole,
        },
        (from, to) => {
            let Some(from) = number(from) else { return Part::Whole };
            let last = if to.is_empty() { Some(u64::MAX) } else { number(to) };
            match last {
                Some(last) if last < from => Part::Whole,
                Some(_) if from >= size => Part::Nothing,
                Some(last) => Part::Some(from..size.min(last.saturating_add(1))),
                None => Part::Whole,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_the_standard_says() {
        for (header, part_of_ten) in [
            ("", Part::Whole),
            ("bytes=0-0", Part::Some(0..1)),
            ("bytes=0-9", Part::Some(0..10)),
            ("bytes=0-10", Part::Some(0..10)),
            ("bytes=3-", Part::Some(3..10)),
            ("bytes=-4", Part::Some(6..10)),
            ("bytes=-40", Part::Some(0..10)),
            ("bytes=9-99999999999999999999", Part::Whole),
            ("bytes=9-18446744073709551615", Part::Some(9..10)),
            ("bytes=10-", Part::Nothing),
            ("bytes=-0", Part::Nothing),
            ("bytes=5-4", Part::Whole),
            ("bytes=0-1,3-4", Part::Whole),
            ("bytes=a-b", Part::Whole),
            ("bytes=-", Part::Whole),
            ("bytes=+1-2", Part::Whole),
            ("lines=0-1", Part::Whole),
        ] {
            assert_eq!(part(header, 10), part_of_ten, "{header}");
        }
        assert_eq!(part("bytes=0-", 0), Part::Nothing);
        assert_eq!(part("bytes=-1", 0), Part::Nothing);
    }
}
