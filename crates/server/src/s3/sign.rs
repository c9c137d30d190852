//! Signature Version 4, as stores that speak the protocol of S3 want it in the header `Authorization`.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::digest::{hex, mac};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

pub struct Signer<'a> {
    pub access_key: &'a str,
    pub secret_key: &'a str,
    pub region: &'a str,
}

impl Signer<'_> {
    /// The value of `Authorization` for a request without a query. `headers` have small letters, are in the order
    /// of their names, and have `x-amz-date` among them, which is `time` too.
    pub fn authorization(
        &self,
        (method, path): (&str, &str),
        headers: &[(&str, &str)],
        payload_hash: &str,
        time: &str,
    ) -> String {
        let mut canonical = format!("{method}\n{path}\n\n");
        headers.iter().for_each(|(name, value)| _ = writeln!(canonical, "{name}:{value}"));
        let names = headers.iter().map(|it| it.0).collect::<Vec<_>>().join(";");
        _ = write!(canonical, "\n{names}\n{payload_hash}");
        let date = time.split('T').next().unwrap_or(time);
        let scope = format!("{date}/{}/s3/aws4_request", self.region);
        let text = format!("{ALGORITHM}\n{time}\n{scope}\n{}", hex(&Sha256::digest(canonical.as_bytes())));
        let mut key = mac(format!("AWS4{}", self.secret_key).as_bytes(), date.as_bytes());
        for part in [self.region, "s3", "aws4_request"] {
            key = mac(&key, part.as_bytes());
        }
        let signature = hex(&mac(&key, text.as_bytes()));
        let credential = format!("{}/{scope}", self.access_key);
        format!("{ALGORITHM} Credential={credential},SignedHeaders={names},Signature={signature}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the protocol's own documentation.
    #[test]
    fn the_documented_example_has_the_documented_signature() {
        let signer = Signer {
            access_key: "AKIAIOSFODNN7EXAMPLE",
            secret_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            region: "us-east-1",
        };
        let nothing = hex(&Sha256::digest(b""));
        let headers = [
            ("host", "examplebucket.s3.amazonaws.com"),
            ("range", "bytes=0-9"),
            ("x-amz-content-sha256", &*nothing),
            ("x-amz-date", "20130524T000000Z"),
        ];
        let made = signer.authorization(("GET", "/test.txt"), &headers, &nothing, "20130524T000000Z");
        assert_eq!(
            made,
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,\
             SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,\
             Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        );
    }
}
