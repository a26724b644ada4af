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
