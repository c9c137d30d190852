//! Which addresses webhooks may go to: not to this machine, nor to its neighbours on the link, where services trust
//! whoever reaches them, unless the operator says so.

use std::{
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    task::{Context, Poll},
};

use hyper_util::client::legacy::connect::dns::Name;
use tower_service::Service;

pub const REFUSED: &str =
    "this machine's own and link-local addresses are not allowed (webhooks.allow_local)";

/// Whether a host that may be written as an address is allowed; names are looked at when they are resolved.
pub fn is_allowed_literal(host: &str) -> bool {
    let host = host.strip_prefix('[').and_then(|it| it.strip_suffix(']')).unwrap_or(host);
    host.parse::<IpAddr>().map_or(true, is_allowed)
}

fn is_allowed(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(it) => {
            !(it.is_loopback() || it.is_link_local() || it.is_unspecified() || it.is_broadcast())
        }
        IpAddr::V6(it) => !(it.is_loopback() || it.is_unicast_link_local() || it.is_unspecified()),
    }
}

/// Resolves names to addresses that are allowed.
#[derive(Clone)]
pub struct Guard {
    pub allow_local: bool,
}

impl Service<Name> for Guard {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, io::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let allow_local = self.allow_local;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<_> = found.filter(|it| allow_local || is_allowed(it.ip())).collect();
            match allowed.is_empty() {
                true => Err(io::Error::new(io::ErrorKind::PermissionDenied, REFUSED)),
                false => Ok(allowed.into_iter()),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_this_machine_and_link_are_refused() {
        for (host, allowed) in [
            ("127.0.0.1", false),
            ("127.8.8.8", false),
            ("0.0.0.0", false),
            ("169.254.169.254", false),
            ("[::1]", false),
            ("[::ffff:127.0.0.1]", false),
            ("[fe80::1]", false),
            ("10.0.0.8", true),
            ("203.0.113.7", true),
            ("[2001:db8::1]", true),
            ("hooks.example", true),
        ] {
            assert_eq!(is_allowed_literal(host), allowed, "{host}");
        }
    }
}
