//! The schema.

use std::sync::{Arc, OnceLock};

use async_graphql::{MergedObject, MergedSubscription, Schema, SchemaBuilder};
use sha2::{Digest, Sha256};

use super::{
    audit::{AuditQuery, AuditSubscription},
    build::{BuildMutation, BuildQuery, BuildSubscription},
    deployment::DeploymentMutation,
    environment::{ClientMutation, ClientQuery, ConnectionMutation, EnvironmentMutation, EnvironmentQuery},
    log::{LogQuery, LogSearchQuery, LogSubscription},
    node::{NodeQuery, Versioned},
    people::{MemberMutation, PeopleQuery, PersonalTokenMutation},
    project::{ProjectMutation, ProjectQuery, ProjectSubscription},
    provider::{ProviderMutation, ProviderQuery, ProviderSubscription},
    samples::{SampleMutation, SampleQuery},
    server::ServerQuery,
    service::{SecretMutation, ServiceMutation, StartCheckQuery},
    stream::StreamEvent,
    viewer::{ViewerQuery, ViewerSubscription},
};
use crate::app::{App, Timing};

/// How much one document may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Deepest nesting of fields.
    pub depth: usize,
    /// Greatest cost: one for each field, a list's fields times its rows.
    pub complexity: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 16, complexity: 200_000 }
    }
}

/// All reads. One screen is one operation; log lines are separate because they can be slow.
#[derive(MergedObject, Default)]
pub(crate) struct Query(
    NodeQuery,
    ViewerQuery,
    ServerQuery,
    ProjectQuery,
    BuildQuery,
    LogQuery,
    LogSearchQuery,
    ProviderQuery,
    EnvironmentQuery,
    AuditQuery,
    ClientQuery,
    StartCheckQuery,
    PeopleQuery,
    SampleQuery,
);

/// All writes. Each returns a payload; a null payload means the request itself failed (see `errors`).
#[derive(MergedObject, Default)]
pub(crate) struct Mutation(
    ProjectMutation,
    ServiceMutation,
    SecretMutation,
    BuildMutation,
    ProviderMutation,
    EnvironmentMutation,
    ConnectionMutation,
    ClientMutation,
    MemberMutation,
    PersonalTokenMutation,
    DeploymentMutation,
    SampleMutation,
);

/// All live streams. Send one root field per subscription. Every event has a cursor to resume behind it.
#[derive(MergedSubscription, Default)]
pub(crate) struct Subscription(
    BuildSubscription,
    LogSubscription,
    ProjectSubscription,
    AuditSubscription,
    ViewerSubscription,
    ProviderSubscription,
);

pub(crate) type AlmSchema = Schema<Query, Mutation, Subscription>;
pub(crate) type AlmSchemaBuilder = SchemaBuilder<Query, Mutation, Subscription>;

/// The hash of the SDL, once it is known.
#[derive(Debug, Clone, Default)]
pub(crate) struct SchemaHash(Arc<OnceLock<String>>);

impl SchemaHash {
    /// The first 16 hexadecimal digits of its SHA-256.
    pub(crate) fn get(&self) -> &str {
        self.0.get_or_init(|| {
            let hash = Sha256::digest(sdl().as_bytes());
            hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
        })
    }
}

fn builder() -> AlmSchemaBuilder {
    Schema::build(Query::default(), Mutation::default(), Subscription::default())
        .register_output_type::<Versioned>()
        .register_output_type::<StreamEvent>()
}

/// The schema over an application. It has no extensions: a single one makes the library look up every field of every object, and
/// rows of long lists ([`Prompt`](super::prompt::Prompt)) would pass it by.
pub(crate) fn schema(app: App, limits: Limits, timing: Timing) -> AlmSchemaBuilder {
    builder()
        .data(app)
        .data(limits)
        .data(timing)
        .data(SchemaHash::default())
        .limit_depth(limits.depth)
        .limit_complexity(limits.complexity)
}

/// The schema in the definition language, as it is committed in `schema.graphql`. Ends with one line break.
#[must_use]
pub fn sdl() -> String {
    let options = async_graphql::SDLExportOptions::new().include_specified_by();
    let text = builder().finish().sdl_with_options(options);
    format!("{}\n", text.trim_end())
}
