//! Operations: changes that the vendor carries out in its own time.

use rollcall_connector::http::lenient::Lenient;
use serde::Deserialize;

use super::enums::{EnumText, either};
use super::objects::text;

/// A change that the vendor carries out in its own time.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Operation {
    pub(crate) id: String,
    /// In an unknown form it counts as running: an answer to a write must not fail by it.
    #[serde(default)]
    state: Lenient<EnumText>,
    #[serde(default, alias = "state_deprecated")]
    state_deprecated: Lenient<String>,
    #[serde(default, alias = "failure_reason")]
    failure_reason: Lenient<String>,
    #[serde(default, alias = "check_duration")]
    check_duration: Lenient<String>,
}

/// How an operation stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum OperationState {
    /// Pending, in progress, or something new.
    Running,
    Fulfilled,
    /// Failed, cancelled or rejected: in which way.
    Ended(&'static str),
}

impl Operation {
    const NAMES: [&str; 7] = [
        "UNSPECIFIED",
        "PENDING",
        "IN_PROGRESS",
        "FAILED",
        "CANCELLED",
        "FULFILLED",
        "REJECTED",
    ];

    /// How it stands.
    pub(crate) fn state(&self) -> OperationState {
        let name = either(
            self.state.get(),
            text(&self.state_deprecated),
            "STATE_",
            &Self::NAMES,
        );
        match name.as_deref() {
            Some("FULFILLED") => OperationState::Fulfilled,
            Some("FAILED") => OperationState::Ended("failed"),
            Some("CANCELLED") => OperationState::Ended("was cancelled"),
            Some("REJECTED") => OperationState::Ended("was rejected"),
            _ => OperationState::Running,
        }
    }

    /// After how many seconds to ask again, if the vendor says so.
    pub(crate) fn check_after(&self) -> Option<f64> {
        let seconds = text(&self.check_duration).strip_suffix('s')?.parse().ok();
        seconds.filter(|seconds: &f64| seconds.is_finite())
    }

    /// Why it failed, in the vendor's own words.
    pub(crate) fn failure_reason(&self) -> &str {
        text(&self.failure_reason)
    }

    /// Replaces those words by ones that are fit to be quoted.
    pub(super) fn set_failure_reason(&mut self, reason: String) {
        self.failure_reason = Lenient::Read(reason);
    }
}
