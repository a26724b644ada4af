//! What of a subscription decides with whom it can be shared.

use std::{collections::HashSet, sync::Arc};

use alm_domain::{BuildId, Cursor, CursorKind, Principal, ProjectId, ProjectRole};
use async_graphql::{
    Request, Value, Variables,
    parser::types::{ExecutableDocument, Field, OperationType, Selection},
};

use super::normal::{normalized, words};
use crate::{
    app::{Reach, Subject},
    graphql::chosen,
};

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
    /// Everybody's who has this role in the subject's project. The execution sees that project and nothing else; what reaches
    /// beyond it depends on who asks, and is marked so.
    Role { administers: bool, project: ProjectId, role: ProjectRole },
    /// Of one principal alone, because the document asks for what depends on who asks.
    Only(Principal),
}

/// A subscription that can be shared, by somebody who may see its subject.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) key: Key,
    pub(super) subject: Subject,
    /// Where the client wants to resume, if it says so rightly.
    pub(super) after: Option<u64>,
    variables: Variables,
}

/// What of a request can be told before it is known what its principal may see.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    document: Arc<str>,
    operation: Option<String>,
    shared: String,
    is_own: bool,
    pub(super) subject: Subject,
    after: Option<u64>,
    variables: Variables,
}

impl Asked {
    /// Of a request for one of the streams of this API; `None` for anything else, also what is wrong. `viewers` are the names
    /// that stand for what depends on who asks.
    pub(super) fn of(request: &mut Request, viewers: &HashSet<String>) -> Option<Self> {
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
        Some(Self { document: text.into(), operation, shared, is_own, subject, after, variables })
    }

    /// What is asked for, among those who see the same as this principal with this reach.
    pub(super) fn among(self, principal: &Principal, reach: &Reach) -> Plan {
        let sharers = if self.is_own {
            Sharers::Only(principal.clone())
        } else {
            let administers = principal.may_administer();
            Sharers::Role { administers, project: reach.project, role: reach.role }
        };
        let key = Key { document: self.document, operation: self.operation, variables: self.shared, sharers };
        let after = self.after.filter(|after| *after <= reach.head);
        Plan { key, subject: self.subject, after, variables: self.variables }
    }
}

impl Plan {
    /// The request for one more execution.
    pub(super) fn request(&self) -> Request {
        let mut request = Request::new(&*self.key.document).variables(self.variables.clone());
        request.operation_name.clone_from(&self.key.operation);
        request
    }

    /// As whom the shared execution runs.
    pub(super) fn principal(&self) -> Principal {
        match &self.key.sharers {
            Sharers::Role { administers, project, role } => Principal::anyone(*administers, *project, *role),
            Sharers::Only(principal) => principal.clone(),
        }
    }

    /// The role that those who share it must keep.
    pub(super) const fn least(&self) -> ProjectRole {
        match &self.key.sharers {
            Sharers::Role { role, .. } => *role,
            Sharers::Only(_) => ProjectRole::Viewer,
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

    fn asked(document: &str, variables: Json) -> Option<Asked> {
        let mut request = Request::new(document).variables(Variables::from_json(variables));
        Asked::of(&mut request, &HashSet::from(["actions".to_owned(), "mine".to_owned()]))
    }

    fn plan(document: &str, variables: Json, (principal, role): &(Principal, ProjectRole)) -> Plan {
        let project = ProjectId::generate(&SequentialIds::new(2));
        let reach = Reach { head: 100, is_over: false, project, role: *role };
        asked(document, variables).unwrap().among(principal, &reach)
    }

    fn build() -> BuildId {
        BuildId::generate(&SequentialIds::new(1))
    }

    fn viewer(name: &str) -> (Principal, ProjectRole) {
        (Principal::system(name), ProjectRole::Viewer)
    }

    #[test]
    fn where_a_client_begins_does_not_matter() {
        let at = |line: u64| Cursor::at(CursorKind::BuildLog, build().as_uuid(), line).encode();
        let one = plan(LOG, json!({"id": build().to_string(), "after": at(7)}), &viewer("a"));
        let two = plan(&LOG.replace(", ", " ,\n# x\n  "), json!({"id": build().to_string()}), &viewer("b"));
        let future = plan(LOG, json!({"id": build().to_string(), "after": at(700)}), &viewer("a"));
        assert_eq!(one.key, two.key);
        assert_eq!((one.after, two.after, future.after), (Some(7), None, None));
        assert_eq!(one.subject, Subject::Log(build()));
        assert_eq!(one.principal(), two.principal());
    }

    #[test]
    fn other_variables_roles_and_what_depends_on_the_viewer_do() {
        let id = build().to_string();
        let key = |document: &str, variables: Json, who: &(Principal, ProjectRole)| plan(document, variables, who).key;
        let plain = key(LOG, json!({"id": id}), &viewer("a"));
        assert_ne!(plain, key(LOG, json!({"id": id, "more": 1}), &viewer("a")));
        assert_ne!(plain, key(LOG, json!({"id": id}), &(Principal::system("a"), ProjectRole::Owner)));
        let own = LOG.replace("__typename", "... on X { actions }");
        assert_ne!(key(&own, json!({"id": id}), &viewer("a")), key(&own, json!({"id": id}), &viewer("b")));
        let filter = json!({"id": id, "filter": {"mine": true}});
        assert_ne!(key(LOG, filter.clone(), &viewer("a")), key(LOG, filter, &viewer("b")));
        let twice = LOG.replace("__typename", "... on X { x(y: $after) }");
        assert_ne!(
            key(&twice, json!({"id": id, "after": "a"}), &viewer("a")),
            key(&twice, json!({"id": id}), &viewer("a"))
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
            assert!(asked(document, variables).is_none(), "{document}");
        }
    }
}
