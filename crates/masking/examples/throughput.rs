//! Measures how fast secrets are taken out: `cargo run --release -p alm-masking --example throughput`.
#![expect(clippy::print_stdout, reason = "a program for people who measure")]

use std::time::Duration;

use alm_masking::Masks;

const MIB: usize = 1 << 20;

fn main() {
    let log: Vec<u8> = (0..200_000)
        .flat_map(|n| {
            format!("2026-11-22T10:00:00Z INFO compiling module {n} of the service, took {} ms\n", n % 97).into_bytes()
        })
        .collect();
    for (what, count, length) in [
        ("no secret", 0, 0),
        ("1 secret of 40 bytes", 1, 40),
        ("20 secrets of 40 bytes", 20, 40),
        ("100 secrets of 40 bytes", 100, 40),
        ("a key of 1.7 KiB in 27 lines", 1, 1_700),
        ("16 KiB of secrets", 8, 2_048),
        ("1 MiB of secrets", 16, 65_536),
    ] {
        let secrets: Vec<Vec<u8>> = (0..count).map(|n| secret(n, length)).collect();
        let begin = busy();
        let (masks, _) = Masks::of(secrets.iter().map(|value| ("secret", value.as_slice())));
        let made = busy() - begin;
        let begin = busy();
        let (mut masker, mut out, mut through) = (masks.masker(), Vec::new(), 0);
        for chunk in log.chunks(64 << 10).cycle().take(2_000) {
            out.clear();
            masker.push(chunk, &mut out);
            through += chunk.len();
        }
        let speed = through as f64 / MIB as f64 / (busy() - begin).as_secs_f64();
        println!("{what:<30} {speed:>6.0} MiB/s, made ready in {made:.1?}, most resident {} MiB", peak());
    }
}

/// Letters and digits without a pattern, in lines of 64.
fn secret(seed: usize, length: usize) -> Vec<u8> {
    let mut state = seed as u64 + 1;
    let mut letter = |at: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        if at % 64 == 63 {
            b'\n'
        } else {
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[(state >> 58) as usize]
        }
    };
    (0..length).map(&mut letter).collect()
}

/// Time that this thread was on a processor: a loaded machine changes it little.
fn busy() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(told.split(' ').next().and_then(|nanoseconds| nanoseconds.parse().ok()).unwrap_or(0))
}

fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) >> 10
}
