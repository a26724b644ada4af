//! People who have signed in.

use alm_domain::{Principal, ProjectRole};
use alm_store::SignIn;

use super::TestApp;

impl TestApp {
    /// Somebody who has signed in: as the API meets this person.
    pub(crate) async fn person(&self, login: &str, is_admin: bool) -> Principal {
        let seen = SignIn {
            issuer: "https://issuer.example".to_owned(),
            subject: format!("subject of {login}"),
            login: login.to_owned(),
            display_name: login.to_uppercase(),
            is_admin,
        };
        Principal::person(&self.app().store().sign_in(&seen).await.unwrap(), is_admin)
    }

    /// The same, as a member of the project with this slug.
    pub(crate) async fn member(&self, login: &str, is_admin: bool, project: &str, role: ProjectRole) -> Principal {
        let person = self.person(login, is_admin).await;
        let (store, admin) = (self.app().store(), Principal::single_user());
        let project = store.project_by_slug(&admin, project).await.unwrap().unwrap();
        store.add_member(&admin, project.id, person.user().unwrap(), role).await.unwrap();
        person
    }
}
