//! An open-loop schedule: each send has its moment, whether the earlier ones are answered or not.
//!
//! A thread hands the moments out, since the timers of the runtime are good to a millisecond only.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use tokio::sync::Semaphore;

/// Shorter sleeps cost more than they gain: at high rates several sends share a wake-up.
const SLEEP_MIN: Duration = Duration::from_micros(50);

/// Sends a second, evenly spread over the lanes in turn.
#[derive(Clone, Copy)]
pub struct Schedule {
    pub rate: f64,
    pub lanes: usize,
}

impl Schedule {
    /// When a lane's send with this number is due, from 0 on; nanoseconds after the start.
    pub fn due(self, lane: usize, number: u32) -> u64 {
        let turn = number as usize * self.lanes + lane;
        (turn as f64 / self.rate * 1e9) as u64
    }
}

/// A thread that opens the lanes' gates when their sends are due.
pub struct Pacer {
    gates: Vec<Arc<Semaphore>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Pacer {
    pub fn start(schedule: Schedule, start: Instant) -> Pacer {
        let gates: Vec<_> = (0..schedule.lanes).map(|_| Arc::new(Semaphore::new(0))).collect();
        let stop = Arc::new(AtomicBool::new(false));
        let thread = std::thread::spawn({
            let (gates, stop) = (gates.clone(), stop.clone());
            move || hand_out(schedule, start, &gates, &stop)
        });
        Pacer { gates, stop, thread: Some(thread) }
    }

    /// Gives one permit for each send that is due.
    pub fn gate(&self, lane: usize) -> Arc<Semaphore> {
        self.gates[lane].clone()
    }
}

impl Drop for Pacer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // It has nothing to tell, and cannot have failed.
            let _ = thread.join();
        }
    }
}

fn hand_out(schedule: Schedule, start: Instant, gates: &[Arc<Semaphore>], stop: &AtomicBool) {
    sleep_exactly();
    for number in 0.. {
        for (lane, gate) in gates.iter().enumerate() {
            let due = start + Duration::from_nanos(schedule.due(lane, number));
            let wait = due.saturating_duration_since(Instant::now());
            if !wait.is_zero() {
                std::thread::sleep(wait.max(SLEEP_MIN));
            }
            if stop.load(Ordering::Relaxed) {
                return;
            }
            gate.add_permits(1);
        }
    }
}

/// Asks the system not to let this thread sleep longer than it wants; 50 µs more is the default.
fn sleep_exactly() {
    let Ok(thread) = std::fs::read_link("/proc/thread-self") else { return };
    let id = thread.file_name().unwrap_or_default().to_string_lossy().into_owned();
    // Without the right to do so, the latencies have those 50 µs in them.
    let _ = std::fs::write(format!("/proc/{id}/timerslack_ns"), "1");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sends_are_spread_evenly() {
        let schedule = Schedule { rate: 1000.0, lanes: 4 };
        let dues: Vec<_> = [(0, 0), (1, 0), (3, 0), (0, 1), (3, 249)]
            .map(|(lane, number)| schedule.due(lane, number) / 1_000_000)
            .into();
        assert_eq!(dues, [0, 1, 3, 4, 999]);
    }

    #[tokio::test]
    async fn gates_open_when_they_are_due_and_not_before() {
        let start = Instant::now();
        let schedule = Schedule { rate: 1000.0, lanes: 2 };
        let pacer = Pacer::start(schedule, start);
        for number in 0..10 {
            for lane in 0..2 {
                pacer.gate(lane).acquire().await.expect("it stays open").forget();
                assert!(start.elapsed() >= Duration::from_nanos(schedule.due(lane, number)));
            }
        }
    }
}
