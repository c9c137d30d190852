//! The fixed time zone of an app's operations data: calendar days and hours. Written `UTC+8` or `UTC-03:30`.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

pub const SECONDS_PER_DAY: i64 = 86_400;
pub const SECONDS_PER_HOUR: i64 = 3600;
/// No place on Earth is further from UTC. Seconds.
const OFFSET_MAX: i64 = 14 * SECONDS_PER_HOUR;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone {
    /// Seconds that local time is ahead of UTC.
    offset: i64,
}

impl Zone {
    pub const UTC: Zone = Zone { offset: 0 };

    /// `None` for what is no such zone.
    pub fn parse(text: &str) -> Option<Zone> {
        let rest = text.strip_prefix("UTC")?;
        if rest.is_empty() {
            return Some(Zone::UTC);
        }
        let (sign, rest) = match rest.split_at_checked(1)? {
            ("+", rest) => (1, rest),
            ("-", rest) => (-1, rest),
            _ => return None,
        };
        let (hours, minutes) = rest.split_once(':').unwrap_or((rest, "0"));
        let number = |it: &str| it.bytes().all(|it| it.is_ascii_digit()).then(|| it.parse::<i64>().ok())?;
        let (hours, minutes) = (number(hours)?, number(minutes).filter(|it| *it < 60)?);
        let offset = hours * SECONDS_PER_HOUR + minutes * 60;
        (offset <= OFFSET_MAX).then_some(Zone { offset: sign * offset })
    }

    /// Days since 1970-01-01 on the local calendar.
    pub fn day(self, time: i64) -> i64 {
        (time + self.offset).div_euclid(SECONDS_PER_DAY)
    }

    /// The Unix second at which the local day of this one begins.
    pub fn day_start(self, time: i64) -> i64 {
        self.day(time) * SECONDS_PER_DAY - self.offset
    }

    /// Seconds since the local hour began.
    pub fn into_hour(self, time: i64) -> i64 {
        (time + self.offset).rem_euclid(SECONDS_PER_HOUR)
    }

    /// `YYYYMMDD` of a Unix second.
    pub fn date(self, time: i64) -> String {
        self.write("%Y%m%d", time)
    }

    /// `YYYY-MM-DD HH:MM:SS` of a Unix second.
    pub fn date_time(self, time: i64) -> String {
        self.write("%Y-%m-%d %H:%M:%S", time)
    }

    /// `YYYYMMDDHH` of a Unix second.
    pub fn hour(self, time: i64) -> String {
        self.write("%Y%m%d%H", time)
    }

    fn write(self, format: &str, time: i64) -> String {
        let local = Timestamp::from_second(time.saturating_add(self.offset));
        local.map_or_else(|_| String::new(), |it| it.strftime(format).to_string())
    }

    /// The Unix second at which the local hour `YYYYMMDDHH` begins; `None` when there is no such hour.
    pub fn parse_hour(self, text: &str) -> Option<i64> {
        if text.len() != 10 || !text.bytes().all(|it| it.is_ascii_digit()) {
            return None;
        }
        let local = DateTime::strptime("%Y%m%d%H%M", format!("{text}00")).ok()?;
        let seconds = local.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second();
        Some(seconds - self.offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_read_as_they_are_written() {
        for (text, offset) in [
            ("UTC", Some(0)),
            ("UTC+8", Some(28_800)),
            ("UTC+08:00", Some(28_800)),
            ("UTC-3:30", Some(-12_600)),
            ("UTC+14", Some(50_400)),
            ("UTC+15", None),
            ("UTC+8:60", None),
            ("UTC 8", None),
            ("UTC+", None),
            ("UTC++8", None),
            ("Asia/Shanghai", None),
            ("", None),
        ] {
            assert_eq!(Zone::parse(text).map(|it| it.offset), offset, "{text:?}");
        }
    }

    #[test]
    fn days_and_hours_are_those_of_the_calendar() {
        let beijing = Zone::parse("UTC+8").unwrap();
        for (time, zone, date_time, hour) in [
            (0, Zone::UTC, "1970-01-01 00:00:00", "1970010100"),
            (1_709_164_799, Zone::UTC, "2024-02-28 23:59:59", "2024022823"),
            (1_709_164_800, Zone::UTC, "2024-02-29 00:00:00", "2024022900"),
            (1_709_164_800, beijing, "2024-02-29 08:00:00", "2024022908"),
            (1_767_196_800, beijing, "2026-01-01 00:00:00", "2026010100"),
            (4_107_542_399, Zone::UTC, "2100-02-28 23:59:59", "2100022823"),
            (4_107_542_400, Zone::UTC, "2100-03-01 00:00:00", "2100030100"),
        ] {
            assert_eq!(zone.date_time(time), date_time);
            assert_eq!(zone.hour(time), hour);
            assert_eq!(zone.parse_hour(hour), Some(time - time.rem_euclid(3600)), "{hour}");
        }
    }

    #[test]
    fn a_day_begins_at_local_midnight() {
        let beijing = Zone::parse("UTC+8").unwrap();
        for (time, zone, start) in [
            (0, Zone::UTC, 0),
            (86_399, Zone::UTC, 0),
            (86_400, Zone::UTC, 86_400),
            (57_599, beijing, -28_800),
            (57_600, beijing, 57_600),
        ] {
            assert_eq!(zone.day_start(time), start, "{time}");
        }
    }

    #[test]
    fn hours_that_are_none_are_refused() {
        for text in [
            "2024023000",
            "2024010124",
            "2023022900",
            "2024130100",
            "2024000100",
            "202401010",
            "20240101000",
            "2024-01-01",
            "２024010100",
        ] {
            assert_eq!(Zone::UTC.parse_hour(text), None, "{text}");
        }
    }
}
