//! The paths that lead to an entitlement, found backwards from it.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

use rollcall_model::ResourceId;

/// The largest number of paths to one entitlement; the shortest come first.
const MAX_PATHS: usize = 16;

/// The largest number of partial paths that are tried for one entitlement.
const MAX_TRIES: usize = 4096;

/// An entitlement held on a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hop {
    /// The id of the entitlement.
    pub entitlement: String,
    /// The resource that it is on, `type:id`.
    pub resource: String,
    /// Its name among the resource's entitlements.
    pub slug: String,
}

/// An entitlement of the principal.
pub(crate) struct Node {
    pub resource: ResourceId,
    pub direct: bool,
    /// Whether the snapshot has the grant.
    pub stored: bool,
    pub immutable: bool,
    /// The entitlements that it is derived from; `true` if only a direct grant of that one counts.
    pub sources: BTreeMap<String, bool>,
}

/// The paths to an entitlement, shortest first, none of which has an entitlement twice; and whether there are more.
pub(crate) fn paths(nodes: &BTreeMap<String, Node>, to: &str) -> (Vec<Vec<Hop>>, bool) {
    let mut found = Vec::new();
    let mut tries = 0;
    // Each entry leads from its last element to the entitlement; a shallow edge must come from a direct grant.
    let mut queue: VecDeque<(Vec<&str>, bool)> = VecDeque::from([(vec![to], false)]);
    while let Some((way, must_end)) = queue.pop_front() {
        let Some((head, node)) = way.last().and_then(|head| nodes.get_key_value(*head)) else {
            continue;
        };
        if found.len() == MAX_PATHS || tries == MAX_TRIES {
            return (found, true);
        }
        tries += 1;
        if node.direct {
            found.push(way.iter().rev().filter_map(|id| hop(nodes, id)).collect());
        }
        if must_end {
            continue;
        }
        for (source, shallow) in &node.sources {
            if source != head && !way.contains(&source.as_str()) {
                let mut longer = way.clone();
                longer.push(source);
                queue.push_back((longer, *shallow));
            }
        }
    }
    (found, false)
}

fn hop(nodes: &BTreeMap<String, Node>, entitlement: &str) -> Option<Hop> {
    let resource = nodes.get(entitlement)?.resource.to_string();
    let slug = entitlement.strip_prefix(&resource).and_then(|rest| rest.strip_prefix(':'));
    Some(Hop {
        entitlement: entitlement.to_owned(),
        slug: slug.unwrap_or(entitlement).to_owned(),
        resource,
    })
}
