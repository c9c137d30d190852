//! What happens now.

use serde_json::{Value, json};
use tokio::io::AsyncReadExt;

use crate::client::{APP, Engine, Site};

/// Who may look at once; as in the document.
const VIEWERS_MAX: usize = 32;

#[tokio::test]
async fn viewers_are_told_the_same_and_are_bounded() {
    let site = Site::open(Engine::Sqlite).await.unwrap();
    let owner = site.owner().await;
    let mut viewers = Vec::new();
    for _ in 0..VIEWERS_MAX {
        viewers.push(owner.listen("\n\n").await);
    }
    let head = &viewers[0].1;
    assert!(head.contains("text/event-stream") && head.contains("no-store"), "{head}");
    let event = head.lines().find_map(|it| it.strip_prefix("data: ")).unwrap();
    let snapshot: Value = serde_json::from_str(event).unwrap();
    assert_eq!(snapshot["apps"][0]["sdkappid"], APP);
    let refused = owner.get("live").await;
    assert_eq!((refused.status, refused.code().as_str()), (429, "too_many"));
    // A place is free again as soon as the server sees that one has gone.
    viewers.pop();
    loop {
        let (_kept, text) = owner.listen("\n\n").await;
        if text.starts_with("HTTP/1.1 200") {
            break;
        }
        assert!(text.starts_with("HTTP/1.1 429"), "{text}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_server_that_stops_ends_its_streams() {
    let site = Site::open(Engine::Sqlite).await.unwrap();
    let owner = site.owner().await;
    let (mut stream, _) = owner.listen("data: ").await;
    site.stop.send(true).unwrap();
    let mut rest = Vec::new();
    tokio::time::timeout(std::time::Duration::from_secs(10), stream.read_to_end(&mut rest))
        .await
        .expect("the stream ends")
        .unwrap();
}

#[tokio::test]
async fn a_snapshot_counts_what_was_done() {
    let site = Site::open(Engine::Sqlite).await.unwrap();
    let owner = site.owner().await;
    owner.get("overview").await;
    site.advance(2);
    for number in 1..=4 {
        let body = json!({ "From_Account": "administrator", "To_Account": "administrator", "MsgRandom": number,
            "MsgBody": [{ "MsgType": "TIMTextElem", "MsgContent": { "Text": "hi" } }] });
        owner.post(&format!("apps/{APP}/commands/openim/sendmsg"), body).await;
    }
    owner.post(&format!("apps/{APP}/commands/openim/sendmsg"), json!({})).await;
    let it = owner.get("overview").await.json();
    assert_eq!(it["messages_per_second"]["c2c"], 2.0, "{it}");
    assert_eq!(it["rest"]["calls_per_second"], 2.5, "{it}");
    assert_eq!(it["rest"]["errors"].as_object().unwrap().len(), 1, "{it}");
    assert!(it["latency_ms"]["p99"].as_f64().unwrap() > 0.0, "{it}");
    assert!(it["database_bytes"].as_i64().unwrap() > 0, "{it}");
    let system = owner.get("system").await.json();
    assert_eq!((&system["engine"], &system["uptime_seconds"]), (&json!("SQLite"), &json!(2)));
}
