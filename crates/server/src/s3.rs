//! Uploaded files in a store of objects that speaks the protocol of S3.
//!
//! An upload is first written to a file of ours: only then are its length and its hash known, which the store
//! checks, and an upload that breaks off never gets there.

mod connect;
mod sign;

use std::{io, ops::Range, path::PathBuf, sync::Arc, time::Duration};

use anyhow::ensure;
use bytes::Bytes;
use chat::{
    blobs::{Blobs, Folder, Place, Reading, Spool, Work, Writing},
    clock::Clock,
    zone::Zone,
};
use http_body_util::{BodyExt, Either, Full, Limited};
use hyper::{Method, Request, Response, StatusCode, body::Incoming, header};
use sha2::{Digest, Sha256};

use crate::{config::S3, digest::hex, files::body::Stream};
use connect::{Endpoint, Sent};
use sign::Signer;

/// What is read of an answer that says no.
const REFUSAL_BYTES_MAX: usize = 4096;
/// Time for the next bytes of an object.
const NEXT_BYTES: Duration = Duration::from_secs(30);

/// What no request can show: names of buckets go into paths and hosts as they are.
pub fn check(config: &S3) -> anyhow::Result<()> {
    if config.endpoint.is_empty() {
        return Ok(());
    }
    let is_name = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || b"-.".contains(&it);
    ensure!(
        (3..=63).contains(&config.bucket.len()) && config.bucket.bytes().all(is_name),
        "`s3.bucket` is {:?}; expected 3 to 63 small letters, digits, dashes and dots",
        config.bucket
    );
    for (key, value) in [("key_id", &config.key_id), ("key", &config.key)] {
        ensure!(!value.is_empty(), "`s3.endpoint` is set; expected `s3.{key}` too");
    }
    Ok(())
}

pub struct S3Store {
    inner: Arc<Inner>,
    incoming: PathBuf,
}

struct Inner {
    endpoint: Endpoint,
    config: S3,
    clock: Clock,
}

impl S3Store {
    /// `incoming` is a folder for files that are being uploaded.
    pub fn new(config: &S3, clock: Clock, incoming: PathBuf) -> anyhow::Result<S3Store> {
        check(config)?;
        let bucket = (!config.path_style).then_some(&*config.bucket);
        let endpoint = Endpoint::new(&config.endpoint, bucket, config.ca_file.as_deref())?;
        Ok(S3Store { inner: Arc::new(Inner { endpoint, config: config.clone(), clock }), incoming })
    }
}

impl Inner {
    /// Sends a signed request about one object. `hash` is that of the body.
    async fn ask(
        &self,
        method: Method,
        place: &Place,
        range: Option<Range<u64>>,
        (body, hash): (Sent, &str),
    ) -> io::Result<Response<Incoming>> {
        let path = match self.config.path_style {
            true => format!("/{}/{place}", self.config.bucket),
            false => format!("/{place}"),
        };
        let seconds = Zone::UTC.date_time(self.clock.now()).replace(['-', ':'], "").replace(' ', "T");
        let time = format!("{seconds}Z");
        let range = range.map(|it| format!("bytes={}-{}", it.start, it.end.saturating_sub(1)));
        let mut headers = vec![("host", &*self.endpoint.authority)];
        headers.extend(range.as_deref().map(|it| ("range", it)));
        headers.extend([("x-amz-content-sha256", hash), ("x-amz-date", &*time)]);
        let signer = Signer {
            access_key: &self.config.key_id,
            secret_key: &self.config.key,
            region: &self.config.region,
        };
        let authorization = signer.authorization((method.as_str(), &path), &headers, hash, &time);
        let mut request = Request::builder().method(method).uri(&path);
        for (name, value) in &headers {
            request = request.header(*name, *value);
        }
        let request = request.header(header::AUTHORIZATION, authorization).body(body);
        // Boxed, for the state of a connection is large.
        Box::pin(self.endpoint.send(request.map_err(io::Error::other)?)).await
    }
}

fn nothing() -> (Sent, String) {
    (Either::Left(Full::new(Bytes::new())), hex(&Sha256::digest(b"")))
}

/// The error that an answer other than the wanted one stands for.
async fn refused(answer: Response<Incoming>) -> io::Error {
    let status = answer.status();
    let read =
        tokio::time::timeout(NEXT_BYTES, Limited::new(answer.into_body(), REFUSAL_BYTES_MAX).collect());
    let text = match read.await {
        Ok(Ok(body)) => String::from_utf8_lossy(&body.to_bytes()).into_owned(),
        _ => String::new(),
    };
    io::Error::other(format!("the store of objects answers {status}: {text:?}"))
}

impl Blobs for S3Store {
    fn create(&self, place: &Place) -> Work<'_, Box<dyn Writing>> {
        let place = place.clone();
        Box::pin(async move {
            let name = place.to_string().replace('/', "_");
            let spool = Spool::create(&self.incoming, &name).await?;
            let inner = self.inner.clone();
            Ok(Box::new(Outgoing { inner, place, spool, hash: Sha256::new(), size: 0 }) as Box<dyn Writing>)
        })
    }

    fn open(&self, place: &Place, range: Range<u64>) -> Work<'_, Option<Box<dyn Reading>>> {
        let place = place.clone();
        Box::pin(async move {
            let (body, hash) = nothing();
            let is_from_start = range.start == 0;
            let answer = self.inner.ask(Method::GET, &place, Some(range), (body, &hash)).await?;
            match answer.status() {
                // A store that knows no ranges sends everything, of which only the beginning is of use.
                it if it == StatusCode::PARTIAL_CONTENT || (it == StatusCode::OK && is_from_start) => {
                    Ok(Some(Box::new(Object(answer.into_body())) as Box<dyn Reading>))
                }
                StatusCode::NOT_FOUND => Ok(None),
                _ => Err(refused(answer).await),
            }
        })
    }

    fn remove(&self, place: &Place) -> Work<'_, ()> {
        let place = place.clone();
        Box::pin(async move {
            let (body, hash) = nothing();
            let answer = self.inner.ask(Method::DELETE, &place, None, (body, &hash)).await?;
            if answer.status().is_success() || answer.status() == StatusCode::NOT_FOUND {
                return Ok(());
            }
            Err(refused(answer).await)
        })
    }
}

/// An upload on its way into the store.
struct Outgoing {
    inner: Arc<Inner>,
    place: Place,
    spool: Spool,
    hash: Sha256,
    size: u64,
}

impl Writing for Outgoing {
    fn write(&mut self, bytes: Bytes) -> Work<'_, ()> {
        Box::pin(async move {
            self.hash.update(&bytes);
            self.size += bytes.len() as u64;
            self.spool.write(&bytes).await
        })
    }

    fn finish(self: Box<Self>) -> Work<'static, ()> {
        Box::pin(async move {
            let Outgoing { inner, place, mut spool, hash, size } = *self;
            spool.flush().await?;
            let reading = Folder::read(spool.path(), 0..size).await?;
            let reading = reading.ok_or_else(|| io::Error::other("an upload's file is gone"))?;
            let body = Either::Right(Stream::new(reading, size));
            let hash = hex(&hash.finalize());
            let answer = inner.ask(Method::PUT, &place, None, (body, &hash)).await?;
            if answer.status().is_success() { Ok(()) } else { Err(refused(answer).await) }
        })
    }
}

/// An object on its way out of the store.
struct Object(Incoming);

impl Reading for Object {
    fn next(mut self: Box<Self>) -> Work<'static, Option<(Bytes, Box<dyn Reading>)>> {
        Box::pin(async move {
            loop {
                let frame = tokio::time::timeout(NEXT_BYTES, self.0.frame()).await;
                match frame.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))? {
                    None => return Ok(None),
                    Some(Err(error)) => return Err(io::Error::other(error)),
                    Some(Ok(frame)) => {
                        if let Ok(bytes) = frame.into_data() {
                            return Ok(Some((bytes, self as Box<dyn Reading>)));
                        }
                    }
                }
            }
        })
    }
}
