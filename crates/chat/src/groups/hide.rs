//! Deleting messages from one's own view. `spec/client/commands/group_open_http_svc.delete_group_ramble_msg_by_seq.yaml`.

use proto::Code;
use store::{group_hidden as hidden, group_messages as log};

use super::{Kind, find, member_in, open, told::change, view};
use crate::{Cx, error::Error};

/// Most messages of one call.
pub const MESSAGES_MAX: usize = 30;

/// Hides messages from the caller. Unknown numbers are skipped; nobody is told.
pub async fn hide(cx: &Cx, group_id: &str, topic: Option<&str>, numbers: Vec<i64>) -> Result<(), Error> {
    if find(cx, group_id).await?.kind == Kind::AvChatRoom {
        return Err(Code::GroupTypeNoDelete.into());
    }
    let place = view::place(cx, group_id, topic).await?;
    let (number, lane) = (place.group.number(), place.lane());
    let user = cx.caller.user().to_owned();
    change(cx, number, move |tx, _| {
        open(tx, number)?;
        member_in(tx, number, &user)?.ok_or(Code::GroupDenied)?;
        let newest = log::newest_seq(tx, lane)?;
        for seq in numbers.into_iter().filter(|it| (1..=newest).contains(it)) {
            hidden::hide(tx, lane, &user, seq)?;
        }
        Ok(())
    })
    .await
}
