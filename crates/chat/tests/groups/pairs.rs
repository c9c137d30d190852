//! Attributes and counters of groups: what is there, and the sequences by which clients know what they missed.

use std::collections::BTreeMap;

use chat::groups::{
    Kind,
    attributes::{self, Change, Op, Pair},
    counters::{self, Mode},
};

use super::{
    GROUPS, World, code,
    model::{Actor, Done, Group, Model, find},
};

const ATTRIBUTES_MAX: usize = 16;
const COUNTERS_MAX: usize = 20;
const OFTEN: [&str; 2] = ["club", "meeting"];
/// Different keys, more than there may be of either.
const KEYS: usize = 24;

/// Values with the sequence of their last write.
#[derive(Default)]
pub struct Attributes {
    seq: i64,
    all: BTreeMap<String, (String, i64)>,
}

#[derive(Default)]
pub struct Counters {
    seq: i64,
    all: BTreeMap<String, i64>,
}

type Written = (i64, Vec<(String, i64)>);

impl Model {
    fn check_member(&mut self, id: &str, by: Actor<'_>) -> Done<&mut Group> {
        let group = find(&mut self.groups, id)?;
        match by.is_some_and(|it| group.role(it).is_none()) {
            true => Err(10007),
            false => Ok(group),
        }
    }

    fn write(&mut self, id: &str, by: Actor<'_>, it: &Change) -> Done<Written> {
        let attributes = &mut self.check_member(id, by)?.attributes;
        let mut pairs: Vec<&Pair> = Vec::new();
        for pair in &it.pairs {
            pairs.retain(|it| it.key != pair.key);
            pairs.push(pair);
        }
        let seq_of = |key: &str| attributes.all.get(key).map_or(0, |it| it.1);
        let is_race = it.unless_changed.is_some_and(|seq| match it.op {
            Op::Set | Op::Clear => seq != attributes.seq,
            Op::Modify | Op::Delete => pairs.iter().any(|it| it.seq != seq_of(&it.key)),
        });
        if is_race {
            return Err(10056);
        }
        if it.op == Op::Delete && pairs.iter().any(|it| !attributes.all.contains_key(&it.key)) {
            return Err(10050);
        }
        if it.op == Op::Clear && attributes.all.is_empty() {
            return Ok((attributes.seq, Vec::new()));
        }
        let seq = attributes.seq + 1;
        let mut after = attributes.all.clone();
        if matches!(it.op, Op::Set | Op::Clear) {
            after.clear();
        }
        for pair in &pairs {
            match it.op {
                Op::Delete => _ = after.remove(&pair.key),
                _ => _ = after.insert(pair.key.clone(), (pair.value.clone(), seq)),
            }
        }
        if after.len() > ATTRIBUTES_MAX {
            return Err(10047);
        }
        (attributes.seq, attributes.all) = (seq, after);
        let shown = if it.op == Op::Delete { 0 } else { seq };
        Ok((seq, pairs.iter().map(|it| (it.key.clone(), shown)).collect()))
    }

    fn counters(&mut self, id: &str, by: Actor<'_>) -> Done<&mut Counters> {
        if find(&mut self.groups, id)?.kind == Kind::Community {
            return Err(10007);
        }
        Ok(&mut self.check_member(id, by)?.counters)
    }

    fn count(&mut self, id: &str, by: Actor<'_>, mode: Mode, values: &[(String, i64)]) -> Done<Written> {
        let counters = self.counters(id, by)?;
        let (mut after, mut named) = (counters.all.clone(), Vec::new());
        for (key, value) in values {
            let before = i128::from(after.get(key).copied().unwrap_or(0));
            let value = match mode {
                Mode::Set => i128::from(*value),
                Mode::Increase => before + i128::from(*value),
                Mode::Decrease => before - i128::from(*value),
            };
            after.insert(key.clone(), i64::try_from(value).map_err(|_| 10004)?);
            if !named.contains(key) {
                named.push(key.clone());
            }
        }
        if after.len() > COUNTERS_MAX {
            return Err(10063);
        }
        let all = named.into_iter().map(|key| (key.clone(), after[&key])).collect();
        (counters.seq, counters.all) = (counters.seq + 1, after);
        Ok((counters.seq, all))
    }

    fn delete_counters(&mut self, id: &str, by: Actor<'_>, keys: &[String]) -> Done {
        let counters = self.counters(id, by)?;
        let count = counters.all.len();
        counters.all.retain(|it, _| !keys.is_empty() && !keys.contains(it));
        counters.seq += i64::from(counters.all.len() < count);
        Ok(())
    }
}

impl World {
    pub async fn step_pairs(&mut self) {
        // Mostly where much comes together.
        let (any, user) = (self.dice.roll(GROUPS.len()), self.dice.user());
        let id = if self.dice.one_in(4) { GROUPS[any].0 } else { OFTEN[self.dice.roll(2)] };
        let by: Actor<'_> = if self.dice.one_in(2) { None } else { Some(user) };
        match self.dice.roll(10) {
            0..5 => self.write(id, by).await,
            5..9 => {
                let mode = [Mode::Set, Mode::Increase, Mode::Increase, Mode::Decrease][self.dice.roll(4)];
                let values: Vec<_> = self.keys(9).into_iter().map(|it| (it, self.number())).collect();
                let found = counters::update(&self.as_who(by), id, mode, values.clone()).await;
                let expected = self.model.count(id, by, mode, &values);
                self.check("count", id, found.map(|it| (it.seq, it.all)), &expected);
            }
            _ => {
                let keys = if self.dice.one_in(8) { Vec::new() } else { self.keys(3) };
                let found = counters::delete(&self.as_who(by), id, keys.clone()).await;
                let expected = self.model.delete_counters(id, by, &keys);
                self.check("delete counters", id, found, &expected);
            }
        }
    }

    fn keys(&mut self, most: usize) -> Vec<String> {
        let count = 1 + self.dice.roll(most);
        (0..count).map(|_| format!("key {}", self.dice.roll(KEYS))).collect()
    }

    fn number(&mut self) -> i64 {
        if self.dice.one_in(20) { i64::MAX } else { self.dice.roll(100) as i64 - 50 }
    }

    async fn write(&mut self, id: &str, by: Actor<'_>) {
        let op = match self.dice.roll(24) {
            0 => Op::Clear,
            1 => Op::Set,
            2..5 => Op::Delete,
            _ => Op::Modify,
        };
        let wrong = i64::from(self.dice.one_in(5));
        let known = self.model.find(id).ok().map(|it| &it.attributes);
        let (main_seq, seqs): (_, BTreeMap<_, _>) = match known {
            Some(it) => (it.seq, it.all.iter().map(|(key, it)| (key.clone(), it.1)).collect()),
            None => Default::default(),
        };
        let mut pairs = Vec::new();
        // Keys that are there, mostly, where there must be some.
        let keys: Vec<_> = match op {
            Op::Clear => Vec::new(),
            Op::Delete if !self.dice.one_in(3) => seqs.keys().take(2).cloned().collect(),
            _ => self.keys(6),
        };
        for key in keys {
            let seq = seqs.get(&key).copied().unwrap_or(0) + wrong;
            pairs.push(Pair { key, value: format!("value {}", self.dice.roll(100)), seq });
        }
        let unless_changed = self.dice.one_in(2).then_some(main_seq + wrong);
        let change = Change { op, pairs, unless_changed };
        let expected = self.model.write(id, by, &change);
        let found = attributes::write(&self.as_who(by), id, change).await;
        self.check("attributes", id, found.map(|it| (it.main_seq, it.seqs)), &expected);
    }

    pub async fn compare_pairs(&self, id: &str, group: &Group) {
        let (seq, found) = attributes::read(&self.cx, id).await.unwrap();
        let found = found.into_iter().map(|it| (it.key, (it.value, it.seq))).collect();
        let Attributes { seq: expected_seq, all } = &group.attributes;
        assert_eq!((seq, &found), (*expected_seq, all), "attributes of {id}, {}", self.at());
        let found = code(counters::read(&self.cx, id, Vec::new()).await);
        if group.kind == Kind::Community {
            assert_eq!(found.err(), Some(10007), "counters of {id}, {}", self.at());
            return;
        }
        let found = found.unwrap();
        let all = found.all.into_iter().collect();
        let expected = (group.counters.seq, &group.counters.all);
        assert_eq!((found.seq, &all), expected, "counters of {id}, {}", self.at());
    }
}
