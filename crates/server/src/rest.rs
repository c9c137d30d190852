//! The REST door: what is checked before a command runs, in the order of `spec/concepts/rest-overview.md` 3.

use std::{borrow::Cow, net::IpAddr, sync::Arc};

use bytes::Bytes;
use chat::{Caller, Cx};
use proto::{Code, Fail};

use crate::{
    command::{Call, HttpRequest, encode_fail, services},
    commands,
    metrics::ByCode,
    node::Node,
};

/// A request as far as its line goes; the body is read only when the line is good.
pub struct Line<'a> {
    pub is_post: bool,
    pub path: &'a str,
    pub query: &'a str,
    pub source: IpAddr,
    /// Whether it came over TLS.
    pub secure: bool,
    /// The header of this name, empty for none.
    pub host: &'a str,
}

/// A call that may run once its body is there.
pub struct Admitted {
    index: usize,
    cx: Cx,
    request: Option<Box<HttpRequest>>,
    /// Longest body that is read.
    pub body_max: usize,
}

/// The four parameters that count.
#[derive(Default)]
struct Query<'a> {
    sdkappid: Option<Cow<'a, str>>,
    identifier: Option<Cow<'a, str>>,
    usersig: Option<Cow<'a, str>>,
    contenttype: Option<Cow<'a, str>>,
}

/// Steps 1 to 15. A refusal is a complete answer.
pub fn admit(node: &Node, line: &Line<'_>) -> Result<Admitted, Vec<u8>> {
    let service = line.path.strip_prefix("/v4/").and_then(|it| it.split('/').next()).unwrap_or("");
    check(node, line).map_err(|fail| {
        tracing::debug!(path = line.path, source = %line.source, code = fail.number, info = %fail.info, "refused");
        encode_fail(service, &fail)
    })
}

fn check(node: &Node, line: &Line<'_>) -> Result<Admitted, Fail> {
    let query = Query::parse(line.query)?;
    if query.contenttype.as_ref().is_some_and(|it| it != "json") {
        return Err(Fail::with(Code::BadUrl, "contenttype must be json"));
    }
    if !line.is_post {
        return Err(Fail::with(Code::BadUrl, "the method must be POST"));
    }
    let index = find(line.path)?;
    let sdkappid = query.sdkappid.ok_or_else(|| Fail::with(Code::NoAppId, "sdkappid is missing"))?;
    let sdkappid = sdkappid.parse::<u32>().ok().filter(|it| *it > 0 && !sdkappid.starts_with('+'));
    let sdkappid = sdkappid
        .ok_or_else(|| Fail::with(Code::BadAppId, "sdkappid must be a number from 1 to 4294967295"))?;
    let app = node.chat.apps.get(sdkappid).ok_or(Code::NoSuchApp)?;
    let state = app.state();
    if !state.settings.app_enabled {
        return Err(Code::AppDisabled.into());
    }
    if !line.secure && !state.settings.app_plain_http {
        return Err(Fail::with(Code::BadUrl, "this app is served over HTTPS only"));
    }
    if !state.sources.is_empty() && !state.sources.iter().any(|it| it.contains(line.source)) {
        return Err(Code::SourceRefused.into());
    }
    let identifier = query.identifier.filter(|it| !it.is_empty());
    let identifier =
        identifier.ok_or_else(|| Fail::with(Code::IdentifierMissing, "identifier is missing"))?;
    let usersig = query.usersig.ok_or_else(|| Fail::with(Code::UserSigMissing, "usersig is missing"))?;
    if usersig.is_empty() {
        return Err(Code::SigEmpty.into());
    }
    app.verify(&identifier, &usersig, node.chat.clock.now()).map_err(|code| {
        node.metrics.usersig_refused.get_or_create(&ByCode { code: code.number() }).inc();
        Fail::from(code)
    })?;
    if !app.is_admin(&identifier) {
        return Err(Code::NotAdmin.into());
    }
    let body_max = usize::try_from(state.settings.limits_body_bytes).unwrap_or(usize::MAX);
    let body_max = if body_max == 0 { node.limits.body_bytes } else { body_max.min(node.limits.body_bytes) };
    drop(state);
    let caller = Caller::Admin(Arc::from(identifier.as_ref()));
    let cx = Cx { chat: node.chat.clone(), app, caller, ip: Some(line.source) };
    node.allow(&cx, index)?;
    let request = commands::ALL[index].sees_request.then(|| Box::new(around(line)));
    Ok(Admitted { index, cx, request, body_max })
}

fn around(line: &Line<'_>) -> HttpRequest {
    HttpRequest { query: line.query.to_owned(), base_url: base_url(line.secure, line.host) }
}

/// How a caller addressed this server.
pub fn base_url(secure: bool, host: &str) -> String {
    let scheme = if secure { "https" } else { "http" };
    format!("{scheme}://{host}")
}

/// Step 16: the answer to a body over [`Admitted::body_max`].
pub fn too_long(admitted: &Admitted) -> Vec<u8> {
    let service = commands::ALL[admitted.index].service;
    let info = format!("the body is longer than {} bytes", admitted.body_max);
    encode_fail(service, &Fail::with(services::too_long(service), info))
}

/// Steps 17 and 18, and the command itself.
pub async fn run(node: &Node, admitted: Admitted, body: Bytes) -> Vec<u8> {
    node.run(admitted.index, Call { cx: admitted.cx, body, link: None, request: admitted.request }).await
}

fn find(path: &str) -> Result<usize, Fail> {
    let unknown = || Fail::with(Code::UnknownCommand, "there is no such command");
    let mut parts = path.strip_prefix("/v4/").ok_or_else(unknown)?.split('/');
    let (Some(service), Some(name), None) = (parts.next(), parts.next(), parts.next()) else {
        return Err(unknown());
    };
    match commands::find_rest(service, name) {
        Some(index) => Ok(index),
        None if services::is_group(service) && !name.is_empty() => Err(Code::GroupUnknownCommand.into()),
        None => Err(unknown()),
    }
}

impl<'a> Query<'a> {
    /// The last of a repeated name counts; unknown names are skipped.
    fn parse(text: &'a str) -> Result<Query<'a>, Fail> {
        let mut query = Query::default();
        for pair in text.split('&').filter(|it| !it.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let slot = match &*percent_decode(name, false)? {
                "sdkappid" => &mut query.sdkappid,
                "identifier" => &mut query.identifier,
                // A plus sign in a UserSig is the base64 character, never a space.
                "usersig" => {
                    query.usersig = Some(percent_decode(value, false)?);
                    continue;
                }
                "contenttype" => &mut query.contenttype,
                _ => {
                    percent_decode(value, true)?;
                    continue;
                }
            };
            *slot = Some(percent_decode(value, true)?);
        }
        Ok(query)
    }
}

/// The value of a parameter that only one command has; the last of a repeated one counts.
pub fn parameter<'a>(query: &'a str, name: &str) -> Result<Option<Cow<'a, str>>, Fail> {
    let mut named = query.split('&').filter_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (key == name).then_some(value)
    });
    named.next_back().map(|it| percent_decode(it, true)).transpose()
}

/// Decodes `%xx`, and `+` as a space where `plus` says so.
pub fn percent_decode(text: &str, plus: bool) -> Result<Cow<'_, str>, Fail> {
    if !text.bytes().any(|it| it == b'%' || (plus && it == b'+')) {
        return Ok(Cow::Borrowed(text));
    }
    let bad = || Fail::with(Code::BadUrl, "the URL has a bad percent-encoding");
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'%' => {
                let mut digit = || bytes.next().and_then(|it| char::from(it).to_digit(16)).ok_or_else(bad);
                (digit()? * 16 + digit()?) as u8
            }
            b'+' if plus => b' ',
            other => other,
        });
    }
    String::from_utf8(out).map(Cow::Owned).map_err(|_| bad())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_as_the_vendor_reads_it() {
        for (text, sdkappid, identifier, usersig) in [
            ("sdkappid=1&identifier=a&usersig=x", Some("1"), Some("a"), Some("x")),
            ("usersig=a%2Bb&sdkappid=2&identifier=a+b", Some("2"), Some("a b"), Some("a+b")),
            ("usersig=a+b", None, None, Some("a+b")),
            ("sdkappid=1&sdkappid=2", Some("2"), None, None),
            ("SdkAppid=1&identifier=%E4%BD%A0", None, Some("你"), None),
            ("identifier&usersig=", None, Some(""), Some("")),
        ] {
            let query = Query::parse(text).unwrap();
            assert_eq!(query.sdkappid.as_deref(), sdkappid, "{text}");
            assert_eq!(query.identifier.as_deref(), identifier, "{text}");
            assert_eq!(query.usersig.as_deref(), usersig, "{text}");
        }
        for text in ["identifier=%", "identifier=%2", "x=%zz", "identifier=%ff"] {
            assert_eq!(Query::parse(text).err().map(|it| it.number), Some(60002), "{text}");
        }
    }
}
