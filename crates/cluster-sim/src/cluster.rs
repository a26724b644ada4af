//! A running cluster, as a test holds it.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use futures::FutureExt;
use serde_json::{Value, json};

use crate::{
    Backup, Faults, OauthClient, Role, Seen, api, build, jenkins, people, rollout, server, shared::Shared, tekton,
    world::resource_of,
};

/// What a cluster is like.
#[derive(Debug, Clone)]
pub struct Options {
    /// By how much waits are shortened: the 30 s that a build's log waits for a pod last `30 s × time_factor`, and so does the
    /// `timeoutSeconds` of a watch.
    pub time_factor: f64,
    /// Whether builds and runs are carried out. Without controllers they stay as they are written.
    pub controllers: bool,
    /// Whether OpenShift's kinds are there.
    pub openshift: bool,
    /// Whether Tekton's kinds are there.
    pub tekton: bool,
    /// Whether Tekton serves `v1` besides `v1beta1`.
    pub tekton_v1: bool,
    /// Whether builds can mount volumes, as from OpenShift 4.9 on. Without it that field is dropped in silence.
    pub build_volumes: bool,
    /// Whether the manual approval gate is there, which lets tasks of Tekton wait for people.
    pub approvals: bool,
    /// Whether something puts proxies into the pods of tasks: one as an init container that goes on, and one in front of the steps that
    /// does not end by itself. *Documented, unrecorded* (Kubernetes' documentation, "Sidecar Containers"; Istio's,
    /// `holdApplicationUntilProxyStarts`).
    pub proxies: bool,
    /// Whether the API server itself says whose a token is, as from Kubernetes 1.28 on.
    pub self_reviews: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            time_factor: 0.02,
            controllers: true,
            openshift: true,
            tekton: true,
            tekton_v1: true,
            build_volumes: true,
            approvals: false,
            proxies: false,
            self_reviews: true,
        }
    }
}

/// A running cluster. It ends when it is dropped.
#[derive(Debug)]
pub struct Cluster {
    shared: Arc<Shared>,
    url: String,
    jenkins_url: String,
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.shared.stop.cancel();
    }
}

impl Cluster {
    /// Starts a cluster with everything.
    ///
    /// # Panics
    /// When there is no free port on the loopback.
    pub async fn start() -> Self {
        Self::with(Options::default()).await
    }

    /// Starts a cluster.
    ///
    /// # Panics
    /// When there is no free port on the loopback.
    #[expect(clippy::expect_used, reason = "a test that cannot have its cluster has failed")]
    pub async fn with(options: Options) -> Self {
        let (port, listener) = server::open().expect("a free port on the loopback");
        let (jenkins_port, jenkins_listener) = server::open().expect("a free port on the loopback");
        let url = format!("http://{}", port.address());
        let jenkins_url = format!("http://{}", jenkins_port.address());
        let (controllers, build_volumes) = (options.controllers, options.build_volumes);
        let shared = Arc::new(Shared::new(options));
        shared.change(|world| {
            world.jenkins.url.clone_from(&jenkins_url);
            world.oauth.issuer.clone_from(&url);
            world.has_build_volumes = build_volumes;
        });
        let of = shared.clone();
        let handler: server::Handler = Arc::new(move |request| api::handle(of.clone(), request).boxed());
        tokio::spawn(server::serve(port, listener, handler, shared.faults.clone(), shared.stop.clone()));
        let of = shared.clone();
        let handler: server::Handler = Arc::new(move |request| jenkins::handle(of.clone(), request).boxed());
        let faults = shared.jenkins_faults.clone();
        tokio::spawn(server::serve(jenkins_port, jenkins_listener, handler, faults, shared.stop.clone()));
        if controllers {
            tokio::spawn(build::controller(shared.clone()));
            tokio::spawn(jenkins::controller(shared.clone()));
            tokio::spawn(rollout::controller(shared.clone()));
            tokio::spawn(tekton::controller(shared.clone()));
        }
        Self { shared, url, jenkins_url }
    }

    pub(crate) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    /// Where the API server is.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where Jenkins is.
    #[must_use]
    pub fn jenkins_url(&self) -> &str {
        &self.jenkins_url
    }

    /// The troubles of the API server.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.shared.faults
    }

    /// The troubles of Jenkins.
    #[must_use]
    pub fn jenkins_faults(&self) -> &Faults {
        &self.shared.jenkins_faults
    }

    /// A good token of this user, who comes to be if need be. A new one each time.
    #[must_use]
    pub fn token(&self, user: &str) -> String {
        self.shared.change(|world| world.issue_token(user, None, &["user:full"]))
    }

    /// A token of this user that ends after a time (on the cluster's clock), with these scopes.
    #[must_use]
    pub fn token_for(&self, user: &str, life: Duration, scopes: &[&str]) -> String {
        self.shared.change(|world| world.issue_token(user, Some(life), scopes))
    }

    /// Makes a token bad, as if it had expired.
    pub fn expire(&self, token: &str) {
        self.shared.change(|world| world.people.set_expired(token, true));
    }

    /// Makes an expired token good again.
    pub fn revive(&self, token: &str) {
        self.shared.change(|world| world.people.set_expired(token, false));
    }

    /// Makes every token bad that this OAuth client was given so far, as if they had all expired, or their users had revoked them.
    pub fn expire_tokens_of(&self, client: &str) {
        self.shared.change(|world| world.people.expire_tokens_of(client));
    }

    /// A project with its usual service accounts, and this user as its admin.
    pub fn project(&self, name: &str, admin: &str) {
        self.shared.change(|world| {
            world.make_project(name, admin, "", "");
            world.make_service_accounts(name);
        });
    }

    /// The service accounts of a project that a user has asked for: a controller of a real cluster makes them a moment later, and
    /// until then nothing can be built there.
    pub fn service_accounts(&self, project: &str) {
        self.shared.change(|world| world.make_service_accounts(project));
    }

    /// A pod whose containers run and have written these lines.
    pub fn pod(&self, project: &str, name: &str, containers: &[(&str, &[&str])]) {
        let names: Vec<String> = containers.iter().map(|(container, _)| (*container).to_owned()).collect();
        let listed: Vec<Value> =
            names.iter().map(|name| json!({"name": name, "image": "registry.example.test/img"})).collect();
        self.shared.change(|world| {
            let object = json!({"spec": {"containers": listed}, "status": {"phase": "Running"}});
            world.make_pod(project, name, object, &names);
            for (container, lines) in containers {
                world.start_container(project, name, container);
                for line in *lines {
                    world.write_line(project, name, container, line);
                }
            }
        });
    }

    /// Makes the containers of a pod end well.
    pub fn end_pod(&self, project: &str, name: &str) {
        self.shared.change(|world| {
            let all = world.logs.get(&(project.to_owned(), name.to_owned())).cloned().unwrap_or_default();
            for container in all {
                world.end_container(project, name, &container.name, 0);
            }
        });
    }

    /// Changes the status of a build as its controller would: the phase, and what else is merged into the status.
    pub fn set_phase(&self, project: &str, name: &str, phase: &str, fields: &Value) {
        self.shared.change(|world| build::set_phase(world, project, name, phase, fields));
    }

    /// Says what a step of this name does, in all runs that begin from now on, whatever its own script says.
    pub fn step_script(&self, project: &str, step: &str, script: &str) {
        self.script(project, &format!("step-{step}"), script);
    }

    /// Gives a user a role in a project.
    pub fn grant(&self, user: &str, project: &str, role: Role) {
        self.shared.change(|world| {
            world.people.user(user);
            world.people.grant(user, project, role);
        });
    }

    /// Lets nobody create objects of this kind (its plural) any more, whatever their role; or a subresource of it: `builds/docker`.
    pub fn deny(&self, plural: &str) {
        self.shared.change(|world| world.people.denied.insert(plural.to_owned()));
    }

    /// Lets this user do nothing with objects of this kind (its plural), as a role does that leaves it out.
    pub fn hide(&self, user: &str, plural: &str) {
        self.shared.change(|world| world.people.hidden.insert((user.to_owned(), plural.to_owned())));
    }

    /// Makes a user a member of a group.
    pub fn join(&self, user: &str, group: &str) {
        self.shared.change(|world| world.people.join(user, group));
    }

    /// Takes every role in a project from a user.
    pub fn revoke(&self, user: &str, project: &str) {
        self.shared.change(|world| world.people.revoke(user, project));
    }

    /// Registers an OAuth client.
    pub fn oauth_client(&self, client: OauthClient) {
        self.shared.change(|world| world.oauth.clients.push(client));
    }

    /// Registers a user's password for the login form.
    pub fn password(&self, user: &str, password: &str) {
        self.shared.change(|world| {
            world.people.user(user);
            world.oauth.passwords.insert(user.to_owned(), password.to_owned());
        });
    }

    /// Says what builds of this build configuration do, whatever they say themselves.
    pub fn script(&self, project: &str, config: &str, script: &str) {
        self.shared.change(|world| {
            world.scripts.insert((project.to_owned(), config.to_owned()), script.to_owned());
        });
    }

    /// Lets scripts that await this gate go on.
    pub fn open_gate(&self, gate: &str) {
        self.shared.change(|world| world.gates.insert(gate.to_owned()));
    }

    /// An object as it is stored, for instance `("builds.build.openshift.io", "demo", "app-1")`.
    #[must_use]
    pub fn object(&self, resource: &str, project: &str, name: &str) -> Option<Value> {
        self.shared.read(|world| {
            let resource = resource_of(resource)?;
            world.get(resource, project, name).cloned()
        })
    }

    /// All objects of a kind in a project.
    #[must_use]
    pub fn objects(&self, resource: &str, project: &str) -> Vec<Value> {
        self.shared.read(|world| {
            resource_of(resource).map_or_else(Vec::new, |found| world.in_namespace(found, project).cloned().collect())
        })
    }

    /// The Route of Jenkins, in a project.
    pub fn route_to_jenkins(&self, project: &str) {
        let host = self.jenkins_url.trim_start_matches("http://");
        self.put("routes.route.openshift.io", project, "jenkins", json!({ "spec": { "host": host } }));
    }

    /// Writes an object as an administrator would, past all checks. It comes to be if it is not there.
    pub fn put(&self, resource: &str, project: &str, name: &str, object: Value) {
        self.shared.change(|world| {
            if let Some(found) = resource_of(resource) {
                world.put(found, project, name, object);
            }
        });
    }

    /// Changes an object as an administrator would, past all checks, by a merge patch. Nothing happens where there is none.
    pub fn patch(&self, resource: &str, project: &str, name: &str, patch: &Value) {
        self.shared.change(|world| {
            if let Some(found) = resource_of(resource) {
                world.merge(found, project, name, patch);
            }
        });
    }

    /// Removes an object as an administrator would; its pod's logs go with it.
    pub fn remove(&self, resource: &str, project: &str, name: &str) {
        self.shared.change(|world| {
            if let Some(found) = resource_of(resource) {
                world.remove(found, project, name);
            }
        });
    }

    /// An image stream tag that is there, with its image.
    pub fn image(&self, project: &str, tag: &str, digest: &str) {
        self.shared.change(|world| world.tag_image(project, tag, digest));
    }

    /// Gives the cluster's registry an address outside; its host. Streams tell it from their next image on.
    #[must_use]
    pub fn expose_registry(&self) -> String {
        let port = self.url.rsplit(':').next().unwrap_or_default();
        let host = format!("registry-{port}.example.test");
        self.shared.change(|world| world.registries.host = Some(host.clone()));
        host
    }

    /// Lets this cluster reach the registry of another one, which is exposed. What it may fetch there is told by the tokens in the pull
    /// secrets of its own namespaces.
    pub fn reaches(&self, other: &Self) {
        let Some(host) = other.shared.read(|world| world.registries.host.clone()) else { return };
        let other = Arc::downgrade(&other.shared);
        self.shared.change(|world| world.registries.others.push((host, other)));
    }

    /// A repository outside of all clusters, to which everybody may push and from which everybody may fetch.
    pub fn open_repository(&self, repository: &str) {
        self.shared.change(|world| world.registries.open.insert(repository.to_owned()));
    }

    /// Makes pods with this image never start.
    pub fn break_image(&self, digest: &str) {
        self.shared.change(|world| world.registries.broken.insert(digest.to_owned()));
    }

    /// Makes pods with this image wait until the [gate](Self::open_gate) of its digest is open.
    pub fn hold_image(&self, digest: &str) {
        self.shared.change(|world| world.registries.held.insert(digest.to_owned()));
    }

    /// Lets triggers on images wait, as a cluster does that has much to do, or go on.
    pub fn hold_triggers(&self, held: bool) {
        self.shared.change(|world| world.triggers_are_held = held);
    }

    /// Forgets the history of all objects: watches from before are answered 410.
    pub fn compact(&self) {
        self.shared.change(crate::world::World::compact);
    }

    /// A backup of all objects.
    #[must_use]
    pub fn backup(&self) -> Backup {
        self.shared.read(crate::world::World::backup)
    }

    /// Restores a backup, as administrators do after a disaster: all objects are as they were then, and their versions with them. The
    /// API servers are started anew for it, so that open streams break.
    pub fn restore(&self, backup: &Backup) {
        self.shared.change(|world| world.restore(backup));
        self.shared.faults.cut_streams();
    }

    /// Makes the node that runs this pod disappear: its log is gone, and its containers have failed.
    pub fn lose_pod(&self, project: &str, pod: &str) {
        self.shared.change(|world| world.lose_pod(project, pod));
    }

    /// Makes the node of this pod fall silent: the pod is still there, and nobody can be asked for its logs. *Documented, unrecorded*
    /// (Kubernetes' documentation, "Communication between Nodes and the Control Plane").
    pub fn cut_off(&self, project: &str, pod: &str) {
        let pod = (project.to_owned(), pod.to_owned());
        self.shared.change(|world| world.silent_pods.insert(pod));
    }

    /// Makes the log of a container forget its first lines, as a rotation does.
    pub fn rotate_log(&self, project: &str, pod: &str, container: &str, lines: usize) {
        self.shared.change(|world| world.rotate_log(project, pod, container, lines));
    }

    /// Sets the cluster's clock wrong by this much (zero: right again).
    pub fn skew(&self, by: TimeDelta) {
        self.shared.clock.skew(by);
    }

    /// Puts Jenkins to sleep: it answers 503 and carries nothing out until it is woken.
    pub fn idle_jenkins(&self, idle: bool) {
        self.shared.change(|world| world.jenkins.idle = idle);
    }

    /// Lets Jenkins be awake and not have resumed its runs yet: it knows none of their questions until it has.
    pub fn wake_jenkins(&self, waking: bool) {
        self.shared.change(|world| world.jenkins.waking = waking);
    }

    /// Switches Jenkins' protection against CSRF on.
    pub fn protect_jenkins(&self) {
        self.shared.change(|world| world.jenkins.crumbs = true);
    }

    /// What was asked of the API server and of Jenkins so far, oldest first; the last 10,000.
    #[must_use]
    pub fn requests(&self) -> Vec<Seen> {
        self.shared.read(|world| world.requests.iter().cloned().collect())
    }

    /// Waits until an object is as the test wants it, at most this long; gives it, or nothing after that.
    pub async fn until(
        &self,
        resource: &str,
        project: &str,
        name: &str,
        patience: Duration,
        is: impl Fn(&Value) -> bool,
    ) -> Option<Value> {
        let resource = resource_of(resource)?;
        let found = self.shared.until(|world| world.get(resource, project, name).filter(|found| is(found)).cloned());
        tokio::time::timeout(patience, found).await.ok().flatten()
    }

    /// Whose token this is, while it is good.
    #[must_use]
    pub fn owner(&self, token: &str) -> Option<String> {
        self.shared.read(|world| people::authenticate(world, Some(token)).ok().map(|caller| caller.name))
    }
}
