//! What one subscriber is told.

use std::sync::Arc;

use alm_domain::Principal;
use async_graphql::{Request, Response};
use async_stream::stream;
use futures::{
    StreamExt,
    stream::{BoxStream, once},
};

use super::{
    Tap, Told,
    hub::{Hub, Place},
    leg::Leg,
    plan::{Asked, Plan},
    shared::Found,
    viewer,
};
use crate::graphql::{Api, error::gone};

/// The responses to a subscription: what lies behind the subscriber by an execution of its own, what comes from then on by one
/// that it shares. Along the positions of the stream nothing is told twice and nothing left out, whichever it comes from.
pub(in crate::graphql) fn feed(
    api: Api,
    principal: Principal,
    mut request: Request,
    tap: Option<Arc<dyn Tap>>,
) -> BoxStream<'static, Told> {
    let Some(asked) = Asked::of(&mut request, viewer::names()) else {
        return api.alone(request, principal, &Leg::default()).map(Told::Response).boxed();
    };
    // Boxed, so that what it took to join is given back when it is done: most of the time a stream is idle.
    once(Box::pin(async move {
        match Hub::join(&api, asked, &principal, tap).await {
            Some(place) => shared(api, request, place),
            None => api.alone(request, principal, &Leg::default()).map(Told::Response).boxed(),
        }
    }))
    .flatten()
    .boxed()
}

fn shared(api: Api, request: Request, place: Place) -> BoxStream<'static, Told> {
    let Place { mut member, begin, after } = place;
    // The request is needed for the beginning only; a stream that lasts for hours does not carry it.
    let mut first = after.is_none().then(|| {
        let leg = Leg::as_asked(begin);
        (api.alone(request, member.audience().principal.clone(), &leg), leg)
    });
    member.position = after.unwrap_or_default();
    stream! {
        // What lies between the subscriber and what is shared is told by executions of its own.
        let mut until = Some(begin);
        loop {
            while first.is_some() || until.is_none_or(|until| member.position < until) {
                let (mut responses, leg) = first.take().unwrap_or_else(|| {
                    let leg = Leg::behind(member.position, until);
                    (api.leg(member.plan(), member.audience().principal.clone(), &leg), leg)
                });
                while let Some(response) = responses.next().await {
                    yield Told::Response(response);
                }
                if !leg.has_arrived() {
                    return;
                }
                member.position = leg.position();
            }
            let entry = match member.next().await {
                Found::Entry(entry) => entry,
                Found::Behind(position) => {
                    until = Some(position);
                    continue;
                }
                Found::Finished => return,
                Found::Broken => {
                    until = None;
                    continue;
                }
            };
            if entry.from != member.position {
                // Heartbeats of the past, responses that the subscriber knows in part, or a last word that is not yet due.
                until = (!entry.is_last).then_some(entry.together);
                continue;
            }
            if !member.audience().holds(&api.app, member.plan().subject).await {
                yield Told::Refused(gone());
                return;
            }
            member.position = entry.to;
            until = Some(entry.to);
            yield Told::Shared(entry.payload.clone());
            if entry.is_last {
                return;
            }
        }
    }
    .boxed()
}

impl Api {
    /// One more execution of a subscription, for a part of it.
    pub(super) fn leg(&self, plan: &Plan, principal: Principal, leg: &Leg) -> BoxStream<'static, Response> {
        self.alone(plan.request(), principal, leg)
    }
}
