//! Stages.

use std::collections::{BTreeMap, BTreeSet};

use alm_domain::{BuildShape, Capability, RunStatus, StageKey, StageObservation};

use crate::conformance::{
    Scenario,
    follower::Follower,
    stand::{Must, Stand, Stop, Verdict, ensure, fail, skip},
};

/// Follows every scenario with stages that there is.
async fn pipelines(stand: &Stand<'_>) -> Result<Vec<(Scenario, Follower)>, Stop> {
    stand.needs(Capability::Stages)?;
    let mut followed = Vec::new();
    for scenario in [Scenario::Pipeline, Scenario::Nested, Scenario::LateStages] {
        match stand.through(scenario).await {
            Ok((_, told)) => followed.push((scenario, told)),
            Err(Stop::Skip(_)) => {}
            Err(stop) => return Err(stop),
        }
    }
    if followed.is_empty() { skip("the harness has no scenario with stages") } else { Ok(followed) }
}

pub(super) async fn plain_builds_have_no_stages(stand: &Stand<'_>) -> Verdict {
    let (_, told) = stand.through(Scenario::PlainSuccess).await?;
    let stages = told.stages();
    ensure(stages.is_empty(), || format!("a plain build has the stage {}", stages[0].key))?;
    let shape = told.runs().iter().rev().find_map(|run| run.shape);
    ensure(shape == Some(BuildShape::Plain), || format!("a plain build has the shape {shape:?}"))
}

pub(super) async fn stage_keys_are_unique(stand: &Stand<'_>) -> Verdict {
    stand.needs(Capability::Stages)?;
    let (started, _) = stand.through(Scenario::Pipeline).await?;
    let now = stand.provider.get(&stand.access, &started.run).await.must("get")?;
    let mut keys = BTreeSet::new();
    for stage in &now.stages {
        ensure(keys.insert(&stage.key), || format!("two stages have the key {}", stage.key))?;
    }
    ensure(keys.len() >= 4, || format!("a pipeline of 4 stages has only {keys:?}"))
}

pub(super) async fn stage_keys_are_stable(stand: &Stand<'_>) -> Verdict {
    stand.needs(Capability::Stages)?;
    let service = stand.service(Scenario::Pipeline).await?;
    let mut seen: Vec<BTreeSet<StageKey>> = Vec::new();
    for _ in 0..2 {
        let started = stand.start_of(&service, Vec::new()).await?;
        let mut told = stand.follow(&started.run);
        told.finish().await?;
        seen.push(told.stages().into_iter().map(|stage| stage.key).collect());
    }
    ensure(seen[0] == seen[1], || format!("two builds of one configuration have the stages {seen:?}"))
}

pub(super) async fn stage_parents_exist(stand: &Stand<'_>) -> Verdict {
    for (scenario, told) in pipelines(stand).await? {
        let stages = told.stages();
        for stage in &stages {
            let Some(parent) = &stage.parent else { continue };
            let exists = stages.iter().any(|other| other.key == *parent);
            ensure(exists, || format!("{scenario:?}: stage {} is inside {parent}, which there is not", stage.key))?;
        }
    }
    Ok(())
}

pub(super) async fn stage_dependencies_exist(stand: &Stand<'_>) -> Verdict {
    for (scenario, told) in pipelines(stand).await? {
        let stages = told.stages();
        for (stage, needed) in stages.iter().flat_map(|stage| stage.depends_on.iter().map(move |key| (stage, key))) {
            let exists = stages.iter().any(|other| other.key == *needed);
            ensure(exists, || format!("{scenario:?}: stage {} depends on {needed}, which there is not", stage.key))?;
        }
    }
    Ok(())
}

pub(super) async fn stage_graph_has_no_cycle(stand: &Stand<'_>) -> Verdict {
    for (scenario, told) in pipelines(stand).await? {
        let stages = told.stages();
        let needed = stages.iter().map(|stage| (&stage.key, stage.depends_on.iter().collect())).collect();
        let within = stages.iter().map(|stage| (&stage.key, stage.parent.iter().collect())).collect();
        for (graph, word) in [(needed, "depends on"), (within, "is inside")] {
            if let Some(key) = on_a_cycle(graph) {
                return fail(format!("{scenario:?}: stage {key} {word} itself"));
            }
        }
    }
    Ok(())
}

/// A stage that cannot be put in order, if there is one: what is left when those that wait for nothing are taken away again
/// and again.
fn on_a_cycle<'a>(mut edges: BTreeMap<&'a StageKey, BTreeSet<&'a StageKey>>) -> Option<&'a StageKey> {
    loop {
        let left: BTreeSet<_> = edges.keys().copied().collect();
        let before = edges.len();
        edges.retain(|_, to| to.iter().any(|key| left.contains(key)));
        if edges.len() == before {
            return edges.into_keys().next();
        }
    }
}

pub(super) async fn stages_are_planned_before_they_start(stand: &Stand<'_>) -> Verdict {
    stand.needs(Capability::PlannedGraph)?;
    let (_, told) = stand.through(Scenario::Pipeline).await?;
    let waits = |stage: &&StageObservation| matches!(stage.status, RunStatus::Planned | RunStatus::Queued);
    let before: BTreeSet<_> = told.stage_news().into_iter().take_while(waits).map(|stage| stage.key.clone()).collect();
    let missing: Vec<_> =
        told.stages().into_iter().map(|stage| stage.key).filter(|key| !before.contains(key)).collect();
    ensure(missing.is_empty(), || format!("the first stage started before {missing:?} were told as planned"))
}

pub(super) async fn parallel_stages_are_independent(stand: &Stand<'_>) -> Verdict {
    stand.needs(Capability::ParallelStages)?;
    let (_, told) = stand.through(Scenario::Pipeline).await?;
    let (left, right) = (told.stage("left")?, told.stage("right")?);
    let apart = !left.depends_on.contains(&right.key) && !right.depends_on.contains(&left.key);
    ensure(apart, || "`left` and `right` may run side by side, but one depends on the other".to_owned())
}

pub(super) async fn nested_stages_name_their_parent(stand: &Stand<'_>) -> Verdict {
    stand.needs(Capability::NestedStages)?;
    let (_, told) = stand.through(Scenario::Nested).await?;
    let outer = told.stage("outer")?;
    for name in ["inner-one", "inner-two"] {
        let parent = told.stage(name)?.parent;
        ensure(parent.as_ref() == Some(&outer.key), || format!("`{name}` is inside `outer`, but names {parent:?}"))?;
    }
    Ok(())
}

pub(super) async fn late_stages_have_a_place(stand: &Stand<'_>) -> Verdict {
    stand.needs(Capability::Stages)?;
    let (_, told) = stand.through(Scenario::LateStages).await?;
    let (early, late) = (told.stage("early")?, told.stage("late")?);
    let placed = late.parent.as_ref() == Some(&early.key) || late.depends_on.contains(&early.key);
    ensure(placed, || {
        "`late` is neither inside `early` nor after it: the graph does not say where it belongs".to_owned()
    })
}

pub(super) async fn descriptions_come_true(stand: &Stand<'_>) -> Verdict {
    stand.needs(Capability::Describe)?;
    let mut described = 0;
    for scenario in [Scenario::PlainSuccess, Scenario::Pipeline, Scenario::ParameterEcho] {
        let Ok(spec) = stand.spec(scenario).await else { continue };
        let described_as = stand.provider.describe(&stand.access, &spec, &spec.repository.reference).await;
        let described_as = described_as.must("describe")?;
        described += 1;
        if scenario == Scenario::ParameterEcho {
            let has_who = described_as.parameters.iter().any(|parameter| parameter.name == "who");
            ensure(has_who, || "the description lacks the parameter `who`".to_owned())?;
            continue;
        }
        let (_, told) = stand.through(scenario).await?;
        let shape = if scenario == Scenario::Pipeline { BuildShape::Pipeline } else { BuildShape::Plain };
        let said = described_as.shape;
        ensure(said == shape, || format!("{scenario:?} is described as {said:?}, and was {shape:?}"))?;
        if stand.needs(Capability::PlannedGraph).is_ok() {
            let planned: BTreeSet<_> = described_as.stages.iter().map(|stage| &stage.name).collect();
            let stages = told.stages();
            let was: BTreeSet<_> = stages.iter().map(|stage| &stage.name).collect();
            ensure(planned == was, || format!("{scenario:?} is described with {planned:?}, and had {was:?}"))?;
        }
    }
    if described == 0 { skip("the harness has nothing to describe") } else { Ok(()) }
}
