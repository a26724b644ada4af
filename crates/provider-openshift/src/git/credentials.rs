//! By what a repository is fetched: the source secret of a BuildConfig.

use std::{collections::BTreeMap, fmt};

use alm_build_spi::ProviderError;
use alm_kubernetes::{Session, is_name};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderValue, Method};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// The user whom a cluster's own builds name where the Secret names none.
const NOBODY: &str = "builder";

/// What the source secret of a BuildConfig gives.
#[derive(Default)]
pub(super) struct Credentials {
    /// The user, and the password or token.
    login: Option<(String, SecretString)>,
    /// Certificates (PEM) of the server's authority.
    pub(super) ca: Option<String>,
}

#[derive(Deserialize)]
struct Object {
    #[serde(default)]
    data: BTreeMap<String, SecretString>,
}

impl Credentials {
    /// Those of a Secret; `None` where the account may not read it, or there is none.
    ///
    /// # Errors
    /// Those of the cluster.
    pub(super) async fn read(session: &Session, namespace: &str, name: &str) -> Result<Option<Self>, ProviderError> {
        if !is_name(name) {
            return Ok(None);
        }
        let path = format!("/api/v1/namespaces/{namespace}/secrets/{name}");
        let text = match session.raw(Method::GET, &path, None).await {
            Ok(text) => text,
            Err(ProviderError::Forbidden(_) | ProviderError::NotFound(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        // Nothing of it is told.
        serde_json::from_str(&text).map(|object| Some(Self::of(object))).map_err(|_| ProviderError::Internal {
            message: format!("{} tells a Secret in a way that is not understood", session.host()),
            cause: None,
        })
    }

    fn of(object: Object) -> Self {
        let value = |key: &str| {
            let bytes = STANDARD.decode(object.data.get(key)?.expose_secret()).ok()?;
            let text = String::from_utf8(bytes).ok()?;
            // Many are made of files, which end with a line break.
            Some(text.trim_end().to_owned()).filter(|text| !text.is_empty())
        };
        let password = value("password").or_else(|| value("token"));
        let login = password.map(|password| (value("username").unwrap_or_else(|| NOBODY.to_owned()), password.into()));
        Self { login, ca: value("ca.crt") }
    }

    /// The header that shows them; `None` where there is nothing that can be shown over HTTP.
    pub(super) fn header(&self) -> Option<HeaderValue> {
        let (user, password) = self.login.as_ref()?;
        let pair = SecretString::from(format!("{user}:{}", password.expose_secret()));
        let mut value = HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(pair.expose_secret()))).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// What must not be told.
    pub(super) fn secret(&self) -> Option<&SecretString> {
        self.login.as_ref().map(|(_, password)| password)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("has_login", &self.login.is_some()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(pairs: &[(&str, &str)]) -> Option<String> {
        let data = pairs.iter().map(|(key, value)| ((*key).to_owned(), STANDARD.encode(value).into())).collect();
        let header = Credentials::of(Object { data }).header()?;
        let encoded = header.to_str().unwrap().strip_prefix("Basic ").unwrap().to_owned();
        Some(String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap())
    }

    #[test]
    fn a_password_or_a_token_is_shown_and_a_key_is_not() {
        let both = header(&[("username", "alice\n"), ("password", "pass\n")]);
        assert_eq!(both.as_deref(), Some("alice:pass"));
        assert_eq!(header(&[("password", "t0ken")]).as_deref(), Some("builder:t0ken"));
        assert_eq!(header(&[("token", "t0ken")]).as_deref(), Some("builder:t0ken"));
        for none in [&[][..], &[("ssh-privatekey", "key")], &[("username", "alice")], &[("password", "\n")]] {
            assert_eq!(header(none), None);
        }
    }

    #[test]
    fn nothing_of_them_is_printed() {
        let data = [("password".to_owned(), STANDARD.encode("canary").into())].into();
        let credentials = Credentials::of(Object { data });
        assert!(!format!("{credentials:?} {:?}", credentials.header()).contains("canary"));
    }
}
