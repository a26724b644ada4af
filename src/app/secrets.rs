//! Use cases about a build service's own secrets.

use alm_build_spi::NamedSecret;
use alm_credentials::vault::{Binding, SecretKind};
use alm_domain::{BuildService, Principal, ProjectRole, ServiceId};
use alm_store::StoreError;
use secrecy::{ExposeSecret, SecretString};

use super::{App, AppError, FieldProblem};

/// Most secrets of a build service.
const MOST: u64 = 100;
/// Longest name.
const LONGEST_NAME: usize = 63;
/// Longest value in bytes: all secrets of a build together must fit into what providers take.
const LONGEST_VALUE: usize = 8 * 1024;

impl App {
    /// Sets a secret of a build service: sealed at once, given to its builds from now on, and never shown again. In place of one of
    /// the same name, if there is one.
    ///
    /// # Errors
    /// [`AppError::Invalid`] with every finding, [`AppError::NotFound`], [`AppError::Forbidden`], [`AppError::WrongState`].
    pub async fn set_secret(
        &self,
        principal: &Principal,
        id: ServiceId,
        name: &str,
        value: &SecretString,
    ) -> Result<BuildService, AppError> {
        let service = self.service(principal, id).await?;
        self.require(principal, service.project, ProjectRole::Developer).await?;
        check(name, value)?;
        let sealed = self.vault().seal(&Binding::new(id, name, SecretKind::ServiceSecret), value)?;
        self.store().set_service_secret(principal, id, name, &sealed, MOST).await?;
        self.inner.hub.ring_project(service.project);
        Ok(service)
    }

    /// Removes a secret of a build service. Builds that have it keep it.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for the service or the secret, [`AppError::Forbidden`], [`AppError::WrongState`].
    pub async fn remove_secret(
        &self,
        principal: &Principal,
        id: ServiceId,
        name: &str,
    ) -> Result<BuildService, AppError> {
        let service = self.service(principal, id).await?;
        self.require(principal, service.project, ProjectRole::Developer).await?;
        match self.store().remove_service_secret(principal, id, name).await {
            Err(StoreError::NotFound) => {
                return Err(AppError::not_found("name", "secret of this build service"));
            }
            removed => removed?,
        }
        self.inner.hub.ring_project(service.project);
        Ok(service)
    }

    /// A build service's own secrets, opened, for a build of it; for nobody's eyes.
    ///
    /// # Errors
    /// When one of them does not open: nothing is started without what it needs.
    pub async fn service_secrets(&self, principal: &Principal, id: ServiceId) -> Result<Vec<NamedSecret>, AppError> {
        self.inner.gate.service_secrets(principal, id).await
    }
}

/// A file and an environment variable are made of a name, so it has to be fit for both, and no two may differ in case alone.
fn check(name: &str, value: &SecretString) -> Result<(), AppError> {
    let mut problems = Vec::new();
    let fits = (1..=LONGEST_NAME).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    if !fits {
        let shown = alm_domain::shorten(name);
        problems.push(FieldProblem::new(
            ["secret", "name"],
            format!("{shown:?} is no name of a secret: use 1 to {LONGEST_NAME} of A-Z, 0-9 and `_`, a letter first"),
        ));
    }
    let value = value.expose_secret();
    let problem = if value.is_empty() {
        Some("is empty: give a value, or remove the secret".to_owned())
    } else if value.len() > LONGEST_VALUE {
        Some(format!("has {} bytes: at most {LONGEST_VALUE} are kept", value.len()))
    } else if value.contains('\0') {
        Some("holds a NUL character: remove it".to_owned())
    } else {
        None
    };
    problems.extend(problem.map(|problem| FieldProblem::new(["secret", "value"], problem)));
    if problems.is_empty() { Ok(()) } else { Err(AppError::Invalid(problems)) }
}
