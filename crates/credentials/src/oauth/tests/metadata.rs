//! What is believed of a server's words about itself.

use proptest::prelude::*;
use serde_json::{Value, json};
use url::Url;

use crate::oauth::{Metadata, OAuthError, check_issuer};

const ASKED: &str = "https://sso.example/realms/a";

fn read(document: &Value, consented: &[&str]) -> Result<Metadata, OAuthError> {
    let consented = consented.iter().map(|&host| host.to_owned()).collect::<Vec<_>>();
    Metadata::read(document.to_string().as_bytes(), &ASKED.parse::<Url>().unwrap(), &consented)
}

fn good() -> Value {
    json!({
        "issuer": ASKED,
        "authorization_endpoint": "https://sso.example/auth",
        "token_endpoint": "https://sso.example/token",
    })
}

fn with(field: &str, value: Value) -> Value {
    let mut document = good();
    document[field] = value;
    document
}

#[test]
fn an_issuer_speaks_for_its_own_host_and_for_no_other() {
    assert_eq!(read(&good(), &[]).unwrap().issuer, ASKED);
    for field in ["authorization_endpoint", "token_endpoint", "revocation_endpoint", "userinfo_endpoint", "jwks_uri"] {
        for elsewhere in ["https://evil.example/x", "https://sso.example:8443/x", "https://sso.example.evil.example/x"]
        {
            let refused = read(&with(field, json!(elsewhere)), &[]).unwrap_err();
            assert!(matches!(&refused, OAuthError::NoConsent { what, .. } if *what == field), "{refused:?}");
        }
        assert!(read(&with(field, json!("https://tokens.example/x")), &["tokens.example"]).is_ok());
        assert!(read(&with(field, json!("https://tokens.example:8443/x")), &["tokens.example:8443"]).is_ok());
        assert!(read(&with(field, json!("https://tokens.example/x")), &["tokens.example:8443"]).is_err());
    }
}

#[test]
fn a_place_to_sign_out_that_leads_elsewhere_is_left_out() {
    let place = |address: &str| read(&with("end_session_endpoint", json!(address)), &[]).unwrap().end_session_endpoint;
    assert_eq!(place("https://sso.example/out").unwrap().as_str(), "https://sso.example/out");
    for elsewhere in ["https://evil.example/out", "http://sso.example/out", "javascript:alert(1)", "out"] {
        assert_eq!(place(elsewhere), None, "{elsewhere}");
    }
}

/// A server that names another one as its issuer, and itself as the place to bring that one's codes.
#[test]
fn a_server_that_speaks_for_another_issuer_needs_consent_for_every_host() {
    let posing = json!({
        "issuer": "https://good.example",
        "authorization_endpoint": "https://good.example/auth",
        "token_endpoint": "https://sso.example/steal",
    });
    assert!(matches!(read(&posing, &[]), Err(OAuthError::NoConsent { what: "issuer", .. })));
    let refused = read(&posing, &["good.example"]).unwrap_err();
    assert!(matches!(&refused, OAuthError::NoConsent { what: "token_endpoint", .. }), "{refused:?}");
    let as_openshift = json!({
        "issuer": "https://oauth-openshift.apps.example",
        "authorization_endpoint": "https://oauth-openshift.apps.example/oauth/authorize",
        "token_endpoint": "https://oauth-openshift.apps.example/oauth/token",
        "code_challenge_methods_supported": ["plain", "S256"],
    });
    let metadata = read(&as_openshift, &["oauth-openshift.apps.example"]).unwrap();
    assert!(!metadata.names_issuer && !metadata.exchanges_tokens());
}

#[test]
fn addresses_that_are_none_and_other_nonsense_are_named() {
    for (document, part) in [
        (with("token_endpoint", json!("http://sso.example/token")), "its token_endpoint is not an https address"),
        (with("token_endpoint", json!("javascript:alert(1)")), "its token_endpoint is not an https address"),
        (with("authorization_endpoint", json!("https://a@sso.example/")), "its authorization_endpoint names a user"),
        (with("token_endpoint", json!("/token")), "its token_endpoint is not an address"),
        (
            with("token_endpoint", json!("https://sso.example/#x")),
            "its token_endpoint is longer than 2048 characters, or has",
        ),
        (with("token_endpoint", json!(format!("https://sso.example/{}", "x".repeat(3000)))), "longer than 2048"),
        (with("token_endpoint", json!(null)), "it has no token_endpoint"),
        (with("issuer", json!("none")), "its issuer is not an address"),
        (with("issuer", json!("https://sso.example/realms/a?x")), "a query or a fragment"),
        (with("issuer", json!(7)), "not a JSON object"),
        (json!([]), "not a JSON object"),
        (with("code_challenge_methods_supported", json!(["plain"])), "PKCE with S256"),
    ] {
        let refused = read(&document, &[]).unwrap_err().to_string();
        assert!(refused.contains(part), "{part}\n in {refused}");
    }
}

#[test]
fn who_answers_is_compared_as_it_stands() {
    let silent = read(&good(), &[]).unwrap();
    let naming = read(&with("authorization_response_iss_parameter_supported", json!(true)), &[]).unwrap();
    for (metadata, iss, fits) in [
        (&silent, None, true),
        (&silent, Some(ASKED), true),
        (&silent, Some("https://sso.example/realms/b"), false),
        (&naming, None, false),
        (&naming, Some(ASKED), true),
        (&naming, Some("https://sso.example/realms/a/"), false),
        (&naming, Some("HTTPS://sso.example/realms/a"), false),
        (&naming, Some(""), false),
    ] {
        assert_eq!(check_issuer(metadata, iss).is_ok(), fits, "{iss:?}");
    }
}

proptest! {
    #[test]
    fn whatever_is_accepted_is_on_a_host_that_was_asked_or_consented_to(
        issuer in "https?://(sso|evil|ok)\\.example(:[0-9]{1,4})?/realms/a",
        token in "https?://([a@]{0,2})(sso|evil|ok|127\\.0\\.0\\.1)(\\.example)?(:[0-9]{1,4})?/[a-z?#@]{0,6}",
    ) {
        let mut document = with("token_endpoint", json!(token));
        document["issuer"] = json!(issuer);
        if let Ok(metadata) = read(&document, &["ok.example"]) {
            let host = metadata.token_endpoint.host_str().unwrap();
            prop_assert!(["sso.example", "ok.example"].contains(&host), "{}", token);
            prop_assert_eq!(metadata.token_endpoint.scheme(), "https");
            prop_assert!(metadata.token_endpoint.username().is_empty());
        }
    }

    #[test]
    fn foreign_bytes_are_metadata_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Metadata::read(&bytes, &ASKED.parse::<Url>().unwrap(), &[]);
    }
}
