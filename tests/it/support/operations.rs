//! The documents that the stories send.

/// All that a story asks of a build.
pub(super) const BUILD: &str = "
    id number revision status statusReason statusReasonCode shape ref degradedSince degradedReason
    commit { sha title author }
    parameters { name value }
    artifacts { path size sha256 downloadPath stageId }
    outputs { name kind stageId value digest provenance { by logUrl } }
    steps { name group startedAt finishedAt exitCode }
    warnings { code message }
    actions { action allowed reason reasonCode }
    rerunOf { id }
    log { lineCount isComplete downloadPath }
    failure { summary stage { key } excerpt { text } }
    approvals {
        id revision status message proceedLabel deliveredAt stage { key }
        parameters { name kind required choices }
        decisions { verdict comment parameters { name value } actor { __typename } }
        actions { action allowed reason }
    }
    stages {
        id revision key name kind status statusReason statusReasonCode position environment startedAt finishedAt
        parent { key } dependsOn { key } attempts { number status logRange { fromSeq toSeq } } logRange { fromSeq toSeq }
        actions { action allowed reason }
    }";

pub(super) const USER_ERRORS: &str = "userErrors { __typename message path code }";

/// `build(by:)` with everything.
pub(super) fn build() -> String {
    format!("query($id: ID!) {{ build(by: {{id: $id}}) {{ {BUILD} }} }}")
}

/// A mutation with one input, whose payload has this selection beside the user errors.
pub(super) fn mutation(name: &str, selection: &str) -> String {
    let input = format!("{}{}Input", name[..1].to_uppercase(), &name[1..]);
    format!("mutation($input: {input}!) {{ {name}(input: $input) {{ {selection} {USER_ERRORS} }} }}")
}

/// A build's changes.
pub(super) const BUILD_UPDATES: &str = "
    subscription($id: ID!, $after: String) { buildUpdates(buildId: $id, after: $after) {
        __typename
        ... on StreamEvent { cursor at }
        ... on BuildSnapshot { reset build { ...B } }
        ... on BuildChanged { build { ...B } }
        ... on StagesChanged { build { ...B } structureChanged removedStageIds stages { id key revision status } }
        ... on StreamEnded { reason }
    } }
    fragment B on Build { id revision status statusReasonCode degradedSince approvals { id revision status }
        steps { name group startedAt finishedAt exitCode }
        stages { id key revision status } }";

/// A build's log.
pub(super) const BUILD_LOG: &str = "
    subscription($id: ID!, $after: String, $stage: ID, $tail: Int, $lines: Int! = 500) {
        buildLog(buildId: $id, after: $after, stageId: $stage, tail: $tail, maxLines: $lines, maxDelay: 20) {
            __typename
            ... on StreamEvent { cursor at }
            ... on LogBatch { lastSeq lines { seq text stream stageId attempt continued } }
            ... on LogGap { afterSeq cause }
            ... on StreamEnded { reason }
        }
    }";

/// What happens in a project.
pub(super) const PROJECT_UPDATES: &str = "
    subscription($id: ID!, $after: String) { projectUpdates(projectId: $id, after: $after) {
        __typename
        ... on StreamEvent { cursor at }
        ... on ProjectSnapshot { reset project { id revision displayName } }
        ... on ProjectChanged { project { id revision displayName } }
        ... on BuildAdded { edge { cursor node { id revision status } } }
        ... on BuildChanged { build { id revision status } }
        ... on BuildServiceChanged { service { id revision displayName } }
        ... on EntityRemoved { removedId removedType }
        ... on StreamEnded { reason }
    } }";
