//! What a git server advertises (`info/refs` of the smart protocol, versions 0 and 1), read as it comes.
//!
//! Of however many references one alone is looked for, so that nothing but a line at a time is kept.

/// Longest line, its length included.
const LONGEST_LINE: usize = 65_520;
/// The line that begins every advertisement.
const SERVICE: &[u8] = b"# service=git-upload-pack";
/// How the name of what a tag stands for ends.
const PEELED: &[u8] = b"^{}";
/// Longest message of a server that is kept.
const LONGEST_MESSAGE: usize = 300;

/// What is wrong with an advertisement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Malformed {
    /// It is none.
    #[error("what it answers is not what git's smart protocol has: {0}")]
    Odd(&'static str),
    /// The server says why it gives none.
    #[error("it answers: {0}")]
    Refused(String),
}

/// A reference that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Resolved {
    /// Its full name.
    pub(crate) name: String,
    /// The commit that it stands for, in lower case. Of a tag with a message it is the commit, and not the message.
    pub(crate) commit: String,
}

/// A name under which the reference may be there, and what was found under it.
#[derive(Debug)]
struct Candidate {
    name: String,
    itself: Option<String>,
    peeled: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Service,
    Flush,
    First,
    References,
    Over,
}

/// Looks for one reference in an advertisement.
#[derive(Debug)]
pub(crate) struct Advertised {
    candidates: Vec<Candidate>,
    state: State,
    /// The beginning of a line.
    rest: Vec<u8>,
}

impl Advertised {
    /// Looks for a branch, else for a tag of this name; for just this one where the name is full (`refs/…`); for what the repository
    /// checks out by default where it is `HEAD` or empty.
    pub(crate) fn of(reference: &str) -> Self {
        let names = match reference {
            "" | "HEAD" => vec!["HEAD".to_owned()],
            full if full.starts_with("refs/") => vec![full.to_owned()],
            short => vec![format!("refs/heads/{short}"), format!("refs/tags/{short}")],
        };
        let candidate = |name| Candidate { name, itself: None, peeled: None };
        Self { candidates: names.into_iter().map(candidate).collect(), state: State::Service, rest: Vec::new() }
    }

    /// Reads on; whether the advertisement is over.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn push(&mut self, mut bytes: &[u8]) -> Result<bool, Malformed> {
        while self.state != State::Over {
            let wanted = self.line_length()?.unwrap_or(4);
            let missing = wanted - self.rest.len();
            if bytes.len() < missing {
                self.rest.extend_from_slice(bytes);
                return Ok(false);
            }
            let (now, later) = bytes.split_at(missing);
            self.rest.extend_from_slice(now);
            bytes = later;
            // The length alone is there: either it is all of the line, or the rest of it is read next.
            if self.line_length()? == Some(self.rest.len()) {
                let line = std::mem::take(&mut self.rest);
                self.line(&line)?;
            }
        }
        Ok(true)
    }

    /// What was found; `None` where there is no such reference.
    ///
    /// # Errors
    /// Where the advertisement breaks off.
    pub(crate) fn finish(self) -> Result<Option<Resolved>, Malformed> {
        if self.state != State::Over {
            return Err(Malformed::Odd("it breaks off"));
        }
        let found = |candidate: Candidate| {
            let commit = candidate.peeled.or(candidate.itself)?;
            Some(Resolved { name: candidate.name, commit })
        };
        Ok(self.candidates.into_iter().find_map(found))
    }

    /// How long the line is that has begun, its length included; `None` where that has not come yet.
    fn line_length(&self) -> Result<Option<usize>, Malformed> {
        let Some(digits) = self.rest.first_chunk::<4>() else { return Ok(None) };
        let length = digits.iter().try_fold(0, |sum, digit| Some(sum * 16 + (*digit as char).to_digit(16)? as usize));
        match length {
            Some(0) => Ok(Some(4)),
            Some(length @ 4..=LONGEST_LINE) => Ok(Some(length)),
            _ => Err(Malformed::Odd("a line has no length")),
        }
    }

    fn line(&mut self, line: &[u8]) -> Result<(), Malformed> {
        let is_flush = line == b"0000";
        let text = line.get(4..).unwrap_or_default();
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        if let Some(message) = text.strip_prefix(b"ERR ") {
            let message = &message[..message.len().min(LONGEST_MESSAGE)];
            return Err(Malformed::Refused(String::from_utf8_lossy(message).into_owned()));
        }
        self.state = match (self.state, is_flush) {
            (State::Service, false) if text == SERVICE => State::Flush,
            (State::Service, _) => return Err(Malformed::Odd("it does not begin as an advertisement does")),
            (State::Flush, true) => State::First,
            (State::Flush, false) => return Err(Malformed::Odd("its beginning does not end")),
            (State::First, false) if text == b"version 1" => State::First,
            // A repository without anything in it may say so by saying nothing.
            (State::First | State::References, true) => State::Over,
            (State::First | State::References, false) => {
                self.reference(text)?;
                State::References
            }
            (State::Over, _) => State::Over,
        };
        Ok(())
    }

    /// `COMMIT NAME`, and behind the first one, after a zero byte, what the server can do.
    fn reference(&mut self, text: &[u8]) -> Result<(), Malformed> {
        if text.starts_with(b"shallow ") {
            return Ok(());
        }
        let odd = Malformed::Odd("a line is no reference");
        let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
        let space = text.iter().position(|byte| *byte == b' ').ok_or_else(|| odd.clone())?;
        let (id, name) = (&text[..space], &text[space + 1..]);
        if !matches!(id.len(), 40 | 64) || !id.iter().all(u8::is_ascii_hexdigit) {
            return Err(odd);
        }
        // An empty repository names nothing so.
        if id.iter().all(|digit| *digit == b'0') {
            return Ok(());
        }
        let (name, is_peeled) = match name.strip_suffix(PEELED) {
            Some(name) => (name, true),
            None => (name, false),
        };
        if let Some(candidate) = self.candidates.iter_mut().find(|candidate| candidate.name.as_bytes() == name) {
            let id = String::from_utf8_lossy(id).to_ascii_lowercase();
            *(if is_peeled { &mut candidate.peeled } else { &mut candidate.itself }) = Some(id);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ONE: &str = "1111111111111111111111111111111111111111";
    const TWO: &str = "2222222222222222222222222222222222222222";
    const THREE: &str = "3333333333333333333333333333333333333333";

    fn line(text: &str) -> String {
        format!("{:04x}{text}", text.len() + 4)
    }

    fn advertisement(references: &[(&str, &str)]) -> Vec<u8> {
        let mut all = line("# service=git-upload-pack\n") + "0000";
        for (at, (id, name)) in references.iter().enumerate() {
            let abilities = if at == 0 { "\0multi_ack symref=HEAD:refs/heads/main agent=git/2" } else { "" };
            all += &line(&format!("{id} {name}{abilities}\n"));
        }
        (all + "0000").into_bytes()
    }

    fn read(reference: &str, chunks: &[&[u8]]) -> Result<Option<Resolved>, Malformed> {
        let mut looking = Advertised::of(reference);
        for chunk in chunks {
            looking.push(chunk)?;
        }
        looking.finish()
    }

    fn commit(reference: &str, references: &[(&str, &str)]) -> Option<String> {
        read(reference, &[&advertisement(references)]).unwrap().map(|found| found.commit)
    }

    #[test]
    fn a_branch_comes_before_a_tag_and_a_tag_is_the_commit_that_it_stands_for() {
        let all = [
            (ONE, "HEAD"),
            (ONE, "refs/heads/main"),
            (TWO, "refs/heads/v1"),
            (ONE, "refs/tags/v1"),
            (THREE, "refs/tags/v1^{}"),
        ];
        assert_eq!(commit("main", &all).as_deref(), Some(ONE));
        assert_eq!(commit("v1", &all).as_deref(), Some(TWO));
        assert_eq!(commit("refs/tags/v1", &all).as_deref(), Some(THREE));
        assert_eq!(commit("v1", &all[3..]).as_deref(), Some(THREE), "no branch has the name");
        for head in ["HEAD", ""] {
            assert_eq!(commit(head, &all).as_deref(), Some(ONE));
        }
        for none in ["mai", "heads/main", "refs/heads/v1^{}", "v1^{}", "main\n", "refs/"] {
            assert_eq!(commit(none, &all), None, "{none:?}");
        }
    }

    #[test]
    fn an_empty_repository_has_no_reference() {
        let zero = "0".repeat(40);
        assert_eq!(commit("main", &[(&zero, "capabilities^{}")]), None);
        assert_eq!(commit("main", &[]), None);
    }

    #[test]
    fn version_1_and_shallow_lines_are_understood() {
        let all = line("# service=git-upload-pack\n")
            + "0000"
            + &line("version 1\n")
            + &line(&format!("{ONE} refs/heads/main\0agent=x"))
            + &line(&format!("shallow {TWO}"))
            + "0000";
        assert_eq!(read("main", &[all.as_bytes()]).unwrap().unwrap().commit, ONE);
    }

    #[test]
    fn what_is_none_is_said_to_be_none() {
        let begun = line("# service=git-upload-pack\n") + "0000";
        for odd in [
            "".to_owned(),
            "<html>".to_owned(),
            "0000".to_owned(),
            "0003".to_owned(),
            "fff1".to_owned(),
            line("# service=git-receive-pack\n") + "0000",
            line("# service=git-upload-pack\n") + &line("more"),
            begun.clone(),
            begun.clone() + &line("version 2\n") + "0000",
            begun.clone() + &line("not-a-hash refs/heads/main") + "0000",
            begun.clone() + &line(ONE) + "0000",
            begun.clone() + "0001",
        ] {
            assert!(matches!(read("main", &[odd.as_bytes()]), Err(Malformed::Odd(_))), "{odd:?}");
        }
        let refused = begun + &line("ERR no such repository\n");
        let told = Malformed::Refused("no such repository".to_owned());
        assert_eq!(read("main", &[refused.as_bytes()]), Err(told));
    }

    proptest! {
        #[test]
        fn it_does_not_matter_how_it_comes(
            names in prop::collection::vec("[a-c/]{1,5}", 0..6),
            wanted in "[a-c/]{1,5}",
            cuts in prop::collection::vec(0usize..600, 0..8),
        ) {
            let full: Vec<String> = names.iter().map(|name| format!("refs/heads/{name}")).collect();
            let all: Vec<(&str, &str)> = full.iter().map(|name| (ONE, name.as_str())).collect();
            let bytes = advertisement(&all);
            let whole = read(&wanted, &[&bytes]).unwrap();
            prop_assert_eq!(whole.is_some(), names.contains(&wanted));
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).chain([0, bytes.len()]).collect();
            cuts.sort_unstable();
            let chunks: Vec<&[u8]> = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]).collect();
            prop_assert_eq!(read(&wanted, &chunks).unwrap(), whole);
        }

        #[test]
        fn whatever_comes_is_read_or_refused(
            bytes in prop::collection::vec(any::<u8>(), 0..300),
            at in 0usize..300,
            is_begun in any::<bool>(),
        ) {
            let mut all = if is_begun { advertisement(&[(ONE, "refs/heads/main")]) } else { Vec::new() };
            all.truncate(all.len().saturating_sub(4));
            all.extend(bytes);
            let (one, other) = all.split_at(at.min(all.len()));
            prop_assert_eq!(read("main", &[one, other]), read("main", &[&all]));
        }
    }
}
