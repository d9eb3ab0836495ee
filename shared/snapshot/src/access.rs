//! A principal's access, and the paths that lead to it.
//!
//! It starts from the grants that the vendor stated and follows the expandable grants, so that an unexpanded snapshot
//! gives the same answer. In an expanded one, the sources of a grant are followed as well.

use std::collections::{BTreeMap, HashMap, VecDeque};

use rollcall_model::{Error, ResourceId};
use serde::Serialize;

use crate::paths::{Hop, Node, paths};
use crate::read::Snapshot;
use crate::record::{self, Entitlement, Resource};
use crate::rows::Filter;

/// A principal's access.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Access {
    /// The principal.
    pub principal: Resource,
    /// Its entitlements, by id.
    pub holds: Vec<HeldEntitlement>,
}

/// An entitlement that a principal holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the other fields are self-explanatory")]
pub struct HeldEntitlement {
    pub entitlement: String,
    pub display_name: String,
    /// The resource that it is on, `type:id`.
    pub resource: String,
    /// That resource's name for people.
    pub resource_name: String,
    /// That resource's traits: `group`, `role`, …
    pub resource_traits: Vec<&'static str>,
    /// The origin of the access.
    pub kind: AccessKind,
    /// Whether the grant cannot be revoked separately.
    pub immutable: bool,
    /// Whether nobody's grant of it can be revoked: the vendor keeps its holders elsewhere.
    pub kept_elsewhere: bool,
    /// Each path to it: the entitlements on the way, itself last. A path of one is a direct grant.
    pub paths: Vec<Vec<Hop>>,
    /// Whether there are more paths than are listed.
    pub more_paths: bool,
}

/// The origin of a principal's access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessKind {
    /// The vendor stated it.
    Direct,
    /// It is derived from others, and the snapshot has the grant.
    Derived,
    /// It is derived from others, and the snapshot lacks the grant: it is not expanded.
    Implied,
}

impl Access {
    /// A path for people: `user:u1 → group:g1 (member) → namespace:x:write`.
    pub fn path(&self, hops: &[Hop]) -> String {
        let mut text = self.principal.id.clone();
        for (n, hop) in hops.iter().enumerate() {
            text.push_str(" → ");
            if n + 1 == hops.len() {
                text.push_str(&hop.entitlement);
            } else {
                text.push_str(&format!("{} ({})", hop.resource, hop.slug));
            }
        }
        text
    }
}

/// An expandable grant: its entitlement, the resource of that, and who else gets it.
type ExpandableGrant = (String, ResourceId, record::Expandable);

/// Entitlements, each with those that it is derived from.
type Sources = Vec<(String, Vec<String>)>;

/// Adds the sources that the snapshot states and no expandable grant explains: an expandable grant knows better whether
/// only direct grants count.
fn add_sources(nodes: &mut BTreeMap<String, Node>, stated: Sources) {
    for (entitlement, sources) in stated {
        let Some(node) = nodes.get_mut(&entitlement) else { continue };
        for source in sources {
            node.sources.entry(source).or_insert(false);
        }
    }
}

/// What is shown of an entitlement, whoever holds it.
#[derive(Clone)]
struct Shown {
    display_name: String,
    kept_elsewhere: bool,
    resource_name: String,
    resource_traits: Vec<&'static str>,
}

/// Reads the access of many principals. What they share is read from the snapshot once, and remembered.
pub struct AccessReader<'a> {
    snapshot: &'a Snapshot,
    /// By the group or role that they are to.
    expandable: HashMap<ResourceId, Vec<ExpandableGrant>>,
    /// By entitlement.
    shown: HashMap<String, Shown>,
}

impl Snapshot {
    /// Reads the access of many principals.
    pub fn access_reader(&self) -> AccessReader<'_> {
        AccessReader { snapshot: self, expandable: HashMap::new(), shown: HashMap::new() }
    }

    /// The access of the principal `text` (see [`Self::principal`]), and the paths that lead to it.
    pub fn access(&self, text: &str) -> Result<Access, Error> {
        self.access_reader().access(text)
    }

    /// The resource with this id, `type:id`.
    pub fn resource(&self, id: &str) -> Result<Option<Resource>, Error> {
        self.find("v1_resources", id, record::resource)
    }

    /// The entitlement with this id.
    pub fn entitlement(&self, id: &str) -> Result<Option<Entitlement>, Error> {
        self.find("v1_entitlements", id, record::entitlement)
    }
}

impl AccessReader<'_> {
    /// As [`Snapshot::access`].
    pub fn access(&mut self, text: &str) -> Result<Access, Error> {
        let principal = self.snapshot.principal(text)?;
        let (mut nodes, stated) = self.granted(&principal)?;
        self.follow(&principal, &mut nodes)?;
        add_sources(&mut nodes, stated);
        let mut holds = Vec::with_capacity(nodes.len());
        for (entitlement, node) in &nodes {
            let (paths, more_paths) = paths(&nodes, entitlement);
            let resource = node.resource.to_string();
            let shown = self.shown(entitlement, &resource)?;
            let kind = match (node.direct, node.stored) {
                (true, _) => AccessKind::Direct,
                (false, true) => AccessKind::Derived,
                (false, false) => AccessKind::Implied,
            };
            holds.push(HeldEntitlement {
                entitlement: entitlement.clone(),
                kept_elsewhere: shown.kept_elsewhere,
                display_name: shown.display_name,
                resource_traits: shown.resource_traits,
                resource_name: shown.resource_name,
                resource,
                kind,
                immutable: node.immutable,
                paths,
                more_paths,
            });
        }
        Ok(Access { principal, holds })
    }

    fn shown(&mut self, entitlement: &str, resource: &str) -> Result<Shown, Error> {
        if let Some(shown) = self.shown.get(entitlement) {
            return Ok(shown.clone());
        }
        let named = self.snapshot.entitlement(entitlement)?;
        let on = self.snapshot.resource(resource)?;
        let shown = Shown {
            kept_elsewhere: named.as_ref().is_some_and(|e| e.immutable),
            display_name: named.map(|e| e.display_name).unwrap_or_default(),
            resource_traits: on.as_ref().map(|r| r.traits.clone()).unwrap_or_default(),
            resource_name: on.map(|r| r.display_name).unwrap_or_default(),
        };
        self.shown.insert(entitlement.to_owned(), shown.clone());
        Ok(shown)
    }

    /// The entitlements of the principal's own grants; and the sources that the snapshot states for them.
    fn granted(&self, principal: &Resource) -> Result<(BTreeMap<String, Node>, Sources), Error> {
        let (mut nodes, mut stated) = (BTreeMap::new(), Sources::new());
        let filter = Filter { principal: ResourceId::parse(&principal.id), ..Filter::default() };
        self.snapshot.grant_rows(&filter, |row| {
            let grant = self.snapshot.grant(row)?;
            let node = Node {
                resource: ResourceId::new(row.resource.0, row.resource.1),
                direct: grant.direct,
                stored: true,
                immutable: grant.immutable,
                sources: BTreeMap::new(),
            };
            let sources = grant.sources.into_keys().filter(|source| *source != grant.entitlement);
            stated.push((grant.entitlement.clone(), sources.collect()));
            nodes.insert(grant.entitlement, node);
            Ok::<_, Error>(())
        })?;
        Ok((nodes, stated))
    }

    /// Adds the entitlements that expandable grants imply.
    fn follow(
        &mut self,
        principal: &Resource,
        nodes: &mut BTreeMap<String, Node>,
    ) -> Result<(), Error> {
        let mut queue: VecDeque<String> = nodes.keys().cloned().collect();
        while let Some(held) = queue.pop_front() {
            let Some(node) = nodes.get(&held) else {
                continue;
            };
            let (through, direct) = (node.resource.clone(), node.direct);
            if !self.expandable.contains_key(&through) {
                let grants = self.snapshot.expandable_grants_to(&through)?;
                self.expandable.insert(through.clone(), grants);
            }
            let grants = self.expandable.get(&through).into_iter().flatten();
            for (entitlement, resource, expandable) in grants {
                let types = &expandable.resource_types;
                let applies = expandable.entitlements.contains(&held)
                    && (!expandable.shallow || direct)
                    && (types.is_empty() || types.contains(&principal.resource_type));
                if !applies || *entitlement == held {
                    continue;
                }
                let node = nodes.entry(entitlement.clone()).or_insert_with(|| {
                    queue.push_back(entitlement.clone());
                    Node {
                        resource: resource.clone(),
                        direct: false,
                        stored: false,
                        immutable: true,
                        sources: BTreeMap::new(),
                    }
                });
                let edge = node.sources.entry(held.clone());
                // An unconditional edge between the same two implies a shallow one.
                *edge.or_insert(true) &= expandable.shallow;
            }
        }
        Ok(())
    }
}

impl Snapshot {
    /// The expandable grants to a group or role.
    fn expandable_grants_to(&self, through: &ResourceId) -> Result<Vec<ExpandableGrant>, Error> {
        let filter = Filter { principal: Some(through.clone()), ..Filter::default() };
        let mut found = Vec::new();
        self.grant_rows(&filter, |row| {
            let grant = self.grant(row)?;
            let on = ResourceId::new(row.resource.0, row.resource.1);
            found.extend(grant.expandable.map(|e| (grant.entitlement, on, e)));
            Ok::<_, Error>(())
        })?;
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{self, World};
    use rollcall_model::ResourceTrait;

    fn show(world: &World, principal: &str) -> Vec<(String, AccessKind)> {
        let access = testing::open(world).access(principal).expect("readable");
        let mut all = Vec::new();
        for held in &access.holds {
            all.extend(held.paths.iter().map(|p| (access.path(p), held.kind)));
        }
        all
    }

    fn paths(world: &World, principal: &str) -> Vec<String> {
        let shown = show(world, principal).into_iter();
        shown.map(|(path, _)| path).collect()
    }

    #[test]
    fn every_path_to_an_entitlement_is_shown() {
        let expected = [
            "user:u1 → group:g1:member",
            "user:u1 → group:g1 (member) → group:g2:member",
            "user:u1 → namespace:n1:write",
            "user:u1 → group:g1 (member) → group:g2 (member) → namespace:n1:write",
        ];
        assert_eq!(paths(&testing::world(), "user:u1"), expected);
    }

    #[test]
    fn an_unexpanded_snapshot_gives_the_same_paths_with_another_kind() {
        for principal in ["user:u1", "user:u2", "group:g1"] {
            let (expanded, plain) = (testing::world(), testing::world().unexpanded());
            assert_eq!(paths(&expanded, principal), paths(&plain, principal));
            let has = |world, wanted| show(world, principal).iter().any(|(_, k)| *k == wanted);
            assert!(!has(&expanded, AccessKind::Implied));
            assert!(!has(&plain, AccessKind::Derived));
        }
    }

    #[test]
    fn shallow_and_typed_expansions_are_respected() {
        let mut world = testing::world().unexpanded();
        let staging = testing::resource("namespace:n2", "Staging", ResourceTrait::None);
        world.resources.push(staging);
        let read = testing::entitlement("namespace:n2:read");
        world.entitlements.push(read);
        let mut shallow =
            testing::grant("namespace:n2:read", "group:g2").through(testing::id("group:g2:member"));
        if let Some(expandable) = &mut shallow.expandable {
            expandable.shallow = true;
        }
        world.grants.push((shallow, vec![]));
        let to_n2 = |world: &World, who: &str| paths(world, who).iter().any(|p| p.contains("n2"));
        assert!(to_n2(&world, "group:g1"), "a direct member of g2");
        assert!(!to_n2(&world, "user:u2"), "a member through g1 only");

        let mut typed =
            testing::grant("namespace:n2:read", "group:g1").through(testing::id("group:g1:member"));
        if let Some(expandable) = &mut typed.expandable {
            expandable.resource_types = vec!["group".into()];
        }
        world.grants.push((typed, vec![]));
        assert!(!to_n2(&world, "user:u2"), "only groups get it");
    }

    #[test]
    fn a_shallow_edge_begins_at_a_direct_grant_in_an_expanded_snapshot_too() {
        let (g2, n1) = ("group:g2:member", "namespace:n1:write");
        let mut world = testing::world();
        // Ada is in the outer group by herself, too.
        world.grants[5] =
            (testing::grant(g2, "user:u1"), vec![("group:g1:member", true), (g2, true)]);
        world.grants[4].1 = vec![(g2, true), (n1, true)];
        if let Some(expandable) = &mut world.grants[3].0.expandable {
            expandable.shallow = true;
        }
        let to_n1 = |world: &World| {
            let mut paths = paths(world, "user:u1");
            paths.retain(|path| path.ends_with(n1));
            paths
        };
        let direct =
            ["user:u1 → namespace:n1:write", "user:u1 → group:g2 (member) → namespace:n1:write"];
        assert_eq!(to_n1(&world), direct);
        assert_eq!(to_n1(&world.unexpanded()), direct);
    }

    #[test]
    fn a_reader_of_many_gives_each_the_same_access() {
        for world in [testing::world(), testing::world().unexpanded()] {
            let snapshot = testing::open(&world);
            let mut reader = snapshot.access_reader();
            for principal in ["user:u1", "group:g1", "user:u2", "user:u1"] {
                let access = reader.access(principal).expect("readable");
                assert_eq!(access, snapshot.access(principal).expect("readable"), "{principal}");
            }
        }
    }

    #[test]
    fn a_cycle_of_groups_ends() {
        let mut world = testing::world().unexpanded();
        let back =
            testing::grant("group:g1:member", "group:g2").through(testing::id("group:g2:member"));
        world.grants.push((back, vec![]));
        let ways = paths(&world, "user:u2");
        assert_eq!(ways.len(), 3, "{ways:?}");
    }
}
