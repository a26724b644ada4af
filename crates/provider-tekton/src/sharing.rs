//! Files that tasks hand to one another, by workspaces.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::definition::Task;

/// The volumes of a task that ran: the claim of each of its workspaces, by the name that the task gives it. Only volumes of claims are
/// the same for several tasks.
pub(crate) type Claims = BTreeMap<String, BTreeMap<String, String>>;

/// The workspaces in which tasks that run find what tasks left behind that do not, and the claims that hold it. `ran` are the volumes of
/// the tasks that ran before.
///
/// # Errors
/// Where such files are in two volumes, as a sentence.
pub(crate) fn shared(
    pipeline: &Value,
    tasks: &[Task],
    kept: &BTreeSet<String>,
    ran: &Claims,
) -> Result<BTreeMap<String, String>, String> {
    let listed = ["tasks", "finally"].into_iter().filter_map(|group| pipeline[group].as_array()).flatten();
    let used: BTreeMap<&str, BTreeMap<&str, &str>> = listed.filter_map(workspaces).collect();
    let none = BTreeMap::new();
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    for task in kept {
        let mine = used.get(task.as_str()).unwrap_or(&none);
        for earlier in before(tasks, task).into_iter().filter(|name| !kept.contains(*name)) {
            let theirs = used.get(earlier).unwrap_or(&none);
            for (workspace, name) in theirs.iter().filter(|(workspace, _)| mine.contains_key(*workspace)) {
                let Some(claim) = ran.get(earlier).and_then(|claims| claims.get(*name)) else { continue };
                match found.get(*workspace) {
                    Some(known) if known != claim => {
                        return Err(format!("what is left in the workspace {workspace} is in two volumes"));
                    }
                    _ => drop(found.insert((*workspace).to_owned(), claim.clone())),
                }
            }
        }
    }
    Ok(found)
}

/// The workspaces of the pipeline that a task uses, and what it calls them.
fn workspaces(task: &Value) -> Option<(&str, BTreeMap<&str, &str>)> {
    let named = task["workspaces"].as_array().into_iter().flatten().filter_map(|used| {
        let name = used["name"].as_str()?;
        Some((used["workspace"].as_str().unwrap_or(name), name))
    });
    Some((task["name"].as_str()?, named.collect()))
}

/// All tasks that come before one, near and far.
fn before<'a>(tasks: &'a [Task], name: &str) -> BTreeSet<&'a str> {
    let needs = |name: &str| tasks.iter().find(|task| task.name == name).map(|task| task.needs.as_slice());
    let mut found: BTreeSet<&str> = BTreeSet::new();
    let mut next: Vec<&str> = needs(name).unwrap_or_default().iter().map(String::as_str).collect();
    while let Some(name) = next.pop() {
        if found.insert(name) {
            next.extend(needs(name).unwrap_or_default().iter().map(String::as_str));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::definition::tasks;

    fn names(all: &[&str]) -> BTreeSet<String> {
        all.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn files_are_wanted_from_those_before_and_from_nobody_else() {
        let uses = |name: &str, after: &[&str], workspace: &str| json!({"name": name, "runAfter": after, "workspaces": [{"name": "in", "workspace": workspace}]});
        let pipeline = json!({"tasks": [
            uses("fetch", &[], "source"), uses("build", &["fetch"], "source"), uses("lint", &["fetch"], "source"),
            uses("ship", &["build"], "other"), uses("scan", &["build"], "scratch"),
        ], "finally": [uses("tell", &[], "source")]});
        let all = ["fetch", "build", "lint", "ship"].map(|task| {
            (task.to_owned(), BTreeMap::from([("in".to_owned(), if task == "ship" { "c2" } else { "c1" }.to_owned())]))
        });
        let ran: Claims = all.into();
        let tasks = tasks(&pipeline);
        let of = |kept: &[&str]| shared(&pipeline, &tasks, &names(kept), &ran).unwrap();
        let source = BTreeMap::from([("source".to_owned(), "c1".to_owned())]);
        assert_eq!(of(&["build"]), source);
        assert_eq!(of(&["tell"]), source);
        assert_eq!(of(&["ship"]), BTreeMap::new());
        assert_eq!(of(&["scan"]), BTreeMap::new(), "what only one task has is nobody else's");
        assert_eq!(of(&["fetch", "build", "lint", "tell"]), BTreeMap::new());
        let mut moved = ran.clone();
        moved.insert("lint".to_owned(), BTreeMap::from([("in".to_owned(), "c9".to_owned())]));
        let why = shared(&pipeline, &tasks, &names(&["tell"]), &moved).unwrap_err();
        assert!(why.contains("workspace source is in two volumes"), "{why}");
    }
}
