//! What lines say about themselves.

use alm_domain::{Capability, LogStream};

use crate::conformance::{
    Scenario,
    stand::{Stand, Verdict, ensure, fail},
};

pub(super) async fn lines_name_their_stage(stand: &Stand<'_>) -> Verdict {
    stand.needs(Capability::StageLog)?;
    let (_, told) = stand.through(Scenario::Pipeline).await?;
    let lines = told.lines();
    for name in ["first", "left", "right", "last"] {
        let (key, text) = (told.key_of(name)?, format!("hello from {name}"));
        let Some(line) = lines.iter().find(|line| line.text == text) else {
            return fail(format!("the line {text:?} is missing"));
        };
        ensure(line.stage.as_ref() == Some(&key), || format!("{text:?} is told as a line of {:?}", line.stage))?;
        ensure(line.attempt == 1, || format!("{text:?} is told as a line of attempt {}, not 1", line.attempt))?;
    }
    Ok(())
}

pub(super) async fn output_and_error_are_told_apart(stand: &Stand<'_>) -> Verdict {
    stand.needs(Capability::LogStreams)?;
    let (_, told) = stand.through(Scenario::TwoStreams).await?;
    let lines = told.lines();
    for (text, stream) in [("out", LogStream::Stdout), ("err", LogStream::Stderr)] {
        let Some(line) = lines.iter().find(|line| line.text == text) else {
            return fail(format!("the line {text:?} is missing"));
        };
        ensure(line.stream == stream, || format!("{text:?} is told as {:?}, not {stream:?}", line.stream))?;
    }
    Ok(())
}

pub(super) async fn lines_have_their_time(stand: &Stand<'_>) -> Verdict {
    stand.needs(Capability::LogTimestamps)?;
    let (_, told) = stand.through(Scenario::PlainSuccess).await?;
    let lines = told.lines();
    ensure(!lines.is_empty(), || "no line was told".to_owned())?;
    let without = lines.iter().find(|line| line.stream != LogStream::Gap && line.at.is_none());
    ensure(without.is_none(), || format!("the line {:?} has no time", without.map(|line| &line.text)))
}
