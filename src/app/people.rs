//! Use cases about people: members of projects, and personal access tokens.

use alm_domain::{
    Ceiling, Membership, PersonalToken, PersonalTokenId, Principal, Project, ProjectId, ProjectRole, Timestamp,
    TokenScope, UserId,
};
use alm_store::{NewPersonalToken, StoreError};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use rand::RngCore;
use secrecy::SecretString;
use sha2::{Digest, Sha256};

use super::{App, AppError, admin::check_name};

/// What every personal access token begins with, so that one that has leaked is recognised.
const PREFIX: &str = "alm_pat_";
/// No token lasts longer.
const LONGEST: TimeDelta = TimeDelta::days(366);
/// No token is bound to more projects.
const MOST_PROJECTS: usize = 100;

/// A personal access token to make.
#[derive(Debug, Clone)]
pub struct CreatePersonalToken {
    /// What its owner calls it.
    pub name: String,
    /// What it may be used for.
    pub scopes: Vec<TokenScope>,
    /// The projects beyond which it sees nothing.
    pub projects: Option<Vec<ProjectId>>,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl App {
    /// Makes a person a member of a project.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::Forbidden`], [`AppError::Taken`], [`AppError::Invalid`].
    pub async fn add_member(
        &self,
        principal: &Principal,
        project: ProjectId,
        user: UserId,
        role: ProjectRole,
    ) -> Result<(Project, Membership), AppError> {
        let added = self.store().add_member(principal, project, user, role).await?;
        self.inner.hub.ring_project(project);
        Ok(added)
    }

    /// The person with this login, to whom something is to be given.
    ///
    /// # Errors
    /// [`AppError::Invalid`] where nobody with it has ever signed in: nothing is given to a name alone.
    pub async fn person(&self, principal: &Principal, login: &str) -> Result<UserId, AppError> {
        let known = self.store().user_by_login(principal, login).await?;
        known.map(|user| user.id).ok_or_else(|| {
            AppError::invalid(
                ["login"],
                "is the login of nobody who has signed in here: check its spelling, or ask this person to sign in first",
            )
        })
    }

    /// Gives a member another role.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::Forbidden`], [`AppError::WrongState`] for the last owner.
    pub async fn change_member(
        &self,
        principal: &Principal,
        project: ProjectId,
        user: UserId,
        role: ProjectRole,
    ) -> Result<(Project, Membership), AppError> {
        let changed = self.store().change_member(principal, project, user, role).await?;
        self.inner.hub.ring_project(project);
        Ok(changed)
    }

    /// Takes a member out of a project.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::Forbidden`], [`AppError::WrongState`] for the last owner.
    pub async fn remove_member(
        &self,
        principal: &Principal,
        project: ProjectId,
        user: UserId,
    ) -> Result<(Project, Membership), AppError> {
        let removed = self.store().remove_member(principal, project, user).await?;
        self.inner.hub.ring_project(project);
        Ok(removed)
    }

    /// Makes a personal access token. The token itself is in this answer and nowhere else.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for whoever has not signed in himself; [`AppError::Invalid`]; [`AppError::NotFound`] for a project.
    pub async fn create_personal_token(
        &self,
        principal: &Principal,
        request: CreatePersonalToken,
    ) -> Result<(PersonalToken, SecretString), AppError> {
        if !principal.is_signed_in() {
            return Err(AppError::Forbidden("a token cannot make tokens: sign in yourself".to_owned()));
        }
        let name = check_name(&request.name, "name")?;
        let now = self.clock().now();
        if request.scopes.is_empty() {
            return Err(AppError::invalid(["scopes"], "names none: choose at least READ"));
        }
        if request.expires_at <= now || request.expires_at > now + LONGEST {
            return Err(AppError::invalid(["expiresAt"], "must be in the future, and at most a year from now"));
        }
        let mut projects = request.projects;
        if let Some(projects) = &mut projects {
            projects.sort_unstable();
            projects.dedup();
            if projects.is_empty() || projects.len() > MOST_PROJECTS {
                let problem = format!("must name 1 to {MOST_PROJECTS} projects: leave it out for all of yours");
                return Err(AppError::invalid(["projectIds"], problem));
            }
            if request.scopes.contains(&TokenScope::Admin) {
                let problem =
                    "cannot go with the scope ADMIN, which is about the whole instance: leave one of them out";
                return Err(AppError::invalid(["projectIds"], problem));
            }
        }
        let mut scopes = request.scopes;
        scopes.sort_unstable();
        scopes.dedup();
        let mut bytes = [0; 32];
        rand::rng().fill_bytes(&mut bytes);
        let token = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes));
        let new = NewPersonalToken { name, scopes, projects, expires_at: request.expires_at, hash: hash(&token) };
        let made = self.store().create_personal_token(principal, new).await.map_err(|error| match error {
            StoreError::NotFound => AppError::not_found("projectIds", "project"),
            error => error.into(),
        })?;
        Ok((made, token.into()))
    }

    /// Takes a personal access token back.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::Forbidden`].
    pub async fn revoke_personal_token(
        &self,
        principal: &Principal,
        id: PersonalTokenId,
    ) -> Result<PersonalToken, AppError> {
        Ok(self.store().revoke_personal_token(principal, id).await?)
    }

    /// Whom a personal access token stands for; `None` for what is none, or none any more.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn bearer_of(&self, token: &str) -> Result<Option<Principal>, AppError> {
        if !is_personal_token(token) {
            return Ok(None);
        }
        let found = self.store().personal_token_by_hash(&hash(token)).await?;
        Ok(found.map(|(token, owner)| {
            let ceiling = Ceiling::of(&token.scopes, token.projects);
            Principal::person(&owner, owner.is_admin).with_ceiling(ceiling).until(token.expires_at)
        }))
    }
}

/// Whether this looks like a personal access token.
fn is_personal_token(text: &str) -> bool {
    text.strip_prefix(PREFIX).is_some_and(|rest| rest.len() == 43)
}

/// All that is kept of a token: it is random, so that nothing slow is needed.
fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}
