//! Counts, sizes and times, each within bounds that its declaration states.

use std::{fmt, time::Duration};

use figment::value::Value;

use super::text::{quoted, text};
use crate::config::Setting;

/// A whole number from `MIN` to `MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count<const MIN: u64, const MAX: u64>(u64);

/// A size in bytes from `MIN` to `MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bytes<const MIN: u64, const MAX: u64>(u64);

/// A length of time from `MIN` to `MAX` milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period<const MIN: u64, const MAX: u64>(u64);

const SIZES: [(&str, u64); 7] = [
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1000),
    ("B", 1),
];
const TIMES: [(&str, u64); 4] = [("h", 3_600_000), ("min", 60_000), ("s", 1000), ("ms", 1)];

impl<const MIN: u64, const MAX: u64> Count<MIN, MAX> {
    /// The number.
    #[must_use]
    pub fn get(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl<const MIN: u64, const MAX: u64> Bytes<MIN, MAX> {
    /// How many bytes.
    #[must_use]
    pub fn get(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl<const MIN: u64, const MAX: u64> Period<MIN, MAX> {
    /// How long.
    #[must_use]
    pub const fn get(self) -> Duration {
        Duration::from_millis(self.0)
    }
}

impl<const MIN: u64, const MAX: u64> Setting for Count<MIN, MAX> {
    const KIND: &'static str = "whole number, such as `100`";

    fn read(value: &Value) -> Result<Self, String> {
        let text = text(value)?;
        match text.parse() {
            Ok(number) if (MIN..=MAX).contains(&number) => Ok(Self(number)),
            _ => Err(format!("is {}: write a whole number from {MIN} to {MAX}", quoted(&text))),
        }
    }

    fn show(&self) -> String {
        self.0.to_string()
    }
}

impl<const MIN: u64, const MAX: u64> Setting for Bytes<MIN, MAX> {
    const KIND: &'static str = "size with its unit (`B`, `KiB`, `MiB`, `GiB`, `kB`, `MB`, `GB`), such as `1 MiB`";

    fn read(value: &Value) -> Result<Self, String> {
        read_amount(value, &SIZES, MIN, MAX, "a size with its unit, such as 1 MiB").map(Self)
    }

    fn show(&self) -> String {
        format!("{:?}", self.to_string())
    }
}

impl<const MIN: u64, const MAX: u64> Setting for Period<MIN, MAX> {
    const KIND: &'static str = "time with its unit (`ms`, `s`, `min`, `h`), such as `10 s`";

    fn read(value: &Value) -> Result<Self, String> {
        read_amount(value, &TIMES, MIN, MAX, "a time with its unit, such as 10 s").map(Self)
    }

    fn show(&self) -> String {
        format!("{:?}", self.to_string())
    }
}

impl<const MIN: u64, const MAX: u64> fmt::Display for Bytes<MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&amount(self.0, &SIZES))
    }
}

impl<const MIN: u64, const MAX: u64> fmt::Display for Period<MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&amount(self.0, &TIMES))
    }
}

fn read_amount(value: &Value, units: &[(&str, u64)], min: u64, max: u64, shape: &str) -> Result<u64, String> {
    let text = text(value)?;
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = units.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit.trim()));
    let found = number.parse::<u64>().ok().zip(unit).and_then(|(number, (_, factor))| number.checked_mul(*factor));
    match found {
        // Nothing is nothing, whatever the unit.
        None if min == 0 && text == "0" => Ok(0),
        None => Err(format!("is {}: write {shape}", quoted(&text))),
        Some(found) if (min..=max).contains(&found) => Ok(found),
        Some(_) => {
            Err(format!("is {}: write {shape}, from {} to {}", quoted(&text), amount(min, units), amount(max, units)))
        }
    }
}

/// In the largest unit that divides it.
fn amount(number: u64, units: &[(&str, u64)]) -> String {
    units
        .iter()
        .find(|(_, factor)| number > 0 && number.is_multiple_of(*factor))
        .or_else(|| units.last())
        .map_or_else(|| number.to_string(), |(name, factor)| format!("{} {name}", number / factor))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Size = Bytes<0, { u64::MAX }>;
    type Time = Period<0, { u64::MAX }>;

    proptest! {
        #[test]
        fn what_is_shown_reads_back(number in any::<u64>()) {
            for shown in [Size::show(&Bytes(number)), number.to_string() + "B"] {
                prop_assert_eq!(Size::read(&Value::from(shown.trim_matches('"'))), Ok(Bytes(number)));
            }
            prop_assert_eq!(Time::read(&Value::from(Period::<0, 9>(number).to_string())), Ok(Period(number)));
        }

        #[test]
        fn no_text_panics(text in any::<String>()) {
            let value = Value::from(text);
            let _ = Size::read(&value);
            let _ = Time::read(&value);
            let _ = Count::<0, 5>::read(&value);
        }
    }

    #[test]
    fn a_number_without_a_unit_is_refused_with_an_example() {
        let refused = Period::<100, 1000>::read(&Value::from("10")).unwrap_err();
        assert_eq!(refused, "is \"10\": write a time with its unit, such as 10 s");
        let refused = Period::<100, 1000>::read(&Value::from("10 s")).unwrap_err();
        assert_eq!(refused, "is \"10 s\": write a time with its unit, such as 10 s, from 100 ms to 1 s");
    }
}
