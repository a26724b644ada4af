//! Pipeline files.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    match alm_provider_local::definition::parse(text, "pipeline") {
        Ok(_) => {}
        Err(problems) => assert!(!problems.is_empty(), "refused, and not said why"),
    }
});
