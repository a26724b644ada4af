//! Which kind of credential Jenkins makes of a secret.
//!
//! After the sync plugin (github.com/openshift/jenkins-sync-plugin: `secretToCredentials` of its `CredentialsUtils.java`, and its README,
//! "Mappings occur as follows"): of a Secret with its label it makes, by type and keys,
//!
//! | type | keys | credential |
//! |---|---|---|
//! | `Opaque` | `secrettext` | secret text |
//! | `Opaque` | `filename`, which holds the content | secret file, called as the credential is |
//! | `kubernetes.io/basic-auth` | `username` and `password`, neither of them empty | user with password |
//! | `kubernetes.io/ssh-auth` | `ssh-privatekey`, perhaps `username` | user with private key, without a passphrase |
//!
//! The user is part of the setting and not of the secret: it need not be hidden, and so the whole of a secret is kept out of logs.

use std::collections::BTreeMap;

use alm_build_spi::{BuildConfigSpec, Finding, NamedSecret, SecretReach};
use alm_domain::shorten;
use alm_kubernetes::{PASSWORD, SSH_KEY, value_problem};

use super::Strategy;
use crate::settings::texts;

/// The setting.
pub(crate) const KEY: &str = "secrets.kinds";
/// The key of a Secret that becomes a secret text.
const TEXT: &str = "secrettext";
/// The key of a Secret that becomes a secret file.
const FILE: &str = "filename";
/// The longest name of a user.
const LONGEST_USER: usize = 255;

/// What Jenkins makes of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SecretKind {
    /// The key under which Jenkins looks for the secret itself.
    pub(crate) key: &'static str,
    /// Whose it is.
    pub(crate) user: Option<String>,
}

/// What is not said to be something else.
const PLAIN: SecretKind = SecretKind { key: TEXT, user: None };

/// The kinds of the secrets of a build service, by their names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SecretKinds(BTreeMap<String, SecretKind>);

impl SecretKinds {
    /// Reads them.
    ///
    /// # Errors
    /// Every finding.
    pub(crate) fn of(spec: &BuildConfigSpec) -> Result<Self, Vec<Finding>> {
        let (mut kinds, mut findings) = (BTreeMap::new(), Vec::new());
        for text in texts(spec.setting(KEY)) {
            let read = match text.split_once('=') {
                Some((name, _)) if kinds.contains_key(name) => {
                    Err(format!("{:?} is given twice: give it once", shorten(name)))
                }
                Some((name, kind)) if !name.is_empty() => SecretKind::parse(kind).map(|kind| (name.to_owned(), kind)),
                _ => {
                    Err(format!("{:?} names no secret: write SECRET=KIND, such as GIT=basic-auth:bot", shorten(&text)))
                }
            };
            match read {
                Ok((name, kind)) => drop(kinds.insert(name, kind)),
                Err(why) => findings.push(finding(why)),
            }
        }
        if findings.is_empty() { Ok(Self(kinds)) } else { Err(findings) }
    }

    /// What is wrong with kinds for builds of this strategy.
    pub(crate) fn misplaced(&self, strategy: Option<Strategy>) -> Option<Finding> {
        let is_wrong = !self.0.is_empty() && strategy != Some(Strategy::Pipeline);
        is_wrong.then(|| {
            finding(
                "is for the credentials of pipelines: Docker and Source builds find each secret as a file (secrets.mount), so leave this out"
                    .to_owned(),
            )
        })
    }

    /// What is wrong with the kinds of these secrets. Nothing of what they hold is in it.
    pub(crate) fn findings(&self, secrets: &[NamedSecret]) -> Vec<Finding> {
        let problem = |(name, kind): (&String, &SecretKind)| {
            let given = secrets.iter().find(|secret| secret.reach == SecretReach::Build && secret.name == *name);
            let shown = shorten(name);
            match given {
                None => {
                    Some(format!("{shown:?} is no secret of this build service: set it, or take it out of the setting"))
                }
                Some(secret) => {
                    value_problem(kind.key, &secret.value).map(|problem| format!("the secret {shown} {problem}"))
                }
            }
        };
        self.0.iter().filter_map(problem).map(finding).collect()
    }

    /// That of a secret.
    pub(crate) fn of_secret(&self, secret: &NamedSecret) -> &SecretKind {
        let named = self.0.get(&secret.name).filter(|_| secret.reach == SecretReach::Build);
        named.unwrap_or(&PLAIN)
    }
}

impl SecretKind {
    fn parse(text: &str) -> Result<Self, String> {
        let (kind, user) = match text.split_once(':') {
            Some((kind, user)) => (kind, Some(user.to_owned())),
            None => (text, None),
        };
        let shown = shorten(text);
        let key = match kind {
            "text" => TEXT,
            "file" => FILE,
            "basic-auth" => PASSWORD,
            "ssh-auth" => SSH_KEY,
            _ => {
                return Err(format!(
                    "{shown:?} is no kind of secret: use text, file, basic-auth:USER, ssh-auth or ssh-auth:USER"
                ));
            }
        };
        match &user {
            None if key == PASSWORD => {
                Err(format!("{shown:?} has no user: write basic-auth:USER, the secret itself is the password"))
            }
            Some(_) if key == TEXT || key == FILE => Err(format!("{shown:?} has a user: write {kind} alone")),
            Some(user) if user.is_empty() || user.len() > LONGEST_USER || user.contains(char::is_control) => {
                Err(format!("{shown:?} names no user: use 1 to {LONGEST_USER} characters, and no control characters"))
            }
            _ => Ok(Self { key, user }),
        }
    }
}

fn finding(message: String) -> Finding {
    Finding::new(["settings", KEY], message)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::options::tests::spec, *};

    fn read(all: &[&str]) -> Result<SecretKinds, Vec<String>> {
        let read = SecretKinds::of(&spec(&[(KEY, json!(all))]));
        read.map_err(|found| found.into_iter().map(|finding| finding.message).collect())
    }

    #[test]
    fn each_kind_is_the_key_under_which_jenkins_looks() {
        let kinds =
            read(&["A=text", "B=file", "C=basic-auth:bot", "D=ssh-auth", "E=ssh-auth:git", "F=basic-auth:a:b=c"]);
        let kinds = kinds.unwrap();
        for (name, key, user) in [
            ("A", "secrettext", None),
            ("B", "filename", None),
            ("C", "password", Some("bot")),
            ("D", "ssh-privatekey", None),
            ("E", "ssh-privatekey", Some("git")),
            ("F", "password", Some("a:b=c")),
            ("OTHER", "secrettext", None),
        ] {
            let kind = kinds.of_secret(&NamedSecret::new(name, "x"));
            assert_eq!((kind.key, kind.user.as_deref()), (key, user), "{name}");
        }
        let token = kinds.of_secret(&NamedSecret::token("B", "x", None));
        assert_eq!(token, &PLAIN, "the token of an environment is none of the service's secrets");
    }

    #[test]
    fn what_is_no_kind_is_refused_with_the_remedy() {
        let long = format!("A=ssh-auth:{}", "x".repeat(256));
        for (text, remedy) in [
            ("A", "write SECRET=KIND"),
            ("=file", "write SECRET=KIND"),
            ("A=", "use text, file"),
            ("A=certificate", "use text, file"),
            ("A=Opaque", "use text, file"),
            ("A=basic-auth", "write basic-auth:USER"),
            ("A=basic-auth:", "use 1 to 255"),
            ("A=ssh-auth:a\nb", "use 1 to 255"),
            (long.as_str(), "use 1 to 255"),
            ("A=file:bot", "write file alone"),
        ] {
            let found = read(&[text]).unwrap_err();
            assert!(found.len() == 1 && found[0].contains(remedy), "{text}: {found:?}");
        }
        assert_eq!(read(&["A=file", "A=text"]).unwrap_err(), ["\"A\" is given twice: give it once"]);
    }
}
