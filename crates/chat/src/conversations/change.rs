//! What an owner does with a conversation: delete, clear, pin. Nothing of it changes the other side.
//! `spec/concepts/conversations.md` 3 and 4.

use proto::{Code, Fail, json::quote};
use store::{
    Tx,
    contacts::{self, Contact, KIND_C2C},
    messages::{self as log, View},
};

use crate::{
    Cx, accounts,
    error::Error,
    live::Push,
    messages::{conversation_key, lane, visible_since},
};

/// Takes a conversation out of the list until its next message; with `clear` the owner's history goes too.
pub async fn delete(cx: &Cx, owner: &str, peer: &str, clear: bool) -> Result<(), Error> {
    let (at, mine, other) = (cx.clone(), owner.to_owned(), peer.to_owned());
    let done = change(cx, owner, peer, move |tx, it| {
        let (app, own, now) = (at.app.id, lane(it.pair, &mine, &other), at.chat.clock.now());
        if clear {
            hide_history(tx, app, &mine, it, own, 0)?;
        }
        contacts::set_read(tx, app, &mine, &other, now)?;
        let newest = log::newest_id(tx, own)?;
        contacts::unlist(tx, app, &mine, &other, newest)?;
        Ok(())
    });
    done.await?;
    if cx.app.state().settings.conversation_sync_delete {
        tell(cx, owner, 1, "RecentContactDeleteItem", &[peer.to_owned()]);
    }
    Ok(())
}

/// Hides the owner's history up to now; a listed conversation stays as an empty one.
pub async fn clear(cx: &Cx, owner: &str, peer: &str) -> Result<(), Error> {
    let (at, mine, other) = (cx.clone(), owner.to_owned(), peer.to_owned());
    let done = change(cx, owner, peer, move |tx, it| {
        let (app, own, now) = (at.app.id, lane(it.pair, &mine, &other), at.chat.clock.now());
        let since = visible_since(&at.app.state().settings, now);
        let last = log::last(tx, View { own, clear: it.clear, since })?;
        let listed = last.is_some_and(|last| last.id > it.unlisted_id) || it.emptied_at > 0;
        hide_history(tx, app, &mine, it, own, if listed { now } else { 0 })?;
        contacts::set_read(tx, app, &mine, &other, now)?;
        contacts::touch(tx, app, &mine, &other, now)?;
        Ok(())
    });
    done.await
}

fn hide_history(
    tx: &mut dyn Tx,
    app: u32,
    owner: &str,
    it: &Contact,
    own: i64,
    emptied_at: i64,
) -> Result<(), Error> {
    let until = log::newest_place(tx, own)?.unwrap_or(it.clear).max(it.clear);
    Ok(contacts::set_clear(tx, app, owner, &it.peer, until, emptied_at)?)
}

/// Changes the owner's side of a conversation. One that never was is left alone, unless the peer is unknown.
async fn change(
    cx: &Cx,
    owner: &str,
    peer: &str,
    work: impl FnOnce(&mut dyn Tx, &Contact) -> Result<(), Error> + Send + 'static,
) -> Result<(), Error> {
    if accounts::find(cx, owner).await?.is_none() {
        return Err(Fail::with(Code::ContactUnknown, "From_Account does not exist").into());
    }
    let is_account = accounts::find(cx, peer).await?.is_some();
    let (app, mine, other) = (cx.app.id, owner.to_owned(), peer.to_owned());
    let done = cx.chat.db.write(conversation_key(app, owner, peer), move |tx| {
        match contacts::get(tx, app, &mine, KIND_C2C, &other)? {
            Some(it) => work(tx, &it),
            None if is_account => Ok(()),
            None => Err(Fail::with(Code::ContactUnknown, "To_Account does not exist").into()),
        }
    });
    done.await
}

/// Pins or unpins conversations, all or none. One that is not listed is listed, empty.
pub async fn pin(cx: &Cx, owner: &str, peers: Vec<String>, pinned: bool) -> Result<(), Error> {
    for peer in &peers {
        if accounts::find(cx, peer).await?.is_none() {
            return Err(Fail::with(Code::ContactUnknown, "To_Account does not exist").into());
        }
    }
    let (app, mine, now) = (cx.app.id, owner.to_owned(), cx.chat.clock.now());
    let most = cx.app.state().settings.conversation_max_pinned;
    let named = peers.clone();
    // The number of pins is counted, so the owner's pins are changed under one key.
    let done = cx.chat.db.write(crate::shard(app, owner), move |tx| {
        for peer in &named {
            let pair = contacts::make_pair(tx, app, &mine, peer)?;
            contacts::ensure(tx, app, &mine, peer, pair, 0)?;
            let Some(it) = contacts::get(tx, app, &mine, KIND_C2C, peer)? else { continue };
            let emptied_at = if pinned && it.emptied_at == 0 { now } else { it.emptied_at };
            contacts::set_pinned(tx, app, &mine, peer, pinned, emptied_at)?;
            contacts::touch(tx, app, &mine, peer, emptied_at)?;
        }
        if pinned && contacts::pinned(tx, app, &mine)?.len() as i64 > most {
            return Err(Error::from(Fail::with(Code::ContactPinsFull, format!("more than {most} pinned"))));
        }
        Ok(())
    });
    done.await?;
    tell(cx, owner, if pinned { 2 } else { 3 }, "RecentContactTopItem", &peers);
    Ok(())
}

/// Tells the owner's other sessions.
fn tell(cx: &Cx, owner: &str, kind: i64, member: &str, peers: &[String]) {
    cx.app.live.push(owner, cx.caller.instance(), || {
        let items: Vec<_> = peers.iter().map(|it| format!("{{\"Type\":1,\"UserId\":{}}}", quote(it))).collect();
        Push::events(&format!(
            "{{\"Event\":13,\"RecentContactMod\":[{{\"PushType\":{kind},\"{member}\":{{\"RecentContactList\":[{}]}}}}]}}",
            items.join(",")
        ))
    });
}
