//! The vault gets new keys while servers work.

use std::{
    process::{Command, Output},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use alm::app::{Ring, rotate_vault};
use alm_build_spi::conformance::fake::Script;
use alm_credentials::vault::RingFile;
use alm_domain::{Principal, ServiceId, SystemClock, SystemIds};
use alm_store::Store;
use secrecy::ExposeSecret;
use serde_json::json;

use crate::{
    recovery::support::{World, without_settings},
    support::{TestApp, on_each_database},
};

const SECRETS: usize = 40;
const ROTATIONS: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_read_fails_while_everything_is_sealed_anew() {
    on_each_database(async |setup| no_read_fails(setup.scripted(Script::new().succeed()).start().await).await).await;
}

async fn no_read_fails(app: TestApp) {
    let service: ServiceId = app.service("shop").await.parse().unwrap();
    let me = Principal::single_user();
    for n in 0..SECRETS {
        app.app().set_secret(&me, service, &format!("SECRET_{n}"), &format!("value-{n}-0").into()).await.unwrap();
    }
    let stop = Arc::new(AtomicBool::new(false));
    let reads = Arc::new(AtomicU64::new(0));
    let mut work = tokio::task::JoinSet::new();
    for _ in 0..3 {
        let (app, me, stop, reads) = (app.app().clone(), me.clone(), Arc::clone(&stop), Arc::clone(&reads));
        work.spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                let secrets = app.service_secrets(&me, service).await.unwrap();
                assert_eq!(secrets.len(), SECRETS);
                for secret in secrets {
                    let of = secret.name.replace("SECRET_", "value-");
                    assert!(secret.value.expose_secret().starts_with(&format!("{of}-")), "another's value");
                    reads.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
    }
    for writer in 0..2 {
        let (app, me, stop) = (app.app().clone(), me.clone(), Arc::clone(&stop));
        work.spawn(async move {
            let mut round = 0;
            while !stop.load(Ordering::Relaxed) {
                round += 1;
                let n = (writer + round * 7) % SECRETS;
                let value = format!("value-{n}-{round}");
                app.set_secret(&me, service, &format!("SECRET_{n}"), &value.into()).await.unwrap();
            }
        });
    }
    // Another process, with a store and a ring of its own.
    let store = Store::connect(app.database_url(), Arc::new(SystemClock), Arc::new(SystemIds)).await.unwrap();
    for n in 0..ROTATIONS {
        let ring = Ring::File(RingFile::load(&app.key_ring()).unwrap());
        let report = rotate_vault(&store, ring).await.unwrap();
        assert!(report.unreadable.is_empty() && report.missing.is_empty(), "{report:?}");
        assert!(report.keys.len() <= n + 2, "{report:?}");
    }
    stop.store(true, Ordering::Relaxed);
    while let Some(done) = work.join_next().await {
        done.unwrap();
    }
    let rest = rotate_vault(&store, Ring::File(RingFile::load(&app.key_ring()).unwrap())).await.unwrap();
    assert_eq!(rest.keys[0].secrets, SECRETS as u64);
    assert!(rest.keys[1..].iter().all(|key| key.secrets == 0), "{rest:?}");
    println!("{} reads during {ROTATIONS} rotations of {SECRETS} secrets: 0 failed", reads.load(Ordering::Relaxed));
    store.close().await.unwrap();
}

fn alm(world: &World, arguments: &[&str]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_alm"));
    without_settings(&mut program);
    program.args(arguments).env("ALM_DATA_DIR", world.data()).output().unwrap()
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_line_rotates_under_a_running_server_and_says_what_can_go() {
    let mut world = World::serving().await;
    let service = world.service("shop", "run: echo hello").await;
    let set = async |world: &World, name: &str| {
        let secret = json!({ "name": name, "value": "a-secret-value" });
        let query = "mutation($i: SetSecretInput!) { setSecret(input: $i) { userErrors { message } } }";
        let done = world.api().ask(query, json!({ "i": { "serviceId": service, "secret": secret } })).await;
        assert_eq!(done["setSecret"]["userErrors"], json!([]), "{done}");
    };
    set(&world, "ONE").await;
    let status = said(&alm(&world, &["vault", "status"]));
    assert!(status.contains("key-1") && status.contains("1 secrets   active"), "{status}");

    let rotated = said(&alm(&world, &["vault", "rotate"]));
    assert!(rotated.contains("Added the key key-2; 1 secrets"), "{rotated}");
    assert!(rotated.contains("when no backup of the database needs them any more: key-1"), "{rotated}");
    set(&world, "TWO").await;
    let status = said(&alm(&world, &["vault", "status"]));
    assert!(status.contains("2 secrets   active") && status.contains("0 secrets   not used any more"), "{status}");

    // The old key goes; the server goes on, and so does the next one.
    let keys = world.data().join("vault.keys");
    let text = std::fs::read_to_string(&keys).unwrap();
    let key = |id: &str| text.lines().find(|line| line.starts_with(id)).unwrap().to_owned();
    std::fs::write(&keys, key("key-2")).unwrap();
    set(&world, "THREE").await;
    world.restart().await;
    set(&world, "FOUR").await;

    // Were the wrong one removed, it would be named, and putting it back would heal everything.
    std::fs::write(&keys, key("key-1")).unwrap();
    let refused = alm(&world, &["vault", "rotate"]);
    let complaint = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success() && complaint.contains("put the missing keys back"), "{complaint}");
    assert!(String::from_utf8(refused.stdout).unwrap().contains("MISSING from the ring"));
    std::fs::write(&keys, format!("{}\n{}\n", key("key-1"), key("key-2"))).unwrap();
    let healed = said(&alm(&world, &["vault", "rotate"]));
    assert!(healed.contains("No key was added: 4 secrets"), "{healed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ring_can_be_given_by_a_setting_and_no_file_is_made() {
    let world = World::new();
    let new = said(&alm(&world, &["vault", "new-key"]));
    assert!(new.starts_with("key-1:") && new.trim().len() == 49, "{}", new.len());
    let mut world = world.with("ALM_VAULT_KEYS", new.trim());
    world.start().await;
    let service = world.service("shop", "run: echo hello").await;
    let query = "mutation($i: SetSecretInput!) { setSecret(input: $i) { userErrors { message } } }";
    let secret = json!({ "name": "ONE", "value": "a-secret-value" });
    world.api().ask(query, json!({ "i": { "serviceId": service, "secret": secret } })).await;
    assert!(!world.data().join("vault.keys").exists());
}
