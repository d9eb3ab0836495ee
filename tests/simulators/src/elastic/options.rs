//! Switches: everything the vendor leaves open, and everything a test wants to vary.

use std::time::Duration;

use super::race::Race;
use crate::lists::Ordering;

/// How the simulator behaves. [`Options::default`] is the most likely real behaviour, or the least forgiving one
/// where nothing is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// How long every request takes, on all hosts.
    pub latency: Duration,
    /// The order of lists, and of the names in objects keyed by name. The vendor documents none; taken as documented is
    /// the order of ids and names.
    pub ordering: Ordering,
    /// Header names (lower case) allowed besides the ordinary ones.
    pub extra_headers: Vec<String>,
    /// How deployments write numbers in metadata that are not integers.
    pub numbers: Numbers,

    /// How many requests to the Cloud API are carried out in a time.
    pub quota: Quota,
    /// `next_page` of the list of organizations. No parameter is documented that would ask for that page.
    pub next_page: Option<String>,
    /// Splits the search for deployments like this, whatever `size` says.
    pub force_page_size: Option<usize>,
    /// The answer to assigning what is assigned, or taking what is not. *Unknown*. Taken: it is done.
    pub repeated_assignment: RepeatedAssignment,

    /// Whether the role mappings can only be read with `manage_security`, as the specification says, or with
    /// `read_security` too.
    pub mappings_need_manage_security: bool,
    /// Whether the answer to a bad key names it, as newer versions do.
    pub name_bad_key: bool,

    /// So many reads of users by name are answered 404 `{}`, whoever is there: a part of the cluster is not reachable.
    /// Counted down.
    pub hiccups: usize,
    /// So many writes of users are answered 409. Counted down.
    pub conflicts: usize,
    /// So many writes of users are answered 200 and have no effect. Counted down.
    pub forgotten_writes: usize,
    /// What somebody else does between a client's read and its write.
    pub race: Option<Race>,
}

/// How many requests to the Cloud API are carried out in a time. *Unknown*: the numbers. Taken: more than any test needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Quota {
    /// `x-ratelimit-limit`: how many.
    pub limit: usize,
    /// `x-ratelimit-interval`: in which time.
    pub interval: Duration,
    /// `Retry-After` of a refusal, in seconds. The vendor documents none.
    pub retry_after: Option<u64>,
    /// After so many refusals everything is let through again, whatever the time: for clients that only pretend to
    /// wait.
    pub forgive_after: Option<usize>,
}

/// How numbers that are not integers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// As the server, which is written in Java, prints them: `1.5E10`.
    Java,
    /// As this program prints them: `15000000000.0`.
    Plain,
}

/// The answer to assigning what is assigned, or taking what is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RepeatedAssignment {
    /// 200 `{}`.
    Done,
    /// 400.
    Refused,
}

impl Default for Quota {
    fn default() -> Self {
        Self {
            limit: 10_000,
            interval: Duration::from_secs(60),
            retry_after: None,
            forgive_after: None,
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            latency: Duration::ZERO,
            ordering: Ordering::Documented,
            extra_headers: Vec::new(),
            numbers: Numbers::Java,
            quota: Quota::default(),
            next_page: None,
            force_page_size: None,
            repeated_assignment: RepeatedAssignment::Done,
            mappings_need_manage_security: true,
            name_bad_key: false,
            hiccups: 0,
            conflicts: 0,
            forgotten_writes: 0,
            race: None,
        }
    }
}

/// Counts down; whether it was above nothing.
pub(crate) fn count_down(left: &mut usize) -> bool {
    let any = *left > 0;
    *left = left.saturating_sub(1);
    any
}
