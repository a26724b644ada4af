//! What the keys of other systems are called here.

/// Foreign keys, spelt in lower case with `-`, and what to do instead.
pub(super) type Table = &'static [(&'static [&'static str], &'static str)];

/// What to do instead of writing this key.
pub(super) fn remedy(key: &str, table: Table) -> Option<&'static str> {
    table.iter().find(|(names, _)| names.contains(&key)).map(|(_, remedy)| *remedy)
}

const RUN: &str = "write the commands under `run`";
const MATRIX: &str = "there is no matrix: write each variant as a stage of a `parallel` frame";
const BEFORE: &str = "put these commands first in `run`";
const AFTER: &str = "write a stage with `finally: true`";
const TIMEOUT: &str = "write `timeout` with a unit, such as 10m";
const ENV: &str = "write `env`";
const RUNNER: &str =
    "the provider's machine runs every stage: take it out, and choose a container by `image` if you need one";
const USES: &str = "there are no ready-made actions: write the commands under `run`";
const SERVICES: &str = "there are no service containers: start what you need in `run`";
const CACHE: &str = "there is no cache key: take it out";
const WHEN_: &str = "write `when`, with branch, parameters or result";
const SECRETS: &str = "secrets belong to the build service's settings: they arrive as variables";

pub(super) const PIPELINE: Table = &[
    (&["jobs", "job", "tasks", "stage", "pipeline"], "write `stages`, a map from key to stage"),
    (
        &["script", "scripts", "steps", "commands", "command", "cmd", "sh", "bash", "exec"],
        "write `run` for a plain build, or `stages`",
    ),
    (&["variables", "vars", "environment-variables"], ENV),
    (&["inputs", "params", "parameter", "arguments"], "write `parameters`"),
    (
        &["on", "trigger", "triggers", "schedule", "schedules", "pr"],
        "what starts builds is set at the build service, not in this file: take it out",
    ),
    (&["timeout-minutes", "timeout-in-minutes"], TIMEOUT),
    (&["before-script"], BEFORE),
    (&["after-script", "post"], AFTER),
    (&["runs-on", "agent", "node", "pool", "tags", "machine", "executors"], RUNNER),
    (&["uses", "orbs", "tools", "libraries"], USES),
    (&["services"], SERVICES),
    (&["cache"], CACHE),
    (
        &["include", "extends", "workflow", "workflows", "default", "defaults"],
        "one file holds the whole pipeline: share parts by YAML anchors under a key that begins with `x-`",
    ),
    (&["environment"], "write it at the stage that deploys there"),
    (&["if", "when", "rules", "only", "except"], "conditions stand at stages: write `when` there"),
    (
        &["needs", "depends-on", "retry", "input", "parallel", "finally", "allow-failure"],
        "it belongs to a stage: write it under `stages`",
    ),
    (&["version"], "the file has no version: take it out"),
    (&["permissions", "concurrency", "options"], "this is set at the build service: take it out"),
    (&["secrets"], SECRETS),
    (&["title", "run-name"], "write `name`"),
];

pub(super) const STAGE: Table = &[
    (&["script", "scripts", "steps", "commands", "command", "cmd", "sh", "bash", "exec", "task"], RUN),
    (&["jobs", "tasks"], "write `stages` inside a stage, or `parallel`"),
    (&["if", "only", "except", "rules", "condition", "on", "filters", "branches"], WHEN_),
    (&["timeout-minutes", "timeout-in-minutes", "time-limit"], TIMEOUT),
    (&["runs-on", "tags", "agent", "node", "pool", "runner"], RUNNER),
    (&["uses", "with", "trigger", "include"], USES),
    (&["before-script"], BEFORE),
    (&["after-script", "post", "always"], "write a stage with `finally: true`, or another one with `when: always`"),
    (&["allow-failure", "continue-on-error", "ignore-errors", "optional"], "write `allow-failure: true`"),
    (&["variables", "vars"], ENV),
    (&["depends-on", "dependson", "dependencies", "requires", "require", "after", "upstream"], "write `needs`"),
    (&["stage"], "there are no numbered phases: name the stages that must end first under `needs`"),
    (&["strategy", "matrix"], MATRIX),
    (&["container", "docker"], "write `image`"),
    (&["services"], SERVICES),
    (&["cache"], CACHE),
    (&["extends"], "share parts by YAML anchors: `<<: *name`"),
    (&["approval", "manual", "confirm", "hold"], "write `input` with the question"),
    (&["retries", "max-retries", "attempts"], "write `retry`"),
    (&["working-directory", "workdir", "cwd", "dir"], "begin `run` with `cd DIRECTORY`"),
    (&["shell"], "`run` is run by /bin/sh: call another shell in it"),
    (&["outputs"], "write a file, and name it under `artifacts`: stages that need this one get it"),
    (&["secrets"], SECRETS),
    (&["id"], "the key of the stage in the map is its id: take it out"),
    (&["title", "display-name", "label"], "write `name`"),
    (&["deploy", "target"], "write `environment` with its name"),
    (&["group", "sequence", "serial"], "write `stages` (one after another) or `parallel` (side by side)"),
];

pub(super) const PARAMETER: Table = &[
    (&["title", "display-name", "caption"], "write `label`"),
    (&["options", "values", "enum"], "write `choices`"),
    (&["default-value", "value", "defaultvalue"], "write `default`"),
    (&["optional", "mandatory"], "write `required: true` or `required: false`"),
    (&["kind"], "write `type`"),
    (&["hint", "doc"], "write `help`"),
];

pub(super) const WHEN: Table = &[
    (
        &["branches", "ref", "refs", "tag", "tags"],
        "write `branch`, with a glob or a list of globs; tags are compared too",
    ),
    (&["params", "parameter", "inputs", "variables"], "write `parameters`"),
    (&["status", "state", "previous"], "write `result`: success, failure or always"),
    (
        &["changes", "paths", "changeset", "files"],
        "changed files cannot be a condition: take it out, or decide in `run`",
    ),
    (&["if", "expression"], "there are no expressions: use branch, parameters and result"),
];

pub(super) const RETRY: Table = &[
    (&["times", "count", "attempts", "limit"], "write `max`"),
    (&["wait", "backoff", "interval", "pause"], "write `delay` with a unit, such as 10s"),
    (&["when", "on", "exit-codes"], "every failure is tried again: take it out"),
];

pub(super) const INPUT: Table = &[
    (&["label", "button", "yes"], "write `proceed` with the label of the button"),
    (&["text", "question", "title"], "write `message`"),
    (&["params", "inputs", "parameter"], "write `parameters`"),
    (
        &["submitter", "approvers", "users", "reviewers"],
        "who may decide is a matter of roles in the project: take it out",
    ),
    (&["id"], "the stage's key names it: take it out"),
];

pub(super) const STEP: Table = &[
    (&["script", "sh", "bash", "command", "cmd"], RUN),
    (&["uses", "with"], USES),
    (&["if", "when"], "conditions stand at stages: make it a stage of its own with `when`"),
    (&["timeout-minutes", "timeout"], "time limits stand at stages: write `timeout` there"),
    (&["working-directory"], "begin `run` with `cd DIRECTORY`"),
    (&["shell"], "`run` is run by /bin/sh: call another shell in it"),
    (&["continue-on-error"], "make it a stage of its own with `allow-failure: true`"),
    (&["variables"], ENV),
    (&["id"], "steps have no id: take it out"),
];

pub(super) const ARTIFACTS: Table = &[
    (&["path", "files", "file"], "write `paths`"),
    (&["expire-in", "retention-days", "retention"], "how long files are kept is set at the build service: take it out"),
    (&["name"], "files keep their paths: take it out"),
    (&["reports"], "name the report files under `paths`"),
];
