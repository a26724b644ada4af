//! The kinds of objects that this provider deals with.

use kube::core::ApiResource;

/// Group of build configurations and builds.
pub(crate) const BUILD_GROUP: &str = "build.openshift.io";

fn kind(group: &str, version: &str, kind: &str, plural: &str) -> ApiResource {
    ApiResource {
        group: group.to_owned(),
        version: version.to_owned(),
        api_version: format!("{group}/{version}"),
        kind: kind.to_owned(),
        plural: plural.to_owned(),
    }
}

/// Build configurations.
pub(crate) fn build_configs() -> ApiResource {
    kind(BUILD_GROUP, "v1", "BuildConfig", "buildconfigs")
}

/// Builds.
pub(crate) fn builds() -> ApiResource {
    kind(BUILD_GROUP, "v1", "Build", "builds")
}

/// Routes.
pub(crate) fn routes() -> ApiResource {
    kind("route.openshift.io", "v1", "Route", "routes")
}

/// Deployments.
pub(crate) fn deployments() -> ApiResource {
    kind("apps", "v1", "Deployment", "deployments")
}

/// Deployment configurations.
pub(crate) fn deployment_configs() -> ApiResource {
    kind("apps.openshift.io", "v1", "DeploymentConfig", "deploymentconfigs")
}

/// Image streams.
pub(crate) fn image_streams() -> ApiResource {
    kind("image.openshift.io", "v1", "ImageStream", "imagestreams")
}

/// Tags of image streams.
pub(crate) fn image_stream_tags() -> ApiResource {
    kind("image.openshift.io", "v1", "ImageStreamTag", "imagestreamtags")
}

/// Requests to fetch images.
pub(crate) fn image_stream_imports() -> ApiResource {
    kind("image.openshift.io", "v1", "ImageStreamImport", "imagestreamimports")
}

/// Services.
pub(crate) fn services() -> ApiResource {
    core("Service", "services")
}

/// Replication controllers.
pub(crate) fn replication_controllers() -> ApiResource {
    core("ReplicationController", "replicationcontrollers")
}

fn core(kind: &str, plural: &str) -> ApiResource {
    ApiResource {
        group: String::new(),
        version: "v1".to_owned(),
        api_version: "v1".to_owned(),
        kind: kind.to_owned(),
        plural: plural.to_owned(),
    }
}
