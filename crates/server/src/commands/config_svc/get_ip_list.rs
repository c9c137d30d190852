//! Lists the addresses that clients connect to and that webhooks come from.
//!
//! Contract: `spec/rest/ConfigSvc.GetIPList.yaml`.

use std::collections::BTreeSet;

use chat::{Cx, error::Error};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    command::{HttpRequest, command},
    rest,
};

command!(request "ConfigSvc" / "GetIPList", "Lists the server's addresses.", Rest, Request => Response, handle);

/// Greatest `nettype`; 5 and 6 are where webhooks come from, 1 to 4 where clients connect to.
const NET_TYPE_MAX: u8 = 6;

#[derive(Deserialize, JsonSchema)]
struct Request {}

#[derive(Serialize, JsonSchema)]
struct Response {
    /// IPv4 or IPv6 addresses, or networks of them.
    #[serde(rename = "IPList")]
    addresses: BTreeSet<String>,
}

async fn handle(cx: &Cx, around: &HttpRequest, _: Request) -> Result<Response, Error> {
    let classes: &[&str] = match net_type(&around.query)? {
        0 => &["sdk", "webhook"],
        1..=4 => &["sdk"],
        _ => &["webhook"],
    };
    let lists = &cx.app.state().settings.server_ip_list;
    let mut addresses: BTreeSet<_> =
        classes.iter().filter_map(|it| lists.get(*it)).flatten().cloned().collect();
    if lists.values().all(Vec::is_empty) {
        addresses = own_addresses(&around.base_url).await;
    }
    Ok(Response { addresses })
}

fn net_type(query: &str) -> Result<u8, Fail> {
    let Some(value) = rest::parameter(query, "nettype")? else { return Ok(0) };
    let number = value.parse::<u8>().ok().filter(|it| *it <= NET_TYPE_MAX && value.len() == 1);
    number
        .ok_or_else(|| Fail::with(Code::BadUrl, format!("nettype must be a number from 0 to {NET_TYPE_MAX}")))
}

/// What the name under which the caller knows this server stands for; nothing when it cannot be resolved.
async fn own_addresses(base_url: &str) -> BTreeSet<String> {
    let (scheme, host) = base_url.split_once("://").unwrap_or(("http", base_url));
    let port = if scheme == "https" { 443 } else { 80 };
    // With a port of its own, or with the scheme's.
    let found = match tokio::net::lookup_host(host).await {
        Ok(it) => it.collect::<Vec<_>>(),
        Err(_) => match tokio::net::lookup_host(format!("{host}:{port}")).await {
            Ok(it) => it.collect(),
            Err(_) => Vec::new(),
        },
    };
    found.into_iter().map(|it| it.ip().to_string()).collect()
}
