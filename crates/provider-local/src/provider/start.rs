//! Taking builds in.

use std::{collections::BTreeSet, sync::Arc};

use alm_build_spi::{DeployBuild, Finding, NamedSecret, ProviderError, RerunBuild, RunRef, StartBuild};
use alm_domain::{BuildId, Capability, RerunFrom};
use secrecy::ExposeSecret;

use super::{
    build_provider::unless_gone,
    configs,
    local::{Inner, blocking},
    recover::Fate,
};
use crate::{
    git::check_reference,
    keep,
    spool::{DeployRequest, RerunRequest, RunRequest, is_plain},
    supervisor::variable,
};

/// Takes a build in, once.
///
/// # Errors
/// [`ProviderError::Invalid`] when it can never run; then there is no run.
pub(super) async fn start(
    inner: &Arc<Inner>,
    start: StartBuild,
    rerun: Option<RerunRequest>,
    deploys: Option<DeployRequest>,
) -> Result<RunRef, ProviderError> {
    if let Some(run) = known(inner, start.build) {
        return Ok(run);
    }
    let (dir, build) = (inner.dir(start.build), start.build);
    let options = configs::validate(inner, &start.spec)?;
    let mut findings = Vec::new();
    if let Err(problem) = check_reference(&start.reference) {
        findings.push(Finding::new(["reference"], problem.message()));
    }
    check_secrets(&start.secrets, &mut findings);
    for name in start.withheld.iter().filter(|name| !is_plain(name)) {
        findings.push(Finding::new(["withheld", name], format!("{:?} {NO_NAME}", alm_domain::shorten(name))));
    }
    if !findings.is_empty() {
        return Err(ProviderError::Invalid(findings));
    }
    let ordinal = inner.queue.next_ordinal();
    let request = RunRequest {
        build,
        number: start.number,
        config: start.config,
        spec: start.spec,
        reference: start.reference,
        parameters: start.parameters,
        created_at: inner.clock.now(),
        ordinal,
        options,
        places: inner.places(),
        rerun,
        deploys,
        withheld: start.withheld,
    };
    let secrets = start.secrets;
    blocking("take the build in", move || dir.create(&request, &secrets)).await?;
    inner.queue.add(build, ordinal, Fate::Waiting);
    Ok(RunRef(build.to_string()))
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
    start(inner, request.start, Some(rerun), None).await
}

/// Takes a deployment in, once.
///
/// # Errors
/// As [`start`]; [`ProviderError::Unsupported`] when nothing of the build deploys there, or its files are gone.
pub(super) async fn deploy(inner: &Arc<Inner>, request: DeployBuild) -> Result<RunRef, ProviderError> {
    if let Some(run) = known(inner, request.start.build) {
        return Ok(run);
    }
    let unsupported = |reason: String| ProviderError::Unsupported { what: Capability::Deploy, reason };
    let places: BTreeSet<&str> = request.stages.iter().filter_map(|stage| stage.environment.as_deref()).collect();
    if !places.contains(request.environment.as_str()) {
        let shown = alm_domain::shorten(&request.environment);
        let remedy = match places.is_empty() {
            true => format!("none of its stages deploys: give one `environment: {shown}`, and build again"),
            false => format!("its stages deploy to {}", places.into_iter().take(20).collect::<Vec<_>>().join(", ")),
        };
        return Err(unsupported(format!("the build has no stage that deploys to {shown:?}: {remedy}")));
    }
    let kept = inner.config.artifacts.join(request.of_build.to_string());
    let paths: Vec<_> = request.artifacts.iter().map(|file| file.path.clone()).collect();
    let gone = blocking("look for the files of the build", move || {
        Ok(paths.into_iter().find(|path| !keep::is_plain(path) || !keep::file(&kept, path).is_file()))
    });
    if let Some(gone) = gone.await? {
        let gone = alm_domain::shorten(&gone);
        return Err(unsupported(format!("the file {gone} of the build is no longer kept: build the commit again")));
    }
    let rerun = RerunRequest {
        of_build: request.of_build,
        commit: request.commit,
        from: RerunFrom::Beginning,
        stages: request.stages,
        artifacts: request.artifacts,
    };
    let deploys = DeployRequest { environment: request.environment, version: request.version };
    start(inner, request.start, Some(rerun), Some(deploys)).await
}

/// The run of a build that was taken in before.
pub(super) fn known(inner: &Inner, build: BuildId) -> Option<RunRef> {
    (inner.dir(build).exists() || was_released(inner, build)).then(|| RunRef(build.to_string()))
}

fn was_released(inner: &Inner, build: BuildId) -> bool {
    inner.config.artifacts.join(build.to_string()).join("released").exists()
}

/// Hands a run the token of an environment.
///
/// # Errors
/// [`ProviderError::Invalid`] for a name that no file can have; [`ProviderError::NotFound`].
pub(super) async fn supply(inner: &Arc<Inner>, run: &RunRef, secret: &NamedSecret) -> Result<(), ProviderError> {
    let (_, dir) = inner.run(run)?;
    let mut findings = Vec::new();
    check_secrets(std::slice::from_ref(secret), &mut findings);
    if !findings.is_empty() {
        return Err(ProviderError::Invalid(findings));
    }
    let secret = secret.clone();
    blocking("hand the token over", move || {
        let folded = dir.fold()?;
        if folded.complete || folded.run.status.is_terminal() {
            return Ok(());
        }
        // Where the run has ended in the meantime, nobody needs it any more.
        unless_gone(dir.put_token(&secret)).map(drop)
    })
    .await
}

const NO_NAME: &str = "is no name of a secret: use letters, digits, `_`, `-` and `.`, at most 128";

fn check_secrets(secrets: &[NamedSecret], findings: &mut Vec<Finding>) {
    for (index, secret) in secrets.iter().enumerate() {
        let name = &secret.name;
        let same =
            |other: &&NamedSecret| other.reach == secret.reach && variable("", &other.name) == variable("", name);
        let problem = if !is_plain(name) {
            NO_NAME.to_owned()
        } else if let Some(other) = secrets[..index].iter().find(same) {
            format!("has the same variable as {:?}: give each secret once", alm_domain::shorten(&other.name))
        } else {
            continue;
        };
        findings.push(Finding::new(["secrets", name], format!("{:?} {problem}", alm_domain::shorten(name))));
    }
    if secrets.iter().map(|secret| secret.value.expose_secret().len()).sum::<usize>() > alm_masking::MOST {
        findings.push(Finding::new(["secrets"], "are larger than 1 MiB together: give fewer or smaller ones"));
    }
}
