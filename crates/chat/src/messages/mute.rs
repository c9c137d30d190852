//! What a user wants of single peers: notify, discard, receive silently.

use store::{StoreError, contacts};

use super::conversation_key;
use crate::{Cx, accounts, error::Error, live::Push};

/// Sets the caller's wish for one peer and tells the caller's other sessions. False for an unknown peer.
pub async fn set_mute(cx: &Cx, owner: &str, peer: &str, mute: i64) -> Result<bool, Error> {
    if accounts::find(cx, peer).await?.is_none() {
        return Ok(false);
    }
    let (app, mine, other) = (cx.app.clone(), owner.to_owned(), peer.to_owned());
    let (after, origin) = (cx.app.clone(), cx.caller.instance());
    let (after_mine, after_other) = (mine.clone(), other.clone());
    let done = cx.chat.db.write_then(
        conversation_key(app.id, owner, peer),
        move |tx| {
            let pair = contacts::make_pair(tx, app.id, &mine, &other)?;
            contacts::ensure(tx, app.id, &mine, &other, pair, 0)?;
            contacts::set_mute(tx, app.id, &mine, &other, mute)?;
            Ok::<_, Error>(())
        },
        move |()| {
            after.routes.forget(&after_other, &after_mine);
            after.live.push(&after_mine, origin, || {
                Push::events(&format!(
                    "{{\"Event\":10,\"C2cNotifyMsgArray\":[{{\"MuteNotificationsSync\":{{{},\
                     \"MuteNotifications\":{mute}}}}}]}}",
                    super::member("To_Account", &after_other)
                ))
            });
        },
    );
    done.await?;
    Ok(true)
}

/// The owner's wish for each peer, in their order; 0 where nothing was set.
pub async fn mutes(cx: &Cx, owner: &str, peers: Vec<String>) -> Result<Vec<i64>, Error> {
    let (app, owner) = (cx.app.id, owner.to_owned());
    let read = cx.chat.db.read(move |tx| {
        let mut out = Vec::with_capacity(peers.len());
        for peer in &peers {
            out.push(contacts::get(tx, app, &owner, contacts::KIND_C2C, peer)?.map_or(0, |it| it.mute));
        }
        Ok::<_, StoreError>(out)
    });
    Ok(read.await?)
}
