//! What a pipeline deployed, and where: as its annotations tell (those that pipelines of fabric8 write), and as the tags of image streams
//! do.

use std::collections::BTreeMap;

use alm_domain::Timestamp;
use chrono::TimeDelta;

use super::Tagged;

/// How the annotations begin; the rest is a namespace.
const ENVIRONMENT: &str = "environment.services.fabric8.io/";
/// How many of them are read, and how much of each.
const MOST: usize = 20;
const LONGEST: usize = 4096;

/// By how much a tag may have been set before or after the stage that set it: clusters tell whole seconds.
const LEEWAY: TimeDelta = TimeDelta::seconds(1);

/// Where a run deployed to, as far as that is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Deployed {
    /// The names of environments, by the run's own words.
    environments: Vec<String>,
    /// Tags of image streams beside the run.
    tags: Vec<Tagged>,
}

impl Deployed {
    /// What a run says of itself, and what was tagged.
    pub(crate) fn of(annotations: &BTreeMap<String, String>, tags: &[Tagged]) -> Self {
        Self { environments: environments(annotations), tags: tags.to_vec() }
    }

    /// The environment that a stage of this name deployed to.
    pub(super) fn by(&self, stage: &str, began: Option<Timestamp>, ended: Option<Timestamp>) -> Option<String> {
        let told = self.environments.iter().find(|environment| names(stage, environment));
        let (began, ended) = (began.unwrap_or(Timestamp::MAX_UTC), ended.unwrap_or(Timestamp::MIN_UTC));
        // A tag tells of a stage when that has ended: until then it may be moved on.
        let meanwhile = |at: Timestamp| at + LEEWAY >= began && at - LEEWAY <= ended;
        let tagged = || self.tags.iter().find(|tagged| names(stage, &tagged.tag) && meanwhile(tagged.at));
        told.or_else(|| tagged().map(|tagged| &tagged.tag)).cloned()
    }
}

/// Whether a stage's name speaks of an environment: `Rollout to Stage` does of `Stage`.
fn names(stage: &str, environment: &str) -> bool {
    let last = stage.split(|c: char| !c.is_alphanumeric() && c != '-' && c != '_').rfind(|word| !word.is_empty());
    last.is_some_and(|word| word.eq_ignore_ascii_case(environment))
}

/// The names of the environments that a run deployed to, in the order of their namespaces. What cannot be understood is left out.
fn environments(annotations: &BTreeMap<String, String>) -> Vec<String> {
    let texts = annotations.iter().filter(|(key, _)| key.starts_with(ENVIRONMENT)).map(|(_, text)| text);
    texts.filter(|text| text.len() <= LONGEST).filter_map(|text| name(text)).take(MOST).collect()
}

/// The value of `environmentName`, which stands at the top of a flat YAML document as one line of text.
fn name(text: &str) -> Option<String> {
    let value = text.lines().find_map(|line| line.strip_prefix("environmentName:"))?.trim();
    let plain = match value.strip_prefix('"') {
        Some(quoted) => quoted.strip_suffix('"')?,
        None => value,
    };
    let is_name =
        !plain.is_empty() && plain.len() <= 63 && plain.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
    is_name.then(|| plain.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<String> {
        environments(&BTreeMap::from([
            (format!("{ENVIRONMENT}my-run"), text.to_owned()),
            ("other".to_owned(), "environmentName: no".to_owned()),
        ]))
    }

    #[test]
    fn environments_are_named_by_the_annotations_of_the_pipeline() {
        let seen = "---\nenvironmentName: \"Run\"\nserviceUrls:\n  myDeploy: \"http://x\"\ndeploymentVersions:\n  myDeploy: \"1.0.3\"\n";
        assert_eq!(of(seen), ["Run"]);
        assert_eq!(of("environmentName: Stage"), ["Stage"]);
        for odd in
            ["", "environmentName:", "environmentName: \"Run", "environmentName: &x y", "  environmentName: nested"]
        {
            assert!(of(odd).is_empty(), "{odd:?}");
        }
    }

    #[test]
    fn a_stage_deploys_where_its_name_ends_with() {
        let deployed = Deployed { environments: vec!["Stage".to_owned()], tags: Vec::new() };
        let by = |name: &str| deployed.by(name, None, None);
        assert_eq!([by("Build Release"), by("Rollout to Stage"), by("Staged")], [None, Some("Stage".to_owned()), None]);
    }

    #[test]
    fn a_tag_that_was_set_while_a_stage_ran_tells_where_that_deployed() {
        let at = |second: i64| Timestamp::from_timestamp(1_700_000_000 + second, 0);
        let tagged = |second| Tagged { tag: "prod".to_owned(), at: at(second).unwrap() };
        let by = |tags: &[Tagged], ended| {
            Deployed { environments: Vec::new(), tags: tags.to_vec() }.by("Deploy to prod", at(10), ended)
        };
        assert_eq!(by(&[tagged(15)], at(20)).as_deref(), Some("prod"));
        for (second, ended) in [(5, at(20)), (25, at(20)), (15, None)] {
            assert_eq!(by(&[tagged(second)], ended), None, "{second}");
        }
    }
}
