//! The arguments of commands that talk to a server.

use clap::Args;
use secrecy::SecretString;

use super::{
    CliError,
    client::{Client, Endpoint},
};
use crate::config::{Config, Environment};

/// Which server, and how it lets us in.
#[derive(Args, Debug)]
pub struct Connection {
    /// Address of the server [environment: ALM_URL; default: the one that this machine's configuration says]
    #[arg(long, value_name = "URL")]
    server: Option<String>,

    /// Token of the server; other users of this machine can see it here: prefer ALM_TOKEN
    /// [environment: ALM_TOKEN; default: the one in the data directory]
    #[arg(long)]
    token: Option<SecretString>,
}

impl Connection {
    /// A client of that server.
    ///
    /// # Errors
    /// When the address is none, or there is no token for it.
    pub fn client(self, config: &Config, environment: &Environment) -> Result<Client, CliError> {
        let variable = |name: &str| environment.get(name).and_then(|value| value.to_str()).map(str::to_owned);
        let server = self.server.or_else(|| variable("ALM_URL")).unwrap_or_else(|| own_address(config));
        let token = self.token.or_else(|| variable("ALM_TOKEN").map(SecretString::from));
        Ok(Client::new(Endpoint::find(&server, token, &config.data.dir)?)?)
    }
}

/// Where a server with this configuration is reached.
fn own_address(config: &Config) -> String {
    config.server.public_url.as_ref().map_or_else(|| format!("http://{}/", config.server.bind), ToString::to_string)
}
