//! The words of the ALM Build Service: entities, value types, state machines and journal entries.
//!
//! **Architecture Invariant:** this crate does no I/O, is not async, and knows neither the database nor GraphQL nor any
//! engine. Time and identity are given to it ([`Clock`], [`IdSource`]); everything else here is a pure function.

mod approval;
mod artifact;
mod audit;
mod build;
mod capability;
mod clean;
mod clock;
mod commit;
mod configuration;
mod cursor;
mod deployment;
mod environment;
mod grant;
mod hold;
mod id;
mod journal;
mod log;
mod membership;
mod oauth_client;
mod observation;
mod output;
mod parameter;
mod pause;
mod personal_token;
mod principal;
mod project;
mod promotion;
mod provider;
mod repository;
mod retention;
mod sealed;
mod service;
mod shorten;
mod slug;
mod stage;
mod state;
mod status;
mod step;
mod trigger;
mod user;
mod version;
mod web_address;

pub use approval::{Approval, ApprovalDecision, ApprovalKey, ApprovalStatus, Verdict};
pub use artifact::Artifact;
pub use audit::{AuditEvent, AuditOutcome, AuditSeq, Origin};
pub use build::{Build, BuildShape, CancelRequest, RerunFrom, RerunOf, Warning};
pub use capability::{Capability, CapabilityNote};
pub use clean::clean_text;
pub use clock::{Clock, IdSource, ManualClock, SequentialIds, SystemClock, SystemIds};
pub use commit::Commit;
pub use configuration::{
    ConfigurationEntry, ConfigurationOrigin, SettingDefinition, SettingKind, SettingScope, Settings, SettingsProblem,
    check_settings, effective_configuration, settings_schema,
};
pub use cursor::{Cursor, CursorError, CursorKind};
pub use deployment::{Deployment, DeploymentStatus, Deploys, deployment_approval, deployment_progress};
pub use environment::{
    Environment, EnvironmentName, EnvironmentNameError, EnvironmentRole, MOST_ENVIRONMENTS, Protection, TokenMode,
};
pub use grant::{Grant, GrantStatus};
pub use hold::{AwaitedCredential, Hold};
pub use id::{
    AnyId, ApprovalId, AuditEventId, BuildId, DeploymentId, EnvironmentId, GrantId, IdError, OAuthClientId,
    PersonalTokenId, ProjectId, ProviderId, ServiceId, StageId, UserId,
};
pub use journal::{
    BuildHeads, Change, EventSeq, JournalEntry, LineNo, ProjectEvent, ProjectEventKind, ProjectSeq, ViewerSeq,
};
pub use log::{LogLevel, LogLine, LogRange, LogStream, NumberedLine, level_of, strip_sgr};
pub use membership::{Membership, ProjectRole};
pub use oauth_client::OAuthClient;
pub use observation::{ApprovalObservation, Observation, Observed, ResumeToken, RunObservation, StageObservation};
pub use output::{Output, OutputKind, Provenance};
pub use parameter::{ParameterDefinition, ParameterKind, ParameterProblem, ParameterValue, check_parameters};
pub use pause::Paused;
pub use personal_token::{Ceiling, PersonalToken, TokenScope};
pub use principal::{Actor, Principal, Role};
pub use project::Project;
pub use promotion::Promotion;
pub use provider::{HealthState, Provider, ProviderHealth, ProviderKind};
pub use repository::RepositoryRef;
pub use retention::Retention;
pub use sealed::{Binding, Sealed, SealedError, SecretKind};
pub use service::BuildService;
pub use shorten::shorten;
pub use slug::{Slug, SlugError};
pub use stage::{Stage, StageAttempt, StageKey, StageKind};
pub use state::{BuildState, CancelOutcome, DecideError};
pub use status::{IllegalTransition, ReasonCode, RunStatus, StatusReason};
pub use step::Step;
pub use trigger::{Trigger, TriggerKind};
pub use user::User;
pub use version::version_label;
pub use web_address::is_web_address;

/// An instant in UTC.
pub type Timestamp = chrono::DateTime<chrono::Utc>;
