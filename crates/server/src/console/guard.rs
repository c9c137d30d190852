//! Who may call: cookie, origin and token of a request.

use hyper::header::{self, HeaderMap};

use super::endpoint::Refusal;
use crate::digest::{hex, mac};

/// The name of the session's cookie.
pub const COOKIE: &str = "magpie_console";
/// The header with the session's token.
const TOKEN: &str = "x-console-token";
/// What the token is made for.
const TOKEN_PURPOSE: &[u8] = b"magpie console token";

/// The session's cookie as the caller shows it.
pub fn cookie(headers: &HeaderMap) -> Option<&str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|it| it.to_str().ok());
    let mut named = all.flat_map(|it| it.split(';')).filter_map(|it| it.trim().split_once('='));
    named.find(|(name, _)| *name == COOKIE).map(|it| it.1)
}

/// The cookie's line. Without a path it is sent to where it came from, whatever prefix a proxy put before it. An empty
/// token takes the cookie away.
pub fn set_cookie(token: &str, secure: bool) -> String {
    let secure = if secure { "; Secure" } else { "" };
    let end = if token.is_empty() { "; Max-Age=0" } else { "" };
    format!("{COOKIE}={token}; HttpOnly; SameSite=Strict{secure}{end}")
}

/// What a page of another site cannot know: only who was answered with the cookie, or reads an answer, has it.
pub fn token(cookie: &str) -> String {
    hex(&mac(cookie.as_bytes(), TOKEN_PURPOSE))
}

pub fn check_token(headers: &HeaderMap, cookie: &str) -> Result<(), Refusal> {
    let given = headers.get(TOKEN).map_or(&b""[..], |it| it.as_bytes());
    // Compared by their hashes under a key of the session, which tells nothing of where they differ.
    let under = |it: &[u8]| mac(cookie.as_bytes(), it);
    match under(given) == under(token(cookie).as_bytes()) {
        true => Ok(()),
        false => Err(Refusal::forbidden_as("wrong_token", "the header X-Console-Token is missing or wrong")),
    }
}

/// The request must come from a page of this server. What a proxy says of the outer name counts too: no page can
/// set that header for another site without being asked first.
pub fn check_origin(headers: &HeaderMap) -> Result<(), Refusal> {
    let text = |name: &str| headers.get(name).and_then(|it| it.to_str().ok()).unwrap_or("");
    let origin = text("origin").split_once("://").map_or("", |it| it.1);
    let ours = [text("host"), text("x-forwarded-host")];
    match !origin.is_empty() && ours.iter().any(|it| it.eq_ignore_ascii_case(origin)) {
        true => Ok(()),
        false => Err(Refusal::forbidden_as("wrong_origin", "the request does not come from this console")),
    }
}

/// A form of another site cannot have this type.
pub fn check_json(headers: &HeaderMap) -> Result<(), Refusal> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok()).unwrap_or("");
    let kind = kind.split(';').next().unwrap_or("").trim();
    match kind.eq_ignore_ascii_case("application/json") {
        true => Ok(()),
        false => Err(Refusal::bad("the Content-Type must be application/json")),
    }
}

/// Whether the way to the caller is encrypted, as far as this server or the proxy before it knows.
pub fn is_secure(headers: &HeaderMap, secure: bool) -> bool {
    let forwarded = headers.get("x-forwarded-proto").and_then(|it| it.to_str().ok());
    secure || forwarded.is_some_and(|it| it.eq_ignore_ascii_case("https"))
}
