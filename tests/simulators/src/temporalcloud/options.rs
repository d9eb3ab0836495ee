//! Switches: everything the vendor leaves open, and everything a test wants to vary.

use std::time::Duration;

crate::options! {
    /// How the simulator behaves. [`Options::default`] is the most likely real behaviour, or the least forgiving one where
    /// nothing is known. The documented order of lists is by name for namespaces and groups, else by id.
    #[derive(Clone, Debug, PartialEq)]
    #[expect(missing_docs, reason = "documented with their types")]
    Options {
        casing: Casing = Casing::Camel,
        defaults: Defaults = Defaults::Omitted,
        operations: Operations = Operations {
            polls: 1, end: End::Fulfilled, check_duration: Some(Duration::from_secs(1)),
        },
        /// Running operations above which a write is answered 429.
        max_running: usize = 10,
        stale_version: StaleVersion = StaleVersion::Aborted,
        projects: Feature = Feature::Enabled,
        custom_roles: Feature = Feature::Enabled,
        groups: Feature = Feature::Enabled,
        /// Whether the list of all service accounts has those of projects too. *Unknown*; they have lists of their own.
        scoped_on_main_list: bool = true,
        email_filter: EmailFilter = EmailFilter::IgnoreCase,
    }
}

/// The course of operations that begin after this is set. A write takes effect when its operation is fulfilled.
#[derive(Clone, Debug, PartialEq)]
pub struct Operations {
    /// The poll that finds the operation finished; with 0 it is the write's own answer, with `usize::MAX` there is none.
    pub polls: usize,
    /// How it ends.
    pub end: End,
    /// `checkDuration` of the operation, if any.
    pub check_duration: Option<Duration>,
}

crate::choices! {
    /// End of an operation; only a fulfilled one has an effect. No published version has the last state.
    End { Fulfilled, Failed, Cancelled, Rejected, Unknown }
    /// Casing of answers: `nextPageToken` or `next_page_token`. *Unknown* which one the gateway has.
    Casing { Camel, Snake }
    /// Default values in answers: left out, emitted (messages as `null`), or all `null`. *Unknown* which of these.
    Defaults { Omitted, Emitted, Null }
    /// The answer to a stale version: 409, or 400 with one of two codes. *Unknown* which one is right.
    StaleVersion { Aborted, FailedPrecondition, InvalidArgument }
    /// Whether the account has a feature. *Unknown* how its absence shows: by 403, 404 or 501.
    Feature { Enabled, Forbidden, NotFound, Unimplemented }
    /// How `email` selects users: by the address, ignoring case or exactly, or by a part. *Unknown* which.
    EmailFilter { IgnoreCase, Exact, Contains }
}
