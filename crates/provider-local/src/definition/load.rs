//! From text to nodes, within bounds.

use std::{borrow::Cow, collections::HashMap};

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};

use super::{
    node::{Entry, Mark, Node, Value},
    problem::{Path, Problems},
};

/// Bytes of a file.
pub(super) const MAX_BYTES: usize = 1024 * 1024;
/// Lists and maps inside each other.
pub(super) const MAX_DEPTH: usize = 64;
/// Values after aliases were filled in.
const MAX_NODES: usize = 100_000;
/// Bytes of text after aliases were filled in.
const MAX_TEXT: usize = 4 * 1024 * 1024;

/// Reads the one document of a file; `None` when there is a problem that leaves nothing to go on with.
pub(super) fn load(text: &str, problems: &mut Problems) -> Option<Node> {
    let start = Mark { line: 1, column: 1 };
    if text.len() > MAX_BYTES {
        problems.add(
            start,
            &Path::Root,
            format!(
                "the file has {} bytes, and at most {MAX_BYTES} are read: move scripts into files of their own",
                text.len()
            ),
        );
        return None;
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut loader = Loader::default();
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let (event, span) = match event {
            Ok(event) => event,
            Err(error) => {
                let at = Mark { line: error.marker().line().max(1), column: error.marker().col() + 1 };
                if error.info().contains("recursion limit") {
                    problems.add(at, &Path::Root, too_deep());
                    return None;
                }
                let said: String = error.info().chars().filter(|c| !c.is_control()).take(200).collect();
                problems.add(
                    at,
                    &Path::Root,
                    format!("this is not YAML: {said}: check indentation, quotes and colons here"),
                );
                return None;
            }
        };
        if let Err((at, message)) = loader.take(event, span) {
            problems.add(at, &Path::Root, message);
            return None;
        }
    }
    let complaints = std::mem::take(&mut loader.complaints);
    for (at, key, message) in complaints {
        problems.add_at(at, key, message);
    }
    match loader.root {
        Some(root) if !matches!(root.value, Value::Null) => Some(root),
        _ => {
            problems.add(start, &Path::Root, "the file is empty: give it `stages`, or `run` for a plain build");
            None
        }
    }
}

type Complaint = (Mark, String);

#[derive(Default)]
struct Loader {
    root: Option<Node>,
    open: Vec<Open>,
    anchors: HashMap<usize, Anchored>,
    nodes: usize,
    bytes: usize,
    documents: usize,
    complaints: Vec<(Mark, String, String)>,
}

/// What an alias stands for, and what using it costs.
struct Anchored {
    node: Node,
    cost: Cost,
}

#[derive(Clone, Copy)]
struct Cost {
    nodes: usize,
    bytes: usize,
    depth: usize,
}

/// A list or map that has not ended.
struct Open {
    at: Mark,
    anchor: usize,
    before: (usize, usize),
    deepest: usize,
    collected: Collected,
}

enum Collected {
    List(Vec<Node>),
    Map { entries: Vec<Entry>, key: Option<(String, Mark)>, seen: HashMap<String, usize> },
}

impl Loader {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Complaint> {
        let at = Mark { line: span.start.line().max(1), column: span.start.col() + 1 };
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err((
                        at,
                        "a second document begins here: a pipeline file holds one, so take the `---` out".into(),
                    ));
                }
                Ok(())
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.spend(at, 1, text.len())?;
                let node = scalar(at, &text, style, tag.as_deref())?;
                let cost = Cost { nodes: 1, bytes: text.len(), depth: 0 };
                self.anchor(anchor, &node, cost);
                self.put(node, 0)
            }
            Event::Alias(id) => {
                let Some(Anchored { node, cost }) = self.anchors.get(&id) else {
                    return Err((at, "this alias is inside of what it stands for: write the value out".into()));
                };
                // The bounds are checked before anything is copied.
                let (node, cost) = (node, *cost);
                if self.nodes + cost.nodes > MAX_NODES || self.bytes + cost.bytes > MAX_TEXT {
                    return Err((at, too_much()));
                }
                if self.open.len() + cost.depth > MAX_DEPTH {
                    return Err((at, too_deep()));
                }
                let copy = node.clone();
                self.spend(at, cost.nodes, cost.bytes)?;
                self.put(copy, cost.depth)
            }
            Event::SequenceStart(anchor, tag) => {
                check_tag(at, tag, "seq")?;
                self.begin(at, anchor, Collected::List(Vec::new()))
            }
            Event::MappingStart(anchor, tag) => {
                check_tag(at, tag, "map")?;
                self.begin(at, anchor, Collected::Map { entries: Vec::new(), key: None, seen: HashMap::new() })
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(at),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
        }
    }

    fn spend(&mut self, at: Mark, nodes: usize, bytes: usize) -> Result<(), Complaint> {
        self.nodes += nodes;
        self.bytes += bytes;
        if self.nodes > MAX_NODES || self.bytes > MAX_TEXT { Err((at, too_much())) } else { Ok(()) }
    }

    fn anchor(&mut self, id: usize, node: &Node, cost: Cost) {
        if id > 0 {
            self.anchors.insert(id, Anchored { node: node.clone(), cost });
        }
    }

    fn begin(&mut self, at: Mark, anchor: usize, collected: Collected) -> Result<(), Complaint> {
        if self.open.len() >= MAX_DEPTH {
            return Err((at, too_deep()));
        }
        self.spend(at, 1, 0)?;
        self.open.push(Open { at, anchor, before: (self.nodes - 1, self.bytes), deepest: 0, collected });
        Ok(())
    }

    fn end(&mut self, at: Mark) -> Result<(), Complaint> {
        let Some(open) = self.open.pop() else {
            return Err((at, "a list or map ends that never began: check the indentation".into()));
        };
        let value = match open.collected {
            Collected::List(items) => Value::List(items),
            Collected::Map { entries, .. } => Value::Map(self.merged(entries)?),
        };
        let node = Node { at: open.at, value };
        let depth = open.deepest + 1;
        if open.anchor > 0 {
            let cost = Cost { nodes: self.nodes - open.before.0, bytes: self.bytes - open.before.1, depth };
            self.spend(open.at, cost.nodes, cost.bytes)?; // the copy that is kept for the aliases
            self.anchor(open.anchor, &node, cost);
        }
        self.put(node, depth)
    }

    /// Puts a finished value where it belongs.
    fn put(&mut self, node: Node, depth: usize) -> Result<(), Complaint> {
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        open.deepest = open.deepest.max(depth);
        match &mut open.collected {
            Collected::List(items) => items.push(node),
            Collected::Map { entries, key, seen } => match key.take() {
                None => match node.scalar() {
                    Some(text) => *key = Some((text.to_owned(), node.at)),
                    None => {
                        return Err((node.at, format!("a key cannot be {}: write text before the colon", node.kind())));
                    }
                },
                Some((name, at)) => match seen.get(&name).copied() {
                    Some(line) => {
                        let message = format!("is here a second time (first in line {line}): keep one of them");
                        let key = self.path_to(&name);
                        self.complaints.push((at, key, message));
                    }
                    None => {
                        seen.insert(name.clone(), at.line);
                        entries.push(Entry { key: name, at, node });
                    }
                },
            },
        }
        Ok(())
    }

    /// The path of a key of the innermost map.
    fn path_to(&self, name: &str) -> String {
        let outer = self.open.len().saturating_sub(1);
        let mut path = String::new();
        for open in self.open.iter().take(outer) {
            match &open.collected {
                Collected::Map { key: Some((key, _)), .. } => {
                    path.push_str(&alm_domain::shorten(key));
                    path.push('.');
                }
                Collected::Map { .. } => {}
                Collected::List(items) => {
                    path.truncate(path.trim_end_matches('.').len());
                    path.push_str(&format!("[{}].", items.len()));
                }
            }
        }
        path + &alm_domain::shorten(name)
    }

    /// Fills in what `<<` brings: entries that the map does not have itself.
    fn merged(&mut self, entries: Vec<Entry>) -> Result<Vec<Entry>, Complaint> {
        if !entries.iter().any(|e| e.key == "<<") {
            return Ok(entries);
        }
        let (merges, mut own): (Vec<_>, Vec<_>) = entries.into_iter().partition(|e| e.key == "<<");
        for merge in merges {
            let sources = match merge.node.value {
                Value::List(items) => items,
                _ => vec![merge.node],
            };
            for source in sources {
                let Value::Map(brought) = source.value else {
                    return Err((
                        merge.at,
                        "`<<` takes a map, or a list of maps: name an anchor of a map, as in `<<: *defaults`".into(),
                    ));
                };
                let have: std::collections::HashSet<String> = own.iter().map(|e| e.key.clone()).collect();
                own.extend(brought.into_iter().filter(|entry| !have.contains(&entry.key)));
            }
        }
        Ok(own)
    }
}

fn scalar(at: Mark, text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Node, Complaint> {
    if text.contains('\0') {
        return Err((at, "this holds a NUL character, which no program can be given: remove it".into()));
    }
    let forced = match tag {
        None => false,
        Some(tag) if tag.is_yaml_core_schema() => match tag.suffix.as_str() {
            "str" => true,
            "int" | "float" | "bool" | "null" => false,
            _ => return Err((at, unknown_tag(tag))),
        },
        Some(tag) if tag.handle == "!" && tag.suffix.is_empty() => true,
        Some(tag) => return Err((at, unknown_tag(tag))),
    };
    if style == ScalarStyle::Plain && !forced {
        return Ok(Node::plain(at, text));
    }
    Ok(Node { at, value: Value::Text(text.to_owned()) })
}

fn check_tag(at: Mark, tag: Option<Cow<'_, Tag>>, own: &str) -> Result<(), Complaint> {
    match tag {
        Some(tag) if !(tag.is_yaml_core_schema() && tag.suffix == own) => Err((at, unknown_tag(&tag))),
        _ => Ok(()),
    }
}

fn unknown_tag(tag: &Tag) -> String {
    let shown = alm_domain::shorten(&tag.to_string());
    format!("the tag {shown} means nothing here: take it out (anchors, aliases and `<<` work)")
}

fn too_much() -> String {
    format!(
        "the file has more than {MAX_NODES} values, or {MAX_TEXT} bytes of text, once its aliases are filled in: use fewer aliases"
    )
}

fn too_deep() -> String {
    format!("lists and maps are more than {MAX_DEPTH} deep here: nest them less")
}
