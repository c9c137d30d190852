//! What an owner does with a conversation: delete, clear, pin. Nothing of it changes the other side.
//! `spec/concepts/conversations.md` 3 and 4.

use proto::{Code, Fail};
use store::{
    StoreError, Tx,
    contacts::{self, Contact, KIND_C2C},
    group_conversations::count_pinned,
    messages::{self as log, View},
};

use super::Which;
use crate::{
    Cx, accounts,
    all_member_push::waiting::{self, Waiting},
    error::Error,
    groups::own_side,
    live::Push,
    messages::{conversation_key, lane, visible_since},
};

/// Takes a conversation out of the list until its next message; with `clear` the owner's history goes too.
pub async fn delete(cx: &Cx, owner: &str, which: &Which, clear: bool) -> Result<(), Error> {
    match which {
        Which::Peer(peer) => delete_peer(cx, owner, peer, clear).await?,
        Which::Group(group) => {
            must_be_account(cx, owner).await?;
            own_side::delete(cx, owner, group, clear).await?;
        }
    }
    if cx.app.state().settings.conversation_sync_delete {
        tell(cx, owner, 1, "RecentContactDeleteItem", std::slice::from_ref(which));
    }
    Ok(())
}

async fn delete_peer(cx: &Cx, owner: &str, peer: &str, clear: bool) -> Result<(), Error> {
    let (at, mine, other) = (cx.clone(), owner.to_owned(), peer.to_owned());
    let done = change(cx, owner, peer, move |tx, it| {
        let (app, own, now) = (at.app.id, lane(it.pair, &mine, &other), at.chat.clock.now());
        if clear {
            hide_history(tx, &at, &mine, it, own, 0)?;
        }
        contacts::set_read(tx, app, &mine, &other, now)?;
        let newest = log::newest_id(tx, own)?;
        contacts::unlist(tx, app, &mine, &other, newest)?;
        Ok(())
    });
    done.await
}

/// Hides the owner's history up to now; a listed conversation stays as an empty one.
pub async fn clear(cx: &Cx, owner: &str, which: &Which) -> Result<(), Error> {
    let peer = match which {
        Which::Peer(peer) => peer,
        Which::Group(group) => return own_side::clear(cx, owner, group).await,
    };
    let (at, mine, other) = (cx.clone(), owner.to_owned(), peer.to_owned());
    let done = change(cx, owner, peer, move |tx, it| {
        let (app, own, now) = (at.app.id, lane(it.pair, &mine, &other), at.chat.clock.now());
        let since = visible_since(&at.app.state().settings, now);
        let last = log::last(tx, View { own, clear: it.clear, since })?;
        let listed = last.is_some_and(|last| last.id > it.unlisted_id) || it.emptied_at > 0;
        hide_history(tx, &at, &mine, it, own, if listed { now } else { 0 })?;
        contacts::set_read(tx, app, &mine, &other, now)?;
        contacts::touch(tx, app, &mine, &other, now)?;
        Ok(())
    });
    done.await
}

fn hide_history(
    tx: &mut dyn Tx,
    cx: &Cx,
    owner: &str,
    it: &Contact,
    own: i64,
    emptied_at: i64,
) -> Result<(), Error> {
    let app = cx.app.id;
    let mut until = log::newest_place(tx, own)?.unwrap_or(it.clear).max(it.clear);
    let waiting = Waiting::of(tx, app, owner, cx.chat.clock.now())?;
    if let Some(push) = waiting.from(&it.peer).last() {
        let push = waiting::load(tx, app, push.id, own ^ 1)?;
        until = until.max(push.map_or(until, |it| it.place()));
    }
    Ok(contacts::set_clear(tx, app, owner, &it.peer, until, emptied_at)?)
}

/// Changes the owner's side of a conversation. One that never was is left alone, unless the peer is unknown.
async fn change(
    cx: &Cx,
    owner: &str,
    peer: &str,
    work: impl FnOnce(&mut dyn Tx, &Contact) -> Result<(), Error> + Send + 'static,
) -> Result<(), Error> {
    must_be_account(cx, owner).await?;
    let is_account = accounts::find(cx, peer).await?.is_some();
    let (app, mine, other, now) = (cx.app.id, owner.to_owned(), peer.to_owned(), cx.chat.clock.now());
    let (name, after) = (mine.clone(), cx.app.clone());
    let work = move |tx: &mut dyn Tx| match waiting::contact(tx, app, &mine, &other, now)? {
        Some(it) => work(tx, &it),
        None if is_account => Ok(()),
        None => Err(Fail::with(Code::ContactUnknown, "To_Account does not exist").into()),
    };
    let key = conversation_key(app, owner, peer);
    cx.chat.db.write_then(key, work, move |()| after.unread.forget(&name)).await
}

async fn must_be_account(cx: &Cx, owner: &str) -> Result<(), Error> {
    match accounts::find(cx, owner).await? {
        Some(_) => Ok(()),
        None => Err(Fail::with(Code::ContactUnknown, "From_Account does not exist").into()),
    }
}

/// Pins or unpins conversations, all or none. One that is not listed is listed, empty.
pub async fn pin(cx: &Cx, owner: &str, named: Vec<Which>, pinned: bool) -> Result<(), Error> {
    let (mut peers, mut groups) = (Vec::new(), Vec::new());
    for which in &named {
        match which {
            Which::Peer(peer) if accounts::find(cx, peer).await?.is_none() => {
                return Err(Fail::with(Code::ContactUnknown, "To_Account does not exist").into());
            }
            Which::Peer(peer) => peers.push(peer.clone()),
            Which::Group(group) => groups.push(own_side::pinnable(cx, owner, group).await?),
        }
    }
    let (app, mine, now) = (cx.app.id, owner.to_owned(), cx.chat.clock.now());
    let most = cx.app.state().settings.conversation_max_pinned;
    // The number of pins is counted, so the owner's pins are changed under one key.
    let done = cx.chat.db.write(crate::shard(app, owner), move |tx| {
        for peer in &peers {
            pin_peer(tx, app, &mine, peer, pinned, now)?;
        }
        for group in groups {
            own_side::pin(tx, group, &mine, pinned, now)?;
        }
        let count = contacts::pinned(tx, app, &mine)?.len() as i64 + count_pinned(tx, app, &mine)?;
        if pinned && count > most {
            return Err(Error::from(Fail::with(Code::ContactPinsFull, format!("more than {most} pinned"))));
        }
        Ok(())
    });
    done.await?;
    tell(cx, owner, if pinned { 2 } else { 3 }, "RecentContactTopItem", &named);
    Ok(())
}

fn pin_peer(
    tx: &mut dyn Tx,
    app: u32,
    owner: &str,
    peer: &str,
    pinned: bool,
    now: i64,
) -> Result<(), StoreError> {
    let pair = contacts::make_pair(tx, app, owner, peer)?;
    contacts::ensure(tx, app, owner, peer, pair, 0)?;
    let Some(it) = contacts::get(tx, app, owner, KIND_C2C, peer)? else { return Ok(()) };
    let emptied_at = if pinned && it.emptied_at == 0 { now } else { it.emptied_at };
    contacts::set_pinned(tx, app, owner, peer, pinned, emptied_at)?;
    contacts::touch(tx, app, owner, peer, emptied_at)
}

/// Tells the owner's other sessions.
fn tell(cx: &Cx, owner: &str, kind: i64, member: &str, named: &[Which]) {
    cx.app.live.push(owner, cx.caller.instance(), || {
        let items: Vec<_> = named.iter().map(Which::pushed).collect();
        Push::events(&format!(
            "{{\"Event\":13,\"RecentContactMod\":[{{\"PushType\":{kind},\"{member}\":{{\"RecentContactList\":[{}]}}}}]}}",
            items.join(",")
        ))
    });
}
