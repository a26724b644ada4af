//! Chance that can be repeated.

use std::{env, time::Duration};

use rand::{Rng, SeedableRng, rngs::StdRng};

/// Random moments. The seed is printed, and taken from `ALM_TEST_SEED` where that is set; moments are what it repeats, not how
/// the machine was loaded at each of them.
pub(crate) struct Seed(StdRng);

impl Seed {
    pub(crate) fn of_this_test(name: &str) -> Self {
        let seed = match env::var("ALM_TEST_SEED") {
            Ok(text) => text.parse().expect("ALM_TEST_SEED is a whole number"),
            Err(_) => rand::rng().random(),
        };
        println!("{name}: ALM_TEST_SEED={seed}");
        Self(StdRng::seed_from_u64(seed))
    }

    /// A time up to this one.
    pub(crate) fn moment(&mut self, longest: Duration) -> Duration {
        longest.mul_f64(self.0.random_range(0.0..1.0))
    }

    /// One of so many.
    pub(crate) fn below(&mut self, count: u32) -> u32 {
        self.0.random_range(0..count)
    }
}
