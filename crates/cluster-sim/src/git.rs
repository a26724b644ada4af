//! A git server beside a cluster: the references of one repository, over HTTP. How they are told is *documented* (git's
//! `gitprotocol-http`, `gitprotocol-pack`), and held to what git itself tells by a test of the provider.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use futures::FutureExt;
use tokio_util::sync::CancellationToken;

use crate::{
    Faults,
    api::{
        self,
        ask::Ask,
        reply::{self, Reply},
    },
    server,
};

/// Where the repository is.
const PATH: &str = "/demo/app.git";
const KIND: &str = "application/x-git-upload-pack-advertisement";

/// A running git server with one repository. It ends when it is dropped.
#[derive(Debug)]
pub struct GitServer {
    state: Arc<Mutex<State>>,
    faults: Faults,
    stop: CancellationToken,
    home: String,
}

#[derive(Debug, Default)]
struct State {
    references: BTreeMap<String, String>,
    /// Who is shown them; everybody where it is not said.
    login: Option<(String, String)>,
    /// What is answered instead.
    instead: Option<Instead>,
    logins: Vec<Option<String>>,
    /// What was asked: methods and addresses.
    asked: Vec<(String, String)>,
}

/// An answer that is always the same.
#[derive(Debug)]
struct Instead {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Drop for GitServer {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl GitServer {
    /// Starts one, with an empty repository.
    ///
    /// # Panics
    /// When there is no free port on the loopback.
    #[expect(clippy::expect_used, reason = "a test that cannot have its server has failed")]
    pub async fn start() -> Self {
        let (port, listener) = server::open().expect("a free port on the loopback");
        let home = format!("http://{}", port.address());
        let (state, faults, stop) = (Arc::<Mutex<State>>::default(), Faults::default(), CancellationToken::new());
        let (of, troubles) = (Arc::clone(&state), faults.clone());
        let handler: server::Handler = Arc::new(move |request| {
            let (of, troubles) = (Arc::clone(&of), troubles.clone());
            async move {
                let ask = Ask::read(request).await?;
                locked(&of).asked.push((ask.method.clone(), ask.uri.clone()));
                let fault = troubles.fault_of(&ask.method, &ask.uri);
                if let Some(trouble) = api::in_trouble(fault, &troubles).await? {
                    return Some(trouble);
                }
                api::spoiled(fault, answer(&mut locked(&of), &ask))
            }
            .boxed()
        });
        tokio::spawn(server::serve(port, listener, handler, faults.clone(), stop.clone()));
        Self { state, faults, stop, home }
    }

    /// The address of the repository.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}{PATH}", self.home)
    }

    /// Its troubles.
    #[must_use]
    pub const fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Sets a reference by its full name (`HEAD`, `refs/heads/main`, `refs/tags/v1^{}`).
    pub fn set(&self, name: &str, commit: &str) {
        locked(&self.state).references.insert(name.to_owned(), commit.to_owned());
    }

    /// From now on shows the repository to this user alone.
    pub fn ask_for(&self, user: &str, password: &str) {
        locked(&self.state).login = Some((user.to_owned(), password.to_owned()));
    }

    /// From now on answers this, whatever is asked.
    pub fn answer(&self, status: u16, headers: &[(&str, &str)], body: &[u8]) {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        locked(&self.state).instead = Some(Instead { status, headers, body: body.to_vec() });
    }

    /// From now on tells this where it is asked for its references.
    pub fn advertise(&self, body: &[u8]) {
        self.answer(200, &[("content-type", KIND)], body);
    }

    /// What it was asked, each time: the method, and the path with its query.
    #[must_use]
    pub fn requests(&self) -> Vec<(String, String)> {
        locked(&self.state).asked.clone()
    }

    /// As whom it was asked, each time (`USER:PASSWORD`).
    #[must_use]
    pub fn logins(&self) -> Vec<Option<String>> {
        locked(&self.state).logins.clone()
    }
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn answer(state: &mut State, ask: &Ask) -> Reply {
    let login = ask.header("authorization").map(|header| {
        let decoded = header.strip_prefix("Basic ").and_then(|encoded| STANDARD.decode(encoded).ok());
        decoded.map_or_else(|| header.to_owned(), |bytes| String::from_utf8_lossy(&bytes).into_owned())
    });
    state.logins.push(login.clone());
    if let Some(Instead { status, headers, body }) = &state.instead {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        return reply::bytes(*status, body.clone(), &headers);
    }
    if let Some((user, password)) = &state.login
        && login != Some(format!("{user}:{password}"))
    {
        return reply::text(401, "HTTP Basic: Access denied", &[("www-authenticate", "Basic realm=\"Git\"")]);
    }
    let is_it = ask.method == "GET" && ask.path == format!("{PATH}/info/refs");
    if !is_it || ask.query("service").as_deref() != Some("git-upload-pack") {
        return reply::text(404, "not found", &[]);
    }
    reply::bytes(200, advertisement(&state.references), &[("content-type", KIND), ("cache-control", "no-cache")])
}

fn advertisement(references: &BTreeMap<String, String>) -> Vec<u8> {
    let line = |text: String| format!("{:04x}{text}", text.len() + 4);
    let mut all = line("# service=git-upload-pack\n".to_owned()) + "0000";
    let abilities = "\0multi_ack thin-pack side-band-64k ofs-delta agent=git/2.47.3";
    if references.is_empty() {
        let zero = "0".repeat(40);
        all += &line(format!("{zero} capabilities^{{}}{abilities}\n"));
    }
    for (at, (name, commit)) in references.iter().enumerate() {
        let more = if at == 0 { abilities } else { "" };
        all += &line(format!("{commit} {name}{more}\n"));
    }
    (all + "0000").into_bytes()
}
