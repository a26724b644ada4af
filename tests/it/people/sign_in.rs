//! Signing in with a token of an issuer.

use std::sync::Arc;

use alm::{
    http::{AuthError, Authenticate},
    sign_in::Entrance,
};
use alm_build_spi::conformance::fake::Script;
use alm_credentials::{
    outbound::{Outbound, Policy},
    sign_in::{Admission, Algorithm, Cluster, Issuer, IssuerSettings},
};
use alm_domain::{Clock, ManualClock, Role, SystemClock};
use axum::{Json, Router, http::HeaderMap, http::StatusCode, routing::get};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::TestApp;

/// The opaque token that the cluster knows.
const OPAQUE: &str = "sha256~AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCdE";

/// An issuer and a cluster at one address.
struct Outside {
    address: String,
    key: EcdsaKeyPair,
}

impl Outside {
    async fn start() -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let point = key.public_key().as_ref();
        let part = |range: std::ops::Range<usize>| URL_SAFE_NO_PAD.encode(&point[range]);
        let keys = json!({"keys": [{"kty": "EC", "crv": "P-256", "kid": "one", "x": part(1..33), "y": part(33..65)}]});
        let metadata = json!({"issuer": address, "authorization_endpoint": format!("{address}/auth"),
            "token_endpoint": format!("{address}/token"), "jwks_uri": format!("{address}/keys")});
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(async || Json(metadata)))
            .route("/keys", get(async || Json(keys)))
            .route("/apis/user.openshift.io/v1/users/~", get(who));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { address, key }
    }

    fn token(&self, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&json!({"alg": "ES256", "kid": "one", "typ": "at+jwt"})), part(claims));
        let signature = self.key.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

async fn who(headers: HeaderMap) -> (StatusCode, Json<Value>) {
    if headers["authorization"] == format!("Bearer {OPAQUE}").as_str() {
        let user = json!({"kind": "User", "metadata": {"name": "oskar", "uid": "77"}, "groups": ["ops"]});
        (StatusCode::OK, Json(user))
    } else {
        (StatusCode::UNAUTHORIZED, Json(json!({})))
    }
}

#[tokio::test]
async fn people_sign_in_by_their_issuer_and_by_their_cluster() {
    let (app, outside) = (TestApp::fake(Script::new()).await, Outside::start().await);
    let clock = Arc::new(ManualClock::at(SystemClock.now()));
    let outbound = Outbound::new(Policy::allowing(vec!["127.0.0.1".parse().unwrap()]));
    let admission = Admission { admin_groups: vec!["ops".to_owned()], ..Admission::default() };
    let settings = IssuerSettings {
        issuer: outside.address.parse().unwrap(),
        ends_in_slash: false,
        hosts: vec![],
        audience: "alm".to_owned(),
        algorithms: vec![Algorithm::Es256],
        login_claim: "preferred_username".to_owned(),
        groups_claim: "groups".to_owned(),
        admission: admission.clone(),
    };
    let issuer = Issuer::new(settings, outbound.clone(), None, Arc::clone(&clock) as Arc<dyn Clock>);
    let cluster = Cluster::new(outside.address.parse().unwrap(), admission, outbound, None);
    let entrance =
        Entrance::new(app.app().clone(), Arc::clone(&clock) as Arc<dyn Clock>).issuer(issuer).cluster(cluster);

    let now = clock.now().timestamp();
    let claims =
        json!({"iss": outside.address, "aud": "alm", "sub": "7", "preferred_username": "mia", "exp": now + 300});
    let token = outside.token(&claims);
    let mia = entrance.authenticate(Some(&token)).await.unwrap();
    assert_eq!((mia.role, mia.expires_at().map(|at| at.timestamp())), (Role::Member, Some(now + 300)));
    assert_eq!(entrance.authenticate(Some(&token)).await, Ok(mia.clone()));
    let known = app.app().store().user_by_login(&mia, "mia").await.unwrap().unwrap();
    assert_eq!((Some(known.id), known.subject.as_str()), (mia.user(), "7"));
    let held = app.app().presence().bearer(known.id).unwrap();
    assert_eq!(held.token.expose_secret(), token);

    let oskar = entrance.authenticate(Some(OPAQUE)).await.unwrap();
    assert_eq!((oskar.role, oskar.expires_at()), (Role::Admin, None));
    assert_ne!(oskar.user(), mia.user());

    for wrong in [
        outside.token(&json!({"iss": outside.address, "aud": "other", "sub": "7", "exp": now + 300})),
        format!("{token}x"),
        OPAQUE.replace('A', "B"),
        "the-token-of-the-stories-0123456789".to_owned(),
    ] {
        assert_eq!(entrance.authenticate(Some(&wrong)).await, Err(AuthError::Invalid), "{wrong}");
    }
    assert_eq!(entrance.authenticate(None).await, Err(AuthError::Missing));
    clock.advance(TimeDelta::seconds(301));
    assert_eq!(entrance.authenticate(Some(&token)).await, Err(AuthError::Expired), "also while it is remembered");
}
