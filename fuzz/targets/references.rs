//! What git servers advertise, in two pieces: the first byte says where it is cut.
#![no_main]

use alm_provider_openshift::fuzzing::reference;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((cut, told)) = bytes.split_first() else { return };
    let (one, other) = told.split_at(usize::from(*cut).min(told.len()));
    for name in ["main", "refs/tags/v1", "HEAD"] {
        let found = reference(name, [one, other]);
        assert_eq!(found, reference(name, [told]));
        if let Some((full, commit)) = found {
            assert!(full.ends_with(name) && matches!(commit.len(), 40 | 64));
            assert!(commit.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)));
        }
    }
});
