//! The API server: who asks, what for, may they, and the answer.

mod admission;
pub(crate) mod ask;
pub(crate) mod body;
mod create;
mod delete;
mod discovery;
mod imports;
pub(crate) mod list;
mod logs;
mod projects;
pub(crate) mod reply;
mod selector;
pub(crate) mod status;
pub(crate) mod target;
mod update;
mod watch;

use std::sync::Arc;

use hyper::{Request, body::Incoming};
use serde_json::Value;

use ask::Ask;
pub(crate) use logs::{Wanted, stream_lines};
use reply::Reply;
use status::Failure;
use target::Target;

use crate::{
    build,
    faults::{Fault, Faults},
    people::{self, Caller},
    rollout,
    shared::Shared,
    tekton,
    world::Seen,
};

/// Answers one request. Nothing where the connection is to be closed without an answer.
pub(crate) async fn handle(shared: Arc<Shared>, request: Request<Incoming>) -> Option<Reply> {
    let ask = Ask::read(request).await?;
    note(&shared, &ask, false);
    let fault = shared.faults.fault_of(&ask.method, &ask.uri);
    if let Some(trouble) = in_trouble(fault, &shared.faults).await? {
        return Some(trouble);
    }
    let answered = match fault {
        Fault::Quota if is_creation(&shared, &ask) => Err(Failure::quota()),
        _ => answer(&shared, &ask).await,
    };
    spoiled(fault, answered.unwrap_or_else(|failure| reply::failure(&failure)))
}

/// Remembers a request.
pub(crate) fn note(shared: &Shared, ask: &Ask, jenkins: bool) {
    shared.change(|world| {
        let caller = people::authenticate(world, ask.bearer()).ok().filter(|caller| !caller.is_anonymous());
        let (method, path) = (ask.method.clone(), ask.uri.clone());
        world.note(Seen { jenkins, method, path, user: caller.map(|caller| caller.name) });
    });
}

/// Whether an object is to be made, of which quotas may count how many there are.
fn is_creation(shared: &Shared, ask: &Ask) -> bool {
    ask.method == "POST" && target::parse(&shared.options, &ask.path).is_some_and(|target| target.namespace.is_some())
}

/// What a server in trouble does: answers that it is (`Some(Some)`), or closes the connection (`None`).
pub(crate) async fn in_trouble(fault: Fault, faults: &Faults) -> Option<Option<Reply>> {
    match fault {
        Fault::None | Fault::Reset | Fault::Lose | Fault::Quota => Some(None),
        Fault::Refuse => None,
        Fault::Hang => {
            faults.unhung().await;
            None
        }
        Fault::TooMany(after) => Some(Some(reply::failure(&Failure::too_many(after.as_secs())))),
        Fault::Error => Some(Some(reply::failure(&Failure::internal("etcdserver: request timed out")))),
        Fault::Unauthorized => Some(Some(reply::failure(&Failure::unauthorized()))),
        Fault::Astray => Some(Some(reply::text(404, "404 page not found\n", &[]))),
    }
}

/// What is left of an answer; nothing where the connection is closed.
pub(crate) fn spoiled(fault: Fault, answer: Reply) -> Option<Reply> {
    match fault {
        Fault::Lose => None,
        Fault::Reset => Some(reply::broken(answer)),
        _ => Some(answer),
    }
}

async fn answer(shared: &Arc<Shared>, ask: &Ask) -> Result<Reply, Failure> {
    if shared.options.openshift
        && let Some(answered) = shared.change(|world| people::handle_oauth(world, ask))
    {
        return Ok(answered);
    }
    let caller = shared.read(|world| people::authenticate(world, ask.bearer()))?;
    answer_to(shared, ask, &caller).await
}

/// Answers somebody of whom it is known who that is.
pub(crate) async fn answer_to(shared: &Arc<Shared>, ask: &Ask, caller: &Caller) -> Result<Reply, Failure> {
    if let Some(answered) = discovery::answer(&shared.options, caller, ask) {
        return answered;
    }
    if let Some(answered) = reviews(shared, caller, ask) {
        return answered;
    }
    let Some(target) = target::parse(&shared.options, &ask.path) else {
        return target::unserved(&ask.path, &caller.name);
    };
    let verb = verb(ask, &target)?;
    shared.read(|world| people::authorize(world, caller, target.resource, &target.wish(verb)))?;
    shared.read(|world| build::check_strategy(world, caller, verb, ask, &target))?;
    // Logs come as they are, whatever is asked for.
    if target.subresource.as_deref() != Some("log") {
        acceptable(ask)?;
    }
    if let Some(answered) = special(shared, caller, ask, &target).await {
        return answered;
    }
    match verb {
        "get" => shared.change(|world| list::get(world, &target)),
        "list" => shared.change(|world| list::list(world, ask, &target)),
        "watch" => watch::watch(shared, ask, &target),
        "create" => shared.change(|world| create::create(world, ask, &target)),
        "update" => shared.change(|world| update::put(world, ask, &target)),
        "patch" => shared.change(|world| update::patch(world, ask, &target)),
        "delete" => shared.change(|world| delete::delete(world, ask, &target)),
        _ => Err(Failure::no_method()),
    }
}

fn verb(ask: &Ask, target: &Target) -> Result<&'static str, Failure> {
    Ok(match (ask.method.as_str(), target.name.is_some()) {
        ("GET", true) => "get",
        ("GET", false) if ask.flag("watch") => "watch",
        ("GET", false) => "list",
        ("POST", _) => "create",
        ("PUT", true) => "update",
        ("PATCH", true) => "patch",
        ("DELETE", true) => "delete",
        ("DELETE", false) => "deletecollection",
        _ => return Err(Failure::no_method()),
    })
}

fn acceptable(ask: &Ask) -> Result<(), Failure> {
    let accept = ask.header("accept").unwrap_or("*/*");
    let fine = accept.split(',').any(|kind| {
        let kind = kind.split(';').next().unwrap_or_default().trim();
        ["*/*", "application/*", "application/json", "application/yaml", "text/plain"].contains(&kind)
    });
    if fine { Ok(()) } else { Err(Failure::not_acceptable()) }
}

fn reviews(shared: &Shared, caller: &Caller, ask: &Ask) -> Option<Result<Reply, Failure>> {
    let own = ask.path.strip_prefix("/apis/authentication.k8s.io/v1/");
    let plural = own.or_else(|| ask.path.strip_prefix("/apis/authorization.k8s.io/v1/"))?;
    if ask.method != "POST" || caller.is_anonymous() {
        return Some(Err(Failure::forbidden_path(&caller.name, &ask.path)));
    }
    if plural == "selfsubjectreviews" && !shared.options.self_reviews {
        return Some(Err(Failure::forbidden_review(&caller.name, plural)));
    }
    let body: Value = match serde_json::from_slice(&ask.body) {
        Ok(body) => body,
        Err(_) => return Some(Err(Failure::bad_request("the object provided is unrecognized"))),
    };
    let answered = shared.read(|world| people::review(world, caller, plural, &body));
    answered.map(|review| Ok(reply::json(201, &review)))
}

/// What is not an object that is simply stored.
async fn special(shared: &Arc<Shared>, caller: &Caller, ask: &Ask, target: &Target) -> Option<Result<Reply, Failure>> {
    let named = target.name.as_deref();
    match (target.resource.id, target.subresource.as_deref(), ask.method.as_str()) {
        ("builds.build.openshift.io", Some("log"), "GET") => Some(build::log(shared, ask, target).await),
        ("pods", Some("log"), "GET") => Some(logs::pod_log(shared, ask, target)),
        ("buildconfigs.build.openshift.io", Some("instantiate"), "POST") => {
            Some(shared.change(|world| build::instantiate(world, ask, target)))
        }
        ("builds.build.openshift.io", Some("clone"), "POST") => {
            Some(shared.change(|world| build::clone(world, ask, target)))
        }
        ("buildconfigs.build.openshift.io", Some("webhooks"), "POST") => {
            Some(shared.change(|world| build::webhook(world, target)))
        }
        ("deploymentconfigs.apps.openshift.io", Some("instantiate"), "POST") => {
            Some(shared.change(|world| rollout::instantiate(world, ask, target)))
        }
        (_, Some(_), _) => Some(Err(Failure::no_such_path())),
        ("approvaltasks.openshift-pipelines.org", None, "PUT" | "PATCH") => {
            shared.read(|world| tekton::review_approval(world, caller, ask, target)).err().map(Err)
        }
        ("users.user.openshift.io", None, "GET") => Some(shared.change(|world| projects::who_am_i(world, caller))),
        ("useroauthaccesstokens.oauth.openshift.io", None, "GET") => {
            Some(shared.read(|world| projects::tokens(world, caller, named)))
        }
        ("useroauthaccesstokens.oauth.openshift.io", None, "DELETE") => {
            let name = named.unwrap_or_default();
            Some(shared.change(|world| people::sign_out(world, &caller.name, name)).map(|gone| reply::json(200, &gone)))
        }
        ("projectrequests.project.openshift.io", None, _) => {
            Some(shared.change(|world| projects::request(world, caller, ask)))
        }
        ("projects.project.openshift.io", None, _) => {
            Some(shared.change(|world| projects::projects(world, caller, ask, named)))
        }
        ("imagestreamimports.image.openshift.io", None, "POST") => Some(imports::import(shared, ask, target)),
        ("imagestreamimports.image.openshift.io", None, _) => Some(Err(Failure::no_method())),
        ("imagestreamtags.image.openshift.io", None, _) => {
            Some(shared.change(|world| projects::image_stream_tags(world, caller, ask, target)))
        }
        _ => None,
    }
}
