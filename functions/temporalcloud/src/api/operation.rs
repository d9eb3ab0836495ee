//! Operations: changes that the vendor carries out asynchronously.

use rollcall_connector::http::lenient::Lenient;
use serde::Deserialize;

pub(crate) use super::enums::OperationState;
use super::enums::{ApiEnum, EnumText};

/// A change that the vendor carries out asynchronously.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AsyncOperation {
    pub(crate) id: String,
    /// In an unknown form it counts as running, so that an answer to a write does not fail.
    #[serde(default)]
    state: Lenient<EnumText>,
    #[serde(default, alias = "state_deprecated")]
    state_deprecated: Lenient<String>,
    #[serde(default, alias = "failure_reason")]
    failure_reason: Lenient<String>,
    #[serde(default, alias = "check_duration")]
    check_duration: Lenient<String>,
}

impl AsyncOperation {
    /// Its state; `None` if the vendor does not report it.
    pub(crate) fn state(&self) -> Option<OperationState> {
        OperationState::read(self.state.get(), self.state_deprecated.verbatim())
    }

    /// After how many seconds to poll again, if the vendor says so.
    pub(crate) fn check_after(&self) -> Option<f64> {
        let seconds = self.check_duration.verbatim().strip_suffix('s')?.parse().ok();
        seconds.filter(|seconds: &f64| seconds.is_finite())
    }

    /// The reason of a failure, in the vendor's own words.
    pub(crate) fn failure_reason(&self) -> &str {
        self.failure_reason.verbatim()
    }

    /// Replaces that reason by one that may be quoted.
    pub(super) fn set_failure_reason(&mut self, reason: String) {
        self.failure_reason = Lenient::Read(reason);
    }
}
