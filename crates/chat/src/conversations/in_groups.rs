//! Group conversations in the list of a member.

use store::{
    StoreError, Tx,
    group_conversations::{self as rows, Conversation},
    group_messages::{self as log, GroupMessage},
    groups,
};

use super::{Entry, Labels, Side, Which};
use crate::{
    Cx,
    groups::{Group, Kind, MsgFlag, item, read::unread},
};

/// Groups read in one step.
const STEP: i64 = 1000;

/// What a group conversation shows.
#[derive(Default)]
pub struct InGroup {
    row: Conversation,
    pub last: Option<GroupMessage>,
    /// The last message as a history has it.
    pub last_item: String,
    pub unread: i64,
}

impl InGroup {
    pub(super) fn is_empty(&self) -> bool {
        self.row.last_seq == 0
    }

    pub fn kind(&self) -> Kind {
        Kind::from_number(self.row.kind)
    }

    pub fn flag(&self) -> MsgFlag {
        MsgFlag::from_number(self.row.flag)
    }

    pub fn name(&self) -> &str {
        &self.row.name
    }

    pub fn face(&self) -> &str {
        &self.row.face
    }

    pub fn read_seq(&self) -> i64 {
        self.row.read_seq
    }

    pub fn newest_seq(&self) -> i64 {
        self.row.newest_seq
    }

    /// Adds the last message and the unread count.
    pub(super) fn describe(&mut self, tx: &mut dyn Tx, cx: &Cx, owner: &str) -> Result<(), StoreError> {
        let lane = self.row.lane;
        self.unread = unread(tx, cx, (self.kind(), self.flag()), (lane, self.row.read_seq), owner)?;
        if self.is_empty() {
            return Ok(());
        }
        self.last = log::get(tx, lane, self.row.last_seq)?;
        if let (Some(last), Some(group)) = (&self.last, groups::by_number(tx, lane)?) {
            self.last_item = item(&Group::new(group), None, last);
        }
        Ok(())
    }
}

/// The groups of a user that are listed, in no order.
pub(super) fn all(tx: &mut dyn Tx, app: u32, owner: &str, since: i64) -> Result<Vec<Entry>, StoreError> {
    let (mut entries, mut after) = (Vec::new(), 0);
    loop {
        let step = rows::of_user(tx, app, owner, after, STEP)?;
        let is_end = (step.len() as i64) < STEP;
        after = step.last().map_or(after, |it| it.lane);
        entries.extend(step.into_iter().filter_map(|it| entry(it, since)));
        if is_end {
            return Ok(entries);
        }
    }
}

fn entry(mut row: Conversation, since: i64) -> Option<Entry> {
    if row.last_time < since {
        row.last_seq = 0;
    }
    let is_empty = row.last_seq == 0;
    if is_empty && row.emptied_at == 0 && !row.pinned {
        return None;
    }
    Some(Entry {
        which: Which::Group(row.group_id.clone()),
        time: if is_empty { row.emptied_at } else { row.last_time },
        pinned: row.pinned,
        side: Side::Group(Box::new(InGroup { row, ..InGroup::default() })),
        labels: Labels::default(),
    })
}
