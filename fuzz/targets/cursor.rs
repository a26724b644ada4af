//! Cursors: whatever is taken is what we would have given out.
#![no_main]

use alm_domain::{Cursor, CursorKind};
use uuid::Uuid;

libfuzzer_sys::fuzz_target!(|text: &str| {
    for kind in [CursorKind::BuildLog, CursorKind::Projects] {
        if let Ok(position) = Cursor::position_in(text, kind, Uuid::nil()) {
            let again = Cursor { kind, subject: Uuid::nil(), position }.encode();
            assert_eq!(again, text, "a cursor was taken that we never gave out");
        }
        let _ = Cursor::number_in(text, kind, Uuid::nil());
    }
});
