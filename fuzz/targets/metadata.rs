//! Metadata of authorization servers: whatever is accepted leads to the host that was asked, by https.
#![no_main]

use alm_credentials::oauth::Metadata;

libfuzzer_sys::fuzz_target!(|document: &[u8]| {
    let Ok(asked) = "https://sso.example/realms/a".parse() else { return };
    if let Ok(metadata) = Metadata::read(document, &asked, &[]) {
        for url in [Some(&metadata.token_endpoint), metadata.revocation_endpoint.as_ref(), metadata.jwks_uri.as_ref()] {
            assert!(url.is_none_or(|url| url.scheme() == "https" && url.host_str() == Some("sso.example")));
        }
    }
});
