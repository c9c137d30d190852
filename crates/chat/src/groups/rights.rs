//! Who may do what: the table of `spec/concepts/group-system.md` 3, row by row.
//!
//! Administrators of the app stand above it: what a kind forbids to everybody is said by the command.

use super::names::{Kind, Role};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Name, introduction, announcement, avatar.
    ChangeProfile,
    /// Join options, cap, mute all, group custom fields.
    ChangeOptions,
    SetAdmin,
    Transfer,
    Kick,
    MuteOne,
    Ban,
    Approve,
    Dismiss,
    ChangeOthersCard,
    Pin,
    RecallOthers,
    ChangeTopics,
    /// Speaking while everybody is muted.
    SpeakUnderMuteAll,
}

const O: u8 = 4;
const A: u8 = 2;
const M: u8 = 1;

/// Roles by kind, in the order Private, Public, ChatRoom, AVChatRoom, Community.
const TABLE: &[(Action, [u8; 5])] = &[
    (Action::ChangeProfile, [O | M, O | A, O | A, O | A, O | A]),
    (Action::ChangeOptions, [O, O | A, O | A, O | A, O | A]),
    (Action::SetAdmin, [0, O, O, O, O]),
    (Action::Transfer, [O, O, O, 0, O]),
    (Action::Kick, [O, O | A, O | A, 0, O | A]),
    (Action::MuteOne, [0, O | A, O | A, O | A, O | A]),
    (Action::Ban, [0, 0, 0, O | A, 0]),
    (Action::Approve, [0, O | A, O | A, 0, O | A]),
    (Action::Dismiss, [0, O, O, O, O]),
    (Action::ChangeOthersCard, [O, O | A, O | A, 0, O | A]),
    (Action::Pin, [O | M, O | A, O | A, 0, O | A]),
    (Action::RecallOthers, [O, O | A, O | A, O | A, O | A]),
    (Action::ChangeTopics, [0, 0, 0, 0, O | A]),
    (Action::SpeakUnderMuteAll, [O, O | A, O | A, O | A, O | A]),
];

/// Whether a role may do it in a group of this kind.
pub fn may(kind: Kind, role: Role, action: Action) -> bool {
    let row = TABLE.iter().find(|it| it.0 == action);
    row.is_some_and(|it| i64::from(it.1[kind as usize - 1]) & role.bit() != 0)
}

/// Whether somebody may kick, mute or overrule somebody of the other role: only who stands above.
pub fn may_act_on(actor: Role, target: Role) -> bool {
    actor > target
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_say_what_the_contract_says() {
        for (kind, role, action, expected) in [
            (Kind::Private, Role::Member, Action::ChangeProfile, true),
            (Kind::Public, Role::Member, Action::ChangeProfile, false),
            (Kind::Public, Role::Admin, Action::ChangeProfile, true),
            (Kind::Private, Role::Member, Action::ChangeOptions, false),
            (Kind::Private, Role::Owner, Action::SetAdmin, false),
            (Kind::Community, Role::Owner, Action::SetAdmin, true),
            (Kind::Community, Role::Admin, Action::SetAdmin, false),
            (Kind::AvChatRoom, Role::Owner, Action::Transfer, false),
            (Kind::ChatRoom, Role::Admin, Action::Kick, true),
            (Kind::AvChatRoom, Role::Owner, Action::Kick, false),
            (Kind::Private, Role::Owner, Action::MuteOne, false),
            (Kind::AvChatRoom, Role::Admin, Action::Ban, true),
            (Kind::Public, Role::Owner, Action::Ban, false),
            (Kind::Private, Role::Owner, Action::Dismiss, false),
            (Kind::Public, Role::Admin, Action::Dismiss, false),
            (Kind::Private, Role::Member, Action::SpeakUnderMuteAll, false),
        ] {
            assert_eq!(may(kind, role, action), expected, "{kind:?} {role:?} {action:?}");
        }
        assert!(may_act_on(Role::Owner, Role::Admin) && !may_act_on(Role::Admin, Role::Admin));
    }
}
