//! What of a subscription decides with whom it can be shared.

use std::{collections::HashSet, sync::Arc};

use alm_domain::{Actor, BuildId, Cursor, CursorKind, Principal, ProjectId, Role};
use async_graphql::{
    Request, Value, Variables,
    parser::types::{ExecutableDocument, Field, OperationType, Selection},
};

use super::normal::{normalized, words};
use crate::{app::Subject, graphql::chosen};

/// Executions with the same key bring the same responses from the same position on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    document: Arc<str>,
    operation: Option<String>,
    /// As JSON, without those that only say where to begin.
    variables: String,
    sharers: Sharers,
}

/// Whose the shared responses are.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Sharers {
    /// Everybody's with this role: as long as there are no memberships, all of one role see the same.
    Role(Role),
    /// Of one principal alone, because the document asks for what depends on who asks.
    Only(Principal),
}

/// A subscription that can be shared.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) key: Key,
    pub(super) subject: Subject,
    /// Where the client wants to resume, if it says so rightly.
    pub(super) after: Option<u64>,
    variables: Variables,
}

impl Plan {
    /// Of a request for one of the streams of this API by this principal; `None` for anything else, also what is wrong.
    /// `viewers` are the names that stand for what depends on who asks.
    pub(super) fn of(request: &mut Request, principal: &Principal, viewers: &HashSet<String>) -> Option<Self> {
        let operation = request.operation_name.clone();
        let (variables, text) = (request.variables.clone(), normalized(&request.query));
        let root = root(request.parsed_query().ok()?, operation.as_deref())?;
        let argument = |name: &str| value(root, name, &variables);
        let id = |name: &str| if let Some(Value::String(id)) = argument(name) { Some(id) } else { None };
        let (subject, kind, uuid, beginnings): (_, _, _, &[&str]) = match root.name.node.as_str() {
            "buildUpdates" => {
                let build: BuildId = id("buildId")?.parse().ok()?;
                (Subject::Build(build), CursorKind::BuildEvents, build.as_uuid(), &["after"])
            }
            "buildLog" => {
                let build: BuildId = id("buildId")?.parse().ok()?;
                (Subject::Log(build), CursorKind::BuildLog, build.as_uuid(), &["after", "tail"])
            }
            "projectUpdates" => {
                let project: ProjectId = id("projectId")?.parse().ok()?;
                (Subject::Project(project), CursorKind::ProjectEvents, project.as_uuid(), &["after"])
            }
            _ => return None,
        };
        let after = id("after").and_then(|text| Cursor::number_in(&text, kind, uuid).ok());
        let mut shared = variables.clone();
        for name in beginnings {
            // A variable is written as one; nothing else begins so.
            let written = root.get_argument(name).map(|value| value.node.to_string());
            if let Some(variable) = written.as_deref().and_then(|text| text.strip_prefix('$'))
                && is_used_once(&text, variable)
            {
                shared.remove(variable);
            }
        }
        let shared = serde_json::to_string(&shared).ok()?;
        let is_own = words(&text).chain(words(&shared)).any(|word| viewers.contains(word));
        let sharers = if is_own { Sharers::Only(principal.clone()) } else { Sharers::Role(principal.role) };
        let key = Key { document: text.into(), operation, variables: shared, sharers };
        Some(Self { key, subject, after, variables })
    }

    /// The request for one more execution.
    pub(super) fn request(&self) -> Request {
        let mut request = Request::new(&*self.key.document).variables(self.variables.clone());
        request.operation_name.clone_from(&self.key.operation);
        request
    }

    /// As whom the shared execution runs.
    pub(super) fn principal(&self) -> Principal {
        match &self.key.sharers {
            Sharers::Role(role) => {
                Principal { actor: Actor::System { component: "subscriptions".to_owned() }, role: *role }
            }
            Sharers::Only(principal) => principal.clone(),
        }
    }
}

/// The one field that a subscription asks for, where it stands in the operation itself.
fn root<'a>(document: &'a ExecutableDocument, name: Option<&str>) -> Option<&'a Field> {
    let operation = chosen(document, name)?;
    match operation.selection_set.node.items.as_slice() {
        [only] if operation.ty == OperationType::Subscription => match &only.node {
            Selection::Field(field) => Some(&field.node),
            _ => None,
        },
        _ => None,
    }
}

/// What an argument stands for; `None` where it is absent or left to its default.
fn value(field: &Field, name: &str, variables: &Variables) -> Option<Value> {
    let value = field.get_argument(name)?.node.clone();
    value.into_const_with(|variable| variables.get(&variable).cloned().ok_or(())).ok()
}

/// Whether a variable is declared, used in one place, and nowhere else.
fn is_used_once(document: &str, variable: &str) -> bool {
    let uses = document.split('$').skip(1).filter(|rest| words(rest).next() == Some(variable));
    uses.count() == 2
}

#[cfg(test)]
mod tests {
    use alm_domain::SequentialIds;
    use serde_json::{Value as Json, json};

    use super::*;

    const LOG: &str = "subscription($id: ID!, $after: String) { buildLog(buildId: $id, after: $after) { __typename } }";

    fn plan(document: &str, variables: Json, principal: &Principal) -> Option<Plan> {
        let mut request = Request::new(document).variables(Variables::from_json(variables));
        Plan::of(&mut request, principal, &HashSet::from(["actions".to_owned(), "mine".to_owned()]))
    }

    fn build() -> BuildId {
        BuildId::generate(&SequentialIds::new(1))
    }

    fn member(name: &str) -> Principal {
        Principal { role: Role::Member, ..Principal::system(name) }
    }

    #[test]
    fn where_a_client_begins_does_not_matter() {
        let at = |line: u64| Cursor::at(CursorKind::BuildLog, build().as_uuid(), line).encode();
        let one = plan(LOG, json!({"id": build().to_string(), "after": at(7)}), &member("a")).unwrap();
        let two = plan(&LOG.replace(", ", " ,\n# x\n  "), json!({"id": build().to_string()}), &member("b")).unwrap();
        assert_eq!(one.key, two.key);
        assert_eq!((one.after, two.after), (Some(7), None));
        assert_eq!(one.subject, Subject::Log(build()));
        assert_eq!(one.principal(), two.principal());
    }

    #[test]
    fn other_variables_roles_and_what_depends_on_the_viewer_do() {
        let id = build().to_string();
        let key = |document: &str, variables: Json, who: &Principal| plan(document, variables, who).unwrap().key;
        let plain = key(LOG, json!({"id": id}), &member("a"));
        assert_ne!(plain, key(LOG, json!({"id": id, "more": 1}), &member("a")));
        assert_ne!(plain, key(LOG, json!({"id": id}), &Principal { role: Role::Admin, ..member("a") }));
        let own = LOG.replace("__typename", "... on X { actions }");
        assert_ne!(key(&own, json!({"id": id}), &member("a")), key(&own, json!({"id": id}), &member("b")));
        let filter = json!({"id": id, "filter": {"mine": true}});
        assert_ne!(key(LOG, filter.clone(), &member("a")), key(LOG, filter, &member("b")));
        let twice = LOG.replace("__typename", "... on X { x(y: $after) }");
        assert_ne!(
            key(&twice, json!({"id": id, "after": "a"}), &member("a")),
            key(&twice, json!({"id": id}), &member("a"))
        );
    }

    #[test]
    fn what_is_not_one_stream_of_ours_is_not_shared() {
        let id = json!({"id": build().to_string()});
        for (document, variables) in [
            ("query($id: ID!) { buildLog(buildId: $id) { a } }", id.clone()),
            ("subscription($id: ID!) { a: buildLog(buildId: $id) { a } b: buildLog(buildId: $id) { a } }", id.clone()),
            ("subscription($id: ID!) { ...F } fragment F on S { buildLog(buildId: $id) { a } }", id.clone()),
            ("subscription($id: ID!) { other(buildId: $id) { a } }", id.clone()),
            (LOG, json!({"id": "bld_nonsense"})),
            (LOG, json!({"id": 7})),
            (LOG, json!({})),
            ("subscription {", id),
        ] {
            assert!(plan(document, variables, &member("a")).is_none(), "{document}");
        }
    }
}
