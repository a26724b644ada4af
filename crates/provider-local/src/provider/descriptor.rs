//! What the local provider says of itself.

use alm_build_spi::ProviderDescriptor;
use alm_domain::{Capability, ProviderKind, SettingDefinition, SettingKind, SettingScope};
use serde_json::json;

const MIB: i64 = 1 << 20;
const TIB: i64 = 1 << 40;

/// What the local provider says of itself; the same for every instance.
#[must_use]
pub fn descriptor() -> ProviderDescriptor {
    ProviderDescriptor {
        kind: ProviderKind::Local,
        capabilities: Capability::ALL.into(),
        needs_token: false,
        deploys_itself: false,
        has_external_runs: false,
        adopts: None,
        settings: settings(),
        isolation: "Builds run as the user of the server. With the setting `isolation` at NONE they can read and change \
                    whatever that user can, the server's own data included: that is no security boundary, so build only what \
                    you trust. SANDBOX hides the server's data and the other processes by bubblewrap."
            .to_owned(),
    }
}

fn settings() -> Vec<SettingDefinition> {
    use SettingScope::{Overridable, Provider, Service};
    let text = SettingKind::Text;
    let define = SettingDefinition::new;
    vec![
        define(
            "concurrency",
            "Builds at a time",
            "How many builds run at a time; more wait in a queue, in the order in which they were started.",
            SettingKind::Integer { min: 1, max: 64 },
            Provider,
            Some(json!(2)),
        ),
        define(
            "stages.parallel",
            "Stages at a time",
            "How many stages of one build run at a time; more wait until one has ended.",
            SettingKind::Integer { min: 1, max: 64 },
            Overridable,
            Some(json!(4)),
        ),
        define(
            "pipeline.path",
            "Pipeline file",
            "Where the pipeline is defined, from the folder of the repository that is built.",
            text.clone(),
            Service,
            Some(json!(".alm/pipeline.yaml")),
        ),
        define(
            "build.timeout",
            "Longest build",
            "How long a build may work, such as 90s, 10m or 2h; time spent waiting for a decision does not count. A pipeline \
             may ask for less. What takes longer is stopped and fails.",
            text.clone(),
            Overridable,
            Some(json!("2h")),
        ),
        define(
            "credential.timeout",
            "Longest wait for an account",
            "How long a stage waits for the token of its environment, when it has none or it has ended, such as 90s, 10m or 2h. \
             Then the build is cancelled.",
            text.clone(),
            Overridable,
            Some(json!("24h")),
        ),
        define(
            "shell",
            "Shell",
            "Program that runs the steps: its absolute path and its options. The step's script is the last argument.",
            text.clone(),
            Overridable,
            Some(json!("/bin/sh -e")),
        ),
        define(
            "log.max_bytes",
            "Longest log",
            "Bytes of log that are kept per build. What is written beyond that is dropped, with a warning; the build goes on.",
            SettingKind::Integer { min: 1024, max: TIB },
            Overridable,
            Some(json!(256 * MIB)),
        ),
        define(
            "artifacts.max_bytes",
            "Most artifacts",
            "Bytes of artifacts that are kept per build. A stage that would keep more fails.",
            SettingKind::Integer { min: 0, max: TIB },
            Overridable,
            Some(json!(1024 * MIB)),
        ),
        define(
            "limits.memory",
            "Memory",
            "Bytes of address space that each process of a step may have. No limit when it is not given.",
            SettingKind::Integer { min: 16 * MIB, max: TIB },
            Overridable,
            None,
        ),
        define(
            "limits.processes",
            "Processes",
            "How many processes a step may have at a time; one that has more is stopped. The system holds the server's user \
             to as many processes and threads, all builds together, unless it is the superuser. No limit when it is not given.",
            SettingKind::Integer { min: 16, max: 1_000_000 },
            Overridable,
            None,
        ),
        define(
            "limits.cpu_seconds",
            "Processor time",
            "Seconds of processor time that each process of a step may use before it is killed. No limit when it is not given.",
            SettingKind::Integer { min: 1, max: 10_000_000 },
            Overridable,
            None,
        ),
        define(
            "limits.file_size",
            "File size",
            "Bytes of the largest file that a step may write. No limit when it is not given.",
            SettingKind::Integer { min: 1024, max: TIB },
            Overridable,
            None,
        ),
        define(
            "isolation",
            "Isolation",
            "NONE: steps run as the server's user, with all of its rights. SANDBOX: by bubblewrap, which must be installed; \
             they see the system read-only, their own work tree, and neither the server's data, nor its home folder, nor other processes.",
            SettingKind::Choice(vec!["NONE".to_owned(), "SANDBOX".to_owned()]),
            Provider,
            Some(json!("NONE")),
        ),
        define(
            "git.ssh_key",
            "SSH key",
            "Absolute path of a private key file of the server, for repositories that are reached by ssh.",
            text.clone(),
            Provider,
            None,
        ),
        define(
            "git.known_hosts",
            "SSH known hosts",
            "Absolute path of a known_hosts file. Without it a host's key is learned at the first contact.",
            text.clone(),
            Provider,
            None,
        ),
        define(
            "git.credentials",
            "Git credentials",
            "Absolute path of a file in the format of git's credential store, for repositories that are reached by https. \
             Needs git.credentials_host.",
            text.clone(),
            Provider,
            None,
        ),
        define(
            "git.credentials_host",
            "Host of the git credentials",
            "The only host (`host` or `host:port`) that git.credentials is used for.",
            text,
            Provider,
            None,
        ),
    ]
}
