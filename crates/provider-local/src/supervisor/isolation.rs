//! What a step's command is wrapped into.

use std::{
    collections::BTreeMap,
    env, fs,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use alm_domain::{ReasonCode, StatusReason};

use crate::options::Isolation;

/// A step before it is wrapped.
#[derive(Debug)]
pub(crate) struct Bare<'a> {
    /// Shell and its options.
    pub(crate) shell: &'a [String],
    pub(crate) script: &'a Path,
    pub(crate) env: &'a BTreeMap<String, String>,
    /// Where it runs.
    pub(crate) directory: &'a Path,
    /// What it may write: its work tree, its home, its temporary files.
    pub(crate) writable: &'a [&'a Path],
    /// What it may only read, although it lies where everything is hidden.
    pub(crate) readable: &'a [&'a Path],
    /// What a sandbox hides.
    pub(crate) hidden: &'a [PathBuf],
    /// Names a container.
    pub(crate) name: &'a str,
    /// Where the variables of a container are written.
    pub(crate) env_file: &'a Path,
}

/// A step as it is run.
#[derive(Clone)]
pub(crate) struct Wrapped {
    pub(crate) command: Vec<String>,
    pub(crate) stop_command: Vec<String>,
    pub(crate) env: BTreeMap<String, String>,
}

/// Wraps a step as its stage and the settings want it.
///
/// # Errors
/// When what is needed is not installed; with the remedy.
pub(crate) fn wrap(bare: &Bare<'_>, image: Option<&str>, isolation: Isolation) -> Result<Wrapped, StatusReason> {
    match (image, isolation) {
        (Some(image), _) => container(bare, image),
        (None, Isolation::Sandbox) => sandbox(bare),
        (None, Isolation::None) => {
            let shell = bare.shell.first().map_or("", String::as_str);
            if !Path::new(shell).exists() {
                return Err(missing(format!(
                    "the shell {shell} is not installed: install it, or change the setting `shell`"
                )));
            }
            Ok(Wrapped { command: shell_command(bare), stop_command: Vec::new(), env: bare.env.clone() })
        }
    }
}

fn sandbox(bare: &Bare<'_>) -> Result<Wrapped, StatusReason> {
    let Some(program) = find("bwrap") else {
        return Err(missing(
            "bubblewrap is not installed: install the package `bubblewrap`, or set `isolation` to NONE".to_owned(),
        ));
    };
    let mut command = vec![program];
    let mut add = |words: &[&str]| command.extend(words.iter().map(|word| (*word).to_owned()));
    add(&["--die-with-parent", "--unshare-pid", "--unshare-ipc", "--unshare-uts"]);
    add(&["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp"]);
    let home = env::var_os("HOME").map(PathBuf::from).filter(|home| home.is_absolute() && home.parent().is_some());
    for hidden in bare.hidden.iter().chain(&home).filter(|path| path.is_dir()) {
        add(&["--tmpfs", &hidden.to_string_lossy()]);
    }
    for path in bare.readable {
        add(&["--ro-bind", &path.to_string_lossy(), &path.to_string_lossy()]);
    }
    for path in bare.writable {
        add(&["--bind", &path.to_string_lossy(), &path.to_string_lossy()]);
    }
    add(&["--chdir", &bare.directory.to_string_lossy(), "--"]);
    command.extend(shell_command(bare));
    Ok(Wrapped { command, stop_command: Vec::new(), env: bare.env.clone() })
}

fn container(bare: &Bare<'_>, image: &str) -> Result<Wrapped, StatusReason> {
    let Some((engine, is_podman)) = find("podman").map(|p| (p, true)).or_else(|| find("docker").map(|p| (p, false)))
    else {
        return Err(missing(format!(
            "the stage wants to run in the image {image}, and neither podman nor docker is installed: install one of them, or \
             take `image` out of the stage"
        )));
    };
    let mut command = vec![engine.clone(), "run".to_owned()];
    let mut add = |words: &[&str]| command.extend(words.iter().map(|word| (*word).to_owned()));
    // Without a time to stop, removing it by force ends it at once.
    add(&["--rm", "--stop-timeout=0", "--name", bare.name, "--workdir", &bare.directory.to_string_lossy()]);
    let (user, group) = (rustix::process::geteuid(), rustix::process::getegid());
    if is_podman && !user.is_root() {
        add(&["--userns=keep-id"]);
    } else {
        add(&["--user", &format!("{}:{}", user.as_raw(), group.as_raw())]);
    }
    for path in bare.writable {
        add(&["--volume", &format!("{0}:{0}", path.display())]);
    }
    for path in bare.readable {
        add(&["--volume", &format!("{0}:{0}:ro", path.display())]);
    }
    // The engine's client runs outside of the container: nothing that a pipeline says may be a variable of the client.
    let mut lines = String::new();
    // The image has a PATH of its own.
    for (name, value) in bare.env.iter().filter(|(name, _)| !matches!(name.as_str(), "PATH" | "LANG")) {
        let variable = format!("{name}={value}");
        if fits_a_line(&variable) {
            lines.extend([variable.as_str(), "\n"]);
        } else {
            add(&["--env", &variable]);
        }
    }
    write_anew(bare.env_file, &lines)
        .map_err(|cause| StatusReason::new(ReasonCode::Other, format!("cannot write the step's variables: {cause}")))?;
    add(&["--env-file", &bare.env_file.to_string_lossy()]);
    let client = ["PATH", "HOME", "XDG_RUNTIME_DIR", "DOCKER_HOST", "CONTAINER_HOST"];
    let env = client.into_iter().filter_map(|name| Some((name.to_owned(), env::var(name).ok()?))).collect();
    add(&["--entrypoint", bare.shell.first().map_or("/bin/sh", String::as_str), "--", image]);
    command.extend(bare.shell.iter().skip(1).cloned());
    command.push(bare.script.to_string_lossy().into_owned());
    let stop_command = ["rm", "--force", bare.name].map(str::to_owned);
    Ok(Wrapped { command, stop_command: std::iter::once(engine).chain(stop_command).collect(), env })
}

/// Whether a file of variables can hold this one: it has a line for each, and engines read no longer ones than 64 KiB.
fn fits_a_line(variable: &str) -> bool {
    variable.len() < 32 * 1024 && !variable.contains(['\n', '\r'])
}

fn write_anew(path: &Path, text: &str) -> io::Result<()> {
    fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?.write_all(text.as_bytes())
}

fn shell_command(bare: &Bare<'_>) -> Vec<String> {
    bare.shell.iter().cloned().chain([bare.script.to_string_lossy().into_owned()]).collect()
}

/// Where a program is on our own path.
pub(crate) fn find(program: &str) -> Option<String> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|directory| directory.join(program))
        .find(|candidate| candidate.is_absolute() && candidate.is_file())
        .map(|candidate| candidate.to_string_lossy().into_owned())
}

fn missing(message: String) -> StatusReason {
    StatusReason::new(ReasonCode::RuntimeUnavailable, message)
}
