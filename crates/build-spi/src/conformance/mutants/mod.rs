//! The fake, broken on purpose: the proof that the suite finds what it is there to find.

mod news;
mod provider;

pub use provider::BrokenProvider;

use super::{
    Check,
    fake::{FakeEngine, FakeProvider},
};

macro_rules! mutants {
    ($($(#[doc = $flaw:literal])+ $mutant:ident => $check:ident;)*) => {
        /// One way in which a provider can be wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Mutant {
            $($(#[doc = $flaw])+ $mutant,)*
        }

        impl Mutant {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$mutant,)*];

            /// The one check that must find it.
            #[must_use]
            pub const fn caught_by(self) -> Check {
                match self {
                    $(Self::$mutant => Check::$check,)*
                }
            }
        }
    };
}

mutants! {
    /// The descriptor differs from call to call.
    DescriptorChanges => DescriptorIsConstantAndSane;
    /// DESCRIBE is declared, but its operation answers that it is not supported.
    CapabilityDeclaredButBroken => DeclaredCapabilitiesAreServed;
    /// DESCRIBE is served without being declared.
    UndeclaredIsServed => UndeclaredCapabilitiesAreUnsupported;
    /// CANCEL that is not declared answers with an internal error.
    UndeclaredIsInternal => UndeclaredCapabilitiesAreUnsupported;
    /// A probe of an engine that is away is an error.
    ProbeFailsInOutage => ProbeGivesAVerdict;
    /// The settings that it runs with are refused.
    ConfigureRefusesOwnSettings => OwnSettingsAreTaken;
    /// The account has no name.
    NamelessAccount => WhoAmINamesTheAccount;
    /// Any configuration is good.
    ValidateAcceptsAnything => ValidateFindsWhatIsWrong;
    /// Findings do not say where.
    FindingWithoutPath => ValidateFindsWhatIsWrong;
    /// Each call makes another configuration.
    CreatesConfigTwice => CreateConfigIsIdempotent;
    /// An update is answered, and not done.
    UpdateForgotten => ConfigReadsBackAsWritten;
    /// Deleting what is gone is an error.
    SecondDeleteErrors => DeleteConfigIsIdempotent;
    /// A deletion is answered, and not done.
    DeleteKeepsConfig => DeletedConfigIsGone;
    /// The list of a configuration that never was is empty.
    UnknownConfigListsNothing => UnknownConfigsAreNotFound;
    /// A run that never was is an internal error.
    UnknownRunIsInternal => UnknownRunsAreNotFound;
    /// A run that is gone cannot be released.
    GoneRunCannotBeReleased => UnknownRunsAreNotFound;
    /// A build whose run has ended is started once more.
    StartsTwice => StartAgainFindsTheSameRun;
    /// Never finds the run of a build.
    FindsNothing => RunsAreFoundAndNotStarted;
    /// Looks whether there is a run, and starts one later.
    StartRaces => RacingStartsMakeOneRun;
    /// Another instance does not know which builds were started.
    ForgetsStartsAfterRestart => StartFromAnotherInstanceFindsTheRun;
    /// The stream just ends.
    NoComplete => FollowEndsWithComplete;
    /// The end is told twice.
    CompleteTwice => FollowEndsWithComplete;
    /// Something is told after the end.
    EventAfterComplete => FollowEndsWithComplete;
    /// A running build is queued again.
    IllegalTransition => StatesMoveLegally;
    /// A stage that has ended runs again.
    StageGoesBack => StatesMoveLegally;
    /// A failed build is told as a success.
    FailureToldAsSuccess => RunsEndAsTheirWorkDid;
    /// The end of a stage is not told.
    StageLeftOpen => RunsEndAsTheirWorkDid;
    /// Followers take lines away from each other.
    FollowersShareLines => TwoFollowersHearTheSame;
    /// A build ends when its follower goes away.
    DropStopsRun => DroppingAFollowerHarmsNothing;
    /// Being stopped is an error.
    StopIsAnError => StopEndsTheStreamQuietly;
    /// A snapshot is older than what followers know.
    StaleGet => GetIsAsNewAsFollow;
    /// The line behind a token is lost.
    LosesLineOnResume => ResumeFromEveryTokenIsExact;
    /// The line before a token is told again.
    DoublesLineOnResume => ResumeFromEveryTokenIsExact;
    /// Only the newest token is good.
    OldTokensExpire => ResumeFromEveryTokenIsExact;
    /// Who follows from behind the end waits for ever.
    HangsBehindTheEnd => NothingComesBehindTheEnd;
    /// Tokens of another instance are taken for none.
    ForgetsTokenAfterRestart => TokensOutliveTheInstance;
    /// A plain build has a stage.
    PlainWithStage => PlainBuildsHaveNoStages;
    /// A plain build does not say that it is one.
    PlainShapeUnknown => PlainBuildsHaveNoStages;
    /// A step ends before it begins.
    StepRunsBackwards => StepsArePartsOfPlainBuilds;
    /// A step has no name.
    StepWithoutName => StepsArePartsOfPlainBuilds;
    /// A pipeline has steps beside its stages.
    PipelineWithSteps => StepsArePartsOfPlainBuilds;
    /// A snapshot has a stage twice.
    DuplicateStageKey => StageKeysAreUnique;
    /// The key of a stage holds the number of the run.
    KeysChangePerBuild => StageKeysAreStable;
    /// A stage is inside one that there is not.
    ParentMissing => StageParentsExist;
    /// A stage depends on one that there is not.
    DependencyMissing => StageDependenciesExist;
    /// Two stages depend on each other.
    CyclicDependsOn => StageGraphHasNoCycle;
    /// Stages are told when they start.
    PlansLate => StagesArePlannedBeforeTheyStart;
    /// Parallel stages are told as a sequence.
    SerializesParallel => ParallelStagesAreIndependent;
    /// Stages inside others do not say so.
    FlattensNesting => NestedStagesNameTheirParent;
    /// A late stage stands alone.
    LateStageWithoutPlace => LateStagesHaveAPlace;
    /// A description lacks a stage.
    DescribesOtherStages => DescriptionsComeTrue;
    /// A description lacks the parameters.
    DescribesWithoutParameters => DescriptionsComeTrue;
    /// Reading from a position leaves out its first line.
    LogOffByOne => LogAgreesWithFollowFromEveryPosition;
    /// Reading past the end is an error.
    LogPastEndErrors => LogPastTheEndIsEmpty;
    /// Nothing says that lines were lost.
    GapHidden => LostLinesAreAGap;
    /// Lines are kept back until something else happens.
    LinesComeLate => LinesComeWhileTheBuildRuns;
    /// Lines do not say which stage wrote them.
    StageLogLost => LinesNameTheirStage;
    /// Everything is standard output.
    StreamsMixed => OutputAndErrorAreToldApart;
    /// A line has no time.
    LineWithoutTime => LinesHaveTheirTime;
    /// A cancelled build is told as failed.
    CancelToldAsFailure => CancelStopsARunningBuild;
    /// A build that has not begun cannot be cancelled.
    CancelBeforeWorkErrors => CancelBeforeTheWorkBegins;
    /// Cancelling again is a conflict.
    SecondCancelErrors => CancelIsIdempotent;
    /// Cancelling after the end is a conflict.
    CancelAfterEndErrors => CancelAfterTheEndSaysSo;
    /// Cancelling after the end is accepted.
    CancelAfterEndAccepted => CancelAfterTheEndSaysSo;
    /// Followers are not told what came of a decision.
    ApprovalReceiptMissing => ApprovalsAreAskedAndSettled;
    /// A second decision is accepted.
    DecideLastWins => FirstDecisionWins;
    /// A no is taken for a yes.
    RejectionIgnored => RejectionEndsTheBuildBadly;
    /// A decision on nothing is accepted.
    UnknownDecisionAccepted => UnknownQuestionsAreNotFound;
    /// Inputs of a decision are not looked at.
    DecisionInputsUnchecked => DecisionInputsAreChecked;
    /// A repetition gives the run that it repeats.
    RerunReturnsOldRun => RerunMakesOneNewRun;
    /// Each call makes another repetition.
    RerunsTwice => RerunMakesOneNewRun;
    /// A repetition from a stage begins at the beginning.
    RerunFromStageRunsAll => RerunFromStageReusesWhatCameBefore;
    /// A deployment gives the run whose version it brings.
    DeployReturnsOldRun => DeployMakesOneNewRun;
    /// Each call makes another deployment.
    DeploysTwice => DeployMakesOneNewRun;
    /// A deployment runs the whole build again.
    DeployRunsAll => DeployRunsWhatDeploysThere;
    /// A deployment forgets the files of the build.
    DeployLosesFiles => DeployBringsWhatWasBuilt;
    /// A deployment builds whatever commit is the newest.
    DeployTakesNewestCommit => DeployBringsWhatWasBuilt;
    /// A deployment to an environment that nothing deploys to is answered, and nothing is run.
    DeployToNowhereAccepted => DeployToNowhereIsUnsupported;
    /// Builds are started with other values.
    ParametersDropped => ParametersArrive;
    /// A page begins with a run twice.
    PageRepeats => ListGivesEveryRunOnce;
    /// A page lacks a run.
    PageSkips => ListGivesEveryRunOnce;
    /// A page begins with the oldest run.
    ListsOldestFirst => ListIsNewestFirst;
    /// Any text is a page.
    RubbishPageAccepted => WrongPagesAreRefused;
    /// An engine that is away is an internal error.
    OutageIsInternal => OutageIsUnavailable;
    /// An outage ends the builds that are followed.
    OutageFailsBuild => OutageLosesNothing;
    /// Lines are sorted by their times.
    LogSortedByTime => ClockSkewReordersNothing;
    /// Runs are sorted by their times.
    ListSortedByTime => ClockSkewReordersNothing;
    /// A withdrawn token is told as a lack of rights.
    UnauthorizedIsForbidden => WithdrawnTokensAreUnauthorized;
    /// A lost run ends for another reason.
    LossIsNotSaid => LostRunsEndInterrupted;
    /// The provider prints the token that it was called with.
    DebugShowsToken => SecretsDoNotPrint;
    /// An error repeats the token.
    ErrorEchoesToken => SecretsDoNotPrint;
    /// A build is started without its secrets.
    SecretsDropped => SecretsReachTheirStages;
    /// Every stage is given the tokens of all environments.
    TokensForEveryStage => SecretsReachTheirStages;
    /// The log shows a secret.
    LogShowsSecret => SecretsAreTakenOutOfTheLog;
    /// A stage does not wait for its token.
    WithheldIgnored => WithheldTokensHoldTheirStage;
    /// A stage goes on without the token that was supplied.
    SupplyGivesNothing => WithheldTokensHoldTheirStage;
    /// Supplying a token again is a conflict.
    SecondSupplyErrors => WithheldTokensHoldTheirStage;
    /// An artifact is described with another hash.
    ArtifactHashWrong => ArtifactsReadAsWritten;
    /// Reading an artifact begins at its beginning.
    ArtifactOffsetIgnored => ArtifactsReadFromAnOffset;
    /// Releasing again is a conflict.
    SecondReleaseErrors => ReleaseIsIdempotent;
    /// Releasing removes artifacts.
    ReleaseDeletesArtifacts => ArtifactsOutliveRelease;
    /// Purging again is an error.
    SecondPurgeErrors => PurgeIsIdempotent;
    /// A purge is answered, and not done.
    PurgeKeepsArtifacts => PurgeRemovesArtifacts;
}

impl Mutant {
    /// The fake, broken in this way.
    #[must_use]
    pub fn attach(self, provider: FakeProvider, engine: &FakeEngine) -> BrokenProvider {
        BrokenProvider::new(self, provider, engine)
    }
}
