//! Logging in, session tokens, and the ways a session ends. `spec/concepts/accounts-and-status.md` 4.

mod lost;
mod told;

use std::sync::Arc;

use proto::{Code, Fail, platform::Platform, user_id};
use sha2::{Digest, Sha256};
use store::{StoreError, Tx, accounts as rows, contacts, messages, sessions as table};

use crate::{
    Chat, Cx,
    accounts::{self, tiny_id},
    apps::{App, State},
    error::Error,
    groups,
    live::{Attached, Outlet, Push, Session, TokenHash, token_hash},
    shard,
    statistics::Event,
    status,
};
use lost::note_lost;
pub use lost::{Loss, detach, lose};
use told::Change;

/// Contacts looked at in one step when messages that waited too long are given up.
const CONTACTS_STEP: i64 = 100;
/// The hint of activity may be this much behind. Seconds.
pub(crate) const HINT_SECONDS: i64 = 3600;

/// How a session ended. The numbers are those in the store; the first three are KickType on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i64)]
pub enum End {
    OtherLogin = 1,
    OtherDevice = 2,
    KickedByRest = 3,
    LoggedOut = 4,
    /// Its time was over, or somebody else logged in on its page: the user said no goodbye.
    Expired = 5,
}

impl End {
    const ALL: [End; 5] =
        [End::OtherLogin, End::OtherDevice, End::KickedByRest, End::LoggedOut, End::Expired];

    /// What the store says of an end; `None` for a number that stands for none.
    pub fn from_number(number: i64) -> Option<End> {
        End::ALL.into_iter().find(|it| *it as i64 == number)
    }

    /// What later requests with the dead token are answered.
    fn refusal(ended_by: i64) -> Fail {
        match ended_by {
            1..=3 => Fail::from(Code::Kicked).extra(format!("\"KickType\":{ended_by}")),
            _ => Code::SigExpired.into(),
        }
    }

    fn push(self) -> Option<Push> {
        let kind = match self {
            End::OtherLogin | End::OtherDevice | End::KickedByRest => self as i64,
            End::LoggedOut | End::Expired => return None,
        };
        let event = format!(
            "{{\"EventArray\":[{{\"Event\":10,\"C2cNotifyMsgArray\":[{{\"KickoutMsgNotify\":{{\"KickType\":{kind}}}}}]}}]}}"
        );
        Some(Push::new("im_open_status.stat_forceoffline", &event))
    }
}

/// Who asks to come in, from where.
pub struct Login {
    pub user: String,
    pub sig: String,
    /// `instanceid` and `platform` of the socket's URL.
    pub page: String,
    pub platform: i64,
    pub outlet: Arc<dyn Outlet>,
}

/// A login that worked: the token to hand out, and the session it stands for.
pub struct LoggedIn {
    pub token: String,
    pub session: Arc<Session>,
}

/// Logs in with a UserSig; an unknown user becomes an account. Others that lose their slot are told before
/// this returns.
pub async fn login(chat: &Arc<Chat>, app: &Arc<App>, login: Login) -> Result<LoggedIn, Error> {
    let state = app.state().clone();
    if !state.settings.app_enabled {
        return Err(Code::AppDisabled.into());
    }
    let now = chat.clock.now();
    let verified = app.verify(&login.user, &login.sig, now)?;
    if user_id::is_robot(&login.user) {
        return Err(Fail::with(Code::AccountUnknown, "robots do not log in").into());
    }
    if user_id::check(&login.user).is_err() {
        return Err(Fail::with(Code::AccountParam, "UserID is invalid").into());
    }
    // Only who can log in uses up logins, so nobody can lock somebody else out.
    if !app.login_pace.take(&login.user, state.settings.login_per_minute, chat.clock.millis()) {
        return Err(Code::LoginRestricted.into());
    }
    let token = chat.random.token();
    let row = table::Session {
        token: token_hash(&token).to_vec(),
        app: app.id,
        user: login.user,
        inst_id: 0,
        page: login.page,
        platform: login.platform,
        created_at: now,
        sig_hash: Sha256::digest(login.sig.as_bytes()).to_vec(),
        sig_time: verified.time,
        expires_at: verified.ends_at(),
        used_at: now,
        detached_at: 0,
        ended_at: 0,
        ended_by: 0,
    };
    let connected: Vec<_> = app.live.of(&row.user).iter().map(|it| it.hash).collect();
    let (outlet, key) = (login.outlet, shard(app.id, &row.user));
    let (at_end, chat_at_end) = (app.clone(), chat.clone());
    let (in_tx, app_in_tx, ip) = (chat.clone(), app.clone(), outlet.source());
    let done = chat.db.write_then(
        key,
        move |tx| {
            let admitted = admit(tx, &state, row, &connected)?;
            let who = (&*admitted.session.user, admitted.session.platform, Some(ip));
            told::tell(tx, (&in_tx, &app_in_tx), who, Change::Login, &admitted.kicked)?;
            Ok::<_, Error>(admitted)
        },
        move |admitted: &Admitted| {
            // One who only changes instances was online all the time.
            let stayed = !admitted.ended.is_empty() && at_end.live.is_online(&admitted.session.user);
            for (hash, end) in &admitted.ended {
                at_end.live.end(hash, end.push().as_ref());
            }
            attach(&chat_at_end, &at_end, &admitted.session, &outlet, stayed);
            at_end.count(now, Event::AccountMade, usize::from(admitted.is_new));
            at_end.count_login(now, &admitted.session.user);
        },
    );
    let admitted = done.await?;
    groups::enter_all(chat, app, &admitted.session.user).await?;
    Ok(LoggedIn { token, session: admitted.session })
}

struct Admitted {
    session: Arc<Session>,
    ended: Vec<(TokenHash, End)>,
    /// Platforms of other devices among those.
    kicked: Vec<Platform>,
    /// The login made the account.
    is_new: bool,
}

fn admit(
    tx: &mut dyn Tx,
    state: &State,
    mut row: table::Session,
    connected: &[TokenHash],
) -> Result<Admitted, Error> {
    let (app, now) = (row.app, row.created_at);
    let is_new = accounts::create(tx, app, &row.user, now, &state.settings)?;
    if !rows::hold(tx, app, &row.user)? {
        return Err(Code::AccountInternal.into());
    }
    let account = rows::get(tx, app, &row.user)?.ok_or(Code::AccountInternal)?;
    let stale = row.sig_time < account.valid_from
        || (row.sig_time == account.valid_from
            && account.valid_from > 0
            && table::sig_was_used(tx, app, &row.user, &row.sig_hash)?);
    if stale {
        return Err(kicked_since());
    }
    let alive = table::alive(tx, app, &row.user)?;
    let ended = losers(state, &row, &alive, connected);
    for (hash, end) in &ended {
        table::end(tx, hash, *end as i64, now)?;
    }
    if !is_new && connected.is_empty() {
        give_up_waiting(tx, app, &row.user, account.seen_at, now)?;
    }
    row.inst_id = table::next_instance(tx)?;
    table::insert(tx, &row)?;
    let expires_at = expiry(state, row.expires_at);
    let hash = hash_of(&row.token);
    let session = Session::new(&row, hash, &tiny_id(account.tiny), expires_at);
    let pushed_out = |it: &&table::Session| {
        ended.iter().any(|(hash, end)| {
            *hash == hash_of(&it.token) && matches!(end, End::OtherDevice | End::OtherLogin)
        })
    };
    let kicked = alive.iter().filter(pushed_out).map(|it| Platform::from_number(it.platform)).collect();
    Ok(Admitted { session: Arc::new(session), ended, kicked, is_new })
}

fn kicked_since() -> Error {
    Fail::with(Code::SigExpired, "the UserSig is older than the user's last kick").into()
}

/// Checks that this UserSig stands for `user`, for requests that come without a session.
pub async fn vouch(chat: &Chat, app: &App, user: &str, sig: &str) -> Result<(), Error> {
    if !app.state().settings.app_enabled {
        return Err(Code::AppDisabled.into());
    }
    let verified = app.verify(user, sig, chat.clock.now())?;
    let (app, user, sig_hash) = (app.id, user.to_owned(), Sha256::digest(sig.as_bytes()).to_vec());
    let read = chat.db.read(move |tx| {
        let account = rows::get(tx, app, &user)?.ok_or(Code::AccountUnknown)?;
        if verified.time > account.valid_from || account.valid_from == 0 {
            return Ok(());
        }
        // One made in the very second of a kick is good if it has logged in since.
        let is_alive = table::alive(tx, app, &user)?.iter().any(|it| it.sig_hash == sig_hash);
        if verified.time < account.valid_from
            || (!is_alive && table::sig_was_used(tx, app, &user, &sig_hash)?)
        {
            return Err(kicked_since());
        }
        Ok::<_, Error>(())
    });
    read.await
}

fn expiry(state: &State, sig_ends_at: i64) -> i64 {
    if state.settings.login_session_follows_usersig { sig_ends_at } else { i64::MAX }
}

fn hash_of(stored: &[u8]) -> TokenHash {
    let mut hash = [0; 32];
    if stored.len() == hash.len() {
        hash.copy_from_slice(stored);
    }
    hash
}

/// The instances that do not fit beside the new one any more.
fn losers(
    state: &State,
    new: &table::Session,
    alive: &[table::Session],
    connected: &[TokenHash],
) -> Vec<(TokenHash, End)> {
    let policy = state.settings.login_policy;
    let platform = Platform::from_number(new.platform);
    let most = match platform == Platform::Web {
        true => state.settings.login_max_web_instances,
        false => state.settings.login_max_instances,
    };
    let mut ended = Vec::new();
    let mut beside = Vec::new();
    for it in alive {
        let other = Platform::from_number(it.platform);
        let hash = hash_of(&it.token);
        if it.page == new.page && it.platform == new.platform {
            ended.push((hash, End::LoggedOut));
        } else if other.slot(policy) != platform.slot(policy) {
            continue;
        } else if other.status_name() != platform.status_name() {
            ended.push((hash, End::OtherDevice));
        } else {
            beside.push((connected.contains(&hash), hash));
        }
    }
    // Those without a connection give way first, then the oldest login.
    beside.sort_by_key(|it| it.0);
    let room = usize::try_from(most - 1).unwrap_or(0);
    let too_many = beside.len().saturating_sub(room);
    ended.extend(beside.into_iter().take(too_many).map(|it| (it.1, End::OtherLogin)));
    ended
}

/// Messages whose time to wait ended while the user was away do not count as unread when they come back.
fn give_up_waiting(tx: &mut dyn Tx, app: u32, user: &str, seen_at: i64, now: i64) -> Result<(), StoreError> {
    let mut before = (i64::MAX, String::new());
    loop {
        let step = contacts::by_activity(tx, app, user, (before.0, &before.1), CONTACTS_STEP)?;
        for it in &step {
            let lane = it.pair * 2 + i64::from(*it.peer > *user);
            messages::give_up_waiting(tx, lane, seen_at, now)?;
        }
        match step.last() {
            Some(last) if last.active_at + HINT_SECONDS >= seen_at && step.len() as i64 == CONTACTS_STEP => {
                before = (last.active_at, last.peer.clone());
            }
            _ => return Ok(()),
        }
    }
}

/// Attaches a session after the commit that made or found it. `stayed`: the user was online just before.
fn attach(chat: &Arc<Chat>, app: &Arc<App>, session: &Arc<Session>, outlet: &Arc<dyn Outlet>, stayed: bool) {
    // Messages that waited too long stop to count when their receiver comes.
    app.unread.forget(&session.user);
    match app.live.attach(session, outlet) {
        Attached::First if !stayed => status::changed(chat, app, &session.user),
        Attached::First | Attached::Further => {}
        // It is queued. If that fails, the store has the session as attached until the next start.
        Attached::Lost => drop(note_lost(chat, app, session, outlet.source(), Loss::LinkClosed)),
    }
}

/// Attaches a session to a new connection by its token, as after a lost connection.
pub async fn reattach(
    chat: &Arc<Chat>,
    app: &Arc<App>,
    token: &str,
    outlet: Arc<dyn Outlet>,
) -> Result<Arc<Session>, Error> {
    let session = resolve(chat, app, token).await?;
    let (now, hash, user) = (chat.clock.now(), session.hash, session.user.clone());
    let was_away = !app.live.is_online(&user);
    let (app_id, live_app, live_session) = (app.id, app.clone(), session.clone());
    let chat_at_end = chat.clone();
    let (in_tx, app_in_tx, platform, ip) = (chat.clone(), app.clone(), session.platform, outlet.source());
    let done = chat.db.write_then(
        shard(app.id, &session.user),
        move |tx| {
            // A deletion at the same time ends the session first, or waits for this.
            rows::hold(tx, app_id, &user)?;
            let row = table::get(tx, &hash)?.ok_or(Code::SigExpired)?;
            if row.ended_at > 0 {
                return Err(Error::from(End::refusal(row.ended_by)));
            }
            if was_away && let Some(account) = rows::get(tx, app_id, &user)? {
                give_up_waiting(tx, app_id, &user, account.seen_at, now)?;
            }
            table::set_detached(tx, &hash, 0, now)?;
            store::push_tokens::set_unread(tx, row.inst_id, -1)?;
            told::tell(tx, (&in_tx, &app_in_tx), (&user, platform, Some(ip)), Change::Login, &[])
        },
        move |()| attach(&chat_at_end, &live_app, &live_session, &outlet, false),
    );
    done.await?;
    groups::enter_all(chat, app, &session.user).await?;
    Ok(session)
}

/// The session a token stands for, attached or not. A dead token gives the code that tells why.
pub async fn resolve(chat: &Arc<Chat>, app: &Arc<App>, token: &str) -> Result<Arc<Session>, Error> {
    let hash = token_hash(token);
    let now = chat.clock.now();
    if let Some(session) = app.live.by_token(&hash) {
        if now <= session.expires_at {
            return Ok(session);
        }
        end(chat, app, &session, End::Expired).await?;
        return Err(Code::SigExpired.into());
    }
    let read = chat.db.read(move |tx| {
        let Some(row) = table::get(tx, &hash)? else { return Ok(None) };
        let account = rows::get(tx, row.app, &row.user)?;
        Ok::<_, StoreError>(Some((row, account)))
    });
    let Some((row, account)) = read.await? else { return Err(Code::SigExpired.into()) };
    if row.app != app.id {
        return Err(Code::SigExpired.into());
    }
    if row.ended_at > 0 {
        return Err(End::refusal(row.ended_by).into());
    }
    let expires_at = expiry(&app.state(), row.expires_at);
    let Some(account) = account.filter(|_| now <= expires_at) else { return Err(Code::SigExpired.into()) };
    Ok(Arc::new(Session::new(&row, hash, &tiny_id(account.tiny), expires_at)))
}

/// Ends one session: its token is dead when this returns. The last logout ends the user's custom status and
/// subscriptions too.
pub async fn end(chat: &Arc<Chat>, app: &Arc<App>, session: &Session, how: End) -> Result<(), Error> {
    let (hash, now, user, app_id) = (session.hash, chat.clock.now(), session.user.clone(), app.id);
    let (at_end, chat_at_end, name) = (app.clone(), chat.clone(), user.clone());
    let (in_tx, app_in_tx, platform, ip) = (chat.clone(), app.clone(), session.platform, session.source());
    let done = chat.db.write_then(
        shard(app.id, &session.user),
        move |tx| {
            let was_alive = table::get(tx, &hash)?.is_some_and(|it| it.ended_at == 0);
            table::end(tx, &hash, how as i64, now)?;
            if was_alive {
                let change = if how == End::LoggedOut { Change::Logout } else { Change::Lost };
                told::tell(tx, (&in_tx, &app_in_tx), (&user, platform, ip), change, &[])?;
            }
            rows::set_seen_at(tx, app_id, &user, now)?;
            if how == End::LoggedOut && table::alive(tx, app_id, &user)?.is_empty() {
                status::clear(tx, app_id, &user)?;
            }
            Ok::<_, Error>(status::has_any(tx, app_id, &user)?)
        },
        move |has_any| {
            at_end.live.end(&hash, how.push().as_ref());
            status::left(&chat_at_end, &at_end, &name, *has_any);
        },
    );
    done.await?;
    Ok(())
}

/// Invalidates the login state of a user: every session and every UserSig made before now.
pub async fn kick(cx: &Cx, user: &str) -> Result<(), Error> {
    let (app, name, now) = (cx.app.clone(), user.to_owned(), cx.chat.clock.now());
    let (at_end, user_at_end, in_tx) = (cx.clone(), user.to_owned(), cx.clone());
    let done = cx.chat.db.write_then(
        shard(app.id, user),
        move |tx| {
            if !rows::set_valid_from(tx, app.id, &name, now)? {
                return Err(Error::from(Code::AccountUnknown));
            }
            let cleared = status::clear(tx, app.id, &name)?;
            for it in table::alive(tx, app.id, &name)?.iter().filter(|it| it.detached_at == 0) {
                let who = (&*name, Platform::from_number(it.platform), in_tx.ip);
                told::tell(tx, (&in_tx.chat, &in_tx.app), who, Change::Logout, &[])?;
            }
            Ok((end_all(tx, app.id, &name, End::KickedByRest, now)?, cleared))
        },
        move |(ended, cleared)| {
            tell_ended(&at_end.app, ended, End::KickedByRest);
            if *cleared || !ended.is_empty() {
                status::changed(&at_end.chat, &at_end.app, &user_at_end);
            }
        },
    );
    done.await?;
    Ok(())
}

/// Tells of those who were connected when the server ended without a goodbye.
pub(crate) fn tell_left_behind(tx: &mut dyn Tx, chat: &Chat, apps: &[Arc<App>]) -> Result<(), Error> {
    apps.iter().try_for_each(|app| told::tell_left_behind(tx, chat, app))
}

/// Ends all sessions of a user in the store. The sessions to tell once this is durable.
pub(crate) fn end_all(
    tx: &mut dyn Tx,
    app: u32,
    user: &str,
    how: End,
    now: i64,
) -> Result<Vec<TokenHash>, StoreError> {
    let alive = table::alive(tx, app, user)?;
    for it in &alive {
        table::end(tx, &it.token, how as i64, now)?;
    }
    rows::set_seen_at(tx, app, user, now)?;
    Ok(alive.iter().map(|it| hash_of(&it.token)).collect())
}

pub(crate) fn tell_ended(app: &App, ended: &[TokenHash], how: End) {
    let push = how.push();
    ended.iter().for_each(|it| app.live.end(it, push.as_ref()));
}
