//! Rights, as the documents list them.

use serde_json::{Value, json};

/// The rules of a role, as a table of a document lists them: kinds (`pipelineruns.tekton.dev`, `pods`, `pods/log`) in its first column,
/// verbs in its second one. Rows of other tables, whose first column names no kind, are left out.
#[must_use]
pub fn rules(document: &str) -> Vec<Value> {
    let rows = document.lines().filter_map(|line| {
        let mut columns = line.strip_prefix('|')?.split('|').map(str::trim);
        Some((columns.next()?, columns.next()?))
    });
    let is_verb = |word: &&str| ["get", "list", "watch", "create", "update", "patch", "delete"].contains(word);
    rows.filter_map(|(kinds, verbs)| {
        let verbs: Vec<&str> = verbs.split(',').map(str::trim).collect();
        if verbs.is_empty() || !verbs.iter().all(is_verb) {
            return None;
        }
        let kinds: Vec<&str> = kinds.split(',').map(|kind| kind.trim().trim_matches('`')).collect();
        Some(kinds.into_iter().map(|kind| rule(kind, &verbs)).collect::<Vec<_>>())
    })
    .flatten()
    .collect()
}

fn rule(kind: &str, verbs: &[&str]) -> Value {
    let (plural, group) = kind.split_once('.').unwrap_or((kind, ""));
    json!({ "apiGroups": [group], "resources": [plural], "verbs": verbs })
}

/// What gives a user a role.
#[must_use]
pub fn bound_to(user: &str, role: &str) -> Value {
    json!({
        "metadata": { "name": role },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": role },
        "subjects": [{ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user }],
    })
}
