//! What is written down of a run.

use std::time::Instant;

/// People, all of whom are in all groups.
pub const USERS: usize = 8;

/// Where people talk.
#[derive(Debug)]
pub enum Place {
    Group {
        id: String,
        kind: &'static str,
    },
    /// Two people by their numbers.
    Pair(usize, usize),
}

pub struct World {
    pub users: Vec<String>,
    pub places: Vec<Place>,
    start: Instant,
}

impl World {
    pub fn new(run: &str) -> World {
        let group = |(number, kind): (usize, &'static str)| {
            let id = if kind == "Community" { format!("@TGS#_{run}") } else { format!("{run}g{number}") };
            Place::Group { id, kind }
        };
        let groups = ["Public", "Public", "Private", "Community"].into_iter().enumerate().map(group);
        let pairs = (0..USERS).map(|it| Place::Pair(it, (it + 1) % USERS));
        World {
            users: (0..USERS).map(|it| format!("{run}u{it}")).collect(),
            places: groups.chain(pairs).collect(),
            start: Instant::now(),
        }
    }

    /// Id and type of each group.
    pub fn groups(&self) -> impl Iterator<Item = (&str, &'static str)> {
        self.places.iter().filter_map(|it| match it {
            Place::Group { id, kind } => Some((&**id, *kind)),
            Place::Pair(..) => None,
        })
    }

    /// Nanoseconds since the start of the run.
    pub fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Recall {
    #[default]
    Never,
    /// Asked for, and nobody knows what became of it.
    Open,
    Done,
}

/// A message as its sender knows it.
#[derive(Clone, Debug, Default)]
pub struct Said {
    pub place: usize,
    pub from: usize,
    pub number: u32,
    /// When it was first asked for, and when it was acknowledged; nanoseconds.
    pub began: u64,
    pub acknowledged: Option<u64>,
    /// `MsgSeq` in a group, or the `MsgKey`; empty before the acknowledgement.
    pub name: String,
    /// Which version of its text must be there, and which ones may be there instead, since nobody knows what became of them.
    pub version: u32,
    pub maybe: Vec<u32>,
    pub recall: Recall,
}

/// What a message says, which tells whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    pub from: usize,
    pub number: u32,
    pub version: u32,
}

impl Mark {
    pub fn text(self) -> String {
        format!("{} {} {}", self.from, self.number, self.version)
    }

    pub fn read(text: &str) -> Option<Mark> {
        let mut parts = text.split(' ');
        let mark = Mark {
            from: parts.next()?.parse().ok()?,
            number: parts.next()?.parse().ok()?,
            version: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(mark)
    }
}

/// A message as the server shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// `MsgSeq` in a group, or the place in the history of two.
    pub seq: u64,
    pub name: String,
    /// None: a tip.
    pub mark: Option<Mark>,
    pub recalled: bool,
}

/// How far somebody has read a group: what was acknowledged, and the furthest that was asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Read {
    pub done: u64,
    pub asked: u64,
}
