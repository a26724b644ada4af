//! Rows, and their only conversion to and from the domain.
//!
//! What queries filter or sort by is a column; the rest of an entity is a document. No value stands in both.

pub(crate) mod approval;
pub(crate) mod audit_event;
pub(crate) mod audit_head;
pub(crate) mod build;
pub(crate) mod build_run;
pub(crate) mod deployment;
pub(crate) mod environment;
pub(crate) mod external_run;
pub(crate) mod grant;
pub(crate) mod idempotency_key;
pub(crate) mod journal;
pub(crate) mod log_chunk;
pub(crate) mod log_range;
pub(crate) mod membership;
pub(crate) mod oauth_client;
pub(crate) mod oauth_state;
pub(crate) mod personal_token;
pub(crate) mod project;
pub(crate) mod project_event;
pub(crate) mod provider;
pub(crate) mod sealed_secret;
pub(crate) mod service;
pub(crate) mod stage;
pub(crate) mod user;
pub(crate) mod viewer_head;
