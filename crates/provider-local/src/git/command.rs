//! One run of git: cleared environment, own process group, bounded time and output.

use std::{
    ffi::{OsStr, OsString},
    fs::File,
    process::Stdio,
    sync::Arc,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    process::{Child, Command},
};

use super::{GitError, GitErrorKind, GitSettings, config};

/// The system's git under our rules. Cheap to clone; safe to use from any number of tasks and processes.
#[derive(Debug, Clone)]
pub struct Git {
    pub(super) settings: Arc<GitSettings>,
    variables: Arc<Vec<(OsString, OsString)>>,
    timeout: Duration,
}

/// What a run of git left.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) success: bool,
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: String,
    /// There was more on stdout than was allowed, and git was stopped.
    pub(super) overflow: bool,
}

impl Git {
    /// Prepares git's home folder and configuration.
    ///
    /// # Errors
    /// [`GitError`] when the folder cannot be written or a setting is wrong.
    pub fn new(settings: GitSettings) -> Result<Self, GitError> {
        let variables = config::prepare(&settings)?;
        Ok(Self { timeout: settings.timeout, settings: Arc::new(settings), variables: Arc::new(variables) })
    }

    /// The same git, with another limit on the time of each run.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self { timeout, ..self.clone() }
    }

    /// How it was set up.
    #[must_use]
    pub fn settings(&self) -> &GitSettings {
        &self.settings
    }

    /// git's own version, such as `2.47.3`: shows that it is there.
    ///
    /// # Errors
    /// [`GitErrorKind::ProgramMissing`].
    pub async fn version(&self) -> Result<String, GitError> {
        let output = self.run("its version", self.command().arg("version"), Input::Nothing, 4096).await?;
        let text = String::from_utf8_lossy(&output.stdout);
        match text.split_whitespace().nth(2) {
            Some(version) if output.success => Ok(version.to_owned()),
            _ => Err(GitError::from_words("cannot ask for the version of", "git", &output.stderr)),
        }
    }

    /// A git command with nothing of our own environment.
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.settings.program);
        command.env_clear().envs(self.variables.iter().map(|(n, v)| (n, v))).current_dir(&self.settings.home);
        command
    }

    /// A git command in a repository.
    pub(super) fn in_repository(&self, git_dir: &OsStr) -> Command {
        let mut command = self.command();
        command.env("GIT_DIR", git_dir);
        command
    }

    /// Runs to the end, or kills the whole process group: at the timeout, when `limit` bytes of stdout are passed, and when
    /// the future is dropped.
    pub(super) async fn run(
        &self,
        what: &str,
        command: &mut Command,
        input: Input<'_>,
        limit: usize,
    ) -> Result<Output, GitError> {
        command.stdin(match input {
            Input::Nothing => Stdio::null(),
            Input::Bytes(_) => Stdio::piped(),
            Input::Lock(file) => file.try_clone().map_err(|e| GitError::local("cannot share the lock", &e))?.into(),
        });
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0).kill_on_drop(true);
        let mut child = command.spawn().map_err(|e| missing(&self.settings, &e))?;
        let group = Group::of(&child);
        let finished = tokio::time::timeout(self.timeout, talk(&mut child, input, limit)).await;
        let result = match finished {
            Ok(Ok((stdout, stderr, overflow))) => {
                if overflow {
                    group.kill();
                }
                match tokio::time::timeout(self.timeout, child.wait()).await {
                    Ok(Ok(status)) => Ok(Output { success: status.success(), stdout, stderr, overflow }),
                    Ok(Err(error)) => Err(GitError::local("cannot wait for git", &error)),
                    Err(_) => Err(GitError::timed_out(what, self.timeout)),
                }
            }
            Ok(Err(error)) => Err(GitError::local("cannot talk to git", &error)),
            Err(_) => Err(GitError::timed_out(what, self.timeout)),
        };
        if result.is_ok() {
            group.leave();
        }
        result
    }

    /// Runs, and takes anything but success for an error about `place`.
    pub(super) async fn expect(
        &self,
        what: &str,
        place: &str,
        command: &mut Command,
        input: Input<'_>,
        limit: usize,
    ) -> Result<Vec<u8>, GitError> {
        let output = self.run(what, command, input, limit).await?;
        if output.overflow {
            return Err(GitError::new(
                GitErrorKind::TooLarge,
                format!("{what} {place}: the answer is larger than {limit} bytes"),
            ));
        }
        if output.success { Ok(output.stdout) } else { Err(GitError::from_words(what, place, &output.stderr)) }
    }
}

fn missing(settings: &GitSettings, error: &std::io::Error) -> GitError {
    if error.kind() == std::io::ErrorKind::NotFound {
        GitError::new(
            GitErrorKind::ProgramMissing,
            format!("{} is not there: install git, or set the path of the program", settings.program.display()),
        )
    } else {
        GitError::local("cannot start git", error)
    }
}

/// What git reads.
#[derive(Debug, Clone, Copy)]
pub(super) enum Input<'a> {
    Nothing,
    Bytes(&'a [u8]),
    /// An empty file that is locked: while this git lives the lock is held, even when we are killed.
    Lock(&'a File),
}

type Said = (Vec<u8>, String, bool);

async fn talk(child: &mut Child, input: Input<'_>, limit: usize) -> std::io::Result<Said> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let write = async {
        if let (Some(mut stdin), Input::Bytes(input)) = (stdin, input) {
            // A git that ends before it has read everything has said why on stderr.
            let _ = stdin.write_all(input).await;
        }
    };
    let read = async {
        let mut kept = Vec::new();
        let overflow = match stdout {
            Some(out) => {
                out.take(limit as u64 + 1).read_to_end(&mut kept).await?;
                kept.len() > limit
            }
            None => false,
        };
        kept.truncate(limit);
        Ok::<_, std::io::Error>((kept, overflow))
    };
    let listen = async {
        match stderr {
            Some(err) => tail(err, 16 * 1024).await,
            None => Ok(String::new()),
        }
    };
    let ((), read, said) = tokio::join!(write, read, listen);
    let (stdout, overflow) = read?;
    Ok((stdout, said?, overflow))
}

/// The last bytes of a stream: git says what matters at the end.
async fn tail(mut from: impl AsyncRead + Unpin, keep: usize) -> std::io::Result<String> {
    let mut kept = Vec::new();
    let mut block = vec![0; 8192];
    loop {
        let read = from.read(&mut block).await?;
        if read == 0 {
            return Ok(String::from_utf8_lossy(&kept).into_owned());
        }
        kept.extend_from_slice(&block[..read]);
        if kept.len() > keep {
            kept.drain(..kept.len() - keep);
        }
    }
}

/// The process group of a child; killed when it is dropped before [`leave`](Self::leave).
struct Group(Option<Pid>);

impl Group {
    fn of(child: &Child) -> Self {
        Self(child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw))
    }

    fn kill(&self) {
        if let Some(pid) = self.0 {
            // Gone already is as good as killed.
            let _ = kill_process_group(pid, Signal::KILL);
        }
    }

    fn leave(mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}
