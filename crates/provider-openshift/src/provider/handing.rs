//! How the secrets of builds reach them, and leave again.
//!
//! A variable of the build tells where each secret is. A pipeline finds the name there by which Jenkins knows it: Jenkins makes a
//! credential, of the [kind](SecretKinds) that the settings say, of a Secret that belongs to the build alone. A Docker or Source build
//! finds the path of a file there, where its BuildConfig mounts the [Secret that its builds share](SharedSecret); else it is given none,
//! and says so.

use std::collections::{BTreeMap, BTreeSet};

use alm_build_spi::{Finding, NamedSecret, ProviderError, SecretReach, StartBuild};
use alm_domain::{BuildId, Timestamp, shorten};
use alm_kubernetes::{Held, Place, RunSecrets, Session, USERNAME, secret_type};
use kube::core::DynamicObject;
use secrecy::{SecretSlice, SecretString};
use serde_json::{Value, json};

use super::{
    left_over::{self, STARTING},
    shared_secret::{SharedSecret, file},
    start::find,
};
use crate::{
    build::{Build, SECRET_PREFIX, TOKEN_PREFIX, WITHHELD, variable_named},
    config::{Mount, SecretKinds, Strategy},
    kinds::{build_configs, builds},
};

/// The label by which Jenkins takes a Secret over as a credential.
const SYNC_LABEL: &str = "credential.sync.jenkins.openshift.io";

/// The way that the secrets of a build take.
#[derive(Debug)]
pub(super) struct Handing<'a> {
    session: &'a Session,
    place: &'a Place,
    build: BuildId,
    way: Way,
    /// By the variables that tell where they are.
    secrets: BTreeMap<String, &'a NamedSecret>,
    /// Environments whose token is kept from the build, although builds of this configuration are given secrets.
    withheld: &'a [String],
}

#[derive(Debug)]
enum Way {
    /// By Jenkins, as credentials of these kinds.
    Jenkins(SecretKinds),
    /// By files.
    Files(Mount),
    /// None.
    Not,
}

impl<'a> Handing<'a> {
    /// The way for the builds of a configuration.
    pub(super) fn plan(
        session: &'a Session,
        place: &'a Place,
        config: &DynamicObject,
        request: &'a StartBuild,
        findings: &mut Vec<Finding>,
    ) -> Self {
        let spec = config.data.get("spec").unwrap_or(&Value::Null);
        let strategy = Strategy::of_spec(spec);
        let kinds = SecretKinds::of(&request.spec).unwrap_or_else(|wrong| {
            findings.extend(wrong);
            SecretKinds::default()
        });
        findings.extend(kinds.misplaced(strategy));
        let way = match strategy {
            Some(Strategy::Pipeline) => {
                findings.extend(kinds.findings(&request.secrets));
                Way::Jenkins(kinds)
            }
            _ => Mount::of_spec(spec).map_or(Way::Not, Way::Files),
        };
        let mut secrets: BTreeMap<String, &NamedSecret> = BTreeMap::new();
        for secret in request.secrets.iter().filter(|_| !matches!(way, Way::Not)) {
            if let Some(other) = secrets.insert(variable_of(secret), secret) {
                let (one, other) = (shorten(&secret.name), shorten(&other.name));
                let message = format!("{one:?} has the same variable as {other:?}: give each secret once");
                findings.push(Finding::new(["secrets", &secret.name], message));
            }
        }
        let withheld: &[String] = if matches!(way, Way::Not) { &[] } else { &request.withheld };
        Self { session, place, build: request.build, way, secrets, withheld }
    }

    /// What the Build notes about what it is not given.
    pub(super) fn notes(&self) -> Option<(&'static str, String)> {
        (!self.withheld.is_empty()).then(|| (WITHHELD, json!(self.withheld).to_string()))
    }

    /// Puts the secrets where the build finds them; the variables that tell where. As often as need be.
    ///
    /// # Errors
    /// Those of the cluster.
    pub(super) async fn hand_over(&self, now: Timestamp) -> Result<Vec<(String, String)>, ProviderError> {
        if self.secrets.is_empty() {
            return Ok(Vec::new());
        }
        let mut variables = Vec::new();
        match &self.way {
            Way::Not => {}
            Way::Jenkins(kinds) => {
                let (secrets, owner) = (self.own(), self.owner());
                let since = now.timestamp().to_string();
                let labels = [(SYNC_LABEL, "true"), (STARTING, since.as_str())];
                let id = self.build.to_string().replace('_', "-");
                for (index, (variable, secret)) in self.secrets.iter().enumerate() {
                    let name = format!("alm-{id}-{index}");
                    let kind = kinds.of_secret(secret);
                    let user = kind.user.clone().map(SecretString::from);
                    let values: Vec<_> = [(kind.key, &secret.value)]
                        .into_iter()
                        .chain(user.iter().map(|user| (USERNAME, user)))
                        .collect();
                    let kind = secret_type(values.iter().map(|(key, _)| *key));
                    secrets.put(&name, kind, &labels, &values, Some(&owner)).await?;
                    variables.push((variable.clone(), credential(&self.place.namespace, &name)));
                }
                said(left_over::clear(self.session, self.place, now).await);
            }
            Way::Files(mount) => {
                let values: Vec<_> =
                    self.secrets.iter().map(|(variable, secret)| (variable.as_str(), &secret.value)).collect();
                self.shared(mount).put(self.build, &values, &self.owner(), now).await?;
                said(self.clear(mount, now).await);
                let path = |variable: &String| format!("{}/{}", mount.path, file(self.build, variable));
                variables.extend(self.secrets.keys().map(|variable| (variable.clone(), path(variable))));
            }
        }
        Ok(variables)
    }

    /// Makes the secrets go with the Build, should nobody come to [release](take_back) it. Those that builds share go with the BuildConfig,
    /// as all do until there is a Build.
    pub(super) async fn belong_to(&self, build: &Build) {
        if self.secrets.is_empty() || !matches!(self.way, Way::Jenkins(_)) {
            return;
        }
        let (kind, place) = (builds(), &build.place);
        let owner = json!({ "apiVersion": kind.api_version, "kind": kind.kind, "name": place.name, "uid": place.uid });
        if let Err(error) = self.own().own(&owner, STARTING).await {
            tracing::warn!(%error, "secrets of a build do not belong to it");
        }
    }

    /// Nothing was made of the build: nothing needs its secrets.
    pub(super) async fn undo(&self) {
        if self.secrets.is_empty() {
            return;
        }
        let gone = match &self.way {
            Way::Not => Ok(()),
            Way::Jenkins(_) => self.own().remove().await,
            Way::Files(mount) => self.shared(mount).take_back(&[self.build].into()).await,
        };
        gone.unwrap_or_else(|error| tracing::warn!(%error, "secrets of a build that was refused are left"));
    }

    /// Removes what starts have left in the shared Secret that broke off for good.
    async fn clear(&self, mount: &Mount, now: Timestamp) -> Result<(), ProviderError> {
        let shared = self.shared(mount);
        let mut left = BTreeSet::new();
        for build in shared.doubtful(now).await?.into_iter().filter(|build| *build != self.build) {
            if find(self.session, self.place, build).await?.is_none() {
                left.insert(build);
            }
        }
        if left.is_empty() { Ok(()) } else { shared.take_back(&left).await }
    }

    /// The reference to the BuildConfig.
    fn owner(&self) -> Value {
        let kind = build_configs();
        let Place { name, uid, .. } = self.place;
        json!({ "apiVersion": kind.api_version, "kind": kind.kind, "name": name, "uid": uid })
    }

    fn own(&self) -> RunSecrets<'_> {
        RunSecrets::of(self.session, &self.place.namespace, self.build)
    }

    fn shared<'b>(&'b self, mount: &'b Mount) -> SharedSecret<'b> {
        SharedSecret { session: self.session, namespace: &self.place.namespace, name: &mount.secret }
    }
}

/// The id of the credential that Jenkins makes of a Secret.
fn credential(namespace: &str, secret: &str) -> String {
    format!("{namespace}-{secret}")
}

/// What was not cleared now is cleared by the next start.
fn said(cleared: Result<(), ProviderError>) {
    cleared.unwrap_or_else(|error| tracing::warn!(%error, "what a start has left that broke off is left"));
}

/// What a Build was given, to be taken out of its log; `None` where that is not there any more. The names of users stay in it.
///
/// # Errors
/// Those of the cluster.
pub(super) async fn given(
    session: &Session,
    build: &Build,
) -> Result<Option<Vec<(String, SecretSlice<u8>)>>, ProviderError> {
    let expected = build.secrets();
    let Some(id) = build.build_id().filter(|_| expected > 0) else { return Ok(Some(Vec::new())) };
    let namespace = &build.place.namespace;
    let read = match &build.mount {
        Some(mount) => SharedSecret { session, namespace, name: &mount.secret }.read(id).await,
        None => RunSecrets::of(session, namespace, id).read().await.map(|held| {
            let secrets = held.into_iter().filter(|held| held.key != USERNAME);
            secrets.map(|held| (known_as(build, &held), held.value)).collect()
        }),
    };
    match read {
        Ok(secrets) => Ok((secrets.len() >= expected).then_some(secrets)),
        Err(ProviderError::Forbidden(_) | ProviderError::Conflict(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What people know a secret of a pipeline by: the variable that tells where it is.
fn known_as(build: &Build, held: &Held) -> String {
    let id = credential(&build.place.namespace, &held.secret);
    let variable = build.environment.iter().find(|(_, value)| *value == id);
    variable.map_or_else(|| held.key.clone(), |(variable, _)| variable.clone())
}

/// Removes what a Build was given that is over.
///
/// # Errors
/// Those of the cluster.
pub(super) async fn take_back(session: &Session, build: &Build) -> Result<(), ProviderError> {
    let Some(id) = build.build_id().filter(|_| build.secrets() > 0) else { return Ok(()) };
    let namespace = &build.place.namespace;
    match &build.mount {
        Some(mount) => match (SharedSecret { session, namespace, name: &mount.secret }).take_back(&[id].into()).await {
            // It is somebody else's by now.
            Err(ProviderError::Conflict(_)) => Ok(()),
            taken => taken,
        },
        None => RunSecrets::of(session, namespace, id).remove().await,
    }
}

/// The variable that tells a build where a secret is.
fn variable_of(secret: &NamedSecret) -> String {
    match secret.reach {
        SecretReach::Build => variable_named(SECRET_PREFIX, &secret.name),
        SecretReach::Environment => variable_named(TOKEN_PREFIX, &secret.name),
    }
}
