//! Messages to robots: telling the app's backend, which speaks for them. `spec/concepts/robots.md` 2 and 3.

use std::pin::Pin;

use proto::{
    Code,
    element::{Body, From},
    json::quote,
    user_id,
};
use serde::Deserialize;
use serde_json::{Map, Value};
use store::{Tx, messages::flag};

use super::{Delivery, Hooked, Options, Outgoing, hooked::message, send};
use crate::{
    Caller, Cx,
    error::Error,
    webhooks::{Hook, Line, MessageToRobot, Passthrough, REPLIES_MAX, ask::answer, tell, wants},
};

/// What marks a passthrough message: `chatbotPlugin` and `src`.
const PLUGIN: i64 = 1;
const PASSTHROUGH: i64 = 3;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Element {
    msg_type: String,
    msg_content: Map<String, Value>,
}

/// Whether the receiver is a robot that is told of this message. The sender's own backend speaks for robots.
fn is_told(it: &Delivery) -> bool {
    it.hooks.robots
        && user_id::is_robot(&it.to)
        && !user_id::is_robot(&it.from)
        && !it.is_duplicate
        // Withheld from a robot that blocked the sender.
        && it.message.flags & flag::WITHHELD == 0
}

/// The content of a client's passthrough message.
fn passthrough(cx: &Cx, it: &Delivery) -> Option<String> {
    if cx.is_admin() {
        return None;
    }
    let elements: Vec<Element> = serde_json::from_str(&it.message.body).ok()?;
    let [element] = &*elements else { return None };
    let data = element.msg_content.get("Data").filter(|_| element.msg_type == "TIMCustomElem")?;
    let data: Map<String, Value> = serde_json::from_str(data.as_str()?).ok()?;
    let is = |name: &str, number: i64| data.get(name).and_then(Value::as_i64) == Some(number);
    let inner = data.get("data").filter(|_| is("chatbotPlugin", PLUGIN) && is("src", PASSTHROUGH))?;
    inner.as_str().map(str::to_owned)
}

/// Bot.OnC2CMessage, inside the transaction that stores the message.
pub(super) fn tell_robot(tx: &mut dyn Tx, cx: &Cx, it: &Delivery) -> Result<(), Error> {
    if !is_told(it) || !wants(cx, Hook::BotOnC2cMessage) || passthrough(cx, it).is_some() {
        return Ok(());
    }
    tell(tx, cx, Hook::BotOnC2cMessage, Line::Pair(&it.from, &it.to), |_| {
        Ok(MessageToRobot { message: message(cx, it), result: 0, info: "send msg succeed" })
    })
}

/// Chatbot.OnC2CSignalMessage, once the message is stored. Nobody waits for the answer, which becomes a message of the
/// robot. While too many are on their way, further ones are left out and counted.
pub(super) fn ask_robot(cx: &Cx, it: &Delivery) {
    if !wants(cx, Hook::ChatbotOnC2cSignalMessage) || !is_told(it) {
        return;
    }
    let Some(data) = passthrough(cx, it) else { return };
    let Some(place) = cx.chat.webhooks.place_of_reply() else {
        cx.app.hooks.numbers.dropped.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        tracing::warn!(app = cx.app.id, most = REPLIES_MAX, "too many robots are asked at the same time");
        return;
    };
    let body = Passthrough {
        from: &it.from,
        to: &it.to,
        msg_seq: it.message.seq,
        msg_random: it.message.random,
        msg_key: it.key().to_string(),
        event_time: cx.chat.clock.millis(),
        data: &data,
    };
    let Ok(body) = serde_json::to_value(body) else { return };
    let (cx, robot, user) = (cx.clone(), it.to.clone(), it.from.clone());
    tokio::spawn(async move {
        if let Err(error) = reply(cx, robot, user, body).await {
            tracing::warn!(%error, "a robot could not reply");
        }
        drop(place);
    });
}

/// Boxed, since a reply is sent like any message.
fn reply(
    cx: Cx,
    robot: String,
    user: String,
    body: Value,
) -> Pin<Box<dyn Future<Output = Result<(), Error>> + Send>> {
    Box::pin(async move {
        let Some(answer) = answer(&cx, Hook::ChatbotOnC2cSignalMessage, &body).await? else {
            return Ok(());
        };
        let is_done = answer.get("ErrorCode").and_then(Value::as_i64) == Some(0);
        let Some(data) = answer.get("RspData").and_then(Value::as_str).filter(|_| is_done) else {
            return Ok(());
        };
        // What a robot says is said by the backend.
        let cx = Cx { caller: Caller::Admin(robot.as_str().into()), ip: None, ..cx };
        let it = outgoing(&cx, robot, user, data)?;
        send(&cx, it, Code::C2cToUnknown).await.map(drop)
    })
}

fn outgoing(cx: &Cx, from: String, to: String, data: &str) -> Result<Outgoing, Error> {
    let data = format!("{{\"chatbotPlugin\":{PLUGIN},\"src\":{PASSTHROUGH},\"data\":{}}}", quote(data));
    let body = format!(
        "[{{\"MsgType\":\"TIMCustomElem\",\"MsgContent\":{{\"Data\":{},\"Desc\":\"\",\"Ext\":\"\"}}}}]",
        quote(&data)
    );
    let body = Body::check(&body, From::Admin).map_err(|it| Error::Internal(it.to_string().into()))?;
    let life_seconds = cx.app.state().settings.messages_offline_seconds;
    Ok(Outgoing {
        from,
        to,
        seq: None,
        random: cx.chat.random.u32(),
        client_time: None,
        body: body.into(),
        cloud: String::new(),
        push_info: String::new(),
        options: Options {
            life_seconds,
            hooks: Hooked { before: true, after: true, robots: false },
            ..Options::default()
        },
    })
}
