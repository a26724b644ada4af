//! A server on a free port.

use std::{net::SocketAddr, sync::Arc};

use alm::http::{AuthError, Authenticate, HttpConfig, HttpState, RequirePrincipal, SingleUserAuth, Token, router};
use alm_domain::{Principal, SystemIds};
use async_trait::async_trait;
use axum::{Router, routing::get};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use super::schema::{TestSchema, Traces, schema};

/// The one token of the test servers.
pub(crate) const TOKEN: &str = "the-token-of-the-tests-0123456789";

/// A server that ends with the test.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) traces: Arc<Traces>,
    pub(crate) shutdown: CancellationToken,
    pub(crate) served: JoinHandle<std::io::Result<()>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.shutdown.cancel();
        self.served.abort();
    }
}

/// A server with the default limits.
pub(crate) async fn serve() -> Running {
    serve_with(|_| {}).await
}

/// A server with some of the limits changed.
pub(crate) async fn serve_with(change: impl FnOnce(&mut HttpConfig)) -> Running {
    serve_state(change, |state| state).await
}

/// A server that lets everybody in, and pages of these origins.
pub(crate) async fn serve_everybody(origins: &[&str]) -> Running {
    let origins = origins.iter().map(|origin| (*origin).to_owned()).collect();
    serve_as(Arc::new(Everybody), |config| config.allowed_origins = origins).await
}

#[derive(Debug)]
struct Everybody;

#[async_trait]
impl Authenticate for Everybody {
    async fn authenticate(&self, _: Option<&str>) -> Result<Principal, AuthError> {
        Ok(Principal::single_user())
    }
}

/// A server with some of the limits and of what the transport is given changed.
pub(crate) async fn serve_state(
    change: impl FnOnce(&mut HttpConfig),
    give: impl FnOnce(HttpState<TestSchema>) -> HttpState<TestSchema>,
) -> Running {
    serve_with_state(Arc::new(SingleUserAuth::new(Token::new(TOKEN).unwrap())), change, give).await
}

/// A server with a door of its own and some of the limits changed.
pub(crate) async fn serve_as(auth: Arc<impl Authenticate + 'static>, change: impl FnOnce(&mut HttpConfig)) -> Running {
    serve_with_state(auth, change, |state| state).await
}

/// A server with a door of its own and some of the limits and of what the transport is given changed.
pub(crate) async fn serve_with_state(
    auth: Arc<impl Authenticate + 'static>,
    change: impl FnOnce(&mut HttpConfig),
    give: impl FnOnce(HttpState<TestSchema>) -> HttpState<TestSchema>,
) -> Running {
    let mut config = HttpConfig::default();
    change(&mut config);
    let config = Arc::new(config);
    let traces = Arc::new(Traces::default());
    let shutdown = CancellationToken::new();
    let extra = Router::new().route("/extra", get(|RequirePrincipal(who): RequirePrincipal| async move { who.key() }));
    let executor = schema(Arc::clone(&traces));
    let state = HttpState::new(executor, auth, Arc::new(SystemIds), Arc::clone(&config), shutdown.clone()).extra(extra);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let served = tokio::spawn(alm::http::serve(listener, router(give(state)), config, shutdown.clone()));
    Running { address, traces, shutdown, served }
}
