//! Bodies of requests, and payloads of `subscribe`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| alm::http::fuzzing::body(bytes));
