//! Dismissing groups, by their owner, by a backend, or because nobody uses them any more.
//!
//! Contract: `spec/rest/group_open_http_svc.destroy_group.yaml`.

use std::sync::Arc;

use proto::{Code, Fail, json::quote};
use store::{Tx, group_members as members, groups as rows};

use super::{
    Action, Group, Kind, SYSTEM, Told, backend, find, find_in, live_rooms, may, member_in,
    notices::{self, Notice, Report},
    open,
    told::change,
    wire,
};
use crate::{Caller, Chat, Cx, apps::App, error::Error, fan_out::Audience, statistics::Event as Counted};

/// Members of a dismissed group whose notice is kept if they are away; more are not told.
const KEPT_NOTICES_MAX: i64 = 2000;
/// Groups looked for in one step that nobody uses any more.
const STEP: i64 = 100;
const SECONDS_PER_DAY: i64 = 86_400;

/// Dismisses a group: its messages, members and all that hangs on it go, and its members are told.
pub async fn dismiss(cx: &Cx, group_id: &str) -> Result<(), Error> {
    let group = find(cx, group_id).await?;
    if group.kind == Kind::AvChatRoom {
        live_rooms::prepare(cx, &group).await?;
    }
    let (at, id) = (cx.clone(), group_id.to_owned());
    change(cx, group.number(), move |tx, told| {
        let group = find_in(tx, at.app.id, &id)?;
        if !at.is_admin() {
            let role = member_in(tx, group.number(), at.caller.user())?.map(|it| it.role);
            let is_owner = group.kind == Kind::AvChatRoom && group.row.owner == at.caller.user();
            if !is_owner && !role.is_some_and(|it| may(group.kind, it, Action::Dismiss)) {
                return Err(Fail::with(Code::GroupDenied, "only the owner may dismiss the group").into());
            }
        }
        end(tx, &at, told, &group, (Report::Dismissed, at.caller.user()))
    })
    .await?;
    cx.app.groups.forget_all();
    Ok(())
}

/// Tells the members and removes what belongs to the group.
fn end(tx: &mut dyn Tx, cx: &Cx, told: &mut Told, group: &Group, why: (Report, &str)) -> Result<(), Error> {
    let now = cx.chat.clock.now();
    farewell(tx, cx, told, group, why)?;
    backend::destroyed(tx, cx, group)?;
    rows::dismiss(tx, group.number(), now)?;
    store::topics::dismiss(tx, group.number(), now)?;
    told.close(group.id());
    told.count(Counted::GroupDismissed, 1);
    Ok(())
}

impl Chat {
    /// Dismisses the groups of apps that want it in which nobody spoke for so many days. Called from time to time;
    /// returns how many there were.
    pub async fn recycle_groups(self: &Arc<Self>) -> Result<usize, Error> {
        let mut ended = 0;
        for app in self.apps.all() {
            let days = app.state().settings.groups_recycle_days;
            if days > 0 {
                ended += self.recycle_groups_of(&app, self.clock.now() - days * SECONDS_PER_DAY).await?;
            }
        }
        Ok(ended)
    }

    async fn recycle_groups_of(self: &Arc<Self>, app: &Arc<App>, silent_since: i64) -> Result<usize, Error> {
        let cx = Cx { chat: self.clone(), app: app.clone(), caller: Caller::Guest, ip: None };
        let (id, mut after, mut ended) = (app.id, 0, 0);
        loop {
            let page = self.db.read(move |tx| rows::silent(tx, id, silent_since, after, STEP)).await?;
            for number in &page {
                let (at, number) = (cx.clone(), *number);
                let done = change(&cx, number, move |tx, told| {
                    let group = open(tx, number)?;
                    // Somebody may have spoken meanwhile.
                    let is_silent = rows::is_silent(tx, number, silent_since)?;
                    if is_silent {
                        end(tx, &at, told, &group, (Report::Recycled, SYSTEM))?;
                    }
                    Ok(is_silent)
                });
                match done.await {
                    Ok(is_over) => ended += usize::from(is_over),
                    // It was dismissed meanwhile.
                    Err(Error::Fail(_)) => {}
                    Err(error) => return Err(error),
                }
            }
            match page.last() {
                Some(last) if page.len() as i64 == STEP => after = *last,
                _ => break,
            }
        }
        if ended > 0 {
            app.groups.forget_all();
        }
        Ok(ended)
    }
}

/// The notice to all members. Those who are online get one that is not numbered, the same for all.
fn farewell(
    tx: &mut dyn Tx,
    cx: &Cx,
    told: &mut Told,
    group: &Group,
    (report, operator): (Report, &str),
) -> Result<(), Error> {
    if !group.row.active {
        return Ok(());
    }
    let now = cx.chat.clock.now();
    let body = format!(
        "{{\"ReportType\":{},\"Operator_Account\":{},\"MsgKey\":{}}}",
        report as i64,
        quote(operator),
        cx.chat.clock.millis()
    );
    // A client replaces these numbers with its own; in a live room everything needs one of the room's.
    let item = |seq| wire::Unstored { group, topic: None, to: None, seq, random: 1, time: now }.item(&body);
    let item = match group.kind {
        Kind::AvChatRoom => cx.app.groups.rooms.tip(group.number(), now, item),
        _ => item(1),
    };
    told.room(wire::tips_event(5, &item), Audience::All, cx.caller.instance());
    if group.row.members > KEPT_NOTICES_MAX {
        return Ok(());
    }
    for user in members::users(tx, group.number(), "", KEPT_NOTICES_MAX)? {
        if !cx.app.live.is_online(&user) {
            let notice = Notice { report, operator, to: &user, more: String::new(), except: None };
            notices::tell(tx, cx, told, (group, None), notice)?;
        }
    }
    Ok(())
}
