//! Live rooms: who is kept out, and who carries which mark.

use std::collections::{BTreeMap, BTreeSet};

use chat::groups::{
    Kind, Role,
    live_rooms::{self, Marked},
};

use super::{
    GROUPS, USERS, World, code,
    model::{Actor, Done, Group, Model, find, name},
    notices::{Report, is_online},
};

pub const SHOW: &str = "show";
/// The first number that is the app's own.
const FIRST: i64 = 1000;
const STAYS: i64 = 500;
const HIDDEN: i64 = 600;
const STAYS_SECONDS: i64 = 3 * 86_400;
const MARKS_MAX: usize = 10;
const BANS_PAGE: i64 = 2;

#[derive(Default)]
pub struct Room {
    bans: BTreeMap<String, i64>,
    /// With the second in which it was set.
    marks: BTreeMap<String, BTreeMap<i64, i64>>,
}

impl Room {
    pub fn go(&mut self, user: &str) {
        self.marks.remove(user);
    }

    fn is_banned(&self, user: &str, now: i64) -> bool {
        self.bans.get(user).is_some_and(|it| *it > now)
    }

    fn has(&self, user: &str, mark: i64) -> bool {
        self.marks.get(user).is_some_and(|it| it.contains_key(&mark))
    }

    /// Somebody who counts as being there without a connection.
    fn stays(&self, user: &str, now: i64) -> bool {
        let set_at = self.marks.get(user).and_then(|it| it.get(&STAYS));
        set_at.is_some_and(|it| *it > now - STAYS_SECONDS)
    }

    fn different_marks(&self) -> BTreeSet<i64> {
        self.marks.values().flat_map(|it| it.keys()).copied().filter(|it| *it >= FIRST).collect()
    }
}

impl Group {
    /// Somebody comes into a live room, or is in already.
    pub fn come_in(&mut self, user: &str, now: i64) -> Done {
        if self.room.is_banned(user, now) {
            return Err(10007);
        }
        if !self.members.contains_key(user) {
            self.enter(now, &[user.to_owned()], false);
            if self.owner == user {
                self.members.get_mut(user).expect("just came in").role = Role::Owner;
            }
        }
        Ok(())
    }
}

impl Model {
    /// The room, for a backend or its owner. Clients make no admins here.
    fn led_room(&mut self, id: &str, by: Actor<'_>) -> Done<&mut Group> {
        let group = find(&mut self.groups, id)?;
        match group.kind != Kind::AvChatRoom || by.is_some_and(|it| group.owner != it) {
            true => Err(10007),
            false => Ok(group),
        }
    }

    fn ban(&mut self, id: &str, by: Actor<'_>, users: &[String], seconds: i64, now: i64) -> Done {
        let group = self.led_room(id, by)?;
        if by.is_some() && users.contains(&group.owner) {
            return Err(10007);
        }
        let mut gone = Vec::new();
        for user in users {
            group.room.bans.insert(user.clone(), now + seconds);
            if group.members.remove(user).is_some() {
                group.room.go(user);
                gone.push(user.clone());
            }
        }
        for user in users {
            self.notices.tell((id, Kind::AvChatRoom), user, Report::new(21, name(by)), (None, now));
        }
        Ok(())
    }

    fn unban(&mut self, id: &str, by: Actor<'_>, users: &[String], now: i64) -> Done {
        let group = self.led_room(id, by)?;
        let mut freed = BTreeSet::new();
        for user in users {
            if group.room.bans.remove(user).is_some_and(|it| it > now) {
                freed.insert(user.clone());
            }
        }
        for user in freed {
            self.notices.tell((id, Kind::AvChatRoom), &user, Report::new(22, name(by)), (None, now));
        }
        Ok(())
    }

    /// Whose marks were set or removed.
    fn mark(
        &mut self,
        id: &str,
        by: Actor<'_>,
        set: bool,
        list: &[(String, Vec<i64>)],
        now: i64,
    ) -> Done<Vec<(String, Vec<i64>)>> {
        let group = self.led_room(id, by)?;
        for mark in list.iter().flat_map(|it| &it.1) {
            match [STAYS, HIDDEN].contains(mark) {
                true if by.is_some() => return Err(10007),
                false if *mark < FIRST => return Err(10004),
                _ => {}
            }
        }
        let (mut marks, mut done) = (group.room.marks.clone(), Vec::new());
        for (user, wanted) in list.iter().filter(|it| group.members.contains_key(&it.0)) {
            let mut changed = Vec::new();
            for mark in wanted.iter().copied().collect::<BTreeSet<_>>() {
                let own = marks.entry(user.clone()).or_default();
                if !set {
                    own.remove(&mark);
                    changed.push(mark);
                    continue;
                }
                if !is_online(user) && mark != STAYS {
                    continue;
                }
                let room = Room { marks: marks.clone(), ..Room::default() };
                let different = room.different_marks();
                if mark >= FIRST && !different.contains(&mark) && different.len() >= MARKS_MAX {
                    return Err(10004);
                }
                marks.entry(user.clone()).or_default().insert(mark, now);
                changed.push(mark);
            }
            if !changed.is_empty() {
                done.push((user.clone(), changed));
            }
        }
        if done.is_empty() {
            return Err(10004);
        }
        group.room.marks = marks;
        Ok(done)
    }
}

impl World {
    pub async fn step_rooms(&mut self, now: i64) {
        let id = if self.dice.one_in(10) { GROUPS[self.dice.roll(GROUPS.len())].0 } else { SHOW };
        let by = if self.dice.one_in(3) { Some(self.dice.user()) } else { None };
        match self.dice.roll(10) {
            0..3 => {
                let (users, seconds) = (self.dice.users(), 60 + 60 * self.dice.roll(3) as u32);
                let found =
                    live_rooms::ban(&self.as_who(by), id, users.clone(), seconds, String::new()).await;
                let expected = self.model.ban(id, by, &users, seconds.into(), now);
                self.check("ban", id, found, &expected);
            }
            3 => {
                let users = self.dice.users();
                let found = live_rooms::unban(&self.as_who(by), id, users.clone()).await;
                let expected = self.model.unban(id, by, &users, now);
                self.check("unban", id, found, &expected);
            }
            4..7 => {
                let user = self.dice.user();
                self.apply(id, user, now).await;
            }
            _ => self.mark(id, by, now).await,
        }
    }

    async fn mark(&mut self, id: &str, by: Actor<'_>, now: i64) {
        let set = !self.dice.one_in(3);
        let mut list = Vec::new();
        for user in self.dice.users() {
            let count = 1 + self.dice.roll(4);
            let mark = |dice: &mut super::Dice| match dice.roll(16) {
                0 => STAYS,
                1 => HIDDEN,
                2 if dice.one_in(4) => FIRST - 1,
                _ => FIRST + dice.roll(12) as i64,
            };
            let marks = (0..count).map(|_| mark(&mut self.dice)).collect::<Vec<_>>();
            list.push((user, marks));
        }
        let given = list.iter().map(|(user, marks)| Marked { user: user.clone(), marks: marks.clone() });
        let found = live_rooms::mark(&self.as_who(by), id, set, given.collect()).await;
        let found = found.map(|it| it.into_iter().map(|it| (it.user, it.marks)).collect::<Vec<_>>());
        let expected = self.model.mark(id, by, set, &list, now);
        self.check("mark", id, found, &expected);
    }

    /// Who is kept out, who is there, and what each carries. `fan_out` has settled.
    pub async fn compare_room(&self, id: &str, group: &Group) {
        let (at, now) = (self.at(), self.cx.chat.clock.now());
        let (mut found, mut offset) = (Vec::new(), 0);
        loop {
            let (page, next) = live_rooms::bans(&self.cx, id, offset, BANS_PAGE).await.unwrap();
            found.extend(page.into_iter().map(|it| (it.until, it.user)));
            offset = next;
            if offset == 0 {
                break;
            }
        }
        let running = group.room.bans.iter().filter(|it| *it.1 > now);
        let mut expected: Vec<_> = running.map(|(user, until)| (*until, user.clone())).collect();
        expected.sort();
        assert_eq!(found, expected, "bans of {id}, {at}");
        for mark in [None, Some(STAYS), Some(HIDDEN), Some(FIRST), Some(FIRST + 1)] {
            let (found, _) = live_rooms::present(&self.cx, id, 0, mark).await.unwrap();
            let found: Vec<_> = found.into_iter().map(|it| (it.joined_at, it.user, it.marks)).collect();
            let room = &group.room;
            let is_shown = |user: &str| {
                let is_there = is_online(user) || room.stays(user, now);
                is_there && mark.map_or(!room.has(user, HIDDEN), |it| room.has(user, it))
            };
            let marks =
                |user: &str| room.marks.get(user).map(|it| it.keys().copied().collect()).unwrap_or_default();
            let shown = group.members.iter().filter(|it| is_shown(it.0));
            let mut expected: Vec<(i64, String, Vec<i64>)> =
                shown.map(|(user, it)| (it.joined_at, user.clone(), marks(user))).collect();
            expected.sort_by(|one, other| (other.0, &other.1).cmp(&(one.0, &one.1)));
            assert_eq!(found, expected, "people of {id} with mark {mark:?}, {at}");
        }
    }

    /// How many of a group are there now.
    pub async fn compare_count(&self, id: &str, group: &Group) {
        let now = self.cx.chat.clock.now();
        let is_there = |it: &&str| {
            let stays = group.kind == Kind::AvChatRoom && group.room.stays(it, now);
            group.members.contains_key(*it) && (is_online(it) || stays)
        };
        let expected = USERS.iter().copied().filter(|it| is_there(it)).count() as i64;
        let found = code(live_rooms::present_count(&self.cx, id).await);
        assert_eq!(found, Ok(expected), "people there in {id}, {}", self.at());
    }
}
