//! One life of the server: from its start to its end, whichever that is.

use std::{net::SocketAddr, sync::Arc};

use alm::{
    app::{App, Credentials, Timing},
    graphql::{Api, Limits},
    http::{HttpConfig, HttpState, Token, downloads, serve},
    sign_in::Entrance,
    wiring,
};
use alm_credentials::outbound::Policy;
use alm_domain::{Clock, SystemIds};
use alm_store::Store;
use tokio::{net::TcpListener, runtime::Runtime};
use tokio_util::sync::CancellationToken;

use super::{factory::Factory, wallet::Purse};

/// The one token of the test servers.
pub(super) const TOKEN: &str = "the-token-of-the-stories-0123456789";

/// Issuers and clusters of the tests are on this machine.
fn on_this_machine() -> Policy {
    Policy::allowing(vec!["127.0.0.0/8".parse().unwrap()])
}

/// The key ring of the vault.
pub(super) const KEYS: &str = "vault.keys";

/// A server at work. It has a runtime of its own, so that it can die as a process dies: with all that it was doing.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    pub(super) app: App,
    closing: CancellationToken,
    served: tokio::task::JoinHandle<std::io::Result<()>>,
    runtime: Option<Runtime>,
}

impl Server {
    pub(super) async fn start(
        database: &str,
        factory: Factory,
        timing: Timing,
        http: HttpConfig,
        clock: Arc<dyn Clock>,
        purse: Purse,
    ) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let database = database.to_owned();
        let started = runtime.spawn(async move {
            let store = Store::connect(&database, Arc::clone(&clock), Arc::new(SystemIds)).await.unwrap();
            store.migrate().await.unwrap();
            let credentials = Credentials::new(None, &factory.home.join(KEYS), on_this_machine()).unwrap();
            let app = App::new(store, Arc::new(factory), Arc::clone(&clock), Arc::new(SystemIds), credentials, timing);
            match purse {
                Purse::Nobody => {}
                Purse::These(accounts) => app.use_wallet(Arc::new(accounts)),
                Purse::Connected => app.use_connections(),
            }
            app.resume().await.unwrap();
            let closing = CancellationToken::new();
            let http = Arc::new(http);
            let state = HttpState::new(
                Api::new(app.clone(), Limits::default(), timing),
                Arc::new(Entrance::new(app.clone(), clock).own_token(Token::new(TOKEN).unwrap())),
                Arc::new(SystemIds),
                Arc::clone(&http),
                closing.clone(),
            )
            .extra(downloads(app.clone()));
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            app.reached_at(format!("http://{address}/").parse().unwrap());
            let served = tokio::spawn(serve(listener, wiring::routes(state), http, closing.clone()));
            (address, app, closing, served)
        });
        let (address, app, closing, served) = started.await.unwrap();
        Self { address, app, closing, served, runtime: Some(runtime) }
    }

    /// Says good-bye to everybody, as on SIGTERM.
    pub(super) async fn stop(mut self) {
        let runtime = self.runtime.take().unwrap();
        let (app, closing) = (self.app.clone(), self.closing.clone());
        app.end_streams();
        closing.cancel();
        super::within(&mut self.served).await.unwrap().unwrap();
        let stopped = runtime.spawn(async move {
            app.shut_down().await;
            app.store().close().await.unwrap();
        });
        super::within(stopped).await.unwrap();
        runtime.shutdown_background();
    }
}

impl Drop for Server {
    /// Dies in the midst of whatever it does.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
