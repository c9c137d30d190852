//! Platforms of client instances, their names, and which of them share a login slot.
//!
//! Follows `spec/concepts/accounts-and-status.md` 4.

use serde::{Deserialize, Serialize};

/// Where a client runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Platform {
    Android,
    IPhone,
    IPad,
    Windows,
    Linux,
    Mac,
    Web,
}

/// A group of platforms that behave alike when a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    Mobile,
    Desktop,
    Web,
}

/// Which instances of a user may be online together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Policy {
    /// One instance on any platform.
    Single,
    /// One native instance and one in the web.
    #[default]
    Dual,
    /// One mobile, one desktop and one web instance.
    Triple,
    /// One instance on each platform.
    Multi,
}

/// What a new login takes. Platforms of one slot push each other out. Comparable under one policy only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Slot(u8);

impl Platform {
    pub const ALL: [Platform; 7] = [
        Platform::Android,
        Platform::IPhone,
        Platform::IPad,
        Platform::Windows,
        Platform::Linux,
        Platform::Mac,
        Platform::Web,
    ];

    /// The platform of the number in a socket's URL; whatever has no native client counts as the web.
    pub fn from_number(number: i64) -> Platform {
        match number {
            2 => Platform::Android,
            3 => Platform::IPhone,
            4 => Platform::Mac,
            13 => Platform::IPad,
            _ => Platform::Web,
        }
    }

    pub fn class(self) -> Class {
        match self {
            Platform::Android | Platform::IPhone | Platform::IPad => Class::Mobile,
            Platform::Windows | Platform::Linux | Platform::Mac => Class::Desktop,
            Platform::Web => Class::Web,
        }
    }

    /// The name in the answer of `query_online_status`. Windows and Linux share one.
    pub fn status_name(self) -> &'static str {
        match self {
            Platform::Android => "Android",
            Platform::IPhone => "iPhone",
            Platform::IPad => "iPad",
            Platform::Windows | Platform::Linux => "PC",
            Platform::Mac => "Mac",
            Platform::Web => "Web",
        }
    }

    /// The name in webhooks. Each platform has its own, so it also names the platform in the store.
    pub fn webhook_name(self) -> &'static str {
        match self {
            Platform::Android => "Android",
            Platform::IPhone => "iOS",
            Platform::IPad => "iPad",
            Platform::Windows => "Windows",
            Platform::Linux => "Linux",
            Platform::Mac => "Mac",
            Platform::Web => "Web",
        }
    }

    /// What OptPlatform says of it. `spec/concepts/webhooks.md` 1.
    pub fn webhook_query_name(self) -> &'static str {
        match self {
            Platform::Linux => "Unknown",
            other => other.webhook_name(),
        }
    }

    /// The platform with this name in webhooks.
    pub fn from_webhook_name(name: &str) -> Option<Platform> {
        Platform::ALL.into_iter().find(|platform| platform.webhook_name() == name)
    }

    /// The slot that an instance on this platform takes.
    pub fn slot(self, policy: Policy) -> Slot {
        Slot(match policy {
            Policy::Single => 0,
            Policy::Dual => u8::from(self == Platform::Web),
            Policy::Triple => self.class() as u8,
            Policy::Multi => self as u8,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Platform::*, *};

    #[test]
    fn numbers_of_the_socket_url_name_platforms() {
        for (number, platform) in [
            (2, Android),
            (3, IPhone),
            (4, Mac),
            (13, IPad),
            (0, Web),
            (1, Web),
            (5, Web),
            (-1, Web),
            (99, Web),
        ] {
            assert_eq!(Platform::from_number(number), platform, "{number}");
        }
        for number in [7, 8, 9, 10, 11, 12, 15, 19, 20, 21] {
            assert_eq!(Platform::from_number(number), Web, "{number}");
        }
    }

    #[test]
    fn every_platform_has_its_class_and_names() {
        for (platform, class, status, webhook) in [
            (Android, Class::Mobile, "Android", "Android"),
            (IPhone, Class::Mobile, "iPhone", "iOS"),
            (IPad, Class::Mobile, "iPad", "iPad"),
            (Windows, Class::Desktop, "PC", "Windows"),
            (Linux, Class::Desktop, "PC", "Linux"),
            (Mac, Class::Desktop, "Mac", "Mac"),
            (Web, Class::Web, "Web", "Web"),
        ] {
            assert_eq!(
                (platform.class(), platform.status_name(), platform.webhook_name()),
                (class, status, webhook)
            );
            assert_eq!(Platform::from_webhook_name(webhook), Some(platform));
        }
        assert_eq!(Platform::from_webhook_name("PC"), None);
    }

    /// The slots of each policy, as the table of the specification lists them.
    #[test]
    fn policies_put_platforms_into_slots() {
        let table: [(Policy, &[&[Platform]]); 4] = [
            (Policy::Single, &[&[Android, IPhone, IPad, Windows, Linux, Mac, Web]]),
            (Policy::Dual, &[&[Android, IPhone, IPad, Windows, Linux, Mac], &[Web]]),
            (Policy::Triple, &[&[Android, IPhone, IPad], &[Windows, Linux, Mac], &[Web]]),
            (Policy::Multi, &[&[Android], &[IPhone], &[IPad], &[Windows], &[Linux], &[Mac], &[Web]]),
        ];
        for (policy, slots) in table {
            for one in Platform::ALL {
                for other in Platform::ALL {
                    let together = slots.iter().any(|slot| slot.contains(&one) && slot.contains(&other));
                    assert_eq!(
                        one.slot(policy) == other.slot(policy),
                        together,
                        "{policy:?} {one:?} {other:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn policies_are_written_in_lower_case() {
        for (policy, text) in [
            (Policy::Single, "\"single\""),
            (Policy::Dual, "\"dual\""),
            (Policy::Triple, "\"triple\""),
            (Policy::Multi, "\"multi\""),
        ] {
            assert_eq!(serde_json::to_string(&policy).expect("a policy is JSON"), text);
            assert_eq!(serde_json::from_str::<Policy>(text).expect("a policy"), policy);
        }
        assert_eq!(Policy::default(), Policy::Dual);
    }
}
