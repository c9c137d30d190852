//! The audit log: what operators did. Each row's hash covers the row before, so that none can be changed or taken out
//! unseen.

use sha2::{Digest, Sha256};
pub use store::console_audit::{Entry, Wanted};
use store::{Tx, console_audit as table};

use super::{Actor, Trouble, key};
use crate::{Chat, text::beginning};

/// Rows that are kept; the oldest go.
pub const ROWS_MAX: i64 = 1_000_000;
/// Rows that one look brings at most, and that it looks at.
pub const PAGE_MAX: i64 = 500;
const LOOKED_AT_MAX: i64 = 20_000;
/// Rows of one step of a walk over all.
const STEP: i64 = 1000;
/// How much a row keeps of what was sent, and of a name. Bytes.
pub const DETAIL_BYTES_MAX: usize = 4096;
const TARGET_BYTES_MAX: usize = 512;

/// What was done.
#[derive(Clone, Debug, Default)]
pub struct Deed {
    /// Named as in the table of endpoints, such as `apps.settings`.
    pub action: String,
    /// 0 for none.
    pub app: u32,
    /// A user, a group, a command …
    pub target: String,
    /// JSON, or empty.
    pub detail: String,
}

impl Deed {
    pub fn new(action: &str, target: &str) -> Deed {
        Deed { action: action.to_owned(), target: target.to_owned(), ..Deed::default() }
    }
}

/// The hash of a row: each column with its length in front, so that no two rows read the same.
fn hash(it: &Entry) -> Vec<u8> {
    let mut hasher = Sha256::new();
    let mut add = |bytes: &[u8]| {
        hasher.update((bytes.len() as u64).to_be_bytes());
        hasher.update(bytes);
    };
    add(&it.previous);
    for number in [it.id, it.at_ms, it.app] {
        add(&number.to_be_bytes());
    }
    for text in [&it.operator, &it.role, &it.address, &it.action, &it.target, &it.detail] {
        add(text.as_bytes());
    }
    hasher.finalize().to_vec()
}

/// Writes a deed down, inside the transaction that does it; gives the row's number.
pub(super) fn note(tx: &mut dyn Tx, by: &Actor, deed: &Deed, now_ms: i64) -> Result<i64, store::StoreError> {
    let (id, previous) = table::next(tx)?;
    let mut entry = Entry {
        id,
        at_ms: now_ms,
        operator: beginning(&by.name, TARGET_BYTES_MAX),
        role: by.role.map_or("", super::Role::name).to_owned(),
        address: by.address.map(|it| it.to_canonical().to_string()).unwrap_or_default(),
        action: deed.action.clone(),
        app: deed.app.into(),
        target: beginning(&deed.target, TARGET_BYTES_MAX),
        detail: beginning(&deed.detail, DETAIL_BYTES_MAX),
        previous,
        hash: Vec::new(),
    };
    entry.hash = hash(&entry);
    table::append(tx, &entry, ROWS_MAX)?;
    Ok(id)
}

/// What a walk over the log found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    pub entries: i64,
    pub first: i64,
    pub last: i64,
    pub last_hash: Vec<u8>,
    /// The first row that is wrong, and what is wrong with it.
    pub broken: Option<(i64, &'static str)>,
}

impl Verdict {
    /// Takes the next row into account.
    fn add(&mut self, it: Entry) -> Result<(), (i64, &'static str)> {
        let is_first = self.entries == 0;
        if is_first {
            self.first = it.id;
            if it.id == 1 && !it.previous.is_empty() {
                return Err((1, "the first row names one before it"));
            }
        } else if it.id != self.last + 1 {
            return Err((self.last + 1, "the row is missing"));
        } else if it.previous != self.last_hash {
            return Err((it.id, "the row before was changed"));
        }
        if hash(&it) != it.hash {
            return Err((it.id, "the row was changed"));
        }
        self.entries += 1;
        (self.last, self.last_hash) = (it.id, it.hash);
        Ok(())
    }
}

impl Chat {
    /// Writes down what is about to be done elsewhere.
    pub async fn audit(&self, by: &Actor, deed: Deed) -> Result<i64, Trouble> {
        let (by, now) = (by.clone(), self.clock.millis());
        Ok(self.db.write(key(), move |tx| note(tx, &by, &deed, now)).await?)
    }

    /// Rows as wanted, newest first, and before which number to look on; none at the end.
    pub async fn audit_log(&self, wanted: Wanted, limit: i64) -> Result<(Vec<Entry>, Option<i64>), Trouble> {
        let limit = limit.clamp(1, PAGE_MAX);
        let read = self.db.read(move |tx| table::list(tx, &wanted, LOOKED_AT_MAX, limit));
        let (entries, low) = read.await?;
        let next = match entries.last() {
            Some(it) if entries.len() as i64 == limit => it.id,
            _ => low,
        };
        Ok((entries, (next > 1).then_some(next)))
    }

    /// Rows after a number, oldest first, a bounded step.
    pub async fn audit_after(&self, id: i64) -> Result<Vec<Entry>, Trouble> {
        Ok(self.db.read(move |tx| table::after(tx, id, STEP)).await?)
    }

    /// Walks over the whole log and tells whether it is as it was written.
    pub async fn verify_audit(&self) -> Result<Verdict, Trouble> {
        let newest = self.db.read(|tx| table::newest(tx)).await?;
        let mut verdict = Verdict::default();
        let oldest = (newest - ROWS_MAX + 1).max(1);
        loop {
            let step = self.audit_after(verdict.last).await?;
            let is_last = (step.len() as i64) < STEP;
            for entry in step {
                if let Err(broken) = verdict.add(entry) {
                    verdict.broken = Some(broken);
                    return Ok(verdict);
                }
            }
            if is_last {
                break;
            }
        }
        verdict.broken = match () {
            () if newest > 0 && verdict.entries == 0 => Some((oldest, "the row is missing")),
            () if verdict.entries > 0 && verdict.first > oldest => Some((oldest, "the row is missing")),
            () if verdict.last < newest => Some((verdict.last + 1, "the row is missing")),
            () => None,
        };
        Ok(verdict)
    }
}
