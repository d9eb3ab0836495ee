//! Limits the size of warnings: Step Functions passes at most 256 KB from one state to the next.

use rollcall_connector::{Code, Warning, counted};

/// The maximum number of warnings in an answer.
const MAX_WARNINGS: usize = 50;
/// The maximum length of a message, in characters.
const MAX_MESSAGE: usize = 500;

/// The first of these warnings, each shortened.
pub(super) fn bounded(mut warnings: Vec<Warning>) -> Vec<Warning> {
    let more = warnings.len().saturating_sub(MAX_WARNINGS);
    warnings.truncate(MAX_WARNINGS);
    for warning in &mut warnings {
        if warning.message.chars().nth(MAX_MESSAGE).is_some() {
            warning.message = warning.message.chars().take(MAX_MESSAGE - 1).collect();
            warning.message.push('…');
        }
    }
    if more > 0 {
        let message = format!("{} left out", counted(more, "more warning"));
        warnings.push(Warning::new(Code::MoreWarnings, message));
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_much_there_is_to_warn_of_an_answer_stays_small() {
        let many = |n: usize, message: &str| vec![Warning::new(Code::UnreadableField, message); n];
        let all = many(MAX_WARNINGS, &"ä".repeat(MAX_MESSAGE));
        assert_eq!(bounded(all.clone()), all);
        let cut = bounded(many(10_000, &"💥".repeat(10_000)));
        assert_eq!(cut.len(), MAX_WARNINGS + 1);
        assert!(cut[0].message.ends_with('…'));
        assert!(cut[MAX_WARNINGS].message.starts_with("9950 more"));
        let bytes = serde_json::to_vec(&cut).expect("JSON").len();
        assert!(bytes < 128 << 10, "{bytes}");
    }
}
