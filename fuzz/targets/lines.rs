//! From bytes to lines: the same however they are cut, none too long, none with control codes.
#![no_main]

use alm_masking::Masks;
use alm_provider_local::fuzzing::lines;

libfuzzer_sys::fuzz_target!(|input: (u8, &[u8])| {
    let (size, bytes) = input;
    let (masks, _) = Masks::of([("secret", &b"s3cret/0f the+build"[..])]);
    let whole = lines(&masks, [bytes]);
    let cut = lines(&masks, bytes.chunks(usize::from(size).max(1)));
    assert!(whole == cut, "the lines depend on how the stream was cut");
    for (text, _) in &whole {
        assert!(text.len() <= 64 * 1024, "a line is too long");
        let bare = alm_domain::strip_sgr(text);
        assert!(!bare.chars().any(|c| c.is_control() && c != '\t'), "a control code passed");
    }
});
