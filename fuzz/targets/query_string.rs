//! Query strings.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| alm::http::fuzzing::query_string(text));
