//! System notices: what single users are told about groups. `spec/concepts/group-system.md` 15.4.

use proto::json::quote;
use store::{Tx, notices as rows};

use super::{Group, Told, Topic, wire, wire::Unstored};
use crate::{Cx, error::Error};

/// What notice it is; the numbers are ReportType on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i64)]
pub(crate) enum Report {
    Application = 1,
    Approved = 2,
    Refused = 3,
    Kicked = 4,
    Dismissed = 5,
    Created = 6,
    Added = 7,
    Left = 8,
    MadeAdmin = 9,
    NoAdmin = 10,
    Recycled = 11,
    Invitation = 12,
    InvitationAccepted = 13,
    InvitationRefused = 14,
    TopicCreated = 17,
    TopicDeleted = 18,
    FlagChanged = 20,
    Banned = 21,
    Unbanned = 22,
    Custom = 255,
}

impl Report {
    /// Kept until it is handled or deleted.
    fn is_always_kept(self) -> bool {
        matches!(self, Report::Application | Report::Invitation)
    }

    /// Kept for somebody who is not there to see it.
    fn is_kept_when_away(self) -> bool {
        use Report::{
            Added, Approved, Dismissed, InvitationAccepted, InvitationRefused, Kicked, MadeAdmin, NoAdmin,
            Recycled, Refused,
        };
        matches!(
            self,
            Approved
                | Refused
                | Kicked
                | Dismissed
                | Added
                | MadeAdmin
                | NoAdmin
                | Recycled
                | InvitationAccepted
                | InvitationRefused
        )
    }
}

/// A notice to one user.
pub(crate) struct Notice<'a> {
    pub(crate) report: Report,
    pub(crate) operator: &'a str,
    pub(crate) to: &'a str,
    /// Further members of the body, each with a comma before it.
    pub(crate) more: String,
    /// This instance of the user is not told.
    pub(crate) except: Option<i64>,
}

/// Numbers a notice, keeps it where it must be kept, and tells the user's sessions.
pub(crate) fn tell(
    tx: &mut dyn Tx,
    cx: &Cx,
    told: &mut Told,
    (group, topic): (&Group, Option<&Topic>),
    notice: Notice<'_>,
) -> Result<(), Error> {
    let Notice { report, operator, to, more, except } = notice;
    let (app, now) = (cx.app.id, cx.chat.clock.now());
    let is_away = !cx.app.live.is_online(to);
    let is_kept =
        group.kind.has_members() && (report.is_always_kept() || (is_away && report.is_kept_when_away()));
    if is_away && !is_kept {
        return Ok(());
    }
    let seq = rows::next_number(tx, app, to)?;
    let random = i64::from(cx.chat.random.u32());
    let body = format!(
        "{{\"ReportType\":{},\"Operator_Account\":{},\"MsgKey\":{}{}}}",
        report as i64,
        quote(operator),
        cx.chat.clock.millis(),
        more
    );
    let item = Unstored { group, topic, to: Some(to), seq, random, time: now }.item(&body);
    if is_kept {
        rows::keep(tx, app, to, &rows::Kept { seq, random, time: now, item: item.clone() })?;
    }
    told.user(to, wire::tips_event(5, &item), except);
    Ok(())
}
