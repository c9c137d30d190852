//! One-to-one messages and online status.

pub mod admin_getroammsg;
pub mod admin_msgwithdraw;
pub mod admin_set_msg_read;
pub mod authkey;
pub mod batchsendmsg;
pub mod c2c_msg_read_receipt;
pub mod delete_c2c_msg_ramble;
pub mod deletemsg;
pub mod get_c2c_peer_mute_notifications;
pub mod get_c2c_unread_msg_num;
pub mod get_peer_read_time;
pub mod getmsg;
pub mod getroammsg;
pub mod importmsg;
pub(super) mod message;
pub mod modify_c2c_msg;
pub mod modify_group_msg;
pub mod msgreaded;
pub mod msgwithdraw;
pub mod query_online_status;
pub mod read_all_unread_msg;
pub mod sendmsg;
pub mod set_c2c_peer_mute_notifications;
pub mod ws_msg_push_ack;

use chat::messages::Message;
use chat::{Caller, Cx, accounts, error::Error};
use proto::{Code, Fail, MsgKey};

use crate::given::Given;

/// In whose name a call acts: a client in its own only, an administrator in anybody's, by default its own.
pub(super) fn acting(cx: &Cx, named: Option<String>, denied: Code) -> Result<String, Fail> {
    let named = named.filter(|it| !it.is_empty());
    match (&cx.caller, named) {
        (_, None) => Ok(cx.caller.user().to_owned()),
        (Caller::Admin(_), Some(named)) => Ok(named),
        (_, Some(named)) if named == cx.caller.user() => Ok(named),
        _ => Err(Fail::with(denied, "From_Account must be the user that is logged in")),
    }
}

async fn must_exist(cx: &Cx, user: &str, code: Code, name: &str) -> Result<(), Error> {
    match accounts::find(cx, user).await? {
        Some(_) => Ok(()),
        None => Err(Fail::with(code, format!("{name} does not exist")).into()),
    }
}

fn parse_key(given: Given<String>) -> Result<MsgKey, Fail> {
    let key = given.need(Code::C2cMsgKey, "MsgKey")?;
    key.parse().map_err(|_| Fail::with(Code::C2cMsgKey, "MsgKey is malformed"))
}

fn key_of(it: &Message) -> String {
    format!("{}_{}_{}", it.seq, it.random, it.time)
}
