//! Whom the client of an app's webhooks trusts, and how it shows itself. `spec/concepts/webhooks.md` 7.

use std::{path::Path, sync::Arc};

use anyhow::{Context, ensure};
use chat::settings::Settings;
use rustls::{
    ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
};

/// The certificates of the system's own list and of the app's file, the client certificate if there is one.
pub fn config(settings: &Settings) -> anyhow::Result<ClientConfig> {
    let provider = Arc::new(ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions()?;
    let builder = match settings.webhooks_tls_insecure {
        true => builder.dangerous().with_custom_certificate_verifier(Arc::new(Anybody(provider))),
        false => builder.with_root_certificates(roots(&settings.webhooks_tls_ca_file)?),
    };
    let (certificate, key) = (&settings.webhooks_tls_client_cert, &settings.webhooks_tls_client_key);
    if certificate.is_empty() && key.is_empty() {
        return Ok(builder.with_no_client_auth());
    }
    let chain = certificates(Path::new(certificate))?;
    let key = PrivateKeyDer::from_pem_file(key).with_context(|| format!("no private key in {key}"))?;
    builder.with_client_auth_cert(chain, key).context("the client certificate and its key do not fit")
}

/// The system's own list and the certificates of a file, without a client certificate.
pub fn server_only(ca_file: &str) -> anyhow::Result<ClientConfig> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(roots(ca_file)?).with_no_client_auth())
}

fn roots(own: &str) -> anyhow::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    // A machine without certificates of its own can still have the app's.
    for certificate in rustls_native_certs::load_native_certs().certs {
        _ = roots.add(certificate);
    }
    if !own.is_empty() {
        for certificate in certificates(Path::new(own))? {
            roots
                .add(certificate)
                .with_context(|| format!("{own} holds a certificate that cannot be used"))?;
        }
    }
    Ok(roots)
}

pub(super) fn certificates(path: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let shown = path.display();
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain = read.with_context(|| format!("{shown} cannot be read"))?;
    ensure!(!chain.is_empty(), "no certificate in {shown}");
    Ok(chain)
}

/// Believes whoever answers: for tests of a backend whose certificate nobody signed.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
