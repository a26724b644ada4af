//! Log lines and facts about logs as the API shows them.

use alm_domain::{Build, BuildId, NumberedLine, StageId, level_of};
use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};

use crate::{
    graphql::{
        ids,
        scalars::{Instant, Int53},
    },
    links::{self, LogForm},
};

/// Facts about the log of a build.
pub(crate) struct LogInfo {
    build: BuildId,
    is_complete: bool,
    line_count: u64,
    byte_size: u64,
}

impl LogInfo {
    pub(crate) fn new(build: &Build, info: Option<alm_store::LogInfo>) -> Self {
        Self {
            build: build.id,
            is_complete: build.is_complete,
            line_count: info.as_ref().map_or(0, |info| info.line_count),
            byte_size: info.as_ref().map_or(0, |info| info.byte_size),
        }
    }
}

/// Facts about the log of a build.
#[Object]
impl LogInfo {
    /// Lines so far.
    async fn line_count(&self) -> Int53 {
        Int53(self.line_count)
    }

    /// Bytes of text so far.
    async fn byte_size(&self) -> Int53 {
        Int53(self.byte_size)
    }

    /// Whether no more lines will come.
    async fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// Path on this server to download the whole log from, with the same bearer token.
    async fn download_path(
        &self,
        _ctx: &Context<'_>,
        #[graphql(desc = "Which form.", default_with = "LogFormat::Plain")] format: LogFormat,
        #[graphql(desc = "Only this stage.")] stage_id: Option<ID>,
    ) -> Result<String> {
        let stage = stage_id.map(|id| ids::argument::<StageId>(&id, "stageId")).transpose()?;
        Ok(links::log_path(self.build, format.into(), stage))
    }
}

/// Forms of a downloaded log.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "LogForm")]
pub(crate) enum LogFormat {
    /// Text without colour codes.
    Plain,
    /// Text as written.
    Ansi,
    /// One JSON object per line.
    Ndjson,
}

/// Span of log lines.
#[derive(SimpleObject)]
pub(crate) struct LogRange {
    /// First line.
    from_seq: Int53,
    /// Last line so far.
    to_seq: Int53,
}

impl From<alm_domain::LogRange> for LogRange {
    fn from(range: alm_domain::LogRange) -> Self {
        Self { from_seq: Int53(range.from.0), to_seq: Int53(range.to.0) }
    }
}

/// One line. Not an entity: never cache it by id.
#[derive(SimpleObject)]
pub(crate) struct LogLine {
    /// Number of the line: counts from 1 within the build and never changes, so it is the permalink.
    seq: Int53,
    /// When it was written; null when the provider does not say.
    at: Option<Instant>,
    /// Which stage wrote it.
    stage_id: Option<ID>,
    /// Which attempt at the stage wrote it; null where there is no stage.
    attempt: Option<u32>,
    /// Which stream it came from.
    stream: LogStream,
    /// Level, when the line states one.
    level: Option<LogLevel>,
    /// Text with SGR colour codes kept, all other control codes removed, carriage-return overwrites folded.
    text: String,
    /// Whether this is the rest of the line before it (lines are split at 64 KiB, never cut).
    continued: bool,
}

impl LogLine {
    pub(crate) fn new(build: BuildId, numbered: &NumberedLine) -> Self {
        let line = &numbered.line;
        Self {
            seq: Int53(numbered.no.0),
            at: line.at.map(Instant::from),
            stage_id: line.stage.as_ref().map(|key| StageId::of(build, key).to_string().into()),
            attempt: line.stage.as_ref().map(|_| line.attempt),
            stream: line.stream.into(),
            level: level_of(&line.text).map(LogLevel::from),
            text: line.text.clone(),
            continued: line.continued,
        }
    }
}

/// Streams of a process.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "alm_domain::LogStream")]
pub(crate) enum LogStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
    /// Words of the service or the provider about the build.
    System,
    /// Not a line but a hole in the source: the engine could not give what was here; the text says why.
    Gap,
}

/// Levels of a line.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "alm_domain::LogLevel")]
pub(crate) enum LogLevel {
    /// Detail.
    Debug,
    /// Normal.
    Info,
    /// Worth a look.
    Warning,
    /// Bad.
    Error,
}
