//! What the commands that write attributes have in common: fields, and the answer.
//! `spec/concepts/group-system.md` 11.

use chat::{
    Cx,
    error::Error,
    groups::attributes::{self, Change, Changed, Op, Pair},
};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::given::Given;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    group_id: Given<String>,
    #[serde(default)]
    group_attr: Given<Vec<Attribute>>,
    /// Of clients: the main sequence that they know.
    #[serde(default)]
    attr_main_seq: Given<i64>,
    /// Of clients: `RaceConflict` to be refused when somebody else was faster.
    #[serde(default)]
    attr_control: Given<Vec<String>>,
}

#[derive(Deserialize, JsonSchema)]
struct Attribute {
    key: Given<String>,
    #[serde(default)]
    value: Given<String>,
    /// Of clients: the sequence of the key that they know.
    #[serde(default)]
    seq: Given<i64>,
}

/// For clients; backends get nothing beyond the envelope.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Response {
    #[serde(skip_serializing_if = "Option::is_none")]
    attr_main_seq: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_attr_ary: Option<Vec<Written>>,
}

#[derive(Serialize, JsonSchema)]
struct Written {
    key: String,
    seq: i64,
}

const RACE: &str = "RaceConflict";

pub async fn write(cx: &Cx, op: Op, it: Request) -> Result<Response, Error> {
    let group = super::group_id(it.group_id)?;
    let pairs = match op {
        Op::Clear => Vec::new(),
        _ => pairs(op, it.group_attr)?,
    };
    let main_seq = it.attr_main_seq.optional(Code::GroupParam, "AttrMainSeq")?.unwrap_or(0);
    let control = it.attr_control.optional(Code::GroupParam, "AttrControl")?.unwrap_or_default();
    let is_careful = !cx.is_admin() && control.iter().any(|it| it == RACE);
    let change = Change { op, pairs, unless_changed: is_careful.then_some(main_seq) };
    Ok(answer(cx, attributes::write(cx, &group, change).await?))
}

fn pairs(op: Op, given: Given<Vec<Attribute>>) -> Result<Vec<Pair>, Fail> {
    let bad = Code::GroupParam;
    let given = given.need(bad, "GroupAttr")?;
    if given.is_empty() {
        return Err(Fail::with(bad, "GroupAttr is empty"));
    }
    let pair = |it: Attribute| {
        let value = match op {
            Op::Delete => String::new(),
            _ => it.value.need(bad, "value")?,
        };
        Ok(Pair { key: it.key.need(bad, "key")?, value, seq: it.seq.optional(bad, "seq")?.unwrap_or(0) })
    };
    given.into_iter().map(pair).collect()
}

fn answer(cx: &Cx, it: Changed) -> Response {
    if cx.is_admin() {
        return Response { attr_main_seq: None, group_attr_ary: None };
    }
    let written = it.seqs.into_iter().map(|(key, seq)| Written { key, seq }).collect();
    Response { attr_main_seq: Some(it.main_seq), group_attr_ary: Some(written) }
}
