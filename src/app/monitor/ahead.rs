//! What an engine has told and nobody has committed yet.

use alm_build_spi::ProviderError;
use alm_domain::{Observation, Observed};
use futures::{Stream, StreamExt};

/// With so much at hand a commit waits for no more, and nothing more is asked for before it.
const ENOUGH: usize = 1 << 20;
/// What an observation counts for besides its text.
const OVERHEAD: usize = 64;

/// Batches that wait for the next commit, about a mebibyte of them at most, and what came behind them.
#[derive(Default)]
pub(super) struct Ahead {
    batches: Vec<Observed>,
    size: usize,
    end: Option<Option<ProviderError>>,
}

impl Ahead {
    /// Takes the next batch from a stream, if there is room. Pending for ever where there is none, or the stream is over. Nothing
    /// is lost when this is dropped.
    pub(super) async fn read(&mut self, stream: &mut (impl Stream<Item = Result<Observed, ProviderError>> + Unpin)) {
        if self.is_full() {
            return std::future::pending().await;
        }
        match stream.next().await {
            Some(Ok(batch)) => {
                self.size += batch.observations.iter().map(size).sum::<usize>();
                self.batches.push(batch);
            }
            Some(Err(error)) => self.end = Some(Some(error)),
            None => self.end = Some(None),
        }
    }

    /// Whether nothing waits for a commit.
    pub(super) const fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    /// Whether nothing more comes before the next commit.
    pub(super) const fn is_full(&self) -> bool {
        self.size >= ENOUGH || self.end.is_some()
    }

    /// Everything that waits.
    pub(super) fn take(&mut self) -> Vec<Observed> {
        self.size = 0;
        std::mem::take(&mut self.batches)
    }

    /// How the stream ended, if it did and nothing is left that came before.
    pub(super) fn end(&mut self) -> Option<Option<ProviderError>> {
        if self.is_empty() { self.end.take() } else { None }
    }
}

fn size(observation: &Observation) -> usize {
    match observation {
        Observation::Lines(lines) => lines.iter().map(|line| line.text.len() + OVERHEAD).sum(),
        _ => OVERHEAD,
    }
}

#[cfg(test)]
mod tests {
    use alm_domain::{LogLine, LogStream, ResumeToken};
    use futures::{FutureExt, stream};

    use super::*;

    fn batch(token: usize, length: usize) -> Observed {
        let line = LogLine {
            stage: None,
            attempt: 0,
            stream: LogStream::Stdout,
            at: None,
            text: "x".repeat(length),
            continued: false,
        };
        Observed { resume: ResumeToken(token.to_string()), observations: vec![Observation::Lines(vec![line])] }
    }

    #[tokio::test]
    async fn it_is_read_until_there_is_enough_and_goes_on_after_it_was_taken() {
        let mut stream = stream::iter((0..10).map(|n| Ok(batch(n, 300 << 10))));
        let mut ahead = Ahead::default();
        let mut tokens = Vec::new();
        loop {
            while ahead.read(&mut stream).now_or_never().is_some() {}
            let taken = ahead.take();
            assert!(taken.len() <= 4, "{}", taken.len());
            tokens.extend(taken.into_iter().map(|batch| batch.resume.0));
            if ahead.end().is_some() {
                break;
            }
        }
        assert_eq!(tokens, (0..10).map(|n| n.to_string()).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn an_error_is_told_behind_what_came_before_it() {
        let broken = Err(ProviderError::NotFound("gone".to_owned()));
        let mut stream = stream::iter([Ok(batch(1, 1)), broken, Ok(batch(2, 1))]);
        let mut ahead = Ahead::default();
        while ahead.read(&mut stream).now_or_never().is_some() {}
        assert!(ahead.is_full() && ahead.end().is_none());
        assert_eq!(ahead.take().len(), 1);
        assert!(matches!(ahead.end(), Some(Some(ProviderError::NotFound(_)))));
    }
}
