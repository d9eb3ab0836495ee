//! Switches: everything the vendor leaves open, and everything a test wants to vary.

use std::time::Duration;

use serde_json::{Value, json};

use super::world::Cluster;

crate::options! {
    /// How the simulator behaves. [`Options::default`] is the most likely real behaviour, or the least forgiving one
    /// where nothing is known. The vendor documents no order of lists; the order of ids and names is assumed. Only the
    /// search for deployments has pages.
    #[derive(Clone, Debug, PartialEq)]
    Options {
        /// How many requests to the Cloud API are carried out in a time.
        quota: Quota = Quota { limit: 10_000, interval: Duration::from_secs(60), retry_after: None, forgive_after: None, },
        /// `next_page` of the list of organizations. No parameter is documented that would ask for that page.
        next_page: Option<String> = None,
        /// Whether the role mappings can only be read with `manage_security`, as the specification says, or with
        /// `read_security` too.
        mappings_need_manage_security: bool = true,
        /// This many reads of users by name are answered 404 `{}`, whoever exists: a part of the cluster is
        /// unreachable. Counted down.
        hiccups: usize = 0,
        /// So many writes of users are answered 200 and have no effect. Counted down.
        forgotten_writes: usize = 0,
        /// A concurrent change between a client's read and its write.
        race: Option<Race> = None,
    }
}

/// How many requests to the Cloud API are carried out in a time. *Unknown*: the numbers. Taken: more than any test needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Quota {
    /// `x-ratelimit-limit`: how many.
    pub limit: u64,
    /// `x-ratelimit-interval`: in which time.
    pub interval: Duration,
    /// `Retry-After` of a refusal, in seconds. The vendor documents none.
    pub retry_after: Option<u64>,
    /// After this many refusals all requests are accepted again, whatever the time: for clients that only pretend to
    /// wait.
    pub forgive_after: Option<u64>,
}

/// Counts down; whether it was above nothing.
pub(super) fn count_down(left: &mut usize) -> bool {
    let any = *left > 0;
    *left = left.saturating_sub(1);
    any
}

/// A change that is made each time a client has read this user, until it has been made often enough.
#[derive(Clone, Debug, PartialEq)]
pub struct Race {
    user: String,
    change: Change,
    times: usize,
    /// So many reads are let by before. Counted down.
    after: usize,
}

/// A change of a user.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// The user gets a role, unless they have it.
    AddRole(String),
    /// The user loses a role.
    RemoveRole(String),
    /// The user is enabled or disabled.
    SetEnabled(bool),
    /// The user's metadata get this value under this name.
    SetMetadata(String, Value),
    /// The user is deleted.
    Delete,
}

impl Race {
    /// A change that is made once.
    #[must_use]
    pub fn new(user: &str, change: Change) -> Self {
        Self { user: user.to_owned(), change, times: 1, after: 0 }
    }

    /// Lets so many reads by first.
    #[must_use]
    pub fn after(mut self, reads: usize) -> Self {
        self.after = reads;
        self
    }

    /// Makes it so often.
    #[must_use]
    pub fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }

    /// Makes the change if the user is among those read.
    pub(super) fn run(&mut self, cluster: &mut Cluster, read: &[String]) {
        if !read.contains(&self.user) || count_down(&mut self.after) || !count_down(&mut self.times)
        {
            return;
        }
        if self.change == Change::Delete {
            cluster.users.remove(&self.user);
            return;
        }
        let Some(user) = cluster.users.get_mut(&self.user) else {
            return;
        };
        let roles = user.row["roles"].as_array_mut();
        match (&self.change, roles) {
            (Change::AddRole(role), Some(roles)) if !roles.contains(&json!(role)) => {
                roles.push(json!(role));
            }
            (Change::RemoveRole(role), Some(roles)) => roles.retain(|held| held != role),
            (Change::SetEnabled(enabled), _) => user.row["enabled"] = json!(enabled),
            (Change::SetMetadata(key, value), _) => user.row["metadata"][key] = value.clone(),
            _ => {}
        }
    }
}
