//! TLS with several certificates: which one a client gets is decided by the server name it asks for.
//!
//! Old SDKs have host names built in that an operator points at this server, so one listener answers to many names. The
//! files are read again on [`Certificates::reload`]; if anything is wrong with them, the certificates in use stay.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, anyhow, ensure};
use arc_swap::ArcSwap;
use rustls::{
    ServerConfig,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use webpki::EndEntityCert;

/// All are tried in turn at each handshake.
const CERTIFICATES_MAX: usize = 64;

/// A PEM file with a certificate chain, and the PEM file with its private key.
#[derive(Clone, Debug)]
pub struct Pair {
    pub cert: PathBuf,
    pub key: PathBuf,
}

/// The certificates in use.
#[derive(Debug)]
pub struct Certificates {
    pairs: Vec<Pair>,
    provider: Arc<CryptoProvider>,
    loaded: ArcSwap<Vec<Arc<CertifiedKey>>>,
}

impl Certificates {
    /// Reads all files. A client that asks for a name none of them is for, or for no name, gets the first.
    pub fn load(pairs: Vec<Pair>) -> anyhow::Result<Certificates> {
        ensure!(!pairs.is_empty(), "TLS needs a certificate");
        ensure!(pairs.len() <= CERTIFICATES_MAX, "more than {CERTIFICATES_MAX} certificates");
        let provider = Arc::new(ring::default_provider());
        let loaded = ArcSwap::from_pointee(read(&pairs, &provider)?);
        Ok(Certificates { pairs, provider, loaded })
    }

    /// Reads the files again, for handshakes from now on. On an error nothing changes. Blocks on the disk.
    pub fn reload(&self) -> anyhow::Result<()> {
        self.loaded.store(Arc::new(read(&self.pairs, &self.provider)?));
        Ok(())
    }

    /// What a listener needs. One is enough for many listeners.
    pub fn server_config(self: &Arc<Certificates>) -> anyhow::Result<Arc<ServerConfig>> {
        let mut config = ServerConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::<Certificates>::clone(self));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // Tickets let clients that all come back at once skip the expensive part of the handshake.
        config.ticketer = ring::Ticketer::new().context("no random numbers for TLS tickets")?;
        Ok(Arc::new(config))
    }

    fn choose(&self, name: Option<&str>) -> Option<Arc<CertifiedKey>> {
        let loaded = self.loaded.load();
        let asked = name.and_then(|it| ServerName::try_from(it).ok());
        let fitting = asked.and_then(|name| loaded.iter().find(|it| is_for(it, &name)));
        fitting.or(loaded.first()).cloned()
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.choose(hello.server_name())
    }
}

fn is_for(certified: &CertifiedKey, name: &ServerName<'_>) -> bool {
    let parsed = certified.cert.first().and_then(|it| EndEntityCert::try_from(it).ok());
    parsed.is_some_and(|it| it.verify_is_valid_for_subject_name(name).is_ok())
}

fn read(pairs: &[Pair], provider: &CryptoProvider) -> anyhow::Result<Vec<Arc<CertifiedKey>>> {
    pairs.iter().map(|pair| read_pair(pair, provider).map(Arc::new)).collect()
}

fn read_pair(pair: &Pair, provider: &CryptoProvider) -> anyhow::Result<CertifiedKey> {
    let (cert, key) = (pair.cert.display(), pair.key.display());
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&bytes(&pair.cert)?)
        .collect::<Result<_, _>>()
        .with_context(|| format!("{cert}: broken PEM"))?;
    let first = chain.first().ok_or_else(|| anyhow!("{cert}: no certificate in it; expected a PEM file"))?;
    EndEntityCert::try_from(first)
        .with_context(|| format!("{cert}: the first certificate cannot be used"))?;
    let private = PrivateKeyDer::from_pem_slice(&bytes(&pair.key)?)
        .with_context(|| format!("{key}: no private key in it; expected a PEM file"))?;
    let private = provider
        .key_provider
        .load_private_key(private)
        .with_context(|| format!("{key}: the private key cannot be used"))?;
    let certified = CertifiedKey::new(chain, private);
    certified
        .keys_match()
        .map_err(|_| anyhow!("the private key in {key} does not belong to the certificate in {cert}"))?;
    Ok(certified)
}

fn bytes(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use rcgen::{CertifiedKey as Made, generate_simple_self_signed};

    use super::*;

    /// A folder that is gone after the test.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Folder {
            let path = std::env::temp_dir().join(format!("magpie-tls-{}-{name}", std::process::id()));
            std::fs::create_dir_all(&path).unwrap();
            Folder(path)
        }

        /// Writes a new certificate for `name` and returns its bytes.
        fn make(&self, pair: &Pair, name: &str) -> CertificateDer<'static> {
            let Made { cert, signing_key } = generate_simple_self_signed([name.to_owned()]).unwrap();
            std::fs::write(&pair.cert, cert.pem()).unwrap();
            std::fs::write(&pair.key, signing_key.serialize_pem()).unwrap();
            cert.der().clone()
        }

        fn pair(&self, name: &str) -> Pair {
            Pair { cert: self.0.join(format!("{name}.pem")), key: self.0.join(format!("{name}.key")) }
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn chosen(certificates: &Certificates, name: Option<&str>) -> CertificateDer<'static> {
        certificates.choose(name).unwrap().cert[0].clone()
    }

    fn told(result: anyhow::Result<impl Sized>) -> String {
        format!("{:#}", result.err().expect("it should have been refused"))
    }

    #[test]
    fn the_server_name_chooses_the_certificate() {
        let folder = Folder::new("choose");
        let (one, two) = (folder.pair("one"), folder.pair("two"));
        let first = folder.make(&one, "console.example.org");
        let second = folder.make(&two, "*.chat.example.org");
        let certificates = Certificates::load(vec![one, two]).unwrap();
        for (name, expected) in [
            (Some("console.example.org"), &first),
            (Some("CONSOLE.example.org"), &first),
            (Some("a.chat.example.org"), &second),
            (Some("chat.example.org"), &first),
            (Some("else.example.org"), &first),
            (Some("no name"), &first),
            (None, &first),
        ] {
            assert_eq!(&chosen(&certificates, name), expected, "{name:?}");
        }
    }

    #[test]
    fn a_reload_takes_the_new_files_and_a_broken_file_keeps_the_old() {
        let folder = Folder::new("reload");
        let (one, two) = (folder.pair("one"), folder.pair("two"));
        let old = folder.make(&one, "a.example.org");
        folder.make(&two, "b.example.org");
        let certificates = Certificates::load(vec![one.clone(), two.clone()]).unwrap();
        assert_eq!(chosen(&certificates, None), old);

        let new = folder.make(&one, "a.example.org");
        assert_eq!(chosen(&certificates, None), old, "not before the reload");
        certificates.reload().unwrap();
        assert_eq!(chosen(&certificates, None), new);

        folder.make(&one, "a.example.org");
        std::fs::write(&two.cert, "nothing of use").unwrap();
        let told = told(certificates.reload());
        assert!(told.contains("two.pem: no certificate in it"), "{told}");
        assert_eq!(chosen(&certificates, None), new, "all or nothing");
    }

    #[test]
    fn what_is_wrong_with_a_file_is_told() {
        let folder = Folder::new("wrong");
        let (good, other) = (folder.pair("good"), folder.pair("other"));
        folder.make(&good, "a.example.org");
        folder.make(&other, "a.example.org");
        let broken = folder.0.join("broken");
        std::fs::write(&broken, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
        let missing = folder.0.join("missing");
        for (cert, key, words) in [
            (&good.cert, &other.key, "other.key does not belong to the certificate in "),
            (&good.cert, &good.cert, "good.pem: no private key in it"),
            (&good.key, &good.key, "good.key: no certificate in it"),
            (&missing, &good.key, "cannot read "),
            (&good.cert, &missing, "cannot read "),
            (&broken, &good.key, "broken: the first certificate cannot be used"),
        ] {
            let told = told(Certificates::load(vec![Pair { cert: cert.clone(), key: key.clone() }]));
            assert!(told.contains(words), "{words}: {told}");
        }
        assert_eq!(told(Certificates::load(vec![])), "TLS needs a certificate");
        assert!(told(Certificates::load(vec![good; CERTIFICATES_MAX + 1])).starts_with("more than 64"));
    }
}
