//! Options of groups: how one comes in, whom members may invite, and whether all are mute.

use chat::groups::{
    Action, ApplyOption, InviteOption,
    Kind::{AvChatRoom, Community, Private},
    profile,
};

use super::{
    World,
    model::{Actor, Done, Model, find},
};

/// Options of a group that change how one comes in and who may speak.
#[derive(Clone, Copy, Default)]
pub struct Options {
    pub mute_all: Option<bool>,
    pub apply: Option<ApplyOption>,
    pub invite: Option<InviteOption>,
}

impl Model {
    fn set_options(&mut self, id: &str, by: Actor<'_>, wanted: Options) -> Done {
        let group = find(&mut self.groups, id)?;
        if by.is_some_and(|it| group.acting(it, Action::ChangeOptions).is_none()) {
            return Err(10007);
        }
        let is_possible = match group.kind {
            _ if wanted.apply.is_none() => true,
            Community => false,
            Private => wanted.apply == Some(ApplyOption::DisableApply),
            AvChatRoom => wanted.apply == Some(ApplyOption::FreeAccess),
            _ => true,
        };
        if !is_possible || (wanted.invite.is_some() && group.kind == AvChatRoom) {
            return Err(10004);
        }
        group.muted_all = wanted.mute_all.unwrap_or(group.muted_all);
        group.apply = wanted.apply.unwrap_or(group.apply);
        group.invite = wanted.invite.unwrap_or(group.invite);
        Ok(())
    }
}

impl World {
    pub async fn any_options(&mut self, id: &str, user: &str) {
        let by: Actor<'_> = if self.dice.one_in(2) { None } else { Some(user) };
        let applies = [ApplyOption::FreeAccess, ApplyOption::NeedPermission, ApplyOption::DisableApply];
        let invites = [InviteOption::NeedPermission, InviteOption::FreeAccess, InviteOption::DisableInvite];
        let mut wanted = Options::default();
        match self.dice.roll(8) {
            0 => wanted.mute_all = Some(self.dice.one_in(2)),
            1..4 => wanted.apply = Some(applies[self.dice.roll(3)]),
            _ => wanted.invite = Some(invites[self.dice.roll(4) % 3]),
        }
        self.set_options(id, by, wanted).await;
    }

    pub async fn set_options(&mut self, id: &str, by: Actor<'_>, wanted: Options) {
        let Options { mute_all, apply, invite } = wanted;
        let changes = profile::Changes { mute_all, apply, invite, ..profile::Changes::default() };
        let found = profile::change_profile(&self.as_who(by), id, None, changes).await;
        let expected = self.model.set_options(id, by, wanted);
        self.check("options", id, found, &expected);
    }
}
