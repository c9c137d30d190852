//! Gives the words that a client's filter looks for. Nothing is filtered here.
//!
//! Contract: `spec/client/commands/im_msg_audit_mgr.get_local_words.yaml`.

use chat::{Cx, error::Error};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{command::command, given::Given};

command!(
    "im_msg_audit_mgr" / "get_local_words", "Gives the words for a client's filter.", Socket,
    Request => Response, handle
);

/// Words of one answer; a client asks on.
const WORDS_MAX: usize = 1000;
/// How long a client uses the list before it asks again.
const LIFE_SECONDS: i64 = 3600;
/// A message with such a word is not sent. `uint64_filter_type`.
const REFUSE: i64 = 1;
/// `uint64_word_type`: an ordinary word.
const ORDINARY: i64 = 1;

#[derive(Deserialize, JsonSchema)]
struct Request {
    /// Where the answer before ended.
    #[serde(rename = "uint64_start_index", default)]
    start: Given<usize>,
}

#[derive(Serialize, JsonSchema)]
struct Response {
    msg_cmd_error_code: Outcome,
    msg_scene_ctl_config: Scenes,
    rpt_msg_dirty_word: Vec<Word>,
    str_token: &'static str,
    uint64_complete_flag: i64,
    uint64_next_start_index: usize,
    uint64_version: i64,
    uint64_expired_time: i64,
}

#[derive(Serialize, JsonSchema)]
struct Outcome {
    uint32_code: i64,
    str_err_msg: &'static str,
}

/// Where a client looks for the words: 1 for yes.
#[derive(Serialize, JsonSchema)]
struct Scenes {
    uint64_c2c_text_msg_flag: i64,
    uint64_c2c_custom_msg_flag: i64,
    uint64_group_text_msg_flag: i64,
    uint64_group_custom_msg_flag: i64,
    uint64_group_info_flag: i64,
    uint64_group_member_info_flag: i64,
    uint64_relation_chain_flag: i64,
    uint64_user_info_flag: i64,
}

impl Scenes {
    fn all(flag: i64) -> Scenes {
        Scenes {
            uint64_c2c_text_msg_flag: flag,
            uint64_c2c_custom_msg_flag: flag,
            uint64_group_text_msg_flag: flag,
            uint64_group_custom_msg_flag: flag,
            uint64_group_info_flag: flag,
            uint64_group_member_info_flag: flag,
            uint64_relation_chain_flag: flag,
            uint64_user_info_flag: flag,
        }
    }
}

#[derive(Serialize, JsonSchema)]
struct Word {
    /// Counts from 1.
    uint64_id: usize,
    str_dirty_word: String,
    str_replaced_content: &'static str,
    uint64_filter_type: i64,
    uint64_word_type: i64,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let start = if let Given::Is(start) = it.start { start } else { 0 };
    let state = cx.app.state();
    let words = &state.settings.moderation_local_words;
    let word = |(at, word): (usize, &String)| Word {
        uint64_id: at + 1,
        str_dirty_word: word.clone(),
        str_replaced_content: "",
        uint64_filter_type: REFUSE,
        uint64_word_type: ORDINARY,
    };
    let list: Vec<_> = words.iter().enumerate().skip(start).take(WORDS_MAX).map(word).collect();
    let next = start.saturating_add(list.len());
    let is_complete = next >= words.len();
    Ok(Response {
        msg_cmd_error_code: Outcome { uint32_code: 0, str_err_msg: "" },
        msg_scene_ctl_config: Scenes::all(i64::from(!words.is_empty())),
        rpt_msg_dirty_word: list,
        str_token: "",
        uint64_complete_flag: i64::from(is_complete),
        uint64_next_start_index: if is_complete { 0 } else { next },
        uint64_version: if words.is_empty() { 0 } else { state.version },
        uint64_expired_time: LIFE_SECONDS,
    })
}
