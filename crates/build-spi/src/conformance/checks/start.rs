//! Starting builds at most once.

use futures::future::join_all;

use crate::{
    BuildProvider, RunRef,
    conformance::{
        Scenario,
        stand::{Must, Service, Stand, Started, Stop, Verdict, ensure},
    },
};

async fn runs_of(stand: &Stand<'_>, started: &Started) -> Result<Vec<RunRef>, Stop> {
    let page = stand.provider.list(&stand.access, &started.service.config, None).await.must("list")?;
    Ok(page.runs.into_iter().map(|run| run.run).collect())
}

async fn again(stand: &Stand<'_>, provider: &dyn BuildProvider, started: &Started, when: &str) -> Verdict {
    let request = started.service.request(started.build);
    let run = provider.start(&stand.access, request).await.must(&format!("start again {when}"))?;
    ensure(run == started.run, || format!("starting it again {when} gave {run:?}, not {:?}", started.run))
}

/// A build that can be kept running, if there is one.
async fn service(stand: &Stand<'_>) -> Result<Service, Stop> {
    match stand.service(Scenario::Gated).await {
        Err(Stop::Skip(_)) => stand.service(Scenario::PlainSuccess).await,
        answer => answer,
    }
}

pub(super) async fn start_again_finds_the_same_run(stand: &Stand<'_>) -> Verdict {
    let service = service(stand).await?;
    let started = stand.start_of(&service, Vec::new()).await?;
    let length = started.run.0.len();
    ensure((1..=1024).contains(&length), || format!("the run's name has {length} bytes, not 1 to 1024"))?;
    again(stand, stand.provider.as_ref(), &started, "at once").await?;
    // Where there are no gates, none is closed.
    let _ = stand.harness.open_gate(service.id).await;
    stand.follow(&started.run).finish().await?;
    again(stand, stand.provider.as_ref(), &started, "after its end").await?;
    let runs = runs_of(stand, &started).await?;
    ensure(runs.len() == 1, || format!("one build has the runs {runs:?}"))
}

pub(super) async fn racing_starts_make_one_run(stand: &Stand<'_>) -> Verdict {
    let service = service(stand).await?;
    let build = stand.new_build();
    let calls = (0..20).map(|_| stand.provider.start(&stand.access, service.request(build)));
    let mut runs = Vec::new();
    for answer in join_all(calls).await {
        runs.push(answer.must("one of twenty starts at once")?);
    }
    runs.iter().for_each(|run| stand.remember(run));
    let (first, service_id) = (runs[0].clone(), service.id);
    ensure(runs.iter().all(|run| *run == first), || format!("twenty starts at once gave the runs {runs:?}"))?;
    let listed = runs_of(stand, &Started { service, build, run: first }).await?;
    ensure(listed.len() == 1, || format!("twenty starts at once made the runs {listed:?}"))?;
    let _ = stand.harness.open_gate(service_id).await;
    Ok(())
}

pub(super) async fn start_from_another_instance_finds_the_run(stand: &Stand<'_>) -> Verdict {
    let started = stand.start(Scenario::PlainSuccess).await?;
    let other = stand.harness.another_instance().await;
    again(stand, other.as_ref(), &started, "by another instance").await?;
    let runs = runs_of(stand, &started).await?;
    ensure(runs.len() == 1, || format!("one build that two instances started has the runs {runs:?}"))
}

pub(super) async fn runs_are_found_and_not_started(stand: &Stand<'_>) -> Verdict {
    let service = stand.service(Scenario::PlainSuccess).await?;
    let (config, build) = (service.config.clone(), stand.new_build());
    let found = stand.provider.find(&stand.access, &config, build).await.must("find before the start")?;
    ensure(found.is_none(), || format!("a build that was not started has the run {found:?}"))?;
    let listed = stand.provider.list(&stand.access, &config, None).await.must("list")?.runs;
    ensure(listed.is_empty(), || format!("looking for a run made {} of them", listed.len()))?;
    let started = stand.start_of(&service, Vec::new()).await?;
    let other = stand.harness.another_instance().await;
    for (provider, who) in [(&stand.provider, "the instance that started it"), (&other, "another instance")] {
        let found = provider.find(&stand.access, &config, started.build).await.must("find after the start")?;
        ensure(found.as_ref() == Some(&started.run), || format!("{who} finds {found:?}, not {:?}", started.run))?;
    }
    Ok(())
}
