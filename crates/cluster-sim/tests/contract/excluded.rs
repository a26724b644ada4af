//! What is not compared, and why.

use std::collections::BTreeMap;

/// Recordings, the part of the answer (all of it where that is empty), and the reason.
type Exclusion = (&'static [&'static str], &'static str, &'static str);

const ALL: &[Exclusion] = &[
    (
        &["bc-create-400-type-mismatch", "secret-create-400-base64"],
        "/message",
        "the message ends with what the decoder of the real server had read",
    ),
    (
        &["ctl-build-failed", "ctl-build-complete"],
        "/status/stages",
        "the builder's pod was played when this was recorded, and wrote no steps; documented, unrecorded",
    ),
    (&["ctl-build-failed"], "/status/logSnippet", "as above: the snippet of the log is the builder's"),
    (
        &["ctl-build-cancelled"],
        "/status/conditions",
        "it was cancelled while it was pending; a pending build of the simulator runs at once",
    ),
    (&["discovery-anonymous-version"], "", "which version is simulated is no promise"),
    (&["discovery-version"], "", "which version is simulated is no promise"),
    (
        &["fabric8-builds", "fabric8-deploymentconfig", "fabric8-routes", "fabric8-services"],
        "",
        "openshift.io in 2018, by addresses (`/oapi`) and with a Jenkins that nobody has any more: the provider reads them in its own tests",
    ),
    (
        &["fabric8-rules-review"],
        "",
        "as above; what somebody may do is asked by access reviews, one for each thing, which are played",
    ),
    (&["bc-list-table"], "", "tables are for the command line: no provider asks for them"),
    (
        &["build-log-tail-timestamps"],
        "",
        "the stand-in for the kubelet took no notice of `tailLines`; the simulator does",
    ),
    (
        &["ctl-build-log-running", "ctl-build-next-started", "ctl-build-pending", "ctl-cancel-pending"],
        "",
        "a moment between two phases that the simulator does not stop at; the phases are compared before and after",
    ),
    (
        &["ctl-build-pod", "tekton-pod-of-taskrun"],
        "",
        "of pods the simulator has what logs need, not what kubelets need",
    ),
    (
        &["ctl-bc-delete-background", "ctl-bc-delete-orphan", "ctl-builds-after-bc-deletes", "ctl-watch-builds"],
        "",
        "one history of a garbage collector at work; here what is owned goes at once. The same calls are compared in `demo`",
    ),
    (&["ctl-events", "tekton-events"], "", "the simulator writes no events"),
    (&["ctl-pipeline-build-cancel-ignored"], "", "a Jenkins runs beside the simulator and acts on it; none did there"),
    (
        &["ctl-project-delete", "project-get"],
        "",
        "a plain kube-apiserver stood in front: a real cluster answers its members",
    ),
    (
        &["discovery-well-known-oauth-kube", "oauth-server-well-known"],
        "",
        "as the servers behind answer; from outside it is answered as `discovery-well-known-oauth-front`",
    ),
    (
        &["oauth-info"],
        "",
        "asked 36 s after the token was given, with another scope than it has; no provider asks for it",
    ),
    (
        &["scope-narrow-builds", "scope-narrow-secrets"],
        "",
        "scopes were not enforced there; a real cluster does, and the simulator",
    ),
    (&["useroauthaccesstokens-list"], "", "lists whatever tokens the recording made before"),
    (&["whoami-right-after-logout"], "", "a cache let it work a moment longer; here a token ends at once"),
    (
        &["tekton-pipelinerun-status-pod-pending", "tekton-taskrun-status-pod-pending", "tekton-pod-log-no-node"],
        "",
        "no node took the pod there for a while; here pods run at once",
    ),
    (
        &["tekton-watch-pipelineruns", "tekton-watch-taskruns"],
        "",
        "one history of three runs side by side; the same states are compared one by one",
    ),
    (
        &["build-list-after-bc-delete"],
        "",
        "no garbage collector ran when this was recorded; here what is owned goes at once",
    ),
];

/// Whether a difference is excluded.
pub(crate) fn is(name: &str, difference: &str) -> bool {
    ALL.iter().any(|(names, part, _)| names.contains(&name) && difference.starts_with(part))
}

/// The reasons, by recording.
pub(crate) fn all() -> BTreeMap<&'static str, &'static str> {
    ALL.iter().flat_map(|(names, _, why)| names.iter().map(move |name| (*name, *why))).collect()
}
