//! Which abilities of the SDK are on: a text of zeros and ones, the last one for bit 0.
//! `spec/client/transport.md` 8.

use chat::settings::Settings;

const BITS: usize = 64;

/// A one for every bit but those whose feature is switched off.
pub fn bits(settings: &Settings) -> String {
    let switches = [
        (1, settings.search_enabled),
        (2, settings.features_avchatroom_history),
        (3, settings.features_community),
        (4, settings.features_targeted_messages),
        (6, settings.features_avchatroom_members),
        (7, settings.status_enabled),
        (9, settings.conversation_groups_enabled),
        (10, settings.conversation_groups_enabled),
        (11, settings.features_avchatroom_ban),
        (13, settings.features_message_extensions),
        (15, settings.features_group_counters),
        (38, !settings.translate_url.is_empty()),
        (39, !settings.speech_url.is_empty()),
        (48, settings.features_reactions),
        (52, settings.follow_enabled),
    ];
    let on = |bit: usize| switches.iter().all(|(mine, on)| *mine != bit || *on);
    (0..BITS).rev().map(|bit| if on(bit) { '1' } else { '0' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feature_that_is_off_clears_its_bit() {
        let mut settings = Settings::default();
        let bit = |settings: &Settings, bit: usize| bits(settings).as_bytes()[BITS - 1 - bit];
        assert_eq!(bits(&settings).len(), BITS);
        assert_eq!((bit(&settings, 0), bit(&settings, 7), bit(&settings, 38)), (b'1', b'1', b'0'));
        settings.status_enabled = false;
        settings.translate_url = "http://127.0.0.1/".to_owned();
        assert_eq!((bit(&settings, 7), bit(&settings, 38)), (b'0', b'1'));
    }
}
