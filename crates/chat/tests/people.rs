//! Random operations on the relations of a few people, beside a plain model of the rules, on both engines.
//!
//! The limits are so small that they are met. Every outcome must have the model's code, and what anybody can
//! read must be what the model says: friends with their fields, lists, requests, blocklists and sequences.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "shared/dice.rs"]
mod dice;
#[path = "people/model.rs"]
mod model;

use chat::{
    Caller, Chat, Cx,
    accounts::{self, Import},
    clock::Clock,
    error::Error,
    profiles,
    random::Random,
    relations::{self, Adding, Answer, Imported, Move, NewFriend, Outcome, Response, Side, Start, Update},
    settings::Settings,
};
use proto::json::quote;
use serde_json::json;
use store::{Db, PostgresOptions, testing};

use dice::Dice;
use model::{Allow, BLOCKS_MAX, FRIENDS_MAX, LISTS_MAX, Model, PENDING_MAX, Snapshot};

const APP: u32 = 1_400_000_001;
const USERS: [&str; 5] = ["administrator", "ann", "ben", "cleo", "Zoë"];
const NOBODY: &str = "nobody";
const LISTS: [&str; 3] = ["Team", "Chess", "家"];
const START: i64 = 1_767_225_600;
const ROUNDS: u64 = 12;
const OPERATIONS: usize = 150;

impl Dice {
    fn one_in(&mut self, n: usize) -> bool {
        self.roll(n) == 0
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.roll(all.len())]
    }

    fn user(&mut self) -> String {
        self.of(&USERS).to_owned()
    }

    /// One to three people, with doubles, strangers and the owner among them.
    fn users(&mut self) -> Vec<String> {
        let count = 1 + self.roll(3);
        (0..count).map(|_| if self.one_in(15) { NOBODY.to_owned() } else { self.user() }).collect()
    }

    fn list(&mut self) -> String {
        if self.one_in(2) { String::new() } else { self.of(&LISTS).to_owned() }
    }

    fn lists(&mut self) -> Vec<String> {
        LISTS.iter().filter(|_| self.one_in(2)).map(|it| (*it).to_owned()).collect()
    }

    fn word(&mut self) -> String {
        self.of(&["", "x", "a longer text", "mit \"Zeichen\" 家"]).to_owned()
    }
}

struct World {
    cx: Cx,
    dice: Dice,
    model: Model,
}

fn codes(outcomes: Vec<Outcome>) -> Vec<i64> {
    outcomes.into_iter().map(|it| it.map_or_else(|fail| fail.number, |()| 0)).collect()
}

/// The code of a whole call.
fn code<T>(result: Result<T, Error>) -> Result<T, i64> {
    match result {
        Ok(it) => Ok(it),
        Err(Error::Fail(fail)) => Err(fail.number),
        Err(error) => panic!("{error}"),
    }
}

impl World {
    async fn open(db: Db, seed: u64) -> World {
        let chat = Chat::open(db, Clock::fixed(START * 1000), Random::seeded(seed)).await.unwrap();
        let mut settings = Settings::default();
        for (key, value) in [
            ("sns.max_friends", FRIENDS_MAX),
            ("sns.max_lists", LISTS_MAX),
            ("sns.max_pending", PENDING_MAX),
            ("blocklist.max", BLOCKS_MAX),
        ] {
            settings.set(key, json!(value)).unwrap();
        }
        Box::pin(chat.create_app(APP, settings)).await.unwrap();
        let app = chat.apps.get(APP).unwrap();
        let cx = Cx { chat, app, caller: Caller::Admin("administrator".into()), ip: None };
        let world = World { cx, dice: Dice(seed), model: Model::new(&USERS) };
        for user in USERS {
            world.import_account(user).await;
        }
        world
    }

    async fn import_account(&self, user: &str) {
        accounts::import(&self.cx, Import { user: user.to_owned(), nick: None, face: None }).await.unwrap();
    }

    async fn step(&mut self) {
        match self.dice.roll(20) {
            0..5 => self.add().await,
            5..8 => self.respond().await,
            8 => self.withdraw().await,
            9 | 10 => self.import().await,
            11 => self.update().await,
            12 => self.delete().await,
            13 => self.block().await,
            14 => self.unblock().await,
            15 => self.make_lists().await,
            16 => self.change_list().await,
            17 => self.allow().await,
            18 => self.rarely().await,
            _ => self.cx.chat.clock.advance(1000 * self.dice.roll(100) as i64),
        }
    }

    fn now(&self) -> i64 {
        self.cx.chat.clock.now()
    }

    async fn add(&mut self) {
        let owner = self.dice.user();
        let how = Adding { mutual: !self.dice.one_in(3), forced: self.dice.one_in(4) };
        let users = self.dice.users();
        let dice = &mut self.dice;
        let mut item = |user: String| NewFriend {
            user,
            remark: dice.word(),
            list: dice.list(),
            source: if dice.one_in(8) { "bad".to_owned() } else { "AddSource_Type_Web".to_owned() },
            wording: dice.word(),
        };
        let items: Vec<_> = users.into_iter().map(&mut item).collect();
        let expected = self.model.add(&owner, &items, how, self.now());
        let found = relations::add(&self.cx, &owner, items, how).await.unwrap();
        assert_eq!(codes(found), expected, "{owner} adds");
    }

    async fn respond(&mut self) {
        // Mostly somebody who was asked, else the answers would be the same.
        let asked = self.model.any_request(self.dice.roll(100));
        let (asker, owner) = match asked {
            Some(it) if !self.dice.one_in(6) => it,
            _ => (self.dice.user(), self.dice.user()),
        };
        let answers = [Answer::Agree, Answer::AgreeAndAdd, Answer::Reject];
        let answer = answers[self.dice.roll(answers.len())];
        let item = Response { user: asker, answer, remark: self.dice.word(), list: self.dice.list() };
        let expected = self.model.respond(&owner, &item, self.now());
        let found = relations::respond(&self.cx, &owner, vec![item]).await.unwrap();
        assert_eq!(codes(found), [expected], "{owner} answers");
    }

    async fn withdraw(&mut self) {
        let (owner, users) = (self.dice.user(), self.dice.users());
        let side = if self.dice.one_in(2) { Side::Sender } else { Side::Receiver };
        let expected = self.model.withdraw(&owner, &users, side);
        let found = relations::withdraw(&self.cx, &owner, users, side).await.unwrap();
        assert_eq!(codes(found), expected, "{owner} withdraws");
    }

    async fn import(&mut self) {
        let (owner, users) = (self.dice.user(), self.dice.users());
        let dice = &mut self.dice;
        let mut item = |user: String| Imported {
            user,
            remark: dice.one_in(2).then(|| dice.word()),
            remark_at: None,
            lists: dice.one_in(2).then(|| dice.lists()),
            source: "AddSource_Type_Import".to_owned(),
            wording: dice.one_in(2).then(|| dice.word()),
            added_at: dice.one_in(3).then(|| START - dice.roll(1000) as i64),
            custom: Vec::new(),
        };
        let items: Vec<_> = users.into_iter().map(&mut item).collect();
        let expected = self.model.import(&owner, &items, self.now());
        let found = relations::import(&self.cx, &owner, items).await.unwrap();
        assert_eq!(codes(found), expected, "import for {owner}");
    }

    async fn update(&mut self) {
        let (owner, user) = (self.dice.user(), self.dice.user());
        let remark = self.dice.one_in(2).then(|| self.dice.word());
        let lists = (remark.is_none() || self.dice.one_in(2)).then(|| self.dice.lists());
        let fields = [
            remark.as_ref().map(|it| ("Tag_SNS_IM_Remark".to_owned(), quote(it))),
            lists.as_ref().map(|it| ("Tag_SNS_IM_Group".to_owned(), json!(it).to_string())),
        ];
        let item = Update { user: user.clone(), fields: fields.into_iter().flatten().collect() };
        let expected = self.model.update(&owner, &user, remark, lists);
        let found = relations::update(&self.cx, &owner, vec![item]).await.unwrap();
        assert_eq!(codes(found), [expected], "{owner} changes {user}");
    }

    async fn delete(&mut self) {
        let (owner, users, both) = (self.dice.user(), self.dice.users(), self.dice.one_in(2));
        let expected = self.model.delete(&owner, &users, both);
        let found = relations::delete(&self.cx, &owner, users, both).await.unwrap();
        assert_eq!(codes(found), expected, "{owner} deletes");
    }

    async fn block(&mut self) {
        let (owner, users) = (self.dice.user(), self.dice.users());
        let expected = self.model.block(&owner, &users, self.now());
        let found = relations::block(&self.cx, &owner, users).await.unwrap();
        assert_eq!(codes(found), expected, "{owner} blocks");
    }

    async fn unblock(&mut self) {
        let (owner, users) = (self.dice.user(), self.dice.users());
        let expected = self.model.unblock(&owner, &users);
        let found = relations::unblock(&self.cx, &owner, users).await.unwrap();
        assert_eq!(codes(found), expected, "{owner} unblocks");
    }

    async fn make_lists(&mut self) {
        let (owner, users) = (self.dice.user(), self.dice.users());
        let mut names = self.dice.lists();
        if names.is_empty() {
            names.push(LISTS[0].to_owned());
        }
        let expected = self.model.make_lists(&owner, &names, &users);
        let found = code(relations::make_lists(&self.cx, &owner, names, users).await);
        assert_eq!(found.map(|it| codes(it.0)), expected, "{owner} makes lists");
    }

    async fn change_list(&mut self) {
        let (owner, old) = (self.dice.user(), self.dice.of(&LISTS).to_owned());
        let new = self.dice.one_in(2).then(|| self.dice.of(&LISTS).to_owned());
        let users = if new.is_some() && self.dice.one_in(2) { Vec::new() } else { self.dice.users() };
        let moves: Vec<_> =
            users.into_iter().map(|user| Move { user, is_in: !self.dice.one_in(3) }).collect();
        let expected = self.model.change_list(&owner, &old, new.as_deref(), &moves);
        let found = code(relations::change_list(&self.cx, &owner, old, new, moves).await);
        assert_eq!(found.map(codes), expected, "{owner} changes a list");
    }

    async fn allow(&mut self) {
        let user = self.dice.user();
        let kinds = [Allow::Any, Allow::Confirm, Allow::Confirm, Allow::Deny];
        let (allow, forbidden) = (kinds[self.dice.roll(kinds.len())], self.dice.one_in(6));
        let fields = [
            ("Tag_Profile_IM_AllowType", allow.name()),
            (
                "Tag_Profile_IM_AdminForbidType",
                if forbidden { "AdminForbid_Type_SendOut" } else { "AdminForbid_Type_None" },
            ),
        ];
        let fields = fields.into_iter().map(|(tag, value)| (tag.to_owned(), quote(value))).collect();
        profiles::set(&self.cx, &user, fields).await.unwrap();
        self.model.allow(&user, allow, forbidden);
    }

    /// What would empty the world if it came often.
    async fn rarely(&mut self) {
        let user = self.dice.user();
        match self.dice.roll(6) {
            0 => {
                let both = self.dice.one_in(2);
                self.model.delete_all(&user, both);
                relations::delete_all(&self.cx, &user, both).await.unwrap();
            }
            1 if user != USERS[0] => {
                self.model.forget(&user);
                accounts::delete(&self.cx, &user).await.unwrap();
                self.import_account(&user).await;
            }
            _ => {
                let names = self.dice.lists();
                self.model.delete_lists(&user, &names);
                relations::delete_lists(&self.cx, &user, names).await.unwrap();
            }
        }
    }

    /// Everything that can be read about a user.
    async fn read(&self, user: &str) -> Snapshot {
        let (cx, mut friends, mut index) = (&self.cx, Vec::new(), 0);
        let page = loop {
            let page = relations::page(cx, user, Start { index, standard: 0, custom: 0 }).await.unwrap();
            friends.extend(page.friends.iter().map(|(friend, fields)| {
                let mut fields = fields.clone();
                fields.sort();
                (friend.clone(), fields)
            }));
            match page.next {
                Some(next) => index = next,
                None => break page,
            }
        };
        let (lists, list_sequence) = relations::friend_lists(cx, user, Vec::new(), true).await.unwrap();
        let blocklist = relations::blocklist(cx, user, 0, 1000, 0).await.unwrap();
        let waiting = relations::waiting(cx, user, &[Side::Sender, Side::Receiver]).await.unwrap();
        let mut requests: Vec<_> = waiting
            .items
            .iter()
            .map(|(side, it)| (*side == Side::Sender, it.other.clone(), it.asked_at, it.wording.clone()))
            .collect();
        requests.sort();
        Snapshot {
            friends,
            lists: lists.into_iter().map(|it| (it.name, it.members.unwrap())).collect(),
            blocks: blocklist.entries,
            requests,
            unread: waiting.unread,
            sequences: [page.standard, page.custom, list_sequence, blocklist.sequence, waiting.sequence],
        }
    }

    async fn compare(&self) {
        for user in USERS {
            assert_eq!(self.read(user).await, self.model.snapshot(user), "{user}");
        }
    }
}

async fn live(open: impl Fn() -> Db) {
    let mut seen = std::collections::BTreeMap::new();
    for seed in 0..ROUNDS {
        let mut world = World::open(open(), seed).await;
        for step in 1..=OPERATIONS {
            world.step().await;
            if step % 5 == 0 {
                world.compare().await;
            }
        }
        for (code, times) in world.model.seen() {
            *seen.entry(*code).or_insert(0) += times;
        }
    }
    // A round in which a rule was never met proves nothing about it.
    for code in [
        0, 30001, 30003, 30009, 30010, 30011, 30012, 30013, 30014, 30515, 30516, 30525, 30539, 30614, 31704,
        32216,
    ] {
        assert!(seen.contains_key(&code), "{code} was never met: {seen:?}");
    }
}

#[tokio::test]
async fn relations_are_what_the_model_says_on_sqlite() {
    let folder = testing::Folder::new().unwrap();
    live(|| folder.database()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn relations_are_what_the_model_says_on_postgresql() {
    let Some(postgres) = testing::Postgres::shared() else { return };
    live(|| {
        let open = || Db::open_postgres(&postgres.fresh_database(), PostgresOptions::default());
        tokio::task::block_in_place(open).unwrap()
    })
    .await;
}
