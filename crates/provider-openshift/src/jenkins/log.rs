//! The log of a run at Jenkins.
//!
//! Jenkins gives a log from an offset of its own, which is not one in the text that it gives. So what is kept is the last offset at
//! which a line began, and how many pieces of lines were told behind it.

use std::time::Duration;

use alm_build_spi::ProviderError;
use alm_domain::{LogLine, LogStream};
use alm_kubernetes::{Lines, Piece, RunLife};
use alm_masking::Masks;
use futures::Stream;
use serde::{Deserialize, Serialize};
use tokio::{
    sync::watch,
    time::{Instant, sleep, timeout},
};

use super::Jenkins;

/// How often a log that goes on is asked for.
const SHORTEST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// How long a log is waited for after its run has ended.
const PATIENCE: Duration = Duration::from_secs(600);
/// How soon a Jenkins is asked again that does not let the account read: its login may keep a wrong answer for a while.
const REFUSED_PAUSE: Duration = Duration::from_secs(10);
/// How many lines are told at a time, and about how many bytes.
const MOST_LINES: usize = 500;
const MOST_BYTES: usize = 64 << 10;

/// How far a log was told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct JenkinsTold {
    /// An offset at which a line begins.
    #[serde(rename = "o")]
    base: u64,
    /// How many pieces behind it were told.
    #[serde(rename = "n")]
    pieces: u64,
    /// Whether it was told that the rest is gone.
    #[serde(rename = "g", default, skip_serializing_if = "std::ops::Not::not")]
    gone: bool,
}

/// What there is to tell of a log.
#[derive(Debug)]
pub(crate) enum JenkinsNews {
    /// New lines, and how far is told behind them.
    Lines(Vec<LogLine>, JenkinsTold),
    /// It is told to its end.
    End,
}

/// Follows a log from behind what was told, to its end. An error is told, and tried again when the stream is polled again: soon, or
/// slowly where the account may not read, and once more at the end of the run. A Jenkins that gives no log for ten minutes after that is
/// not waited for any longer.
pub(crate) fn follow_log(
    jenkins: Jenkins,
    masks: Masks,
    from: JenkinsTold,
    life: watch::Receiver<RunLife>,
) -> impl Stream<Item = Result<JenkinsNews, ProviderError>> + Send {
    stream(jenkins, masks, from, Some(life))
}

/// Reads a log from its beginning, as far as there is one now. Ends behind the first error.
pub(crate) fn read_log(
    jenkins: Jenkins,
    masks: Masks,
) -> impl Stream<Item = Result<JenkinsNews, ProviderError>> + Send {
    stream(jenkins, masks, JenkinsTold::default(), None)
}

/// Where in the log it is read.
struct Cursor {
    at: JenkinsTold,
    lines: Lines,
    start: u64,
    known: u64,
}

impl Cursor {
    fn new(at: JenkinsTold, masks: &Masks) -> Self {
        Self { lines: Lines::new(masks, false), start: at.base, known: at.pieces, at }
    }

    /// What of these pieces is new, in portions.
    fn tell(&mut self, pieces: Vec<Piece>) -> Vec<(Vec<LogLine>, JenkinsTold)> {
        let mut portions = Vec::new();
        let (mut lines, mut bytes) = (Vec::new(), 0);
        for piece in pieces {
            if self.known > 0 {
                self.known -= 1;
                continue;
            }
            self.at.pieces += 1;
            bytes += piece.text.len();
            lines.push(piece.into_line());
            if lines.len() >= MOST_LINES || bytes >= MOST_BYTES {
                bytes = 0;
                portions.push((std::mem::take(&mut lines), self.at.clone()));
            }
        }
        if !lines.is_empty() {
            portions.push((lines, self.at.clone()));
        }
        portions
    }

    /// The log is read up to there.
    fn reached(&mut self, next: u64) {
        self.start = next;
        if self.lines.is_at_line_end() && self.known == 0 {
            self.at = JenkinsTold { base: next, ..JenkinsTold::default() };
        }
    }
}

fn stream(
    jenkins: Jenkins,
    masks: Masks,
    from: JenkinsTold,
    mut life: Option<watch::Receiver<RunLife>>,
) -> impl Stream<Item = Result<JenkinsNews, ProviderError>> + Send {
    async_stream::stream! {
        let mut cursor = Cursor::new(from, &masks);
        let mut pause = SHORTEST_PAUSE;
        let mut over_since: Option<Instant> = None;
        loop {
            if cursor.at.gone {
                yield Ok(JenkinsNews::End);
                return;
            }
            let is_over = life.as_mut().is_some_and(|life| *life.borrow_and_update() != RunLife::Live);
            if is_over {
                over_since.get_or_insert_with(Instant::now);
            }
            let is_late = over_since.is_some_and(|since| since.elapsed() > PATIENCE);
            let answer = jenkins.log(cursor.start).await;
            let mut reply = match answer {
                Ok(reply) => reply,
                // There is none yet, or Jenkins has thrown it away.
                Err(ProviderError::NotFound(_)) if life.is_none() => {
                    yield Ok(JenkinsNews::End);
                    return;
                }
                Err(ProviderError::NotFound(_)) if is_over => {
                    cursor.at.gone = true;
                    yield Ok(lost("Jenkins has no log of this run any more: what it held from here on is lost", &cursor.at));
                    continue;
                }
                Err(ProviderError::NotFound(_)) => { sleep(LONGEST_PAUSE).await; continue; }
                Err(error) if is_late => {
                    cursor.at.gone = true;
                    yield Ok(lost(&format!("the rest of the log is lost: {error}"), &cursor.at));
                    continue;
                }
                Err(error) => {
                    let pause = if error.is_transient() { LONGEST_PAUSE } else { REFUSED_PAUSE };
                    yield Err(error);
                    let Some(life) = &mut life else { return };
                    // Nobody tells of an end any more where the follower is gone.
                    let _ = timeout(pause, life.changed()).await;
                    continue;
                }
            };
            if reply.next < cursor.start {
                cursor.at.gone = true;
                yield Ok(lost("Jenkins' log is shorter than it was: what it held from here on is lost", &cursor.at));
                continue;
            }
            let mut is_whole = true;
            let mut has_news = false;
            loop {
                match reply.body.chunk().await {
                    Ok(Some(chunk)) => {
                        let mut pieces = Vec::new();
                        cursor.lines.push(&chunk, &mut pieces);
                        for (lines, at) in cursor.tell(pieces) {
                            has_news = true;
                            yield Ok(JenkinsNews::Lines(lines, at));
                        }
                    }
                    Ok(None) => break,
                    Err(_) => { is_whole = false; break; }
                }
            }
            if !is_whole {
                // Read again from where a line is known to begin.
                cursor = Cursor::new(cursor.at, &masks);
                if life.is_none() {
                    yield Err(ProviderError::Unavailable { message: "the log broke off".to_owned(), retry_after: None, cause: None });
                    return;
                }
                sleep(SHORTEST_PAUSE).await;
                continue;
            }
            if !reply.goes_on || (is_late && !has_news) {
                let mut pieces = Vec::new();
                cursor.lines.finish(&mut pieces);
                for (lines, at) in cursor.tell(pieces) {
                    yield Ok(JenkinsNews::Lines(lines, at));
                }
                yield Ok(JenkinsNews::End);
                return;
            }
            cursor.reached(reply.next);
            if life.is_none() {
                yield Ok(JenkinsNews::End);
                return;
            }
            pause = if has_news { SHORTEST_PAUSE } else { (pause * 2).min(LONGEST_PAUSE) };
            sleep(pause).await;
        }
    }
}

fn lost(why: &str, at: &JenkinsTold) -> JenkinsNews {
    let gap =
        LogLine { stage: None, attempt: 0, stream: LogStream::Gap, at: None, text: why.to_owned(), continued: false };
    JenkinsNews::Lines(vec![gap], at.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told of a log that comes in these parts, by whoever goes on from each token that was given out.
    #[test]
    fn every_token_leads_to_exactly_the_rest() {
        let masks = Masks::default();
        let parts = ["one\ntw", "o\n", "", "thr", "ee\nfour\n", "five"];
        let whole: String = parts.concat();
        let expected = ["one", "two", "three", "four", "five"];
        let mut tokens = vec![(JenkinsTold::default(), 0)];
        let mut cursor = Cursor::new(JenkinsTold::default(), &masks);
        let mut told = Vec::new();
        let mut offset = 0;
        for part in parts {
            let mut pieces = Vec::new();
            cursor.lines.push(part.as_bytes(), &mut pieces);
            for (lines, at) in cursor.tell(pieces) {
                told.extend(lines.into_iter().map(|line| line.text));
                tokens.push((at, told.len()));
            }
            offset += part.len() as u64;
            cursor.reached(offset);
            tokens.push((cursor.at.clone(), told.len()));
        }
        for (token, count) in tokens {
            let mut cursor = Cursor::new(token.clone(), &masks);
            let mut pieces = Vec::new();
            cursor.lines.push(&whole.as_bytes()[cursor.start as usize..], &mut pieces);
            cursor.lines.finish(&mut pieces);
            let rest: Vec<_> =
                cursor.tell(pieces).into_iter().flat_map(|(lines, _)| lines).map(|line| line.text).collect();
            assert_eq!(rest, expected[count..], "{token:?}");
        }
    }
}
