//! The events of one app that are in memory, by line, and when its backend is asked again after failures.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use store::{StoreError, webhooks as table};

use crate::{Chat, apps::App, settings::Settings, webhooks::Failure};

/// Events of one app in memory. Further ones stay in the store.
const HELD_MAX: usize = 2048;
/// Their bodies together. Bytes.
const HELD_BYTES_MAX: usize = 16 << 20;
/// Events that one look into the store brings.
const PAGE: i64 = 256;
/// Failures one after the other, of whatever events, after which a backend is left alone.
const FAILURES_MAX: u32 = 10;
/// For how long, at first and at last.
const REST_FIRST: Duration = Duration::from_secs(1);
const REST_MAX: Duration = Duration::from_secs(30);
/// Attempts that the backend answers, but not as it should, before an event is given up.
const REJECTIONS_MAX: i64 = 12;
/// Further attempts after a time-out where events are not kept (`webhooks.retry_after_events`).
const MEMORY_RETRIES: i64 = 3;
/// Longest pause between two attempts of one event.
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// What follows from an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Delivered,
    Again,
    GivenUp,
}

#[derive(Default)]
struct Line {
    events: VecDeque<table::Event>,
    running: bool,
    /// Its first event is not tried before this.
    resume_at: Option<Instant>,
}

#[derive(Default)]
pub(super) struct Backlog {
    /// Ids in memory, and the size of their bodies.
    held: HashMap<i64, usize>,
    held_bytes: usize,
    lines: HashMap<i64, Line>,
    /// Lines that can start, and those that wait for their time.
    ready: VecDeque<i64>,
    paused: HashSet<i64>,
    running: usize,
    /// Everything up to this id was seen.
    cursor: i64,
    /// The last look found more than fits.
    pub(super) left_some: bool,
    failures: u32,
    /// While the backend is left alone: until when, and how long the next rest is.
    rest: Option<(Instant, Duration)>,
}

impl Backlog {
    /// Reads on in the outbox; with `from_start` also what was put back, or committed late.
    pub(super) async fn load(&mut self, chat: &Chat, app: &App, from_start: bool) -> Result<(), StoreError> {
        let mut after = if from_start { 0 } else { self.cursor };
        self.left_some = false;
        loop {
            if self.held.len() >= HELD_MAX || self.held_bytes >= HELD_BYTES_MAX {
                self.left_some = true;
                return Ok(());
            }
            let id = app.id;
            let page = chat.db.read::<_, StoreError>(move |tx| table::waiting(tx, id, after, PAGE)).await?;
            let is_last = page.len() < PAGE as usize;
            for event in page {
                after = event.id;
                self.cursor = self.cursor.max(event.id);
                self.hold(event);
            }
            if is_last {
                return Ok(());
            }
        }
    }

    pub(super) async fn count(&mut self, chat: &Chat, app: &App) -> Result<(), StoreError> {
        let (id, most) = (app.id, app.state().settings.webhooks_max_waiting);
        let waiting = match self.left_some {
            true => chat.db.read::<_, StoreError>(move |tx| table::count_waiting(tx, id, most)).await?,
            false => self.held.len() as i64,
        };
        app.hooks.waiting.store(waiting, Ordering::Relaxed);
        Ok(())
    }

    fn hold(&mut self, event: table::Event) {
        if self.held.contains_key(&event.id) {
            return;
        }
        self.held.insert(event.id, event.body.len());
        self.held_bytes += event.body.len();
        let number = event.line;
        let line = self.lines.entry(number).or_default();
        line.events.push_back(event);
        if line.events.len() == 1 && !line.running {
            self.ready.push_back(number);
        }
    }

    /// It is written down that this event is done.
    pub(super) fn forget(&mut self, id: i64) {
        self.held_bytes -= self.held.remove(&id).unwrap_or(0);
    }

    /// Lines that waited for their time, and need not any more, can start.
    pub(super) fn resume(&mut self, now: Instant) {
        let lines = &self.lines;
        let due = |it: &i64| lines.get(it).is_none_or(|line| line.resume_at.is_none_or(|at| at <= now));
        self.ready.extend(self.paused.extract_if(due));
    }

    /// An event that can be tried.
    pub(super) fn next(&mut self, settings: &Settings, now: Instant) -> Option<table::Event> {
        if let Some((until, _)) = self.rest
            && (now < until || self.running > 0)
        {
            return None;
        }
        if self.running >= usize::try_from(settings.webhooks_max_parallel).unwrap_or(1).max(1) {
            return None;
        }
        let number = self.ready.pop_front()?;
        let line = self.lines.get_mut(&number)?;
        line.running = true;
        self.running += 1;
        line.events.pop_front()
    }

    /// Decides what becomes of an event after an attempt; `at` is now, also in Unix milliseconds.
    pub(super) fn ended(
        &mut self,
        settings: &Settings,
        event: table::Event,
        failure: Option<&Failure>,
        at: (Instant, i64),
    ) -> Outcome {
        self.running -= 1;
        self.note_health(failure.is_some(), at.0);
        let outcome = failure.map_or(Outcome::Delivered, |it| after_failure(settings, &event, it, at.1));
        let number = event.line;
        let Some(line) = self.lines.get_mut(&number) else { return outcome };
        line.running = false;
        line.resume_at = None;
        if outcome == Outcome::Again {
            line.resume_at = Some(at.0 + pause(event.attempts));
            line.events.push_front(event);
            self.paused.insert(number);
        } else if line.events.is_empty() {
            self.lines.remove(&number);
        } else {
            self.ready.push_back(number);
        }
        outcome
    }

    fn note_health(&mut self, failed: bool, now: Instant) {
        if !failed {
            self.failures = 0;
            self.rest = None;
            return;
        }
        self.failures += 1;
        self.rest = match self.rest {
            Some((_, next)) => Some((now + next, (next * 2).min(REST_MAX))),
            None if self.failures >= FAILURES_MAX => Some((now + REST_FIRST, REST_FIRST * 2)),
            None => None,
        };
    }
}

/// Pause before the attempt that follows this many.
fn pause(attempts: i64) -> Duration {
    let doublings = u32::try_from(attempts - 1).unwrap_or(0).min(6);
    Duration::from_secs(1 << doublings).min(PAUSE_MAX)
}

fn after_failure(settings: &Settings, event: &table::Event, failure: &Failure, now_ms: i64) -> Outcome {
    const HOUR_MS: i64 = 3_600_000;
    let again = if settings.webhooks_delivery == "memory" {
        settings.webhooks_retry_after_events
            && *failure == Failure::TimedOut
            && event.attempts <= MEMORY_RETRIES
    } else {
        let is_rejected = matches!(failure, Failure::Rejected(_)) && event.attempts >= REJECTIONS_MAX;
        let is_old = now_ms - event.created_at > settings.webhooks_retry_hours * HOUR_MS;
        !is_rejected && !is_old
    };
    if again { Outcome::Again } else { Outcome::GivenUp }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::instant;

    fn event(id: i64, line: i64) -> table::Event {
        table::Event {
            id,
            command: "State.StateChange".to_owned(),
            line,
            client_ip: String::new(),
            platform: String::new(),
            created_at: 0,
            attempts: 0,
            body: "{}".to_owned(),
        }
    }

    fn backlog(events: &[(i64, i64)]) -> Backlog {
        let mut it = Backlog::default();
        events.iter().for_each(|(id, line)| it.hold(event(*id, *line)));
        it
    }

    fn next(it: &mut Backlog, now: Instant) -> Option<i64> {
        it.resume(now);
        it.next(&Settings::default(), now).map(|it| it.id)
    }

    fn end(it: &mut Backlog, id: i64, line: i64, failure: Option<&Failure>, now: Instant) -> Outcome {
        let tried = table::Event { attempts: 1, ..event(id, line) };
        it.ended(&Settings::default(), tried, failure, (now, 0))
    }

    #[test]
    fn events_of_a_line_go_one_after_the_other_and_lines_beside_each_other() {
        let (mut it, now) = (backlog(&[(1, 7), (2, 7), (3, 8)]), instant());
        assert_eq!((next(&mut it, now), next(&mut it, now), next(&mut it, now)), (Some(1), Some(3), None));
        assert_eq!(end(&mut it, 1, 7, None, now), Outcome::Delivered);
        assert_eq!((next(&mut it, now), next(&mut it, now)), (Some(2), None));
    }

    #[test]
    fn what_failed_comes_again_before_what_is_behind_it() {
        let (mut it, now) = (backlog(&[(1, 7), (2, 7)]), instant());
        assert_eq!(next(&mut it, now), Some(1));
        assert_eq!(end(&mut it, 1, 7, Some(&Failure::TimedOut), now), Outcome::Again);
        assert_eq!(next(&mut it, now), None);
        assert_eq!(next(&mut it, now + Duration::from_secs(1)), Some(1));
    }

    #[test]
    fn a_backend_that_only_fails_is_asked_with_one_event_after_a_rest() {
        let events: Vec<_> = (1..=20).map(|id| (id, id)).collect();
        let (mut it, now) = (backlog(&events), instant());
        for id in 1..=10 {
            assert_eq!(next(&mut it, now), Some(id));
        }
        for id in 1..=10 {
            end(&mut it, id, id, Some(&Failure::Unreachable(String::new())), now);
        }
        assert_eq!(next(&mut it, now), None, "it rests");
        let later = now + REST_FIRST;
        assert_eq!((next(&mut it, later).is_some(), next(&mut it, later)), (true, None), "one alone");
    }

    #[test]
    fn a_success_ends_the_rest() {
        let events: Vec<_> = (1..=20).map(|id| (id, id)).collect();
        let (mut it, now) = (backlog(&events), instant());
        (1..=10).for_each(|_| assert!(next(&mut it, now).is_some()));
        (1..=10)
            .for_each(|id| assert_eq!(end(&mut it, id, id, Some(&Failure::TimedOut), now), Outcome::Again));
        let later = now + REST_FIRST;
        let probe = next(&mut it, later).unwrap();
        end(&mut it, probe, probe, None, later);
        assert!(next(&mut it, later).is_some());
        assert!(next(&mut it, later).is_some());
    }

    #[test]
    fn an_event_is_given_up_when_it_is_rejected_often_or_too_old() {
        let rejected = Failure::Rejected("status 500".to_owned());
        let settings = Settings::default();
        let tried = |attempts| table::Event { attempts, ..event(1, 1) };
        for (attempts, failure, now, outcome) in [
            (11, &rejected, 0, Outcome::Again),
            (12, &rejected, 0, Outcome::GivenUp),
            (100, &Failure::TimedOut, 0, Outcome::Again),
            (1, &Failure::TimedOut, settings.webhooks_retry_hours * 3_600_000 + 1, Outcome::GivenUp),
        ] {
            assert_eq!(
                after_failure(&settings, &tried(attempts), failure, now),
                outcome,
                "{attempts} {failure}"
            );
        }
    }

    #[test]
    fn without_an_outbox_only_a_time_out_is_tried_again_and_only_if_wanted() {
        let mut settings = Settings::default();
        settings.set("webhooks.delivery", "memory".into()).unwrap();
        let tried = |attempts| table::Event { attempts, ..event(1, 1) };
        assert_eq!(after_failure(&settings, &tried(1), &Failure::TimedOut, 0), Outcome::GivenUp);
        settings.set("webhooks.retry_after_events", true.into()).unwrap();
        let rejected = Failure::Rejected(String::new());
        for (attempts, failure, outcome) in [
            (1, &Failure::TimedOut, Outcome::Again),
            (3, &Failure::TimedOut, Outcome::Again),
            (4, &Failure::TimedOut, Outcome::GivenUp),
            (1, &rejected, Outcome::GivenUp),
        ] {
            assert_eq!(
                after_failure(&settings, &tried(attempts), failure, 0),
                outcome,
                "{attempts} {failure}"
            );
        }
    }
}
