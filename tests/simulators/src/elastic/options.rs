//! Switches: everything the vendor leaves open, and everything a test wants to vary.

use std::time::Duration;

use crate::clock::Quota;

crate::options! {
    /// How the simulator behaves. [`Options::default`] is the most likely real behaviour, or the least forgiving one
    /// where nothing is known. The vendor documents no order of lists; the order of ids and names is assumed. Only the
    /// search for deployments has pages.
    #[derive(Clone, Debug, PartialEq)]
    Options {
        /// How many requests to the Cloud API are carried out in a time. *Unknown*: the numbers. Taken: more than any
        /// test needs.
        quota: Quota = Quota::new(10_000, Duration::from_secs(60)),
        /// `next_page` of the list of organizations. No parameter is documented that would ask for that page.
        next_page: Option<String> = None,
        /// Whether the role mappings can only be read with `manage_security`, as the specification says, or with
        /// `read_security` too.
        mappings_need_manage_security: bool = true,
        /// This many reads of users by name are answered 404 `{}`, also for users that exist: a part of the cluster is
        /// unreachable. Counted down.
        hiccups: usize = 0,
        /// So many writes of users are answered 200 and have no effect. Counted down.
        forgotten_writes: usize = 0,
    }
}

/// Counts down; whether it was above nothing.
pub(super) fn count_down(left: &mut usize) -> bool {
    let any = *left > 0;
    *left = left.saturating_sub(1);
    any
}
