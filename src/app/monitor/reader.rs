//! With whose account a build is looked after.

use alm_build_spi::{Access, BuildProvider};
use alm_domain::Build;

use super::follower::{Follower, Setback};

impl Follower<'_> {
    /// The rights with which the build is looked after from now on.
    pub(super) async fn access(&mut self, provider: &dyn BuildProvider, build: &Build) -> Result<Access, Setback> {
        let reader = self.shared.gate.reader(build, provider).await?;
        let access = reader.access.clone();
        self.reader = Some(reader);
        Ok(access)
    }

    /// Whether it is somebody's account who has not started the build.
    pub(super) fn is_lent(&self) -> bool {
        self.reader.as_ref().is_some_and(|reader| reader.is_lent)
    }

    /// Lets others' accounts be tried before this one, which may not read there.
    pub(super) fn pass_over(&self) {
        if let Some(reader) = self.reader.as_ref().filter(|reader| reader.is_lent) {
            self.shared.gate.pass_over(reader);
        }
    }

    /// Lets the build be looked after with another account where whoever's it is may not start builds in the project any more.
    pub(super) async fn still_lent(&self) -> Result<(), Setback> {
        match self.reader.as_ref().filter(|reader| reader.is_lent) {
            Some(reader) if !self.shared.gate.still_lends(reader).await? => Err(Setback::Again),
            _ => Ok(()),
        }
    }
}
