//! A build in a terminal.

use std::{
    borrow::Cow,
    collections::HashMap,
    io::{self, Write},
};

use alm_domain::strip_sgr;

use crate::cli::client::{ApprovalView, BuildView, LineView, StageView, Started, Status};

const WIDEST_NAME: usize = 24;
const RESET: &str = "\x1b[0m";
const DIM: &str = "\x1b[2m";
/// Told apart on dark and on light; red, green and yellow mean something already.
const PALETTE: [&str; 4] = ["\x1b[36m", "\x1b[35m", "\x1b[34m", "\x1b[96m"];

/// Writes what happens to a build as it happens: a line when a stage changes its state, and every line of the log behind the
/// name of its stage. Colours only where they are wanted; without them no escape sequence is written at all.
#[derive(Debug)]
pub struct Renderer<W> {
    out: W,
    colour: bool,
    build: Option<(i64, String)>,
    stages: HashMap<String, Stage>,
    width: usize,
    name: String,
}

#[derive(Debug)]
struct Stage {
    revision: i64,
    name: String,
    status: Status,
    position: i64,
    asked: Option<String>,
}

impl<W: Write> Renderer<W> {
    /// A renderer onto this terminal or file.
    pub fn new(out: W, colour: bool) -> Self {
        Self { out, colour, build: None, stages: HashMap::new(), width: 0, name: String::new() }
    }

    /// The build was started.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn began(&mut self, service: &str, build: &Started) -> io::Result<()> {
        self.name = format!("{} #{}", clean(service), build.number);
        self.say("", &format!("Build {} ({})", self.name, clean(&build.id)))?;
        for awaited in &build.waits_for {
            let (name, url) = (clean(&awaited.environment.display_name), clean(&awaited.environment.url));
            self.say("\x1b[33m", &format!("? waits for an account at {name}: {}", clean(&awaited.message)))?;
            self.say(
                "\x1b[33m",
                &format!("    connect yours to {url} in the project's environments; the build goes on by itself"),
            )?;
        }
        Ok(())
    }

    /// The build or some of its stages changed. What is older than what was told already is left out.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn changed(&mut self, build: &BuildView, stages: &[StageView]) -> io::Result<()> {
        let mut stages: Vec<_> = stages.iter().collect();
        stages.sort_by_key(|stage| stage.position);
        // All of them first: the widest name sets the margin of the log.
        for stage in &stages {
            self.width = self.width.max(clean(&stage.name).chars().count().min(WIDEST_NAME));
        }
        for stage in stages {
            self.stage(stage)?;
        }
        let newest = self.build.as_ref().is_none_or(|(revision, _)| build.revision >= *revision);
        if newest {
            let text = with_reason(format!("build {}", build.status.words()), build.status_reason.as_deref());
            let told = self.build.replace((build.revision, text.clone()));
            // How it ended is said at the very end, behind the last line of its log.
            if !build.status.is_terminal() && told.is_none_or(|(_, told)| told != text) {
                self.mark(build.status, &text)?;
            }
        }
        self.out.flush()
    }

    /// Lines of the log.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn lines(&mut self, lines: &[LineView]) -> io::Result<()> {
        for line in lines {
            let stage = line.stage_id.as_ref().and_then(|id| self.stages.get(id));
            let (name, colour) = stage.map_or(("", DIM), |stage| {
                let index = usize::try_from(stage.position).unwrap_or(0) % PALETTE.len();
                (stage.name.as_str(), PALETTE[index])
            });
            let bar = if line.continued { '┆' } else { '│' };
            let margin = format!("{:width$} {bar} ", cut(name), width = self.width);
            let text = printable(&line.text);
            if self.colour {
                let dim = if line.stream == "SYSTEM" { DIM } else { "" };
                writeln!(self.out, "{colour}{margin}{RESET}{dim}{text}{RESET}")?;
            } else {
                writeln!(self.out, "{margin}{}", strip_sgr(&text))?;
            }
        }
        self.out.flush()
    }

    /// Something about following it, not about the build itself.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn note(&mut self, text: &str) -> io::Result<()> {
        self.say(DIM, &format!("· {}", clean(text)))
    }

    /// How the build stands, when nothing more is told of it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn ended(&mut self, build: &BuildView) -> io::Result<()> {
        let took = build.duration.map(|ms| format!(" in {}", took(ms))).unwrap_or_default();
        let text = format!("{} {}{took}", self.name, build.status.words());
        self.mark(build.status, &with_reason(text, build.status_reason.as_deref()))?;
        self.out.flush()
    }

    fn stage(&mut self, stage: &StageView) -> io::Result<()> {
        let known = self.stages.get(&stage.id);
        if known.is_some_and(|known| known.revision > stage.revision) {
            return Ok(());
        }
        let changed = known.is_none_or(|known| known.status != stage.status);
        let asked = known.and_then(|known| known.asked.clone());
        let ask = stage.approval.as_ref().filter(|a| a.status == "PENDING" && asked.as_ref() != Some(&a.id));
        let name = clean(&stage.name).into_owned();
        // Frames only group others, and what was never reached needs no line.
        let frame = matches!(stage.kind.as_str(), "SEQUENCE" | "PARALLEL" | "MATRIX");
        if changed && !frame && !matches!(stage.status, Status::Planned | Status::Queued) {
            let took = stage.duration.filter(|_| stage.status.is_terminal()).map(|ms| format!(" in {}", took(ms)));
            let text = format!("{name} {}{}", stage.status.words(), took.unwrap_or_default());
            self.mark(stage.status, &with_reason(text, stage.status_reason.as_deref()))?;
        }
        if let Some(approval) = ask {
            self.ask(&name, approval)?;
        }
        let asked = ask.map(|approval| approval.id.clone()).or(asked);
        let (revision, status, position) = (stage.revision, stage.status, stage.position);
        self.stages.insert(stage.id.clone(), Stage { revision, name, status, position, asked });
        Ok(())
    }

    fn ask(&mut self, stage: &str, approval: &ApprovalView) -> io::Result<()> {
        let inputs: String = approval.parameters.iter().map(|p| format!(" --param {}=…", clean(&p.name))).collect();
        let id = clean(&approval.id);
        self.say("\x1b[33m", &format!("? {stage} asks: {}", clean(&approval.message)))?;
        self.say("\x1b[33m", &format!("    yes: alm decide {id} approve{inputs}"))?;
        self.say("\x1b[33m", &format!("    no:  alm decide {id} reject"))
    }

    fn mark(&mut self, status: Status, text: &str) -> io::Result<()> {
        let (sign, colour) = match status {
            Status::Succeeded => ('✓', "\x1b[32m"),
            Status::Unstable => ('!', "\x1b[33m"),
            Status::Failed | Status::Errored => ('✗', "\x1b[31m"),
            Status::Cancelled | Status::Cancelling => ('■', "\x1b[33m"),
            Status::Skipped => ('-', DIM),
            Status::WaitingForApproval | Status::WaitingForCredential => ('?', "\x1b[33m"),
            _ => ('▸', "\x1b[1m"),
        };
        self.say(colour, &format!("{sign} {text}"))
    }

    fn say(&mut self, colour: &str, text: &str) -> io::Result<()> {
        if self.colour && !colour.is_empty() {
            writeln!(self.out, "{colour}{text}{RESET}")
        } else {
            writeln!(self.out, "{text}")
        }
    }
}

fn with_reason(text: String, reason: Option<&str>) -> String {
    match reason {
        Some(reason) if !reason.is_empty() => format!("{text}: {}", clean(reason)),
        _ => text,
    }
}

/// Without any control character: nothing that a server says may drive the terminal.
fn clean(text: &str) -> Cow<'_, str> {
    if text.contains(char::is_control) {
        Cow::Owned(text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// Text of a log: colours stay, every other control sequence goes, whatever the server let through.
fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(|c: char| c.is_control() && c != '\t') {
        return Cow::Borrowed(text);
    }
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let sgr = rest.strip_prefix("\x1b[").and_then(|sequence| {
            let end = sequence.find(|c: char| !matches!(c, '0'..='9' | ';' | ':'))?;
            sequence[end..].starts_with('m').then_some(2 + end + 1)
        });
        let taken = sgr.unwrap_or(c.len_utf8());
        if sgr.is_some() || c == '\t' || !c.is_control() {
            kept.push_str(&rest[..taken]);
        }
        rest = &rest[taken..];
    }
    Cow::Owned(kept)
}

fn cut(name: &str) -> String {
    if name.chars().count() <= WIDEST_NAME {
        name.to_owned()
    } else {
        name.chars().take(WIDEST_NAME - 1).chain(['…']).collect()
    }
}

fn took(milliseconds: f64) -> String {
    // Figures for people; a server's nonsense becomes 0.
    let seconds = if milliseconds.is_finite() { (milliseconds / 1000.0).max(0.0) } else { 0.0 };
    if seconds < 60.0 {
        return format!("{seconds:.1} s");
    }
    let (minutes, seconds) = ((seconds / 60.0).floor(), seconds % 60.0);
    if minutes < 60.0 {
        format!("{minutes} min {seconds:.0} s")
    } else {
        format!("{} h {} min", (minutes / 60.0).floor(), minutes % 60.0)
    }
}

#[cfg(test)]
#[path = "render_tests.rs"]
mod tests;
