//! Sudden loss: the rule by which a new snapshot is quarantined instead of published.

use serde::{Deserialize, Serialize};

use super::manifest::ByType;

/// A count that fell by so much that an operator should check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the other fields are self-explanatory")]
pub struct Loss {
    /// `resources` or `grants`.
    pub what: String,
    pub resource_type: String,
    pub before: u64,
    pub now: u64,
}

/// The losses between two snapshots: more than half and more than twenty, or everything.
pub(crate) fn losses(before: &ByType, now: &ByType) -> Vec<Loss> {
    let mut losses = Vec::new();
    let kinds =
        [("resources", &before.resources, &now.resources), ("grants", &before.grants, &now.grants)];
    for (what, before, now) in kinds {
        for (resource_type, &had) in before {
            let has = now.get(resource_type).copied().unwrap_or_default();
            let lost = had.saturating_sub(has);
            let sudden = lost > 20 && lost * 2 > had;
            if sudden || (had > 0 && has == 0) {
                losses.push(Loss {
                    what: what.into(),
                    resource_type: resource_type.clone(),
                    before: had,
                    now: has,
                });
            }
        }
    }
    losses
}

impl std::fmt::Display for Loss {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { what, resource_type, before, now } = self;
        let on = if what == "grants" { "on" } else { "of type" };
        write!(f, "{what} {on} {resource_type} fell from {before} to {now}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_many_or_all_of_few_is_a_sudden_loss() {
        let by =
            |n: u64| ByType { grants: [("namespace".to_owned(), n)].into(), ..ByType::default() };
        for (before, now, held) in [
            (100, 100, false),
            (100, 50, false),
            (100, 49, true),
            (30, 10, false),
            (30, 9, true),
            (10, 1, false),
            (10, 0, true),
            (0, 0, false),
            (1, 500, false),
        ] {
            assert_eq!(!losses(&by(before), &by(now)).is_empty(), held, "{before} → {now}");
        }
        let gone = losses(&by(3), &ByType::default());
        assert_eq!(gone[0].to_string(), "grants on namespace fell from 3 to 0");
    }
}
