//! A door that a test opens and closes.

use std::sync::Mutex;

use alm::http::{AuthError, Authenticate};
use alm_domain::{Clock, Principal, Role, SystemClock, User, UserId};

/// Lets in everybody who has a token as one principal, for as long as the test says so.
#[derive(Debug)]
pub(crate) struct Door(Mutex<Result<Principal, AuthError>>);

impl Door {
    /// Open to this principal.
    pub(crate) fn open_to(principal: Principal) -> Self {
        Self(Mutex::new(Ok(principal)))
    }

    /// From now on tokens stand for this, or for nobody.
    pub(crate) fn stand_for(&self, verdict: Result<Principal, AuthError>) {
        *self.0.lock().unwrap() = verdict;
    }
}

#[async_trait::async_trait]
impl Authenticate for Door {
    async fn authenticate(&self, token: Option<&str>) -> Result<Principal, AuthError> {
        token.ok_or(AuthError::Missing)?;
        self.0.lock().unwrap().clone()
    }
}

/// A user with this role.
pub(crate) fn user(number: u128, role: Role) -> Principal {
    let id = UserId::from_uuid(uuid::Uuid::from_u128(number));
    let (login, display_name) = (format!("user-{number}"), format!("User {number}"));
    let now = SystemClock.now();
    let (issuer, subject, is_admin) = ("door".to_owned(), number.to_string(), role == Role::Admin);
    let user = User { id, issuer, subject, login, display_name, is_admin, created_at: now, last_seen_at: now };
    Principal::person(&user, is_admin)
}
