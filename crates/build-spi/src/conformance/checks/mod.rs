//! The checks, by the part of the contract that they are about.

mod approval;
mod artifact;
mod cancel;
mod config;
mod deploy;
mod descriptor;
mod end;
mod follow;
mod list;
mod log;
mod parameter;
mod rerun;
mod resume;
mod secret;
mod stage;
mod stage_log;
mod start;
mod step;
mod trouble;
mod unknown;

use std::fmt;

use super::stand::{Stand, Verdict};

macro_rules! checks {
    ($($(#[doc = $promise:literal])+ $check:ident = $name:literal => $module:ident :: $function:ident;)*) => {
        /// One thing that every provider must do. Its documentation is the promise that it holds the provider to.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Check {
            $($(#[doc = $promise])+ $check,)*
        }

        impl Check {
            /// All of them, in the order in which they are run.
            pub const ALL: &'static [Self] = &[$(Self::$check,)*];

            /// Its name; never changes.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$check => $name,)*
                }
            }

            /// What it holds the provider to, for people.
            #[must_use]
            pub fn promise(self) -> &'static str {
                match self {
                    $(Self::$check => concat!($($promise),+).trim(),)*
                }
            }

            pub(crate) async fn run(self, stand: &Stand<'_>) -> Verdict {
                match self {
                    $(Self::$check => Box::pin($module::$function(stand)).await,)*
                }
            }
        }
    };
}

checks! {
    /// The descriptor is the same each time, its capabilities fit together, its settings are defined once and properly.
    DescriptorIsConstantAndSane = "descriptor_is_constant_and_sane" => descriptor::descriptor_is_constant_and_sane;
    /// Every operation that is declared is served: none answers that it is not supported.
    DeclaredCapabilitiesAreServed = "declared_capabilities_are_served" => descriptor::declared_capabilities_are_served;
    /// Every operation that is not declared answers that it is not supported, and names the capability.
    UndeclaredCapabilitiesAreUnsupported = "undeclared_capabilities_are_unsupported" => descriptor::undeclared_capabilities_are_unsupported;
    /// A probe gives a verdict, with a sentence where it is a bad one; an engine that cannot be reached is a verdict too.
    ProbeGivesAVerdict = "probe_gives_a_verdict" => descriptor::probe_gives_a_verdict;
    /// The settings that the provider runs with are taken when they are handed over again, and builds go on being started.
    OwnSettingsAreTaken = "own_settings_are_taken" => descriptor::own_settings_are_taken;
    /// A good token has an owner with a name.
    WhoAmINamesTheAccount = "who_am_i_names_the_account" => descriptor::who_am_i_names_the_account;

    /// A wrong configuration is refused as invalid, with at least one finding that says where and what.
    ValidateFindsWhatIsWrong = "validate_finds_what_is_wrong" => config::validate_finds_what_is_wrong;
    /// Creating a configuration again finds the one that is there, also from another instance.
    CreateConfigIsIdempotent = "create_config_is_idempotent" => config::create_config_is_idempotent;
    /// A configuration reads back as it was created, and after an update as it was updated.
    ConfigReadsBackAsWritten = "config_reads_back_as_written" => config::config_reads_back_as_written;
    /// Deleting a configuration that is gone is a success.
    DeleteConfigIsIdempotent = "delete_config_is_idempotent" => config::delete_config_is_idempotent;
    /// A configuration that was deleted is not found any more.
    DeletedConfigIsGone = "deleted_config_is_gone" => config::deleted_config_is_gone;
    /// A configuration that never was is not found.
    UnknownConfigsAreNotFound = "unknown_configs_are_not_found" => unknown::unknown_configs_are_not_found;
    /// A run that never was is not found, by any operation but release and purge, which succeed.
    UnknownRunsAreNotFound = "unknown_runs_are_not_found" => unknown::unknown_runs_are_not_found;

    /// Starting the same build again, while it runs and after its end, gives the same run.
    StartAgainFindsTheSameRun = "start_again_finds_the_same_run" => start::start_again_finds_the_same_run;
    /// Twenty calls at once that start the same build make one run.
    RacingStartsMakeOneRun = "racing_starts_make_one_run" => start::racing_starts_make_one_run;
    /// Another instance that starts the same build finds the run of the first one.
    StartFromAnotherInstanceFindsTheRun = "start_from_another_instance_finds_the_run" => start::start_from_another_instance_finds_the_run;
    /// The run of a build is found where there is one, also by another instance; looking for it starts none.
    RunsAreFoundAndNotStarted = "runs_are_found_and_not_started" => start::runs_are_found_and_not_started;

    /// `Complete` is told once, and the stream ends behind it.
    FollowEndsWithComplete = "follow_ends_with_complete" => follow::follow_ends_with_complete;
    /// The states of the run, of its stages and of their attempts move as the state machine does.
    StatesMoveLegally = "states_move_legally" => follow::states_move_legally;
    /// A run and its stages have ended when `Complete` is told, and the run as its work did.
    RunsEndAsTheirWorkDid = "runs_end_as_their_work_did" => end::runs_end_as_their_work_did;
    /// Two followers at once are told the same lines and the same end.
    TwoFollowersHearTheSame = "two_followers_hear_the_same" => follow::two_followers_hear_the_same;
    /// Dropping a stream in the middle harms neither the run nor other streams.
    DroppingAFollowerHarmsNothing = "dropping_a_follower_harms_nothing" => follow::dropping_a_follower_harms_nothing;
    /// When the stop token is cancelled, the stream ends, and without an error.
    StopEndsTheStreamQuietly = "stop_ends_the_stream_quietly" => follow::stop_ends_the_stream_quietly;
    /// `get` is at least as new as what a follower was told before.
    GetIsAsNewAsFollow = "get_is_as_new_as_follow" => follow::get_is_as_new_as_follow;
    /// Following from each token that was handed out gives exactly the lines that come after it, and the end.
    ResumeFromEveryTokenIsExact = "resume_from_every_token_is_exact" => resume::resume_from_every_token_is_exact;
    /// Following from the token behind `Complete` gives nothing, and ends.
    NothingComesBehindTheEnd = "nothing_comes_behind_the_end" => resume::nothing_comes_behind_the_end;
    /// Tokens are good for another instance too.
    TokensOutliveTheInstance = "tokens_outlive_the_instance" => resume::tokens_outlive_the_instance;

    /// A plain build tells no stage, and its shape is PLAIN.
    PlainBuildsHaveNoStages = "plain_builds_have_no_stages" => stage::plain_builds_have_no_stages;
    /// Steps are told of plain builds alone, each with a name, and none that ends before it begins.
    StepsArePartsOfPlainBuilds = "steps_are_parts_of_plain_builds" => step::steps_are_parts_of_plain_builds;
    /// Each stage has a key of its own, among all stages of a run.
    StageKeysAreUnique = "stage_keys_are_unique" => stage::stage_keys_are_unique;
    /// Two builds of one configuration have the same stage keys.
    StageKeysAreStable = "stage_keys_are_stable" => stage::stage_keys_are_stable;
    /// The parent of a stage is a stage of the run.
    StageParentsExist = "stage_parents_exist" => stage::stage_parents_exist;
    /// What a stage depends on are stages of the run.
    StageDependenciesExist = "stage_dependencies_exist" => stage::stage_dependencies_exist;
    /// No stage depends on itself, or is inside itself, however indirectly.
    StageGraphHasNoCycle = "stage_graph_has_no_cycle" => stage::stage_graph_has_no_cycle;
    /// With PLANNED_GRAPH: every stage is told as planned before the first one starts.
    StagesArePlannedBeforeTheyStart = "stages_are_planned_before_they_start" => stage::stages_are_planned_before_they_start;
    /// With PARALLEL_STAGES: stages that may run side by side do not depend on each other.
    ParallelStagesAreIndependent = "parallel_stages_are_independent" => stage::parallel_stages_are_independent;
    /// With NESTED_STAGES: a stage inside another one names it as its parent.
    NestedStagesNameTheirParent = "nested_stages_name_their_parent" => stage::nested_stages_name_their_parent;
    /// A stage that comes to be while the build runs is told, with its place in the graph.
    LateStagesHaveAPlace = "late_stages_have_a_place" => stage::late_stages_have_a_place;
    /// With DESCRIBE: a description says the shape, the planned stages and the parameters of the build that follows.
    DescriptionsComeTrue = "descriptions_come_true" => stage::descriptions_come_true;

    /// The log gives the lines that a follower was told, from every position.
    LogAgreesWithFollowFromEveryPosition = "log_agrees_with_follow_from_every_position" => log::log_agrees_with_follow_from_every_position;
    /// A position past the end gives no line, and no error.
    LogPastTheEndIsEmpty = "log_past_the_end_is_empty" => log::log_past_the_end_is_empty;
    /// Lines that the engine lost are a gap in their place, not silence.
    LostLinesAreAGap = "lost_lines_are_a_gap" => log::lost_lines_are_a_gap;
    /// With LIVE_LOG: a line is told while the build still runs.
    LinesComeWhileTheBuildRuns = "lines_come_while_the_build_runs" => log::lines_come_while_the_build_runs;
    /// With STAGE_LOG: a line names the stage that wrote it.
    LinesNameTheirStage = "lines_name_their_stage" => stage_log::lines_name_their_stage;
    /// With LOG_STREAMS: standard output and standard error are told apart.
    OutputAndErrorAreToldApart = "output_and_error_are_told_apart" => stage_log::output_and_error_are_told_apart;
    /// With LOG_TIMESTAMPS: every line that a build wrote has its time.
    LinesHaveTheirTime = "lines_have_their_time" => stage_log::lines_have_their_time;

    /// With CANCEL: a running build that is asked to stop ends as cancelled.
    CancelStopsARunningBuild = "cancel_stops_a_running_build" => cancel::cancel_stops_a_running_build;
    /// With CANCEL: a build that has not begun can be cancelled.
    CancelBeforeTheWorkBegins = "cancel_before_the_work_begins" => cancel::cancel_before_the_work_begins;
    /// With CANCEL: asking again, and ten times at once, is no error.
    CancelIsIdempotent = "cancel_is_idempotent" => cancel::cancel_is_idempotent;
    /// With CANCEL: asking after the end answers that it has ended, and changes nothing.
    CancelAfterTheEndSaysSo = "cancel_after_the_end_says_so" => cancel::cancel_after_the_end_says_so;

    /// With APPROVALS: a question is asked, a yes settles it, followers are told, and the build goes on.
    ApprovalsAreAskedAndSettled = "approvals_are_asked_and_settled" => approval::approvals_are_asked_and_settled;
    /// With APPROVALS: the first decision counts; a later one is told that the question was settled.
    FirstDecisionWins = "first_decision_wins" => approval::first_decision_wins;
    /// With APPROVALS: a no ends the build badly.
    RejectionEndsTheBuildBadly = "rejection_ends_the_build_badly" => approval::rejection_ends_the_build_badly;
    /// With APPROVALS: a decision on a question that was never asked is not found.
    UnknownQuestionsAreNotFound = "unknown_questions_are_not_found" => approval::unknown_questions_are_not_found;
    /// With APPROVALS: inputs that were not asked for are refused, and the question stays open.
    DecisionInputsAreChecked = "decision_inputs_are_checked" => approval::decision_inputs_are_checked;

    /// With RERUN: a repetition is a run of its own, and there is one however often it is asked for.
    RerunMakesOneNewRun = "rerun_makes_one_new_run" => rerun::rerun_makes_one_new_run;
    /// With RERUN_FROM_STAGE: stages before the chosen one are taken over, not run.
    RerunFromStageReusesWhatCameBefore = "rerun_from_stage_reuses_what_came_before" => rerun::rerun_from_stage_reuses_what_came_before;
    /// With DEPLOY: a deployment is a run of its own, and there is one however often it is asked for.
    DeployMakesOneNewRun = "deploy_makes_one_new_run" => deploy::deploy_makes_one_new_run;
    /// With DEPLOY: only the stages that deploy to the environment are run, and told.
    DeployRunsWhatDeploysThere = "deploy_runs_what_deploys_there" => deploy::deploy_runs_what_deploys_there;
    /// With DEPLOY: what is deployed is the commit that was built, and, with ARTIFACTS, the files that were kept.
    DeployBringsWhatWasBuilt = "deploy_brings_what_was_built" => deploy::deploy_brings_what_was_built;
    /// With DEPLOY: an environment that nothing deploys to is answered as unsupported, and there is no run.
    DeployToNowhereIsUnsupported = "deploy_to_nowhere_is_unsupported" => deploy::deploy_to_nowhere_is_unsupported;
    /// With PARAMETERS: a build is given the values that it was started with.
    ParametersArrive = "parameters_arrive" => parameter::parameters_arrive;

    /// Paging through a list gives every run once.
    ListGivesEveryRunOnce = "list_gives_every_run_once" => list::list_gives_every_run_once;
    /// A list begins with the newest run.
    ListIsNewestFirst = "list_is_newest_first" => list::list_is_newest_first;
    /// A page that is no page is refused as invalid.
    WrongPagesAreRefused = "wrong_pages_are_refused" => list::wrong_pages_are_refused;

    /// While the engine is away, calls answer that it is unavailable.
    OutageIsUnavailable = "outage_is_unavailable" => trouble::outage_is_unavailable;
    /// After an outage a build goes on, with every line once and its own end.
    OutageLosesNothing = "outage_loses_nothing" => trouble::outage_loses_nothing;
    /// When the engine's clock jumps, lines and lists keep their order.
    ClockSkewReordersNothing = "clock_skew_reorders_nothing" => trouble::clock_skew_reorders_nothing;
    /// A token that was withdrawn is unauthorized, from every operation.
    WithdrawnTokensAreUnauthorized = "withdrawn_tokens_are_unauthorized" => trouble::withdrawn_tokens_are_unauthorized;
    /// A run whose machine disappears ends as ERRORED, INTERRUPTED.
    LostRunsEndInterrupted = "lost_runs_end_interrupted" => trouble::lost_runs_end_interrupted;
    /// Neither tokens nor secrets appear where the provider prints itself, its errors or its observations.
    SecretsDoNotPrint = "secrets_do_not_print" => secret::secrets_do_not_print;

    /// With SECRETS and STAGES: every stage is given the secrets of the build, and the token of its own environment, and no other.
    SecretsReachTheirStages = "secrets_reach_their_stages" => secret::secrets_reach_their_stages;
    /// With SECRETS: what a build prints of its secrets is not in its log; with LATE_SECRETS, of those that come later neither.
    SecretsAreTakenOutOfTheLog = "secrets_are_taken_out_of_the_log" => secret::secrets_are_taken_out_of_the_log;
    /// With LATE_SECRETS: a stage waits for the token that was withheld, and says so; when it is supplied, the stage goes on with it. Supplying again is a success, after the end too.
    WithheldTokensHoldTheirStage = "withheld_tokens_hold_their_stage" => secret::withheld_tokens_hold_their_stage;

    /// With ARTIFACTS: a kept file reads as it was written, and as it was described.
    ArtifactsReadAsWritten = "artifacts_read_as_written" => artifact::artifacts_read_as_written;
    /// With ARTIFACTS: reading from an offset gives the rest.
    ArtifactsReadFromAnOffset = "artifacts_read_from_an_offset" => artifact::artifacts_read_from_an_offset;
    /// Releasing a run again is a success.
    ReleaseIsIdempotent = "release_is_idempotent" => artifact::release_is_idempotent;
    /// With ARTIFACTS: artifacts can be read after release.
    ArtifactsOutliveRelease = "artifacts_outlive_release" => artifact::artifacts_outlive_release;
    /// Purging a run again is a success.
    PurgeIsIdempotent = "purge_is_idempotent" => artifact::purge_is_idempotent;
    /// With ARTIFACTS: artifacts are gone after a purge.
    PurgeRemovesArtifacts = "purge_removes_artifacts" => artifact::purge_removes_artifacts;
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
