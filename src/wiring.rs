//! The composition root: the only file that names a concrete provider, database or transport.

use std::{path::PathBuf, sync::Arc, time::Duration};

use alm_build_spi::{BuildProvider, ProviderDescriptor, ProviderError};
use alm_domain::{Clock, Principal, Provider, ProviderKind, Settings, SystemClock, SystemIds};
use alm_provider_local::{LocalConfig, LocalProvider};
use alm_store::{PageRequest, Store};
use async_trait::async_trait;
use axum::Router;
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

use crate::{
    app::{App, ProviderFactory, RegisterProvider, Timing},
    cli::{BoxError, Composition, Ready, Serving},
    config::{Config, ConfigError, Problem},
    graphql::{self, Api, Limits},
    http::{self, HttpConfig, HttpState, Readiness, SingleUserAuth, Token, TrustedDocuments},
};

/// Short name of the provider that is there from the first start.
const EMBEDDED: &str = "local";

/// The service as it is shipped.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wiring;

#[async_trait]
impl Composition for Wiring {
    fn schema(&self) -> Result<String, BoxError> {
        Ok(graphql::sdl())
    }

    async fn migrate(&self, config: &Config) -> Result<(), BoxError> {
        let store = connect(config).await?;
        store.migrate().await?;
        store.close().await?;
        Ok(())
    }

    async fn serve(&self, serving: Serving) -> Result<(), BoxError> {
        let Serving { config, data, listener, ready, stop } = serving;
        let token = Token::load_or_create(&data.path().join("token"), &mut rand::rng())?;
        let transport = Arc::new(transport(&config));
        let documents = trusted_documents(&config, &transport)?;
        let store = connect(&config).await?;
        store.lock_exclusive().await?;
        store.migrate().await?;

        let timing = Timing::default();
        let factory = Factory { data: data.path().to_owned(), local_repositories: config.allow_local_repositories() };
        let app = App::new(store.clone(), Arc::new(factory), Arc::new(SystemClock), Arc::new(SystemIds), timing);
        register_embedded(&app).await?;
        app.resume().await?;

        let closing = CancellationToken::new();
        let state = HttpState::new(
            Api::new(app.clone(), Limits::default(), timing),
            Arc::new(SingleUserAuth::new(token.clone())),
            Arc::new(SystemIds),
            Arc::clone(&transport),
            closing.clone(),
        )
        .documents(documents)
        .readiness(Arc::new(Database(store.clone())))
        .metrics(metrics_exporter_prometheus::PrometheusBuilder::new().install_recorder()?)
        .extra(http::downloads(app.clone()));
        let server = http::serve(listener, routes(state), transport, closing.clone());
        // Nobody waiting for the word means that the command line is on its way out.
        let _ = ready.send(Ready { token: SecretString::from(token.expose().to_owned()) });

        tokio::pin!(server);
        let served = tokio::select! {
            served = &mut server => served,
            () = stop.cancelled() => {
                // Streams end first, each with its last event, then the sockets, then the followers.
                app.end_streams();
                closing.cancel();
                server.await
            }
        };
        app.shut_down().await;
        store.close().await?;
        drop(data);
        Ok(served?)
    }
}

/// The routes of the transport in front of the API. Whoever serves them elsewhere gets them compiled, here, instead of compiling the
/// whole schema once more.
pub fn routes(state: HttpState<Api>) -> Router {
    http::router(state)
}

async fn connect(config: &Config) -> Result<Store, BoxError> {
    let url = config.database_url();
    Ok(Store::connect(url.expose(), Arc::new(SystemClock), Arc::new(SystemIds)).await?)
}

/// The embedded provider is there from the first start; an administrator may change, disable or remove it.
async fn register_embedded(app: &App) -> Result<(), BoxError> {
    let system = Principal::system("setup");
    if !app.store().list_providers(&system, true, &PageRequest::first(1)).await?.items.is_empty() {
        return Ok(());
    }
    let request = RegisterProvider {
        slug: EMBEDDED.parse()?,
        display_name: "This machine".to_owned(),
        kind: ProviderKind::Local,
        endpoint: None,
        settings: Settings::new(),
        validate_only: false,
    };
    app.register_provider(&system, request).await?;
    Ok(())
}

fn transport(config: &Config) -> HttpConfig {
    let limits = &config.limits;
    HttpConfig {
        allowed_hosts: config.server.hosts(),
        allowed_origins: config.server.origins(),
        max_body: limits.body.get(),
        request_timeout: limits.request_timeout.get(),
        header_timeout: limits.header_timeout.get(),
        drain_timeout: limits.shutdown_timeout.get().max(Duration::from_millis(1)),
        max_connections: limits.connections.get(),
        max_subscriptions_per_socket: limits.subscriptions_per_socket.get(),
        max_message: limits.message.get(),
        init_timeout: limits.init_timeout.get(),
        ..HttpConfig::default()
    }
}

fn trusted_documents(config: &Config, transport: &HttpConfig) -> Result<TrustedDocuments, ConfigError> {
    let Some(manifest) = &config.documents.manifest else { return Ok(TrustedDocuments::default()) };
    let documents = TrustedDocuments::load(manifest, &transport.document)
        .map_err(|error| ConfigError(vec![Problem::of("documents.manifest", error)]))?
        .only_for(config.documents.only_for.clone());
    tracing::info!(documents = documents.len(), manifest = %manifest.display(), "knows trusted documents");
    Ok(documents)
}

/// Ready means: the database answers.
#[derive(Debug)]
struct Database(Store);

#[async_trait]
impl Readiness for Database {
    async fn ready(&self) -> Result<(), String> {
        self.0.ping().await.map_err(|_| "the database does not answer".to_owned())
    }
}

/// Makes providers of the kinds that this build of the service has.
#[derive(Debug)]
struct Factory {
    data: PathBuf,
    local_repositories: bool,
}

impl Factory {
    /// Where a local provider keeps files of this kind.
    fn own(&self, provider: &Provider, kind: &str) -> PathBuf {
        self.data.join(kind).join(provider.id.to_string())
    }
}

impl ProviderFactory for Factory {
    fn descriptor(&self, kind: ProviderKind) -> Option<ProviderDescriptor> {
        match kind {
            ProviderKind::Local => Some(alm_provider_local::descriptor()),
            ProviderKind::Openshift | ProviderKind::Tekton | ProviderKind::Remote => None,
        }
    }

    fn open(&self, provider: &Provider) -> Result<Arc<dyn BuildProvider>, ProviderError> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        match provider.kind {
            ProviderKind::Local => {
                let own = |kind: &str| self.own(provider, kind);
                let config = LocalConfig {
                    spool: own("spool"),
                    work: own("work"),
                    artifacts: own("artifacts"),
                    configs: own("configs"),
                    git: own("git"),
                    // The running program itself, even if its file is replaced by a newer one meanwhile.
                    supervisor: vec!["/proc/self/exe".into(), "supervise".into()],
                    allow_local_repositories: self.local_repositories,
                    hide: vec![self.data.clone()],
                };
                let open = LocalProvider::open(config, &provider.settings, clock);
                Ok(open.map_err(|error| ProviderError::internal("the local provider cannot be opened", error))?)
            }
            kind => Err(ProviderError::Internal {
                message: format!("this server has no providers of the kind {kind:?}"),
                cause: None,
            }),
        }
    }

    fn discard(&self, provider: &Provider) {
        for kind in ["spool", "work", "artifacts", "configs", "git"] {
            // Nothing was ever built with it, so that what is in there is what trying it out has left.
            if let Err(error) = std::fs::remove_dir_all(self.own(provider, kind)) {
                tracing::debug!(%error, kind, "a folder of a provider that was tried out is left");
            }
        }
    }
}
