//! Every key of the pipeline file: its name, its help text and the shape of its value. The parser knows no other, and the JSON
//! Schema is made of these.

use serde_json::Value;

use super::{foreign, shapes};

/// A kind of map.
#[derive(Debug)]
pub(super) struct Object {
    /// What it is, for messages: "is not a key of …".
    pub(super) name: &'static str,
    /// What to write where something else than a map is found.
    pub(super) instead: &'static str,
    /// The keys that it may have.
    pub(super) keys: &'static [Key],
    /// What others call them.
    pub(super) foreign: foreign::Table,
    /// Whether keys that begin with `x-` or `.` are left alone.
    pub(super) ignores_hidden: bool,
}

/// A key.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) shape: fn() -> Value,
}

const fn key(name: &'static str, help: &'static str, shape: fn() -> Value) -> Key {
    Key { name, help, shape }
}

pub(super) static PIPELINE: Object = Object {
    name: "a pipeline",
    instead: "write a map with `stages`, or with `run` for a plain build",
    keys: &[
        key("name", "Name for display.", shapes::line),
        key("parameters", "Inputs that a build takes; each becomes a variable of the stages.", shapes::parameters),
        key("env", "Variables of every stage.", shapes::env),
        key("timeout", "Time for the whole, waiting for people not counted.", shapes::duration),
        key("stages", "The stages: a map from key to stage in the order of display, or a list.", shapes::stages),
        key("run", "Commands of a plain build, one that has no stages.", shapes::run),
        key("image", "Container image of a plain build.", shapes::image),
        key("artifacts", "Files that a plain build keeps.", shapes::artifacts),
    ],
    foreign: foreign::PIPELINE,
    ignores_hidden: true,
};

const NAME: Key = key("name", "Name for display; the key where there is none.", shapes::line);
const NEEDS: Key = key(
    "needs",
    "Stages that must end first: siblings by their key, others by their full key such as frame/child. Without it a stage starts at once; inside a frame made by `stages`, after the one before it.",
    shapes::needs,
);
const WHEN_KEY: Key =
    key("when", "When it runs at all; without it, when everything that it needs succeeded.", shapes::when);
const RUN: Key = key("run", "Commands: a script, or a list of steps.", shapes::run);
const INPUT_KEY: Key = key("input", "A question that must be answered with yes before it runs.", shapes::input);
const ENV: Key = key("env", "Variables, over those of the pipeline and of the frames around.", shapes::env);
const TIMEOUT: Key = key("timeout", "Time for each attempt.", shapes::duration);
const RETRY_KEY: Key = key("retry", "How often it is tried again after a failure.", shapes::retry);
const ENVIRONMENT: Key = key("environment", "Name of the target that it deploys to.", shapes::environment);
const URL: Key = key("url", "Where people can visit what it has deployed.", shapes::url);
const ARTIFACTS_KEY: Key =
    key("artifacts", "Files to keep, and to give to the stages that need this one.", shapes::artifacts);
const IMAGE: Key = key("image", "Container image to run in.", shapes::image);
const ALLOW_FAILURE: Key = key(
    "allow-failure",
    "Whether its failure makes the build unstable rather than failed, and lets go on what needs it.",
    shapes::boolean,
);
const FINALLY: Key = key("finally", "Whether it runs at the end, whatever happened before.", shapes::boolean);
const PARALLEL: Key = key("parallel", "Makes it a frame: stages that run side by side.", shapes::stages);
const STAGES: Key = key("stages", "Makes it a frame: stages that run one after another.", shapes::stages);
const OWN_KEY: Key = key("key", "Key of the stage; the name where there is none.", shapes::stage_key);

pub(super) static STAGE: Object = Object {
    name: "a stage",
    instead: "write a map, such as `build: {run: make}`",
    keys: &[
        NAME,
        NEEDS,
        WHEN_KEY,
        RUN,
        INPUT_KEY,
        ENV,
        TIMEOUT,
        RETRY_KEY,
        ENVIRONMENT,
        URL,
        ARTIFACTS_KEY,
        IMAGE,
        ALLOW_FAILURE,
        FINALLY,
        PARALLEL,
        STAGES,
    ],
    foreign: foreign::STAGE,
    ignores_hidden: false,
};

pub(super) static LISTED_STAGE: Object = Object {
    name: "a stage",
    instead: "write a map, such as `- {name: build, run: make}`",
    keys: &[
        OWN_KEY,
        NAME,
        NEEDS,
        WHEN_KEY,
        RUN,
        INPUT_KEY,
        ENV,
        TIMEOUT,
        RETRY_KEY,
        ENVIRONMENT,
        URL,
        ARTIFACTS_KEY,
        IMAGE,
        ALLOW_FAILURE,
        FINALLY,
        PARALLEL,
        STAGES,
    ],
    foreign: foreign::STAGE,
    ignores_hidden: false,
};

/// Keys that a frame may have; all others belong to the stages inside.
pub(super) const OF_FRAMES: &[&str] = &["key", "name", "needs", "when", "env", "parallel", "stages"];
/// Keys that say nothing without `run`.
pub(super) const OF_WORK: &[&str] = &["env", "timeout", "retry", "artifacts", "image", "finally"];

pub(super) static STEP: Object = Object {
    name: "a step",
    instead: "write a command, or a map such as `{name: Test, run: make test}`",
    keys: &[
        key("name", "Name for display.", shapes::line),
        key("run", "Script for the shell.", shapes::script),
        key("env", "Variables of this step.", shapes::env),
    ],
    foreign: foreign::STEP,
    ignores_hidden: false,
};

const TYPE: Key =
    key("type", "Kind of value; a string where it is not given, a choice where there are choices.", shapes::kind);
const LABEL: Key = key("label", "Name for display; the name where there is none.", shapes::line);
const HELP: Key = key("help", "Help text.", shapes::text);
const DESCRIPTION: Key = key("description", "The same as help.", shapes::text);
const DEFAULT: Key = key("default", "Value used when none is given; of the type.", shapes::scalar);
const REQUIRED: Key = key("required", "Whether a value must be given. Not together with a default.", shapes::boolean);
const CHOICES: Key = key("choices", "The values to choose from.", shapes::choices);

pub(super) static PARAMETER: Object = Object {
    name: "a parameter",
    instead: "write a map, such as `{type: string, default: x}`",
    keys: &[TYPE, LABEL, HELP, DESCRIPTION, DEFAULT, REQUIRED, CHOICES],
    foreign: foreign::PARAMETER,
    ignores_hidden: false,
};

pub(super) static LISTED_PARAMETER: Object = Object {
    name: "a parameter",
    instead: "write a map, such as `- {name: target, type: string}`",
    keys: &[
        key("name", "Name of the parameter and of its variable.", shapes::variable),
        TYPE,
        LABEL,
        HELP,
        DESCRIPTION,
        DEFAULT,
        REQUIRED,
        CHOICES,
    ],
    foreign: foreign::PARAMETER,
    ignores_hidden: false,
};

pub(super) static WHEN: Object = Object {
    name: "a condition",
    instead: "write always, failure or success, or a map with branch, parameters and result",
    keys: &[
        key("branch", "Globs of which the branch or tag must fit one.", shapes::globs),
        key("parameters", "Values that parameters must have: one, or a list of which one.", shapes::expected),
        key("result", "How what it needs must have ended.", shapes::result),
    ],
    foreign: foreign::WHEN,
    ignores_hidden: false,
};

pub(super) static RETRY: Object = Object {
    name: "retry",
    instead: "write a number, or a map such as `{max: 2, delay: 10s}`",
    keys: &[
        key("max", "How many more attempts after the first, at most 10.", shapes::attempts),
        key("delay", "Pause between attempts.", shapes::duration),
    ],
    foreign: foreign::RETRY,
    ignores_hidden: false,
};

pub(super) static INPUT: Object = Object {
    name: "input",
    instead: "write the question as text, or a map with message",
    keys: &[
        key("message", "The question.", shapes::line),
        key("proceed", "Label of the button that says yes.", shapes::line),
        key("ok", "The same as proceed.", shapes::line),
        key("parameters", "Inputs asked for with the answer; they become variables of the stage.", shapes::parameters),
        key("timeout", "How long the question stays open.", shapes::duration),
    ],
    foreign: foreign::INPUT,
    ignores_hidden: false,
};

pub(super) static ARTIFACTS: Object = Object {
    name: "artifacts",
    instead: "write a list of globs, or a map with paths",
    keys: &[
        key("paths", "Globs, relative to the work tree.", shapes::globs),
        key("when", "always: keep them also when the stage failed. success: only when it succeeded.", shapes::keep),
    ],
    foreign: foreign::ARTIFACTS,
    ignores_hidden: false,
};
