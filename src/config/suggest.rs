//! "Did you mean …?"

/// How many letters must be inserted, removed, replaced or swapped with their neighbour to make one text of the other.
#[must_use]
pub fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let mut best = (last[j] + usize::from(a != b)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == other[j - 1] && one[i - 1] == *b {
                best = best.min(before_last[j - 1] + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[other.len()]
}

/// The known name that a wrong one was probably meant to be: near in letters, or with the same last word.
/// Foreign names of any length are looked at in bounded time.
#[must_use]
pub fn closest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wrong: String = wrong.chars().take(100).collect::<String>().to_ascii_lowercase();
    let last_word = |text: &str| text.rsplit(['.', '_']).next().map(str::to_owned).filter(|word| word.len() > 2);
    known
        .into_iter()
        .filter_map(|name| {
            let lower = name.to_ascii_lowercase();
            let far = distance(&wrong, &lower);
            let near = far <= (lower.len() / 3).max(1);
            let alike = last_word(&wrong).is_some_and(|word| last_word(&lower) == Some(word));
            (near || alike).then_some((far, name))
        })
        .min_by_key(|(far, _)| *far)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_its_key() {
        let known = ["server.bind", "server.public_url", "limits.body", "log.filter"];
        for (wrong, right) in [
            ("server.bnid", Some("server.bind")),
            ("Server.Bind", Some("server.bind")),
            ("bind", Some("server.bind")),
            ("log.filer", Some("log.filter")),
            ("limit.body", Some("limits.body")),
            ("something.else.entirely", None),
        ] {
            assert_eq!(closest(wrong, known), right, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn distance_is_symmetric_and_zero_only_for_equals(a in "[a-d]{0,8}", b in "[a-d]{0,8}") {
            prop_assert_eq!(distance(&a, &b), distance(&b, &a));
            prop_assert_eq!(distance(&a, &b) == 0, a == b);
            prop_assert!(distance(&a, &b) <= a.len().max(b.len()));
        }
    }
}
