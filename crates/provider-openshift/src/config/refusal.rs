//! What a cluster says about the fields of a BuildConfig, as what it is about here.

use alm_build_spi::{Finding, ProviderError};

/// Fields with what is in them, and where they come from.
const WITHIN: [(&str, &[&str]); 24] = [
    ("metadata.name", &["name"]),
    ("spec.source.git.ref", &["repository", "reference"]),
    ("spec.source.git", &["repository", "url"]),
    ("spec.source.contextDir", &["repository", "directory"]),
    ("spec.source.sourceSecret", &["settings", "source.secret"]),
    ("spec.source.dockerfile", &["settings", "dockerfile"]),
    ("spec.strategy.type", &["settings", "strategy"]),
    ("spec.strategy.jenkinsPipelineStrategy.jenkinsfilePath", &["settings", "jenkinsfile.path"]),
    ("spec.strategy.jenkinsPipelineStrategy.jenkinsfile", &["settings", "jenkinsfile"]),
    ("spec.strategy.jenkinsPipelineStrategy.env", &["settings", "environment"]),
    ("spec.strategy.dockerStrategy.dockerfilePath", &["settings", "dockerfile.path"]),
    ("spec.strategy.dockerStrategy.env", &["settings", "environment"]),
    ("spec.strategy.dockerStrategy.volumes", &["settings", "secrets.mount"]),
    ("spec.strategy.sourceStrategy.from", &["settings", "builder.image"]),
    ("spec.strategy.sourceStrategy.env", &["settings", "environment"]),
    ("spec.strategy.sourceStrategy.volumes", &["settings", "secrets.mount"]),
    ("spec.output.to", &["settings", "output.image"]),
    ("spec.serviceAccount", &["settings", "service_account"]),
    ("spec.runPolicy", &["settings", "run.policy"]),
    ("spec.triggers", &["settings", "triggers"]),
    ("spec.resources.limits.cpu", &["settings", "resources.cpu"]),
    ("spec.resources.limits.memory", &["settings", "resources.memory"]),
    ("spec.resources.requests.cpu", &["settings", "resources.cpu"]),
    ("spec.resources.requests.memory", &["settings", "resources.memory"]),
];

/// Fields in which there may be more than there are settings for: what else is in them is the cluster's alone, and told as it calls it.
const ITSELF: [(&str, &[&str]); 3] = [
    ("spec.source", &["repository", "url"]),
    ("spec.strategy", &["settings", "strategy"]),
    // Two Jenkinsfiles.
    ("spec.strategy.jenkinsPipelineStrategy", &["settings", "jenkinsfile"]),
];

/// The findings of a cluster at the settings that they are about, each with the cluster's name of the field. What is about nothing that is
/// set here stays as it is.
pub(crate) fn at_settings(error: ProviderError) -> ProviderError {
    let ProviderError::Invalid(findings) = error else { return error };
    ProviderError::Invalid(findings.into_iter().map(placed).collect())
}

fn placed(finding: Finding) -> Finding {
    let told = finding.path.join(".");
    // The key of a quantity is told in brackets where a value is refused, and as one more step where it is left out.
    let field = told.replace("[cpu]", ".cpu").replace("[memory]", ".memory");
    let begins =
        |prefix: &str| field.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
    let within = WITHIN.iter().find(|(prefix, _)| begins(prefix));
    match within.or_else(|| ITSELF.iter().find(|(whole, _)| field == *whole)) {
        Some((_, path)) => Finding::new(path.iter().copied(), format!("{} ({told})", finding.message)),
        None => finding,
    }
}

#[cfg(test)]
mod tests {
    use alm_kubernetes::provider_error;
    use kube::core::Status;
    use serde::Deserialize;

    use super::*;

    /// Exchanges with real servers.
    const RECORDED: &str = include_str!("../../../cluster-sim/tests/recordings/cluster.jsonl");

    #[derive(Deserialize)]
    struct Recording {
        name: String,
        status: u16,
        #[serde(default)]
        answer: serde_json::Value,
    }

    fn paths(error: ProviderError) -> Vec<String> {
        let ProviderError::Invalid(findings) = at_settings(error) else { panic!("not invalid") };
        findings.into_iter().map(|finding| finding.path.join("/")).collect()
    }

    #[test]
    fn what_real_servers_refused_is_told_at_its_setting() {
        let of_config = |name: &str| name.starts_with("bc-create-") || name.starts_with("bc-update-");
        let recorded = RECORDED.lines().map(|line| serde_json::from_str::<Recording>(line).unwrap());
        let refused = recorded.filter(|one| one.status == 422 && of_config(&one.name)).map(|one| {
            let status: Status = serde_json::from_value(one.answer).unwrap();
            (one.name, paths(provider_error("api.example.test", kube::Error::Api(status.boxed()))).join(" "))
        });
        let mut refused: Vec<_> = refused.collect();
        refused.sort();
        let wanted = [
            ("bc-create-422-name", "name"),
            ("bc-create-422-no-strategy", "settings/strategy"),
            ("bc-create-422-path-no-git", "repository/url"),
            ("bc-create-422-two-jenkinsfiles", "settings/jenkinsfile"),
            // Nobody has set it.
            ("bc-update-422-no-resourceversion", "metadata/resourceVersion"),
        ];
        assert_eq!(refused, wanted.map(|(name, path)| (name.to_owned(), path.to_owned())));
    }

    #[test]
    fn each_field_that_a_cluster_checks_is_told_at_the_setting_that_it_comes_from() {
        // As the API server names them (`ValidateBuildConfig`), and as they are named where they are left out in silence.
        for (field, wanted) in [
            ("spec.source.git.uri", "repository/url"),
            ("spec.source.git.ref", "repository/reference"),
            ("spec.source.contextDir", "repository/directory"),
            ("spec.source.sourceSecret.name", "settings/source.secret"),
            ("spec.source.dockerfile", "settings/dockerfile"),
            ("spec.source", "repository/url"),
            ("spec.source.images[0].from", "spec/source/images[0]/from"),
            ("spec.strategy.dockerStrategy.env[0].name", "settings/environment"),
            ("spec.strategy.dockerStrategy.dockerfilePath", "settings/dockerfile.path"),
            ("spec.strategy.dockerStrategy.pullSecret.name", "spec/strategy/dockerStrategy/pullSecret/name"),
            ("spec.strategy.dockerStrategy.volumes.0.name", "settings/secrets.mount"),
            ("spec.strategy.sourceStrategy.from.kind", "settings/builder.image"),
            ("spec.strategy.sourceStrategy.env[1].name", "settings/environment"),
            ("spec.strategy.sourceStrategy.volumes[0].mounts", "settings/secrets.mount"),
            ("spec.strategy.jenkinsPipelineStrategy.env[0]", "settings/environment"),
            ("spec.strategy.jenkinsPipelineStrategy.jenkinsfilePath", "settings/jenkinsfile.path"),
            ("spec.strategy.jenkinsPipelineStrategy.jenkinsfile", "settings/jenkinsfile"),
            ("spec.output.to.name", "settings/output.image"),
            ("spec.output.pushSecret.name", "spec/output/pushSecret/name"),
            ("spec.resources.limits[cpu]", "settings/resources.cpu"),
            ("spec.resources.limits[memory]", "settings/resources.memory"),
            ("spec.resources.limits.cpu", "settings/resources.cpu"),
            ("spec.resources.requests[memory]", "settings/resources.memory"),
            ("spec.runPolicy", "settings/run.policy"),
            ("spec.serviceAccount", "settings/service_account"),
            ("spec.triggers[1].imageChange.from", "settings/triggers"),
            ("spec.nodeSelector[a.b]", "spec/nodeSelector[a/b]"),
            ("spec.runPolicyOfAnotherKind", "spec/runPolicyOfAnotherKind"),
        ] {
            let finding = Finding::new(field.split('.'), "no");
            assert_eq!(paths(ProviderError::Invalid(vec![finding])), [wanted], "{field}");
        }
    }
}
