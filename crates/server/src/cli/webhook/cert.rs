//! Makes the papers of mutual TLS: an authority, the client certificate that webhooks show, and server certificates for
//! backends that have none. `spec/concepts/webhooks.md` 7.

use std::{
    fs::OpenOptions,
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};

/// Longest domain of a server certificate. Characters.
const DOMAIN_MAX: usize = 63;
/// The papers are good until the end of this year.
const LAST_YEAR: i32 = 2049;

/// Writes `ca.crt`, `client.crt` and `client.key`, and for each domain `<domain>.crt` and `<domain>.key`, in PEM; gives
/// their paths. The authority's own key is not kept: whoever needs more certificates makes new ones. No file that is
/// there already is touched.
pub fn make(folder: &Path, domains: &[String]) -> anyhow::Result<Vec<PathBuf>> {
    let papers = papers(domains)?;
    std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    papers.iter().map(|it| write(folder, &it.name, &it.pem, it.is_secret)).collect()
}

/// One file.
pub struct Paper {
    pub name: String,
    pub pem: String,
    is_secret: bool,
}

/// The same without writing them anywhere.
pub fn papers(domains: &[String]) -> anyhow::Result<Vec<Paper>> {
    domains.iter().try_for_each(|it| check_domain(it))?;
    let paper = |name: &str, pem: String, is_secret| Paper { name: name.to_owned(), pem, is_secret };
    let key = KeyPair::generate()?;
    let mut params = params("Magpie webhooks CA", &[])?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let authority = params.self_signed(&key)?;
    let issuer = Issuer::new(params, key);
    let mut made = vec![paper("ca.crt", authority.pem(), false)];
    let (certificate, key) = signed(&issuer, "Magpie webhooks", &[], ExtendedKeyUsagePurpose::ClientAuth)?;
    made.push(paper("client.crt", certificate.pem(), false));
    made.push(paper("client.key", key.serialize_pem(), true));
    for domain in domains {
        let names = std::slice::from_ref(domain);
        let (certificate, key) = signed(&issuer, domain, names, ExtendedKeyUsagePurpose::ServerAuth)?;
        made.push(paper(&format!("{domain}.crt"), certificate.pem(), false));
        made.push(paper(&format!("{domain}.key"), key.serialize_pem(), true));
    }
    Ok(made)
}

/// A domain names a file, so it has only what a domain may have.
fn check_domain(domain: &str) -> anyhow::Result<()> {
    let is_label = |it: &str| {
        !it.is_empty()
            && !it.starts_with('-')
            && !it.ends_with('-')
            && it.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-')
    };
    ensure!(
        domain.len() <= DOMAIN_MAX && domain.split('.').all(is_label),
        "{domain:?} is no domain of at most {DOMAIN_MAX} characters"
    );
    ensure!(!["ca", "client"].contains(&domain), "{domain:?} is the name of another file");
    Ok(())
}

fn params(name: &str, domains: &[String]) -> anyhow::Result<CertificateParams> {
    let mut params = CertificateParams::new(domains.to_vec())?;
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(LAST_YEAR, 12, 31);
    Ok(params)
}

fn signed(
    issuer: &Issuer<'_, KeyPair>,
    name: &str,
    domains: &[String],
    purpose: ExtendedKeyUsagePurpose,
) -> anyhow::Result<(Certificate, KeyPair)> {
    let key = KeyPair::generate()?;
    let mut params = params(name, domains)?;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![purpose];
    Ok((params.signed_by(&key, issuer)?, key))
}

fn write(folder: &Path, name: &str, pem: &str, is_secret: bool) -> anyhow::Result<PathBuf> {
    let path = folder.join(name);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, if is_secret { 0o600 } else { 0o644 });
    let file = options.open(&path);
    let mut file = file.with_context(|| format!("writing {}", path.display()))?;
    file.write_all(pem.as_bytes())?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_domains_name_files() {
        for (domain, is_fine) in [
            ("hooks.example.com", true),
            ("localhost", true),
            ("..", false),
            ("a/b", false),
            ("-a.example", false),
            ("ca", false),
            ("", false),
            (&"x".repeat(63), true),
            (&"x".repeat(64), false),
        ] {
            assert_eq!(check_domain(domain).is_ok(), is_fine, "{domain:?}");
        }
    }

    #[test]
    fn what_is_there_is_not_touched() {
        let folder = store::testing::Folder::new().unwrap();
        make(folder.path(), &[]).unwrap();
        let before = std::fs::read(folder.path().join("client.key")).unwrap();
        assert!(make(folder.path(), &[]).is_err());
        assert_eq!(std::fs::read(folder.path().join("client.key")).unwrap(), before);
    }
}
