//! How secrets and tokens reach a run: as Secrets of the cluster, mounted as workspaces of the pipeline.

use std::collections::{BTreeMap, BTreeSet};

use alm_build_spi::{Finding, NamedSecret, SecretReach};
use alm_domain::shorten;
use alm_kubernetes::{DOCKER_CONFIG, secret_type, value_problem};
use secrecy::SecretString;
use serde_json::{Value, json};

/// The file that holds a token in the workspace of its environment.
const TOKEN_FILE: &str = "token";

/// Which workspaces take what.
#[derive(Debug, Clone, Default)]
pub(crate) struct Handing {
    /// The workspace of all secrets that have no place of their own.
    pub(crate) rest: Option<String>,
    /// Secrets with a place of their own: workspace and file, by name.
    pub(crate) files: BTreeMap<String, (String, String)>,
    /// The workspace of the token of each environment.
    pub(crate) tokens: BTreeMap<String, String>,
    /// Secrets by which the images of steps are pulled.
    pub(crate) pull: BTreeSet<String>,
}

/// What a run is given.
#[derive(Debug, Default)]
pub(crate) struct Plan<'a> {
    /// The workspaces, bound.
    pub(crate) workspaces: Vec<Value>,
    /// The Secrets to make, each with its files.
    pub(crate) secrets: BTreeMap<String, Vec<(String, &'a SecretString)>>,
    /// The environments whose token comes later, and the Secret that will hold it.
    pub(crate) withheld: BTreeMap<String, String>,
    /// The Secrets by which the images of steps are pulled.
    pub(crate) pull: Vec<String>,
    /// The Secret with all that has no place of its own.
    rest: Option<String>,
    /// What is given and goes nowhere, in words.
    pub(crate) unplaced: Vec<String>,
    /// Secrets that the settings name, and that are not given.
    pub(crate) missing: Vec<String>,
    /// The environments whose token comes later, and that have no workspace for it.
    pub(crate) unheld: Vec<String>,
}

impl Plan<'_> {
    /// The [type](secret_type) of a Secret with these files.
    pub(crate) fn kind_of(&self, secret: &str) -> &'static str {
        let files = self.secrets.get(secret).filter(|_| self.rest.as_deref() != Some(secret));
        secret_type(files.into_iter().flatten().map(|(file, _)| file.as_str()))
    }

    /// How many secrets there are.
    pub(crate) fn count(&self) -> u32 {
        self.secrets.values().map(Vec::len).sum::<usize>().try_into().unwrap_or(u32::MAX)
    }
}

impl Handing {
    /// Reads the settings. `other` are the workspaces that are bound to something else.
    pub(crate) fn of(
        rest: Option<String>,
        files: Vec<(String, String)>,
        tokens: Vec<(String, String)>,
        pull: BTreeSet<String>,
        other: &[Value],
        wrong: &mut impl FnMut(&str, String),
    ) -> Self {
        let mut handing = Self { rest, pull, ..Self::default() };
        for (name, place) in files {
            match place.split_once('/').filter(|(workspace, file)| !workspace.is_empty() && is_file(file)) {
                Some((workspace, file)) => {
                    handing.files.insert(name, (workspace.to_owned(), file.to_owned()));
                }
                None => wrong(
                    "secrets.files",
                    format!(
                        "{:?} is no place: write NAME=WORKSPACE/FILE, the file's name with letters, digits, `-`, `_` and `.`",
                        shorten(&place)
                    ),
                ),
            }
        }
        for (environment, workspace) in tokens {
            if handing.tokens.values().any(|known| *known == workspace) {
                let message = format!(
                    "{:?} has the token of another environment already: give each a workspace of its own, so that no task gets a token \
                     that it is not for",
                    shorten(&workspace)
                );
                wrong("tokens.workspaces", message);
            }
            handing.tokens.insert(environment, workspace);
        }
        let secrets: BTreeSet<&str> = handing.secrets().collect();
        for (key, name) in handing.named() {
            let is_doubled = key == "tokens.workspaces" && secrets.contains(name);
            if is_doubled || other.iter().any(|known| known["name"] == name) {
                wrong(key, format!("{:?} is bound to something else already: name another workspace", shorten(name)));
            }
        }
        handing
    }

    /// The workspaces of secrets.
    fn secrets(&self) -> impl Iterator<Item = &str> {
        self.rest.iter().map(String::as_str).chain(self.files.values().map(|(workspace, _)| workspace.as_str()))
    }

    /// The workspaces that are named, each with the setting that does so.
    pub(crate) fn named(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let rest = self.rest.iter().map(|workspace| ("secrets.workspace", workspace.as_str()));
        let files = self.files.values().map(|(workspace, _)| ("secrets.files", workspace.as_str()));
        rest.chain(files).chain(self.tokens.values().map(|workspace| ("tokens.workspaces", workspace.as_str())))
    }

    /// Whether nothing can be handed over.
    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_none() && self.files.is_empty() && self.tokens.is_empty() && self.pull.is_empty()
    }

    /// All workspaces that take something.
    pub(crate) fn workspaces(&self) -> BTreeSet<&str> {
        self.secrets().chain(self.tokens.values().map(String::as_str)).collect()
    }

    /// What the run of this name is given of these secrets. A workspace for which there is nothing is there all the same, and empty:
    /// otherwise the pipeline would not begin.
    pub(crate) fn plan<'a>(&self, run: &str, secrets: &'a [NamedSecret], withheld: &[String]) -> Plan<'a> {
        let mut plan = Plan::default();
        let places: Vec<&str> = self.workspaces().into_iter().collect();
        let secret_of = |workspace: &str| {
            let at = places.iter().position(|known| *known == workspace).unwrap_or_default();
            format!("{run}-{at}")
        };
        plan.rest = self.rest.as_deref().map(secret_of);
        let is_given =
            |name: &&String| secrets.iter().any(|secret| secret.reach == SecretReach::Build && secret.name == **name);
        let named: BTreeSet<&String> = self.files.keys().chain(&self.pull).collect();
        plan.missing = named.into_iter().filter(|name| !is_given(name)).map(|name| shorten(name)).collect();
        let pulls = |secret: &&NamedSecret| secret.reach == SecretReach::Build && self.pull.contains(&secret.name);
        for (at, secret) in secrets.iter().filter(pulls).enumerate() {
            let name = format!("{run}-pull-{at}");
            plan.secrets.insert(name.clone(), vec![(DOCKER_CONFIG.to_owned(), &secret.value)]);
            plan.pull.push(name);
        }
        for secret in secrets.iter().filter(|secret| !pulls(secret) || self.files.contains_key(&secret.name)) {
            let place = match secret.reach {
                SecretReach::Build => match (self.files.get(&secret.name), &self.rest) {
                    (Some((workspace, file)), _) => Some((workspace, file.as_str())),
                    (None, rest) => {
                        rest.as_ref().filter(|_| is_file(&secret.name)).map(|rest| (rest, secret.name.as_str()))
                    }
                },
                SecretReach::Environment => self.tokens.get(&secret.name).map(|workspace| (workspace, TOKEN_FILE)),
            };
            let taken = |secret: &str, file: &str| {
                plan.secrets.get(secret).is_some_and(|files| files.iter().any(|(known, _)| known == file))
            };
            let place = place.map(|(workspace, file)| (secret_of(workspace), file));
            match (place.filter(|(secret, file)| !taken(secret, file)), secret.reach) {
                (Some((name, file)), _) => {
                    plan.secrets.entry(name).or_default().push((file.to_owned(), &secret.value));
                }
                (None, SecretReach::Build) => plan.unplaced.push(format!("the secret {}", shorten(&secret.name))),
                (None, SecretReach::Environment) => {
                    plan.unplaced.push(format!("the token of {}", shorten(&secret.name)))
                }
            }
        }
        for environment in withheld {
            match self.tokens.get(environment) {
                Some(workspace) => drop(plan.withheld.insert(environment.clone(), secret_of(workspace))),
                None => plan.unheld.push(environment.clone()),
            }
        }
        for workspace in &places {
            let secret = secret_of(workspace);
            let is_there = plan.secrets.contains_key(&secret) || plan.withheld.values().any(|known| *known == secret);
            plan.workspaces.push(match is_there {
                true => json!({ "name": workspace, "secret": { "secretName": secret } }),
                false => json!({ "name": workspace, "emptyDir": {} }),
            });
        }
        plan
    }

    /// What is wrong with secrets for the places that they have. Nothing of what they hold is in it.
    pub(crate) fn findings(&self, secrets: &[NamedSecret]) -> Vec<Finding> {
        let wrong = secrets.iter().filter(|secret| secret.reach == SecretReach::Build).filter_map(|secret| {
            let (key, file) = match self.files.get(&secret.name) {
                _ if self.pull.contains(&secret.name) => ("secrets.pull", DOCKER_CONFIG),
                Some((_, file)) => ("secrets.files", file.as_str()),
                None => return None,
            };
            let problem = value_problem(file, &secret.value)?;
            Some(Finding::new(["settings", key], format!("the secret {} {problem}", shorten(&secret.name))))
        });
        wrong.collect()
    }

    /// The file that holds the token of an environment.
    pub(crate) const fn token_file() -> &'static str {
        TOKEN_FILE
    }
}

/// Whether a key of a Secret may be called this.
pub(crate) fn is_file(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    !name.is_empty() && name.len() <= 253 && !name.starts_with("..") && name != "." && name.chars().all(fits)
}
