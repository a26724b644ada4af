//! With whose rights runs are looked after.

use std::{
    collections::HashMap,
    sync::{MutexGuard, PoisonError},
};

use alm_build_spi::{Access, BuildProvider};
use alm_domain::{
    Actor, Build, BuildService, Environment, EnvironmentId, EnvironmentRole, Principal, Timestamp, UserId,
};
use chrono::TimeDelta;

use super::{Checked, Gate, TokenState, Unfit};
use crate::app::AppError;

/// For how long an account comes last that may not read.
const PASSED_OVER: TimeDelta = TimeDelta::minutes(10);
/// How many such accounts are remembered.
const MOST_PASSED_OVER: usize = 10_000;
/// Why nobody can look after a run that its engine began by itself.
const NOBODY: &str = "builds that the engine began by itself are read with the account of a member who may start builds, and none of \
                      them is connected: connect one";

/// Whoever runs are looked after for, and with which rights.
#[derive(Debug)]
pub(in crate::app) struct Reader {
    /// The person whose rights these are; the service itself where the engine asks for none.
    pub(in crate::app) actor: Actor,
    /// The rights.
    pub(in crate::app) access: Access,
    /// Where they are from; `None` where the engine asks for none.
    pub(in crate::app) environment: Option<Environment>,
    /// Whether the person is one of the members, and has not asked for what is read.
    pub(in crate::app) is_lent: bool,
}

impl Gate {
    /// With whose rights a build is looked after: those of whoever started it. One that its engine began by itself is only read, with
    /// the account of a [member](Self::reader_in).
    pub(in crate::app) async fn reader(&self, build: &Build, provider: &dyn BuildProvider) -> Result<Reader, Unfit> {
        let environment = self.build_environment(build, provider).await?;
        match (environment, build.is_external()) {
            (Some(environment), true) => self.reader_in(environment).await,
            (environment, _) => {
                let actor = build.trigger.actor.clone();
                let access = match &environment {
                    Some(environment) => self.access_to(&actor, environment).await?,
                    None => Access::default(),
                };
                Ok(Reader { actor, access, environment, is_lent: false })
            }
        }
    }

    /// With whose rights the runs of a build service are looked for; `None` where nobody can.
    pub(in crate::app) async fn reader_of(
        &self,
        service: &BuildService,
        provider: &dyn BuildProvider,
    ) -> Result<Option<Reader>, AppError> {
        let descriptor = provider.descriptor();
        if !descriptor.needs_token || self.wallet().is_none() {
            let actor = self.shared.system.actor.clone();
            return Ok(Some(Reader { actor, access: Access::default(), environment: None, is_lent: false }));
        }
        let needed = self.needed(descriptor, service.project, service.environments.as_deref(), None).await?;
        let Some(environment) = needed.into_iter().find(|one| one.role == EnvironmentRole::Build) else {
            return Ok(None);
        };
        match self.reader_in(environment).await {
            Ok(reader) => Ok(Some(reader)),
            Err(Unfit::Token(_)) => Ok(None),
            Err(Unfit::Other(error)) => Err(error),
        }
    }

    /// Whether the reader is still one of the members with whose account runs may be read.
    pub(in crate::app) async fn still_lends(&self, reader: &Reader) -> Result<bool, AppError> {
        let (Some(environment), Some(user)) = (&reader.environment, reader.actor.user()) else { return Ok(true) };
        Ok(self.shared.store.builders_with_account(&self.shared.system, environment).await?.contains(&user))
    }

    /// Lets others' accounts be tried before this one for a while: it may not read there.
    pub(in crate::app) fn pass_over(&self, reader: &Reader) {
        if let (Some(environment), Some(user)) = (&reader.environment, reader.actor.user()) {
            let (now, mut passed) = (self.now(), self.passed_over());
            passed.retain(|_, until| *until > now);
            if passed.len() < MOST_PASSED_OVER {
                passed.insert((user, environment.id), now + PASSED_OVER);
            }
        }
    }

    fn passed_over(&self) -> MutexGuard<'_, HashMap<(UserId, EnvironmentId), Timestamp>> {
        self.shared.passed_over.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first member of the project who may start builds and whose account in this environment works: owners first, then by when
    /// they came; whoever was found not to be let read there comes last.
    async fn reader_in(&self, environment: Environment) -> Result<Reader, Unfit> {
        let mut users = self.shared.store.builders_with_account(&self.shared.system, &environment).await?;
        let now = self.now();
        users.sort_by_key(|user| self.passed_over().get(&(*user, environment.id)).is_some_and(|until| *until > now));
        for user in users {
            let Some(person) = self.shared.store.users(&self.shared.system, &[user]).await?.pop() else { continue };
            let actor = Principal::person(&person, person.is_admin).actor;
            match self.access_to(&actor, &environment).await {
                Ok(access) => return Ok(Reader { actor, access, environment: Some(environment), is_lent: true }),
                Err(Unfit::Token(_)) => {}
                Err(unfit) => return Err(unfit),
            }
        }
        let (state, message) = (TokenState::NotConnected, Some(NOBODY.to_owned()));
        let missing = Checked { environment, state, expires_at: None, fresh_lasts: None, message };
        Err(Unfit::Token(Box::new(missing)))
    }
}
