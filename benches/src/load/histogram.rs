//! How long things took.

/// Steps within a power of two: what is told is at most 3 % too low.
const STEPS: u32 = 5;

/// Times in nanoseconds, counted in steps of 3 %.
#[derive(Debug, Clone, Default)]
pub(crate) struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

impl Histogram {
    pub(crate) fn add(&mut self, nanos: u64) {
        let step = step(nanos);
        if self.counts.len() <= step {
            self.counts.resize(step + 1, 0);
        }
        self.counts[step] += 1;
        self.total += 1;
    }

    /// So many of a hundred took no longer than this, in milliseconds. `NaN` where nothing was counted.
    pub(crate) fn percentile(&self, percent: f64) -> f64 {
        let mut left = (self.total as f64 * percent / 100.0).ceil().max(1.0) as u64;
        for (step, count) in self.counts.iter().enumerate() {
            if *count >= left {
                return least(step) as f64 / 1e6;
            }
            left -= count;
        }
        f64::NAN
    }
}

fn step(nanos: u64) -> usize {
    let nanos = nanos.max(1 << STEPS);
    let exponent = nanos.ilog2() - STEPS;
    ((exponent << STEPS) as usize) + (nanos >> exponent) as usize - (1 << STEPS)
}

fn least(step: usize) -> u64 {
    let (exponent, rest) = (step >> STEPS, step & ((1 << STEPS) - 1));
    (rest as u64 + (1 << STEPS)) << exponent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_at_most_a_step_below_the_truth() {
        let mut histogram = Histogram::default();
        (1..=100_000u64).for_each(|micros| histogram.add(micros * 1_000));
        for (percent, truth) in [(50.0, 50.0), (99.0, 99.0), (100.0, 100.0)] {
            let told = histogram.percentile(percent);
            assert!(told <= truth && told > truth * 0.96, "{percent} %: {told}");
        }
        assert!(Histogram::default().percentile(50.0).is_nan());
    }
}
