//! Importing messages of another system. `spec/rest/openim.importmsg.yaml`.

use proto::{Code, Fail};
use store::{
    contacts,
    messages::{self as log, Message},
    search_logs,
};

use super::{
    Outgoing, conversation_key, route,
    send::{check_size, checksum},
    wire,
};
use crate::{Cx, accounts, error::Error, live::Push, offline_push};

/// Writes a message with its own time into both histories. A message with this key that is there already
/// stays as it is. `live` counts it as unread and pushes it; otherwise it is read from the start.
pub async fn import(cx: &Cx, it: Outgoing, time: i64, live: bool) -> Result<(), Error> {
    let sender = accounts::find_active(cx, &it.from).await?;
    let sender = sender.ok_or_else(|| Fail::with(Code::C2cFrom, "From_Account does not exist"))?;
    if accounts::find_active(cx, &it.to).await?.is_none() {
        return Err(Code::C2cToUnknown.into());
    }
    check_size(cx, it.body.json(), &it.cloud)?;
    let mut message = Message {
        time,
        seq: it.seq.unwrap_or_else(|| cx.chat.random.u32()).into(),
        random: it.random.into(),
        flags: log::flag::IMPORTED | if live { 0 } else { log::flag::NO_UNREAD },
        crc: checksum(it.body.json(), &it.cloud),
        client_time: time,
        waits_until: cx.chat.clock.now().saturating_add(it.options.life_seconds),
        nick: sender.nick.clone(),
        face: sender.face.clone(),
        cloud: it.cloud,
        body: it.body.json().to_owned(),
        ..Message::default()
    };
    let (app, from, to) = (cx.app.clone(), it.from, it.to);
    let people = (from.clone(), to.clone(), sender.tiny_id.clone());
    let (after, at) = (cx.app.clone(), cx.clone());
    let done = cx.chat.db.write_then(
        conversation_key(app.id, &from, &to),
        move |tx| {
            let route = route(tx, app.id, &from, &to, time)?;
            message.lane = route.lane;
            let is_new = log::insert(tx, &message)?;
            if is_new {
                search_logs::note_c2c(tx, &message)?;
                contacts::touch(tx, app.id, &from, &to, time)?;
                contacts::touch(tx, app.id, &to, &from, time)?;
                if live {
                    offline_push::post_c2c(tx, &at, (&from, &to), &message, &it.push_info)?;
                }
            }
            Ok::<_, Error>((message, is_new))
        },
        move |(message, is_new)| {
            after.unread.forget(&people.1);
            if *is_new && live {
                let people = wire::People { from: &people.0, to: &people.1, tiny_id: &people.2 };
                let event = || Push::events(&wire::new_message(message, people, wire::Copy::Receiver, false));
                after.live.push(people.to, None, event);
            }
        },
    );
    done.await?;
    Ok(())
}
