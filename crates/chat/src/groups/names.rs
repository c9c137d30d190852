//! Kinds, roles and options: their numbers in the store and their names on the wire.
//! `spec/concepts/group-system.md` 1.2, 2, 4.

/// What kind of group it is; the numbers are those in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i64)]
pub enum Kind {
    Private = 1,
    Public = 2,
    ChatRoom = 3,
    AvChatRoom = 4,
    Community = 5,
}

impl Kind {
    pub const ALL: [Kind; 5] =
        [Kind::Private, Kind::Public, Kind::ChatRoom, Kind::AvChatRoom, Kind::Community];

    /// The kind of an old or new name.
    pub fn parse(name: &str) -> Option<Kind> {
        Some(match name {
            "Private" | "Work" => Kind::Private,
            "Public" => Kind::Public,
            "ChatRoom" | "Meeting" => Kind::ChatRoom,
            "AVChatRoom" => Kind::AvChatRoom,
            "Community" => Kind::Community,
            _ => return None,
        })
    }

    /// The name in answers and pushes.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Private => "Private",
            Kind::Public => "Public",
            Kind::ChatRoom => "ChatRoom",
            Kind::AvChatRoom => "AVChatRoom",
            Kind::Community => "Community",
        }
    }

    /// The character by which ids that are made here show the kind.
    pub fn letter(self) -> &'static str {
        match self {
            Kind::Private => "1",
            Kind::Public => "2",
            Kind::ChatRoom => "3",
            Kind::AvChatRoom => "a",
            Kind::Community => "c",
        }
    }

    pub fn from_number(number: i64) -> Kind {
        Kind::ALL.into_iter().find(|it| *it as i64 == number).unwrap_or(Kind::Private)
    }

    /// Whether members are kept at all; a live room knows only who is present.
    pub fn has_members(self) -> bool {
        self != Kind::AvChatRoom
    }

    /// The receive option that members begin with.
    pub fn default_flag(self) -> MsgFlag {
        match self {
            Kind::ChatRoom | Kind::AvChatRoom => MsgFlag::AcceptNotNotify,
            Kind::Private | Kind::Public | Kind::Community => MsgFlag::AcceptAndNotify,
        }
    }
}

/// What somebody is in a group; the numbers are those in the store and on the clients' wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i64)]
pub enum Role {
    Member = 200,
    Admin = 300,
    Owner = 400,
}

impl Role {
    pub fn parse(name: &str) -> Option<Role> {
        [Role::Member, Role::Admin, Role::Owner].into_iter().find(|it| it.name() == name)
    }

    pub fn name(self) -> &'static str {
        match self {
            Role::Member => "Member",
            Role::Admin => "Admin",
            Role::Owner => "Owner",
        }
    }

    pub fn from_number(number: i64) -> Role {
        match number {
            400 => Role::Owner,
            300 => Role::Admin,
            _ => Role::Member,
        }
    }

    /// The bit by which queries choose roles.
    pub fn bit(self) -> i64 {
        match self {
            Role::Member => 1,
            Role::Admin => 2,
            Role::Owner => 4,
        }
    }
}

/// What a member wants of a group's messages; the numbers are those in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i64)]
pub enum MsgFlag {
    AcceptAndNotify = 0,
    AcceptNotNotify = 1,
    Discard = 2,
}

impl MsgFlag {
    pub const ALL: [MsgFlag; 3] = [MsgFlag::AcceptAndNotify, MsgFlag::AcceptNotNotify, MsgFlag::Discard];

    pub fn parse(name: &str) -> Option<MsgFlag> {
        MsgFlag::ALL.into_iter().find(|it| it.name() == name)
    }

    pub fn name(self) -> &'static str {
        match self {
            MsgFlag::AcceptAndNotify => "AcceptAndNotify",
            MsgFlag::AcceptNotNotify => "AcceptNotNotify",
            MsgFlag::Discard => "Discard",
        }
    }

    pub fn from_number(number: i64) -> MsgFlag {
        MsgFlag::ALL.into_iter().find(|it| *it as i64 == number).unwrap_or(MsgFlag::AcceptAndNotify)
    }
}

/// What becomes of an application; the numbers are those in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i64)]
pub enum ApplyOption {
    FreeAccess = 0,
    NeedPermission = 1,
    DisableApply = 2,
}

impl ApplyOption {
    const ALL: [ApplyOption; 3] =
        [ApplyOption::FreeAccess, ApplyOption::NeedPermission, ApplyOption::DisableApply];

    pub fn parse(name: &str) -> Option<ApplyOption> {
        ApplyOption::ALL.into_iter().find(|it| it.name() == name)
    }

    pub fn name(self) -> &'static str {
        match self {
            ApplyOption::FreeAccess => "FreeAccess",
            ApplyOption::NeedPermission => "NeedPermission",
            ApplyOption::DisableApply => "DisableApply",
        }
    }

    pub fn from_number(number: i64) -> ApplyOption {
        ApplyOption::ALL.into_iter().find(|it| *it as i64 == number).unwrap_or(ApplyOption::NeedPermission)
    }
}

/// What becomes of a client's invitation; the numbers are those in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i64)]
pub enum InviteOption {
    FreeAccess = 0,
    NeedPermission = 1,
    DisableInvite = 2,
}

impl InviteOption {
    const ALL: [InviteOption; 3] =
        [InviteOption::FreeAccess, InviteOption::NeedPermission, InviteOption::DisableInvite];

    pub fn parse(name: &str) -> Option<InviteOption> {
        InviteOption::ALL.into_iter().find(|it| it.name() == name)
    }

    pub fn name(self) -> &'static str {
        match self {
            InviteOption::FreeAccess => "FreeAccess",
            InviteOption::NeedPermission => "NeedPermission",
            InviteOption::DisableInvite => "DisableInvite",
        }
    }

    pub fn from_number(number: i64) -> InviteOption {
        InviteOption::ALL.into_iter().find(|it| *it as i64 == number).unwrap_or(InviteOption::DisableInvite)
    }
}
