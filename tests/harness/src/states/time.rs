//! Timestamps as AWS reads them.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

/// How long AWS waits or lets something take at most, in seconds.
pub(super) const LONGEST: u64 = 99_999_999;

/// A moment of RFC 3339 with an upper-case `T` and an offset. (jiff reads more than that.)
pub(super) fn timestamp(text: &str) -> Option<Timestamp> {
    let (date, time) = text.split_once('T')?;
    let (clock, offset) = match time.strip_suffix('Z') {
        Some(clock) => (clock, "+00:00"),
        None => time.split_at_checked(time.find(['+', '-'])?)?,
    };
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let well_formed = shaped(date, "0000-00-00")
        && shaped(clock, "00:00:00")
        && shaped(&offset[1..], "00:00")
        && !fraction.is_empty()
        && fraction.bytes().all(|digit| digit.is_ascii_digit());
    well_formed.then(|| text.parse().ok()).flatten()
}

/// The same of a JSON value, which must be a string.
pub(super) fn timestamp_of(value: &Value) -> Option<Timestamp> {
    value.as_str().and_then(timestamp)
}

/// Whether the text has digits where the shape has, and is the same elsewhere.
fn shaped(text: &str, shape: &str) -> bool {
    text.len() == shape.len()
        && text
            .bytes()
            .zip(shape.bytes())
            .all(|(letter, expected)| match expected {
                b'0' => letter.is_ascii_digit(),
                expected => letter == expected,
            })
}

/// A moment after another, or the last there is.
pub(super) fn later(moment: Timestamp, duration: Duration) -> Timestamp {
    moment.checked_add(duration).unwrap_or(Timestamp::MAX)
}

/// A moment as the context object has it.
pub(super) fn written(moment: Timestamp) -> String {
    format!("{moment:.3}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_timestamps_of_rfc_3339_are_read() {
        for text in [
            "2026-01-02T03:04:05Z",
            "2026-01-02T03:04:05.000000Z",
            "2026-01-02T04:04:05+01:00",
            "2026-01-01T23:04:05.0-04:00",
        ] {
            assert_eq!(
                timestamp(text).map(written).as_deref(),
                Some("2026-01-02T03:04:05.000Z"),
                "{text}"
            );
        }
        for text in [
            "",
            "2026-01-02",
            "2026-01-02T03:04:05",
            "2026-01-02T03:04:05.Z",
            "2026-01-02t03:04:05Z",
            "2026-01-02T03:04:05z",
            "2026-01-02 03:04:05Z",
            "2026-01-02T03:04Z",
            "20260102T030405Z",
            "2026-01-02T03:04:05+01",
            "2026-01-02T03:04:05+0100",
            "2026-01-02T03:04:05Z[UTC]",
            "2026-02-30T03:04:05Z",
            "2026-01-02T25:04:05Z",
            "2026-01-02T03:04:05,5Z",
        ] {
            assert_eq!(timestamp(text), None, "{text}");
        }
    }
}
