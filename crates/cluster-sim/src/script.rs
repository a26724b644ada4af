//! What builds do, a line for each deed. Whatever is no deed is passed over, so that a real Jenkinsfile or Dockerfile is a build
//! that does nothing and succeeds.
//!
//! | line | deed |
//! |---|---|
//! | `echo TEXT` | writes a line; `$NAME` stands for a value of the build's environment |
//! | `flood N` | writes `line 1` up to `line N` |
//! | `await GATE` | waits for [`Cluster::open_gate`](crate::Cluster::open_gate); `$NAME` as above |
//! | `hang` | waits until it is cancelled |
//! | `sleep MS` | waits for so many milliseconds |
//! | `rotate N` | the log forgets its first N lines |
//! | `exit N` | ends; other than 0 it has failed |
//! | `end RESULT` | ends with this result of Jenkins, `UNSTABLE` or `NOT_BUILT` (Jenkins) |
//! | `fail REASON TEXT` | ends a Docker or Source build with this reason and message |
//! | `result NAME TEXT` | writes a result of a Tekton task |
//! | `cat PATH` | writes the lines of a mounted Secret's key (Tekton) |
//! | `write PATH TEXT` | writes a file, which stays where a claim is mounted there (Tekton) |
//! | `show TEXT \| PATH` | writes the text and, on the same line, what such a key holds, if it is there (Tekton) |
//! | `[CONTAINER] DEED` | a deed of another container of a build's pod, such as `git-clone` |
//! | `stage NAME` | the stage of that name begins, and the one before ends (Jenkins); `stage('NAME')` too |
//! | `input ID TEXT` | asks a person (Jenkins); ` \| NAME=DEFAULT` behind it adds a parameter, ` \| by USER` a submitter |
//! | `environment NS NAME SERVICE VERSION URL` | what a stage deployed where, as an annotation (Jenkins) |
//! | `credential BINDING ID \| TEXT` | binds a credential as `withCredentials` does, and writes the text, in which `$USER` and `$SECRET` stand for it; fails where there is none such (Jenkins) |
//! | `forget` | Jenkins stops telling the cluster anything |
//! | `annotate TEXT` | Jenkins writes this for its status (Jenkins): whatever a broken plugin writes |

use std::collections::BTreeMap;

/// A deed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Act {
    /// Writes a line.
    Echo(String),
    /// Writes `line 1` up to this many.
    Flood(u32),
    /// Waits for a gate.
    Await(String),
    /// Waits until it is cancelled.
    Hang,
    /// Waits for milliseconds.
    Sleep(u64),
    /// Forgets the first lines of the log.
    Rotate(usize),
    /// Ends.
    Exit(i32),
    /// Ends with this result of Jenkins.
    End(&'static str),
    /// Ends badly, with a reason and a message.
    Fail(String, String),
    /// Writes a result.
    Result(String, String),
    /// Writes the lines of a mounted file.
    Cat(String),
    /// Writes a file.
    Write(String, String),
    /// Writes a text and what a mounted file holds, if it is there.
    Show(String, String),
    /// A deed in another container.
    In(String, Box<Act>),
    /// A stage begins.
    Stage(String),
    /// Asks a person: id, question, parameters with their defaults, who alone may say yes.
    Input(String, String, Vec<(String, String)>, Option<String>),
    /// What was deployed: namespace, environment, service, version, address.
    Environment(String, String, String, String, String),
    /// Binds a credential in this way, of this id, and writes a text with it.
    Credential(String, String, String),
    /// Writes this for the status.
    Annotate(String),
    /// Tells nothing any more.
    Forget,
}

/// The deeds of a script.
#[must_use]
pub fn parse(script: &str) -> Vec<Act> {
    script.lines().filter_map(|line| act(line.trim())).collect()
}

fn act(line: &str) -> Option<Act> {
    if let Some((container, deed)) = line.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return Some(Act::In(container.to_owned(), Box::new(act(deed.trim())?)));
    }
    if let Some(name) = line.strip_prefix("stage(").and_then(|rest| rest.split_once(')')).map(|(name, _)| name) {
        return Some(Act::Stage(name.trim_matches(['\'', '"']).to_owned()));
    }
    let (deed, rest) = line.split_once(' ').unwrap_or((line, ""));
    let rest = rest.trim_end();
    let two = |text: &str| match text.split_once(' ') {
        Some((first, second)) => (first.to_owned(), second.to_owned()),
        None => (text.to_owned(), String::new()),
    };
    Some(match deed {
        "echo" => Act::Echo(rest.to_owned()),
        "flood" => Act::Flood(rest.parse().ok()?),
        "await" => Act::Await(rest.to_owned()),
        "hang" => Act::Hang,
        "sleep" => Act::Sleep(rest.parse().ok()?),
        "rotate" => Act::Rotate(rest.parse().ok()?),
        "exit" => Act::Exit(rest.parse().ok()?),
        "end" => Act::End(["UNSTABLE", "NOT_BUILT"].into_iter().find(|result| *result == rest)?),
        "fail" => {
            let (reason, message) = two(rest);
            Act::Fail(reason, message)
        }
        "result" => {
            let (name, value) = two(rest);
            Act::Result(name, value)
        }
        "cat" => Act::Cat(rest.to_owned()),
        "write" => {
            let (path, content) = two(rest);
            Act::Write(path, content)
        }
        "show" => {
            let (text, path) = rest.split_once(" | ")?;
            Act::Show(text.to_owned(), path.to_owned())
        }
        "stage" => Act::Stage(rest.to_owned()),
        "input" => {
            let mut parts = rest.split(" | ");
            let (id, question) = two(parts.next()?);
            let (mut parameters, mut submitter) = (Vec::new(), None);
            for part in parts {
                match (part.strip_prefix("by "), part.split_once('=').unwrap_or((part, ""))) {
                    (Some(user), _) => submitter = Some(user.to_owned()),
                    (None, (name, value)) => parameters.push((name.to_owned(), value.to_owned())),
                }
            }
            Act::Input(id, question, parameters, submitter)
        }
        "environment" => {
            let words: Vec<&str> = rest.split(' ').collect();
            let [namespace, name, service, version, url] = words[..] else { return None };
            let own = str::to_owned;
            Act::Environment(own(namespace), own(name), own(service), own(version), own(url))
        }
        "credential" => {
            let (bound, text) = rest.split_once(" | ")?;
            let (binding, id) = two(bound);
            Act::Credential(binding, id, text.to_owned())
        }
        "annotate" => Act::Annotate(rest.to_owned()),
        "forget" => Act::Forget,
        _ => return None,
    })
}

/// The text with the values of `$NAME` in it, the longest names first.
pub(crate) fn fill(text: &str, values: &BTreeMap<String, String>) -> String {
    let mut names: Vec<&String> = values.keys().collect();
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    // One pass, so that a value with a dollar in it stays as it is.
    let mut filled = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        filled.push_str(&rest[..at]);
        let behind = &rest[at + 1..];
        match names.iter().find(|name| behind.starts_with(name.as_str())) {
            Some(name) => {
                filled.push_str(&values[*name]);
                rest = &behind[name.len()..];
            }
            None => {
                filled.push('$');
                rest = behind;
            }
        }
    }
    filled.push_str(rest);
    filled
}
