//! The composition root: the only file that names a concrete provider, database or transport.

use std::{
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use alm_build_spi::{BuildProvider, ProviderDescriptor, ProviderError};
use alm_credentials::{
    outbound::{CaBundle, Exception, Outbound, Policy},
    sign_in::{Admission, Cluster, Issuer, IssuerSettings},
    vault::RingFile,
};
use alm_domain::{Clock, Principal, Provider, ProviderKind, Settings, SystemClock, SystemIds};
use alm_kubernetes::Way;
use alm_provider_local::{LocalConfig, LocalProvider};
use alm_provider_openshift::OpenShiftProvider;
use alm_provider_tekton::TektonProvider;
use alm_store::{PageRequest, Store};
use async_trait::async_trait;
use axum::Router;
use reqwest::Url;
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

use crate::{
    app::{App, Credentials, ProviderFactory, RegisterProvider, Ring, Timing, VaultReport, rotate_vault, vault_status},
    cli::{BoxError, Composition, Ready, Serving, VaultWork},
    clusters::ClusterWay,
    config::{AudienceParameter, Config, ConfigError, IssuerUrl, Problem, SignIn, Words},
    graphql::{self, Api, Limits},
    http::{self, HttpConfig, HttpState, Readiness, Token, TrustedDocuments},
    samples::SampleFolder,
    sign_in::{Entrance, Pages},
};

/// Short name of the provider that is there from the first start.
const EMBEDDED: &str = "local";
/// The key ring in the data directory, where none is given.
const KEYS: &str = "vault.keys";
/// Path of the page that the issuer sends people back to.
const SIGNED_IN: &str = "/sign-in/callback";

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

    async fn vault(&self, config: &Config, work: VaultWork) -> Result<VaultReport, BoxError> {
        let file = config.data.dir.join(KEYS);
        let ring = match &config.vault.keys {
            Some(keys) => Ring::Given(keys.ring().clone()),
            None => Ring::File(RingFile::load(&file)?),
        };
        let store = connect(config).await?;
        let report = match work {
            VaultWork::Status => vault_status(&store, ring).await,
            VaultWork::Rotate => rotate_vault(&store, ring).await,
        };
        store.close().await?;
        Ok(report?)
    }

    async fn serve(&self, serving: Serving) -> Result<(), BoxError> {
        let Serving { config, data, listener, ready, stop } = serving;
        let token = Token::load_or_create(&data.path().join("token"), &mut rand::rng())?;
        let transport = Arc::new(transport(&config));
        let documents = trusted_documents(&config, &transport)?;
        let store = connect(&config).await?;
        store.lock_exclusive().await?;
        store.migrate().await?;

        let keep_token = !config.sign_in.is_on() || config.sign_in.keep_token;
        let timing = Timing { hold: config.builds.credential_timeout.get(), ..Timing::default() };
        let credentials = credentials(&config, data.path())?;
        let factory = Factory {
            data: data.path().to_owned(),
            local_repositories: config.allow_local_repositories(),
            way: Arc::new(ClusterWay(credentials.outbound.clone())),
        };
        let clock = Arc::new(SystemClock);
        let app = App::new(store.clone(), Arc::new(factory), clock, Arc::new(SystemIds), credentials, timing);
        register_embedded(&app).await?;
        app.use_connections();
        if config.allow_local_repositories() {
            app.use_samples(Arc::new(SampleFolder::new(data.path().join("demo"))));
        }
        app.resume().await?;

        let public = match &config.server.public_url {
            Some(public) => public.url().clone(),
            None => format!("http://{}/", reachable(listener.local_addr()?)).parse()?,
        };
        let mut entrance = ways_in(&config.sign_in, Entrance::new(app.clone(), Arc::new(SystemClock)))?;
        if keep_token {
            entrance = entrance.own_token(token.clone());
        }
        if let Some(pages) = pages(&config.sign_in, &public)? {
            entrance = entrance.pages(pages);
        }
        app.reached_at(public);

        let closing = CancellationToken::new();
        let state = HttpState::new(
            Api::new(app.clone(), Limits::default(), timing),
            Arc::new(entrance),
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
        let _ = ready.send(Ready { token: keep_token.then(|| SecretString::from(token.expose().to_owned())) });

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

/// An address to connect to: "every address" is none.
fn reachable(mut bound: SocketAddr) -> SocketAddr {
    if bound.ip().is_unspecified() {
        bound.set_ip(if bound.is_ipv6() { Ipv6Addr::LOCALHOST.into() } else { Ipv4Addr::LOCALHOST.into() });
    }
    bound
}

/// The key ring of the settings, or the one in the data directory.
fn credentials(config: &Config, data: &Path) -> Result<Credentials, BoxError> {
    let ring = config.vault.keys.as_ref().map(|keys| keys.ring().clone());
    let policy = Policy::allowing(config.outbound.allowed.clone());
    Ok(Credentials::new(ring, &data.join(KEYS), policy)?)
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

/// Opens the ways in that the settings name. Whom the settings trust to say who somebody is may have a private address.
fn ways_in(settings: &SignIn, mut entrance: Entrance) -> Result<Entrance, ConfigError> {
    let refused = |why: String| ConfigError(vec![Problem::of("sign_in.ca_file", why)]);
    let ca = match &settings.ca_file {
        None => None,
        Some(path) => {
            let pem = std::fs::read_to_string(path);
            let pem = pem.map_err(|e| refused(format!("{} cannot be read: {e}", path.display())))?;
            let bundle = CaBundle::parse(&pem);
            Some(bundle.map_err(|e| refused(format!("{}: {e}", path.display())))?)
        }
    };
    let texts = |words: &[Words]| words.iter().map(|word| word.as_str().to_owned()).collect::<Vec<_>>();
    let named = settings.issuer.iter().chain(&settings.cluster).filter_map(|server| server.url().host_str());
    let named = named.chain(settings.hosts.iter().map(|host| host.as_str()));
    let allowed = named.filter_map(|host| {
        let host = host.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok()).map_or(host, |(name, _)| name);
        host.trim_start_matches('[').trim_end_matches(']').parse::<Exception>().ok()
    });
    // This machine's own name is looked up to its own addresses.
    let own = ["127.0.0.1", "::1"].into_iter().filter_map(|address| address.parse().ok());
    let is_local = |server: &IssuerUrl| server.url().host_str() == Some("localhost");
    let local = settings.issuer.iter().chain(&settings.cluster).any(is_local);
    let allowed = allowed.chain(own.filter(|_| local)).collect();
    let outbound = Outbound::new(Policy::allowing(allowed));
    let admission = Admission {
        groups: texts(&settings.groups),
        admins: texts(&settings.admins),
        admin_groups: texts(&settings.admin_groups),
    };
    if let (Some(issuer), Some(audience)) = (&settings.issuer, &settings.audience) {
        let settings = IssuerSettings {
            issuer: issuer.url().clone(),
            ends_in_slash: issuer.as_str().ends_with('/'),
            hosts: settings.hosts.iter().map(|host| host.as_str().to_owned()).collect(),
            audience: audience.as_str().to_owned(),
            algorithms: settings.algorithms.clone(),
            login_claim: settings.login_claim.as_str().to_owned(),
            groups_claim: settings.groups_claim.as_str().to_owned(),
            admission: admission.clone(),
        };
        entrance = entrance.issuer(Issuer::new(settings, outbound.clone(), ca.clone(), Arc::new(SystemClock)));
    }
    if let Some(api) = &settings.cluster {
        entrance = entrance.cluster(Cluster::new(api.url().clone(), admission, outbound, ca));
    }
    Ok(entrance)
}

/// The pages as the issuer knows them, if it does.
fn pages(settings: &SignIn, public: &Url) -> Result<Option<Pages>, BoxError> {
    let Some(client_id) = &settings.client_id else { return Ok(None) };
    Ok(Some(Pages {
        client_id: client_id.as_str().to_owned(),
        scopes: settings.scopes.iter().map(|scope| scope.as_str().to_owned()).collect(),
        audience_parameter: settings.audience_parameter.map(AudienceParameter::name),
        redirect: public.join(SIGNED_IN)?,
    }))
}

fn transport(config: &Config) -> HttpConfig {
    let limits = &config.limits;
    HttpConfig {
        allowed_hosts: config.server.hosts(),
        allowed_origins: config.server.origins(),
        trusted_proxies: config.server.trusted_proxies.iter().map(|network| network.get()).collect(),
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

/// The documents of the pages and those of the settings' manifest.
fn trusted_documents(config: &Config, transport: &HttpConfig) -> Result<TrustedDocuments, ConfigError> {
    let refused = |setting, why: String| ConfigError(vec![Problem::of(setting, why)]);
    let given = match &config.documents.manifest {
        Some(manifest) => TrustedDocuments::load(manifest, &transport.document)
            .map_err(|error| refused("documents.manifest", error.to_string()))?,
        None => TrustedDocuments::default(),
    };
    let documents =
        given.with_pages(&transport.document).map_err(|error| refused("documents.manifest", error.to_string()))?;
    if documents.is_empty() && !config.documents.only_for.is_empty() {
        let why = "restricts roles to documents that the server knows, but it knows none: set documents.manifest \
                   (ALM_DOCUMENTS_MANIFEST), or use a program that has the pages";
        return Err(refused("documents.only_for", why.to_owned()));
    }
    tracing::info!(documents = documents.len(), "knows trusted documents");
    Ok(documents.only_for(config.documents.only_for.clone()))
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
    way: Arc<dyn Way>,
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
            ProviderKind::Openshift => Some(alm_provider_openshift::descriptor()),
            ProviderKind::Tekton => Some(alm_provider_tekton::descriptor()),
            ProviderKind::Remote => None,
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
            ProviderKind::Openshift => {
                let (endpoint, way) = (provider.endpoint.as_deref(), Arc::clone(&self.way));
                Ok(OpenShiftProvider::open(endpoint, &provider.settings, way, clock)?)
            }
            ProviderKind::Tekton => {
                let (endpoint, way) = (provider.endpoint.as_deref(), Arc::clone(&self.way));
                Ok(TektonProvider::open(endpoint, &provider.settings, way, clock)?)
            }
            kind => Err(ProviderError::Internal {
                message: format!("this server has no providers of the kind {kind}"),
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
