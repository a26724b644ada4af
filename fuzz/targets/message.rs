//! Messages of websockets.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| alm::http::fuzzing::message(text));
