//! What the system knows of a process: processor time and resident memory.

use std::time::Duration;

use anyhow::Context;

/// A tick of the times in `/proc/<pid>/stat`: 1/100 s on every Linux this is built for.
const TICK: Duration = Duration::from_millis(10);

/// User and system time of all threads, also of those that have ended.
pub fn cpu(pid: u32) -> anyhow::Result<Duration> {
    let path = format!("/proc/{pid}/stat");
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    ticks(&text).map(|it| TICK * it).with_context(|| format!("{path} is not readable"))
}

/// The sum of `utime` and `stime`, the 14th and 15th field. The second, a name, may hold anything.
fn ticks(stat: &str) -> Option<u32> {
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let mut next = || fields.next()?.parse::<u32>().ok();
    Some(next()? + next()?)
}

/// Resident memory in kB.
pub fn resident_kb(pid: u32) -> anyhow::Result<u64> {
    status_kb(pid, "VmRSS:")
}

/// The most that it ever was.
pub fn peak_kb(pid: u32) -> anyhow::Result<u64> {
    status_kb(pid, "VmHWM:")
}

fn status_kb(pid: u32, name: &str) -> anyhow::Result<u64> {
    let path = format!("/proc/{pid}/status");
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    let line = text.lines().find_map(|it| it.strip_prefix(name)).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().with_context(|| format!("{path} has no {name}"))
}

/// Time on a processor of the calling thread, to the nanosecond.
pub fn thread_cpu() -> anyhow::Result<Duration> {
    let path = "/proc/thread-self/schedstat";
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {path}"))?;
    let nanos = text.split(' ').next().and_then(|it| it.parse().ok());
    nanos.map(Duration::from_nanos).with_context(|| format!("{path} is not readable"))
}

/// Processor time that a server and this process had used when it was made.
pub struct Costs {
    /// None of a server elsewhere.
    pid: Option<u32>,
    server: Option<Duration>,
    generator: Duration,
}

/// Processor time that was used in between.
pub struct Spent {
    server: Option<Duration>,
    generator: Duration,
}

impl Costs {
    pub fn now(pid: Option<u32>) -> anyhow::Result<Costs> {
        Ok(Costs { pid, server: pid.map(cpu).transpose()?, generator: cpu(std::process::id())? })
    }

    /// Since then.
    pub fn spent(&self) -> anyhow::Result<Spent> {
        let now = Costs::now(self.pid)?;
        let server = now.server.zip(self.server).map(|(now, before)| now.saturating_sub(before));
        Ok(Spent { server, generator: now.generator.saturating_sub(self.generator) })
    }
}

impl Spent {
    /// Microseconds of the server for each operation.
    pub fn server_us(&self, operations: u64) -> Option<f64> {
        self.server.map(|it| micros_each(it, operations))
    }

    /// The same of this process.
    pub fn generator_us(&self, operations: u64) -> f64 {
        micros_each(self.generator, operations)
    }
}

/// Microseconds of `spent` for each of `operations`; 0 without any.
pub fn micros_each(spent: Duration, operations: u64) -> f64 {
    if operations == 0 { 0.0 } else { spent.as_secs_f64() * 1e6 / operations as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_whatever_the_name_is() {
        let stat = "7 (a ) b) S 1 7 7 0 -1 4194304 1 2 3 4 150 25 9 9 20 0 1 0 1 1 1";
        assert_eq!(ticks(stat), Some(175));
        assert_eq!(ticks("7 (a) S 1"), None);
    }

    #[test]
    fn this_process_has_memory_and_time() {
        let before = thread_cpu().expect("the system tells");
        assert!(resident_kb(std::process::id()).expect("the system tells") > 100);
        cpu(std::process::id()).expect("the system tells");
        assert!(thread_cpu().expect("the system tells") > before);
    }
}
