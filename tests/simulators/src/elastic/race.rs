//! What somebody else does to a user right after a client has read them.

use serde_json::Value;

use super::{
    options::count_down,
    world::{Cluster, User},
};

/// A change that is made each time a client has read this user, until it has been made often enough.
#[derive(Clone, Debug, PartialEq)]
pub struct Race {
    /// Whose.
    pub user: String,
    /// What is done.
    pub change: Change,
    /// How often.
    pub times: usize,
    /// So many reads are let by before. Counted down.
    pub after: usize,
}

/// A change.
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
    /// The user becomes this one, whether or not there was any.
    Become(User),
}

impl Race {
    /// A change that is made once.
    #[must_use]
    pub fn new(user: &str, change: Change) -> Self {
        Self {
            user: user.to_owned(),
            change,
            times: 1,
            after: 0,
        }
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
    pub(crate) fn run(&mut self, cluster: &mut Cluster, read: &[String]) {
        if !read.contains(&self.user) || count_down(&mut self.after) {
            return;
        }
        if self.times > 0 {
            self.times -= 1;
            self.change.make(cluster, &self.user);
        }
    }
}

impl Change {
    fn make(&self, cluster: &mut Cluster, name: &str) {
        match (self, cluster.users.get_mut(name)) {
            (Self::Become(user), _) => {
                cluster.users.insert(name.to_owned(), user.clone());
            }
            (Self::Delete, _) => {
                cluster.users.remove(name);
            }
            (Self::AddRole(role), Some(user)) if !user.roles.contains(role) => {
                user.roles.push(role.clone());
            }
            (Self::RemoveRole(role), Some(user)) => user.roles.retain(|held| held != role),
            (Self::SetEnabled(enabled), Some(user)) => user.enabled = *enabled,
            (Self::SetMetadata(key, value), Some(user)) => {
                user.metadata.insert(key.clone(), value.clone());
            }
            (Self::AddRole(_), Some(_)) | (_, None) => {}
        }
    }
}
