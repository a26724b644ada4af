//! People: members of projects, and personal access tokens.

mod member;
mod query;
mod token;
mod types;

pub(crate) use member::MemberMutation;
pub(crate) use query::PeopleQuery;
pub(crate) use token::{PersonalTokenMutation, PersonalTokenNode};
pub(crate) use types::{MemberNode, ProjectRole};
