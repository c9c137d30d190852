//! Connections to a store of objects, with or without TLS.

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::{Context, ensure};
use bytes::Bytes;
use http_body_util::{Either, Full};
use hyper::{Request, Response, Uri, body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;

use crate::files::body::Stream;

/// Time for a connection, and for the other side to answer once it has everything.
const ANSWER: Duration = Duration::from_secs(30);
/// Time for a whole file to go there.
const SENDING: Duration = Duration::from_secs(600);
/// Where systems keep the authorities they trust.
const SYSTEM_AUTHORITIES: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

pub type Sent = Either<Full<Bytes>, Stream>;

/// Where the store is.
pub struct Endpoint {
    host: String,
    port: u16,
    /// As in the header `Host`.
    pub authority: String,
    tls: Option<TlsConnector>,
}

impl Endpoint {
    /// Reads `https://host` or `http://host:port`; `bucket` stands before the host's name when there is one.
    pub fn new(text: &str, bucket: Option<&str>, ca_file: Option<&Path>) -> anyhow::Result<Endpoint> {
        let uri: Uri = text.parse().with_context(|| format!("`s3.endpoint` is {text:?}"))?;
        let secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => anyhow::bail!("`s3.endpoint` is {text:?}; expected https://host or http://host:port"),
        };
        ensure!(uri.path() == "/" && uri.query().is_none(), "`s3.endpoint` is {text:?}; expected no path");
        let host = uri.host().filter(|it| !it.is_empty());
        let host = host.with_context(|| format!("`s3.endpoint` is {text:?}; expected a host"))?;
        let host = bucket.map_or_else(|| host.to_owned(), |it| format!("{it}.{host}"));
        let authority = uri.port().map_or_else(|| host.clone(), |it| format!("{host}:{it}"));
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let tls = if secure { Some(connector(ca_file)?) } else { None };
        Ok(Endpoint { host, port, authority, tls })
    }

    /// Sends one request over a connection of its own.
    pub async fn send(&self, request: Request<Sent>) -> std::io::Result<Response<Incoming>> {
        let late = |_| std::io::Error::from(std::io::ErrorKind::TimedOut);
        let tcp = timeout(ANSWER, TcpStream::connect((&*self.host, self.port))).await.map_err(late)??;
        tcp.set_nodelay(true)?;
        match &self.tls {
            None => exchange(tcp, request).await,
            Some(tls) => {
                let name = ServerName::try_from(self.host.clone()).map_err(std::io::Error::other)?;
                let stream = timeout(ANSWER, tls.connect(name, tcp)).await.map_err(late)??;
                exchange(stream, request).await
            }
        }
    }
}

async fn exchange<S>(stream: S, request: Request<Sent>) -> std::io::Result<Response<Incoming>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(std::io::Error::other)?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection to the store of objects broke");
        }
    });
    let late = |_| std::io::Error::from(std::io::ErrorKind::TimedOut);
    timeout(SENDING, sender.send_request(request)).await.map_err(late)?.map_err(std::io::Error::other)
}

fn connector(ca_file: Option<&Path>) -> anyhow::Result<TlsConnector> {
    let file = match ca_file {
        Some(it) => it,
        None => SYSTEM_AUTHORITIES
            .iter()
            .map(Path::new)
            .find(|it| it.exists())
            .context("this system has no list of authorities; name one in `s3.ca_file`")?,
    };
    let mut roots = RootCertStore::empty();
    for it in CertificateDer::pem_file_iter(file).with_context(|| format!("reading {}", file.display()))? {
        // Lists of systems may hold some that nobody can read any more.
        _ = roots.add(it.with_context(|| format!("reading {}", file.display()))?);
    }
    ensure!(!roots.is_empty(), "{} has no certificate that can be used", file.display());
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
