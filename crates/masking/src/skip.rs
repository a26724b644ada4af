//! Passing over bytes at which no needle can begin.

use crate::SHORTEST;

/// How many bytes are looked at together.
const GRAM: usize = 3;
/// How far one look can lead: so many places does a gram have in the first [`SHORTEST`] bytes of a needle.
const FARTHEST: usize = SHORTEST - GRAM + 1;

/// For each gram (by its hash) how many places can be passed over when it ends a window of [`SHORTEST`] bytes: none of the
/// needles has it, or has it only so far from its beginning. The way of Wu and Manber; ordinary text is passed six bytes at a time.
pub(crate) struct Skip(Vec<u8>);

impl Skip {
    pub(crate) fn of<'a>(needles: impl IntoIterator<Item = &'a Vec<u8>>) -> Self {
        let mut places = vec![FARTHEST as u8; 1 << 16];
        for needle in needles {
            for (gram, behind) in needle.windows(GRAM).take(FARTHEST).zip((0..FARTHEST as u8).rev()) {
                let place = &mut places[hash(gram)];
                *place = behind.min(*place);
            }
        }
        Self(places)
    }

    /// The next place, from this one on, at which a needle may begin. Near the end nothing is passed over.
    pub(crate) fn next(&self, bytes: &[u8], from: usize) -> usize {
        let mut at = from;
        while let Some(gram) = bytes.get(at + SHORTEST - GRAM..at + SHORTEST) {
            match self.0[hash(gram)] {
                0 => break,
                places => at += usize::from(places),
            }
        }
        at
    }
}

fn hash(gram: &[u8]) -> usize {
    let gram = gram.iter().fold(0_u32, |all, byte| all << 8 | u32::from(*byte));
    (gram.wrapping_mul(0x9E37_79B1) >> 16) as usize
}
