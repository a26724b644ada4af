//! Taking builds in.

use alm_build_spi::{Finding, NamedSecret, ProviderError, RerunBuild, RunRef, StartBuild};
use alm_domain::RerunFrom;
use secrecy::ExposeSecret;
use std::sync::Arc;

use super::{
    configs,
    local::{Inner, blocking},
    recover::Fate,
};
use crate::{
    git::check_reference,
    spool::{RerunRequest, RunRequest},
};

/// Takes a build in, once.
///
/// # Errors
/// [`ProviderError::Invalid`] when it can never run; then there is no run.
pub(super) async fn start(
    inner: &Arc<Inner>,
    start: StartBuild,
    rerun: Option<RerunRequest>,
) -> Result<RunRef, ProviderError> {
    let run = RunRef(start.build.to_string());
    let (dir, build) = (inner.dir(start.build), start.build);
    if dir.exists() || was_released(inner, start.build) {
        return Ok(run);
    }
    let options = configs::validate(inner, &start.spec)?;
    let mut findings = Vec::new();
    if let Err(problem) = check_reference(&start.reference) {
        findings.push(Finding::new(["reference"], problem.message()));
    }
    check_secrets(&start.secrets, &mut findings);
    if !findings.is_empty() {
        return Err(ProviderError::Invalid(findings));
    }
    let request = RunRequest {
        build,
        number: start.number,
        config: start.config,
        spec: start.spec,
        reference: start.reference,
        parameters: start.parameters,
        created_at: inner.clock.now(),
        ordinal: inner.queue.next_ordinal(),
        options,
        places: inner.places(),
        rerun,
    };
    let secrets = start.secrets;
    blocking("take the build in", move || {
        let exposed: Vec<(String, &str)> =
            secrets.iter().map(|secret| (secret.name.clone(), secret.value.expose_secret())).collect();
        dir.create(&request, &exposed)
    })
    .await?;
    inner.queue.add(build, Fate::Waiting);
    Ok(run)
}

/// Takes a repetition in, once.
///
/// # Errors
/// As [`start`].
pub(super) async fn rerun(inner: &Arc<Inner>, request: RerunBuild) -> Result<RunRef, ProviderError> {
    if let RerunFrom::Stage(key) = &request.from
        && !request.stages.iter().any(|stage| stage.key == *key)
    {
        let known: Vec<&str> = request.stages.iter().take(20).map(|stage| stage.key.as_str()).collect();
        let remedy = if known.is_empty() { "it has none: begin at the beginning".to_owned() } else { known.join(", ") };
        let message = format!("the build has no stage {:?}; its stages: {remedy}", alm_domain::shorten(key.as_str()));
        return Err(ProviderError::Invalid(vec![Finding::new(["from", "stage"], message)]));
    }
    let rerun = RerunRequest {
        of_build: request.of_build,
        commit: request.commit,
        from: request.from,
        stages: request.stages,
        artifacts: request.artifacts,
    };
    start(inner, request.start, Some(rerun)).await
}

fn was_released(inner: &Inner, build: alm_domain::BuildId) -> bool {
    inner.config.artifacts.join(build.to_string()).join("released").exists()
}

fn check_secrets(secrets: &[NamedSecret], findings: &mut Vec<Finding>) {
    for (index, secret) in secrets.iter().enumerate() {
        let name = &secret.name;
        let is_plain = !name.is_empty()
            && name.len() <= 128
            && !name.starts_with('.')
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
        let problem = if !is_plain {
            "is no name of a secret: use letters, digits, `_`, `-` and `.`, at most 128"
        } else if secrets[..index].iter().any(|other| other.name == *name) {
            "is given twice: give it once"
        } else {
            continue;
        };
        findings.push(Finding::new(["secrets", name], format!("{:?} {problem}", alm_domain::shorten(name))));
    }
    if secrets.iter().map(|secret| secret.value.expose_secret().len()).sum::<usize>() > alm_masking::MOST {
        findings.push(Finding::new(["secrets"], "are larger than 1 MiB together: give fewer or smaller ones"));
    }
}
