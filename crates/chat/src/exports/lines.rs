//! The lines of messages in the files. `spec/rest/open_msg_svc.get_history.yaml`.

use std::fmt::Write;

use proto::json::quote;
use store::exports::{GroupSent, Sent};

use crate::messages::platform_name;

/// The line of a message in a file of one-to-one messages.
pub(super) fn peer(it: &Sent) -> String {
    let mut line = format!(
        "{{\"From_Account\":{},\"To_Account\":{},\"MsgTimestamp\":{},\"MsgSeq\":{},\"MsgRandom\":{}",
        quote(&it.from),
        quote(&it.to),
        it.time,
        it.seq,
        it.random
    );
    _ = write!(
        line,
        ",\"MsgFromPlatform\":\"{}\",\"MsgKey\":\"{}_{}_{}\",\"MsgBody\":{}",
        platform_name(it.flags),
        it.seq,
        it.random,
        it.time,
        it.body
    );
    close(line, &it.cloud)
}

/// The line of a message in a file of group messages.
pub(super) fn group(it: &GroupSent) -> String {
    let mut line = format!("{{\"From_Account\":{},\"GroupId\":{}", quote(&it.from), quote(&it.group_id));
    if !it.topic_id.is_empty() {
        _ = write!(line, ",\"TopicId\":{}", quote(&it.topic_id));
    }
    _ = write!(
        line,
        ",\"MsgTimestamp\":{},\"MsgSeq\":{},\"MsgRandom\":{},\"MsgFromPlatform\":\"{}\",\"MsgBody\":{}",
        it.time,
        it.seq,
        it.random,
        platform_name(it.flags),
        it.body
    );
    close(line, &it.cloud)
}

fn close(mut line: String, cloud: &str) -> String {
    if !cloud.is_empty() {
        _ = write!(line, ",\"CloudCustomData\":{cloud}");
    }
    line.push('}');
    line
}
