//! The image that a build made.

use alm_build_spi::ProviderError;
use alm_domain::{Output, OutputKind};
use alm_kubernetes::{Session, is_name, is_namespace};
use kube::core::DynamicObject;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    build::{Build, has_succeeded},
    kinds,
};

/// The annotation by which a pipeline tells which image it made: `NAMESPACE/STREAM@sha256:…` or `docker://REPOSITORY@sha256:…`.
const TOLD: &str = "alm.build/image";
/// Longest name of a repository that is read.
const LONGEST: usize = 512;

/// An image that a build made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Image {
    /// What it is known by everywhere: `sha256:…`.
    pub(crate) digest: String,
    pub(crate) place: Place,
}

/// Where an image is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Place {
    /// In an image stream of the cluster of the builds.
    Stream { namespace: String, name: String },
    /// In a repository of a registry.
    Repository(String),
}

impl Image {
    /// Whether it is what an image can be.
    pub(super) fn is_sound(&self) -> bool {
        is_digest(&self.digest)
            && match &self.place {
                Place::Stream { namespace, name } => is_namespace(namespace) && is_name(name),
                Place::Repository(name) => is_repository(name),
            }
    }

    /// One of an image stream; `None` where that is no name of one, or this no digest.
    pub(crate) fn in_stream(namespace: &str, name: &str, digest: &str) -> Option<Self> {
        let place = Place::Stream { namespace: namespace.to_owned(), name: name.to_owned() };
        let image = Self { digest: digest.to_owned(), place };
        image.is_sound().then_some(image)
    }

    /// It, as something that a build made. Of an image stream the address is `NAMESPACE/STREAM`.
    pub(crate) fn output(&self) -> Output {
        let value = match &self.place {
            Place::Stream { namespace, name } => format!("{namespace}/{name}"),
            Place::Repository(name) => name.clone(),
        };
        let digest = Some(self.digest.clone());
        Output { name: "IMAGE".to_owned(), kind: OutputKind::Image, stage: None, value, digest, provenance: None }
    }

    /// The name of its image stream, where it is in one.
    pub(super) fn stream(&self) -> Option<&str> {
        match &self.place {
            Place::Stream { name, .. } => Some(name),
            Place::Repository(_) => None,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let (place, digest) = text.split_once('@')?;
        let Some(repository) = place.strip_prefix("docker://") else {
            let (namespace, name) = place.split_once('/')?;
            return Self::in_stream(namespace, name, digest);
        };
        let image = Self { digest: digest.to_owned(), place: Place::Repository(repository.to_owned()) };
        image.is_sound().then_some(image)
    }
}

/// The image that a build made.
///
/// # Errors
/// Why there is none, with the remedy.
pub(crate) fn of_build(build: &Build) -> Result<Image, String> {
    let name = &build.place.name;
    if !has_succeeded(build) {
        return Err(format!("the build {name} did not succeed"));
    }
    if build.is_pipeline() {
        let told = build.annotations.get(TOLD).ok_or_else(|| {
            format!(
                "the pipeline {name} does not say which image it made: let it annotate its Build with {TOLD}, as NAMESPACE/STREAM@sha256:… \
                 or docker://REPOSITORY@sha256:…"
            )
        })?;
        return Image::parse(told.trim()).ok_or_else(|| {
            format!(
                "what the pipeline {name} wrote in the annotation {TOLD} is no image: write NAMESPACE/STREAM@sha256:…"
            )
        });
    }
    let none = || format!("the build {name} made no image that is known by a digest: give output.image");
    let output = build.output.as_ref().ok_or_else(none)?;
    let digest = output.digest.clone().ok_or_else(none)?;
    let place = match output.kind.as_str() {
        "ImageStreamTag" => Place::Stream {
            namespace: output.namespace.clone().unwrap_or_else(|| build.place.namespace.clone()),
            name: output.name.split(':').next().unwrap_or_default().to_owned(),
        },
        _ => Place::Repository(without_tag(&output.name).to_owned()),
    };
    let image = Image { digest, place };
    if image.is_sound() { Ok(image) } else { Err(none()) }
}

/// Where other clusters fetch the images of a stream from.
///
/// # Errors
/// Those of the cluster. `None` where its registry has no address that is known outside.
pub(crate) async fn public_repository(
    session: &Session,
    namespace: &str,
    name: &str,
) -> Result<Option<String>, ProviderError> {
    let found: Option<DynamicObject> = session.find(session.api(namespace, &kinds::image_streams()).get(name)).await?;
    let told = found.as_ref().and_then(|stream| stream.data.pointer("/status/publicDockerImageRepository"));
    Ok(told.and_then(Value::as_str).filter(|name| is_repository(name)).map(str::to_owned))
}

/// Whether this is a digest, as registries give them.
pub(super) fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Whether this is a repository, with its registry and without a tag.
pub(super) fn is_repository(text: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'/' | b':' | b'[' | b']');
    text.len() <= LONGEST
        && text.contains('/')
        && text.bytes().all(is_plain)
        && without_tag(text) == text
        && text.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
}

/// The name of an image without its tag. A `:` before the last `/` is that of a port.
fn without_tag(name: &str) -> &str {
    let path = name.rfind('/').map_or(0, |slash| slash + 1);
    name[path..].find(':').map_or(name, |at| &name[..path + at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_that_pipelines_tell_are_known_by_their_digest() {
        let digest = format!("sha256:{:a<64}", "");
        let stream = Image::parse(&format!("demo/web@{digest}")).unwrap();
        assert_eq!(stream.stream(), Some("web"));
        let repository = Image::parse(&format!("docker://r.example.test:5000/demo/web@{digest}")).unwrap();
        assert_eq!(repository.place, Place::Repository("r.example.test:5000/demo/web".to_owned()));
        for odd in
            ["", "demo/web", "demo/web:latest", "web@sha256:1", "demo/../x@", "docker://@", "demo/web@sha256:xyz"]
        {
            assert_eq!(Image::parse(odd), None, "{odd:?}");
        }
        for odd in ["../x", "a/../b", "docker:// a/b", "a//b"] {
            assert_eq!(Image::parse(&format!("{odd}@{digest}")), None, "{odd:?}");
        }
    }

    #[test]
    fn the_port_of_a_registry_is_no_tag() {
        assert_eq!(without_tag("r.test:5000/demo/web:1"), "r.test:5000/demo/web");
        assert_eq!(without_tag("r.test:5000/demo/web"), "r.test:5000/demo/web");
        assert_eq!(without_tag("web:1"), "web");
    }
}
