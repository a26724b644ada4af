//! A store with something in it.

use std::sync::Arc;

use alm_domain::{
    Build, BuildId, BuildService, Clock, LogLine, LogStream, ManualClock, Observation, Principal, Project, ProjectRole,
    Provider, ProviderKind, RepositoryRef, RunObservation, RunStatus, ServiceId, Settings, StageKey, SystemIds,
    Timestamp, Trigger, TriggerKind,
};
use alm_store::{Append, Committed, Fence, NewBuild, NewProject, NewProvider, NewService, SignIn, StartOutcome, Store};
use alm_testkit::Database;
use chrono::DateTime;

/// A store with a project, a provider and a build service.
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) me: Principal,
    pub(crate) project: Project,
    pub(crate) provider: Provider,
    pub(crate) service: BuildService,
    pub(crate) database: Database,
}

pub(crate) fn noon() -> Timestamp {
    DateTime::from_timestamp_millis(1_800_000_000_123).unwrap()
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

impl World {
    pub(crate) async fn on(database: Database) -> Self {
        let clock = Arc::new(ManualClock::at(noon()));
        let store =
            Store::connect(database.url(), Arc::clone(&clock) as Arc<dyn Clock>, Arc::new(SystemIds)).await.unwrap();
        store.migrate().await.unwrap();
        let me = Principal::single_user();
        let project = store.create_project(&me, new_project("shop", "Shop")).await.unwrap();
        let provider = store.register_provider(&me, new_provider("local")).await.unwrap();
        let service = new_service(&project, &provider, "web");
        let service = store.create_service(&me, service).await.unwrap();
        Self { store, clock, me, project, provider, service, database }
    }

    /// Somebody who has signed in and is no administrator.
    pub(crate) async fn person(&self, login: &str) -> Principal {
        let seen = SignIn {
            issuer: "https://issuer.example".into(),
            subject: format!("subject of {login}"),
            login: login.into(),
            display_name: login.to_uppercase(),
            is_admin: false,
        };
        Principal::person(&self.store.sign_in(&seen).await.unwrap(), false)
    }

    /// The same, as a member of the project.
    pub(crate) async fn member(&self, login: &str, role: ProjectRole) -> Principal {
        let person = self.person(login).await;
        self.store.add_member(&self.me, self.project.id, person.user().unwrap(), role).await.unwrap();
        person
    }

    /// The same database, opened anew.
    pub(crate) async fn open_again(&self) -> Store {
        Store::connect(self.database.url(), Arc::clone(&self.clock) as Arc<dyn Clock>, Arc::new(SystemIds))
            .await
            .unwrap()
    }

    pub(crate) async fn another_service(&self, slug: &str) -> BuildService {
        self.store.create_service(&self.me, new_service(&self.project, &self.provider, slug)).await.unwrap()
    }

    pub(crate) async fn build(&self) -> Build {
        self.build_of(self.service.id).await
    }

    pub(crate) async fn build_of(&self, service: ServiceId) -> Build {
        match self.store.start_build(&self.me, new_build(service), None).await.unwrap() {
            StartOutcome::Started(build) => build,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn observe(&self, build: BuildId, observations: &[Observation]) -> Committed<()> {
        let now = self.clock.now();
        self.store
            .update_build(&self.me, build, Fence::Bystander, Append::default(), |state| {
                observations.iter().for_each(|o| state.observe(o, now));
            })
            .await
            .unwrap()
    }

    /// Ends a build that took this long.
    pub(crate) async fn end(&self, build: BuildId, status: RunStatus, millis: i64) {
        let run = RunObservation {
            started_at: Some(noon()),
            finished_at: Some(noon() + chrono::TimeDelta::milliseconds(millis)),
            ..RunObservation::status(status)
        };
        self.observe(build, &[Observation::Run(run), Observation::Complete]).await;
    }

    pub(crate) async fn append(&self, build: BuildId, lines: Vec<LogLine>) -> Committed<()> {
        let append = Append { lines, ..Append::default() };
        self.store.append_lines(&self.me, build, Fence::Bystander, append).await.unwrap()
    }
}

pub(crate) fn new_project(slug: &str, name: &str) -> NewProject {
    NewProject { slug: slug.parse().unwrap(), display_name: name.into(), description: None }
}

pub(crate) fn new_provider(slug: &str) -> NewProvider {
    NewProvider {
        slug: slug.parse().unwrap(),
        display_name: "A provider".into(),
        kind: ProviderKind::Local,
        endpoint: None,
        settings: Settings::from([("slots".into(), 2.into())]),
    }
}

pub(crate) fn new_service(project: &Project, provider: &Provider, slug: &str) -> NewService {
    NewService {
        id: ServiceId::generate(&SystemIds),
        project: project.id,
        provider: provider.id,
        slug: slug.parse().unwrap(),
        display_name: "A service".into(),
        repository: RepositoryRef {
            url: "https://example.org/shop.git".into(),
            reference: "main".into(),
            directory: None,
        },
        settings: Settings::new(),
        environments: None,
        config_ref: Some("config".into()),
    }
}

pub(crate) fn new_build(service: ServiceId) -> NewBuild {
    NewBuild {
        id: BuildId::generate(&SystemIds),
        service,
        reference: Some("main".into()),
        parameters: vec![],
        trigger: Trigger { kind: TriggerKind::Manual, actor: Principal::single_user().actor },
        rerun_of: None,
        deploys: None,
        commit: None,
        spec: serde_json::json!({ "service": "web" }),
        config_ref: "config".into(),
        hold: None,
        warnings: vec![],
    }
}

pub(crate) fn line(text: impl Into<String>, stage: Option<&str>) -> LogLine {
    LogLine {
        stage: stage.map(StageKey::from),
        attempt: u32::from(stage.is_some()),
        stream: LogStream::Stdout,
        at: Some(noon()),
        text: text.into(),
        continued: false,
    }
}

/// Each story becomes a test on SQLite and one on PostgreSQL.
macro_rules! stories {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[test]
            fn $name() {
                crate::support::runtime().block_on(async {
                    super::$name(&crate::support::World::on(alm_testkit::Database::sqlite()).await).await;
                });
            })*
        }
        mod postgres {
            $(#[test]
            fn $name() {
                if let Some(database) = alm_testkit::Database::postgres() {
                    crate::support::runtime().block_on(async {
                        super::$name(&crate::support::World::on(database).await).await;
                    });
                }
            })*
        }
    };
}

/// The same for properties, which run their cases by themselves.
macro_rules! properties {
    ($($name:ident),* $(,)?) => {
        mod property_on_sqlite {
            $(#[test]
            fn $name() {
                let runtime = crate::support::runtime();
                let world = runtime.block_on(crate::support::World::on(alm_testkit::Database::sqlite()));
                super::$name(&runtime, &world);
            })*
        }
        mod property_on_postgres {
            $(#[test]
            fn $name() {
                if let Some(database) = alm_testkit::Database::postgres() {
                    let runtime = crate::support::runtime();
                    let world = runtime.block_on(crate::support::World::on(database));
                    super::$name(&runtime, &world);
                }
            })*
        }
    };
}

/// Runs a property on this many cases.
pub(crate) fn check<S: proptest::strategy::Strategy>(
    cases: u32,
    strategy: S,
    property: impl Fn(S::Value) -> Result<(), proptest::test_runner::TestCaseError>,
) where
    S::Value: std::fmt::Debug,
{
    let config = proptest::test_runner::Config { cases, failure_persistence: None, ..Default::default() };
    proptest::test_runner::TestRunner::new(config).run(&strategy, property).unwrap();
}
