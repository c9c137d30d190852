//! Clients without a connection.

use std::sync::Arc;

use chat::{Caller, live::Session};

/// A session that is not attached: it can do everything and is pushed nothing.
pub fn session((app, now): (u32, i64), user: &str, inst_id: i64) -> Caller {
    let row = store::sessions::Session {
        token: Vec::new(),
        app,
        user: user.to_owned(),
        inst_id,
        page: String::new(),
        platform: 7,
        created_at: now,
        sig_hash: Vec::new(),
        sig_time: now,
        expires_at: i64::MAX,
        used_at: now,
        detached_at: 0,
        ended_at: 0,
        ended_by: 0,
    };
    Caller::User(Arc::new(Session::new(&row, [inst_id as u8; 32], "", i64::MAX)))
}
