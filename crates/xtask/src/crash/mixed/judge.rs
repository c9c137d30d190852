//! What must be true of what the server shows.

use std::collections::{BTreeMap, BTreeSet};

use super::record::{Mark, Read, Recall, Said, Shown};

/// Every acknowledged message is there once under its name, what was not acknowledged at most once, each with a text that
/// it can have, recalled or not; and there is nothing else.
pub fn log(said: &[&Said], shown: &[Shown]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut found: BTreeMap<(usize, u32), &Shown> = BTreeMap::new();
    for it in shown {
        let Some(mark) = it.mark else { continue };
        if found.insert((mark.from, mark.number), it).is_some() {
            faults.push(format!("{mark:?} is there twice"));
        }
    }
    for it in said {
        let Some(shown) = found.remove(&(it.from, it.number)) else {
            if it.acknowledged.is_some() {
                faults.push(format!("{} of {} was acknowledged and is lost", it.number, it.from));
            }
            continue;
        };
        faults.extend(state(it, shown));
    }
    faults.extend(found.keys().map(|it| format!("nobody said {it:?} here")));
    faults
}

fn state(it: &Said, shown: &Shown) -> Option<String> {
    let who = format!("{} of {}", it.number, it.from);
    if it.acknowledged.is_some() && it.name != shown.name {
        return Some(format!("{who} was acknowledged as {} and is {}", it.name, shown.name));
    }
    let is_possible = match it.recall {
        Recall::Never => !shown.recalled,
        Recall::Open => true,
        Recall::Done => shown.recalled,
    };
    if !is_possible {
        return Some(format!("{who}: recall {:?}, and recalled is {}", it.recall, shown.recalled));
    }
    let version = shown.mark.map_or(0, |it| it.version);
    let is_sound = version == it.version || it.maybe.contains(&version);
    (!is_sound).then(|| format!("{who} has version {version} and not {} or {:?}", it.version, it.maybe))
}

/// The numbers of a group count from 1 without a gap, and what was acknowledged before another message was asked for comes
/// before it.
pub fn numbers(said: &[&Said], shown: &[Shown]) -> Vec<String> {
    let mut faults = Vec::new();
    for (expected, it) in (1..).zip(shown) {
        if it.seq != expected {
            faults.push(format!("number {} where {expected} should be", it.seq));
            break;
        }
    }
    let known: BTreeMap<_, _> = said.iter().map(|it| ((it.from, it.number), it)).collect();
    let mut latest: Option<&Said> = None;
    for mark in shown.iter().filter_map(|it| it.mark) {
        let Some(it) = known.get(&(mark.from, mark.number)) else { continue };
        if let (Some(latest), Some(ended)) = (latest, it.acknowledged)
            && ended < latest.began
        {
            faults.push(format!(
                "{} of {} was acknowledged before {} of {} was sent, and comes after it",
                it.number, it.from, latest.number, latest.from
            ));
        }
        if latest.is_none_or(|known| known.began < it.began) {
            latest = Some(it);
        }
    }
    faults
}

/// Two readers see the same.
pub fn same(one: &[Shown], other: &[Shown]) -> Vec<String> {
    let seen = |it: &Shown| (it.seq, it.name.clone(), it.mark.filter(|_| !it.recalled), it.recalled);
    if one.len() != other.len() {
        return vec![format!("one reader sees {} messages, another {}", one.len(), other.len())];
    }
    let differs = one.iter().zip(other).find(|(a, b)| seen(a) != seen(b));
    differs.map(|(a, b)| format!("one reader sees {a:?}, another {b:?}")).into_iter().collect()
}

/// What was pushed of a group on each connection of a user, as (number, message).
pub type Pushes = Vec<Vec<(u64, Mark)>>;

/// On each connection numbers grow, each push is what is stored, and between two of them none of others is missing.
pub fn pushes(shown: &[Shown], user: usize, pushes: &Pushes) -> Vec<String> {
    let mut faults = Vec::new();
    let stored: BTreeMap<_, _> = shown.iter().filter_map(|it| Some((it.seq, it.mark?))).collect();
    for connection in pushes {
        for pair in connection.windows(2) {
            let (one, two) = (pair[0].0, pair[1].0);
            if one >= two {
                faults.push(format!("{two} was pushed after {one}"));
                continue;
            }
            let missing = stored.range(one + 1..two).find(|it| it.1.from != user);
            faults.extend(missing.map(|it| format!("{} was not pushed between {one} and {two}", it.0)));
        }
        for (seq, mark) in connection {
            let is_stored =
                stored.get(seq).is_some_and(|it| (it.from, it.number) == (mark.from, mark.number));
            if !is_stored {
                faults.push(format!("{mark:?} was pushed as {seq}, which is {:?}", stored.get(seq)));
            }
        }
    }
    faults
}

/// Unread is what is above the read position, without what one said oneself and what is recalled.
pub fn unread(shown: &[Shown], user: usize, read: Option<&Read>, count: u64) -> Vec<String> {
    let counts = |it: &Shown| !it.recalled && it.mark.is_none_or(|it| it.from != user);
    let above = |read: u64| shown.iter().filter(|it| it.seq > read && counts(it)).count() as u64;
    let read = read.copied().unwrap_or_default();
    let possible: BTreeSet<_> = [above(read.done), above(read.asked.max(read.done))].into();
    match possible.contains(&count) {
        true => Vec::new(),
        false => vec![format!("{user} has {count} unread, and should have {possible:?}")],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(from: usize, number: u32, (began, acknowledged): (u64, Option<u64>), seq: u64) -> Said {
        let name = if acknowledged.is_some() { seq.to_string() } else { String::new() };
        Said { from, number, began, acknowledged, name, ..Said::default() }
    }

    fn shown(seq: u64, from: usize, number: u32) -> Shown {
        Shown { seq, name: seq.to_string(), mark: Some(Mark { from, number, version: 0 }), recalled: false }
    }

    /// Two people, four messages; the last was not acknowledged.
    fn scene() -> (Vec<Said>, Vec<Shown>) {
        let all = [
            (0, 0, (10, Some(20)), 1),
            (1, 0, (12, Some(30)), 2),
            (0, 1, (40, Some(50)), 3),
            (1, 1, (60, None), 0),
        ];
        let said = all.into_iter().map(|it| said(it.0, it.1, it.2, it.3)).collect();
        (said, vec![shown(1, 0, 0), shown(2, 1, 0), shown(3, 0, 1), shown(4, 1, 1)])
    }

    fn all(said: &[Said], shown: &[Shown]) -> Vec<String> {
        let said: Vec<_> = said.iter().collect();
        [log(&said, shown), numbers(&said, shown)].concat()
    }

    #[test]
    fn what_is_as_it_should_be_has_no_fault() {
        let (said, mut log) = scene();
        assert_eq!(all(&said, &log), Vec::<String>::new());
        log.pop();
        assert_eq!(all(&said, &log), Vec::<String>::new(), "what was not acknowledged may be missing");
    }

    #[test]
    fn each_broken_promise_is_found() {
        let (said, good) = scene();
        let renumbered = |mut it: Vec<Shown>| {
            for (seq, it) in (1..).zip(&mut it) {
                (it.seq, it.name) = (seq, seq.to_string());
            }
            it
        };
        let without = |place: usize| {
            good.iter().enumerate().filter(|it| it.0 != place).map(|it| it.1.clone()).collect()
        };
        let lost: Vec<_> = without(1);
        let twice = [&good[..], &good[2..3]].concat();
        let mut swapped = good.clone();
        swapped.swap(0, 2);
        let foreign = [&good[..], &[shown(5, 7, 7)]].concat();
        let (mut recalled, mut changed) = (good.clone(), good.clone());
        recalled[0].recalled = true;
        changed[0].mark = Some(Mark { from: 0, number: 0, version: 3 });
        for (what, log) in [
            ("lost", lost.clone()),
            ("lost, and the rest moved up", renumbered(lost)),
            ("twice", renumbered(twice)),
            ("in another order", renumbered(swapped)),
            ("said by nobody", foreign),
            ("recalled by nobody", recalled),
            ("changed by nobody", changed),
        ] {
            assert!(!all(&said, &log).is_empty(), "{what}");
        }
        let mut gone = said.clone();
        gone[0].recall = Recall::Done;
        assert!(!all(&gone, &good).is_empty(), "a recall that had no effect");
        let mut early = said;
        (early[3].began, early[3].acknowledged, early[3].name) = (1, Some(5), "4".to_owned());
        assert!(!all(&early, &good).is_empty(), "acknowledged before all others were sent, and the last");
    }

    #[test]
    fn readers_are_compared() {
        let (_, good) = scene();
        assert!(same(&good, &good).is_empty());
        assert!(!same(&good, &good[1..]).is_empty());
        let mut other = good.clone();
        other[2].recalled = true;
        assert!(!same(&good, &other).is_empty());
    }

    #[test]
    fn pushes_are_held_against_the_log() {
        let (_, good) = scene();
        let push = |seq: u64| (seq, good[seq as usize - 1].mark.expect("it has one"));
        // User 0 is not told of what it said itself.
        for (pushed, is_sound) in [
            (vec![vec![push(2), push(4)]], true),
            (vec![vec![push(1), push(2), push(3), push(4)]], true),
            (vec![vec![push(4)], vec![push(2)]], true),
            (vec![vec![push(4), push(2)]], false),
            (vec![vec![push(2), push(2)]], false),
            (vec![vec![push(1), push(4)]], false),
            (vec![vec![(2, push(4).1)]], false),
            (vec![vec![(9, push(4).1)]], false),
        ] {
            assert_eq!(pushes(&good, 0, &pushed).is_empty(), is_sound, "{pushed:?}");
        }
    }

    #[test]
    fn unread_has_its_definition() {
        let (_, mut good) = scene();
        good[3].recalled = true;
        let read = |done, asked| Some(Read { done, asked });
        for (user, read, count, is_sound) in [
            (0, None, 1, true),
            (0, None, 2, false),
            (1, None, 2, true),
            (1, read(1, 1), 1, true),
            (1, read(1, 3), 0, true),
            (1, read(3, 3), 1, false),
        ] {
            assert_eq!(
                unread(&good, user, read.as_ref(), count).is_empty(),
                is_sound,
                "{user} {read:?} {count}"
            );
        }
    }
}
