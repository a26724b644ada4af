//! The OAuth server of an environment, and everything that a call of it needs.

use alm_credentials::{
    identity::{Account, IdentityError, WhoAmI, who_am_i},
    oauth::{Client, Metadata, OAuthError, Server, discover, is_host},
    outbound::{CaBundle, Outbound},
};
use alm_domain::{Environment, OAuthClient, Principal};
use alm_store::{EnvironmentClients, client_secret_binding};
use reqwest::Url;
use secrecy::SecretString;

use crate::app::{App, AppError, environments::origin_of};

/// An environment's OAuth server, as it said of itself a moment ago.
pub(in crate::app) struct Target {
    /// The client by which we are known there.
    pub(in crate::app) record: OAuthClient,
    pub(in crate::app) client: Client,
    pub(in crate::app) metadata: Metadata,
    pub(in crate::app) ca: Option<CaBundle>,
    outbound: Outbound,
}

impl Target {
    pub(in crate::app) const fn server(&self) -> Server<'_> {
        Server { outbound: &self.outbound, metadata: &self.metadata, client: &self.client, ca: self.ca.as_ref() }
    }
}

/// Why there is no target: what can be set right by people, and what may heal by itself.
#[derive(Debug, thiserror::Error)]
pub(in crate::app) enum NoTarget {
    #[error(
        "there is no OAuth client for {origin}: ask an administrator to register one, or give one with the environment"
    )]
    NoClient { origin: String },
    #[error(transparent)]
    OAuth(#[from] OAuthError),
    #[error(transparent)]
    App(#[from] AppError),
}

impl From<NoTarget> for AppError {
    fn from(error: NoTarget) -> Self {
        match error {
            NoTarget::NoClient { .. } => Self::WrongState(error.to_string()),
            NoTarget::OAuth(error) => Self::WrongState(error.to_string()),
            NoTarget::App(error) => error,
        }
    }
}

impl App {
    /// The OAuth clients that there are for an environment.
    pub(in crate::app) async fn clients_of(&self, environment: &Environment) -> Result<EnvironmentClients, AppError> {
        let origin = origin_of(&environment.url).unwrap_or_else(|| environment.url.clone());
        Ok(self.store().oauth_clients_for(&Principal::system("connections"), &origin, environment.id).await?)
    }

    /// The OAuth server of an environment, found anew: what a server says of itself may change.
    pub(in crate::app) async fn target(&self, environment: &Environment) -> Result<Target, NoTarget> {
        let clients = self.clients_of(environment).await?;
        // Only the administrator lets codes and tokens go to other hosts than the cluster's own.
        let consented = clients.of_origin.as_ref().map(|client| client.token_hosts.clone()).unwrap_or_default();
        let of_origin = clients.of_origin.filter(|client| client.client_id.is_some());
        let record = clients.own.or(of_origin).ok_or_else(|| NoTarget::NoClient {
            origin: origin_of(&environment.url).unwrap_or_else(|| environment.url.clone()),
        })?;
        self.target_by(environment, record, &consented).await
    }

    /// The OAuth server of an environment as this client knows it; `consented` are hosts that the administrator lets it lead to.
    pub(in crate::app) async fn target_by(
        &self,
        environment: &Environment,
        record: OAuthClient,
        consented: &[String],
    ) -> Result<Target, NoTarget> {
        let ca = ca_of(environment)?;
        let address = record.issuer.as_deref().unwrap_or(&environment.url);
        let address = Url::parse(address).map_err(|_| OAuthError::NotFound { address: address.to_owned() })?;
        if record.environment.is_some()
            && origin_of(address.as_str()) != origin_of(&environment.url)
            && !consented.iter().any(|host| is_host(&address, host))
        {
            return Err(NoTarget::OAuth(OAuthError::NoConsent {
                address: environment.url.clone(),
                host: address.host_str().unwrap_or_default().to_owned(),
                what: "issuer of its OAuth client",
            }));
        }
        let metadata = discover(self.outbound(), &address, consented, ca.as_ref()).await?;
        let secret = match record.has_secret {
            true => self.opened(&client_secret_binding(record.id)).await?,
            false => None,
        };
        let client = Client { id: record.client_id.clone().unwrap_or_default(), secret, scopes: record.scopes.clone() };
        Ok(Target { record, client, metadata, ca, outbound: self.outbound().clone() })
    }

    /// Whose a token is at the environment's cluster; at the issuer where the address is no cluster's. `None` where nobody says.
    pub(in crate::app) async fn whose(
        &self,
        environment: &Environment,
        metadata: Option<&Metadata>,
        token: &SecretString,
    ) -> Result<Option<Account>, IdentityError> {
        let Ok(api) = Url::parse(&environment.url) else { return Ok(None) };
        let ca = ca_of(environment).ok().flatten();
        let userinfo = metadata.and_then(|metadata| metadata.userinfo_endpoint.clone());
        let places = [
            Some(WhoAmI::OpenShift { api: api.clone() }),
            Some(WhoAmI::Kubernetes { api }),
            userinfo.map(|userinfo| WhoAmI::Oidc { userinfo }),
        ];
        let mut is_cluster = false;
        for whom in places.into_iter().flatten() {
            if is_cluster && matches!(whom, WhoAmI::Oidc { .. }) {
                break;
            }
            match who_am_i(self.outbound(), &whom, token, ca.as_ref()).await {
                Ok(account) => return Ok(Some(account)),
                // It is a cluster, and takes the token. One that is no OpenShift refuses the first question to most, the second to nobody.
                Err(IdentityError::Forbidden { .. }) => is_cluster = true,
                Err(IdentityError::Unexpected { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// A sealed secret, opened.
    pub(in crate::app) async fn opened(&self, binding: &alm_domain::Binding) -> Result<Option<SecretString>, AppError> {
        let Some(sealed) = self.store().sealed(binding).await? else { return Ok(None) };
        Ok(Some(self.vault().open(binding, &sealed)?))
    }
}

fn ca_of(environment: &Environment) -> Result<Option<CaBundle>, AppError> {
    let bundle = environment.ca_bundle.as_deref().map(CaBundle::parse).transpose();
    bundle.map_err(|error| AppError::WrongState(error.to_string()))
}
