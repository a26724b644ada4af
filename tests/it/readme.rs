//! The README's tour does what it says: its commands are run as they stand there.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use crate::recovery::support::without_settings;

const LONGEST: Duration = Duration::from_secs(300);

/// A server of its own that is gone when this is dropped.
struct Server {
    process: Child,
    address: String,
}

impl Server {
    fn start(data: &Path) -> Self {
        let mut program = Command::new(env!("CARGO_BIN_EXE_alm"));
        without_settings(&mut program);
        let mut process = program
            .arg("serve")
            .env("ALM_DATA_DIR", data)
            .env("ALM_SERVER_BIND", "127.0.0.1:0")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let address =
            lines.map_while(Result::ok).find_map(|line| Some(line.trim().split_once("/#token=")?.0.to_owned()));
        let address = address.expect("the server printed no address");
        Self { process, address }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The shell blocks that follow a `<!-- tour -->`.
fn tour(readme: &str) -> Vec<&str> {
    let blocks = readme.split("<!-- tour -->\n```sh\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap_or_default()).collect()
}

#[test]
fn the_tour_of_the_readme_works() {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let blocks = tour(&readme);
    assert_eq!(blocks.len(), 3, "a block was added or lost its mark");

    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data);
    // Where `alm` is found: as after an installation.
    let program = Path::new(env!("CARGO_BIN_EXE_alm")).parent().unwrap();
    let path = std::env::join_paths(
        std::iter::once(program.to_owned()).chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    )
    .unwrap();
    let mut shell = Command::new("sh");
    without_settings(&mut shell);
    let tour = shell
        .args(["-eu", "-c", &blocks.join("\n")])
        .current_dir(folder.path())
        .env("PATH", path)
        .env("HOME", folder.path())
        .env("ALM_DATA_DIR", &data)
        .env("ALM_URL", &server.address)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Whoever waits for a tour that never ends is told so: without its server it does end.
    let (done, is_done) = mpsc::channel();
    let waiter = thread::spawn(move || done.send(tour.wait_with_output()));
    let output = is_done.recv_timeout(LONGEST).expect("the tour did not come to an end").unwrap();
    waiter.join().unwrap().unwrap();
    let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{complained}");
    for expected in ["✓ build succeeded", "test 5 … ok", "cli/hello #1 succeeded", r#""status":"SUCCEEDED""#] {
        assert!(said.contains(expected), "{expected:?} in\n{said}\n{complained}");
    }
}
