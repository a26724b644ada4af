//! The processes of a control plane.

use std::{
    fs::{self, File},
    io,
    net::SocketAddr,
    path::Path,
    process::Stdio,
    sync::Arc,
    time::Duration,
};

use alm_build_spi::Access;
use alm_kubernetes::{Cluster, Session};
use http::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    process::{Child, Command},
    sync::Mutex,
    time::{sleep, timeout},
};

use super::Binaries;
use crate::{rig::Loopback, server::Port};

/// How long a process may take until it is ready. It only bounds what hangs.
const PATIENCE: Duration = Duration::from_secs(180);
/// How often it is asked whether it is.
const PULSE: Duration = Duration::from_millis(100);
/// The token of whoever may do everything.
const ADMIN: &str = "the-token-of-an-administrator-of-tests";

/// etcd, `kube-apiserver`, and perhaps `kube-controller-manager`.
#[derive(Debug)]
pub(super) struct ControlPlane {
    binaries: Binaries,
    folder: TempDir,
    store: Port,
    port: Port,
    ca: String,
    api_server: Mutex<Option<Child>>,
    _others: Vec<Child>,
}

impl ControlPlane {
    /// Starts it. Whose a token is is asked behind the scenes, at this address.
    #[expect(clippy::expect_used, reason = "a test that cannot have its cluster has failed")]
    pub(super) async fn start(binaries: Binaries, backstage: SocketAddr) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let free = || Port::take().expect("a free port on the loopback");
        let (store, peers, port) = (free(), free(), free());
        let etcd = etcd(&binaries.etcd, folder.path(), store.address(), peers.address()).expect("etcd");
        let written = |name: &str, text: String| fs::write(folder.path().join(name), text).expect("a file");
        written("tokens.csv", format!("{ADMIN},admin,admin,system:masters\n"));
        written("reviews.json", configuration(&format!("https://{backstage}/tokens"), "nobody").to_string());
        written("admin.json", configuration(&format!("https://{}", port.address()), ADMIN).to_string());
        let mut plane = Self {
            binaries,
            folder,
            store,
            port,
            ca: String::new(),
            api_server: Mutex::new(None),
            _others: vec![etcd],
        };
        plane.revive().await;
        plane.ca = plane.certificates();
        if let Some(program) = &plane.binaries.controllers {
            let controllers = controllers(program, plane.folder.path()).expect("kube-controller-manager");
            plane._others.push(controllers);
        }
        plane
    }

    pub(super) fn url(&self) -> String {
        format!("https://{}", self.port.address())
    }

    pub(super) fn ca(&self) -> &str {
        &self.ca
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(super) const fn has_controllers(&self) -> bool {
        self.binaries.controllers.is_some()
    }

    #[expect(clippy::expect_used, reason = "a test that cannot have its cluster has failed")]
    pub(super) fn admin(&self) -> Session {
        let url = self.url().parse().expect("an address");
        let cluster = Cluster::open(Arc::new(Loopback), url, Some(&self.certificates())).expect("a cluster");
        cluster.session(&Access { token: Some(ADMIN.into()) }).expect("a session")
    }

    /// What the API server has made for itself, its authority included.
    fn certificates(&self) -> String {
        fs::read_to_string(self.folder.path().join("apiserver.crt")).unwrap_or_default()
    }

    pub(super) async fn kill(&self) {
        if let Some(mut process) = self.api_server.lock().await.take() {
            // Whoever is dead already is no news.
            let _ = process.kill().await;
        }
    }

    #[expect(clippy::expect_used, clippy::panic, reason = "a test that cannot have its cluster has failed")]
    pub(super) async fn revive(&self) {
        let mut process = self.api_server.lock().await;
        *process = Some(self.api_server().expect("kube-apiserver"));
        let ready = async {
            loop {
                if !self.certificates().is_empty() && self.admin().raw(Method::GET, "/readyz", None).await.is_ok() {
                    return;
                }
                sleep(PULSE).await;
            }
        };
        let ready = timeout(PATIENCE, ready).await;
        ready.unwrap_or_else(|_| panic!("the API server does not become ready: {}", log(self.folder.path(), "api")));
    }

    #[expect(clippy::expect_used, reason = "a test that cannot have its cluster has failed")]
    pub(super) async fn compact(&self) {
        let http = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().expect("a client");
        let ask = async |path: &str, body: Value| -> Result<Value, reqwest::Error> {
            let url = format!("http://{}/v3/kv/{path}", self.store.address());
            let answer = http.post(url).body(body.to_string()).send().await?.error_for_status()?;
            Ok(serde_json::from_str(&answer.text().await?).unwrap_or_default())
        };
        let now = ask("range", json!({ "key": "AA==" })).await.expect("the store's version");
        let revision = now["header"]["revision"].clone();
        ask("compaction", json!({ "revision": revision, "physical": true })).await.expect("a compaction");
    }

    fn api_server(&self) -> io::Result<Child> {
        let folder = self.folder.path();
        let at = |name: &str| folder.join(name).display().to_string();
        let (host, port) = (self.port.address().ip(), self.port.address().port());
        let key = at("apiserver.key");
        run(
            &self.binaries.api_server,
            folder,
            "api",
            &[
                format!("--etcd-servers=http://{}", self.store.address()),
                format!("--bind-address={host}"),
                format!("--advertise-address={host}"),
                format!("--secure-port={port}"),
                format!("--cert-dir={}", folder.display()),
                "--authorization-mode=RBAC".to_owned(),
                "--anonymous-auth=false".to_owned(),
                format!("--token-auth-file={}", at("tokens.csv")),
                format!("--authentication-token-webhook-config-file={}", at("reviews.json")),
                "--authentication-token-webhook-version=v1".to_owned(),
                "--authentication-token-webhook-cache-ttl=0s".to_owned(),
                "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
                format!("--service-account-signing-key-file={key}"),
                format!("--service-account-key-file={key}"),
                "--service-cluster-ip-range=10.0.0.0/24".to_owned(),
                "--endpoint-reconciler-type=none".to_owned(),
                "--kubelet-preferred-address-types=InternalIP".to_owned(),
                // As on OpenShift.
                "--enable-admission-plugins=OwnerReferencesPermissionEnforcement".to_owned(),
                // Nobody makes accounts of services here.
                "--disable-admission-plugins=ServiceAccount".to_owned(),
            ],
        )
    }
}

impl Drop for ControlPlane {
    #[expect(clippy::print_stderr, reason = "a test that fails says why")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            for name in ["api", "controllers"] {
                eprintln!("{name}.log ends with: {}", log(self.folder.path(), name));
            }
        }
    }
}

fn etcd(program: &Path, folder: &Path, address: SocketAddr, peers: SocketAddr) -> io::Result<Child> {
    run(
        program,
        folder,
        "etcd",
        &[
            format!("--data-dir={}", folder.join("store").display()),
            format!("--listen-client-urls=http://{address}"),
            format!("--advertise-client-urls=http://{address}"),
            format!("--listen-peer-urls=http://{peers}"),
            format!("--initial-advertise-peer-urls=http://{peers}"),
            format!("--initial-cluster=default=http://{peers}"),
        ],
    )
}

fn controllers(program: &Path, folder: &Path) -> io::Result<Child> {
    run(
        program,
        folder,
        "controllers",
        &[
            format!("--kubeconfig={}", folder.join("admin.json").display()),
            "--controllers=garbagecollector,deployment,replicaset".to_owned(),
            "--leader-elect=false".to_owned(),
            // Several of them run at once, and nobody asks them anything.
            "--port=0".to_owned(),
            "--secure-port=0".to_owned(),
        ],
    )
}

fn run(program: &Path, folder: &Path, name: &str, arguments: &[String]) -> io::Result<Child> {
    let log = File::options().create(true).append(true).open(folder.join(format!("{name}.log")))?;
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    command.kill_on_drop(true).spawn()
}

/// The end of what a process has said.
fn log(folder: &Path, name: &str) -> String {
    let text = fs::read_to_string(folder.join(format!("{name}.log"))).unwrap_or_default();
    let from = text.char_indices().rev().nth(4_000).map_or(0, |(at, _)| at);
    text.get(from..).unwrap_or_default().to_owned()
}

/// How a server is reached, as the programs of Kubernetes read it.
fn configuration(server: &str, token: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "it",
        "clusters": [{ "name": "it", "cluster": { "server": server, "insecure-skip-tls-verify": true } }],
        "users": [{ "name": "it", "user": { "token": token } }],
        "contexts": [{ "name": "it", "context": { "cluster": "it", "user": "it" } }],
    })
}
