//! All shared executions.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use alm_domain::Principal;
use futures::StreamExt;

use super::{
    Payload, Tap,
    leg::Leg,
    plan::{Asked, Key},
    shared::{Member, Shared},
};
use crate::graphql::Api;

/// The shared executions that run, by what they bring.
#[derive(Debug, Default)]
pub(in crate::graphql) struct Hub {
    executions: Mutex<HashMap<Key, Arc<Shared>>>,
}

/// A place among those who share an execution.
pub(super) struct Place {
    pub(super) member: Member,
    /// From where on the member finds responses.
    pub(super) begin: u64,
    /// Where the client wants to resume, and can.
    pub(super) after: Option<u64>,
}

impl Hub {
    /// A place for this principal; `None` where there is nothing to share: nothing more can come, or it may not be seen.
    pub(super) async fn join(
        api: &Api,
        asked: Asked,
        principal: &Principal,
        tap: Option<Arc<dyn Tap>>,
    ) -> Option<Place> {
        // What went wrong is told by the execution that is then made for this client alone.
        let reach = api.app.reach(principal, asked.subject).await.ok()??;
        if reach.is_over {
            return None;
        }
        let plan = asked.among(principal, &reach);
        let after = plan.after;
        let mut executions = api.hub.executions();
        if let Some(shared) = executions.get(&plan.key)
            && let Some((member, begin)) = shared.join(principal, tap.clone())
        {
            return Some(Place { member, begin, after });
        }
        let key = plan.key.clone();
        let shared = Shared::new(plan, reach.head);
        let (member, begin) = shared.join(principal, tap)?;
        executions.insert(key, Arc::clone(&shared));
        drop(executions);
        api.app.beside(run(Running { api: api.clone(), shared, has_finished: false }, begin));
        Some(Place { member, begin, after })
    }

    fn executions(&self) -> MutexGuard<'_, HashMap<Key, Arc<Shared>>> {
        self.executions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An execution that runs. However it ends, whoever shares it is told so.
struct Running {
    api: Api,
    shared: Arc<Shared>,
    has_finished: bool,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.shared.end(self.has_finished);
        let mut executions = self.api.hub.executions();
        if executions.get(&self.shared.plan.key).is_some_and(|known| Arc::ptr_eq(known, &self.shared)) {
            executions.remove(&self.shared.plan.key);
        }
    }
}

async fn run(mut running: Running, begin: u64) {
    let leg = Leg::behind(begin, None);
    let plan = &running.shared.plan;
    let mut responses = running.api.leg(plan, plan.principal(), &leg);
    loop {
        let response = tokio::select! {
            response = responses.next() => response,
            () = running.shared.abandoned() => return,
        };
        // Of one that failed as a whole each subscriber is told by an execution of its own.
        let Some(response) = response.filter(|response| response.data != async_graphql::Value::Null) else { return };
        running.has_finished = leg.has_ended();
        running.shared.ask_again(&running.api.app).await;
        let to = (leg.position(), leg.together());
        running.shared.publish(to, running.has_finished, Payload::of(&response)).await;
    }
}
