//! The whole configuration that git sees: a file of our own, since the children that git starts for local repositories would
//! lose settings given on the command line or by `GIT_CONFIG_COUNT`.

use std::{ffi::OsString, fs, os::unix::fs::PermissionsExt, path::Path};

use super::{GitError, GitErrorKind, GitSettings, url::Transport};

/// Writes the configuration; gives the variables that make git use it, and nothing else.
pub(super) fn prepare(settings: &GitSettings) -> Result<Vec<(OsString, OsString)>, GitError> {
    let home = &settings.home;
    fs::create_dir_all(home).map_err(|e| GitError::local("cannot make git's home folder", &e))?;
    let home = &home.canonicalize().map_err(|e| GitError::local("cannot find git's home folder", &e))?;
    let file = home.join("gitconfig");
    write_atomically(&file, &text(settings)?)?;
    let mut variables: Vec<(OsString, OsString)> = [
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_ATTR_NOSYSTEM", "1"),
        ("GIT_TERMINAL_PROMPT", "0"),
        ("GIT_ASKPASS", "true"),
        ("SSH_ASKPASS", "true"),
        ("SSH_ASKPASS_REQUIRE", "never"),
        ("GIT_OPTIONAL_LOCKS", "0"),
        ("GIT_LITERAL_PATHSPECS", "1"),
        ("GIT_NO_LAZY_FETCH", "1"),
        ("GIT_NO_REPLACE_OBJECTS", "1"),
        ("GIT_ADVICE", "0"),
        ("GIT_PAGER", "cat"),
        ("GIT_EDITOR", "true"),
        ("GIT_SSH_VARIANT", "ssh"),
        ("LC_ALL", "C.UTF-8"),
        ("TZ", "UTC"),
    ]
    .into_iter()
    .map(|(name, value)| (name.into(), value.into()))
    .collect();
    let mut set = |name: &str, value: OsString| variables.push((name.into(), value));
    set("PATH", settings.search_path.clone());
    set("HOME", home.into());
    set("XDG_CONFIG_HOME", home.into());
    set("GIT_CONFIG_GLOBAL", file.into());
    set("GIT_ALLOW_PROTOCOL", protocols(settings).join(":").into());
    set("GIT_SSH_COMMAND", ssh_command(settings, home)?.into());
    if let Some(agent) = &settings.ssh.agent {
        set("SSH_AUTH_SOCK", agent.into());
    }
    Ok(variables)
}

fn protocols(settings: &GitSettings) -> Vec<&'static str> {
    let policy = settings.policy;
    let mut allowed = vec!["https"];
    if policy.allow_http || policy.allow_local {
        allowed.push("http");
    }
    if policy.allow_ssh {
        allowed.push("ssh");
    }
    if policy.allow_local {
        allowed.push("file");
    }
    allowed
}

/// Only the transport of the address itself: a redirect must not lead to another one.
pub(super) fn only(transport: Transport) -> &'static str {
    match transport {
        Transport::Https => "https",
        Transport::Http => "http:https",
        Transport::Ssh => "ssh",
        Transport::File => "file",
    }
}

fn text(settings: &GitSettings) -> Result<String, GitError> {
    // `core.hooksPath` and `core.attributesFile` lead nowhere; filters exist only where a configuration defines them, and
    // this one does not. Packs and maintenance stay in the foreground, so that nothing outlives its call.
    let mut text = String::from(
        "[core]\n\thooksPath = /dev/null\n\tfsmonitor = false\n\tattributesFile = /dev/null\n\texcludesFile = /dev/null\n\
         \tautocrlf = false\n\tprotectHFS = true\n\tprotectNTFS = true\n\taskPass = true\n\
         [protocol]\n\tallow = never\n\tversion = 2\n",
    );
    for protocol in protocols(settings) {
        text.push_str(&format!("[protocol \"{protocol}\"]\n\tallow = always\n"));
    }
    text.push_str(
        "[submodule]\n\trecurse = false\n[fetch]\n\trecurseSubmodules = false\n\tfsckObjects = false\n\
         [gc]\n\tauto = 0\n\tautoDetach = false\n[maintenance]\n\tauto = false\n\tautoDetach = false\n\
         [init]\n\tdefaultBranch = main\n[advice]\n\tdetachedHead = false\n[log]\n\tshowSignature = false\n\
         [uploadpack]\n\tallowAnySHA1InWant = true\n\
         [credential]\n\thelper =\n\
         [http]\n\tlowSpeedLimit = 100\n\tlowSpeedTime = 60\n",
    );
    if settings.policy.allow_local {
        // Repositories of other accounts are read, never run: upload-pack takes no hook from them.
        text.push_str("[safe]\n\tdirectory = *\n");
    }
    if let Some(credentials) = &settings.credentials {
        let host = &credentials.host;
        if host.is_empty() || !host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_:[]".contains(&b)) {
            return Err(refused("the host of the git credentials is not a host name: write host or host:port"));
        }
        let meta =
            fs::metadata(&credentials.file).map_err(|e| GitError::local("cannot read the git credentials file", &e))?;
        if meta.permissions().mode() & 0o077 != 0 {
            return Err(refused("the git credentials file can be read by others: set its mode to 0600"));
        }
        // Only `get` is passed on: git would otherwise remove credentials from the file when a host refuses them once.
        let helper = format!(
            "!f() {{ test \"$1\" = get || exit 0; exec git credential-store --file={} get; }}; f",
            shell_quoted(&credentials.file)?
        );
        let helper = helper.replace('\\', "\\\\").replace('"', "\\\"");
        text.push_str(&format!(
            "[credential \"https://{host}\"]\n\thelper = \"{helper}\"\n[http \"https://{host}\"]\n\tfollowRedirects = false\n"
        ));
    }
    Ok(text)
}

fn ssh_command(settings: &GitSettings, home: &Path) -> Result<String, GitError> {
    let ssh = &settings.ssh;
    let mut command = String::from(
        "ssh -F /dev/null -o BatchMode=yes -o PermitLocalCommand=no -o ProxyCommand=none -o ClearAllForwardings=yes \
         -o ForwardAgent=no -o ForwardX11=no -o ConnectTimeout=20 -o ServerAliveInterval=15 -o ServerAliveCountMax=4 \
         -o GlobalKnownHostsFile=/etc/ssh/ssh_known_hosts -o IdentitiesOnly=yes",
    );
    let mut option = |name: &str, value: &str| {
        command.push_str(&format!(" -o {name}={value}"));
    };
    match &ssh.known_hosts {
        Some(file) => {
            option("StrictHostKeyChecking", "yes");
            option("UserKnownHostsFile", &ssh_quoted(file)?);
        }
        None => {
            option("StrictHostKeyChecking", "accept-new");
            option("UserKnownHostsFile", &ssh_quoted(&home.join("known_hosts"))?);
        }
    }
    match &ssh.identity_file {
        Some(file) => option("IdentityFile", &ssh_quoted(file)?),
        None if ssh.agent.is_some() => option("IdentitiesOnly", "no"),
        None => option("IdentityFile", "none"),
    }
    if ssh.agent.is_none() {
        option("IdentityAgent", "none");
    }
    Ok(command)
}

/// A path for an option of ssh, inside a shell command: ssh splits at blanks and expands `%`, the shell does the rest.
fn ssh_quoted(path: &Path) -> Result<String, GitError> {
    let text = plain(path)?;
    if text.contains(['"', '\\', '$']) {
        return Err(refused(
            "a path of the ssh settings holds a quote, a backslash or a dollar sign: use another path",
        ));
    }
    Ok(format!("'\"{}\"'", text.replace('%', "%%").replace('\'', "'\\''")))
}

fn shell_quoted(path: &Path) -> Result<String, GitError> {
    Ok(format!("'{}'", plain(path)?.replace('\'', "'\\''")))
}

fn plain(path: &Path) -> Result<&str, GitError> {
    match path.to_str() {
        Some(text) if path.is_absolute() && !text.chars().any(char::is_control) => Ok(text),
        _ => Err(refused("a path of the git settings is not absolute, or not plain text: use another path")),
    }
}

fn refused(message: &str) -> GitError {
    GitError::new(GitErrorKind::Refused, message)
}

/// Another process may be starting a git with this very file: it must see the old text or the new one.
fn write_atomically(file: &Path, text: &str) -> Result<(), GitError> {
    if fs::read(file).is_ok_and(|old| old == text.as_bytes()) {
        return Ok(());
    }
    let fresh = file.with_extension(format!("{}", std::process::id()));
    fs::write(&fresh, text)
        .and_then(|()| fs::rename(&fresh, file))
        .map_err(|e| GitError::local("cannot write git's configuration", &e))
}
