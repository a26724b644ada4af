//! Where a server is, and how it lets one in.

use std::path::{Path, PathBuf};

use reqwest::Url;
use secrecy::SecretString;

/// A server and the token for it. The token is never printed.
#[derive(Debug, Clone)]
pub struct Endpoint {
    server: Url,
    pub(super) token: SecretString,
}

/// Why there is no endpoint.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// The address is not one.
    #[error("{0:?} is not the address of a server: give one such as http://127.0.0.1:8080 with --server or ALM_URL")]
    Address(String),
    /// There is no token.
    #[error(
        "there is no token for {server}: start the server (`alm serve`) so that it writes {path}, or give the token that it \
         printed with ALM_TOKEN or --token"
    )]
    NoToken {
        /// The server.
        server: Url,
        /// Where a server of this user keeps its token.
        path: PathBuf,
    },
    /// The file with the token cannot be used.
    #[error(
        "the token in {path} cannot be read ({source}): make it readable, or give the token with ALM_TOKEN or --token"
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The token of this user's own server would go to another machine.
    #[error(
        "there is no token for {server}: give the one that it printed with ALM_TOKEN or --token (the one in {path} is for a server of this machine)"
    )]
    ForeignServer {
        /// The server.
        server: Url,
        /// Where a server of this user keeps its token.
        path: PathBuf,
    },
}

impl Endpoint {
    /// The server at this address; with this token, or else with the one in the data directory, which is given to servers of
    /// this machine only.
    ///
    /// # Errors
    /// [`EndpointError`], with the remedy.
    pub fn find(server: &str, token: Option<SecretString>, data: &Path) -> Result<Self, EndpointError> {
        let mut server = Url::parse(server)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .ok_or_else(|| EndpointError::Address(alm_domain::shorten(server)))?;
        server.set_query(None);
        server.set_fragment(None);
        if !server.path().ends_with('/') {
            server.set_path(&format!("{}/", server.path()));
        }
        let token = match token {
            Some(token) => token,
            None => token_file(&server, data.join("token"))?,
        };
        Ok(Self { server, token })
    }

    /// The server at this address, with this token.
    #[must_use]
    pub const fn new(server: Url, token: SecretString) -> Self {
        Self { server, token }
    }

    /// The address of the server.
    #[must_use]
    pub const fn server(&self) -> &Url {
        &self.server
    }

    /// Where queries and mutations go.
    pub(super) fn http(&self) -> Url {
        let mut url = self.server.clone();
        url.set_path(&format!("{}graphql", self.server.path()));
        url
    }

    /// Where subscriptions go.
    pub(super) fn socket(&self) -> String {
        // http → ws, https → wss; the scheme of a special URL cannot be set to another kind.
        self.http().as_str().replacen("http", "ws", 1)
    }
}

fn token_file(server: &Url, path: PathBuf) -> Result<SecretString, EndpointError> {
    let host = server.host_str().unwrap_or_default();
    let ip = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    let own = host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback());
    if !own {
        return Err(EndpointError::ForeignServer { server: server.clone(), path });
    }
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(SecretString::from(text.trim())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(EndpointError::NoToken { server: server.clone(), path })
        }
        Err(source) => Err(EndpointError::Unreadable { path, source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_token_goes_to_servers_of_this_machine_only() {
        let data = tempfile::tempdir().unwrap();
        std::fs::write(data.path().join("token"), "secret-of-this-machine\n").unwrap();
        for own in ["http://127.0.0.1:8080", "http://localhost/", "http://[::1]:1/alm"] {
            assert!(Endpoint::find(own, None, data.path()).is_ok(), "{own}");
        }
        for foreign in ["http://example.org", "http://127.0.0.1.example.org/", "https://10.0.0.1"] {
            let refused = Endpoint::find(foreign, None, data.path()).unwrap_err();
            assert!(matches!(refused, EndpointError::ForeignServer { .. }), "{refused}");
            assert!(Endpoint::find(foreign, Some("given".into()), data.path()).is_ok());
        }
        for bad in ["", "8080", "ftp://x", "localhost:8080"] {
            assert!(matches!(Endpoint::find(bad, None, data.path()), Err(EndpointError::Address(_))), "{bad}");
        }
    }

    #[test]
    fn addresses_keep_the_path_of_a_proxy() {
        let endpoint = Endpoint::find("https://x.example/alm?y#z", Some("t".into()), Path::new("/")).unwrap();
        assert_eq!(endpoint.http().as_str(), "https://x.example/alm/graphql");
        assert_eq!(endpoint.socket(), "wss://x.example/alm/graphql");
    }
}
