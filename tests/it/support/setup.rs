//! What a server is started with.

use std::time::Duration;

use alm::{app::Timing, http::HttpConfig};
use alm_build_spi::conformance::fake::{FakeEngine, Script};
use alm_domain::{Capability, Clock, SystemClock};
use alm_testkit::Database;
use serde_json::{Value, json};
use std::sync::Arc;

use super::{Accounts, TestApp, wallet::Purse};

/// What a server is started with. Short waits, unless a story says otherwise.
pub(crate) struct Setup {
    pub(super) database: Database,
    pub(super) engine: FakeEngine,
    pub(super) lacking: Vec<Capability>,
    pub(super) needs_token: bool,
    pub(super) purse: Purse,
    pub(super) local: bool,
    pub(super) settings: Value,
    pub(super) timing: Timing,
    pub(super) http: HttpConfig,
    pub(super) clock: Arc<dyn Clock>,
}

impl Setup {
    /// In front of an engine in memory, whose builds do this.
    pub(crate) fn fake(script: Script) -> Self {
        Self::on(Database::sqlite()).scripted(script)
    }

    /// In front of the real local provider.
    pub(crate) fn local() -> Self {
        Self { local: true, ..Self::on(Database::sqlite()) }
    }

    /// Over this database.
    pub(crate) fn on(database: Database) -> Self {
        Self {
            database,
            engine: FakeEngine::with_clock(Arc::new(SystemClock)),
            lacking: Vec::new(),
            needs_token: false,
            purse: Purse::Nobody,
            local: false,
            settings: json!([]),
            timing: Timing {
                commit_window: Duration::from_millis(2),
                first_retry: Duration::from_millis(20),
                longest_retry: Duration::from_millis(200),
                heartbeat: Duration::from_secs(15),
                connections: Duration::from_millis(50),
                ..Timing::default()
            },
            http: HttpConfig::default(),
            clock: Arc::new(SystemClock),
        }
    }

    /// Builds do this.
    pub(crate) fn scripted(self, script: Script) -> Self {
        self.engine.script_default(script);
        self
    }

    /// Streams say after this much silence that they live.
    pub(crate) fn heartbeat(mut self, silence: Duration) -> Self {
        self.timing.heartbeat = silence;
        self
    }

    /// Providers are asked this often whether they are well.
    pub(crate) fn probing(mut self, every: Duration) -> Self {
        self.timing.probes = every;
        self
    }

    /// What engines begin by themselves is looked for this often.
    pub(crate) fn finding(mut self, every: Duration) -> Self {
        self.timing.external_runs = every;
        self
    }

    /// With this clock.
    pub(crate) fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// In front of the real local provider, over the same database.
    pub(crate) fn locally(mut self) -> Self {
        self.local = true;
        self
    }

    /// With settings of the provider.
    pub(crate) fn setting(mut self, key: &str, value: Value) -> Self {
        if let Value::Array(settings) = &mut self.settings {
            settings.push(json!({"key": key, "value": {"plain": value}}));
        }
        self
    }

    /// The provider cannot do these.
    pub(crate) fn without(mut self, lacking: impl IntoIterator<Item = Capability>) -> Self {
        self.lacking.extend(lacking);
        self
    }

    /// People's tokens are those of these accounts.
    pub(crate) fn accounts(mut self, accounts: &Accounts) -> Self {
        self.purse = Purse::These(accounts.clone());
        self
    }

    /// People's tokens are those of the accounts that they connect.
    pub(crate) fn connecting(mut self) -> Self {
        self.purse = Purse::Connected;
        self
    }

    /// The engine is called with the rights of a person.
    pub(crate) fn needing_token(mut self) -> Self {
        self.needs_token = true;
        self
    }

    /// Builds wait so long for accounts, and look as often whether they can go on.
    pub(crate) fn holding(mut self, hold: Duration, recheck: Duration) -> Self {
        (self.timing.hold, self.timing.recheck) = (hold, recheck);
        self
    }

    /// Starts the server.
    pub(crate) async fn start(self) -> TestApp {
        TestApp::start(self).await
    }
}

/// Tells a story on SQLite, and then on PostgreSQL where there is one.
pub(crate) async fn on_each_database<F: Future<Output = ()>>(story: impl Fn(Setup) -> F) {
    story(Setup::on(Database::sqlite())).await;
    if let Some(database) = tokio::task::spawn_blocking(Database::postgres).await.unwrap() {
        story(Setup::on(database)).await;
    }
}
