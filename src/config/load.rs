//! Reading and checking everything.

use std::path::Path;

use figment::{Figment, value::Value};

use super::{
    Builds, Config, ConfigError, Data, Database, Documents, Effective, Environment, Fallback, Key, Limits, Local, Log,
    Origin, Outbound, Problem, Server, Setting, SignIn, Vault, sources,
};

/// Every setting, in the order of the reference, with what its section is about.
pub(super) const SECTIONS: [(&str, &[Key]); 11] = [
    (Server::ABOUT, Server::KEYS),
    (SignIn::ABOUT, SignIn::KEYS),
    (Limits::ABOUT, Limits::KEYS),
    (Documents::ABOUT, Documents::KEYS),
    (Data::ABOUT, Data::KEYS),
    (Database::ABOUT, Database::KEYS),
    (Vault::ABOUT, Vault::KEYS),
    (Outbound::ABOUT, Outbound::KEYS),
    (Builds::ABOUT, Builds::KEYS),
    (Local::ABOUT, Local::KEYS),
    (Log::ABOUT, Log::KEYS),
];

/// Takes values out of the layers, and notes what is wrong with them.
pub(super) struct Reader<'a> {
    figment: Figment,
    environment: &'a Environment,
    problems: Vec<Problem>,
    effective: Vec<Effective>,
}

impl Reader<'_> {
    /// The value of a key, from the strongest layer that has one; `None` when it is not good, which is noted.
    pub(super) fn take<T: Setting>(&mut self, key: &Key) -> Option<T> {
        let dotted = key.dotted();
        let (value, origin) = match (self.figment.find_value(&dotted), key.fallback) {
            (Ok(value), _) => (value, sources::origin(&self.figment, &dotted)),
            (Err(_), Fallback::Text(text)) => (Value::from(text), Origin::Default),
            (Err(_), Fallback::Unset(_)) => (Value::from(""), Origin::Default),
            (Err(_), Fallback::Computed { from, .. }) => match from(self.environment) {
                Ok(text) => (Value::from(text), Origin::Default),
                Err(remedy) => {
                    self.problems.push(Problem(format!("{dotted} {remedy}")));
                    return None;
                }
            },
        };
        match T::read(&value) {
            Ok(setting) => {
                self.effective.push(Effective { key: *key, shown: setting.show(), origin });
                Some(setting)
            }
            Err(problem) => {
                let variable = key.variable();
                let also = if origin == Origin::Variable(variable.clone()) {
                    String::new()
                } else {
                    format!(" or {variable}")
                };
                self.problems.push(Problem(format!("{dotted} {problem} (from: {origin}; set {dotted}{also})")));
                None
            }
        }
    }
}

impl Config {
    /// Reads everything: the environment over the file over the defaults. The file is `file`, else the one that `ALM_CONFIG`
    /// names, else `alm/config.toml` in the XDG configuration folder if it is there.
    ///
    /// # Errors
    /// Every problem at once: unknown keys and variables, and values that are not good, each with its origin and the remedy.
    pub fn load(environment: &Environment, file: Option<&Path>) -> Result<Self, ConfigError> {
        let keys: Vec<Key> = SECTIONS.iter().flat_map(|(_, keys)| keys.iter().copied()).collect();
        let mut problems = Vec::new();
        let figment = sources::layers(environment, file, &keys, &mut problems);
        let mut reader = Reader { figment, environment, problems, effective: Vec::new() };
        let server = Server::read(&mut reader);
        let sign_in = SignIn::read(&mut reader);
        let limits = Limits::read(&mut reader);
        let documents = Documents::read(&mut reader);
        let data = Data::read(&mut reader);
        let database = Database::read(&mut reader);
        let vault = Vault::read(&mut reader);
        let outbound = Outbound::read(&mut reader);
        let builds = Builds::read(&mut reader);
        let local = Local::read(&mut reader);
        let log = Log::read(&mut reader);
        if let Some(problem) = server.as_ref().and_then(exposed_without_names) {
            reader.problems.push(problem);
        }
        reader.problems.extend(sign_in.as_ref().map(SignIn::problems).unwrap_or_default());
        let Reader { problems, effective, .. } = reader;
        // A section that could not be read has left a problem behind.
        let all = || {
            Some(Self {
                server: server?,
                sign_in: sign_in?,
                limits: limits?,
                documents: documents?,
                data: data?,
                database: database?,
                vault: vault?,
                outbound: outbound?,
                builds: builds?,
                local: local?,
                log: log?,
                effective,
            })
        };
        if problems.is_empty() { all().ok_or(ConfigError(problems)) } else { Err(ConfigError(problems)) }
    }
}

/// A server that others can reach must know its names: without them it could not tell a rebound DNS name from its own.
fn exposed_without_names(server: &Server) -> Option<Problem> {
    let named = server.public_url.is_some() || !server.allowed_hosts.is_empty();
    (!server.bind.is_loopback() && !named).then(|| {
        Problem(format!(
            "server.bind is {}, which other machines can reach, but nothing says under which name: set \
             server.public_url (ALM_SERVER_PUBLIC_URL) or server.allowed_hosts (ALM_SERVER_ALLOWED_HOSTS), or listen on \
             127.0.0.1",
            server.bind
        ))
    })
}
