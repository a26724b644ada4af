//! Who asks, and who did something.

use std::{
    hash::{Hash, Hasher},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use crate::{Ceiling, Origin, ProjectId, ProjectRole, Timestamp, User, UserId};

/// Whoever did something, as recorded at that time.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Actor {
    /// A person.
    User {
        /// Who.
        id: UserId,
        /// Unique short name.
        login: String,
        /// Name for display.
        display_name: String,
    },
    /// The service itself.
    System {
        /// Which part of it, for example `reconcile`.
        component: String,
    },
}

impl Actor {
    /// The person; `None` for the service itself.
    #[must_use]
    pub const fn user(&self) -> Option<UserId> {
        match self {
            Self::User { id, .. } => Some(*id),
            Self::System { .. } => None,
        }
    }

    /// A text that names whoever it is, stable over restarts: the key of what is unique per principal.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::User { id, .. } => id.to_string(),
            Self::System { component } => format!("system:{component}"),
        }
    }

    /// Its name for display.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::User { display_name, .. } => display_name,
            Self::System { component } => component,
        }
    }
}

/// What a principal may do on the whole instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Everything, in every project, providers included.
    Admin,
    /// What its memberships allow.
    Member,
    /// The service's own work: reads and writes every build.
    System,
}

/// Who asks. A parameter of every function that reads or writes.
///
/// Two of them are equal if they are the same person with the same rights; until when they are taken for it, and from where they ask, does not matter.
#[derive(Debug, Clone)]
pub struct Principal {
    /// As whom its acts are recorded.
    pub actor: Actor,
    /// What it may do.
    pub role: Role,
    reach: Reach,
    expires_at: Option<Timestamp>,
    origin: Option<Arc<Origin>>,
}

/// What bounds a principal besides its role.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Reach {
    /// Nothing.
    Whole,
    /// A personal access token.
    Token(Ceiling),
    /// It stands for all who have this role in this project, and sees nothing else.
    Only(ProjectId, ProjectRole),
}

impl Principal {
    const fn new(actor: Actor, role: Role, reach: Reach) -> Self {
        Self { actor, role, reach, expires_at: None, origin: None }
    }

    /// The service itself, acting through one of its parts.
    #[must_use]
    pub fn system(component: &str) -> Self {
        Self::new(Actor::System { component: component.to_owned() }, Role::System, Reach::Whole)
    }

    /// The one user of single-user mode: the administrator. Always the same id.
    #[must_use]
    pub fn single_user() -> Self {
        let actor = Actor::User {
            id: UserId::from_uuid(uuid::Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001)),
            login: "admin".to_owned(),
            display_name: "Administrator".to_owned(),
        };
        Self::new(actor, Role::Admin, Reach::Whole)
    }

    /// This person, as administrator or not.
    #[must_use]
    pub fn person(user: &User, is_admin: bool) -> Self {
        let actor = Actor::User { id: user.id, login: user.login.clone(), display_name: user.display_name.clone() };
        Self::new(actor, if is_admin { Role::Admin } else { Role::Member }, Reach::Whole)
    }

    /// All who have this role in this project, as one: it sees exactly that project, and does nothing in its own name.
    #[must_use]
    pub fn anyone(administers: bool, project: ProjectId, role: ProjectRole) -> Self {
        let actor = Actor::System { component: "subscriptions".to_owned() };
        Self::new(actor, if administers { Role::Admin } else { Role::Member }, Reach::Only(project, role))
    }

    /// The same principal, by a personal access token that allows no more than this.
    #[must_use]
    pub fn with_ceiling(self, ceiling: Ceiling) -> Self {
        Self { reach: Reach::Token(ceiling), ..self }
    }

    /// The same principal, whose sign-in ends at this time.
    #[must_use]
    pub fn until(self, expires_at: Timestamp) -> Self {
        Self { expires_at: Some(expires_at), ..self }
    }

    /// The same principal, asking from there.
    #[must_use]
    pub fn asking(self, origin: Arc<Origin>) -> Self {
        Self { origin: Some(origin), ..self }
    }

    /// From where it asks; `None` for what the service does by itself.
    #[must_use]
    pub fn origin(&self) -> Option<&Origin> {
        self.origin.as_deref()
    }

    /// When its sign-in ends, if that is known.
    #[must_use]
    pub const fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }

    /// The person; `None` for the service itself.
    #[must_use]
    pub const fn user(&self) -> Option<UserId> {
        self.actor.user()
    }

    /// Whether it may register, change and remove providers, and whatever else concerns the whole instance.
    #[must_use]
    pub const fn may_administer(&self) -> bool {
        let allowed = match &self.reach {
            Reach::Whole | Reach::Only(..) => true,
            Reach::Token(ceiling) => ceiling.administers,
        };
        allowed && matches!(self.role, Role::Admin | Role::System)
    }

    /// Whether it is a person who has signed in, not a program with a personal access token: only such a one makes tokens and
    /// connects accounts.
    #[must_use]
    pub const fn is_signed_in(&self) -> bool {
        matches!(self.reach, Reach::Whole) && self.user().is_some()
    }

    /// Whether it may make something that belongs to no project yet.
    #[must_use]
    pub fn may_create_projects(&self) -> bool {
        match &self.reach {
            Reach::Whole => true,
            Reach::Token(ceiling) => ceiling.role == ProjectRole::Owner && ceiling.projects.is_none(),
            Reach::Only(..) => false,
        }
    }

    /// The most that it may do in any project, whatever its memberships are.
    #[must_use]
    pub const fn most(&self) -> ProjectRole {
        match &self.reach {
            Reach::Whole => ProjectRole::Owner,
            Reach::Token(ceiling) => ceiling.role,
            Reach::Only(_, role) => *role,
        }
    }

    /// The projects beyond which it sees nothing; `None` if there is no such bound.
    #[must_use]
    pub fn only_projects(&self) -> Option<&[ProjectId]> {
        match &self.reach {
            Reach::Whole => None,
            Reach::Token(ceiling) => ceiling.projects.as_deref(),
            Reach::Only(project, _) => Some(std::slice::from_ref(project)),
        }
    }

    /// Whether what it may do in a project depends on its membership.
    #[must_use]
    pub const fn needs_membership(&self) -> bool {
        matches!((self.role, &self.reach), (Role::Member, Reach::Whole | Reach::Token(_)))
    }

    /// What it may do in a project where it has this membership; `None` where it does not even see it.
    #[must_use]
    pub fn role_in(&self, project: ProjectId, membership: Option<ProjectRole>) -> Option<ProjectRole> {
        if self.only_projects().is_some_and(|only| !only.contains(&project)) {
            return None;
        }
        let own = if self.needs_membership() { membership? } else { ProjectRole::Owner };
        Some(own.min(self.most()))
    }

    /// A text that names the principal, stable over restarts: the key of what is unique per principal.
    #[must_use]
    pub fn key(&self) -> String {
        self.actor.key()
    }

    const fn identity(&self) -> (&Actor, Role, &Reach) {
        (&self.actor, self.role, &self.reach)
    }
}

impl PartialEq for Principal {
    fn eq(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }
}

impl Eq for Principal {}

impl Hash for Principal {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.identity().hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Clock, SequentialIds, SystemClock, TokenScope};

    fn mia() -> User {
        let now = SystemClock.now();
        User {
            id: UserId::generate(&SequentialIds::new(1)),
            issuer: "https://issuer.example".to_owned(),
            subject: "1".to_owned(),
            login: "mia".to_owned(),
            display_name: "Mia".to_owned(),
            is_admin: false,
            created_at: now,
            last_seen_at: now,
        }
    }

    #[test]
    fn a_token_is_a_ceiling_and_never_adds_anything() {
        let ids = SequentialIds::new(7);
        let (one, other) = (ProjectId::generate(&ids), ProjectId::generate(&ids));
        for is_admin in [false, true] {
            let person = Principal::person(&mia(), is_admin);
            for scopes in [
                vec![TokenScope::Read],
                vec![TokenScope::Write],
                vec![TokenScope::Read, TokenScope::Manage],
                vec![TokenScope::Admin],
            ] {
                for projects in [None, Some(vec![one])] {
                    let token = person.clone().with_ceiling(Ceiling::of(&scopes, projects));
                    assert!(!token.is_signed_in());
                    assert!(person.may_administer() || !token.may_administer());
                    for project in [one, other] {
                        for membership in [None, Some(ProjectRole::Viewer), Some(ProjectRole::Owner)] {
                            let (own, by_token) =
                                (person.role_in(project, membership), token.role_in(project, membership));
                            assert!(by_token <= own, "{scopes:?}: {by_token:?} of {own:?}");
                        }
                    }
                }
            }
        }
        let reader = Principal::person(&mia(), true).with_ceiling(Ceiling::of(&[TokenScope::Read], Some(vec![one])));
        assert_eq!(reader.role_in(one, None), Some(ProjectRole::Viewer));
        assert_eq!(reader.role_in(other, None), None);
        assert!(!reader.may_administer());
    }

    #[test]
    fn the_expiry_of_a_sign_in_makes_nobody_else() {
        let now = SystemClock.now();
        assert_eq!(Principal::single_user(), Principal::single_user().until(now));
        assert_ne!(Principal::person(&mia(), false), Principal::person(&mia(), true));
    }

    #[test]
    fn whoever_stands_for_all_of_a_project_sees_nothing_else() {
        let ids = SequentialIds::new(9);
        let (one, other) = (ProjectId::generate(&ids), ProjectId::generate(&ids));
        let anyone = Principal::anyone(true, one, ProjectRole::Developer);
        assert_eq!(anyone.role_in(one, None), Some(ProjectRole::Developer));
        assert_eq!(anyone.role_in(other, Some(ProjectRole::Owner)), None);
        assert!(!anyone.is_signed_in() && !anyone.may_create_projects());
    }
}
