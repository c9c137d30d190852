//! Against guessing: failures of a name and of an address are counted for some time.

use std::{
    collections::{HashMap, VecDeque},
    net::IpAddr,
    sync::Mutex,
};

/// How long a failure counts. Seconds.
const WINDOW_SECONDS: i64 = 900;
/// Failures of one name, and from one address, after which the next attempt is refused.
const NAME_FAILURES_MAX: usize = 10;
const ADDRESS_FAILURES_MAX: usize = 30;
/// Names and addresses that are remembered; when there are more, who is not remembered yet has to wait.
const REMEMBERED_MAX: usize = 10_000;
/// Longest name that is remembered; a longer one is nobody's.
const NAME_BYTES_MAX: usize = 64;

#[derive(Clone, PartialEq, Eq, Hash)]
enum Key {
    Name(String),
    Address(IpAddr),
}

impl Key {
    fn most(&self) -> usize {
        match self {
            Key::Name(_) => NAME_FAILURES_MAX,
            Key::Address(_) => ADDRESS_FAILURES_MAX,
        }
    }
}

/// Seconds of recent failures, oldest first.
#[derive(Default)]
pub(super) struct Throttle(Mutex<HashMap<Key, VecDeque<i64>>>);

/// Whoever has an IPv6 network has all its addresses.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(it) => IpAddr::V6((it.to_bits() & (u128::MAX << 64)).into()),
        it => it,
    }
}

fn keys(name: Option<&str>, address: Option<IpAddr>) -> Vec<Key> {
    let name = name.filter(|it| it.len() <= NAME_BYTES_MAX).map(|it| Key::Name(it.to_owned()));
    name.into_iter().chain(address.map(|it| Key::Address(network(it)))).collect()
}

impl Throttle {
    /// Takes one attempt, which counts as failed until [`Throttle::succeeded`]; so many at once cannot outrun the
    /// count. An error says how many seconds to wait.
    pub(super) fn attempt(&self, name: Option<&str>, address: Option<IpAddr>, now: i64) -> Result<(), i64> {
        let keys = keys(name, address);
        let mut failures = self.0.lock().expect("no holder panics");
        for key in &keys {
            if failures.len() >= REMEMBERED_MAX && !failures.contains_key(key) {
                failures.retain(|_, it| it.back().is_some_and(|at| now - at < WINDOW_SECONDS));
                if failures.len() >= REMEMBERED_MAX {
                    return Err(WINDOW_SECONDS);
                }
            }
            let Some(it) = failures.get_mut(key) else { continue };
            while it.front().is_some_and(|at| now - at >= WINDOW_SECONDS) {
                it.pop_front();
            }
            if let Some(first) = it.front().filter(|_| it.len() >= key.most()) {
                return Err(first + WINDOW_SECONDS - now);
            }
        }
        for key in keys {
            failures.entry(key).or_default().push_back(now);
        }
        Ok(())
    }

    /// The attempt was good: the name's failures are forgotten, and the address gets this one back.
    pub(super) fn succeeded(&self, name: Option<&str>, address: Option<IpAddr>) {
        let mut failures = self.0.lock().expect("no holder panics");
        for key in keys(name, address) {
            match key {
                Key::Name(_) => drop(failures.remove(&key)),
                Key::Address(_) => {
                    if let Some(it) = failures.get_mut(&key) {
                        it.pop_back();
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(throttle: &Throttle, name: &str, address: &str, times: usize, now: i64) -> usize {
        let address = Some(address.parse().unwrap());
        (0..times).filter(|_| throttle.attempt(Some(name), address, now).is_ok()).count()
    }

    #[test]
    fn a_name_has_ten_failures_in_a_quarter_of_an_hour() {
        let it = Throttle::default();
        assert_eq!(taken(&it, "ann", "192.0.2.1", 20, 0), 10);
        assert_eq!(taken(&it, "ann", "192.0.2.2", 1, 0), 0, "from elsewhere neither");
        assert_eq!(taken(&it, "bob", "192.0.2.2", 1, 0), 1, "another name is free");
        assert_eq!(it.attempt(Some("ann"), None, 100), Err(800));
        assert_eq!(taken(&it, "ann", "192.0.2.1", 1, 899), 0);
        assert_eq!(taken(&it, "ann", "192.0.2.1", 20, 900), 10);
    }

    #[test]
    fn an_address_has_thirty_and_a_network_is_one() {
        let it = Throttle::default();
        let names: Vec<_> = (0..40).map(|it| format!("user{it}")).collect();
        let taken_by =
            |address: &str| names.iter().map(|name| taken(&it, name, address, 1, 0)).sum::<usize>();
        assert_eq!(taken_by("2001:db8::1"), 30);
        assert_eq!(taken_by("2001:db8::2"), 0, "the same network");
        assert_eq!(taken_by("2001:db8:0:1::1"), 30, "another network");
    }

    #[test]
    fn who_comes_in_is_forgiven() {
        let it = Throttle::default();
        let address = Some("192.0.2.1".parse().unwrap());
        for _ in 0..100 {
            assert_eq!(it.attempt(Some("ann"), address, 0), Ok(()));
            it.succeeded(Some("ann"), address);
        }
    }
}
