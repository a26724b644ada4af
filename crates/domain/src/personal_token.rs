//! Tokens that people make for their programs.

use std::sync::Arc;

use crate::{PersonalTokenId, ProjectId, ProjectRole, Timestamp, UserId};

/// What a personal access token may be used for. Each allows all that the ones before it do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TokenScope {
    /// To see what its owner sees.
    Read,
    /// To start, cancel and decide.
    Write,
    /// To change projects, build services and members.
    Manage,
    /// To administrate the instance.
    Admin,
}

impl TokenScope {
    /// All of them, the least first.
    pub const ALL: [Self; 4] = [Self::Read, Self::Write, Self::Manage, Self::Admin];

    /// The name, as the API writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "READ",
            Self::Write => "WRITE",
            Self::Manage => "MANAGE",
            Self::Admin => "ADMIN",
        }
    }
}

/// The most that the bearer of a personal access token may do, whatever its owner may.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Ceiling {
    /// In any project.
    pub role: ProjectRole,
    /// On the whole instance.
    pub administers: bool,
    /// Beyond which nothing is seen; `None` if there is no such bound.
    pub projects: Option<Arc<[ProjectId]>>,
}

impl Ceiling {
    /// What these scopes allow; without any, to read.
    #[must_use]
    pub fn of(scopes: &[TokenScope], projects: Option<Vec<ProjectId>>) -> Self {
        let most = scopes.iter().copied().max().unwrap_or(TokenScope::Read);
        let role = match most {
            TokenScope::Read => ProjectRole::Viewer,
            TokenScope::Write => ProjectRole::Developer,
            TokenScope::Manage | TokenScope::Admin => ProjectRole::Owner,
        };
        let administers = most == TokenScope::Admin && projects.is_none();
        Self { role, administers, projects: projects.map(Into::into) }
    }
}

/// A token that a person has made for a program, without what makes it work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonalToken {
    /// Names it globally.
    pub id: PersonalTokenId,
    /// Whose it is.
    pub user: UserId,
    /// What its owner calls it.
    pub name: String,
    /// What it may be used for.
    pub scopes: Vec<TokenScope>,
    /// The projects beyond which it sees nothing; `None` if there is no such bound.
    pub projects: Option<Vec<ProjectId>>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was used last; kept to the minute.
    pub last_used_at: Option<Timestamp>,
}
