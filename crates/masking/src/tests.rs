//! Secrets in streams that are cut anywhere, against a judge that sees the whole.

use proptest::prelude::*;

use crate::{Masks, SHORTEST, needles};

/// Seeded texts are cut so often in all; `ALM_SOAK=1` cuts a million times.
fn cuts() -> usize {
    if std::env::var("ALM_SOAK").is_ok_and(|value| value == "1") { 1_000_000 } else { 20_000 }
}

fn in_chunks<'a>(secrets: &[&str], chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let (masks, _) = Masks::of(secrets.iter().map(|secret| ("secret", secret.as_bytes())));
    through(&masks, chunks)
}

fn through<'a>(masks: &Masks, chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let (mut masker, mut out) = (masks.masker(), Vec::new());
    chunks.into_iter().for_each(|chunk| masker.push(chunk, &mut out));
    masker.finish(&mut out);
    out
}

fn masked(secrets: &[&str], text: &str) -> String {
    String::from_utf8(in_chunks(secrets, [text.as_bytes()])).unwrap()
}

/// What must come out, found the slow way: each byte that belongs to a needle, or to the beginning of one at the very end.
fn judged(secrets: &[&str], text: &[u8]) -> Vec<u8> {
    let (needles, _) = needles::of(secrets.iter().map(|secret| ("secret", secret.as_bytes())));
    let mut covered = vec![false; text.len()];
    for at in 0..text.len() {
        for needle in &needles {
            let rest = &text[at..];
            if rest.starts_with(needle) {
                covered[at..at + needle.len()].fill(true);
            } else if rest.len() >= SHORTEST && needle.starts_with(rest) {
                covered[at..].fill(true);
            }
        }
    }
    let mut out = Vec::new();
    for (at, byte) in text.iter().enumerate() {
        match (covered[at], at > 0 && covered[at - 1]) {
            (false, _) => out.push(*byte),
            (true, false) => out.extend_from_slice(b"***"),
            (true, true) => {}
        }
    }
    out
}

#[test]
fn a_secret_is_taken_out_wherever_it_is_cut() {
    let text = b"say hunter2-hunter2 and hunter2-hunter2hunter2-hunter2; hunter2.";
    for cut in 0..text.len() {
        let out = in_chunks(&["hunter2-hunter2"], [&text[..cut], &text[cut..]]);
        assert_eq!(String::from_utf8(out).unwrap(), "say *** and ***; hunter2.", "{cut}");
    }
}

#[test]
fn secrets_that_overlap_or_touch_become_one() {
    assert_eq!(masked(&["abcdefgh", "abcdefghijklmnop"], "abcdefghijklmnop."), "***.");
    assert_eq!(masked(&["abababab"], "xabababababy"), "x***y");
    assert_eq!(masked(&["abcdefgh", "efghijkl"], "abcdefghijkl."), "***.");
    assert_eq!(masked(&["abcdefgh", "ijklmnop"], "abcdefghijklmnop."), "***.");
}

#[test]
fn an_end_in_the_midst_of_a_secret_is_taken_out_too() {
    let secret = "abcdefghijklmnop";
    assert_eq!(masked(&[secret], "so abcdefghijklmno"), "so ***");
    assert_eq!(masked(&[secret], "so abcdefg"), "so abcdefg");
}

#[test]
fn only_what_may_become_a_secret_is_held_back() {
    let (masks, _) = Masks::of([("secret", &b"hunter2-hunter2"[..])]);
    let (mut masker, mut out) = (masks.masker(), Vec::new());
    masker.push(b"Go on? [yes/hun", &mut out);
    assert_eq!(out, b"Go on? [yes/", "a pause shows no beginning of a secret, and all else");
    masker.push(b"dred] ", &mut out);
    assert_eq!(out, b"Go on? [yes/hundred] ");
}

#[test]
fn a_stream_of_nothing_but_secrets_stays_small() {
    let (masks, _) = Masks::of([("secret", &b"aaaaaaaa"[..])]);
    let (mut masker, mut out) = (masks.masker(), Vec::new());
    for _ in 0..1_000 {
        masker.push(&[b'a'; 10_000], &mut out);
    }
    assert_eq!(out, b"***");
    masker.finish(&mut out);
    assert_eq!(out, b"***");
}

#[test]
fn nothing_prints_what_it_hides() {
    let (masks, _) = Masks::of([("secret", &b"hunter2-hunter2"[..])]);
    let (mut masker, mut out) = (masks.masker(), Vec::new());
    masker.push(b"hunter2", &mut out);
    assert!(!format!("{masks:?} {masker:?}").contains("hunter"));
}

#[test]
fn no_secret_means_that_nothing_is_changed() {
    assert_eq!(masked(&[], "as it is"), "as it is");
    assert_eq!(masked(&["short"], "short"), "short");
}

/// Texts in which many secrets stand in many forms, cut at every byte until there were enough cuts.
#[test]
fn no_cut_lets_a_secret_through() {
    let mut done = 0;
    let mut seed = 1_u64;
    let mut random = move |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % below
    };
    while done < cuts() {
        let mut word = |length: usize| -> String {
            (0..length).map(|_| char::from(b"abAB01+/= '\"\\$\n%&"[random(17)])).collect()
        };
        let secrets: Vec<String> = (0..5).map(|n| format!("a{}z", word(8 + 7 * n))).collect();
        let mut text = word(20).into_bytes();
        for secret in &secrets {
            let forms = crate::forms::of(secret.as_bytes());
            text.extend_from_slice(&forms[random(forms.len())]);
            let length = random(6);
            text.extend_from_slice(&secret.as_bytes()[..length]);
        }
        let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
        let expected = judged(&secrets, &text);
        let (masks, _) = Masks::of(secrets.iter().map(|secret| ("secret", secret.as_bytes())));
        for cut in 0..=text.len() {
            let out = through(&masks, [&text[..cut], &text[cut..]]);
            assert!(out == expected, "cut {cut} of {:?}", String::from_utf8_lossy(&text));
            done += 1;
        }
        let byte_by_byte = through(&masks, text.chunks(1));
        assert!(byte_by_byte == expected, "{:?}", String::from_utf8_lossy(&text));
    }
}

proptest! {
    #[test]
    fn the_judge_and_the_masker_agree_however_the_stream_is_cut(
        text in "[ab]{0,80}",
        secrets in proptest::collection::vec("[ab]{8,12}", 1..4),
        cuts in proptest::collection::vec(0_usize..80, 0..8),
    ) {
        let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
        cuts.extend([0, text.len()]);
        cuts.sort_unstable();
        let chunks = cuts.windows(2).map(|w| &text.as_bytes()[w[0]..w[1]]);
        prop_assert_eq!(in_chunks(&secrets, chunks), judged(&secrets, text.as_bytes()));
    }
}

proptest! {
    // Each case makes an automaton of half a megabyte.
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn many_large_secrets_are_searched_for_in_the_other_way_with_the_same_result(
        cuts in proptest::collection::vec(0_usize..60_000, 0..8), salt in any::<u64>(),
    ) {
        let secrets: Vec<String> = (0..8).map(|n| {
            let words = (0..120_u64).map(|w| format!("{:x}-", (w + n * 1_000).wrapping_mul(salt | 1)));
            words.collect()
        }).collect();
        let text: String = secrets.iter().map(|secret| format!("before {secret} after {}\n", &secret[1..])).collect();
        let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
        cuts.extend([0, text.len()]);
        cuts.sort_unstable();
        let chunks: Vec<_> = cuts.windows(2).map(|w| &text.as_bytes()[w[0]..w[1]]).collect();
        let out = String::from_utf8(in_chunks(&secrets, chunks)).unwrap();
        prop_assert_eq!(out.matches("before *** after").count(), 8);
        prop_assert_eq!(out.as_bytes(), in_chunks(&secrets, [text.as_bytes()]));
    }
}
