//! What a build service says about deployments of it.

use alm_build_spi::{BuildConfigSpec, Finding};
use alm_domain::shorten;
use alm_kubernetes::{is_name, is_namespace};
use serde_json::Value;

use super::Workload;

/// What a build service says about deployments of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DeployOptions {
    /// What is given the image in each environment; without it nothing can be brought anywhere.
    pub(crate) workload: Option<Workload>,
    /// The Secret, beside the builds, by which other clusters fetch images from this one's registry.
    pub(crate) pull_secret: Option<String>,
}

impl DeployOptions {
    /// Reads them.
    ///
    /// # Errors
    /// Every finding, at its setting.
    pub(crate) fn of(spec: &BuildConfigSpec) -> Result<Self, Vec<Finding>> {
        let text = |key: &str| spec.setting(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        let mut findings = Vec::new();
        let mut find = |key: &str, message: String| findings.push(Finding::new(["settings", key], message));
        let container = text("deploy.container");
        if let Some(name) = container.filter(|name| !is_namespace(name)) {
            find("deploy.container", format!("{:?} is no name of a container", shorten(name)));
        }
        let given = text("deploy.workload");
        let workload = given.and_then(|text| Workload::parse(text, container));
        if let (Some(text), None) = (given, &workload) {
            let shown = shorten(text);
            find("deploy.workload", format!("{shown:?} is no workload: write it as deployment/NAME or dc/NAME"));
        }
        if let (Some(_), None) = (container, given) {
            find("deploy.container", "has no workload to be in: give deploy.workload too".to_owned());
        }
        let pull_secret = text("deploy.pull_secret").map(str::to_owned);
        if let Some(name) = pull_secret.as_deref().filter(|name| !is_name(name)) {
            find("deploy.pull_secret", format!("{:?} is no name of a Secret", shorten(name)));
        }
        if findings.is_empty() { Ok(Self { workload, pull_secret }) } else { Err(findings) }
    }
}
