//! What builds do in the checks.

/// What a build does, in words that every engine can be told. Stages are recognized by their *names*: their keys are the
/// provider's own. Lines are whole lines on standard output where nothing else is said; others may come before, between and
/// after them (only `lines` scenarios count).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scenario {
    /// No stages. Writes `one`, `two`, `three`, and succeeds.
    PlainSuccess,
    /// No stages. Writes `before the fall`, and fails.
    PlainFailure,
    /// No stages. Writes `line 1` up to `line N`, and succeeds.
    ManyLines(u32),
    /// No stages. Writes `out` to standard output and `err` to standard error, and succeeds.
    TwoStreams,
    /// No stages. Writes `before`, waits for [`Harness::open_gate`](super::Harness::open_gate), writes `after`, and succeeds.
    Gated,
    /// No stages. Writes `started`, and runs until it is cancelled.
    LongRunning,
    /// No stages. Waits for its turn at the engine, without having begun, until it is cancelled.
    NeverBegins,
    /// No stages. Writes `kept`; then lines are lost that the engine had once; then it writes `end`, and succeeds.
    LostLines,
    /// Stages `first`; `left` and `right`, both after `first` and side by side where the engine can; `last` after both. Each
    /// writes `hello from ` and its name. Succeeds.
    Pipeline,
    /// A frame `outer` with the stages `inner-one` and `inner-two` inside. Succeeds.
    Nested,
    /// A stage `early`; while it runs, `late` comes to be, inside `early` or after it. Succeeds.
    LateStages,
    /// Asks a person, without inputs. Writes `approved` and succeeds with a yes; fails with a no.
    Approval,
    /// Takes the text `who`, and writes `who=` and its value, whatever characters it holds. Succeeds.
    ParameterEcho,
    /// Stages `plain`, and after it `ship`, which deploys to the environment `conformance`. Each writes `NAME reads SECRET is VALUE`
    /// for every secret that it is given, with its own name and the secret's. Succeeds, also without any.
    Secrets,
    /// Keeps a file `out/hello.txt` with the content `hello artifact` (no line break). Succeeds.
    Artifact,
    /// Stages `build`, which keeps a file `out/version.txt` with the content `version one` (no line break); `to-test` after it,
    /// which deploys to `test`; `to-prod` after that, which deploys to `prod`. Each writes `hello from ` and its name, and those
    /// that deploy the content of the file as well. Succeeds. Where it is the engine that deploys what a build made, and not a stage: a
    /// build of that.
    Deploys,
    /// A configuration that cannot be right, and that can be told before a build is started.
    InvalidConfig,
}
