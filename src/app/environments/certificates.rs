//! Certificates that people give, in PEM.

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};

use crate::app::AppError;

/// Largest bundle, in bytes.
const LARGEST: usize = 64 * 1024;

/// A bundle that every client can load: at least one certificate, nothing but certificates. An empty text is none.
pub(super) fn checked(text: Option<String>) -> Result<Option<String>, AppError> {
    let Some(text) = text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()) else { return Ok(None) };
    let bad = |problem: String| Err(AppError::invalid(["caBundle"], problem));
    if text.len() > LARGEST {
        return bad(format!("has {} bytes, more than {LARGEST}: leave out what the cluster does not need", text.len()));
    }
    if text.contains("PRIVATE KEY") {
        return bad("holds a private key, which belongs to nobody but its owner: give certificates only".to_owned());
    }
    let begun = text.matches("-----BEGIN ").count();
    let mut roots = RootCertStore::empty();
    let mut read = 0;
    for certificate in CertificateDer::pem_slice_iter(text.as_bytes()) {
        read += 1;
        let added = certificate
            .map_err(|error| error.to_string())
            .and_then(|certificate| roots.add(certificate).map_err(|error| error.to_string()));
        if let Err(error) = added {
            return bad(format!("its certificate {read} cannot be used ({error}): give certificates in PEM"));
        }
    }
    if read == 0 || read != begun {
        return bad(format!(
            "holds {begun} blocks of PEM, of which {read} are certificates: give certificates only, each from \
             -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----"
        ));
    }
    Ok(Some(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_bundle_of_certificates_is_refused() {
        let block = |name: &str, body: &str| format!("-----BEGIN {name}-----\n{body}\n-----END {name}-----\n");
        for text in [
            "rubbish".to_owned(),
            block("CERTIFICATE", "bm90IGEgY2VydGlmaWNhdGU="),
            block("CERTIFICATE", "***"),
            block("PRIVATE KEY", "AAAA"),
            block("PUBLIC KEY", "AAAA"),
            "-----BEGIN CERTIFICATE-----\nAAAA".to_owned(),
            "x".repeat(LARGEST + 1),
        ] {
            assert!(checked(Some(text.clone())).is_err(), "{text:.80}");
        }
        assert_eq!(checked(Some(" \n".to_owned())).unwrap(), None);
        assert_eq!(checked(None).unwrap(), None);
    }
}
