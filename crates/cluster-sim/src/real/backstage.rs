//! What an API server asks of others: whose a token is, what webhooks say of an object, what the kubelet of a node has of a log, and
//! what another API server answers about its own kinds. The simulated cluster answers, over TLS.

use std::{io, net::SocketAddr, path::Path, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use rustls::{
    ServerConfig,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinSet};
use tokio_rustls::TlsAcceptor;

use crate::{
    api::{self, Wanted, ask::Ask, reply, reply::Reply, status::Failure, stream_lines},
    people::{Caller, authenticate},
    server::{self, Port},
    shared::Shared,
    tekton,
    world::{RESOURCES, Resource, text},
};

/// A port at which nobody answers yet.
pub(super) struct Backstage {
    port: Port,
    listener: TcpListener,
}

impl Backstage {
    pub(super) fn take() -> io::Result<Self> {
        let (port, listener) = server::open()?;
        Ok(Self { port, listener })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// Answers until the cluster is stopped, known by the certificate that the API server has made for itself in this folder.
    pub(super) fn serve(self, shared: Arc<Shared>, folder: &Path) -> io::Result<()> {
        let certificates = CertificateDer::pem_file_iter(folder.join("apiserver.crt")).map_err(io::Error::other)?;
        let certificates = certificates.collect::<Result<_, _>>().map_err(io::Error::other)?;
        let key = PrivateKeyDer::from_pem_file(folder.join("apiserver.key")).map_err(io::Error::other)?;
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(certificates, key));
        let acceptor = TlsAcceptor::from(Arc::new(config.map_err(io::Error::other)?));
        tokio::spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                tokio::select! {
                    () = shared.stop.cancelled() => return,
                    Some(_) = connections.join_next() => {}
                    Ok((stream, _)) = self.listener.accept() => {
                        let (acceptor, shared) = (acceptor.clone(), Arc::clone(&shared));
                        connections.spawn(async move {
                            let Ok(stream) = acceptor.accept(stream).await else { return };
                            let service = service_fn(move |request| {
                                let shared = Arc::clone(&shared);
                                async move {
                                    let ask = Ask::read(request).await.ok_or_else(|| io::Error::other("it broke off"))?;
                                    Ok::<_, io::Error>(answer(&shared, &ask).await)
                                }
                            });
                            // A client that goes away is no news.
                            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                        });
                    }
                }
            }
        });
        Ok(())
    }
}

async fn answer(shared: &Arc<Shared>, ask: &Ask) -> Reply {
    let parts: Vec<&str> = ask.path.split('/').filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        ["tokens"] => whose(shared, ask),
        ["admission"] => admission(shared, ask),
        ["containerLogs", namespace, pod, container] => log(shared, ask, namespace, pod, container),
        ["apis", ..] => {
            let name = ask.header("x-remote-user").unwrap_or("system:anonymous").to_owned();
            let caller = Caller { name, scopes: vec!["user:full".to_owned()] };
            api::answer_to(shared, ask, &caller).await.unwrap_or_else(|failure| reply::failure(&failure))
        }
        _ => reply::text(404, "404 page not found\n", &[]),
    }
}

fn whose(shared: &Shared, ask: &Ask) -> Reply {
    let asked: Value = serde_json::from_slice(&ask.body).unwrap_or_default();
    let status = shared.read(|world| match authenticate(world, asked["spec"]["token"].as_str()) {
        Ok(caller) if !caller.is_anonymous() => {
            let groups = world.people.groups(&caller.name);
            json!({ "authenticated": true, "user": { "username": caller.name, "uid": caller.name, "groups": groups } })
        }
        _ => json!({ "authenticated": false }),
    });
    reply::json(200, &json!({ "apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "status": status }))
}

fn admission(shared: &Shared, ask: &Ask) -> Reply {
    let asked: Value = serde_json::from_slice(&ask.body).unwrap_or_default();
    let request = &asked["request"];
    let mut response = json!({ "uid": request["uid"], "allowed": true });
    match reviewed(shared, request) {
        Ok(None) => {}
        Ok(Some(spec)) => {
            let patch = json!([{ "op": "replace", "path": "/spec", "value": spec }]).to_string();
            response["patchType"] = json!("JSONPatch");
            response["patch"] = json!(STANDARD.encode(patch));
        }
        Err(failure) => {
            let said = text(&failure.body()["message"]);
            // Who denies it the API server says itself.
            let why = said.split_once("denied the request: ").map_or(said.as_str(), |(_, why)| why);
            response["allowed"] = json!(false);
            response["status"] = json!({ "code": failure.code, "message": why });
        }
    }
    let review = json!({ "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response });
    reply::json(200, &review)
}

/// The specification that an object is given, where the webhooks change it.
fn reviewed(shared: &Shared, request: &Value) -> Result<Option<Value>, Failure> {
    let Some(kind) = kind_of(&request["resource"]) else { return Ok(None) };
    let (object, old) = (&request["object"], &request["oldObject"]);
    if kind.kind == "ApprovalTask" {
        let user = text(&request["userInfo"]["username"]);
        shared.read(|world| tekton::review_answer(world, &user, old, object))?;
        return Ok(None);
    }
    let version = text(&request["resource"]["version"]);
    let mut filled = object.clone();
    tekton::store_version(kind, &mut filled);
    tekton::admit(kind, &mut filled, Some(old).filter(|old| old.is_object()))?;
    tekton::convert(kind, &version, &mut filled);
    Ok(Some(filled["spec"].take()).filter(|spec| *spec != object["spec"]))
}

fn kind_of(resource: &Value) -> Option<&'static Resource> {
    RESOURCES.iter().find(|kind| resource["group"] == kind.group && resource["resource"] == kind.plural)
}

/// As the kubelet of a node answers.
fn log(shared: &Arc<Shared>, ask: &Ask, namespace: &str, pod: &str, container: &str) -> Reply {
    let refuse = |code: u16, why: String| reply::text(code, &why, &[]);
    let wanted = match Wanted::of(ask, shared.clock.now()) {
        Ok(wanted) => wanted,
        Err(failure) => return refuse(400, text(&failure.body()["message"])),
    };
    let state = shared.read(|world| {
        let all = world.logs.get(&(namespace.to_owned(), pod.to_owned()))?;
        Some(all.iter().find(|known| known.name == container).map(|known| known.started))
    });
    match state {
        None => refuse(404, format!("pod \"{pod}\" does not exist\n")),
        Some(None) => refuse(404, format!("container \"{container}\" is not in pod \"{pod}\"\n")),
        Some(Some(false)) => {
            refuse(400, format!("container \"{container}\" in pod \"{pod}\" is waiting to start: PodInitializing"))
        }
        Some(Some(true)) => {
            let (namespace, pod) = (namespace.to_owned(), pod.to_owned());
            let lines = stream_lines(Arc::clone(shared), namespace, pod, vec![container.to_owned()], wanted);
            reply::stream("text/plain", lines)
        }
    }
}
