//! The OAuth protocol, against real issuers.

use alm_credentials::{
    identity::{IdentityError, WhoAmI, who_am_i},
    oauth::{
        Client, Metadata, OAuthError, Prompt, Server, TokenHint, Tokens, authorize, check_issuer, discover, exchange,
        exchange_token, refresh, revoke, revoke_at_openshift,
    },
    outbound::{Outbound, Policy},
};
use alm_domain::{Clock, SystemClock, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use url::Url;

use crate::support::{Callback, Issuer};

/// Where the issuer's own client lets authorizations end.
const REDIRECT: &str = "http://127.0.0.1:8080/oauth/callback";

/// Everything that a caller of the protocol has.
struct Caller {
    outbound: Outbound,
    metadata: Metadata,
    client: Client,
}

/// An authorization that a user has agreed to.
struct Agreed {
    callback: Callback,
    verifier: SecretString,
}

fn outbound() -> Outbound {
    Outbound::new(Policy::allowing(vec!["127.0.0.0/8".parse().unwrap()]))
}

fn url(text: &str) -> Url {
    text.parse().unwrap()
}

fn now() -> Timestamp {
    SystemClock.now()
}

impl Caller {
    async fn of(issuer: &Issuer) -> Self {
        let outbound = outbound();
        let metadata = discover(&outbound, &url(&issuer.address), &[], None).await.unwrap();
        let client = Client {
            id: issuer.client_id.clone(),
            secret: Some(issuer.client_secret.as_str().into()),
            scopes: vec!["openid".to_owned(), "offline_access".to_owned()],
        };
        Self { outbound, metadata, client }
    }

    fn server(&self) -> Server<'_> {
        Server { outbound: &self.outbound, metadata: &self.metadata, client: &self.client, ca: None }
    }

    async fn agreed(&self, issuer: &Issuer, user: &str) -> Agreed {
        let started = authorize(&self.metadata, &self.client, &url(REDIRECT), Prompt::Usual, &mut rand::rng()).unwrap();
        let callback = issuer.approve(started.url.as_str(), user).await;
        assert_eq!(callback.state, started.state.expose_secret());
        Agreed { callback, verifier: started.verifier }
    }

    async fn exchange(&self, agreed: &Agreed) -> Result<Tokens, OAuthError> {
        check_issuer(&self.metadata, Some(&agreed.callback.iss))?;
        let code = agreed.callback.code.as_str().into();
        exchange(&self.server(), &code, &agreed.verifier, &url(REDIRECT), now()).await
    }
}

#[tokio::test]
async fn a_code_becomes_tokens_once_and_they_belong_to_whom_agreed() {
    let Some(issuer) = Issuer::with_refresh().await else { return };
    let caller = Caller::of(&issuer).await;
    let agreed = caller.agreed(&issuer, "alice").await;
    let before = now();
    let tokens = caller.exchange(&agreed).await.unwrap();
    let life = tokens.expires_at.unwrap() - before;
    assert!((3595..=3605).contains(&life.num_seconds()), "{life}");
    assert_eq!((tokens.account.as_deref(), tokens.scopes.len()), (Some("alice"), 2));

    let userinfo = WhoAmI::Oidc { userinfo: caller.metadata.userinfo_endpoint.clone().unwrap() };
    let openshift = WhoAmI::OpenShift { api: url(&issuer.cluster) };
    let kubernetes = WhoAmI::Kubernetes { api: url(&issuer.cluster) };
    for whom in [userinfo, openshift.clone(), kubernetes] {
        let account = who_am_i(&caller.outbound, &whom, &tokens.access, None).await.unwrap();
        assert_eq!(account.name, "alice", "{whom:?}");
    }
    let stranger = who_am_i(&caller.outbound, &openshift, &"sha256~nobody".into(), None).await.unwrap_err();
    assert!(matches!(stranger, IdentityError::Unauthorized { .. }), "{stranger:?}");

    // A code that was used is of no use; this issuer takes back what it has given for it, too.
    assert_eq!(caller.exchange(&agreed).await.unwrap_err(), OAuthError::InvalidGrant);
    let after = who_am_i(&caller.outbound, &openshift, &tokens.access, None).await.unwrap_err();
    assert!(matches!(after, IdentityError::Unauthorized { .. }), "{after:?}");
}

#[tokio::test]
async fn a_code_is_of_no_use_with_another_verifier_another_client_or_another_address() {
    let Some(issuer) = Issuer::with_refresh().await else { return };
    let caller = Caller::of(&issuer).await;
    issuer.add_client("other", REDIRECT).await;

    let mut agreed = caller.agreed(&issuer, "alice").await;
    agreed.verifier = caller.agreed(&issuer, "mallory").await.verifier;
    assert_eq!(caller.exchange(&agreed).await.unwrap_err(), OAuthError::InvalidGrant);

    let agreed = caller.agreed(&issuer, "alice").await;
    let mut other = Caller::of(&issuer).await;
    other.client.id = "other".to_owned();
    assert_eq!(other.exchange(&agreed).await.unwrap_err(), OAuthError::InvalidGrant);

    let agreed = caller.agreed(&issuer, "alice").await;
    let code = agreed.callback.code.as_str().into();
    let elsewhere = url("http://127.0.0.1:8080/oauth/callback/deeper");
    let refused = exchange(&caller.server(), &code, &agreed.verifier, &elsewhere, now()).await.unwrap_err();
    assert_eq!(refused, OAuthError::InvalidGrant);

    let agreed = caller.agreed(&issuer, "alice").await;
    let mut wrong = Caller::of(&issuer).await;
    wrong.client.secret = Some("not the secret".into());
    assert_eq!(wrong.exchange(&agreed).await.unwrap_err(), OAuthError::InvalidClient);
}

#[tokio::test]
async fn an_answer_of_another_issuer_is_not_taken() {
    let Some(one) = Issuer::with_refresh().await else { return };
    let Some(other) = Issuer::without_refresh().await else { return };
    let (caller, stranger) = (Caller::of(&one).await, Caller::of(&other).await);
    let agreed = stranger.agreed(&other, "alice").await;
    let before = (one.count("token").await, other.count("token").await);
    assert_eq!(caller.exchange(&agreed).await.unwrap_err(), OAuthError::WrongIssuer);
    // Nor one that does not say whose it is, although this issuer always does.
    assert_eq!(check_issuer(&caller.metadata, None).unwrap_err(), OAuthError::WrongIssuer);
    assert_eq!((one.count("token").await, other.count("token").await), before, "nobody was told the code");
}

#[tokio::test]
async fn a_refresh_token_is_used_once_and_a_new_one_takes_its_place() {
    let Some(issuer) = Issuer::with_refresh().await else { return };
    let caller = Caller::of(&issuer).await;
    let first = caller.exchange(&caller.agreed(&issuer, "alice").await).await.unwrap();
    let old = first.refresh.clone().unwrap();
    let second = refresh(&caller.server(), &old, now()).await.unwrap();
    assert_ne!(second.refresh.as_ref().unwrap().expose_secret(), old.expose_secret());
    assert_ne!(second.access.expose_secret(), first.access.expose_secret());
    assert!(second.outlast(first.expires_at) && !second.outlast(second.expires_at));
    assert_eq!(refresh(&caller.server(), &old, now()).await.unwrap_err(), OAuthError::InvalidGrant);
}

#[tokio::test]
async fn an_issuer_without_refresh_tokens_gives_none() {
    let Some(issuer) = Issuer::without_refresh().await else { return };
    let caller = Caller::of(&issuer).await;
    let tokens = caller.exchange(&caller.agreed(&issuer, "alice").await).await.unwrap();
    assert!(tokens.refresh.is_none());
    assert!((tokens.expires_at.unwrap() - now()).num_seconds() <= 30);
}

#[tokio::test]
async fn tokens_are_given_back_in_the_way_of_each_server() {
    let Some(issuer) = Issuer::with_refresh().await else { return };
    let caller = Caller::of(&issuer).await;
    let whom = WhoAmI::OpenShift { api: url(&issuer.cluster) };
    let ended = async |token: &SecretString| who_am_i(&caller.outbound, &whom, token, None).await.is_err();

    let tokens = caller.exchange(&caller.agreed(&issuer, "alice").await).await.unwrap();
    revoke(&caller.server(), &tokens.refresh.unwrap(), TokenHint::Refresh).await.unwrap();
    assert!(ended(&tokens.access).await, "with the refresh token ends what it has brought");
    revoke(&caller.server(), &tokens.access, TokenHint::Access).await.unwrap();

    let token = issuer.token("bob").await.into();
    assert!(!ended(&token).await);
    revoke_at_openshift(&caller.outbound, &url(&issuer.cluster), &token, None).await.unwrap();
    assert!(ended(&token).await);
    revoke_at_openshift(&caller.outbound, &url(&issuer.cluster), &token, None).await.unwrap();
    assert_eq!(issuer.count("delete").await, 1);
}

#[tokio::test]
async fn a_users_own_token_is_exchanged_for_one_of_the_cluster() {
    let Some(issuer) = Issuer::with_refresh().await else { return };
    let caller = Caller::of(&issuer).await;
    let own = issuer.jwt(json!({ "sub": "carol" }), 60).await.into();
    let tokens = exchange_token(&caller.server(), &own, Some("urn:cluster"), now()).await.unwrap();
    let whom = WhoAmI::OpenShift { api: url(&issuer.cluster) };
    assert_eq!(who_am_i(&caller.outbound, &whom, &tokens.access, None).await.unwrap().name, "carol");
    let refused = exchange_token(&caller.server(), &"nobody's".into(), None, now()).await.unwrap_err();
    assert_eq!(refused, OAuthError::InvalidGrant);
}

#[tokio::test]
async fn a_cluster_that_leads_to_another_host_needs_consent() {
    let Some(issuer) = Issuer::with_refresh().await else { return };
    let outbound = outbound();
    let cluster = url(&issuer.cluster);
    let refused = discover(&outbound, &cluster, &[], None).await.unwrap_err();
    assert!(matches!(refused, OAuthError::NoConsent { what: "issuer", .. }), "{refused:?}");
    let host = issuer.address.trim_start_matches("http://").to_owned();
    let metadata = discover(&outbound, &cluster, &[host], None).await.unwrap();
    assert_eq!(metadata.issuer, issuer.address);
}

#[tokio::test]
async fn an_issuer_that_echoes_or_is_out_of_order_gives_nothing_away() {
    let Some(issuer) = Issuer::with_refresh().await else { return };
    let caller = Caller::of(&issuer).await;
    let agreed = caller.agreed(&issuer, "alice").await;
    let secrets = [
        agreed.callback.code.clone(),
        agreed.verifier.expose_secret().to_owned(),
        issuer.client_secret.clone(),
        // As the header carries it.
        base64_of(&format!("{}:{}", issuer.client_id, issuer.client_secret)),
    ];
    issuer.command("trouble", json!({ "token": "echo" })).await;
    let refused = caller.exchange(&agreed).await.unwrap_err();
    let said = format!("{refused} {refused:?}");
    assert!(matches!(refused, OAuthError::Refused { .. }), "{said}");
    for secret in &secrets {
        for piece in secret.as_bytes().windows(8) {
            assert!(!said.contains(std::str::from_utf8(piece).unwrap()), "{said}");
        }
    }
    for mode in ["down", "redirect"] {
        issuer.command("trouble", json!({ "token": mode })).await;
        let refused = caller.exchange(&agreed).await.unwrap_err();
        assert_eq!(refused.is_transient(), mode == "down", "{refused:?}");
    }
    assert_eq!(issuer.count("cluster").await, 0, "the redirect was not followed");
    issuer.command("trouble", json!({ "token": null })).await;
    caller.exchange(&agreed).await.unwrap();
}

#[tokio::test]
async fn a_user_may_say_no() {
    let Some(issuer) = Issuer::with_refresh().await else { return };
    let caller = Caller::of(&issuer).await;
    let started = authorize(&caller.metadata, &caller.client, &url(REDIRECT), Prompt::Usual, &mut rand::rng()).unwrap();
    let callback = issuer.deny(started.url.as_str(), "alice").await;
    assert_eq!((callback.error.as_str(), callback.code.as_str()), ("access_denied", ""));
}

fn base64_of(text: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(text)
}
