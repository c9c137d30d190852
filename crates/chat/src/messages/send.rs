//! Sending. The order of work is that of `spec/rest/openim.sendmsg.yaml`.

mod hooked;
mod robots;

use std::sync::{Arc, atomic::Ordering};

use proto::{
    Code, Fail, MsgKey,
    element::{Body, message_bytes},
    platform::Platform,
    user_id,
};
use store::{
    Dialect, Pending, Tx,
    messages::{self as log, Message, flag},
};

use super::{
    Route, conversation_key,
    recent::{Identity, Known},
    route, touch, wire,
};
use crate::{
    Caller, Cx,
    accounts::{self, Account},
    error::Error,
    live::Push,
    offline_push,
    settings::Settings,
};

pub use hooked::Hooked;

/// What the sender's side gets of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sync {
    /// Kept in the sender's history and pushed to the sender's sessions, but the calling one.
    Push,
    /// Kept, not pushed.
    #[default]
    Keep,
    /// Neither.
    Nothing,
}

/// How a message is kept and counted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    pub sync: Sync,
    /// Only for those who are online now: not stored, not counted.
    pub online_only: bool,
    /// How long it counts as unread for somebody who is offline. Seconds.
    pub life_seconds: i64,
    pub no_unread: bool,
    pub no_last: bool,
    /// Whether the receiver's wish not to be bothered by this sender counts.
    pub respect_mute: bool,
    pub wants_receipt: bool,
    pub extensible: bool,
    pub hooks: Hooked,
}

#[derive(Clone)]
pub struct Outgoing {
    pub from: String,
    pub to: String,
    /// Drawn at random when the sender gave none.
    pub seq: Option<u32>,
    pub random: u32,
    /// The client's clock; a backend has none.
    pub client_time: Option<i64>,
    pub body: Arc<Body>,
    /// CloudCustomData as a JSON literal, empty for none.
    pub cloud: String,
    /// OfflinePushInfo as JSON, empty for none.
    pub push_info: String,
    pub options: Options,
}

/// A message that is on disk (or delivered, if online only), or was sent before with the same content.
#[derive(Clone, Debug)]
pub struct Sent {
    pub key: MsgKey,
    /// The id that client SDKs show for it.
    pub id: String,
}

/// Sends a message. It is durable, and on its way to who is online, when this returns.
///
/// An unknown sender is 20003; an unknown receiver is answered with `unknown_receiver`.
pub async fn send(cx: &Cx, it: Outgoing, unknown_receiver: Code) -> Result<Sent, Error> {
    // A session's messages go into the queue in the order of their frames.
    let order = match &cx.caller {
        Caller::User(session) => Some(session.send_order.lock().await),
        Caller::Admin(_) | Caller::Guest => None,
    };
    let sender = accounts::find_active(cx, &it.from).await?;
    let sender = sender.ok_or_else(|| Fail::with(Code::MsgFromUnknown, "From_Account does not exist"))?;
    if accounts::find_active(cx, &it.to).await?.is_none() {
        return Err(unknown_receiver.into());
    }
    if !cx.is_admin() && cx.chat.clock.now() < sender.muted_until.0 {
        return Err(Code::MsgMuted.into());
    }
    check_size(cx, it.body.json(), &it.cloud)?;
    let hooks = hooked::wanted(cx, &it.options);
    let mut delivery = Delivery::new(cx, it, sender);
    delivery.hooks = hooks;
    let sent = if hooks.before || hooks.after {
        let turn = cx.app.hooks.turns.queue(hooked::turn_key(cx, &delivery.from, &delivery.to));
        drop(order);
        let turn = turn.await;
        let (key, id) = (delivery.key(), delivery.id());
        let Some(delivery) = hooked::prepare(cx, delivery).await? else {
            return Ok(Sent { key, id });
        };
        let to = delivery.to.clone();
        let pending = store(cx, delivery);
        drop(turn);
        pending.await.inspect_err(|_| hooked::settle(cx, &to, false))?
    } else {
        let pending = store(cx, delivery);
        drop(order);
        pending.await?
    };
    hooked::settle(cx, &sent.to, hooks.after);
    robots::ask_robot(cx, &sent);
    Ok(Sent { key: sent.key(), id: sent.id() })
}

/// Refuses content over the app's limit; the code differs by door. `spec/concepts/message-format.md` 2 and 3.
pub(crate) fn check_size(cx: &Cx, body: &str, cloud: &str) -> Result<(), Fail> {
    let limit = usize::try_from(cx.app.state().settings.messages_max_bytes).unwrap_or(usize::MAX);
    if message_bytes(body, cloud) <= limit {
        return Ok(());
    }
    let code = if cx.is_admin() { Code::C2cTooLong } else { Code::MsgTooLong };
    Err(Fail::with(code, format!("MsgBody and CloudCustomData are longer than {limit} bytes")))
}

/// The checksum by which a message sent again is recognised.
pub(crate) fn checksum(body: &str, cloud: &str) -> i64 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(body.as_bytes());
    crc.update(cloud.as_bytes());
    crc.finalize().into()
}

/// A message on its way through the store to the sessions.
struct Delivery {
    from: String,
    to: String,
    sender: Arc<Account>,
    /// The sender's instance that sent it.
    origin: Option<i64>,
    push_info: String,
    options: Options,
    message: Message,
    route: Option<Arc<Route>>,
    /// Of the routes when this began.
    routes_version: u64,
    is_duplicate: bool,
    /// Whether the hints of activity were moved to this message's time.
    touched: bool,
    hooks: Hooked,
    /// Of the receiver over all conversations, with this message; only for the webhook.
    unread: i64,
    /// By the app's backend: the sending session does not know its content.
    is_rewritten: bool,
}

impl Delivery {
    fn new(cx: &Cx, it: Outgoing, sender: Arc<Account>) -> Delivery {
        let time = cx.chat.clock.now();
        let options = it.options;
        let mut flags = 0;
        for (on, bit) in [
            (options.no_unread, flag::NO_UNREAD),
            (options.no_last, flag::NO_LAST),
            (options.sync == Sync::Nothing, flag::HIDDEN_FROM_SENDER),
            (options.wants_receipt, flag::WANTS_RECEIPT),
            (options.extensible, flag::EXTENSIBLE),
            (it.client_time.is_some(), flag::CLIENT_TIME),
        ] {
            if on {
                flags |= bit;
            }
        }
        flags |= platform_bits(&cx.caller);
        let message = Message {
            time,
            seq: it.seq.unwrap_or_else(|| cx.chat.random.u32()).into(),
            random: it.random.into(),
            flags,
            crc: checksum(it.body.json(), &it.cloud),
            client_time: it.client_time.unwrap_or(time),
            waits_until: time.saturating_add(options.life_seconds),
            nick: sender.nick.clone(),
            face: sender.face.clone(),
            cloud: it.cloud,
            body: it.body.json().to_owned(),
            ..Message::default()
        };
        let origin = cx.caller.instance();
        let routes_version = cx.app.routes.version();
        let route = cx.app.routes.get(&it.from, &it.to);
        Delivery {
            from: it.from,
            to: it.to,
            sender,
            origin,
            push_info: it.push_info,
            options,
            message,
            route,
            routes_version,
            is_duplicate: false,
            touched: false,
            hooks: Hooked::default(),
            unread: 0,
            is_rewritten: false,
        }
    }

    fn key(&self) -> MsgKey {
        MsgKey { seq: self.message.seq as u32, random: self.message.random as u32, time: self.message.time }
    }

    fn id(&self) -> String {
        format!("{}-{}-{}", self.sender.tiny_id, self.message.client_time, self.message.random)
    }

    fn identity(&self) -> Identity {
        Identity {
            lane: self.message.lane,
            seq: self.message.seq as u32,
            random: self.message.random as u32,
            crc: self.message.crc as u32,
        }
    }

    /// Runs inside the transaction.
    fn store(&mut self, cx: &Cx, tx: &mut dyn Tx) -> Result<(), Error> {
        let listed_at = if self.options.no_last || self.options.online_only { 0 } else { self.message.time };
        let route = match self.route.take() {
            Some(it) => it,
            None => Arc::new(route(tx, cx.app.id, &self.from, &self.to, listed_at)?),
        };
        self.message.lane = route.lane;
        self.route = Some(route.clone());
        if !cx.is_admin() {
            self.may_send(cx, &route)?;
        }
        if self.was_sent_before(cx, tx)? {
            return Ok(());
        }
        if self.options.respect_mute && route.mute == DISCARD {
            self.message.flags |= flag::NO_UNREAD;
        }
        if self.options.online_only {
            return self.tell_backend(tx, cx);
        }
        if !log::insert(tx, &self.message)? {
            self.is_duplicate = true;
            return Ok(());
        }
        if listed_at > 0 {
            self.touched = touch(tx, cx.app.id, &route, &self.from, &self.to, listed_at)?;
        }
        let is_unwanted = self.options.respect_mute && route.mute != NOTIFY;
        if !self.message.has(flag::WITHHELD) && !is_unwanted {
            offline_push::post_c2c(tx, cx, (&self.from, &self.to), &self.message, &self.push_info)?;
        }
        self.tell_backend(tx, cx)
    }

    fn tell_backend(&self, tx: &mut dyn Tx, cx: &Cx) -> Result<(), Error> {
        hooked::tell_sent(tx, cx, self)?;
        robots::tell_robot(tx, cx, self)
    }

    /// What a client may not send for its relation to the receiver.
    fn may_send(&mut self, cx: &Cx, route: &Route) -> Result<(), Error> {
        let relation = Relation { is_blocked: route.is_blocked, friends: route.friends };
        if relation.refuse(&cx.app.state().settings, &self.from, &self.to)? {
            // The sender must not notice, so it stays on the sender's side alone.
            self.message.flags |= flag::HIDDEN_FROM_RECEIVER | flag::WITHHELD;
        }
        Ok(())
    }

    fn was_sent_before(&mut self, cx: &Cx, tx: &mut dyn Tx) -> Result<bool, Error> {
        let now = self.message.time;
        let since = now - cx.app.state().settings.messages_c2c_dedup_seconds;
        let identity = self.identity();
        let known = cx.chat.recent.claim(identity, since, now);
        // Another node may have stored it, which memory here cannot know.
        let ask = known == Known::AskStore || tx.dialect() == Dialect::Postgres;
        let first = match known {
            Known::Sent(time) => Some(time),
            _ if ask => {
                let (lane, seq, random) = (identity.lane, self.message.seq, self.message.random);
                log::find_sent(tx, lane, since, now, seq, random, self.message.crc)?
            }
            _ => None,
        };
        let Some(time) = first else { return Ok(false) };
        if self.message.flags & flag::CLIENT_TIME == 0 {
            self.message.client_time = time;
        }
        self.message.time = time;
        self.is_duplicate = true;
        Ok(true)
    }

    /// Runs after the commit, in the order of the commits.
    fn deliver(&self, cx: &Cx) {
        cx.chat.recent.done(self.identity(), self.message.time);
        if let Some(route) = &self.route {
            if self.touched {
                route.hint.fetch_max(self.message.time, Ordering::Relaxed);
            }
            cx.app.routes.keep(&self.from, &self.to, route, self.routes_version);
        }
        if self.is_duplicate {
            return;
        }
        let muted = self.options.respect_mute && self.route.as_ref().is_some_and(|it| it.mute == DISCARD);
        let people = wire::People { from: &self.from, to: &self.to, tiny_id: &self.sender.tiny_id };
        let online_only = self.options.online_only;
        let push = |copy| {
            let event = wire::new_message(&self.message, people, copy, online_only);
            Push::events(&if self.is_rewritten { wire::rewritten(&event) } else { event })
        };
        let mut delivered = 0;
        if !muted && !self.message.has(flag::WITHHELD) {
            delivered += cx.app.live.push(&self.to, self.origin, || push(wire::Copy::Receiver));
        }
        if self.options.sync == Sync::Push && self.from != self.to {
            let but = self.origin.filter(|_| !self.is_rewritten);
            delivered += cx.app.live.push(&self.from, but, || push(wire::Copy::Sender));
        }
        cx.app.count_c2c(self.message.time, &self.from, delivered);
    }
}

/// How sender and receiver stand to one another, as in a [`Route`].
struct Relation {
    is_blocked: bool,
    friends: (bool, bool),
}

impl Relation {
    /// Refuses, or says whether the message is kept from the receiver. `spec/concepts/relationships.md` 7.
    fn refuse(&self, settings: &Settings, from: &str, to: &str) -> Result<bool, Fail> {
        if self.is_blocked && !settings.c2c_blocked_send_success {
            return Err(Code::MsgBlocked.into());
        }
        if !settings.c2c_require_friendship || from == to || user_id::is_robot(to) {
            return Ok(self.is_blocked);
        }
        match self.friends {
            (true, true) => Ok(self.is_blocked),
            (false, false) => Err(Code::MsgNotFriends.into()),
            (true, false) => Err(Code::MsgNotTheirFriend.into()),
            (false, true) => Err(Code::MsgNotOwnFriend.into()),
        }
    }
}

/// The name of where a message was sent, by the flags of either log.
pub fn platform_name(flags: i64) -> &'static str {
    match usize::try_from(flags >> flag::PLATFORM_SHIFT).unwrap_or(0).checked_sub(1) {
        None => "RESTAPI",
        Some(place) => Platform::ALL.get(place).map_or("Unknown", |it| it.webhook_name()),
    }
}

/// Where a message was sent, in the flags of either log.
pub(crate) fn platform_bits(caller: &Caller) -> i64 {
    let Caller::User(session) = caller else { return 0 };
    let place = Platform::ALL.iter().position(|it| *it == session.platform);
    place.map_or(0, |it| (it as i64 + 1) << flag::PLATFORM_SHIFT)
}

/// The receiver wants to be told of this sender's messages.
const NOTIFY: i64 = 0;
/// The receiver wants nothing of this sender.
const DISCARD: i64 = 1;

fn store(cx: &Cx, mut delivery: Delivery) -> Pending<Delivery, Error> {
    let key = conversation_key(cx.app.id, &delivery.from, &delivery.to);
    let (in_tx, after) = (cx.clone(), cx.clone());
    cx.chat.db.write_then(
        key,
        move |tx| {
            delivery.store(&in_tx, tx)?;
            Ok(delivery)
        },
        move |stored| stored.deliver(&after),
    )
}
