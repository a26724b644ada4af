//! Which target a stage deploys to whose engine tells a namespace: pipelines call their environments by names of their own.

use alm_domain::{BuildState, Environment, EnvironmentRole, Stage, StageKey};

use super::fold::Concerned;

/// Names the targets of the stages that have changed, and that tell a namespace. Where the project has no such target, the namespace
/// stands beside the pipeline's own name, which so is the name of none.
pub(crate) fn place(concerned: &Concerned, before: &BuildState, after: &mut BuildState) {
    let has_changed = |stage: &&Stage| before.stages.get(&stage.key) != Some(*stage);
    let name = |stage: &Stage| -> Option<(StageKey, String)> {
        let (called, namespace) = (stage.environment.as_deref()?, stage.namespace.as_deref()?);
        let name = match meant(&concerned.environments, called, namespace) {
            Some(target) => target.name.to_string(),
            None => beside(called, namespace),
        };
        Some((stage.key.clone(), name))
    };
    let placed: Vec<_> = after.stages.values().filter(has_changed).filter_map(name).collect();
    for (stage, name) in placed {
        after.place(&stage, name);
    }
}

/// The target that is this namespace of the cluster of the builds; else the one that is called so, wherever it is, unless it is another
/// namespace.
fn meant<'a>(environments: &'a [Environment], called: &str, namespace: &str) -> Option<&'a Environment> {
    let builds_at = environments.iter().find(|one| one.role == EnvironmentRole::Build).map(|one| &one.url);
    let targets = || environments.iter().filter(|one| one.role == EnvironmentRole::Target);
    let is_called = |one: &Environment| one.name.as_str().eq_ignore_ascii_case(called);
    let is_there = |one: &Environment| one.namespace.as_deref() == Some(namespace) && Some(&one.url) == builds_at;
    targets()
        .filter(|one| is_there(one))
        .max_by_key(|one| (is_called(one), std::cmp::Reverse(one.position)))
        .or_else(|| targets().find(|one| is_called(one) && one.namespace.as_deref().is_none_or(|own| own == namespace)))
}

fn beside(called: &str, namespace: &str) -> String {
    let place = format!(" ({namespace})");
    if called.ends_with(&place) { called.to_owned() } else { format!("{called}{place}") }
}

#[cfg(test)]
mod tests {
    use alm_domain::{EnvironmentId, ProjectId, Protection, SequentialIds, Timestamp, TokenMode};

    use super::*;

    fn environments(all: &[(&str, EnvironmentRole, &str, Option<&str>)]) -> Vec<Environment> {
        let ids = SequentialIds::new(1);
        let one = |(position, (name, role, url, namespace)): (u32, &(&str, EnvironmentRole, &str, Option<&str>))| {
            Environment {
                id: EnvironmentId::generate(&ids),
                project: ProjectId::generate(&ids),
                revision: 1,
                name: name.parse().unwrap(),
                display_name: (*name).to_owned(),
                url: (*url).to_owned(),
                namespace: namespace.map(str::to_owned),
                role: *role,
                position,
                protection: Protection::default(),
                ca_bundle: None,
                registry_host: None,
                token_mode: TokenMode::Grant,
                created_at: Timestamp::UNIX_EPOCH,
                removed_at: None,
            }
        };
        (0..).zip(all).map(one).collect()
    }

    #[test]
    fn the_namespace_says_which_target_is_meant_and_the_name_only_where_that_does_not_contradict() {
        use EnvironmentRole::{Build, Target};
        let (here, there) = ("https://one.test", "https://two.test");
        let all = environments(&[
            ("builds", Build, here, Some("ci")),
            ("test", Target, here, Some("shop-test")),
            ("demo", Target, here, Some("shop-test")),
            ("prod", Target, there, Some("shop-prod")),
            ("edge", Target, there, None),
        ]);
        let is = |called: &str, namespace: &str| meant(&all, called, namespace).map(|one| one.name.as_str());
        assert_eq!(is("Staging", "shop-test"), Some("test"), "by the namespace, whatever it is called");
        assert_eq!(is("Demo", "shop-test"), Some("demo"), "and by the name, where two have it");
        assert_eq!(is("Prod", "shop-prod"), Some("prod"), "on another cluster, by both");
        assert_eq!(is("Live", "shop-prod"), None, "the same namespace of another cluster is another one");
        assert_eq!(is("Edge", "anything"), Some("edge"), "one without a namespace, by its name");
        assert_eq!(is("test", "elsewhere"), None, "the same name is no proof where the namespace is another");
        assert_eq!(is("builds", "ci"), None, "nothing is deployed to where builds are made");
        assert_eq!(meant(&all[1..], "Staging", "shop-test"), None, "nobody knows the cluster of the builds");
        assert_eq!(beside(&beside("test", "elsewhere"), "elsewhere"), "test (elsewhere)");
    }
}
