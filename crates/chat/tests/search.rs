//! Searches of messages between two people under random changes, beside a plain model, on both engines: with the
//! index up to date, behind, and not there at all.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;

use chat::{
    Caller, Chat, Cx,
    accounts::{self, Import},
    clock::Clock,
    live::Session,
    messages::{self, Change, Named, Options, Outgoing},
    random::Random,
    search::{self, MessageQuery, Query, Where},
    settings::Settings,
};
use proto::{Code, MsgKey, element};
use store::{Db, PostgresOptions, StoreError, testing};

const APP: u32 = 1_400_000_001;
const START: i64 = 1_767_225_600;
const ROUNDS: u64 = 4;
const STEPS: usize = 400;
/// Few, so that each is in many messages and in few others.
const WORDS: [&str; 10] =
    ["Needle", "hay", "天气很好", "今天", "stack", "ＮＥＥ", "dle", "x", "今日は", "naïve"];
const KEYWORDS: [&str; 12] =
    ["needle", "NEE", "天", "天气", "气很好", "stack", "s h", "x", "Ï", "hay 天", "nothing", "今"];

/// A small generator: the seed of a failing round is all that is needed to see it again.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % sides
    }

    fn text(&mut self) -> String {
        let words: Vec<_> = (0..=self.roll(4)).map(|_| WORDS[self.roll(WORDS.len())]).collect();
        words.join(" ")
    }
}

/// A message as the model has it.
struct Said {
    key: MsgKey,
    from_ann: bool,
    text: String,
    recalled: bool,
    /// Deleted from the view of ann, and of ben.
    hidden: [bool; 2],
}

struct World {
    admin: Cx,
    people: [Cx; 2],
    said: Vec<Said>,
    numbers: u32,
}

fn client(cx: &Cx, user: &str, inst_id: i64) -> Cx {
    let row = store::sessions::Session {
        token: Vec::new(),
        app: APP,
        user: user.to_owned(),
        inst_id,
        page: String::new(),
        platform: 7,
        created_at: START,
        sig_hash: Vec::new(),
        sig_time: START,
        expires_at: i64::MAX,
        used_at: START,
        detached_at: 0,
        ended_at: 0,
        ended_by: 0,
    };
    let session = Session::new(&row, [inst_id as u8; 32], "", i64::MAX);
    Cx { caller: Caller::User(Arc::new(session)), ..cx.clone() }
}

fn body(text: &str) -> element::Body {
    let text = serde_json::to_string(text).unwrap();
    let json = format!("[{{\"MsgType\":\"TIMTextElem\",\"MsgContent\":{{\"Text\":{text}}}}}]");
    element::Body::check(&json, element::From::Admin).unwrap()
}

/// Lower case, and half width: what the words above need of it.
fn folded(text: &str) -> String {
    text.replace("ＮＥＥ", "nee").to_lowercase()
}

impl World {
    async fn open(db: Db, seed: u64) -> World {
        let chat = Chat::open(db, Clock::fixed(START * 1000), Random::seeded(seed)).await.unwrap();
        chat.create_app(APP, Settings::default()).await.unwrap();
        let app = chat.apps.get(APP).unwrap();
        let admin = Cx { chat, app, caller: Caller::Admin("administrator".into()), ip: None };
        for user in ["ann", "ben"] {
            accounts::import(&admin, Import { user: user.to_owned(), nick: None, face: None }).await.unwrap();
        }
        let people = [client(&admin, "ann", 1), client(&admin, "ben", 2)];
        World { admin, people, said: Vec::new(), numbers: 0 }
    }

    fn outgoing(&mut self, from_ann: bool, text: &str) -> Outgoing {
        self.numbers += 1;
        let (from, to) = if from_ann { ("ann", "ben") } else { ("ben", "ann") };
        Outgoing {
            from: from.to_owned(),
            to: to.to_owned(),
            // Numbers that do not rise: within a second the order is theirs.
            seq: Some(self.numbers.wrapping_mul(2_654_435_761)),
            random: self.numbers,
            client_time: None,
            body: Arc::new(body(text)),
            cloud: String::new(),
            options: Options { life_seconds: 604_800, ..Options::default() },
        }
    }

    fn note(&mut self, key: MsgKey, from_ann: bool, text: String) {
        self.said.push(Said { key, from_ann, text, recalled: false, hidden: [false; 2] });
    }

    async fn send(&mut self, dice: &mut Dice) {
        let (from_ann, text) = (dice.roll(2) == 0, dice.text());
        let outgoing = self.outgoing(from_ann, &text);
        let sent = messages::send(&self.admin, outgoing, Code::C2cToUnknown).await.unwrap();
        self.note(sent.key, from_ann, text);
    }

    /// With a time of long ago.
    async fn import(&mut self, dice: &mut Dice) {
        let (from_ann, text) = (dice.roll(2) == 0, dice.text());
        let time = self.admin.chat.clock.now() - dice.roll(200) as i64;
        let outgoing = self.outgoing(from_ann, &text);
        let key = MsgKey { seq: outgoing.seq.unwrap(), random: outgoing.random, time };
        messages::import(&self.admin, outgoing, time, false).await.unwrap();
        self.note(key, from_ann, text);
    }

    async fn change(&mut self, dice: &mut Dice) {
        if self.said.is_empty() {
            return;
        }
        let at = dice.roll(self.said.len());
        let (key, from_ann, recalled) = (self.said[at].key, self.said[at].from_ann, self.said[at].recalled);
        let (from, to) = if from_ann { ("ann", "ben") } else { ("ben", "ann") };
        let named = || Named { from: from.to_owned(), to: to.to_owned(), key };
        match dice.roll(3) {
            0 if !recalled => {
                messages::recall(&self.admin, named()).await.unwrap();
                self.said[at].recalled = true;
            }
            1 if !recalled => {
                let text = dice.text();
                let change = Change { body: Some(body(&text)), cloud: None, version: None };
                messages::modify(&self.admin, named(), change).await.unwrap();
                self.said[at].text = text;
            }
            _ => {
                let who = dice.roll(2);
                let (owner, peer) = [("ann", "ben"), ("ben", "ann")][who];
                messages::delete_own(&self.admin, owner, peer, vec![key]).await.unwrap();
                self.said[at].hidden[who] = true;
            }
        }
    }

    async fn index(&self) {
        while self.admin.chat.index_search().await.unwrap() {}
    }

    /// Makes the database one from before there was an index.
    async fn lose_index(&self) {
        let lost = self.admin.chat.db.write(0, |tx| {
            for sql in [
                "delete from search_blocks",
                "delete from search_texts",
                "delete from search_logs",
                "delete from search_changes",
                "insert into search_changes (kind, log, place_1, place_2, place_3) select 1, id, -1, 0, 0 from pairs",
            ] {
                tx.exec(sql, &[])?;
            }
            Ok::<_, StoreError>(())
        });
        lost.await.unwrap();
    }

    /// The keys that a person finds, page by page, newest first.
    async fn found(&self, who: usize, keyword: &str) -> Vec<String> {
        let (mut keys, mut cursor) = (Vec::new(), String::new());
        loop {
            let query = Query { keywords: vec![keyword.to_owned()], all: false, count: 40, cursor };
            let place = Where::Peer(["ben", "ann"][who].to_owned());
            let (senders, types) = (Vec::new(), Vec::new());
            let query = MessageQuery { query, place, senders, types, times: (0, i64::MAX) };
            let found = search::messages(&self.people[who], query).await.unwrap();
            for it in found.items.iter().flat_map(|it| &it.messages) {
                let it: serde_json::Value = serde_json::from_str(it).unwrap();
                keys.push(format!("{}_{}_{}", it["MsgSeq"], it["MsgRandom"], it["MsgTimeStamp"]));
            }
            cursor = found.cursor;
            if cursor.is_empty() {
                assert_eq!(found.total, keys.len() as i64, "{keyword}");
                return keys;
            }
        }
    }

    /// What the model says.
    fn expected(&self, who: usize, keyword: &str) -> Vec<String> {
        let is_found =
            |it: &&Said| !it.recalled && !it.hidden[who] && folded(&it.text).contains(&folded(keyword));
        let mut found: Vec<_> = self.said.iter().filter(is_found).map(|it| it.key).collect();
        found.sort_unstable_by_key(|it| std::cmp::Reverse((it.time, it.seq, it.random)));
        found.iter().map(ToString::to_string).collect()
    }
}

/// Returns how many hits were compared.
async fn round(db: Db, seed: u64) -> usize {
    let (mut world, mut dice, mut compared) = (World::open(db, seed).await, Dice(seed), 0);
    for step in 0..STEPS {
        match dice.roll(20) {
            0 => world.import(&mut dice).await,
            1..=3 => world.change(&mut dice).await,
            4 => world.index().await,
            5 => world.admin.chat.clock.advance(dice.roll(30_000) as i64),
            6 if dice.roll(20) == 0 => world.lose_index().await,
            _ => world.send(&mut dice).await,
        }
        if dice.roll(3) > 0 {
            continue;
        }
        let (who, keyword) = (dice.roll(2), KEYWORDS[dice.roll(KEYWORDS.len())]);
        let (found, expected) = (world.found(who, keyword).await, world.expected(who, keyword));
        assert_eq!(found, expected, "{keyword} in step {step} of round {seed}");
        compared += found.len();
    }
    world.admin.chat.clock.advance(60_000);
    world.index().await;
    for keyword in KEYWORDS {
        assert_eq!(
            world.found(0, keyword).await,
            world.expected(0, keyword),
            "{keyword} at the end of {seed}"
        );
    }
    let blocks = world.admin.chat.db.read(|tx| tx.row("select count(*) from search_blocks", &[]));
    let blocks = blocks.await.map_err(|it: StoreError| it).unwrap().unwrap().int(0).unwrap();
    assert!(blocks > 0, "everything was read from the log");
    compared
}

async fn rounds(open: impl Fn() -> Db) {
    let mut compared = 0;
    for seed in 0..ROUNDS {
        compared += round(open(), seed).await;
    }
    assert!(compared > 1000, "the rounds are of no use: {compared} hits");
}

#[tokio::test]
async fn searches_find_what_the_model_says_on_sqlite() {
    let folder = testing::Folder::new().unwrap();
    rounds(|| folder.database()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn searches_find_what_the_model_says_on_postgresql() {
    let Some(postgres) = testing::Postgres::shared() else { return };
    rounds(|| {
        let open = || Db::open_postgres(&postgres.fresh_database(), PostgresOptions::default());
        tokio::task::block_in_place(open).unwrap()
    })
    .await;
}
