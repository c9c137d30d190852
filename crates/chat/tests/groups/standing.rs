//! What members are in a group: its owner, admins, who is muted, who wants to hear of it.

use std::collections::BTreeMap;

use chat::groups::{
    Action,
    Kind::{AvChatRoom, Private},
    MsgFlag, Role, may, may_act_on,
};

use super::{
    model::{Actor, Done, Group, Model, find, name},
    notices::Report,
};

/// Mutes for so many seconds, or ends that with 0. Says whether it changed anything.
pub fn mute(mutes: &mut BTreeMap<String, i64>, user: &str, seconds: i64, now: i64) -> bool {
    let until = if seconds == 0 { 0 } else { now + seconds };
    let before = mutes.get(user).copied().filter(|it| *it > now).unwrap_or(0);
    mutes.insert(user.to_owned(), until);
    before != until
}

impl Group {
    pub fn check_mute(&self, by: Actor<'_>, user: &str) -> Done {
        let own = by.map(|it| self.role(it));
        match (own, self.role(user)) {
            _ if matches!(self.kind, AvChatRoom | Private) => Err(10007),
            (Some(None), _) => Err(10007),
            (_, None) => Err(10004),
            (Some(Some(own)), Some(was))
                if !may(self.kind, own, Action::MuteOne) || !may_act_on(own, was) =>
            {
                Err(10007)
            }
            _ => Ok(()),
        }
    }

    /// Everybody chooses what it wants of a group itself; a backend chooses for all.
    pub fn check_flag(&self, by: Actor<'_>, user: &str) -> Done {
        match by {
            _ if self.kind == AvChatRoom => Err(10007),
            Some(by) if !self.members.contains_key(by) => Err(10007),
            _ if !self.members.contains_key(user) => Err(10004),
            Some(by) if by != user => Err(10007),
            _ => Ok(()),
        }
    }
}

impl Model {
    pub fn hand_over(&mut self, id: &str, by: Actor<'_>, user: &str, now: i64) -> Done {
        let group = self.find(id)?;
        let is_denied = by.is_some_and(|it| group.acting(it, Action::Transfer).is_none());
        if group.kind == AvChatRoom || is_denied {
            return Err(10007);
        }
        if !group.members.contains_key(user) {
            return Err(10004);
        }
        if group.owner != user {
            if let Some(old) = group.members.get_mut(&group.owner) {
                old.role = Role::Member;
            }
            group.members.get_mut(user).expect("is there").role = Role::Owner;
            group.owner = user.to_owned();
            group.tip(now, true);
        }
        Ok(())
    }

    pub fn set_role(&mut self, id: &str, by: Actor<'_>, user: &str, role: Role, now: i64) -> Done {
        let group = find(&mut self.groups, id)?;
        let own = by.map(|it| group.role(it));
        match (own, group.role(user)) {
            _ if group.kind == AvChatRoom || (group.kind == Private && role == Role::Admin) => Err(10007),
            (Some(None), _) => Err(10007),
            (_, None) => Err(10004),
            (Some(Some(own)), Some(was)) if !may(group.kind, own, Action::SetAdmin) || was == Role::Owner => {
                Err(10007)
            }
            (None, Some(Role::Owner)) => Err(10004),
            (_, Some(was)) => {
                group.members.get_mut(user).expect("is there").role = role;
                if was != role {
                    let report = Report::new(if role > was { 9 } else { 10 }, name(by));
                    self.notices.tell((id, group.kind), user, report, (None, now));
                    group.tip(now, false);
                }
                Ok(())
            }
        }
    }

    pub fn mute(&mut self, id: &str, by: Actor<'_>, user: &str, seconds: i64, now: i64) -> Done {
        let group = self.find(id)?;
        group.check_mute(by, user)?;
        if mute(&mut group.mutes, user, seconds, now) {
            group.tip(now, false);
        }
        Ok(())
    }

    /// A backend mutes several, members or muted already. In a live room anybody, and nobody is told.
    pub fn forbid(&mut self, id: &str, users: &[String], seconds: i64, now: i64) -> Done {
        let group = self.find(id)?;
        if group.kind == Private {
            return Err(10007);
        }
        let mut is_told = false;
        for user in users {
            let is_member = group.members.contains_key(user);
            if is_member || group.kind == AvChatRoom || group.muted_until(user, now) > 0 {
                is_told |= mute(&mut group.mutes, user, seconds, now) && is_member;
            }
        }
        if is_told {
            group.tip(now, false);
        }
        Ok(())
    }

    /// The receive option of a member.
    pub fn set_flag(&mut self, id: &str, by: Actor<'_>, user: &str, flag: MsgFlag, now: i64) -> Done {
        let group = find(&mut self.groups, id)?;
        group.check_flag(by, user)?;
        let own = group.members.get_mut(user).expect("it was checked");
        if own.flag != flag {
            own.flag = flag;
            self.notices.tell((id, group.kind), user, Report::new(20, name(by)), (by, now));
        }
        Ok(())
    }
}
