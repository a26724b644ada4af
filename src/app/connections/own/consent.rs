//! Where a person's own sign-in may go.
//!
//! **Architecture Invariant:** a bearer is sent nowhere but to origins for which the administrator allows it; and one that was made
//! for this service alone only where he allows that too, or back to whoever made it.

use alm_credentials::oauth::Metadata;
use alm_domain::OAuthClient;

use crate::app::{Bearer, BearerOrigin, environments::origin_of};

/// Whether a bearer may be sent, as it is, to the clusters that this client is for.
pub(super) fn may_be_sent(bearer: &Bearer, client: &OAuthClient) -> bool {
    let is_for_them = match bearer.origin {
        BearerOrigin::Issuer => client.audience.as_ref().is_some_and(|audience| bearer.audiences.contains(audience)),
        BearerOrigin::Cluster => origin_of(&bearer.issuer).is_some_and(|origin| origin == client.origin),
    };
    is_for_them || client.forward_tokens_for_us
}

/// Whether a bearer may be shown to this OAuth server, in exchange for another token.
pub(super) fn may_be_exchanged(bearer: &Bearer, client: &OAuthClient, server: &Metadata) -> bool {
    server.issuer == bearer.issuer || client.forward_tokens_for_us
}

#[cfg(test)]
mod tests {
    use alm_domain::{Clock, OAuthClientId, SequentialIds, SystemClock};

    use super::*;

    fn client() -> OAuthClient {
        OAuthClient {
            id: OAuthClientId::generate(&SequentialIds::new(1)),
            revision: 1,
            origin: "https://api.example:6443".to_owned(),
            environment: None,
            client_id: None,
            has_secret: false,
            issuer: None,
            scopes: vec![],
            token_hosts: vec![],
            own_token: vec![],
            forward_tokens_for_us: false,
            audience: None,
            created_at: SystemClock.now(),
        }
    }

    fn bearer(origin: BearerOrigin, issuer: &str, audiences: &[&str]) -> Bearer {
        Bearer {
            token: "x".into(),
            issued_at: None,
            expires_at: None,
            origin,
            issuer: issuer.to_owned(),
            audiences: audiences.iter().map(|audience| (*audience).to_owned()).collect(),
        }
    }

    #[test]
    fn what_was_made_for_us_alone_stays_here() {
        let named = || OAuthClient { audience: Some("clusters".to_owned()), ..client() };
        let opted = || OAuthClient { forward_tokens_for_us: true, ..client() };
        let of_issuer = |audiences: &[&str]| bearer(BearerOrigin::Issuer, "https://sso.example", audiences);
        let of_cluster = |api: &str| bearer(BearerOrigin::Cluster, api, &[]);
        for (bearer, client, sent) in [
            (of_issuer(&["alm"]), client(), false),
            (of_issuer(&["alm"]), named(), false),
            (of_issuer(&["alm"]), opted(), true),
            // That it is for somebody else as well does not make it one for these clusters.
            (of_issuer(&["alm", "account"]), client(), false),
            (of_issuer(&["alm", "account"]), named(), false),
            (of_issuer(&["alm", "clusters"]), named(), true),
            (of_cluster("https://api.example:6443/"), client(), true),
            (of_cluster("https://api.example/"), client(), false),
            (of_cluster("https://other.example:6443/"), named(), false),
            (of_cluster("https://other.example:6443/"), opted(), true),
            (of_cluster("nonsense"), client(), false),
        ] {
            assert_eq!(may_be_sent(&bearer, &client), sent, "{bearer:?} {:?} {client:?}", bearer.audiences);
        }
    }

    #[test]
    fn it_is_exchanged_by_whoever_made_it() {
        let document = serde_json::json!({
            "issuer": "https://sso.example",
            "authorization_endpoint": "https://sso.example/auth",
            "token_endpoint": "https://sso.example/token",
        });
        let asked = "https://sso.example".parse().unwrap();
        let server = Metadata::read(document.to_string().as_bytes(), &asked, &[]).unwrap();
        let of = |issuer: &str| bearer(BearerOrigin::Issuer, issuer, &["alm"]);
        assert!(may_be_exchanged(&of("https://sso.example"), &client(), &server));
        for other in ["https://sso.example/", "https://SSO.example", "https://sso.example.evil", ""] {
            assert!(!may_be_exchanged(&of(other), &client(), &server), "{other}");
        }
        let opted = OAuthClient { forward_tokens_for_us: true, ..client() };
        assert!(may_be_exchanged(&of("https://other.example"), &opted, &server));
    }
}
