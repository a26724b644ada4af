//! Artifacts, and what is left of a run after its end.

use alm_domain::{Artifact, Capability};
use futures::StreamExt;
use sha2::{Digest, Sha256};

use crate::{
    Observation, ProviderError, RunRef,
    conformance::{
        Scenario,
        follower::Follower,
        stand::{Must, Stand, Started, Stop, Verdict, ensure, fail},
    },
};

const PATH: &str = "out/hello.txt";
const CONTENT: &[u8] = b"hello artifact";

async fn read(stand: &Stand<'_>, run: &RunRef, offset: u64) -> Result<Vec<u8>, ProviderError> {
    let mut blocks = stand.provider.artifact(&stand.access, run, PATH, offset);
    let mut content = Vec::new();
    while let Some(block) = blocks.next().await {
        content.extend(block?);
    }
    Ok(content)
}

async fn kept(stand: &Stand<'_>) -> Result<(Started, Follower), Stop> {
    stand.needs(Capability::Artifacts)?;
    stand.through(Scenario::Artifact).await
}

pub(super) async fn artifacts_read_as_written(stand: &Stand<'_>) -> Verdict {
    let (started, told) = kept(stand).await?;
    let artifact = |o: &Observation| if let Observation::Artifact(a) = o { Some(a.clone()) } else { None };
    let artifacts: Vec<Artifact> = told.observations().filter_map(artifact).collect();
    let Some(artifact) = artifacts.iter().find(|artifact| artifact.path == PATH) else {
        return fail(format!("followers were told of {artifacts:?}, not of {PATH}"));
    };
    let sha256: String = Sha256::digest(CONTENT).iter().map(|byte| format!("{byte:02x}")).collect();
    let described = artifact.size == CONTENT.len() as u64 && artifact.sha256 == sha256;
    ensure(described, || format!("it is described as {artifact:?}, its SHA-256 is {sha256}"))?;
    let content = read(stand, &started.run, 0).await.must("artifact")?;
    ensure(content == CONTENT, || format!("it reads as {} other bytes", content.len()))
}

pub(super) async fn artifacts_read_from_an_offset(stand: &Stand<'_>) -> Verdict {
    let (started, _) = kept(stand).await?;
    for offset in [1, CONTENT.len() - 1, CONTENT.len()] {
        let content = read(stand, &started.run, offset as u64).await.must(&format!("artifact from {offset}"))?;
        ensure(content == CONTENT[offset..], || {
            format!("from {offset} there are {} bytes, or other ones", content.len())
        })?;
    }
    Ok(())
}

pub(super) async fn release_is_idempotent(stand: &Stand<'_>) -> Verdict {
    let (started, _) = stand.through(Scenario::PlainSuccess).await?;
    stand.provider.release(&stand.access, &started.run).await.must("release")?;
    stand.provider.release(&stand.access, &started.run).await.must("release again")
}

pub(super) async fn artifacts_outlive_release(stand: &Stand<'_>) -> Verdict {
    let (started, _) = kept(stand).await?;
    stand.provider.release(&stand.access, &started.run).await.must("release")?;
    let content = read(stand, &started.run, 0).await.must("artifact after release")?;
    ensure(content == CONTENT, || format!("after release it reads as {} other bytes", content.len()))
}

pub(super) async fn purge_is_idempotent(stand: &Stand<'_>) -> Verdict {
    let (started, _) = stand.through(Scenario::PlainSuccess).await?;
    stand.provider.release(&stand.access, &started.run).await.must("release")?;
    stand.provider.purge(&stand.access, &started.run).await.must("purge")?;
    stand.provider.purge(&stand.access, &started.run).await.must("purge again")
}

pub(super) async fn purge_removes_artifacts(stand: &Stand<'_>) -> Verdict {
    let (started, _) = kept(stand).await?;
    stand.provider.release(&stand.access, &started.run).await.must("release")?;
    stand.provider.purge(&stand.access, &started.run).await.must("purge")?;
    match read(stand, &started.run, 0).await {
        Err(ProviderError::NotFound(_)) => Ok(()),
        Err(error) => fail(format!("after a purge it answers: {error}")),
        Ok(content) => fail(format!("after a purge it still reads as {} bytes", content.len())),
    }
}
