//! The pre-check of documents: no panic, and nothing over the limits passes. `-timeout` of the run is what a loop would meet.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| alm::http::fuzzing::document(text));
