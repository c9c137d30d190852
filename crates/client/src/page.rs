//! The pages beside the API: health and the like.

use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, body::Bytes, client::conn::http1::handshake, header};
use hyper_util::rt::TokioIo;

use crate::{Error, address::Address};

const PAGE_BYTES_MAX: usize = 1 << 20;

/// The text of a page at `base` (`http://host:port`). A status other than 2xx is an error.
pub async fn get(base: &str, path: &str) -> Result<String, Error> {
    let http = |error: hyper::Error| Error::Http(error.to_string());
    let address = Address::parse(base)?;
    let (mut sender, connection) = handshake(TokioIo::new(address.connect().await?)).await.map_err(http)?;
    let driver = tokio::spawn(connection);
    let request = Request::get(format!("{}{path}", address.prefix))
        .header(header::HOST, &address.authority)
        .body(Full::<Bytes>::default())
        .map_err(|error| Error::Http(error.to_string()))?;
    let answer = sender.send_request(request).await.map_err(http)?;
    let status = answer.status();
    let body = Limited::new(answer.into_body(), PAGE_BYTES_MAX).collect().await;
    driver.abort();
    if !status.is_success() {
        return Err(Error::Status(status.as_u16()));
    }
    let body = body.map_err(|error| Error::Http(error.to_string()))?.to_bytes();
    String::from_utf8(body.into()).map_err(|error| Error::Malformed(error.to_string()))
}
