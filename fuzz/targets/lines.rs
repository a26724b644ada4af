//! From bytes to lines: the same however they are cut, none too long, none with control codes.
#![no_main]

use std::sync::LazyLock;

use alm_masking::Masks;
use alm_provider_local::fuzzing::lines;

static MASKS: LazyLock<Masks> = LazyLock::new(|| Masks::of([("secret", &b"s3cret/0f the+build"[..])]).0);

libfuzzer_sys::fuzz_target!(|input: (u8, &[u8])| {
    let (size, bytes) = input;
    let whole = lines(&MASKS, [bytes]);
    let cut = lines(&MASKS, bytes.chunks(usize::from(size).max(1)));
    assert!(whole == cut, "the lines depend on how the stream was cut");
    for (text, _) in &whole {
        assert!(text.len() <= 64 * 1024, "a line is too long");
        let bare = alm_domain::strip_sgr(text);
        assert!(!bare.chars().any(|c| c.is_control() && c != '\t'), "a control code passed");
    }
});
