//! Stages that run in an image: with a stand-in for the engine everywhere, and with a real one where one works.

use std::{
    env, fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::{Command, Output},
};

use alm_build_spi::{Access, BuildProvider};
use alm_domain::{ReasonCode, RunStatus};

use crate::support::{Rig, nothing_is_left, skipped};

const IMAGE: &str = "localhost/alm-story:latest";

/// Where a program is.
fn find(program: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|directory| directory.join(program)).find(|path| path.is_file())
}

fn write_program(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// A rig whose supervisors find git, the usual tools, and of the engines only those that the test puts into `programs`.
fn rig(pipeline: &str) -> (Rig, PathBuf) {
    let mut rig = Rig::new(pipeline);
    let programs = rig.path("programs");
    fs::create_dir(&programs).unwrap();
    for tool in ["git", "sh", "cat", "sleep", "env", "touch"] {
        symlink(find(tool).unwrap(), programs.join(tool)).unwrap();
    }
    rig.programs = Some(programs.clone().into_os_string());
    rig.open();
    (rig, programs)
}

/// Notes how it is called, and runs the script itself, with the variables of the file and no others.
const STAND_IN: &str = r#"#!/bin/sh
here=HERE
printf '%s\n' "$@" > "$here/$1-arguments"
env > "$here/$1-environment"
case $1 in
rm) exit 0 ;;
esac
while [ $# -gt 0 ]; do
  case $1 in --env-file) file=$2 ;; --workdir) cd "$2" ;; esac
  script=$1
  shift
done
[ -e "$here/refuse" ] && { echo 'Error: no such image' >&2; exit 125; }
exec env -i PATH=/usr/bin:/bin $(cat "$file") /bin/sh -e "$script"
"#;

fn with_stand_in(pipeline: &str, name: &str) -> Rig {
    let (rig, programs) = rig(pipeline);
    let here = rig.home.path().to_str().unwrap();
    write_program(&programs.join(name), &STAND_IN.replace("HERE", here));
    rig
}

fn lines(rig: &Rig, file: &str) -> Vec<String> {
    fs::read_to_string(rig.path(file)).unwrap().lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn an_image_without_an_engine_is_an_error_with_the_remedy() {
    let (rig, _) = rig("stages:\n  a:\n    image: alpine:3\n    run: echo hi\n");
    let told = rig.build().await;
    assert_eq!(
        (told.status(), told.code("a")),
        (RunStatus::Errored, Some(ReasonCode::RuntimeUnavailable)),
        "{told:#?}"
    );
    assert!(told.why().1.contains("neither podman nor docker is installed: install one of them"), "{:?}", told.why());
}

#[tokio::test]
async fn the_engine_is_told_what_a_step_needs_and_nothing_of_the_pipeline_reaches_its_client() {
    let rig = with_stand_in(
        "env: {LD_PRELOAD: /evil.so, DOCKER_HOST: tcp://evil, TWO: \"one\\ntwo\"}\nrun: echo \"at $ALM_BUILD_NUMBER\"; exit 7\nimage: alpine:3\n",
        "podman",
    );
    let run = rig.start().await;
    let told = rig.told(&run).await;
    assert_eq!((told.status(), told.why().0), (RunStatus::Failed, Some(ReasonCode::CommandFailed)), "{told:#?}");
    assert!(told.why().1.contains("ended with status 7"), "{:?}", told.why());
    assert!(told.output().contains(&"at 7"), "{:?}", told.output());

    let arguments = lines(&rig, "run-arguments").join(" ");
    let name = format!("alm-{}-0-1-1", run.0);
    let work = rig.path("work").canonicalize().unwrap().join(&run.0).display().to_string();
    for wanted in [
        format!("run --rm --stop-timeout=0 --name {name} --workdir {work}/trees/0-1 "),
        format!("--volume {work}/trees/0-1:{work}/trees/0-1 "),
        format!("--volume {work}/home:{work}/home --volume {work}/tmp:{work}/tmp "),
        format!("--volume {work}/scripts:{work}/scripts:ro "),
        "--env TWO=one two ".to_owned(),
    ] {
        assert!(arguments.contains(&wanted), "{wanted}\n{arguments}");
    }
    assert!(
        arguments.ends_with(&format!("--entrypoint /bin/sh -- alpine:3 -e {work}/scripts/0-1-1.sh")),
        "{arguments}"
    );
    assert!(arguments.contains("--user ") != arguments.contains("--userns=keep-id"), "{arguments}");
    let environment = lines(&rig, "run-environment").join("\n");
    assert!(!environment.contains("evil") && !environment.contains("ALM_"), "{environment}");
}

#[tokio::test]
async fn an_engine_that_cannot_start_the_image_is_no_failure_of_the_command() {
    let rig = with_stand_in("run: echo never\nimage: alpine:3\n", "docker");
    fs::write(rig.path("refuse"), "").unwrap();
    let told = rig.build().await;
    assert_eq!((told.status(), told.why().0), (RunStatus::Errored, Some(ReasonCode::RuntimeUnavailable)), "{told:#?}");
    assert_eq!(told.output(), ["Error: no such image"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_removes_the_container_by_its_name() {
    let rig = with_stand_in("run: trap '' TERM; echo begun; sleep 654326\nimage: alpine:3\n", "docker");
    let run = rig.start().await;
    rig.follow(&run, None, |told| told.output().contains(&"begun")).await;
    rig.provider().cancel(&Access::default(), &run).await.unwrap();
    assert_eq!(rig.told(&run).await.status(), RunStatus::Cancelled);
    assert_eq!(lines(&rig, "rm-arguments"), ["rm", "--force", &format!("alm-{}-0-1-1", run.0)]);
    nothing_is_left(&run).await;
}

/// Podman with a storage of its own that knows one small image; or why there is none.
fn real_engine(rig: &Rig, programs: &Path) -> Result<(), String> {
    let podman = find("podman").ok_or("podman is not installed")?;
    let busybox = find("busybox").ok_or("busybox is not installed")?;
    let here = rig.path("engine");
    let root = here.join("root");
    fs::create_dir_all(root.join("bin")).unwrap();
    fs::copy(busybox, root.join("bin/busybox")).unwrap();
    for tool in ["sh", "cat", "echo", "sleep", "id", "true"] {
        symlink("busybox", root.join("bin").join(tool)).unwrap();
    }
    fs::write(root.join("marker"), "from the image\n").unwrap();
    // As little as possible, so that it works where little is allowed.
    let runtime = if find("runc").is_some() { "runtime = \"runc\"\n" } else { "" };
    let ulimits = "default_ulimits = [\"nofile=1024:1024\", \"nproc=4000:4000\"]";
    fs::write(here.join("containers.conf"), format!("[containers]\nnetns = \"none\"\n{ulimits}\n[engine]\n{runtime}"))
        .unwrap();
    let at = here.display();
    fs::write(
        here.join("storage.conf"),
        format!("[storage]\ndriver = \"vfs\"\ngraphroot = \"{at}/graph\"\nrunroot = \"{at}/run\"\n"),
    )
    .unwrap();
    let settings = format!("CONTAINERS_CONF={at}/containers.conf CONTAINERS_STORAGE_CONF={at}/storage.conf");
    let path = env::var("PATH").unwrap();
    write_program(
        &programs.join("podman"),
        &format!("#!/bin/sh\nexec /usr/bin/env PATH='{path}' {settings} {} \"$@\"\n", podman.display()),
    );
    let tar = here.join("image.tar");
    let packed = Command::new("tar").arg("-C").arg(&root).arg("-cf").arg(&tar).arg(".").output().unwrap();
    told(&packed)?;
    told(&engine(programs, &["import", tar.to_str().unwrap(), IMAGE]))?;
    told(&engine(programs, &["run", "--rm", IMAGE, "/bin/true"]))
}

fn engine(programs: &Path, arguments: &[&str]) -> Output {
    Command::new(programs.join("podman")).args(arguments).output().unwrap()
}

fn told(output: &Output) -> Result<(), String> {
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_engine_runs_a_stage_in_its_image() {
    let (rig, programs) = rig("env: {GREETING: \"it's  me\", TWO: \"one\\ntwo\"}
stages:
  inside:
    image: localhost/alm-story:latest
    run: |
      cat /marker
      echo \"$GREETING\" \"$TWO\" \"$ALM_STAGE\"
      echo kept > kept.txt
    artifacts: kept.txt
  outside:
    needs: inside
    run: cat kept.txt; exit 3
  missing:
    image: localhost/alm-none:latest
    run: echo never
  long:
    needs: missing
    when: always
    image: localhost/alm-story:latest
    run: trap '' TERM; echo begun; sleep 654327
");
    if let Err(why) = real_engine(&rig, &programs) {
        skipped(&format!("no container can be run here: {why}"));
        return;
    }
    let run = rig.start().await;
    let before = rig
        .follow(&run, None, |told| {
            told.output().contains(&"begun") && told.stages.len() == 4 && told.stage("outside").status.is_terminal()
        })
        .await;
    rig.provider().cancel(&Access::default(), &run).await.unwrap();
    let after = rig.told(&run).await;
    assert_eq!(after.status(), RunStatus::Cancelled, "{after:#?}");
    use RunStatus::{Cancelled, Errored, Failed, Succeeded};
    assert_eq!(
        after.statuses(),
        [("inside", Succeeded), ("outside", Failed), ("missing", Errored), ("long", Cancelled)],
        "{after:#?}"
    );
    let output = before.output();
    for line in ["from the image", "it's  me one", "two inside", "kept"] {
        assert!(output.contains(&line), "{line}: {output:?}");
    }
    assert_eq!(after.code("missing"), Some(ReasonCode::RuntimeUnavailable));
    nothing_is_left(&run).await;
    let left = engine(&programs, &["ps", "--all", "--quiet"]);
    assert_eq!(String::from_utf8_lossy(&left.stdout), "", "containers are left");
}
