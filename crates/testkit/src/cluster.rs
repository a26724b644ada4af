//! A private PostgreSQL server for this process.

use std::{
    env, fs,
    io::{BufRead, BufReader, Read},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::OnceLock,
};

/// Starts a server, says where its socket is, and ends it when its standard input is closed: when the test process has ended,
/// in whatever way.
const SCRIPT: &str = r#"
set -eu
dir=$(mktemp -d /tmp/alm-postgres-XXXXXX)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM HUP
mkdir "$dir/socket"
"$1/initdb" -D "$dir/data" -U alm -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$dir/log" 2>&1 || { cat "$dir/log" >&2; exit 1; }
"$1/postgres" -D "$dir/data" -k "$dir/socket" -c listen_addresses= -c fsync=off -c max_connections=300 >>"$dir/log" 2>&1 &
server=$!
tries=0
until "$1/pg_isready" -q -h "$dir/socket"; do
    tries=$((tries + 1))
    { [ "$tries" -lt 1200 ] && kill -0 "$server" 2>/dev/null; } || { cat "$dir/log" >&2; exit 1; }
    sleep 0.05
done
echo "$dir/socket"
read -r _ || true
kill -INT "$server"
wait "$server" || true
"#;

/// The server of this process.
struct Cluster {
    url: String,
    /// Closed when the process ends, which ends the server.
    _lifeline: ChildStdin,
    _child: Child,
}

/// The address of a server on which databases can be created, or why there is none.
pub(crate) fn server_url() -> Result<String, String> {
    static CLUSTER: OnceLock<Result<Cluster, String>> = OnceLock::new();
    if let Ok(url) = env::var("ALM_TEST_DATABASE_URL") {
        return Ok(url);
    }
    CLUSTER.get_or_init(start).as_ref().map(|cluster| cluster.url.clone()).map_err(Clone::clone)
}

fn start() -> Result<Cluster, String> {
    let bin = binaries().ok_or("no PostgreSQL is installed (initdb is neither in PATH nor in /usr/lib/postgresql)")?;
    let mut child = as_somebody_else()?
        .args(["sh", "-c", SCRIPT, "postgres"])
        .arg(&bin)
        .current_dir("/")
        // What is sent to the tests by the terminal must not end the server before them.
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| format!("PostgreSQL cannot be started: {e}"))?;
    let (Some(lifeline), Some(stdout), Some(mut stderr)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err("PostgreSQL was started without pipes".to_owned());
    };
    let mut socket = String::new();
    BufReader::new(stdout).read_line(&mut socket).map_err(|e| format!("PostgreSQL says nothing: {e}"))?;
    let socket = socket.trim();
    if socket.is_empty() {
        let mut why = String::new();
        // What it said before it ended is all that there is.
        let _ = stderr.read_to_string(&mut why);
        return Err(format!("PostgreSQL did not start: {why}"));
    }
    Ok(Cluster { url: format!("postgres://alm@localhost/postgres?host={socket}"), _lifeline: lifeline, _child: child })
}

/// PostgreSQL refuses to run as root: then it runs as the user `postgres`.
fn as_somebody_else() -> Result<Command, String> {
    let is_root = fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    if !is_root {
        return Ok(Command::new("env"));
    }
    let wrapper = ["setpriv", "runuser"].into_iter().find(|tool| in_path(tool).is_some());
    match wrapper {
        Some("setpriv") => {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
            Ok(command)
        }
        Some(_) => {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]);
            Ok(command)
        }
        None => Err("PostgreSQL does not run as root, and there is neither setpriv nor runuser".to_owned()),
    }
}

/// A folder with all that is needed: of the one in PATH, or else of the newest.
fn binaries() -> Option<PathBuf> {
    let in_path = in_path("initdb").and_then(|initdb| {
        // Distributions link single programs into PATH: the others lie next to the real one.
        let real = initdb.canonicalize().ok()?;
        [real.parent()?, initdb.parent()?].into_iter().find(|dir| is_complete(dir)).map(Path::to_path_buf)
    });
    if in_path.is_some() {
        return in_path;
    }
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            Some((path.file_name()?.to_str()?.parse().ok()?, path.join("bin")))
        })
        .filter(|(_, bin)| is_complete(bin))
        .collect();
    versions.sort();
    versions.pop().map(|(_, bin)| bin)
}

fn is_complete(bin: &Path) -> bool {
    ["initdb", "postgres", "pg_isready"].into_iter().all(|program| bin.join(program).exists())
}

fn in_path(program: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|dir| dir.join(program)).find(|path| path.exists())
}
