//! A real Kubernetes API server in front of a simulated cluster: etcd, `kube-apiserver` and, where it is there, `kube-controller-manager`,
//! as processes of the machine. What people ask for is answered by them: storage, versions, watches, RBAC, admission, discovery and the
//! aggregation of other API servers. What they have no part of is the simulated cluster's still: who has which token, Tekton's
//! controller and its webhooks, the nodes with the logs of pods, and the kinds of `user.openshift.io`.
//!
//! Nothing is downloaded: the programs are those that [`Binaries`] finds.

mod backstage;
mod binaries;
mod control_plane;
mod definitions;
mod mirror;
mod rights;

use std::sync::Arc;

use alm_kubernetes::Session;
use serde_json::{Value, json};

pub use binaries::Binaries;
use control_plane::ControlPlane;
pub use rights::{bound_to, rules};

use crate::{Cluster, rig::PROJECT};

/// A real API server in front of a simulated cluster. Its processes end when it is dropped.
#[derive(Debug)]
pub struct Front {
    plane: ControlPlane,
}

impl Front {
    /// Starts the processes, and lets the cluster do there what belongs to the controllers and nodes of a cluster. It has one project.
    ///
    /// # Panics
    /// Where they do not start, or refuse what every cluster has.
    #[expect(clippy::expect_used, reason = "a test that cannot have its cluster has failed")]
    pub async fn of(cluster: &Cluster, binaries: Binaries) -> Self {
        let shared = cluster.shared();
        let backstage = backstage::Backstage::take().expect("a free port on the loopback");
        let plane = ControlPlane::start(binaries, backstage.address()).await;
        let (ca, address) = (plane.ca().to_owned(), backstage.address());
        backstage.serve(Arc::clone(&shared), plane.folder()).expect("the certificate of the API server");
        let admin = plane.admin();
        definitions::install(&admin, &shared.options, address, &ca).await.expect("what every cluster has");
        mirror::keep(&shared, &admin, PROJECT);
        Self { plane }
    }

    /// Where the API is.
    #[must_use]
    pub fn url(&self) -> String {
        self.plane.url()
    }

    /// The certificates by which it is known.
    #[must_use]
    pub fn ca(&self) -> &str {
        self.plane.ca()
    }

    /// A session that may do everything.
    #[must_use]
    pub fn admin(&self) -> Session {
        self.plane.admin()
    }

    /// Whether the controllers of Kubernetes run.
    #[must_use]
    pub fn has_controllers(&self) -> bool {
        self.plane.has_controllers()
    }

    /// Kills the API server, as a machine that fails does; what is stored stays.
    pub async fn kill(&self) {
        self.plane.kill().await;
    }

    /// Starts the API server again, and waits until it is ready.
    ///
    /// # Panics
    /// Where it does not start.
    pub async fn revive(&self) {
        self.plane.revive().await;
    }

    /// Forgets the history of all objects that the store keeps.
    ///
    /// # Panics
    /// Where the store refuses it.
    pub async fn compact(&self) {
        self.plane.compact().await;
    }

    /// Lets a user do in the project what these rules say, and nothing else.
    ///
    /// # Panics
    /// Where the API server refuses the rules.
    #[expect(clippy::expect_used, reason = "a test whose people have no rights has failed")]
    pub async fn grant(&self, user: &str, rules: &[Value]) {
        let admin = self.admin();
        let name = format!("of-{user}");
        let at = |kind: &str| format!("/apis/rbac.authorization.k8s.io/v1/namespaces/{PROJECT}/{kind}");
        let role = json!({ "metadata": { "name": name }, "rules": rules });
        admin.raw(http::Method::POST, &at("roles"), Some(&role)).await.expect("a role");
        let binding = bound_to(user, &name);
        admin.raw(http::Method::POST, &at("rolebindings"), Some(&binding)).await.expect("a binding");
    }
}
