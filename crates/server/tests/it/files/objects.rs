//! Files in a store of objects: a small one of ours that checks every signature.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    fmt::Write,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use bytes::Bytes;
use chat::blobs::Folder;
use hmac::{Hmac, KeyInit, Mac};
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request, Response, StatusCode, body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use rustls::pki_types::PrivatePkcs8KeyDer;
use serde_json::json;
use server::{config, node::Node, s3::S3Store};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::{OTHER, Scene, equal};
use crate::{
    place::{Engine, START, World},
    run::block_on,
    wire::{Connection, object},
};

const ACCESS_KEY: &str = "access";
const SECRET_KEY: &str = "secret";
const BUCKET: &str = "pictures";

/// The objects by their paths.
#[derive(Default)]
pub struct Store {
    pub objects: Mutex<BTreeMap<String, Bytes>>,
    /// Answers everything with an error.
    pub fails: AtomicBool,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, it| {
        _ = write!(out, "{it:02x}");
        out
    })
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// What `Authorization` has to be for a request.
fn expected(request: &Request<Incoming>, payload_hash: &str) -> String {
    let header = |name: &str| request.headers()[name].to_str().unwrap().to_owned();
    let time = header("x-amz-date");
    let mut names = vec!["host", "x-amz-content-sha256", "x-amz-date"];
    if request.headers().contains_key("range") {
        names.insert(1, "range");
    }
    let lines: String = names.iter().map(|name| format!("{name}:{}\n", header(name))).collect();
    let names = names.join(";");
    let canonical =
        format!("{}\n{}\n\n{lines}\n{names}\n{payload_hash}", request.method(), request.uri().path());
    let scope = format!("{}/eu-test-1/s3/aws4_request", &time[..8]);
    let text = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
    let mut key = mac(format!("AWS4{SECRET_KEY}").as_bytes(), &time[..8]);
    for part in ["eu-test-1", "s3", "aws4_request"] {
        key = mac(&key, part);
    }
    let signature = hex(&mac(&key, &text));
    format!("AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{scope},SignedHeaders={names},Signature={signature}")
}

async fn serve(store: Arc<Store>, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let answer = |status: StatusCode, body: Bytes| {
        let mut answer = Response::new(Full::new(body));
        *answer.status_mut() = status;
        answer
    };
    let refuse = |why: &'static str| answer(StatusCode::FORBIDDEN, Bytes::from_static(why.as_bytes()));
    let text = |name: &str| {
        request.headers().get(name).and_then(|it| it.to_str().ok()).unwrap_or_default().to_owned()
    };
    let (hash, authorization, range) = (text("x-amz-content-sha256"), text("authorization"), text("range"));
    if authorization != expected(&request, &hash) {
        return refuse("SignatureDoesNotMatch");
    }
    if text("x-amz-date") != "20260101T000000Z" {
        return refuse("RequestTimeTooSkewed");
    }
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let body = request.into_body().collect().await.unwrap().to_bytes();
    if hex(&Sha256::digest(&body)) != hash {
        return refuse("XAmzContentSHA256Mismatch");
    }
    if store.fails.load(Ordering::Relaxed) {
        return answer(StatusCode::SERVICE_UNAVAILABLE, Bytes::from_static(b"<Error>SlowDown</Error>"));
    }
    let mut objects = store.objects.lock().unwrap();
    match method {
        Method::PUT => {
            objects.insert(path, body);
            answer(StatusCode::OK, Bytes::new())
        }
        Method::DELETE => {
            objects.remove(&path);
            answer(StatusCode::NO_CONTENT, Bytes::new())
        }
        _ => match objects.get(&path) {
            None => answer(StatusCode::NOT_FOUND, Bytes::new()),
            Some(body) => {
                let (from, to) = range.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
                let (from, to): (usize, usize) = (from.parse().unwrap(), to.parse().unwrap());
                let part = body.slice(from..=to);
                answer(StatusCode::PARTIAL_CONTENT, part)
            }
        },
    }
}

async fn accept(listener: TcpListener, store: Arc<Store>, tls: Option<TlsAcceptor>) {
    while let Ok((tcp, _)) = listener.accept().await {
        let (store, tls) = (store.clone(), tls.clone());
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let store = store.clone();
                async move { Ok::<_, Infallible>(serve(store, request).await) }
            });
            let http = hyper::server::conn::http1::Builder::new();
            match tls {
                None => _ = http.serve_connection(TokioIo::new(tcp), service).await,
                Some(tls) => {
                    let Ok(stream) = tls.accept(tcp).await else { return };
                    _ = http.serve_connection(TokioIo::new(stream), service).await;
                }
            }
        });
    }
}

/// TLS with a certificate of its own for `localhost`, which is also written to the file.
fn with_certificate(file: &Path) -> TlsAcceptor {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(file, made.cert.pem()).unwrap();
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()).into();
    let config = rustls::ServerConfig::builder().with_no_client_auth();
    TlsAcceptor::from(Arc::new(config.with_single_cert(vec![made.cert.der().clone()], key).unwrap()))
}

/// A server whose files lie in such a store.
pub async fn scene() -> (Scene, Arc<Store>) {
    Box::pin(scene_with(false, true)).await
}

/// `trusted`: the server is told of the store's certificate.
async fn scene_with(tls: bool, trusted: bool) -> (Scene, Arc<Store>) {
    let store = Arc::new(Store::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let world = World::new(Engine::Sqlite, START, &object(json!({}))).await;
    let (theirs, other) = (world.node.data_dir.join("ca.pem"), world.node.data_dir.join("other.pem"));
    let acceptor = tls.then(|| with_certificate(&theirs));
    if !trusted {
        with_certificate(&other);
    }
    let endpoint =
        if tls { format!("https://localhost:{}", address.port()) } else { format!("http://{address}") };
    tokio::spawn(accept(listener, store.clone(), acceptor));
    let config = config::S3 {
        endpoint,
        region: "eu-test-1".to_owned(),
        bucket: BUCKET.to_owned(),
        key_id: ACCESS_KEY.to_owned(),
        key: SECRET_KEY.to_owned(),
        ca_file: tls.then_some(if trusted { theirs } else { other }),
        ..config::S3::default()
    };
    let incoming = Folder::incoming(&Node::files_dir(&world.node.data_dir));
    let blobs = S3Store::new(&config, world.chat().clock.clone(), incoming).expect("it can be used");
    let data_dir = world.node.data_dir.clone();
    let node = Node::with_blobs(world.chat().clone(), config::Limits::default(), data_dir, Arc::new(blobs));
    (Scene::on(world, node).await, store)
}

pub fn files_can_lie_in_a_store_of_objects() -> Result<(), String> {
    block_on(async {
        let (mut it, store) = Box::pin(scene()).await;
        let sent: Vec<u8> = (0..300_000_u32).map(|it| (it % 241) as u8).collect();
        let paths = it.stored("a.mp4", "video/mp4", &sent).await;
        equal("nothing is left here", it.blobs().len(), 0)?;
        let names: Vec<_> = store.objects.lock().unwrap().keys().cloned().collect();
        let parts: Vec<_> = names[0].split('/').collect();
        equal("its place", (names.len(), parts.len(), parts[1], parts[2]), (1, 6, BUCKET, "1400000001"))?;
        if it.get(&paths.download).await.body != sent {
            return Err("other bytes come back".to_owned());
        }
        let part = it.ask("GET", &paths.download, "Range: bytes=100000-200000\r\n", b"").await;
        equal("a part", (part.status, part.body), (206, sent[100_000..=200_000].to_vec()))?;
        let empty = it.stored("empty", "text/plain", b"").await;
        equal("an empty file", it.get(&empty.download).await.status, 200)?;
        let keep = vec![("files.keep_days".to_owned(), 1.into())];
        it.world.chat().change_app(crate::place::APP, keep).await.map_err(|it| it.to_string())?;
        let aborted = it.promise(OTHER, "b").await;
        let mut connection = Connection::open(it.server.address).await;
        connection
            .send(format!("PUT {} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf", aborted.upload))
            .await;
        while it.blobs().is_empty() {
            tokio::task::yield_now().await;
        }
        drop(connection);
        while !it.blobs().is_empty() {
            tokio::task::yield_now().await;
        }
        equal("an aborted upload never gets there", store.objects.lock().unwrap().len(), 2)
    })
}

pub fn a_store_that_fails_loses_nothing() -> Result<(), String> {
    block_on(async {
        let (mut it, store) = Box::pin(scene()).await;
        let paths = it.promise(OTHER, "a").await;
        store.fails.store(true, Ordering::Relaxed);
        equal("an upload", it.put(&paths.upload, b"file").await, 500)?;
        equal("nothing is left here", it.blobs().len(), 0)?;
        store.fails.store(false, Ordering::Relaxed);
        equal("once more", it.put(&paths.upload, b"file").await, 200)?;
        store.fails.store(true, Ordering::Relaxed);
        equal("a download", it.get(&paths.download).await.status, 500)?;
        store.fails.store(false, Ordering::Relaxed);
        equal("there", it.get(&paths.download).await.body, b"file".to_vec())?;
        store.objects.lock().unwrap().clear();
        equal("what somebody took away", it.get(&paths.download).await.status, 404)?;
        let blobs = it.node.blobs.clone();
        let undo =
            it.world.chat().db.write(0, |tx| tx.exec("update files set state = 0, upload_until = 1", &[]));
        undo.await.map_err(|it| it.to_string())?;
        store.fails.store(true, Ordering::Relaxed);
        let failed = it.world.chat().collect_files(&*blobs).await;
        equal("collecting while it fails", failed.is_err(), true)?;
        store.fails.store(false, Ordering::Relaxed);
        let gone = it.world.chat().collect_files(&*blobs).await.map_err(|it| it.to_string())?;
        equal("collecting afterwards", gone, 1)
    })
}

pub fn a_store_behind_tls_shows_its_certificate() -> Result<(), String> {
    block_on(async {
        let (mut it, store) = Box::pin(scene_with(true, true)).await;
        let paths = it.stored("a", "text/plain", b"file").await;
        equal("objects", store.objects.lock().unwrap().len(), 1)?;
        equal("there", it.get(&paths.download).await.body, b"file".to_vec())?;
        let (mut it, store) = Box::pin(scene_with(true, false)).await;
        let paths = it.promise(OTHER, "a").await;
        equal("a store that nobody vouches for", it.put(&paths.upload, b"file").await, 500)?;
        equal("objects there", store.objects.lock().unwrap().len(), 0)
    })
}
