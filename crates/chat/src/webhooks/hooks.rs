//! The webhooks there are, and which of them an app has switched on.

use crate::settings::Settings;

/// Names each webhook once.
macro_rules! hooks {
    ($($name:ident = $text:literal),* $(,)?) => {
        /// A webhook, by the vendor's command. `spec/webhooks/`
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Hook {
            $(#[doc = $text] $name),*
        }

        impl Hook {
            pub const ALL: &[Hook] = &[$(Hook::$name),*];

            /// The value of CallbackCommand.
            pub fn name(self) -> &'static str {
                match self {
                    $(Hook::$name => $text),*
                }
            }
        }
    };
}

hooks! {
    AlertRequestOverLimit = "Alert.RequestOverLimit",
    StateStateChange = "State.StateChange",
    ProfileCallbackPortraitSet = "Profile.CallbackPortraitSet",
    SnsCallbackPrevFriendAdd = "Sns.CallbackPrevFriendAdd",
    SnsCallbackPrevFriendResponse = "Sns.CallbackPrevFriendResponse",
    SnsCallbackFriendAdd = "Sns.CallbackFriendAdd",
    SnsCallbackFriendDelete = "Sns.CallbackFriendDelete",
    SnsCallbackBlackListAdd = "Sns.CallbackBlackListAdd",
    SnsCallbackBlackListDelete = "Sns.CallbackBlackListDelete",
    C2cCallbackBeforeSendMsg = "C2C.CallbackBeforeSendMsg",
    C2cCallbackAfterSendMsg = "C2C.CallbackAfterSendMsg",
    C2cCallbackAfterMsgReport = "C2C.CallbackAfterMsgReport",
    C2cCallbackAfterMsgWithDraw = "C2C.CallbackAfterMsgWithDraw",
    GroupCallbackBeforeCreateGroup = "Group.CallbackBeforeCreateGroup",
    GroupCallbackAfterCreateGroup = "Group.CallbackAfterCreateGroup",
    GroupCallbackBeforeApplyJoinGroup = "Group.CallbackBeforeApplyJoinGroup",
    GroupCallbackBeforeInviteJoinGroup = "Group.CallbackBeforeInviteJoinGroup",
    GroupCallbackAfterNewMemberJoin = "Group.CallbackAfterNewMemberJoin",
    GroupCallbackAfterMemberExit = "Group.CallbackAfterMemberExit",
    GroupCallbackBeforeSendMsg = "Group.CallbackBeforeSendMsg",
    GroupCallbackAfterSendMsg = "Group.CallbackAfterSendMsg",
    GroupCallbackAfterGroupFull = "Group.CallbackAfterGroupFull",
    GroupCallbackAfterGroupDestroyed = "Group.CallbackAfterGroupDestroyed",
    GroupCallbackAfterGroupInfoChanged = "Group.CallbackAfterGroupInfoChanged",
    GroupCallbackAfterRecallMsg = "Group.CallbackAfterRecallMsg",
    GroupCallbackOnMemberStateChange = "Group.CallbackOnMemberStateChange",
    GroupCallbackSendMsgException = "Group.CallbackSendMsgException",
    GroupCallbackBeforeCreateTopic = "Group.CallbackBeforeCreateTopic",
    GroupCallbackAfterCreateTopic = "Group.CallbackAfterCreateTopic",
    GroupCallbackAfterTopicDestroyed = "Group.CallbackAfterTopicDestroyed",
    GroupCallbackAfterTopicInfoChanged = "Group.CallbackAfterTopicInfoChanged",
    GroupCallbackAfterMemberFieldChanged = "Group.CallbackAfterMemberFieldChanged",
    GroupCallbackAfterGroupAttrChanged = "Group.CallbackAfterGroupAttrChanged",
    GroupCallbackAfterReadReceipt = "Group.CallbackAfterReadReceipt",
    GroupCallbackAfterChangeGroupOwner = "Group.CallbackAfterChangeGroupOwner",
    ChatbotOnC2cSignalMessage = "Chatbot.OnC2CSignalMessage",
    BotOnC2cMessage = "Bot.OnC2CMessage",
    BotOnGroupMessage = "Bot.OnGroupMessage",
}

/// Webhooks that one switch turns on together. `spec/concepts/webhooks.md` 6.
const PAIRS: &[(Hook, Hook)] = &[
    (Hook::GroupCallbackBeforeCreateGroup, Hook::GroupCallbackBeforeCreateTopic),
    (Hook::GroupCallbackAfterCreateGroup, Hook::GroupCallbackAfterCreateTopic),
    (Hook::GroupCallbackAfterGroupDestroyed, Hook::GroupCallbackAfterTopicDestroyed),
    (Hook::GroupCallbackAfterGroupInfoChanged, Hook::GroupCallbackAfterTopicInfoChanged),
];

impl Hook {
    pub fn find(name: &str) -> Option<Hook> {
        Hook::ALL.iter().copied().find(|it| it.name() == name)
    }
}

/// The webhooks that are on, one bit each.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hooks(u64);

impl Hooks {
    pub(crate) fn of(settings: &Settings) -> Hooks {
        if settings.webhooks_url.is_empty() {
            return Hooks::default();
        }
        let mut hooks = Hooks::default().with(Hook::AlertRequestOverLimit);
        for (name, _) in settings.webhooks_commands.iter().filter(|it| *it.1) {
            let Some(hook) = Hook::find(name) else { continue };
            hooks = hooks.with(hook);
            for (one, other) in PAIRS {
                if hook == *one || hook == *other {
                    hooks = hooks.with(*one).with(*other);
                }
            }
        }
        hooks
    }

    fn with(self, hook: Hook) -> Hooks {
        Hooks(self.0 | 1 << hook as u64)
    }

    pub fn has(self, hook: Hook) -> bool {
        self.0 & (1 << hook as u64) != 0
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn settings(changes: &[(&str, serde_json::Value)]) -> Settings {
        let mut settings = Settings::default();
        for (key, value) in changes {
            settings.set(key, value.clone()).unwrap();
        }
        settings
    }

    #[test]
    fn nothing_is_on_without_an_address() {
        let it = settings(&[("webhooks.commands", json!({"State.StateChange": true}))]);
        assert!(Hook::ALL.iter().all(|hook| !Hooks::of(&it).has(*hook)));
    }

    #[test]
    fn with_an_address_the_alert_is_on_and_the_rest_by_its_switch() {
        let url = ("webhooks.url", json!("https://chat.example/hooks"));
        let commands = json!({"State.StateChange": true, "C2C.CallbackAfterSendMsg": false});
        let hooks = Hooks::of(&settings(&[url, ("webhooks.commands", commands)]));
        let on: Vec<_> = Hook::ALL.iter().filter(|it| hooks.has(**it)).map(|it| it.name()).collect();
        assert_eq!(on, ["Alert.RequestOverLimit", "State.StateChange"]);
    }

    #[test]
    fn topics_and_groups_share_their_switches() {
        let url = ("webhooks.url", json!("https://chat.example/hooks"));
        let commands = json!({"Group.CallbackAfterTopicDestroyed": true});
        let hooks = Hooks::of(&settings(&[url, ("webhooks.commands", commands)]));
        assert!(hooks.has(Hook::GroupCallbackAfterGroupDestroyed));
        assert!(!hooks.has(Hook::GroupCallbackAfterCreateGroup));
    }
}
