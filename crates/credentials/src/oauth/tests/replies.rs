//! Token replies: good ones, odd ones, and such as give away what they were told.

use alm_domain::Timestamp;
use chrono::DateTime;
use oauth2::basic::BasicErrorResponse;
use proptest::prelude::*;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::oauth::{
    OAuthError, Tokens, read_reply,
    token::{TokenReply, refusal, tokens},
};

fn now() -> Timestamp {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn read(reply: &Value) -> Result<Tokens, OAuthError> {
    let reply: TokenReply = serde_json::from_value(reply.clone())
        .map_err(|error| OAuthError::Refused { message: format!("not a reply: {error}") })?;
    tokens(&reply, &["asked".to_owned()], now())
}

#[test]
fn a_reply_of_openshift_is_read() {
    let reply =
        json!({"access_token": "sha256~abc", "expires_in": 86400, "scope": "user:full", "token_type": "Bearer"});
    let tokens = read(&reply).unwrap();
    assert_eq!(tokens.access.expose_secret(), "sha256~abc");
    assert_eq!((tokens.expires_at.unwrap() - now()).num_hours(), 24);
    assert_eq!((tokens.scopes, tokens.refresh.is_none()), (vec!["user:full".to_owned()], true));
}

#[test]
fn odd_replies_are_bounded_or_refused() {
    let with = |field: &str, value: Value| {
        let mut reply = json!({"access_token": "token", "token_type": "bearer"});
        reply[field] = value;
        read(&reply)
    };
    assert_eq!(with("x", json!(1)).unwrap().scopes, ["asked"], "what was asked for, where it does not say");
    assert!(with("x", json!(1)).unwrap().expires_at.is_none());
    let for_ever = with("expires_in", json!(u64::MAX)).unwrap().expires_at.unwrap();
    assert_eq!((for_ever - now()).num_days(), 3650);
    assert_eq!(with("scope", json!("a ".repeat(1000))).unwrap().scopes.len(), 100);
    for (field, value) in [
        ("access_token", json!("")),
        ("access_token", json!("a b")),
        ("access_token", json!("a\r\nX-Header: y")),
        ("access_token", json!("ü")),
        ("access_token", json!("x".repeat(20_000))),
        ("access_token", json!(null)),
        ("refresh_token", json!("")),
        ("refresh_token", json!("a b")),
        ("token_type", json!("mac")),
        ("token_type", json!("N_A")),
        ("expires_in", json!(-1)),
    ] {
        assert!(with(field, value.clone()).is_err(), "{field} {value}");
    }
}

#[test]
fn an_id_token_names_an_account_for_display_whatever_is_in_it() {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let named = |payload: &[u8]| {
        let token = format!("h.{}.s", URL_SAFE_NO_PAD.encode(payload));
        read(&json!({"access_token": "t", "token_type": "bearer", "id_token": token})).unwrap().account
    };
    assert_eq!(named(br#"{"sub": "1", "preferred_username": "ada"}"#).as_deref(), Some("ada"));
    assert_eq!(named(br#"{"sub": "1"}"#).as_deref(), Some("1"));
    assert_eq!(named(b"rubbish"), None);
    assert!(named(format!("{{\"sub\": \"{}\"}}", "x".repeat(5000)).as_bytes()).unwrap().len() < 200);
}

#[test]
fn errors_are_told_apart_as_servers_mean_them() {
    let secret = SecretString::from("c0de-canary-0123456789");
    let refused = |reply: Value| refusal(&serde_json::from_value::<BasicErrorResponse>(reply).unwrap(), &[&secret]);
    // OpenShift: the client, its secret or the code, used or unknown.
    assert_eq!(refused(json!({"error": "unauthorized_client"})), OAuthError::InvalidClient);
    assert_eq!(refused(json!({"error": "invalid_client"})), OAuthError::InvalidClient);
    assert_eq!(refused(json!({"error": "invalid_grant"})), OAuthError::InvalidGrant);
    assert_eq!(refused(json!({"error": "access_denied"})), OAuthError::Denied);
    let said = refused(json!({
        "error": "invalid_request", "error_description": "no such code: c0de-canary-0123456789",
        "error_uri": "https://x/?c0de-canary-0123456789",
    }));
    assert_eq!(said, OAuthError::Refused { message: "invalid_request (no such code: …)".to_owned() });
    let said = refused(json!({"error": "c0de-canary-0123456789"}));
    assert_eq!(said, OAuthError::Refused { message: "an unknown error".to_owned() });
}

#[test]
fn nothing_prints() {
    let tokens = read(&json!({
        "access_token": "canary-access", "refresh_token": "canary-refresh", "token_type": "bearer", "id_token": "canary.id.token",
    }));
    assert!(!format!("{tokens:?}").contains("canary"));
}

/// Told to the server with every request of these tests.
const SECRET: &str = "canary-secret-0123456789";

fn holds(text: &str) -> bool {
    SECRET.as_bytes().windows(8).any(|piece| text.contains(std::str::from_utf8(piece).unwrap()))
}

/// Replies made of the parts that real ones have, well or badly put together.
fn reply() -> impl Strategy<Value = Vec<u8>> {
    let name = prop_oneof![
        Just("access_token"),
        Just("refresh_token"),
        Just("id_token"),
        Just("token_type"),
        Just("expires_in"),
        Just("scope"),
        Just("error"),
        Just("error_description"),
        Just("error_uri"),
    ];
    let text = prop_oneof![
        Just("bearer".to_owned()),
        Just("invalid_grant".to_owned()),
        Just(SECRET.to_owned()),
        Just(format!("no such code: {SECRET}")),
        ".{0,30}",
    ];
    let value = prop_oneof![
        6 => text.prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => Just(Value::Null),
        1 => Just(json!([SECRET])),
        1 => Just(json!({ "x": SECRET })),
    ];
    let object = proptest::collection::vec((name, value), 0..7).prop_map(|fields| {
        let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value));
        Value::Object(fields.collect()).to_string().into_bytes()
    });
    prop_oneof![4 => object, 1 => proptest::collection::vec(any::<u8>(), 0..300)]
}

proptest! {
    #[test]
    fn whatever_is_taken_fits_into_a_header_and_no_error_repeats_a_secret(reply in reply(), cut in 0usize..400) {
        for reply in [&reply[..], &reply[..cut.min(reply.len())]] {
            match read_reply(reply, &SECRET.into(), now()) {
                Ok(tokens) => {
                    for token in [Some(&tokens.access), tokens.refresh.as_ref()].into_iter().flatten() {
                        let token = token.expose_secret();
                        prop_assert!(!token.is_empty() && token.bytes().all(|b| b.is_ascii_graphic()));
                    }
                    prop_assert!(tokens.scopes.len() <= 100 && tokens.expires_at.is_none_or(|end| end >= now()));
                }
                Err(error) => prop_assert!(!holds(&format!("{error} {error:?}")), "{error:?}"),
            }
        }
    }
}
