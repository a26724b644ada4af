//! One build from its start to its end, with whoever sits before it.

use std::{io::Write, time::Duration};

use futures::{
    FutureExt, StreamExt,
    future::{BoxFuture, OptionFuture},
    stream::BoxStream,
};

use super::Renderer;
use crate::cli::{
    CliError, Exit,
    client::{BuildView, Client, ClientError, Followed, Follower, StartRequest, Started},
    error::output,
};

const TRIES: u32 = 4;
const PAUSE: Duration = Duration::from_millis(500);

/// Starts the build; tries again when no answer came, which is safe by the request's key.
pub(super) async fn start(client: &Client, request: &StartRequest) -> Result<Started, ClientError> {
    let mut tries = 1;
    loop {
        match client.start(request).await {
            Err(ClientError::Unreachable { .. }) if tries < TRIES => {
                tokio::time::sleep(PAUSE * tries).await;
                tries += 1;
            }
            result => return result,
        }
    }
}

/// Shows the build until it has ended. The first interrupt cancels it, the second leaves it.
pub(super) async fn follow<W: Write>(
    client: Client,
    started: &Started,
    renderer: &mut Renderer<W>,
    mut interrupts: BoxStream<'_, ()>,
    patience: Duration,
) -> Result<Exit, CliError> {
    let mut follower = Follower::new(client.clone(), started.id.clone(), patience);
    let mut newest: Option<BuildView> = None;
    let mut cancelling: OptionFuture<BoxFuture<'_, Result<(), ClientError>>> = None.into();
    let mut interrupted = false;
    loop {
        tokio::select! {
            biased;
            Some(()) = interrupts.next() => {
                if interrupted {
                    renderer.note("Left; the build ends without being watched.").map_err(output)?;
                    return Ok(Exit::Interrupted);
                }
                interrupted = true;
                renderer.note("Cancelling the build. Ctrl-C again leaves without waiting for its end.").map_err(output)?;
                cancelling = Some(client.cancel(&started.id, "Ctrl-C in the terminal").boxed()).into();
            }
            Some(result) = &mut cancelling => {
                cancelling = None.into();
                if let Err(error) = result {
                    // Another Ctrl-C is another try.
                    interrupted = false;
                    renderer.note(&format!("The build was not cancelled: {error}")).map_err(output)?;
                }
            }
            told = follower.next() => match told? {
                Followed::Build(build, stages) => {
                    renderer.changed(&build, &stages).map_err(output)?;
                    if newest.as_ref().is_none_or(|known| known.revision <= build.revision) {
                        newest = Some(build);
                    }
                }
                Followed::Lines(lines) => renderer.lines(&lines).map_err(output)?,
                Followed::Gap(cause) => renderer.note(&format!("Lines are missing here: {cause}")).map_err(output)?,
                Followed::Lost(reason) => {
                    renderer.note(&format!("The server is gone ({reason}); looking for it …")).map_err(output)?;
                }
                Followed::Back => renderer.note("The server is back.").map_err(output)?,
                Followed::End => break,
            }
        }
    }
    let build = newest.ok_or_else(|| ClientError::Foreign("the build was never described".to_owned()))?;
    renderer.ended(&build).map_err(output)?;
    let ended = || ClientError::Foreign(format!("the stream ended while the build was {}", build.status.words()));
    Exit::of_build(build.status).ok_or_else(|| ended().into())
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
