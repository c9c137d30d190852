//! Where a server is: `http://host:port` or `ws://host:port`, with an optional path before ours.

use tokio::net::TcpStream;

use crate::Error;

pub struct Address {
    /// Without brackets, as a resolver takes it.
    host: String,
    port: u16,
    /// `host:port` as in a URL.
    pub authority: String,
    /// Empty, or a path without its last slash.
    pub prefix: String,
}

impl Address {
    pub fn parse(text: &str) -> Result<Address, Error> {
        let bad = || Error::Address(text.to_owned());
        let uri: hyper::Uri = text.parse().map_err(|_| bad())?;
        if !matches!(uri.scheme_str(), Some("http" | "ws")) || uri.query().is_some() {
            return Err(bad());
        }
        let host = uri.host().filter(|it| !it.is_empty()).ok_or_else(bad)?;
        let port = uri.port_u16().unwrap_or(80);
        Ok(Address {
            host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port,
            authority: format!("{host}:{port}"),
            prefix: uri.path().trim_end_matches('/').to_owned(),
        })
    }

    /// A connection that does not hold small writes back.
    pub async fn connect(&self) -> Result<TcpStream, Error> {
        let failed = |why| Error::Connect { to: self.authority.clone(), why };
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await.map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        Ok(stream)
    }
}

/// `text` as one value of a query string.
pub fn encode(text: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~*".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push(char::from(HEX[usize::from(byte >> 4)]));
            encoded.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        for (text, host, port, prefix) in [
            ("http://127.0.0.1:8080", "127.0.0.1", 8080, ""),
            ("ws://127.0.0.1:9/", "127.0.0.1", 9, ""),
            ("ws://im.example/chat/", "im.example", 80, "/chat"),
            ("http://[::1]:81/a/b", "::1", 81, "/a/b"),
        ] {
            let address = Address::parse(text).expect("it is one");
            assert_eq!((&*address.host, address.port, &*address.prefix), (host, port, prefix), "{text}");
        }
        for text in ["", "127.0.0.1:8080", "/x", "https://im.example", "wss://im.example", "http://a?b=c"] {
            assert!(matches!(Address::parse(text), Err(Error::Address(_))), "{text}");
        }
    }

    #[test]
    fn query_values_are_escaped() {
        assert_eq!(encode("eJw1*-_x"), "eJw1*-_x");
        assert_eq!(encode("a b&c=d@用"), "a%20b%26c%3Dd%40%E7%94%A8");
    }
}
