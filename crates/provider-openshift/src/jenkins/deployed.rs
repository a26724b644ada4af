//! What a pipeline deployed, and where: annotations that pipelines of fabric8 write.

use std::collections::BTreeMap;

/// How the annotations begin; the rest is a namespace.
const ENVIRONMENT: &str = "environment.services.fabric8.io/";
/// How many of them are read, and how much of each.
const MOST: usize = 20;
const LONGEST: usize = 4096;

/// The names of the environments that a run deployed to, in the order of their namespaces. What cannot be understood is left out.
pub(crate) fn environments(annotations: &BTreeMap<String, String>) -> Vec<String> {
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
}
