//! Samples, to try the service with.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};

use super::{
    context::ContextExt,
    error::fault,
    service::RepositoryRef,
    user_error::{UserError, outcome},
};
use crate::app::{Action, Sample as DomainSample};

/// A pipeline to try the service with.
#[derive(SimpleObject)]
pub(crate) struct Sample {
    /// What it is asked for by, and a short name for its build service.
    name: &'static str,
    /// Name for display.
    display_name: &'static str,
    /// What there is to see.
    description: &'static str,
}

impl From<DomainSample> for Sample {
    fn from(sample: DomainSample) -> Self {
        Self { name: sample.name, display_name: sample.title, description: sample.description }
    }
}

/// Input of `prepareSample`.
#[derive(InputObject)]
pub(crate) struct PrepareSampleInput {
    /// Which one.
    name: String,
}

/// Result of `prepareSample`.
#[derive(SimpleObject)]
pub(crate) struct PrepareSamplePayload {
    /// Where a build service of a local provider finds it.
    repository: Option<RepositoryRef>,
    /// What the caller can correct; empty on success.
    #[graphql(complexity = "5 * child_complexity")]
    user_errors: Vec<UserError>,
}

#[derive(Default)]
pub(crate) struct SampleQuery;

#[Object]
impl SampleQuery {
    /// Samples that build services of a local provider can build; empty where this server has none. At most 20.
    #[graphql(complexity = "5 * child_complexity")]
    async fn samples(&self, ctx: &Context<'_>) -> Result<Option<Vec<Sample>>> {
        let samples = ctx.app()?.samples(ctx.principal()?).await.map_err(|error| fault(&error))?;
        Ok(Some(samples.into_iter().map(Sample::from).collect()))
    }
}

#[derive(Default)]
pub(crate) struct SampleMutation;

#[Object]
impl SampleMutation {
    /// Make sure that the repository of a sample is there: for those who may create projects. It is written on the first call;
    /// later ones find what is there.
    async fn prepare_sample(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Everything the operation needs.")] input: PrepareSampleInput,
    ) -> Result<Option<PrepareSamplePayload>> {
        let prepared = ctx.app()?.prepare_sample(ctx.principal()?, &input.name).await;
        let (repository, user_errors) = outcome(ctx, prepared, Action::Edit)?;
        Ok(Some(PrepareSamplePayload { repository: repository.as_ref().map(RepositoryRef::from), user_errors }))
    }
}
