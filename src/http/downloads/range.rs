//! Single byte ranges (RFC 9110, section 14).

use axum::http::HeaderMap;

use crate::http::conditional::Tag;

/// The part of a body that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Range {
    /// All of it: none was asked for, or in a way that may be ignored.
    Whole,
    /// From the first to the last byte, both included.
    Part {
        /// First byte.
        first: u64,
        /// Last byte.
        last: u64,
    },
    /// Nothing of the body lies in what was asked for.
    Unsatisfiable,
}

/// The range that these headers ask of a body with this tag and of this length. Several ranges at once, and other units than
/// bytes, are answered with the whole, as the RFC allows; so is whoever holds parts of another body.
pub(super) fn asked(headers: &HeaderMap, tag: &Tag, length: u64) -> Range {
    if !tag.allows_range(headers) {
        return Range::Whole;
    }
    let Some(spec) = headers.get(axum::http::header::RANGE).and_then(|value| value.to_str().ok()) else {
        return Range::Whole;
    };
    let Some((first, last)) = spec.trim().strip_prefix("bytes=").and_then(|spec| spec.split_once('-')) else {
        return Range::Whole;
    };
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let end = length.saturating_sub(1);
    match (first.trim(), last.trim()) {
        ("", suffix) => match number(suffix) {
            None => Range::Whole,
            Some(0) => Range::Unsatisfiable,
            Some(_) if length == 0 => Range::Unsatisfiable,
            Some(count) => Range::Part { first: length.saturating_sub(count), last: end },
        },
        (first, last) => match (number(first), last, number(last)) {
            (Some(first), "", _) if first < length => Range::Part { first, last: end },
            (Some(first), _, Some(last)) if first <= last && first < length => {
                Range::Part { first, last: last.min(end) }
            }
            (Some(_), "", _) => Range::Unsatisfiable,
            (Some(first), _, Some(last)) if first <= last => Range::Unsatisfiable,
            _ => Range::Whole,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_range_is_read_as_the_rfc_says() {
        for (spec, length, expected) in [
            ("bytes=0-", 10, Range::Part { first: 0, last: 9 }),
            ("bytes=3-5", 10, Range::Part { first: 3, last: 5 }),
            ("bytes=3-500", 10, Range::Part { first: 3, last: 9 }),
            ("bytes=-4", 10, Range::Part { first: 6, last: 9 }),
            ("bytes=-40", 10, Range::Part { first: 0, last: 9 }),
            ("bytes=10-", 10, Range::Unsatisfiable),
            ("bytes=12-15", 10, Range::Unsatisfiable),
            ("bytes=-0", 10, Range::Unsatisfiable),
            ("bytes=0-", 0, Range::Unsatisfiable),
            ("bytes=5-3", 10, Range::Whole),
            ("bytes=0-1,3-4", 10, Range::Whole),
            ("lines=1-2", 10, Range::Whole),
            ("bytes=x-y", 10, Range::Whole),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("range", spec.parse().unwrap());
            assert_eq!(asked(&headers, &Tag::of(&[]), length), expected, "{spec} of {length}");
            headers.insert("if-range", "\"another\"".parse().unwrap());
            assert_eq!(asked(&headers, &Tag::of(&[]), length), Range::Whole);
        }
        assert_eq!(asked(&HeaderMap::new(), &Tag::of(&[]), 10), Range::Whole);
    }
}
