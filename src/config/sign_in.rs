//! Section `sign_in`.

use std::path::PathBuf;

use alm_credentials::sign_in::Algorithm;

use super::{AudienceParameter, Fallback, HostName, IssuerUrl, Problem, Words, macros::section};

section! {
    /// How people sign in. Without an issuer and a cluster the server is for one user, who has the token in the data directory.
    pub struct SignIn in "sign_in" {
        /// OpenID Connect issuer whose signed tokens (JWTs) are taken, exactly as it calls itself. Its keys are found by discovery.
        pub issuer: Option<IssuerUrl> = Fallback::Unset("none");
        /// What the tokens of the issuer must name as their audience (`aud`): what this server is called there. Never leave it to
        /// another service's name: its tokens would be valid here too.
        pub audience: Option<Words> = Fallback::Unset("none; it must be set where there is an issuer");
        /// Hosts besides its own where the issuer may have its keys and endpoints.
        pub hosts: Vec<HostName> = Fallback::Unset("none");
        /// What the pages of this server are called at the issuer: a public client, with `/sign-in/callback` of this server as its
        /// redirect address.
        pub client_id: Option<Words> = Fallback::Unset("none: the pages ask for a token");
        /// Scopes that the pages ask for.
        pub scopes: Vec<Words> = Fallback::Text("openid,profile");
        /// The parameter by which the pages ask the issuer for a token with this server's audience: `resource` (RFC 8707; the
        /// audience must then be an address, such as `urn:alm` or one with https) or `audience`.
        pub audience_parameter: Option<AudienceParameter> = Fallback::Unset("none: the issuer adds the audience by itself");
        /// Algorithms by which tokens may be signed. Shared secrets (HS256) and unsigned tokens are never taken.
        pub algorithms: Vec<Algorithm> = Fallback::Text("RS256,ES256");
        /// Claim with the short name of a person. It must be one that the issuer gives to one person only: it is what members of
        /// projects are found by.
        pub login_claim: Words = Fallback::Text("preferred_username");
        /// Claim with the groups of a person.
        pub groups_claim: Words = Fallback::Text("groups");
        /// Groups whose members may sign in, besides administrators.
        pub groups: Vec<Words> = Fallback::Unset("everybody whom the issuer or the cluster knows");
        /// Administrators, by what the issuer calls them (`sub`), or by their names at the cluster.
        pub admins: Vec<Words> = Fallback::Unset("none");
        /// Groups whose members are administrators.
        pub admin_groups: Vec<Words> = Fallback::Unset("none");
        /// Address of the API of an OpenShift cluster whose own tokens are taken. Each is asked about at the cluster, every few
        /// seconds.
        pub cluster: Option<IssuerUrl> = Fallback::Unset("none");
        /// File with the certificates (PEM) of the authorities that issuer and cluster are signed by.
        pub ca_file: Option<PathBuf> = Fallback::Unset("those that the system trusts");
        /// Whether the token in the data directory still opens everything although people sign in. For the day on which the issuer
        /// is down; turn it off again.
        pub keep_token: bool = Fallback::Text("false");
    }
}

/// Issuers where anybody can have an account.
const PUBLIC: [&str; 7] = [
    "accounts.google.com",
    "appleid.apple.com",
    "github.com",
    "gitlab.com",
    "login.live.com",
    "login.microsoftonline.com",
    "www.facebook.com",
];

impl SignIn {
    /// Whether people sign in at all.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        self.issuer.is_some() || self.cluster.is_some()
    }

    /// What in this combination would let in whom nobody meant, or nobody.
    pub(super) fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut wrong = |text: &str| problems.push(Problem(text.to_owned()));
        if self.issuer.is_some() && self.audience.is_none() {
            wrong(
                "sign_in.issuer is set without sign_in.audience, so that every token that it ever made, for whatever service, \
                 would open this server: set sign_in.audience (ALM_SIGN_IN_AUDIENCE) to the name of this server there",
            );
        }
        if self.issuer.is_some() && self.algorithms.is_empty() {
            wrong(
                "sign_in.algorithms is empty, so that no token could be checked: name those of the issuer, such as RS256",
            );
        }
        let host = self.issuer.as_ref().and_then(|issuer| issuer.url().host_str());
        if host.is_some_and(|host| PUBLIC.contains(&host)) && self.groups.is_empty() {
            wrong(
                "sign_in.issuer is one where anybody can have an account, so that everybody could sign in: set sign_in.groups \
                 (ALM_SIGN_IN_GROUPS) to those who may, or use an issuer of your own",
            );
        }
        let is_address =
            |audience: &Words| reqwest::Url::parse(audience.as_str()).is_ok_and(|url| url.fragment().is_none());
        if self.audience_parameter == Some(AudienceParameter::Resource)
            && !self.audience.as_ref().is_some_and(is_address)
        {
            wrong(
                "sign_in.audience_parameter is resource, and sign_in.audience is not an address: the two go together (RFC 8707), so \
                 call this server urn:alm, or by its own address, there and here",
            );
        }
        if self.audience_parameter.is_some() && self.client_id.is_none() {
            wrong(
                "sign_in.audience_parameter is set, but the pages do not sign in: set sign_in.client_id (ALM_SIGN_IN_CLIENT_ID), or \
                 unset sign_in.audience_parameter",
            );
        }
        if self.client_id.is_some() && self.issuer.is_none() && self.cluster.is_some() {
            wrong(
                "sign_in.client_id is set, but the pages sign in at an issuer only, not at a cluster: set sign_in.issuer \
                 (ALM_SIGN_IN_ISSUER), or unset sign_in.client_id",
            );
        }
        if !self.is_on() {
            let lonely = [
                (self.audience.is_some(), "audience"),
                (self.client_id.is_some(), "client_id"),
                (!self.groups.is_empty(), "groups"),
                (!self.admins.is_empty(), "admins"),
                (!self.admin_groups.is_empty(), "admin_groups"),
                (self.keep_token, "keep_token"),
            ];
            for (_, name) in lonely.into_iter().filter(|(is_set, _)| *is_set) {
                wrong(&format!(
                    "sign_in.{name} is set, but nobody can sign in: set sign_in.issuer (ALM_SIGN_IN_ISSUER) or sign_in.cluster \
                     (ALM_SIGN_IN_CLUSTER), or unset sign_in.{name}"
                ));
            }
        }
        problems
    }
}
