//! `alm serve`: the server.

use std::{io::Write, sync::Arc, time::Duration};

use futures::{FutureExt, Stream, StreamExt, future::BoxFuture};
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use tokio::{net::TcpListener, sync::oneshot};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{BoxError, CliError, Composition, DataDir, Serving, composition::Ready, signals};
use crate::config::{Config, ConfigError};

/// How much longer than the transport's own drain we wait for the rest before we go.
const GRACE: Duration = Duration::from_secs(3);

/// A server that answers.
#[derive(Debug)]
pub struct Running {
    /// Where it is reached from this machine.
    pub local: Url,
    /// Where people reach it.
    pub public: Url,
    /// The token in the data directory, if it opens anything.
    pub token: Option<SecretString>,
}

/// What else is done while the server runs.
pub type Meanwhile<'a> = Box<dyn FnOnce(Running) -> BoxFuture<'a, Result<(), CliError>> + Send + 'a>;

/// Serves until Ctrl-C or SIGTERM; `meanwhile` is begun once requests are answered, and dropped when the server stops.
///
/// # Errors
/// When the data directory is in use, the address cannot be bound, or the server cannot begin or go on.
pub(super) async fn serve(
    config: Arc<Config>,
    composition: &dyn Composition,
    meanwhile: Meanwhile<'_>,
) -> Result<(), CliError> {
    let stops = signals::stops().map_err(|source| CliError::Io { what: "signals cannot be heard", source })?;
    serve_until(config, composition, meanwhile, Box::pin(stops)).await
}

async fn serve_until(
    config: Arc<Config>,
    composition: &dyn Composition,
    meanwhile: Meanwhile<'_>,
    mut stops: impl Stream<Item = ()> + Unpin,
) -> Result<(), CliError> {
    let data = DataDir::open(&config.data.dir)?;
    let (listener, local) = listen(&config).await?;
    let stop = CancellationToken::new();
    let (ready, is_ready) = oneshot::channel();
    let serving = Serving { config: Arc::clone(&config), data, listener, ready, stop: stop.clone() };
    let mut server = composition.serve(serving);

    let Ready { token } = tokio::select! {
        result = &mut server => return stopped(result),
        // The sender gone without a word: the server is about to say why.
        Ok(ready) = is_ready => ready,
        Some(()) = stops.next() => return drain(server, &stop, &config, stops).await,
    };
    let public = config.server.public_url.as_ref().map_or_else(|| local.clone(), |url| url.url().clone());
    if let Err(error) = announce(&public, token.as_ref(), &mut std::io::stdout()) {
        // Whoever started the server no longer reads; the clients do.
        warn!(error = %error, "the address could not be printed");
    }
    info!(address = %public, data = %config.data.dir.display(), database = %config.database_url(), "serving");

    let mut meanwhile = meanwhile(Running { local, public, token }).fuse();
    loop {
        tokio::select! {
            result = &mut server => return stopped(result),
            result = &mut meanwhile => {
                if let Err(error) = result {
                    // The server is of use without it.
                    warn!(error = %error, "the server runs, but something that was to be done on it did not work");
                }
            }
            Some(()) = stops.next() => return drain(server, &stop, &config, stops).await,
        }
    }
}

async fn listen(config: &Config) -> Result<(TcpListener, Url), CliError> {
    let address = config.server.bind.to_string();
    let failed = |source| CliError::Bind { address: address.clone(), source };
    let listener = TcpListener::bind(config.server.bind.address()).await.map_err(failed)?;
    let mut bound = listener.local_addr().map_err(failed)?;
    // "Every address" is no address to connect to.
    if bound.ip().is_unspecified() {
        bound.set_ip(if bound.is_ipv6() {
            std::net::Ipv6Addr::LOCALHOST.into()
        } else {
            std::net::Ipv4Addr::LOCALHOST.into()
        });
    }
    let local = Url::parse(&format!("http://{bound}/")).map_err(|error| failed(std::io::Error::other(error)))?;
    Ok((listener, local))
}

/// The one place where the token is shown, to whoever started the server.
fn announce(address: &Url, token: Option<&SecretString>, out: &mut dyn Write) -> std::io::Result<()> {
    match token {
        Some(token) => {
            writeln!(out, "The ALM Build Service is at\n\n    {address}#token={}\n", token.expose_secret())?;
            writeln!(out, "Whoever has this address may do everything here; the token stays the same over restarts.")?;
        }
        None => writeln!(out, "The ALM Build Service is at\n\n    {address}\n\nwhere people sign in.")?,
    }
    writeln!(
        out,
        "Ctrl-C stops the server. Builds that run on this machine go on, and are found again at the next start."
    )?;
    out.flush()
}

/// Asked to stop: the server lets go of everything within the time it is given; a second request ends it at once.
async fn drain(
    mut server: BoxFuture<'_, Result<(), BoxError>>,
    stop: &CancellationToken,
    config: &Config,
    mut stops: impl Stream<Item = ()> + Unpin,
) -> Result<(), CliError> {
    info!("stopping; builds that run on this machine go on");
    stop.cancel();
    let given = config.limits.shutdown_timeout.get() + GRACE;
    tokio::select! {
        result = &mut server => stopped(result),
        () = tokio::time::sleep(given) => {
            warn!(seconds = given.as_secs(), "not everything ended in time; leaving it");
            Ok(())
        }
        Some(()) = stops.next() => {
            warn!("asked to stop a second time; leaving at once");
            Ok(())
        }
    }
}

fn stopped(result: Result<(), BoxError>) -> Result<(), CliError> {
    result.map_err(|source| match source.downcast::<ConfigError>() {
        Ok(problems) => CliError::Config(*problems),
        Err(source) => CliError::Service { what: "the server cannot go on", source },
    })
}

#[cfg(test)]
#[path = "serve_tests.rs"]
mod tests;
