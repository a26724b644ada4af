//! What Secrets hold that Kubernetes has types for: the keys, the types, and what fits there.
//!
//! After `k8s.io/api/core/v1` (`SecretType…`, `…Key`), and `ValidateSecret` of the API server, which sees no more than that the keys are
//! there: that a value can be used for what its key says is checked here.

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

/// The key of a user's name, beside a password or a key. It is no secret.
pub const USERNAME: &str = "username";
/// The key of a user's password.
pub const PASSWORD: &str = "password";
/// The key of a private key.
pub const SSH_KEY: &str = "ssh-privatekey";
/// The key of a configuration of docker: credentials of registries.
pub const DOCKER_CONFIG: &str = ".dockerconfigjson";

/// The type of a Secret with these keys, where Kubernetes has one for them: so it is checked by the cluster, and known to whoever looks
/// for Secrets of that type. Otherwise it is opaque.
#[must_use]
pub fn secret_type<'a>(keys: impl IntoIterator<Item = &'a str>) -> &'static str {
    let mut kind = "Opaque";
    for key in keys {
        kind = match (key, kind) {
            (DOCKER_CONFIG, _) => return "kubernetes.io/dockerconfigjson",
            (SSH_KEY, _) => "kubernetes.io/ssh-auth",
            // A key has a user, too.
            (USERNAME | PASSWORD, "Opaque") => "kubernetes.io/basic-auth",
            _ => kind,
        };
    }
    kind
}

/// Why a value is of no use under a key, with the remedy; `None` where it is, and for keys that can hold anything. Nothing of the value
/// is in it.
#[must_use]
pub fn value_problem(key: &str, value: &SecretString) -> Option<&'static str> {
    let value = value.expose_secret();
    match key {
        DOCKER_CONFIG => {
            let read: Value = serde_json::from_str(value).unwrap_or_default();
            let message = "is no configuration of docker, as it must be here: give it JSON with `auths`";
            (!read["auths"].is_object()).then_some(message)
        }
        SSH_KEY => {
            let begins = value.trim_start().lines().next().unwrap_or_default().trim_end();
            let label =
                begins.strip_prefix("-----BEGIN ").and_then(|rest| rest.strip_suffix("-----")).unwrap_or_default();
            // In a key that was pasted into one line there are more dashes.
            if !label.ends_with("PRIVATE KEY") || label.contains('-') {
                return Some(
                    "is no private key, as it must be here: give the file as ssh-keygen has written it, every line of it, from \
                     `-----BEGIN OPENSSH PRIVATE KEY-----` on",
                );
            }
            // Later forms hide it; those are found out by whoever uses the key.
            let is_locked = label.contains("ENCRYPTED") || value.contains("Proc-Type: 4,ENCRYPTED");
            is_locked.then_some(
                "is a private key with a passphrase, for which nobody is asked here: give a key without one (`ssh-keygen -p`)",
            )
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_follows_from_the_keys_whatever_their_order() {
        for (keys, kind) in [
            (&[][..], "Opaque"),
            (&["config.json", "id_rsa"], "Opaque"),
            (&["username", "password"], "kubernetes.io/basic-auth"),
            (&["note", "password"], "kubernetes.io/basic-auth"),
            (&["ssh-privatekey"], "kubernetes.io/ssh-auth"),
            (&["ssh-privatekey", "username"], "kubernetes.io/ssh-auth"),
            (&["username", "ssh-privatekey"], "kubernetes.io/ssh-auth"),
            (&["username", ".dockerconfigjson", "password"], "kubernetes.io/dockerconfigjson"),
        ] {
            assert_eq!(secret_type(keys.iter().copied()), kind, "{keys:?}");
        }
    }

    #[test]
    fn a_value_that_cannot_be_used_is_refused_without_being_told() {
        let problem = |key: &str, value: &str| value_problem(key, &value.into());
        for form in ["OPENSSH ", "RSA ", "EC ", ""] {
            let key = format!("-----BEGIN {form}PRIVATE KEY-----\nc2VjcmV0\n-----END {form}PRIVATE KEY-----\n");
            assert_eq!(problem(SSH_KEY, &key), None, "{key}");
            assert_eq!(problem(SSH_KEY, &key.replace('\n', "\r\n")), None, "{key}");
            // As it becomes when it is pasted into a line.
            assert!(problem(SSH_KEY, &key.replace('\n', " ")).unwrap().contains("every line of it"));
        }
        for none in ["", "canary", "ssh-ed25519 AAAA", "PuTTY-User-Key-File-3: x", "-----BEGIN PUBLIC KEY-----\nx"] {
            assert!(problem(SSH_KEY, none).is_some_and(|why| !why.contains("canary")), "{none}");
        }
        for locked in [
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nx",
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0\n\nx",
        ] {
            assert!(problem(SSH_KEY, locked).unwrap().contains("passphrase"), "{locked}");
        }
        assert_eq!(problem(DOCKER_CONFIG, "{\"auths\":{}}"), None);
        assert!(problem(DOCKER_CONFIG, "canary").is_some());
        assert_eq!(problem("anything", ""), None);
    }
}
