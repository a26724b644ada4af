//! Carrying a script out in a container of a pod.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use crate::{
    script::{self, Act},
    shared::Shared,
    world::World,
};

/// How a script ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Exit(i32),
    Failed(String, String),
    Cancelled,
    /// The pod has gone.
    Lost,
}

/// Where a script runs.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) namespace: String,
    pub(crate) pod: String,
    pub(crate) container: String,
    /// Contents of mounted files, by path.
    pub(crate) files: BTreeMap<String, String>,
    /// The claims that are mounted, by path.
    pub(crate) claims: BTreeMap<String, String>,
}

impl Place {
    /// The file of a claim that a path leads to.
    fn claimed(&self, path: &str) -> Option<(String, String, String)> {
        let within = |(mount, claim): (&String, &String)| {
            let file = path.strip_prefix(mount.as_str())?.strip_prefix('/')?;
            Some((self.namespace.clone(), claim.clone(), file.to_owned()))
        };
        self.claims.iter().find_map(within)
    }

    fn read(&self, shared: &Shared, path: &str) -> Option<String> {
        match self.claimed(path) {
            Some(file) => shared.read(|world| world.volumes.get(&file).cloned()),
            None => self.files.get(path).cloned(),
        }
    }
}

/// Runs a script until it ends or is cancelled. Gives its results too.
pub(crate) async fn run_script(
    shared: &Arc<Shared>,
    place: &Place,
    acts: Vec<Act>,
    values: &BTreeMap<String, String>,
    cancelled: impl Fn(&World) -> bool,
) -> (Outcome, BTreeMap<String, String>) {
    let mut results = BTreeMap::new();
    let stopped = |world: &World| {
        if cancelled(world) {
            return Some(Outcome::Cancelled);
        }
        (!world.pod_is_there(&place.namespace, &place.pod)).then_some(Outcome::Lost)
    };
    for act in acts {
        if let Some(end) = shared.read(stopped) {
            return (end, results);
        }
        let container = &place.container;
        let write = |line: &str| shared.change(|world| world.write_line(&place.namespace, &place.pod, container, line));
        match act {
            Act::Echo(line) => write(&script::fill(&line, values)),
            Act::Flood(lines) => shared.change(|world| {
                for n in 1..=lines {
                    world.write_line(&place.namespace, &place.pod, container, &format!("line {n}"));
                }
            }),
            Act::Cat(path) => {
                let path = script::fill(&path, values);
                match place.read(shared, &path) {
                    Some(content) => content.lines().for_each(write),
                    None => write(&format!("cat: {path}: No such file or directory")),
                }
            }
            Act::Show(text, path) => {
                if let Some(content) = place.read(shared, &path) {
                    write(&format!("{text} {content}"));
                }
            }
            Act::Write(path, content) => {
                if let Some(file) = place.claimed(&path) {
                    shared.change(|world| drop(world.volumes.insert(file, script::fill(&content, values))));
                }
            }
            Act::Result(name, value) => {
                results.insert(name, script::fill(&value, values));
            }
            Act::Rotate(lines) => {
                shared.change(|world| world.rotate_log(&place.namespace, &place.pod, container, lines));
            }
            Act::Sleep(ms) => {
                let end = shared.until(|world| stopped(world));
                if let Ok(Some(end)) = tokio::time::timeout(Duration::from_millis(ms), end).await {
                    return (end, results);
                }
            }
            Act::Await(gate) => {
                let gate = script::fill(&gate, values);
                let open = shared
                    .until(|world| stopped(world).map(Some).or_else(|| world.gates.contains(&gate).then_some(None)));
                match open.await {
                    Some(None) => {}
                    Some(Some(end)) => return (end, results),
                    None => return (Outcome::Lost, results),
                }
            }
            Act::Hang => {
                let end = shared.until(|world| stopped(world)).await;
                return (end.unwrap_or(Outcome::Lost), results);
            }
            Act::Exit(code) => return (Outcome::Exit(code), results),
            Act::Fail(reason, message) => return (Outcome::Failed(reason, message), results),
            _ => {}
        }
    }
    (shared.read(stopped).unwrap_or(Outcome::Exit(0)), results)
}
