//! Reading what happened to a run.

use std::{io, time::Duration};

use alm_build_spi::{
    CancellationToken, Finding, LineStream, LogPosition, ObservedStream, PositionedLine, ProviderError, ResumeToken,
};
use alm_domain::{Observation, Observed};

use super::local::blocking;
use crate::spool::{Flags, Reader, RunDir, Step, Token};

/// A batch holds about so many bytes, and so many observations.
const MOST_BYTES: usize = 64 * 1024;
const MOST_OBSERVATIONS: usize = 500;
/// How often a run that says nothing is looked at.
const PULSE: Duration = Duration::from_millis(25);
const PULSES: u32 = 40;

/// Follows a run from behind `from`.
pub(super) fn follow(
    run: Result<RunDir, ProviderError>,
    from: Option<ResumeToken>,
    stop: CancellationToken,
) -> ObservedStream {
    Box::pin(async_stream::stream! {
        let run = match run {
            Ok(run) => run,
            Err(error) => { yield Err(error); return; }
        };
        let mut reader = match open(run, from).await {
            Ok(Some(reader)) => reader,
            Ok(None) => return,
            Err(error) => { yield Err(error); return; }
        };
        let mut size = None;
        let mut idle = 0;
        loop {
            if stop.is_cancelled() {
                return;
            }
            match reader.size() {
                // A record that was written anew after a failure may leave the size as it was: now and then look all the same.
                Ok(now) if size == Some(now) && idle < PULSES => {
                    idle += 1;
                    tokio::select! {
                        () = tokio::time::sleep(PULSE) => continue,
                        () = stop.cancelled() => return,
                    }
                }
                Ok(now) => {
                    size = Some(now);
                    idle = 0;
                }
                Err(cause) => { yield Err(ProviderError::internal("cannot read the spool", cause)); return; }
            }
            loop {
                let batch = blocking("read the spool", move || Ok(batch(reader))).await;
                let observed = match batch {
                    Ok((back, Ok(observed))) => { reader = back; observed }
                    Ok((_, Err(cause))) => { yield Err(ProviderError::internal("cannot read the spool", cause)); return; }
                    Err(error) => { yield Err(error); return; }
                };
                let Some(observed) = observed else { break };
                let is_complete = observed.observations.last() == Some(&Observation::Complete);
                if stop.is_cancelled() {
                    return;
                }
                yield Ok(observed);
                if is_complete {
                    return;
                }
            }
        }
    })
}

/// The place behind the token; `None` when nothing ever comes there, since it is behind the end.
async fn open(run: RunDir, from: Option<ResumeToken>) -> Result<Option<Reader>, ProviderError> {
    let invalid = || {
        let message = "is no token of this run: follow again without one, or with one that following gave";
        ProviderError::Invalid(vec![Finding::new(["resume"], message)])
    };
    let token = match from {
        None => None,
        Some(token) => Some(token.0.parse::<Token>().map_err(|()| invalid())?),
    };
    let opened = blocking("open the spool", move || {
        let mut reader = Reader::open(&run.spool())?;
        let behind = token.map(|token| reader.seek(token)).transpose()?;
        Ok((reader, behind))
    });
    match opened.await? {
        (_, Some(None)) => Err(invalid()),
        (_, Some(Some(last))) if last.flags.has(Flags::COMPLETE) => Ok(None),
        (reader, _) => Ok(Some(reader)),
    }
}

/// The next observations, if there are any.
fn batch(mut reader: Reader) -> (Reader, io::Result<Option<Observed>>) {
    let mut observations = Vec::new();
    let mut token = None;
    let mut bytes = 0;
    while bytes < MOST_BYTES && observations.len() < MOST_OBSERVATIONS {
        // A record that would make the batch much larger begins the next one.
        match reader.peek() {
            Ok(Some(header)) if token.is_some() && bytes + header.len as usize > MOST_BYTES => break,
            _ => {}
        }
        match reader.read() {
            Ok(Step::Record(header, payload)) => {
                bytes += header.len as usize;
                observations.extend(payload.observations);
                token = Some(reader.token(&header));
            }
            Ok(Step::End | Step::Torn) => break,
            Err(cause) => return (reader, Err(cause)),
        }
        if observations.last() == Some(&Observation::Complete) {
            break;
        }
    }
    let observed = token.map(|token| Observed { resume: token.into(), observations });
    (reader, Ok(observed))
}

/// Reads the lines from a position to the present end.
pub(super) fn logs(run: Result<RunDir, ProviderError>, from: LogPosition) -> LineStream {
    Box::pin(async_stream::stream! {
        let run = match run {
            Ok(run) => run,
            Err(error) => { yield Err(error); return; }
        };
        let opened = blocking("open the spool", move || {
            let mut reader = Reader::open(&run.spool())?;
            let end = reader.size()?;
            while let Some(header) = reader.peek()? {
                if header.lines_after() > from.0 || !matches!(reader.skip()?, Step::Record(..)) {
                    break;
                }
            }
            Ok((reader, end))
        });
        let (mut reader, end) = match opened.await {
            Ok(opened) => opened,
            Err(error) => { yield Err(error); return; }
        };
        while reader.offset() < end {
            let step = blocking("read the spool", move || {
                let before = reader.lines();
                let step = reader.read()?;
                Ok((reader, before, step))
            });
            let (back, before, step) = match step.await {
                Ok(read) => read,
                Err(error) => { yield Err(error); return; }
            };
            reader = back;
            let Step::Record(_, payload) = step else { return };
            let lines = payload.observations.into_iter().filter_map(|o| match o {
                Observation::Lines(lines) => Some(lines),
                _ => None,
            });
            for (next, line) in (before + 1..).zip(lines.flatten()) {
                if next > from.0 {
                    yield Ok(PositionedLine { next: LogPosition(next), line });
                }
            }
        }
    })
}
