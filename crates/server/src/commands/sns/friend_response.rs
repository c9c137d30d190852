//! A client answers friend requests.
//!
//! Contract: `spec/client/commands/sns.friend_response.yaml`.

use chat::{
    Cx,
    error::Error,
    relations::{self, Answer, Response},
};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    Results, batch,
    friend_add::{OneName, one_name},
    owner,
};
use crate::{command::command, given::Given};

command!("sns" / "friend_response", "Answers friend requests.", Socket, Request => Results, handle);

const ITEMS_MAX: usize = 100;

#[derive(Deserialize, JsonSchema)]
struct Request {
    #[serde(rename = "From_Account", default)]
    from_account: Given<String>,
    /// 1 to 100 requests.
    #[serde(rename = "ResponseFriendItem", default)]
    items: Given<Vec<Item>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Item {
    /// Who asked.
    #[serde(rename = "To_Account", default)]
    to_account: Given<String>,
    /// Response_Action_Agree, Response_Action_AgreeAndAdd or Response_Action_Reject.
    #[serde(default)]
    response_action: Given<String>,
    /// For the own entry: up to 96 bytes.
    #[serde(default)]
    remark: Given<String>,
    /// A list to put the own entry in.
    #[serde(default)]
    tag_name: Given<OneName>,
}

impl Item {
    fn read(self) -> Result<Response, Fail> {
        let bad = Code::SnsParam;
        let answer = match &*self.response_action.need(bad, "ResponseAction")? {
            "Response_Action_Agree" => Answer::Agree,
            "Response_Action_AgreeAndAdd" => Answer::AgreeAndAdd,
            "Response_Action_Reject" => Answer::Reject,
            _ => {
                let info = "ResponseAction must be Response_Action_Agree, Response_Action_AgreeAndAdd or \
                            Response_Action_Reject";
                return Err(Fail::with(bad, info));
            }
        };
        Ok(Response {
            user: self.to_account.need(bad, "To_Account")?,
            answer,
            remark: self.remark.optional(bad, "Remark")?.unwrap_or_default(),
            list: one_name(self.tag_name, "TagName")?,
        })
    }
}

async fn handle(cx: &Cx, it: Request) -> Result<Results, Error> {
    let owner = owner(cx, it.from_account)?;
    let items = batch(it.items, "ResponseFriendItem", ITEMS_MAX)?;
    let items = items.into_iter().map(Item::read).collect::<Result<Vec<_>, _>>()?;
    let users = items.iter().map(|it| it.user.clone()).collect();
    let outcomes = relations::respond(cx, &owner, items).await?;
    Ok(Results::new(users, outcomes))
}
