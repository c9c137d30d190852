//! What the commands about extensions have in common: pairs, and answers.
//! `spec/rest/openim_msg_ext_http_svc.set_key_values.yaml`, `spec/rest/openim_msg_ext_http_svc.get_key_values.yaml`.

use chat::{
    Cx,
    additions::{
        Named,
        extensions::{self, Op, Outcome},
    },
    error::Error,
};
use proto::Fail;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::named::BAD;
use crate::given::Given;

/// A pair of a call.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Wanted {
    /// 1 to 100 bytes.
    key: Given<String>,
    /// At most 1000 bytes; not looked at where pairs are removed.
    #[serde(default)]
    value: Given<String>,
    /// What the caller knows of the key, 0 for nothing.
    #[serde(default)]
    seq: Given<i64>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Changed {
    #[serde(skip_serializing_if = "Option::is_none")]
    extension_list: Option<Vec<Done>>,
    /// For clients: how often the message's extensions were changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<i64>,
}

/// What became of one pair of the call.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Done {
    error_code: i64,
    extension: Pair,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Pair {
    key: String,
    value: String,
    seq: i64,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Page {
    /// 1 when there are no more.
    complete_flag: i64,
    latest_seq: i64,
    clear_seq: i64,
    extension_list: Vec<Pair>,
}

fn pair(it: Outcome) -> Pair {
    Pair { key: it.key, value: it.value, seq: it.seq }
}

pub(super) async fn change(
    cx: &Cx,
    named: Named,
    operate_type: Given<i64>,
    list: Given<Vec<Wanted>>,
) -> Result<Changed, Error> {
    let op = match operate_type.need(BAD, "OperateType")? {
        1 => Op::Set,
        2 => Op::Delete,
        3 => Op::Clear,
        _ => return Err(Fail::with(BAD, "OperateType must be 1, 2 or 3").into()),
    };
    let pairs = if op == Op::Clear { Vec::new() } else { wanted(op, list)? };
    let done = extensions::change(cx, named, op, pairs).await?;
    let result = |it: Outcome| Done { error_code: it.code, extension: pair(it) };
    Ok(Changed {
        extension_list: (op != Op::Clear).then(|| done.outcomes.into_iter().map(result).collect()),
        seq: (!cx.is_admin()).then_some(done.seq),
    })
}

fn wanted(op: Op, list: Given<Vec<Wanted>>) -> Result<Vec<extensions::Given>, Fail> {
    let one = |it: Wanted| {
        Ok(extensions::Given {
            key: it.key.need(BAD, "Key")?,
            value: if op == Op::Set { it.value.need(BAD, "Value")? } else { String::new() },
            seq: it.seq.optional(BAD, "Seq")?.unwrap_or(0),
        })
    };
    list.need(BAD, "ExtensionList")?.into_iter().map(one).collect()
}

/// `start` is StartSeq in its two spellings.
pub(super) async fn page(cx: &Cx, named: Named, start: (Given<i64>, Given<i64>)) -> Result<Page, Error> {
    let from = start.0.or(start.1).optional(BAD, "StartSeq")?.unwrap_or(0);
    let it = extensions::page(cx, named, from).await?;
    Ok(Page {
        complete_flag: i64::from(it.is_complete),
        latest_seq: it.latest_seq,
        clear_seq: it.clear_seq,
        extension_list: it.pairs.into_iter().map(pair).collect(),
    })
}
