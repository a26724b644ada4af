//! The credentials that the sync plugin makes of Secrets. *Documented, unrecorded* (github.com/openshift/jenkins-sync-plugin:
//! `CredentialsUtils.java`), and so are the words in which Jenkins misses one (its Credentials Binding plugin: `MultiBinding.java`).

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use crate::world::{World, resource_of, text};

const LABEL: &str = "credential.sync.jenkins.openshift.io";
/// The annotation that calls a credential something else.
const NAME: &str = "jenkins.openshift.io/secret.name";

/// The kinds: what a pipeline binds them with, what Jenkins calls them, and what it wants where another one is.
const KINDS: [(&str, &str, &str); 4] = [
    ("string", "Secret text", "org.jenkinsci.plugins.plaincredentials.StringCredentials"),
    ("file", "Secret file", "org.jenkinsci.plugins.plaincredentials.FileCredentials"),
    (
        "usernamePassword",
        "Username with password",
        "com.cloudbees.plugins.credentials.common.StandardUsernamePasswordCredentials",
    ),
    (
        "sshUserPrivateKey",
        "SSH Username with private key",
        "com.cloudbees.jenkins.plugins.sshcredentials.SSHUserPrivateKey",
    ),
];

/// What a pipeline is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Credential {
    kind: &'static str,
    pub(super) user: String,
    pub(super) secret: String,
}

/// The credential of this id, bound in this way.
///
/// # Errors
/// What Jenkins says where there is none such.
pub(super) fn bound(world: &World, namespace: &str, binding: &str, id: &str) -> Result<Credential, String> {
    let none = || format!("ERROR: Could not find credentials entry with ID '{id}'");
    let secrets = resource_of("secrets").ok_or_else(none)?;
    let is_it = |secret: &&Value| secret["metadata"]["labels"][LABEL] == "true" && id_of(namespace, secret) == id;
    let secret = world.all(secrets, Some(namespace)).map(|(_, secret)| secret).find(is_it);
    let found = secret.and_then(credential).ok_or_else(none)?;
    if found.kind == binding {
        return Ok(found);
    }
    let of = |binding: &str| KINDS.iter().find(|(known, ..)| *known == binding);
    let (has, wanted) = (of(found.kind).map_or("", |kind| kind.1), of(binding).map_or(binding, |kind| kind.2));
    Err(format!("ERROR: Credentials '{id}' is of type '{has}' where '{wanted}' was expected"))
}

fn id_of(namespace: &str, secret: &Value) -> String {
    let named = secret["metadata"]["annotations"][NAME].as_str().map(str::to_owned);
    named.unwrap_or_else(|| format!("{namespace}-{}", text(&secret["metadata"]["name"])))
}

/// What the plugin makes of a Secret; nothing of one whose parts are empty.
fn credential(secret: &Value) -> Option<Credential> {
    let part = |key: &str| {
        let bytes = STANDARD.decode(secret["data"][key].as_str()?).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned()).filter(|part| !part.is_empty())
    };
    let login = || Some(Credential { kind: "usernamePassword", user: part("username")?, secret: part("password")? });
    let key = || {
        let user = part("username").unwrap_or_default();
        Some(Credential { kind: "sshUserPrivateKey", user, secret: part("ssh-privatekey")? })
    };
    let plain = |kind, key: &str| Some(Credential { kind, user: String::new(), secret: part(key)? });
    match secret["type"].as_str()? {
        "kubernetes.io/basic-auth" => login(),
        "kubernetes.io/ssh-auth" => key(),
        "Opaque" => {
            let file = || plain("file", "filename");
            login().or_else(key).or_else(file).or_else(|| plain("string", "secrettext"))
        }
        // It makes a text of what is in others, which nothing of ours relies on.
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(kind: &str, pairs: &[(&str, &str)]) -> Option<(&'static str, String)> {
        let data: Value = pairs.iter().map(|(key, value)| ((*key).to_owned(), json!(STANDARD.encode(value)))).collect();
        credential(&json!({ "type": kind, "data": data })).map(|made| (made.kind, made.user))
    }

    #[test]
    fn the_kind_follows_from_the_type_and_then_from_the_keys() {
        let login = [("username", "bot"), ("password", "p")];
        for kind in ["Opaque", "kubernetes.io/basic-auth"] {
            assert_eq!(of(kind, &login), Some(("usernamePassword", "bot".to_owned())));
        }
        for kind in ["Opaque", "kubernetes.io/ssh-auth"] {
            assert_eq!(of(kind, &[("ssh-privatekey", "k")]), Some(("sshUserPrivateKey", String::new())));
        }
        let both = [("filename", "x"), ("secrettext", "y")];
        assert_eq!(of("Opaque", &both).map(|made| made.0), Some("file"), "the plugin looks for a file first");
        assert_eq!(of("Opaque", &both[1..]).map(|made| made.0), Some("string"));
        assert_eq!(of("kubernetes.io/basic-auth", &[("password", "p")]), None, "a user without a name is none");
        assert_eq!(of("kubernetes.io/basic-auth", &both), None);
    }
}
