//! What the stages of a pipeline deployed, and where: as its annotations tell, and as the tags of image streams do.

use std::collections::BTreeMap;

use alm_domain::{Output, OutputKind, StageKey, StageObservation, Timestamp, shorten};
use chrono::TimeDelta;

use super::{
    Tagged,
    environment::{DeployedTo, environments},
};

/// By how much a tag may have been set before or after the stage that set it: clusters tell whole seconds.
const LEEWAY: TimeDelta = TimeDelta::seconds(1);

/// What a run deployed, as far as that is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Deployed {
    /// By the run's own words.
    told: Vec<DeployedTo>,
    /// What of these cannot be understood.
    broken: Vec<String>,
    /// Tags of image streams beside the run.
    tags: Vec<Tagged>,
}

/// Where a stage deployed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Placed<'a> {
    /// What the pipeline calls it.
    pub(super) environment: &'a str,
    pub(super) namespace: Option<&'a str>,
    pub(super) url: Option<&'a str>,
}

impl Deployed {
    /// What a run says of itself, and what was tagged.
    pub(crate) fn of(annotations: &BTreeMap<String, String>, tags: &[Tagged]) -> Self {
        let (told, broken) = environments(annotations);
        Self { told, broken, tags: tags.to_vec() }
    }

    /// Where a stage of this name deployed to.
    pub(super) fn by(&self, stage: &str, began: Option<Timestamp>, ended: Option<Timestamp>) -> Option<Placed<'_>> {
        if let Some(told) = self.told.iter().find(|told| names(stage, &told.name)) {
            let url = told.addresses.values().next().map(String::as_str);
            return Some(Placed { environment: &told.name, namespace: Some(&told.namespace), url });
        }
        let tagged = self.tags.iter().find(|tagged| was_set_by(tagged, stage, began, ended))?;
        Some(Placed { environment: &tagged.tag, namespace: None, url: None })
    }

    /// What the stages made of that, each with the last stage that it can belong to: versions, addresses, and the images of tags.
    pub(crate) fn outputs(&self, stages: &[StageObservation]) -> Vec<Output> {
        let mut outputs = Vec::new();
        for told in &self.told {
            let Some(stage) = stages.iter().rfind(|stage| names(&stage.name, &told.name)) else { continue };
            let versions = told.versions.iter().map(|(name, version)| value(stage, name.clone(), version));
            let addresses = told.addresses.iter().map(|(name, url)| value(stage, format!("{name} address"), url));
            outputs.extend(versions.chain(addresses));
        }
        for tagged in &self.tags {
            let set = |stage: &&StageObservation| was_set_by(tagged, &stage.name, stage.started_at, stage.finished_at);
            if let (Some(image), Some(stage)) = (&tagged.image, stages.iter().rfind(set)) {
                let name = format!("{}:{}", tagged.stream, tagged.tag);
                outputs.push(Output { name, stage: Some(stage.key.clone()), ..image.output() });
            }
        }
        outputs
    }

    /// What is wrong with what the run says, for people: what cannot be understood, and, once it has ended with these stages, what belongs
    /// to none of them.
    pub(crate) fn problems(&self, ended_with: Option<&[StageObservation]>) -> Vec<(&'static str, String)> {
        let broken = self.broken.iter().map(|why| ("BROKEN_ANNOTATION", why.clone()));
        let is_left = |told: &&DeployedTo| {
            ended_with.is_some_and(|stages| !stages.iter().any(|stage| names(&stage.name, &told.name)))
        };
        let left = self.told.iter().filter(is_left).map(|told| {
            let (name, namespace) = (shorten(&told.name), &told.namespace);
            let why = format!(
                "the pipeline says that it deployed to {name:?} (namespace {namespace}), and no stage's name ends with {name:?}: it is no \
                 deployment here; call the stage that does it such as \"Deploy to {name}\""
            );
            ("DEPLOYMENT_NOT_PLACED", why)
        });
        broken.chain(left).collect()
    }
}

fn value(stage: &StageObservation, name: String, value: &str) -> Output {
    let stage: Option<StageKey> = Some(stage.key.clone());
    Output { name, kind: OutputKind::Result, stage, value: value.to_owned(), digest: None, provenance: None }
}

/// Whether a tag is that of the environment that a stage speaks of, and was set while it ran. That is known once it has ended: until then
/// the tag may be moved on.
fn was_set_by(tagged: &Tagged, stage: &str, began: Option<Timestamp>, ended: Option<Timestamp>) -> bool {
    let (Some(began), Some(ended)) = (began, ended) else { return false };
    names(stage, &tagged.tag) && tagged.at + LEEWAY >= began && tagged.at - LEEWAY <= ended
}

/// Whether a stage's name speaks of an environment: `Rollout to Stage` does of `Stage`.
fn names(stage: &str, environment: &str) -> bool {
    let last = stage.split(|c: char| !c.is_alphanumeric() && c != '-' && c != '_').rfind(|word| !word.is_empty());
    last.is_some_and(|word| word.eq_ignore_ascii_case(environment))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jenkins::environment::ENVIRONMENT;

    fn told() -> Deployed {
        let text = "environmentName: Stage\nserviceUrls: {web: \"http://x.test\"}";
        Deployed::of(&BTreeMap::from([(format!("{ENVIRONMENT}my-stage"), text.to_owned())]), &[])
    }

    #[test]
    fn a_stage_deploys_where_its_name_ends_with() {
        let deployed = told();
        let by = |name: &str| deployed.by(name, None, None);
        let place = Placed { environment: "Stage", namespace: Some("my-stage"), url: Some("http://x.test") };
        assert_eq!([by("Build Release"), by("Rollout to Stage"), by("Staged")], [None, Some(place), None]);
    }

    #[test]
    fn a_tag_that_was_set_while_a_stage_ran_tells_where_that_deployed() {
        let at = |second: i64| Timestamp::from_timestamp(1_700_000_000 + second, 0);
        let tagged = |second| {
            let at = at(second).unwrap();
            Tagged { stream: "web".to_owned(), tag: "prod".to_owned(), at, image: None }
        };
        let by = |tags: &[Tagged], ended| {
            let deployed = Deployed { tags: tags.to_vec(), ..Deployed::default() };
            deployed.by("Deploy to prod", at(10), ended).map(|place| place.environment.to_owned())
        };
        assert_eq!(by(&[tagged(15)], at(20)).as_deref(), Some("prod"));
        for (second, ended) in [(5, at(20)), (25, at(20)), (15, None)] {
            assert_eq!(by(&[tagged(second)], ended), None, "{second}");
        }
    }
}
