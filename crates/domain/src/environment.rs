//! Where builds run, and where what they made is deployed.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{EnvironmentId, ProjectId, Timestamp, shorten};

/// Most environments of a project.
pub const MOST_ENVIRONMENTS: usize = 50;

/// Uses of an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EnvironmentRole {
    /// Builds run here; one per project.
    Build,
    /// Deployments go here.
    Target,
}

/// Where the token for an environment comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TokenMode {
    /// Each person connects an account, once.
    Grant,
    /// The token with which the person signs in here is valid there too.
    SameToken,
    /// The token with which the person signs in here is exchanged for one that is valid there (RFC 8693).
    Exchange,
    /// Each person connects an account, and is asked nothing: the identity provider there is the one of the sign-in here.
    Silent,
}

impl TokenMode {
    /// In the order in which they are tried where nobody has chosen: what asks the person for least comes first.
    pub const ALL: [Self; 4] = [Self::SameToken, Self::Exchange, Self::Silent, Self::Grant];

    /// The name in the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Grant => "GRANT",
            Self::SameToken => "SAME_TOKEN",
            Self::Exchange => "EXCHANGE",
            Self::Silent => "SILENT",
        }
    }

    /// Whether the token is the person's sign-in, or made from it, so that there is one only while that person is here.
    #[must_use]
    pub const fn is_own_token(self) -> bool {
        matches!(self, Self::SameToken | Self::Exchange)
    }
}

/// What must happen before a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Protection {
    /// How many people must approve; 0 for none.
    pub required_approvals: u32,
    /// Whether the person who asked for it may approve.
    pub self_approval: bool,
    /// Whether a build must run in the environment before this one first.
    pub in_order: bool,
}

impl Protection {
    /// Whether there is a rule that must be asked at the moment of a deployment, and not only when its build begins.
    #[must_use]
    pub const fn is_set(&self) -> bool {
        self.required_approvals > 0 || self.in_order
    }
}

/// A cluster, or a part of one, as a project uses it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// Names it globally.
    pub id: EnvironmentId,
    /// The project.
    pub project: ProjectId,
    /// Grows with every change.
    pub revision: u64,
    /// Under this name builds get its token; unique in the project.
    pub name: EnvironmentName,
    /// Name for display.
    pub display_name: String,
    /// Address of the cluster, in normal form. Never changes: what was granted was granted to this address.
    pub url: String,
    /// The part of the cluster that is meant, where it has parts.
    pub namespace: Option<String>,
    /// Use.
    pub role: EnvironmentRole,
    /// Place in the order of promotion: 0 for the build environment, 1 and so on for the targets, without gaps.
    pub position: u32,
    /// What must happen before a deployment.
    pub protection: Protection,
    /// Certificates, in PEM, that sign the cluster's own, besides those that everybody trusts.
    pub ca_bundle: Option<String>,
    /// Host of the registry that images are pushed to.
    pub registry_host: Option<String>,
    /// Where its token comes from.
    pub token_mode: TokenMode,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was removed; what was deployed there stays readable.
    pub removed_at: Option<Timestamp>,
}

/// The name of an environment, of which a file name and the name of an environment variable can be made: 1 to 40 characters of
/// `a-z`, `0-9` and `-`, beginning with a letter and ending with a letter or digit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EnvironmentName(String);

/// Why a text is not an [`EnvironmentName`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a name of an environment: use 1 to 40 of a-z, 0-9 and -, beginning with a letter and ending with a letter or digit"
)]
pub struct EnvironmentNameError(String);

impl EnvironmentName {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name in the middle of a variable's: different names have different ones.
    #[must_use]
    pub fn variable(&self) -> String {
        self.0.replace('-', "_").to_ascii_uppercase()
    }
}

impl fmt::Display for EnvironmentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for EnvironmentName {
    type Err = EnvironmentNameError;

    fn from_str(text: &str) -> Result<Self, EnvironmentNameError> {
        let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let fits = (1..=40).contains(&text.len())
            && text.bytes().all(inner)
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && !text.ends_with('-');
        if fits { Ok(Self(text.to_owned())) } else { Err(EnvironmentNameError(shorten(text))) }
    }
}

impl TryFrom<String> for EnvironmentName {
    type Error = EnvironmentNameError;

    fn try_from(text: String) -> Result<Self, EnvironmentNameError> {
        text.parse()
    }
}

impl From<EnvironmentName> for String {
    fn from(name: EnvironmentName) -> Self {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_a_file_and_a_variable_is_a_name() {
        for good in ["a", "prod", "eu-west-1", &"a".repeat(40)] {
            assert!(good.parse::<EnvironmentName>().is_ok(), "{good}");
        }
        for bad in ["", "-a", "a-", "1a", "A", "a_b", "a b", "ä", "a/b", "..", "a\n", "a\0", &"a".repeat(41)] {
            assert!(bad.parse::<EnvironmentName>().is_err(), "{bad:?}");
        }
        assert_eq!("eu-west-1".parse::<EnvironmentName>().unwrap().variable(), "EU_WEST_1");
    }
}
