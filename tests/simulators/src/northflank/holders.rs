//! Who holds a role, and how: never kept, always worked out.

use std::collections::BTreeMap;

use super::world::{Email, GroupMember, Member, Role, World};

/// How somebody holds a role.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Holding<'w> {
    /// Given by hand.
    pub(crate) explicit: bool,
    /// Through a linked group, as the first of these has them.
    pub(crate) implicit: Option<&'w GroupMember>,
}

impl World {
    /// Everybody who holds the role, by id. People without an account hold nothing.
    pub(crate) fn holders<'w>(&'w self, role: &'w Role) -> BTreeMap<&'w str, Holding<'w>> {
        let mut holders: BTreeMap<&str, Holding<'_>> = BTreeMap::new();
        for id in &role.explicit {
            holders.entry(id).or_default().explicit = true;
        }
        let linked = role.directory_groups.iter().flatten();
        let groups = linked.filter_map(|id| self.groups.get(id));
        for member in groups.flat_map(|group| &group.members) {
            if let Some(id) = &member.id {
                holders
                    .entry(id)
                    .or_default()
                    .implicit
                    .get_or_insert(member);
            }
        }
        holders
    }

    /// Somebody who holds a role. *Unknown*: whether those are listed who are not members of the organization. Taken:
    /// they are, with what their group says of them.
    pub(crate) fn person(&self, id: &str, holding: Holding<'_>) -> Member {
        let stranger = || {
            let seen = holding.implicit.cloned().unwrap_or_default();
            let email = |address: String| Email {
                address: Some(address),
                verified: None,
            };
            let emails = seen.emails.unwrap_or_default().into_iter();
            Member {
                name: seen.name,
                emails: Some(emails.map(email).collect()),
                ..Member::default()
            }
        };
        self.members.get(id).cloned().unwrap_or_else(stranger)
    }
}
