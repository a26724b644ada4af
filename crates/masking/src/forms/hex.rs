//! Hexadecimal.

use super::broken;

/// Width at which `xxd -p` breaks its lines.
const WIDTH: usize = 60;

/// In small and in capital letters.
pub(super) fn of(text: &[u8]) -> Vec<Vec<u8>> {
    let small: String = text.iter().map(|byte| format!("{byte:02x}")).collect();
    let capital = small.to_ascii_uppercase();
    let mut forms = broken(&small, WIDTH);
    forms.extend(broken(&capital, WIDTH));
    forms.extend([small.into_bytes(), capital.into_bytes()]);
    forms
}
