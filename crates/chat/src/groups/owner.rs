//! Handing a group over.
//!
//! Contract: `spec/rest/group_open_http_svc.change_group_owner.yaml`.

use proto::{Code, Fail, json::quote};
use store::{group_members as members, groups as rows};

use super::{
    Action, Kind, Role, backend, find,
    leave::acting,
    member_in, open,
    tips::{self, Change, Op, Tip},
    told::change,
};
use crate::{Cx, error::Error};

/// Makes a member the owner; who was it before becomes an ordinary member. `operator` is shown as who did it.
pub async fn change_owner(
    cx: &Cx,
    group_id: &str,
    user: String,
    operator: Option<String>,
) -> Result<(), Error> {
    let number = find(cx, group_id).await?.number();
    let at = cx.clone();
    change(cx, number, move |tx, told| {
        let mut group = open(tx, number)?;
        if group.kind == Kind::AvChatRoom {
            return Err(Fail::with(Code::GroupDenied, "an AVChatRoom keeps its owner").into());
        }
        if !at.is_admin() {
            acting(tx, &at, &group, Action::Transfer)?;
        }
        let next = member_in(tx, number, &user)?;
        let mut next =
            next.ok_or_else(|| Fail::with(Code::GroupParam, "new owner is not a group member"))?.row;
        if group.row.owner == user {
            return Ok(());
        }
        if let Some(mut old) = members::get(tx, number, &group.row.owner)? {
            old.role = Role::Member as i64;
            members::update(tx, number, &old)?;
            told.forget_member(&old.user);
        }
        next.role = Role::Owner as i64;
        members::update(tx, number, &next)?;
        told.forget_member(&user);
        let before = std::mem::replace(&mut group.row.owner, user.clone());
        group.row.info_seq += 1;
        group.row.info_at = at.chat.clock.now();
        rows::update(tx, &group.row)?;
        told.forget_group(group.id());
        let operator = operator.as_deref().unwrap_or(at.caller.user());
        let tip = Tip {
            op: Op::GroupChanged,
            operator,
            users: &[],
            more: format!(",\"MsgGroupNewInfo\":{{\"Owner_Account\":{}}}", quote(&user)),
            but: Vec::new(),
        };
        tips::tell(tx, &at, told, (&group, None), Change::Profile, tip)?;
        backend::owner_changed(tx, &at, &group, &before, operator)
    })
    .await
}
