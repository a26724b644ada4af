//! Tokens of all kinds, at an issuer that counts how often it is asked.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use alm_domain::{Clock, ManualClock, SystemClock};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use ring::{
    hmac,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;
use crate::outbound::{Outbound, Policy};

/// The RSA key of RFC 7515, A.2, which has signed nothing here: what its owner publishes is known to everybody.
const RSA_MODULUS: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
/// The token of the same place, and what it is signed over.
const RSA_TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

struct Bench {
    issuer: Issuer,
    address: String,
    asked: Arc<AtomicUsize>,
    clock: Arc<ManualClock>,
    key: EcdsaKeyPair,
}

impl Bench {
    async fn start() -> Self {
        // Twice is no error worth a word: another test was first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (asked, point) = (Arc::new(AtomicUsize::new(0)), key.public_key().as_ref().to_vec());
        tokio::spawn(serve(listener, address.clone(), Arc::clone(&asked), point));
        let clock = Arc::new(ManualClock::at(SystemClock.now()));
        let settings = IssuerSettings {
            issuer: address.parse().unwrap(),
            hosts: vec![],
            audience: "alm".to_owned(),
            algorithms: vec![Algorithm::Rs256, Algorithm::Es256],
            login_claim: "preferred_username".to_owned(),
            groups_claim: "groups".to_owned(),
            admission: Admission {
                groups: vec![],
                admins: vec!["boss".to_owned()],
                admin_groups: vec!["alm-admins".to_owned()],
            },
            ends_in_slash: false,
        };
        let outbound = Outbound::new(Policy::allowing(vec!["127.0.0.1".parse().unwrap()]));
        let issuer = Issuer::new(settings, outbound, None, Arc::clone(&clock) as Arc<dyn Clock>);
        Self { issuer, address, asked, clock, key }
    }

    fn claims(&self) -> Value {
        let now = self.clock.now().timestamp();
        json!({"iss": self.address, "aud": "alm", "sub": "7", "preferred_username": "mia", "name": "Mia", "iat": now,
            "nbf": now, "exp": now + 300})
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let signed = format!("{}.{}", encoded(header), encoded(claims));
        let signature = self.key.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    async fn verify(&self, header: Value, claims: Value) -> Result<Identity, SignInError> {
        self.issuer.verify(&self.sign(&header, &claims)).await
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn header() -> Value {
    json!({"alg": "ES256", "kid": "one", "typ": "JWT"})
}

/// Answers for the metadata and the keys; counts how often the keys are asked for.
async fn serve(listener: TcpListener, address: String, asked: Arc<AtomicUsize>, point: Vec<u8>) {
    loop {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut request = vec![0; 8192];
        let length = socket.read(&mut request).await.unwrap();
        let line = String::from_utf8_lossy(&request[..length]).into_owned();
        let body = if line.starts_with("GET /keys ") {
            asked.fetch_add(1, Ordering::SeqCst);
            let coordinate = |range: std::ops::Range<usize>| URL_SAFE_NO_PAD.encode(&point[range]);
            json!({"keys": [
                {"kty": "EC", "crv": "P-256", "kid": "one", "use": "sig", "x": coordinate(1..33), "y": coordinate(33..65)},
                {"kty": "RSA", "kid": "two", "alg": "RS256", "n": RSA_MODULUS, "e": "AQAB"},
                {"kty": "RSA", "kid": "short", "n": URL_SAFE_NO_PAD.encode([255; 64]), "e": "AQAB"},
                {"kty": "oct", "kid": "shared", "k": "c2VjcmV0"},
                {"kty": "EC", "crv": "P-256", "kid": "hidden", "use": "enc", "x": coordinate(1..33), "y": coordinate(33..65)},
            ]})
        } else {
            json!({"issuer": address, "authorization_endpoint": format!("{address}/auth"),
                "token_endpoint": format!("{address}/token"), "jwks_uri": format!("{address}/keys")})
        };
        let body = body.to_string();
        let reply = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        let _ = socket.write_all(reply.as_bytes()).await;
    }
}

#[tokio::test]
async fn a_token_of_the_issuer_stands_for_its_subject() {
    let bench = Bench::start().await;
    let who = bench.verify(header(), bench.claims()).await.unwrap();
    assert_eq!((who.issuer.as_str(), who.subject.as_str(), who.login.as_str()), (bench.address.as_str(), "7", "mia"));
    assert_eq!((who.display_name.as_str(), who.is_admin), ("Mia", false));
    assert_eq!(who.expires_at.unwrap().timestamp(), bench.claims()["exp"].as_i64().unwrap());
    let mut claims = bench.claims();
    claims["aud"] = json!(["other", "alm"]);
    claims["groups"] = json!(["alm-admins"]);
    assert!(bench.verify(json!({"alg": "ES256", "typ": "at+JWT"}), claims).await.unwrap().is_admin);
    let mut claims = bench.claims();
    claims["sub"] = json!("boss");
    claims["preferred_username"] = json!("a\nb");
    let boss = bench.verify(header(), claims).await.unwrap();
    assert_eq!((boss.is_admin, boss.login.as_str()), (true, "boss"), "a name that cannot be shown is none");
    assert_eq!(bench.asked(), 1, "the keys are asked for once");
}

#[tokio::test]
async fn confused_and_forged_tokens_stand_for_nobody() {
    let bench = Bench::start().await;
    let now = bench.clock.now().timestamp();
    let with = |name: &str, value: Value| {
        let mut claims = bench.claims();
        claims[name] = value;
        claims
    };
    let without = |name: &str| {
        let mut claims = bench.claims();
        claims.as_object_mut().unwrap().remove(name);
        claims
    };
    let mut accepted = Vec::new();
    for (what, header, claims) in [
        ("another audience", header(), with("aud", json!("other"))),
        ("no audience", header(), without("aud")),
        ("another issuer", header(), with("iss", json!("https://issuer.example"))),
        ("the issuer with a slash", header(), with("iss", json!(format!("{}/", bench.address)))),
        ("no issuer", header(), without("iss")),
        ("expired", header(), with("exp", json!(now - 31))),
        ("no expiry", header(), without("exp")),
        ("an expiry beyond all time", header(), with("exp", json!(1e300))),
        ("not yet valid", header(), with("nbf", json!(now + 60))),
        ("of the future", header(), with("iat", json!(now + 60))),
        ("no subject", header(), without("sub")),
        ("an empty subject", header(), with("sub", json!(" "))),
        ("an unknown key", json!({"alg": "ES256", "kid": "three"}), bench.claims()),
        ("a key for encryption", json!({"alg": "ES256", "kid": "hidden"}), bench.claims()),
        ("the key of another algorithm", json!({"alg": "RS256", "kid": "one"}), bench.claims()),
        ("an algorithm that is not pinned", json!({"alg": "ES384", "kid": "one"}), bench.claims()),
        ("none", json!({"alg": "none"}), bench.claims()),
        ("None", json!({"alg": "None", "kid": "one"}), bench.claims()),
        ("a demand", json!({"alg": "ES256", "kid": "one", "crit": ["exp"]}), bench.claims()),
        ("a logout token", json!({"alg": "ES256", "kid": "one", "typ": "logout+jwt"}), bench.claims()),
        ("claims that are no object", header(), json!([1])),
    ] {
        if bench.verify(header, claims).await.is_ok() {
            accepted.push(what);
        }
    }
    // Signed with what everybody knows, as if it were a shared secret.
    let modulus = URL_SAFE_NO_PAD.decode(RSA_MODULUS).unwrap();
    for secret in [modulus.as_slice(), RSA_MODULUS.as_bytes(), bench.key.public_key().as_ref(), b"secret"] {
        for kid in ["one", "two", "shared"] {
            let signed = format!("{}.{}", encoded(&json!({"alg": "HS256", "kid": kid})), encoded(&bench.claims()));
            let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed.as_bytes());
            let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag));
            if bench.issuer.verify(&token).await.is_ok() {
                accepted.push("HS256");
            }
        }
    }
    let good = bench.sign(&header(), &bench.claims());
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let (head, _) = signed.split_once('.').unwrap();
    let other = encoded(&with("sub", json!("boss")));
    for forged in [
        format!("{signed}."),
        format!("{head}.{other}.{signature}"),
        format!("{}.{}.{signature}", encoded(&json!({"alg": "ES256", "kid": "one", "jku": "https://x"})), other),
        format!("{good}.{signature}"),
        "..".to_owned(),
        "eyJ".to_owned(),
        format!("{signed}.{}", "A".repeat(LONGEST_TOKEN)),
    ] {
        if bench.issuer.verify(&forged).await.is_ok() {
            accepted.push("forged");
        }
    }
    assert_eq!(accepted, Vec::<&str>::new());
    assert!(bench.issuer.verify(&good).await.is_ok(), "what the others are measured against");
    assert!(bench.asked() <= 1, "{}", bench.asked());
}

#[tokio::test]
async fn a_thousand_unknown_keys_cost_one_question_in_thirty_seconds() {
    let bench = Bench::start().await;
    let unknown = async |n: usize| bench.verify(json!({"alg": "ES256", "kid": format!("k{n}")}), bench.claims()).await;
    let tries = futures::future::join_all((0..1000).map(unknown)).await;
    assert!(tries.iter().all(Result::is_err));
    assert_eq!(bench.asked(), 1);
    assert!(bench.verify(header(), bench.claims()).await.is_ok(), "known keys go on to count");
    bench.clock.advance(TimeDelta::seconds(29));
    assert!(unknown(1).await.is_err());
    assert_eq!(bench.asked(), 1);
    bench.clock.advance(TimeDelta::seconds(1));
    assert!(unknown(2).await.is_err() && unknown(3).await.is_err());
    assert_eq!(bench.asked(), 2);
}

#[tokio::test]
async fn rsa_signatures_are_checked_as_the_standard_has_them() {
    let jws = jws::Jws::read(RSA_TOKEN).unwrap();
    assert_eq!(jws.algorithm, Algorithm::Rs256);
    let bench = Bench::start().await;
    // Its claims are not for us; the signature alone is looked at here.
    let keys = keys::Keys::new(
        Outbound::new(Policy::allowing(vec!["127.0.0.1".parse().unwrap()])),
        bench.address.parse().unwrap(),
        vec![],
        None,
        Arc::clone(&bench.clock) as Arc<dyn Clock>,
    );
    assert_eq!(keys.have_signed(&jws).await, Ok(true));
    let broken = RSA_TOKEN.replace("cC4hiU", "cC4hiV");
    assert_eq!(keys.have_signed(&jws::Jws::read(&broken).unwrap()).await, Ok(false));
}

#[tokio::test]
async fn what_an_issuer_says_of_itself_is_asked_for_together_with_its_keys() {
    let bench = Bench::start().await;
    for _ in 0..3 {
        let metadata = bench.issuer.metadata().await.unwrap();
        assert_eq!(metadata.token_endpoint.as_str(), format!("{}/token", bench.address));
    }
    assert!(bench.verify(header(), bench.claims()).await.is_ok());
    assert_eq!(bench.asked(), 1);
}

#[test]
fn only_groups_that_are_named_may_sign_in() {
    let admission = Admission {
        groups: vec!["builders".to_owned()],
        admins: vec!["boss".to_owned()],
        admin_groups: vec!["root".to_owned()],
    };
    let group = |name: &str| vec![name.to_owned()];
    assert_eq!(admission.of(&["mia"], &group("builders")), Ok(false));
    assert_eq!(admission.of(&["mia"], &group("root")), Ok(true));
    assert_eq!(admission.of(&["boss"], &[]), Ok(true));
    for groups in [vec![], group("builder"), group("")] {
        assert!(admission.of(&["mia", "builders"], &groups).is_err());
    }
}

#[tokio::test]
async fn an_issuer_that_does_not_answer_is_no_verdict() {
    let bench = Bench::start().await;
    let settings = IssuerSettings {
        issuer: "http://127.0.0.1:9".parse().unwrap(),
        hosts: vec![],
        audience: "alm".to_owned(),
        algorithms: vec![Algorithm::Es256],
        login_claim: "sub".to_owned(),
        groups_claim: "groups".to_owned(),
        admission: Admission::default(),
        ends_in_slash: false,
    };
    let outbound = Outbound::new(Policy::allowing(vec!["127.0.0.1".parse().unwrap()]));
    let issuer = Issuer::new(settings, outbound, None, Arc::clone(&bench.clock) as Arc<dyn Clock>);
    let mut claims = bench.claims();
    claims["iss"] = json!("http://127.0.0.1:9");
    let token = bench.sign(&header(), &claims);
    for _ in 0..2 {
        let verdict = issuer.verify(&token).await;
        assert!(matches!(verdict, Err(SignInError::Unavailable(_))), "{verdict:?}");
    }
}
