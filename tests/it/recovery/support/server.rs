//! The real program, serving.

use std::{
    fs::File,
    path::Path,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

/// Fails a test that would hang; far above what anything takes.
pub(crate) async fn within<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(120), work).await.expect("this takes too long")
}

/// Asks until there is an answer; fails a test that would hang.
pub(crate) async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let asking = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    match tokio::time::timeout(Duration::from_secs(120), asking).await {
        Ok(answer) => answer,
        Err(_) => panic!("this never happened: {what}"),
    }
}

/// Takes what is meant for the tests, or for a server of the person who runs them, from a program that is started.
pub(crate) fn without_settings(command: &mut std::process::Command) {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("ALM_") || name == "DATABASE_URL" {
            command.env_remove(name);
        }
    }
    // The person's own file of settings is not there either.
    command.env("XDG_CONFIG_HOME", "/nonexistent");
}

/// A server process; killed when it is dropped.
pub(crate) struct Server {
    process: Child,
    stdout: Lines<BufReader<ChildStdout>>,
}

impl Server {
    /// Starts one on this data directory. What it logs is added to `server.log` beside the directory.
    pub(crate) fn spawn(data: &Path, variables: &[(String, String)]) -> Self {
        let log = data.with_file_name("server.log");
        let log = File::options().create(true).append(true).open(log).unwrap();
        // Another build of the program may stand in, to be measured.
        let other = std::env::var_os("ALM_TEST_PROGRAM");
        let mut program = std::process::Command::new(other.unwrap_or_else(|| env!("CARGO_BIN_EXE_alm").into()));
        without_settings(&mut program);
        let mut process = Command::from(program)
            .env("ALM_DATA_DIR", data)
            .env("ALM_SERVER_BIND", "127.0.0.1:0")
            // A disk that stalls under the other tests is no news about any of them.
            .env("ALM_LIMITS_REQUEST_TIMEOUT", "60 s")
            .envs(variables.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let stdout = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, stdout }
    }

    /// Where it answers, once it does; `None` when it ended before.
    pub(crate) async fn address(&mut self) -> Option<String> {
        let read = async {
            while let Ok(Some(line)) = self.stdout.next_line().await {
                // With the token behind it, where that opens anything.
                let line = line.trim();
                if line.starts_with("http://") {
                    return line
                        .split_once("/#token=")
                        .map_or(line.strip_suffix('/'), |(address, _)| Some(address))
                        .map(str::to_owned);
                }
            }
            None
        };
        within(read).await
    }

    pub(crate) fn pid(&self) -> Option<Pid> {
        self.process.id().and_then(|id| Pid::from_raw(id.cast_signed()))
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid().expect("the server has ended by itself"), signal).unwrap();
    }

    /// `kill -9`.
    pub(crate) async fn kill(mut self) {
        self.process.kill().await.unwrap();
    }

    /// How it ended.
    pub(crate) async fn ended(mut self) -> ExitStatus {
        within(self.process.wait()).await.unwrap()
    }
}
