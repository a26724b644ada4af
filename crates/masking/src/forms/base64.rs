//! Base64, wherever the text stands in what was encoded.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};

use super::broken;

/// Widths at which `openssl` and `base64` break their lines.
const WIDTHS: [usize; 2] = [64, 76];

/// In both alphabets, at the three places that a byte can have in a group; without the characters at the ends that depend on
/// what stands before and after. Broken lines are searched for where the text begins what was encoded.
pub(super) fn of(text: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = Vec::new();
    for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
        for before in 0..3 {
            let mut shifted = vec![0; before];
            shifted.extend_from_slice(text);
            let encoded = engine.encode(&shifted);
            let certain = (before * 8).div_ceil(6)..shifted.len() * 8 / 6;
            let Some(certain) = encoded.get(certain) else { continue };
            forms.push(certain.as_bytes().to_vec());
            if before == 0 {
                forms.extend(WIDTHS.into_iter().flat_map(|width| broken(certain, width)));
            }
        }
    }
    forms
}
