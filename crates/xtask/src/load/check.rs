//! Whether everything that was acknowledged arrived once, in the order of its sender.

use std::collections::BTreeSet;

/// What one sender knows of its messages, which it numbers from 0 on and sends one after the other.
#[derive(Default)]
pub struct Ledger {
    /// Messages that were sent, acknowledged or not.
    pub sent: u32,
    /// Those without an acknowledgement: they may have arrived.
    pub failed: BTreeSet<u32>,
}

/// How many faults of a lane are spelled out.
const FAULTS_MAX: usize = 5;

impl Ledger {
    pub fn acknowledged(&self) -> u64 {
        u64::from(self.sent) - self.failed.len() as u64
    }

    /// The faults of what arrived, in the order of its arrival.
    pub fn faults(&self, arrived: &[u32]) -> Vec<String> {
        let mut faults = Vec::new();
        let mut seen = BTreeSet::new();
        let mut highest = None;
        for &number in arrived {
            if number >= self.sent {
                faults.push(format!("number {number} was never sent"));
            } else if !seen.insert(number) {
                faults.push(format!("number {number} came twice"));
            } else if highest.is_some_and(|it| number < it) {
                faults.push(format!("number {number} came late"));
            }
            highest = highest.max(Some(number));
        }
        let lost = (0..self.sent).filter(|it| !self.failed.contains(it) && !seen.contains(it));
        faults.extend(lost.map(|it| format!("number {it} was acknowledged and is lost")));
        if faults.len() > FAULTS_MAX {
            let more = faults.len() - FAULTS_MAX;
            faults.truncate(FAULTS_MAX);
            faults.push(format!("and {more} more"));
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_fault_is_seen() {
        let ledger = Ledger { sent: 4, failed: [2].into() };
        for (arrived, faults) in [
            (&[0, 1, 3][..], &[][..]),
            (&[0, 1, 2, 3], &[]),
            (&[0, 3], &["number 1 was acknowledged and is lost"]),
            (&[0, 1, 1, 3], &["number 1 came twice"]),
            (&[0, 1, 2, 2, 3], &["number 2 came twice"]),
            (&[1, 0, 3], &["number 0 came late"]),
            (&[0, 1, 3, 4], &["number 4 was never sent"]),
            (&[], &[0, 1, 3].map(|_| "")),
        ] {
            let found = ledger.faults(arrived);
            assert_eq!(found.len(), faults.len(), "{arrived:?}: {found:?}");
            assert!(faults.iter().zip(&found).all(|(it, found)| it.is_empty() || it == found), "{found:?}");
        }
        assert_eq!(ledger.acknowledged(), 3);
    }

    #[test]
    fn many_faults_are_not_all_spelled_out() {
        let ledger = Ledger { sent: 1000, failed: BTreeSet::new() };
        let faults = ledger.faults(&[]);
        assert_eq!((faults.len(), faults[FAULTS_MAX].as_str()), (FAULTS_MAX + 1, "and 995 more"));
    }
}
