//! Mutations about builds.

use alm_domain::{ApprovalId, BuildId, CancelOutcome, EventSeq, RerunFrom, ServiceId, StageId};
use async_graphql::{
    Context, ID, InputObject, Object, OneofObject, Result, SimpleObject,
    connection::{Edge, EmptyFields},
};

use super::{
    ApprovalNode, BuildNode,
    approval::Verdict,
    parameter::{ParameterInput, given},
};
use crate::{
    app::{Action, App, AppError, DecideBuild, RerunBuild, StartBuild},
    graphql::{
        context::ContextExt,
        ids,
        project::expected,
        user_error::{UserError, credential_errors, outcome},
    },
};

/// Input of `startBuild`.
#[derive(InputObject)]
pub(crate) struct StartBuildInput {
    /// The build service.
    service_id: ID,
    /// Branch, tag or commit; the default when absent.
    #[graphql(name = "ref")]
    reference: Option<String>,
    /// Inputs of the build.
    parameters: Option<Vec<ParameterInput>>,
    /// The same key: the first result is returned, nothing is done twice. Holds for the life of the build.
    idempotency_key: Option<String>,
}

/// Result of `startBuild`.
#[derive(SimpleObject)]
pub(crate) struct StartBuildPayload {
    /// The new build.
    build: Option<BuildNode>,
    /// Ready to insert into the list of the project's builds.
    edge: Option<Edge<String, BuildNode, EmptyFields>>,
    /// What the caller can correct; empty on success. A build that is held for an account is there all the same, with a
    /// CredentialError for each account.
    #[graphql(complexity = "5 * child_complexity")]
    user_errors: Vec<UserError>,
}

/// Input of `cancelBuild`.
#[derive(InputObject)]
pub(crate) struct CancelBuildInput {
    /// The build.
    build_id: ID,
    /// Why; kept with the build.
    reason: Option<String>,
}

/// Result of `cancelBuild`.
#[derive(SimpleObject)]
pub(crate) struct CancelBuildPayload {
    /// The build as it stands.
    build: Option<BuildNode>,
    /// What the caller can correct; empty on success.
    #[graphql(complexity = "5 * child_complexity")]
    user_errors: Vec<UserError>,
}

/// Where to start a repeated build.
#[derive(OneofObject)]
pub(crate) enum RerunStartInput {
    /// From the beginning; must be true.
    Beginning(bool),
    /// From this stage, keeping what came before.
    StageId(ID),
    /// Only what failed, and what depends on it; must be true.
    FailedOnly(bool),
}

/// Input of `rerunBuild`.
#[derive(InputObject)]
pub(crate) struct RerunBuildInput {
    /// The build to repeat.
    build_id: ID,
    /// Where to start.
    start: RerunStartInput,
    /// Inputs to change; the others stay.
    parameters: Option<Vec<ParameterInput>>,
    /// The same key: the first result is returned, nothing is done twice. Holds for the life of the build.
    idempotency_key: Option<String>,
}

/// Result of `rerunBuild`.
#[derive(SimpleObject)]
pub(crate) struct RerunBuildPayload {
    /// The new build.
    build: Option<BuildNode>,
    /// Ready to insert into the list of the project's builds.
    edge: Option<Edge<String, BuildNode, EmptyFields>>,
    /// What the caller can correct; empty on success.
    #[graphql(complexity = "5 * child_complexity")]
    user_errors: Vec<UserError>,
}

/// Input of `decideApproval`.
#[derive(InputObject)]
pub(crate) struct DecideApprovalInput {
    /// The approval.
    approval_id: ID,
    /// Yes or no.
    verdict: Verdict,
    /// In your words.
    comment: Option<String>,
    /// Inputs asked for.
    parameters: Option<Vec<ParameterInput>>,
    /// Fail with CONFLICT when the subject has moved on from this revision.
    expected_revision: Option<i32>,
}

/// Result of `decideApproval`.
#[derive(SimpleObject)]
pub(crate) struct DecideApprovalPayload {
    /// The approval as it stands.
    approval: Option<ApprovalNode>,
    /// What the caller can correct; empty on success.
    #[graphql(complexity = "5 * child_complexity")]
    user_errors: Vec<UserError>,
}

#[derive(Default)]
pub(crate) struct BuildMutation;

#[Object]
impl BuildMutation {
    /// Start a build. Where an account is missing that it needs, it is numbered and held, and goes on by itself when the account is
    /// connected.
    async fn start_build(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Everything the operation needs.")] input: StartBuildInput,
    ) -> Result<Option<StartBuildPayload>> {
        let (app, principal) = (ctx.app()?, ctx.principal()?);
        let started = async {
            let service: ServiceId = ids::input(&input.service_id, "serviceId")?;
            let request = StartBuild {
                service,
                reference: input.reference,
                parameters: given(input.parameters),
                idempotency_key: input.idempotency_key,
            };
            app.start_build(principal, request).await
        };
        let (build, mut user_errors) = outcome(ctx, started.await, Action::StartBuild)?;
        if let Some(held) = &build {
            user_errors.extend(credential_errors(ctx, held).await?);
        }
        let build = build.map(BuildNode);
        let edge = build.clone().map(|build| {
            let owner = build.0.project.as_uuid();
            build.into_edge(owner)
        });
        Ok(Some(StartBuildPayload { build, edge, user_errors }))
    }

    /// Ask a build to stop. Asking again is no error; a build that is over is a user error with the code WRONG_STATE.
    async fn cancel_build(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Everything the operation needs.")] input: CancelBuildInput,
    ) -> Result<Option<CancelBuildPayload>> {
        let (app, principal) = (ctx.app()?, ctx.principal()?);
        let cancelled = async {
            let id: BuildId = ids::input(&input.build_id, "buildId")?;
            app.cancel_build(principal, id, input.reason).await
        };
        let (build, user_errors) = match cancelled.await {
            Ok((build, CancelOutcome::AlreadyFinished)) => {
                let over = AppError::WrongState(format!("the build is over: it ended as {}", build.status));
                (Some(build), outcome::<()>(ctx, Err(over), Action::CancelBuild)?.1)
            }
            result => outcome(ctx, result.map(|(build, _)| build), Action::CancelBuild)?,
        };
        Ok(Some(CancelBuildPayload { build: build.map(BuildNode), user_errors }))
    }

    /// Run a build again as a new build of the same commit and definition.
    async fn rerun_build(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Everything the operation needs.")] input: RerunBuildInput,
    ) -> Result<Option<RerunBuildPayload>> {
        let (app, principal) = (ctx.app()?, ctx.principal()?);
        let action = match input.start {
            RerunStartInput::Beginning(_) => Action::RerunBuild,
            RerunStartInput::StageId(_) | RerunStartInput::FailedOnly(_) => Action::RerunFromStage,
        };
        let started = async {
            let build: BuildId = ids::input(&input.build_id, "buildId")?;
            let from = rerun_from(app, principal, build, input.start).await?;
            let parameters = given(input.parameters);
            let request = RerunBuild { build, from, parameters, idempotency_key: input.idempotency_key };
            app.rerun_build(principal, request).await
        };
        let (build, mut user_errors) = outcome(ctx, started.await, action)?;
        if let Some(held) = &build {
            user_errors.extend(credential_errors(ctx, held).await?);
        }
        let build = build.map(BuildNode);
        let edge = build.clone().map(|build| {
            let owner = build.0.project.as_uuid();
            build.into_edge(owner)
        });
        Ok(Some(RerunBuildPayload { build, edge, user_errors }))
    }

    /// Answer an approval. Stored at once; DELIVERING until the provider has confirmed it.
    async fn decide_approval(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Everything the operation needs.")] input: DecideApprovalInput,
    ) -> Result<Option<DecideApprovalPayload>> {
        let (app, principal) = (ctx.app()?, ctx.principal()?);
        let decided = async {
            let approval: ApprovalId = ids::input(&input.approval_id, "approvalId")?;
            let request = DecideBuild {
                approval,
                verdict: input.verdict.into(),
                comment: input.comment.filter(|comment| !comment.is_empty()),
                parameters: given(input.parameters),
                expected: expected(input.expected_revision)?.map(EventSeq),
            };
            app.decide(principal, request).await
        };
        let (approval, user_errors) = outcome(ctx, decided.await, Action::DecideApproval)?;
        Ok(Some(DecideApprovalPayload { approval: approval.map(ApprovalNode), user_errors }))
    }
}

async fn rerun_from(
    app: &App,
    principal: &alm_domain::Principal,
    build: BuildId,
    start: RerunStartInput,
) -> Result<RerunFrom, AppError> {
    match start {
        RerunStartInput::Beginning(true) => Ok(RerunFrom::Beginning),
        RerunStartInput::FailedOnly(true) => Ok(RerunFrom::Failed),
        RerunStartInput::Beginning(false) => Err(AppError::invalid(["start", "beginning"], "must be true")),
        RerunStartInput::FailedOnly(false) => Err(AppError::invalid(["start", "failedOnly"], "must be true")),
        RerunStartInput::StageId(id) => {
            let id: StageId = id
                .parse()
                .map_err(|error: alm_domain::IdError| AppError::invalid(["start", "stageId"], error.to_string()))?;
            let stage = app.store().stages(principal, &[id]).await?.pop().filter(|stage| stage.build == build);
            let stage = stage.ok_or_else(|| AppError::invalid(["start", "stageId"], "is not a stage of this build"))?;
            if stage.kind.is_frame() {
                return Err(AppError::WrongState("this stage is a frame: choose a stage inside it".to_owned()));
            }
            Ok(RerunFrom::Stage(stage.key))
        }
    }
}
