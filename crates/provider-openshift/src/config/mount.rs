//! The volume by which Docker and Source builds are given secrets: what is in it does not become part of the image.

use alm_kubernetes::is_name;
use serde_json::{Value, json};

use super::Strategy;

/// What the volume is called in a strategy.
const VOLUME: &str = "alm-secrets";
/// How the name of the Secret begins that the builds of a BuildConfig share.
const SECRET: &str = "alm-build-";

/// Where builds find their secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mount {
    /// The Secret that is mounted.
    pub(crate) secret: String,
    /// The folder in which its keys are files.
    pub(crate) path: String,
}

impl Mount {
    /// That of a BuildConfig of this name.
    pub(crate) fn of_config(config: &str, path: &str) -> Self {
        Self { secret: format!("{SECRET}{config}"), path: path.to_owned() }
    }

    /// The one that a `spec` has, of a BuildConfig or of a Build.
    pub(crate) fn of_spec(spec: &Value) -> Option<Self> {
        let strategy = Strategy::of_spec(spec).filter(|strategy| *strategy != Strategy::Pipeline)?;
        let volumes = spec.pointer(&format!("/strategy/{}/volumes", strategy.field()))?.as_array()?;
        let volume = volumes.iter().find(|volume| is_ours(volume))?;
        let text = |path: &str| volume.pointer(path).and_then(Value::as_str).map(str::to_owned);
        let mount = Self { secret: text("/source/secret/secretName")?, path: text("/mounts/0/destinationPath")? };
        (is_name(&mount.secret) && is_folder(&mount.path)).then_some(mount)
    }

    /// It, among the other volumes of a strategy. Builds that nothing is given to run without it.
    pub(super) fn among(mount: Option<&Self>, volumes: Option<&Value>) -> Option<Value> {
        let others = volumes.and_then(Value::as_array).into_iter().flatten().filter(|volume| !is_ours(volume)).cloned();
        let own = mount.map(|Self { secret, path }| {
            json!({
                "name": VOLUME,
                "mounts": [{ "destinationPath": path }],
                "source": { "type": "Secret", "secret": { "secretName": secret, "optional": true } },
            })
        });
        let all: Vec<Value> = others.chain(own).collect();
        (!all.is_empty()).then(|| json!(all))
    }
}

fn is_ours(volume: &Value) -> bool {
    volume.get("name").and_then(Value::as_str) == Some(VOLUME)
}

/// Whether a build can have a folder there: an absolute path, of which a cluster takes neither `..` nor `:`.
pub(crate) fn is_folder(path: &str) -> bool {
    let is_part = |part: &str| !part.is_empty() && part != "." && part != "..";
    path.len() <= 1024
        && !path.contains([':', '\\'])
        && !path.contains(|c: char| c.is_control() || c.is_whitespace())
        && path.strip_prefix('/').is_some_and(|rest| rest.split('/').all(is_part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_volume_stands_beside_those_of_others_and_reads_back() {
        let mount = Mount::of_config("web", "/run/alm");
        let other = json!([{ "name": "maven", "mounts": [] }]);
        let both = Mount::among(Some(&mount), Some(&other)).unwrap();
        assert_eq!((both.as_array().unwrap().len(), &both[0]), (2, &other[0]));
        assert_eq!(Mount::among(Some(&mount), Some(&both)), Some(both.clone()));
        let spec = |field: &str| json!({ "strategy": { field: { "volumes": both } } });
        for field in ["dockerStrategy", "sourceStrategy"] {
            assert_eq!(Mount::of_spec(&spec(field)), Some(mount.clone()));
        }
        assert_eq!(Mount::of_spec(&spec("jenkinsPipelineStrategy")), None);
        assert_eq!(Mount::among(None, Some(&both)), Some(other));
        assert_eq!(Mount::among(None, None), None);
    }

    #[test]
    fn a_folder_is_an_absolute_path_that_stays_where_it_is() {
        for path in ["/run/alm", "/a", "/opt/app-root/src/.secrets"] {
            assert!(is_folder(path), "{path}");
        }
        for path in ["", "/", "run", "/a/../b", "/a:b", "/a/", "//a", "/a b", "/a\nb"] {
            assert!(!is_folder(path), "{path:?}");
        }
    }
}
