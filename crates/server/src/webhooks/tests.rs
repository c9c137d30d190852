//! The client of webhooks against backends that listen: what they receive, and what is made of their answers.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use chat::{
    apps::State,
    clock::Clock,
    settings::Settings,
    webhooks::{ANSWER_BYTES_MAX, Failure, Request, Transport},
};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::Http;

const BODY: &str = "{\"CallbackCommand\":\"State.StateChange\"}";

/// A backend that gives each request on each connection the same answer, as bytes.
struct Backend {
    address: String,
    /// Heads of the requests, with the number of their connection.
    heads: Arc<Mutex<Vec<(usize, String)>>>,
}

impl Backend {
    async fn start(answer: Vec<u8>) -> Backend {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let seen = heads.clone();
        tokio::spawn(async move {
            for connection in 0.. {
                let Ok((mut stream, _)) = listener.accept().await else { return };
                let (answer, seen) = (answer.clone(), seen.clone());
                tokio::spawn(async move {
                    let mut buffer = [0; 8192];
                    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
                        let text = String::from_utf8_lossy(&buffer[..count]).into_owned();
                        seen.lock().unwrap().push((connection, text));
                        if stream.write_all(&answer).await.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        Backend { address, heads }
    }

    fn heads(&self) -> Vec<(usize, String)> {
        self.heads.lock().unwrap().clone()
    }
}

fn answer(status: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

fn settings(changes: &[(&str, Value)]) -> Arc<State> {
    let mut settings = Settings::default();
    settings.set("app.hmac_secrets", vec!["secret"].into()).unwrap();
    changes.iter().for_each(|(key, value)| settings.set(key, value.clone()).unwrap());
    Arc::new(State::new(settings, 1))
}

fn request(timeout: Duration) -> Request {
    Request {
        app: 1_400_000_001,
        event_id: Some("evt_1_7".to_owned()),
        command: "State.StateChange".to_owned(),
        client_ip: "203.0.113.7".to_owned(),
        platform: "Web".to_owned(),
        body: BODY.to_owned(),
        timeout,
    }
}

async fn post(url: &str, allow_local: bool) -> Result<String, Failure> {
    let http = Http::new(Clock::fixed(1_767_225_600_000), allow_local);
    http.post(&settings(&[("webhooks.url", url.into())]), &request(Duration::from_secs(2))).await
}

#[tokio::test]
async fn a_backend_gets_the_body_the_parameters_and_a_signature_over_one_connection() {
    let backend = Backend::start(answer("200 OK", "{\"ErrorCode\":0}")).await;
    let http = Http::new(Clock::fixed(1_767_225_600_000), true);
    let state = settings(&[("webhooks.url", format!("http://{}/hooks?a=b", backend.address).into())]);
    for _ in 0..3 {
        let got = http.post(&state, &request(Duration::from_secs(2))).await;
        assert_eq!(got.unwrap(), "{\"ErrorCode\":0}");
    }
    let heads = backend.heads();
    assert!(heads.iter().all(|it| it.0 == 0), "the connection is kept: {heads:?}");
    let text = &heads[0].1;
    assert!(text.starts_with(
        "POST /hooks?a=b&SdkAppid=1400000001&CallbackCommand=State.StateChange&contenttype=json\
         &ClientIP=203.0.113.7&OptPlatform=Web HTTP/1.1\r\n"
    ));
    for line in [
        "content-type: application/json\r\n",
        "user-agent: magpie/",
        "webhook-id: evt_1_7\r\n",
        "webhook-timestamp: 1767225600\r\n",
        "webhook-signature: v1,",
    ] {
        assert!(text.contains(line), "{line:?} in {text}");
    }
    assert!(text.ends_with(BODY));
}

#[tokio::test]
async fn only_a_json_object_with_status_200_is_an_answer() {
    let rejected = |why: &str| Err(Failure::Rejected(why.to_owned()));
    for (bytes, expected) in [
        (answer("200 OK", "{}"), Ok("{}".to_owned())),
        (answer("204 No Content", ""), rejected("status 204")),
        (answer("500 Internal Server Error", "{}"), rejected("status 500")),
        (answer("302 Found\r\nLocation: http://127.0.0.1:1/", "{}"), rejected("status 302")),
        (answer("200 OK", "[]"), rejected("no JSON object")),
        (answer("200 OK", "ok"), rejected("no JSON object")),
        (answer("200 OK", ""), rejected("no JSON object")),
    ] {
        let shown = String::from_utf8_lossy(&bytes).into_owned();
        let backend = Backend::start(bytes).await;
        assert_eq!(post(&format!("http://{}", backend.address), true).await, expected, "{shown}");
    }
}

#[tokio::test]
async fn an_answer_without_end_is_cut_off() {
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(ANSWER_BYTES_MAX));
    let backend = Backend::start(answer("200 OK", &long)).await;
    let got = post(&format!("http://{}", backend.address), true).await;
    assert_eq!(got, Err(Failure::Rejected(format!("an answer over {ANSWER_BYTES_MAX} bytes"))));
}

#[tokio::test]
async fn a_backend_that_says_nothing_is_waited_for_no_longer_than_allowed() {
    let backend = Backend::start(Vec::new()).await;
    let http = Http::new(Clock::fixed(0), true);
    let state = settings(&[("webhooks.url", format!("http://{}", backend.address).into())]);
    let got = http.post(&state, &request(Duration::from_millis(50))).await;
    assert_eq!(got, Err(Failure::TimedOut));
}

#[tokio::test]
async fn rubbish_and_closed_doors_are_failures() {
    let rubbish = Backend::start(b"SSH-2.0-whatever\r\n".to_vec()).await;
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    for url in [
        format!("http://{}", rubbish.address),
        format!("http://{free}"),
        format!("https://{}", rubbish.address),
        "http://no-such-host.invalid".to_owned(),
    ] {
        let got = post(&url, true).await;
        assert!(matches!(got, Err(Failure::Unreachable(_))), "{url}: {got:?}");
    }
}

#[tokio::test]
async fn this_machine_is_out_of_reach_unless_the_operator_allows_it() {
    let backend = Backend::start(answer("200 OK", "{}")).await;
    let port = backend.address.rsplit(':').next().unwrap();
    for host in ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"] {
        let got = post(&format!("http://{host}:{port}"), false).await;
        let Err(Failure::Unreachable(why)) = got else { panic!("{host}: {got:?}") };
        assert!(why.contains("webhooks.allow_local"), "{host}: {why}");
    }
    assert!(backend.heads().is_empty());
}

mod tls {
    use std::{fs, path::PathBuf};

    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
    use rustls::{
        RootCertStore, ServerConfig,
        pki_types::{PrivateKeyDer, pem::PemObject},
        server::WebPkiClientVerifier,
    };
    use tokio_rustls::TlsAcceptor;

    use super::*;

    /// A certificate authority with a server's and a client's certificate in files of its own folder.
    struct Papers {
        folder: store::testing::Folder,
    }

    impl Papers {
        fn make() -> Papers {
            let folder = store::testing::Folder::new().unwrap();
            let ca_key = KeyPair::generate().unwrap();
            let mut params = CertificateParams::new(Vec::new()).unwrap();
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            let ca = params.self_signed(&ca_key).unwrap();
            fs::write(folder.path().join("ca.pem"), ca.pem()).unwrap();
            let issuer = Issuer::new(params, ca_key);
            for name in ["localhost", "client"] {
                let key = KeyPair::generate().unwrap();
                let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
                let certificate = params.signed_by(&key, &issuer).unwrap();
                fs::write(folder.path().join(format!("{name}.pem")), certificate.pem()).unwrap();
                fs::write(folder.path().join(format!("{name}.key")), key.serialize_pem()).unwrap();
            }
            Papers { folder }
        }

        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }

        fn setting(&self, name: &str) -> Value {
            self.path(name).display().to_string().into()
        }
    }

    /// A backend that insists on a client certificate of its authority.
    async fn strict_backend(papers: &Papers) -> u16 {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = RootCertStore::empty();
        for it in super::super::trust::certificates(&papers.path("ca.pem")).unwrap() {
            roots.add(it).unwrap();
        }
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().unwrap();
        let chain = super::super::trust::certificates(&papers.path("localhost.pem")).unwrap();
        let key = PrivateKeyDer::from_pem_file(papers.path("localhost.key")).unwrap();
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier)
            .with_single_cert(chain, key)
            .unwrap();
        let (acceptor, listener) =
            (TlsAcceptor::from(Arc::new(config)), TcpListener::bind("127.0.0.1:0").await.unwrap());
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { return };
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let Ok(mut stream) = acceptor.accept(stream).await else { return };
                    let mut buffer = [0; 8192];
                    while let Ok(1..) = stream.read(&mut buffer).await {
                        _ = stream.write_all(&answer("200 OK", "{\"ErrorCode\":0}")).await;
                    }
                });
            }
        });
        port
    }

    #[tokio::test]
    async fn both_sides_show_certificates_of_the_app_s_own_authority() {
        let papers = Papers::make();
        let url: Value = format!("https://localhost:{}/", strict_backend(&papers).await).into();
        let ca = ("webhooks.tls.ca_file", papers.setting("ca.pem"));
        let certificate = ("webhooks.tls.client_cert", papers.setting("client.pem"));
        let key = ("webhooks.tls.client_key", papers.setting("client.key"));
        let insecure = ("webhooks.tls.insecure", true.into());
        for (what, changes, is_fine) in [
            ("all of it", vec![ca.clone(), certificate.clone(), key.clone()], true),
            ("no client certificate", vec![ca.clone()], false),
            ("an authority that is not known", vec![certificate.clone(), key.clone()], false),
            ("whoever answers", vec![certificate.clone(), key.clone(), insecure], true),
            ("a key in no file", vec![ca, certificate, ("webhooks.tls.client_key", "/none".into())], false),
        ] {
            let mut all = vec![("webhooks.url", url.clone())];
            all.extend(changes);
            let http = Http::new(Clock::fixed(0), true);
            let got = http.post(&settings(&all), &request(Duration::from_secs(5))).await;
            assert_eq!(got.is_ok(), is_fine, "{what}: {got:?}");
            assert!(is_fine || matches!(got, Err(Failure::Unreachable(_))), "{what}: {got:?}");
        }
    }
}

mod nginx {
    use std::{
        fs,
        path::Path,
        process::{Child, Command, Stdio},
    };

    use super::*;
    use crate::cli::make_certificates;

    /// Stopped when it is dropped.
    struct Nginx(Child);

    impl Drop for Nginx {
        fn drop(&mut self) {
            _ = self.0.kill();
            _ = self.0.wait();
        }
    }

    /// The configuration of the vendor's guide, with our file names.
    fn configuration(folder: &Path, port: u16) -> String {
        let at = |name: &str| folder.join(name).display().to_string();
        format!(
            "daemon off; master_process off; pid {pid}; error_log {log};\n\
             events {{ worker_connections 64; }}\n\
             http {{\n access_log off; client_body_temp_path {temp}; proxy_temp_path {temp}; fastcgi_temp_path {temp};\n\
             uwsgi_temp_path {temp}; scgi_temp_path {temp};\n\
             server {{\n listen 127.0.0.1:{port} ssl;\n ssl_certificate {certificate}; ssl_certificate_key {key};\n\
             ssl_client_certificate {ca}; ssl_verify_client on; ssl_verify_depth 1;\n\
             location / {{ default_type application/json; return 200 '{{\"ErrorCode\":0}}'; }}\n }}\n}}\n",
            pid = at("nginx.pid"),
            log = at("error.log"),
            temp = at("temp"),
            certificate = at("localhost.crt"),
            key = at("localhost.key"),
            ca = at("ca.crt"),
        )
    }

    async fn start(folder: &Path, port: u16) -> Option<Nginx> {
        let file = folder.join("nginx.conf");
        fs::write(&file, configuration(folder, port)).unwrap();
        let binary = ["/usr/sbin/nginx", "nginx"]
            .into_iter()
            .find(|it| Command::new(it).arg("-v").output().is_ok())?;
        let mut command = Command::new(binary);
        command.arg("-p").arg(folder).arg("-c").arg(&file).arg("-e").arg(folder.join("error.log"));
        let nginx = Nginx(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        for _ in 0..200 {
            if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return Some(nginx);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("nginx does not listen: {}", fs::read_to_string(folder.join("error.log")).unwrap_or_default());
    }

    #[tokio::test]
    async fn nginx_that_insists_on_a_client_certificate_accepts_the_one_that_was_made_for_it() {
        let folder = store::testing::Folder::new().unwrap();
        let folder = folder.path();
        make_certificates(folder, &["localhost".to_owned()]).unwrap();
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
        let Some(_nginx) = start(folder, free).await else {
            assert!(std::env::var_os("CI").is_none(), "there is no nginx");
            return;
        };
        let at = |name: &str| -> Value { folder.join(name).display().to_string().into() };
        let url = ("webhooks.url", format!("https://localhost:{free}/").into());
        let ca = ("webhooks.tls.ca_file", at("ca.crt"));
        let mine =
            [("webhooks.tls.client_cert", at("client.crt")), ("webhooks.tls.client_key", at("client.key"))];
        let http = Http::new(Clock::fixed(0), true);
        let all = settings(&[url.clone(), ca.clone(), mine[0].clone(), mine[1].clone()]);
        assert_eq!(http.post(&all, &request(Duration::from_secs(5))).await.unwrap(), "{\"ErrorCode\":0}");
        let without = Http::new(Clock::fixed(0), true);
        let got = without.post(&settings(&[url, ca]), &request(Duration::from_secs(5))).await;
        // Its answer to those who show nothing.
        assert_eq!(got, Err(Failure::Rejected("status 400".to_owned())));
    }
}
