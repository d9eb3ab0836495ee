//! Switches: everything the vendor leaves open, and everything a test wants to vary.

use std::time::Duration;

use crate::lists::Ordering;

/// How the simulator behaves. [`Options::default`] is the most likely real behaviour, or the least forgiving one
/// where nothing is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// How long every request takes.
    pub latency: Duration,
    /// Largest page. *Unknown*: what a larger `pageSize` does. Taken: it is cut to this, and counted as a violation.
    pub page_size_cap: usize,
    /// Splits every list like this, whatever `pageSize` says.
    pub force_page_size: Option<usize>,
    /// Every list begins with an empty page that carries a token.
    pub empty_page_with_token: bool,
    /// The order of lists. Documented are namespaces and groups by name, all else by id, ascending.
    pub ordering: Ordering,
    /// Casing of answers.
    pub casing: Casing,
    /// Default values in answers.
    pub defaults: Defaults,
    /// Whether a request must name its API version. The gateway does not ask for it, but puts in the newest version,
    /// whose meaning of an absent field changes over time: a client should always pin it.
    pub require_version: bool,
    /// Whether a write must carry an `asyncOperationId`, without which it cannot be repeated safely.
    pub require_operation_id: bool,
    /// Header names (lower case) allowed besides the ordinary ones.
    pub extra_headers: Vec<String>,
    /// How operations go.
    pub operations: Operations,
    /// Running operations above which a write is answered 429.
    pub max_running: usize,
    /// The answer to a stale or absent `resourceVersion`.
    pub stale_version: StaleVersion,
    /// The project calls.
    pub projects: Feature,
    /// The custom-role calls.
    pub custom_roles: Feature,
    /// The group calls.
    pub groups: Feature,
    /// Whether the list of all service accounts has those that are scoped to a project. *Unknown*; they have a list of
    /// their own.
    pub scoped_on_main_list: bool,
    /// How `email` selects users.
    pub email_filter: EmailFilter,
    /// Whether the `namespace` filter of users and groups also gives those with implicit access (owners, admins).
    pub namespace_filter_implicit: bool,
    /// The answer to adding a member twice or removing one that is not there.
    pub member_repeat: MemberRepeat,
    /// State of a user after its create operation is fulfilled.
    pub created_user_state: String,
}

/// How operations go. Applies to operations begun after it is set.
#[derive(Clone, Debug, PartialEq)]
pub struct Operations {
    /// The poll that finds the operation finished. With 0 the write's own answer already says so; with `usize::MAX`
    /// it never happens. A write takes effect when its operation is fulfilled.
    pub polls: usize,
    /// How it ends.
    pub end: End,
    /// `checkDuration` of the operation, if any.
    pub check_duration: Option<Duration>,
}

/// End of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The write takes effect.
    Fulfilled,
    /// No effect, with a reason.
    Failed,
    /// No effect.
    Cancelled,
    /// No effect. A state newer than most clients.
    Rejected,
    /// No effect, and a state no published version has.
    Unknown,
}

/// Casing of answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Casing {
    /// `nextPageToken`.
    Camel,
    /// `next_page_token`.
    Snake,
}

/// Default values in answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defaults {
    /// Left out.
    Omitted,
    /// `""`, `0`, `false`, `[]`, `{}`, `…_UNSPECIFIED`, `null` for messages.
    Emitted,
    /// `null` for everything.
    Null,
}

/// The answer to a stale version. *Unknown* which one is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StaleVersion {
    /// 409, ABORTED.
    Aborted,
    /// 400, FAILED_PRECONDITION, with a message about the version.
    FailedPrecondition,
    /// 400, INVALID_ARGUMENT, with a message about the version.
    InvalidArgument,
}

/// Whether the account has a feature. *Unknown* how its absence shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feature {
    /// It has.
    Enabled,
    /// 403, PERMISSION_DENIED.
    Forbidden,
    /// 404, NOT_FOUND.
    NotFound,
    /// 501, UNIMPLEMENTED.
    Unimplemented,
}

/// How `email` selects users. *Unknown* which one is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailFilter {
    /// The same address, whatever the case of its letters.
    IgnoreCase,
    /// The same address, letter for letter.
    Exact,
    /// Any address that contains the text.
    Contains,
}

/// The answer to a membership change that changes nothing. *Unknown* which one is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberRepeat {
    /// 400 `nothing to change`, like updates.
    NothingToChange,
    /// 409 for an addition, 404 for a removal.
    Conflict,
}

impl Default for Operations {
    fn default() -> Self {
        Self {
            polls: 1,
            end: End::Fulfilled,
            check_duration: Some(Duration::from_secs(1)),
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            latency: Duration::ZERO,
            page_size_cap: 1000,
            force_page_size: None,
            empty_page_with_token: false,
            ordering: Ordering::Documented,
            casing: Casing::Camel,
            defaults: Defaults::Omitted,
            require_version: true,
            require_operation_id: false,
            extra_headers: Vec::new(),
            operations: Operations::default(),
            max_running: 10,
            stale_version: StaleVersion::Aborted,
            projects: Feature::Enabled,
            custom_roles: Feature::Enabled,
            groups: Feature::Enabled,
            scoped_on_main_list: true,
            email_filter: EmailFilter::IgnoreCase,
            namespace_filter_implicit: false,
            member_repeat: MemberRepeat::NothingToChange,
            created_user_state: "RESOURCE_STATE_ACTIVATING".to_owned(),
        }
    }
}
