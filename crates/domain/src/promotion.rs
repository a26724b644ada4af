//! Whether a version may be brought to an environment.

use crate::{Deployment, Environment, EnvironmentRole};

/// What decides whether a version may be brought to an environment: asked when somebody wants to, and again before it happens.
#[derive(Debug, Clone, Copy)]
pub struct Promotion<'a> {
    /// Where to.
    pub environment: &'a Environment,
    /// Number of the build that made the version.
    pub number: u32,
    /// What runs there.
    pub current: Option<&'a Deployment>,
    /// What is on its way there; not the deployment that is asked about.
    pub pending: Option<&'a Deployment>,
    /// The target before this one in the order of promotion, and whether the version has run there.
    pub before: Option<(&'a Environment, bool)>,
    /// Whether it takes back what runs there: then an older version may follow.
    pub takes_back: bool,
}

impl Promotion<'_> {
    /// Why not, and what to do about it; `None` when it may.
    #[must_use]
    pub fn blocked(&self) -> Option<String> {
        self.overtaken().or_else(|| self.misplaced()).or_else(|| self.occupied()).or_else(|| self.out_of_order())
    }

    /// That a newer version runs there: nothing that happens later lets this one follow it, but taking that one back.
    #[must_use]
    pub fn overtaken(&self) -> Option<String> {
        let newer = self.current.filter(|current| current.number > self.number && !self.takes_back)?;
        Some(format!(
            "the newer version {} runs in {}: roll that one back to return to an older one",
            newer.version, self.environment.name
        ))
    }

    /// That the version has not run where it must run before.
    #[must_use]
    pub fn out_of_order(&self) -> Option<String> {
        if !self.environment.protection.in_order || self.takes_back {
            return None;
        }
        let (before, false) = self.before? else { return None };
        Some(format!("{} takes only what has run in {}: bring it there first", self.environment.name, before.name))
    }

    fn misplaced(&self) -> Option<String> {
        if self.environment.removed_at.is_some() {
            return Some(format!("the environment {} was removed", self.environment.name));
        }
        (self.environment.role != EnvironmentRole::Target)
            .then(|| format!("{} is a build environment: choose a target", self.environment.name))
    }

    fn occupied(&self) -> Option<String> {
        let pending = self.pending?;
        Some(format!(
            "the version {} is on its way to {}: wait for its end, or cancel it",
            pending.version, self.environment.name
        ))
    }
}
