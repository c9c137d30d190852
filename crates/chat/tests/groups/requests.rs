//! Coming in: joining, inviting, and what waits for somebody's consent to it.

use std::collections::BTreeSet;

use chat::groups::{
    ApplyOption, InviteOption,
    Kind::{AvChatRoom, Community, Private},
    Role, invite,
    join::{self, Applied},
    live_rooms,
    requests::{self, Decision},
};
use store::group_requests::{answer, kind};

use super::{
    GROUPS, NOBODY, USERS, World, code,
    model::{Actor, Done, Group, Member, Model, find, name},
    notices::{KEPT_SECONDS, Notices, Report},
    options::Options,
};

/// Requests that a leader is shown.
const LISTED_MAX: usize = 50;
const PAGE: usize = 2;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub group: String,
    kind: i64,
    asker: String,
    joiner: String,
    /// The call that made it.
    auth: usize,
    asked_at: i64,
    answer: i64,
}

/// In the order of their making.
#[derive(Default)]
pub struct Requests {
    pub all: Vec<Request>,
    calls: usize,
}

impl Requests {
    fn waiting(&self, group: &str, kind: i64, asker: &str, joiner: &str) -> Option<usize> {
        let is_it =
            |it: &Request| (&*it.group, it.kind, &*it.asker, &*it.joiner) == (group, kind, asker, joiner);
        self.all.iter().position(|it| is_it(it) && it.answer == answer::NONE)
    }

    fn is_open(&self, auth: usize) -> bool {
        self.all.iter().any(|it| it.auth == auth && it.answer == answer::NONE)
    }

    fn add(&mut self, group: &str, kind: i64, (asker, joiner): (&str, &str), (auth, now): (usize, i64)) {
        self.all.push(Request {
            group: group.to_owned(),
            kind,
            asker: asker.to_owned(),
            joiner: joiner.to_owned(),
            auth,
            asked_at: now * 1000,
            answer: answer::NONE,
        });
    }

    /// Owner and admins are asked about all joiners of a call. Who asks for the same again replaces what waits.
    fn ask_leaders(
        &mut self,
        notices: &mut Notices,
        (id, group): (&str, &Group),
        (kind, asker): (i64, &str),
        joiners: &[String],
        now: i64,
    ) {
        if joiners.is_empty() {
            return;
        }
        let leads = |it: &&String| group.members[*it].role > Role::Member;
        let leaders: Vec<_> = group.members.keys().filter(leads).collect();
        self.calls += 1;
        for joiner in joiners {
            if let Some(old) = self.waiting(id, kind, asker, joiner) {
                let auth = self.all.remove(old).auth;
                if !self.is_open(auth) {
                    leaders.iter().for_each(|it| notices.handled(it, auth));
                }
            }
            self.add(id, kind, (asker, joiner), (self.calls, now));
        }
        for leader in leaders {
            let users = if kind == kind::INVITATION { joiners.to_vec() } else { Vec::new() };
            let report = Report { users, auth: Some(self.calls), ..Report::new(1, asker) };
            notices.tell((id, group.kind), leader, report, (None, now));
        }
    }

    /// Who answers has no notice of it any more, once the whole call is answered.
    fn settle(&mut self, notices: &mut Notices, chosen: &[usize], by: &str, agrees: bool) {
        for nr in chosen {
            self.all[*nr].answer = if agrees { answer::AGREED } else { answer::REFUSED };
        }
        let auth = self.all[chosen[0]].auth;
        if !self.is_open(auth) {
            notices.handled(by, auth);
        }
    }
}

impl Model {
    /// Outcomes as on the wire: 0 for nobody, 1 for added, 2 for who is in, 3 for who waits.
    pub fn add(
        &mut self,
        id: &str,
        by: Actor<'_>,
        users: &[String],
        now: i64,
        silent: bool,
    ) -> Done<Vec<i64>> {
        let group = find(&mut self.groups, id)?;
        let must_ask = match by.map(|it| (group.role(it), group.invite)) {
            _ if group.kind == AvChatRoom => return Err(10007),
            None => false,
            Some((None, _) | (_, InviteOption::DisableInvite)) => return Err(10007),
            Some((role, option)) => option == InviteOption::NeedPermission && role == Some(Role::Member),
        };
        if users.iter().all(|it| it == NOBODY) {
            return Err(10019);
        }
        let was_in: BTreeSet<_> = group.members.keys().cloned().collect();
        let mut free: Vec<String> = Vec::new();
        for user in users.iter().filter(|it| *it != NOBODY && !was_in.contains(*it)) {
            if !free.contains(user) {
                free.push(user.clone());
            }
        }
        let outcome = if must_ask {
            let (kind, inviter) = (kind::INVITATION, name(by));
            self.requests.ask_leaders(&mut self.notices, (id, group), (kind, inviter), &free, now);
            3
        } else {
            self.bring_in(id, &free, name(by), silent, now)
        };
        let outcome = |it: &String| match it {
            it if it == NOBODY => 0,
            it if was_in.contains(it) => 2,
            _ => outcome,
        };
        Ok(users.iter().map(outcome).collect())
    }

    /// Those who are invited come in, or are asked.
    fn bring_in(&mut self, id: &str, users: &[String], inviter: &str, silent: bool, now: i64) -> i64 {
        let group = find(&mut self.groups, id).expect("it was found before");
        let place = (id, group.kind);
        if !self.consent {
            if !silent {
                for user in users.iter().filter(|_| group.active) {
                    self.notices.tell(place, user, Report::new(7, inviter), (None, now));
                }
            }
            group.enter(now, users, silent);
            return 1;
        }
        for user in users {
            let requests = &mut self.requests;
            if let Some(old) = requests.waiting(id, kind::CONSENT, inviter, user) {
                let auth = requests.all.remove(old).auth;
                self.notices.handled(user, auth);
            }
            requests.calls += 1;
            requests.add(id, kind::CONSENT, (inviter, user), (requests.calls, now));
            let report = Report { auth: Some(requests.calls), ..Report::new(12, inviter) };
            self.notices.tell(place, user, report, (None, now));
        }
        3
    }

    /// Says whether the user came in at once.
    pub fn apply(&mut self, id: &str, user: &str, now: i64) -> Done<bool> {
        let group = find(&mut self.groups, id)?;
        let joiner = [user.to_owned()];
        if group.kind == AvChatRoom {
            return group.come_in(user, now).map(|()| true);
        }
        if group.members.contains_key(user) {
            return Err(10013);
        }
        match group.apply {
            _ if group.kind == Private => Err(10007),
            ApplyOption::DisableApply => Err(10007),
            ApplyOption::NeedPermission => {
                let who = (kind::APPLICATION, user);
                self.requests.ask_leaders(&mut self.notices, (id, group), who, &joiner, now);
                Ok(false)
            }
            ApplyOption::FreeAccess => {
                self.notices.tell((id, group.kind), user, Report::new(2, user), (Some(user), now));
                group.enter(now, &joiner, false);
                Ok(true)
            }
        }
    }

    /// The requests that a leader means: by their authentication, else by who asks, an application before invitations.
    fn meant(&self, id: &str, asker: &str, auth: Option<usize>) -> Vec<usize> {
        let all = &self.requests.all;
        let of_call = |auth: usize| {
            let is_it = |it: &Request| it.auth == auth && it.group == id && it.kind != kind::CONSENT;
            (0..all.len()).filter(|nr| is_it(&all[*nr])).collect::<Vec<_>>()
        };
        let named = auth.map(of_call).unwrap_or_default();
        if !named.is_empty() {
            return named;
        }
        if let Some(nr) = self.requests.waiting(id, kind::APPLICATION, asker, asker) {
            return vec![nr];
        }
        let is_it = |it: &Request| {
            (&*it.group, it.kind, &*it.asker, it.answer) == (id, kind::INVITATION, asker, answer::NONE)
        };
        let newest = all.iter().rev().find(|it| is_it(it));
        newest.map(|it| of_call(it.auth)).unwrap_or_default()
    }

    pub fn decide(
        &mut self,
        (id, by): (&str, &str),
        asker: &str,
        auth: Option<usize>,
        agrees: bool,
        now: i64,
    ) -> Done {
        if !matches!(find(&mut self.groups, id)?.role(by), Some(Role::Owner | Role::Admin)) {
            return Err(10007);
        }
        let mut chosen = self.meant(id, asker, auth);
        chosen.retain(|nr| self.requests.all[*nr].answer == answer::NONE);
        let Some(first) = chosen.first() else { return Err(10024) };
        let Request { kind, joiner, .. } = self.requests.all[*first].clone();
        if kind != kind::APPLICATION {
            return self.decide_invitation((id, by), &chosen, agrees, now);
        }
        let group = find(&mut self.groups, id)?;
        if agrees && group.members.contains_key(&joiner) {
            return Err(10013);
        }
        self.requests.settle(&mut self.notices, &chosen, by, agrees);
        let report = Report::new(if agrees { 2 } else { 3 }, by);
        self.notices.tell((id, group.kind), &joiner, report, (None, now));
        if agrees {
            group.enter(now, &[joiner], false);
        }
        Ok(())
    }

    fn decide_invitation(
        &mut self,
        (id, by): (&str, &str),
        chosen: &[usize],
        agrees: bool,
        now: i64,
    ) -> Done {
        let group = find(&mut self.groups, id)?;
        let inviter = self.requests.all[chosen[0]].asker.clone();
        let joiners = chosen.iter().map(|nr| self.requests.all[*nr].joiner.clone());
        let free: Vec<_> = joiners.filter(|it| !group.members.contains_key(it)).collect();
        if agrees && free.is_empty() {
            return Err(10013);
        }
        self.requests.settle(&mut self.notices, chosen, by, agrees);
        match agrees {
            true => _ = self.bring_in(id, &free, &inviter, false, now),
            false => self.notices.tell((id, group.kind), &inviter, Report::new(3, by), (None, now)),
        }
        Ok(())
    }

    /// One of those that a member invited.
    fn decide_one(&mut self, (id, by): (&str, &str), who: (&str, &str), agrees: bool, now: i64) -> Done {
        if !matches!(find(&mut self.groups, id)?.role(by), Some(Role::Owner | Role::Admin)) {
            return Err(10007);
        }
        let nr = self.requests.waiting(id, kind::INVITATION, who.0, who.1).ok_or(10024)?;
        self.decide_invitation((id, by), &[nr], agrees, now)
    }

    /// Who is invited says whether it wants to come.
    fn answer(&mut self, id: &str, user: &str, inviter: &str, agrees: bool, now: i64) -> Done {
        let group = find(&mut self.groups, id)?;
        let nr = self.requests.waiting(id, kind::CONSENT, inviter, user).ok_or(10024)?;
        if agrees && group.members.contains_key(user) {
            return Err(10013);
        }
        self.requests.settle(&mut self.notices, &[nr], user, agrees);
        if agrees {
            if group.active {
                self.notices.tell((id, group.kind), user, Report::new(7, inviter), (None, now));
            }
            group.enter(now, &[user.to_owned()], false);
        }
        let report = Report::new(if agrees { 13 } else { 14 }, user);
        self.notices.tell((id, group.kind), inviter, report, (None, now));
        Ok(())
    }

    /// What is too old is nowhere any more.
    fn forget(&mut self, now: i64) {
        let before = now - KEPT_SECONDS;
        self.requests.all.retain(|it| it.asked_at >= before * 1000);
        self.notices.forget(before);
    }
}

impl World {
    /// Somebody decides about what waits, or options are changed that make it wait.
    pub async fn step_requests(&mut self, now: i64) {
        let what = self.dice.roll(16);
        // Mostly where something of the kind waits, and by somebody who may decide.
        let is_it = |it: &&Request| match what {
            0..4 => it.kind != kind::CONSENT,
            4..6 => it.kind == kind::INVITATION,
            _ => it.kind == kind::CONSENT,
        };
        let waiting = self.model.requests.all.iter().filter(|it| it.answer == answer::NONE);
        let waiting: Vec<_> = waiting.filter(is_it).cloned().collect();
        let (mut id, mut user) = (GROUPS[self.dice.roll(GROUPS.len())].0.to_owned(), self.dice.user());
        let (mut asker, mut joiner) = (self.dice.user().to_owned(), self.dice.user().to_owned());
        if !waiting.is_empty() && !self.dice.one_in(4) {
            Request { group: id, asker, joiner, .. } = waiting[self.dice.roll(waiting.len())].clone();
            let owner = self.model.find(&id).map(|it| it.owner.clone()).unwrap_or_default();
            let owner = USERS.into_iter().find(|it| *it == owner).unwrap_or(user);
            user = if self.dice.one_in(3) { user } else { owner };
        }
        let agrees = !self.dice.one_in(3);
        match what {
            12.. => self.invite_where_one_must_ask(now).await,
            0..4 => self.decide(&id, user, asker, agrees, now).await,
            4..6 => {
                let who = (asker.clone(), joiner.clone());
                let found = requests::decide_one(&self.clients[user], &id, who, decision(agrees)).await;
                let expected = self.model.decide_one((&id, user), (&asker, &joiner), agrees, now);
                self.check("decide about one", &id, found, &expected);
            }
            6..8 => {
                let user = if self.dice.one_in(4) { user.to_owned() } else { joiner };
                let found = invite::answer(&self.clients[&*user], &id, asker.clone(), decision(agrees)).await;
                let expected = self.model.answer(&id, &user, &asker, agrees, now);
                self.check("answer an invitation", &id, found, &expected);
            }
            8..10 => self.any_options(&id, user).await,
            10 => self.forget_notice().await,
            _ if self.dice.one_in(4) => {
                self.cx.chat.clock.advance(1000 * 4 * 86_400);
                while self.cx.chat.prune_notices().await.unwrap() > 0 {}
                self.model.forget(self.cx.chat.clock.now());
            }
            _ => {}
        }
    }

    async fn decide(&mut self, id: &str, user: &str, asker: String, agrees: bool, now: i64) {
        let known: Vec<_> = (0..self.auths.len()).filter(|it| self.auths[*it].is_some()).collect();
        let auth = match known.is_empty() || self.dice.one_in(2) {
            true => None,
            false => Some(known[known.len() - 1 - self.dice.roll(known.len().min(8))]),
        };
        let text = auth.and_then(|it| self.auths[it].clone()).unwrap_or_default();
        let decision = Decision { auth: text, ..decision(agrees) };
        let found = requests::decide(&self.clients[user], id, asker.clone(), decision).await;
        let expected = self.model.decide((id, user), &asker, auth, agrees, now);
        self.check("decide", id, found, &expected);
    }

    /// A plain member invites, and owner and admins are asked.
    async fn invite_where_one_must_ask(&mut self, now: i64) {
        let groups = self.model.groups.iter().filter_map(|(id, it)| it.as_ref().map(|it| (id, it)));
        let is_plain = |it: &(&String, &Member)| it.1.role == Role::Member;
        let plain = groups
            .filter(|it| it.1.kind != AvChatRoom)
            .flat_map(|(id, it)| it.members.iter().filter(is_plain).map(|it| (id.clone(), it.0.clone())));
        let plain: Vec<_> = plain.collect();
        if plain.is_empty() {
            return;
        }
        let (id, user) = plain[self.dice.roll(plain.len())].clone();
        let must_ask = Options { invite: Some(InviteOption::NeedPermission), ..Options::default() };
        self.set_options(&id, None, must_ask).await;
        self.add(&id, Some(&user), now).await;
    }

    pub async fn add(&mut self, id: &str, by: Actor<'_>, now: i64) {
        let (users, silent) = (self.dice.users(), by.is_none() && self.dice.one_in(3));
        let expected = self.model.add(id, by, &users, now, silent);
        let found = invite::invite(&self.as_who(by), id, users, silent).await;
        let found = found.map(|it| it.into_iter().map(|it| it as i64).collect());
        self.check("add", id, found, &expected);
    }

    pub async fn apply(&mut self, id: &str, user: &str, now: i64) {
        let cx = &self.clients[user];
        let found = match chat::groups::find(cx, id).await {
            Ok(it) if it.kind == AvChatRoom => live_rooms::join(cx, &it, false).await.map(|_| true),
            Ok(_) => join::apply(cx, id, String::new()).await.map(|it| it == Applied::Joined),
            Err(error) => Err(error),
        };
        let expected = self.model.apply(id, user, now);
        self.check("apply", id, found, &expected);
    }

    /// What the leaders of groups are shown.
    pub async fn compare_requests(&mut self) {
        let since = (self.cx.chat.clock.now() - KEPT_SECONDS) * 1000;
        for (user, communities) in USERS.iter().flat_map(|it| [(*it, false), (*it, true)]) {
            let leads = |it: &Request| {
                let group = self.model.groups[&it.group].as_ref().expect("requests go with their group");
                let role = group.role(user);
                it.kind != kind::CONSENT
                    && role > Some(Role::Member)
                    && (group.kind == Community) == communities
            };
            let all = self.model.requests.all.iter().rev().filter(|it| leads(it) && it.asked_at >= since);
            let mut expected: Vec<_> = all.cloned().collect();
            expected.sort_by_key(|it| std::cmp::Reverse(it.asked_at));
            expected.truncate(LISTED_MAX);
            let waiting = expected.iter().filter(|it| it.answer == answer::NONE).count() as i64;
            let (mut found, mut start) = (Vec::new(), 0);
            loop {
                let page = code(requests::list(&self.clients[user], communities, start, PAGE).await).unwrap();
                assert_eq!(page.waiting, waiting, "requests that wait for {user}, {}", self.at());
                for it in page.items {
                    let (group, it) = (it.led.group_id, it.led.request);
                    let expected = expected.get(found.len()).map(|it| it.auth);
                    let auth = self.auth(&it.auth, expected);
                    let (kind, asked_at, answer) = (it.kind, it.asked_at, it.answer);
                    found.push(Request {
                        group,
                        kind,
                        asker: it.asker,
                        joiner: it.joiner,
                        auth,
                        asked_at,
                        answer,
                    });
                }
                start = page.next;
                if start == 0 {
                    break;
                }
            }
            assert_eq!(found, expected, "requests that {user} is shown, {}", self.at());
        }
    }
}

fn decision(agrees: bool) -> Decision {
    Decision { agrees, text: String::new(), auth: String::new() }
}
