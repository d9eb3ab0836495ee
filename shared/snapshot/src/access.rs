//! What a principal holds, and how it comes to it.
//!
//! Grants that the vendor stated are the beginning. From there the expandable grants lead on: whoever is a member of a
//! group holds what the group passes on. That needs the grants of the principal and of the groups and roles on the way
//! alone, so it is as good on a snapshot that was not expanded. Where a snapshot is expanded, what it says of a grant's
//! sources is followed as well.

use std::collections::{BTreeMap, HashMap, VecDeque};

use rollcall_model::Code;
use rusqlite::OptionalExtension;
use serde::Serialize;

use super::paths::{Hop, Node, paths};
use super::read::Snapshot;
use super::record::{self, Resource};
use super::rows::Filter;
use rollcall_model::{Error, ErrorType, ResourceId};

/// What a principal holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Access {
    /// Who.
    pub principal: Resource,
    /// What, by entitlement.
    pub holds: Vec<Held>,
}

/// An entitlement that a principal holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Held {
    /// Its id.
    pub entitlement: String,
    /// Its name for people.
    pub display_name: String,
    /// The resource that it is on, `type:id`.
    pub resource: String,
    /// That resource's name for people.
    pub resource_name: String,
    /// How it is known.
    pub kind: Kind,
    /// The grant cannot be revoked by itself.
    pub immutable: bool,
    /// Each way that leads to it, as the entitlements held on the way, itself last; alone, it is held directly.
    pub paths: Vec<Vec<Hop>>,
    /// There are more ways than are listed.
    pub more_paths: bool,
}

/// How an entitlement is known to be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The vendor stated it.
    Direct,
    /// It follows, and the snapshot says so.
    Derived,
    /// It follows, and the snapshot leaves that to its reader: it is not expanded.
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

/// A grant to a group that its members get too.
#[derive(Clone)]
struct Passed {
    entitlement: String,
    resource: ResourceId,
    expandable: record::Expandable,
}

impl Snapshot {
    /// Finds a principal by `type:id`, or by an e-mail address that only one has.
    pub fn principal(&self, text: &str) -> Result<Resource, Error> {
        if let Some(found) = self.resource(text)? {
            return Ok(found);
        }
        let mut matching = Vec::new();
        if text.contains('@') {
            self.resources(&Filter::default(), |r| -> Result<(), Error> {
                if r.emails
                    .iter()
                    .any(|email| email.eq_ignore_ascii_case(text))
                {
                    matching.push(r);
                }
                Ok(())
            })?;
        }
        if matching.len() > 1 {
            let ids: Vec<_> = matching.iter().map(|r| r.id.as_str()).collect();
            return Err(Error::invalid(
                Code::AmbiguousPrincipal,
                format!(
                    "more than one principal has the address {text}: {}",
                    ids.join(", ")
                ),
                "Name one of them by its id.",
            ));
        }
        matching.pop().ok_or_else(|| {
            Error::new(
                ErrorType::NotFound,
                Code::UnknownPrincipal,
                format!("{} has no principal `{text}`", self.name),
                "Use `type:id` as `rollcall snapshot resources` lists it, or an e-mail address.",
            )
        })
    }

    /// What the principal `text` (see [`Self::principal`]) holds, and how it comes to it.
    pub fn access(&self, text: &str) -> Result<Access, Error> {
        let principal = self.principal(text)?;
        let mut nodes = self.granted(&principal)?;
        self.follow(&principal, &mut nodes)?;
        let mut holds = Vec::with_capacity(nodes.len());
        for (entitlement, node) in &nodes {
            let (paths, more_paths) = paths(&nodes, entitlement);
            let resource = node.resource.to_string();
            let kind = match (node.direct, node.stored) {
                (true, _) => Kind::Direct,
                (false, true) => Kind::Derived,
                (false, false) => Kind::Implied,
            };
            holds.push(Held {
                entitlement: entitlement.clone(),
                display_name: self.entitlement_name(entitlement)?,
                resource_name: self
                    .resource(&resource)?
                    .map(|r| r.display_name)
                    .unwrap_or_default(),
                resource,
                kind,
                immutable: node.immutable,
                paths,
                more_paths,
            });
        }
        Ok(Access { principal, holds })
    }

    /// What the snapshot itself says that the principal holds.
    fn granted(&self, principal: &Resource) -> Result<BTreeMap<String, Node>, Error> {
        let mut nodes = BTreeMap::new();
        let filter = Filter {
            principal: ResourceId::parse(&principal.id),
            ..Filter::default()
        };
        self.grant_rows(&filter, |row| -> Result<(), Error> {
            let grant = self.grant(row)?;
            let sources = grant
                .sources
                .into_keys()
                .filter(|id| *id != grant.entitlement);
            let node = Node {
                resource: ResourceId::new(row.resource.0, row.resource.1),
                direct: grant.direct,
                stored: true,
                immutable: grant.immutable,
                sources: sources.map(|id| (id, false)).collect(),
            };
            nodes.insert(grant.entitlement, node);
            Ok(())
        })?;
        Ok(nodes)
    }

    /// Adds what follows from the expandable grants.
    fn follow(
        &self,
        principal: &Resource,
        nodes: &mut BTreeMap<String, Node>,
    ) -> Result<(), Error> {
        let mut known: HashMap<ResourceId, Vec<Passed>> = HashMap::new();
        let mut queue: VecDeque<String> = nodes.keys().cloned().collect();
        while let Some(held) = queue.pop_front() {
            let Some(Node {
                resource, direct, ..
            }) = nodes.get(&held)
            else {
                continue;
            };
            let (through, direct) = (resource.clone(), *direct);
            if !known.contains_key(&through) {
                known.insert(through.clone(), self.passed_on(&through)?);
            }
            for passed in known.get(&through).into_iter().flatten() {
                let Passed {
                    entitlement,
                    resource,
                    expandable,
                } = passed;
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
                let shallow = node
                    .sources
                    .entry(held.clone())
                    .or_insert(expandable.shallow);
                // An unconditional edge between the same two says more than a shallow one.
                *shallow &= expandable.shallow;
            }
        }
        Ok(())
    }

    /// The grants to a group or role that its members get too.
    fn passed_on(&self, through: &ResourceId) -> Result<Vec<Passed>, Error> {
        let filter = Filter {
            principal: Some(through.clone()),
            ..Filter::default()
        };
        let mut passed = Vec::new();
        self.grant_rows(&filter, |row| -> Result<(), Error> {
            let grant = self.grant(row)?;
            passed.extend(grant.expandable.map(|expandable| Passed {
                entitlement: grant.entitlement,
                resource: ResourceId::new(row.resource.0, row.resource.1),
                expandable,
            }));
            Ok(())
        })?;
        Ok(passed)
    }

    fn resource(&self, id: &str) -> Result<Option<Resource>, Error> {
        let data = self.data("v1_resources", id)?;
        let decode =
            |data: Vec<u8>| record::resource(&data).map_err(|e| self.bad_record(id, e).into());
        data.map(decode).transpose()
    }

    fn entitlement_name(&self, id: &str) -> Result<String, Error> {
        let Some(data) = self.data("v1_entitlements", id)? else {
            return Ok(String::new());
        };
        let entitlement = record::entitlement(&data).map_err(|e| self.bad_record(id, e))?;
        Ok(entitlement.display_name)
    }

    fn data(&self, table: &str, id: &str) -> Result<Option<Vec<u8>>, Error> {
        let sql = format!("SELECT data FROM {table} WHERE external_id = ?1 AND sync_id = ?2");
        let mut select = self.db.prepare_cached(&sql).map_err(|e| self.database(e))?;
        let row = select.query_row([id, &self.sync.sync_id], |row| row.get(0));
        Ok(row.optional().map_err(|e| self.database(e))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use crate::testing::World;
    use rollcall_model::ResourceTrait;

    fn show(world: &World, principal: &str) -> Vec<(String, Kind)> {
        let access = testing::open(world).access(principal).expect("readable");
        let each = |held: &Held| {
            let paths: Vec<_> = held
                .paths
                .iter()
                .map(|p| (access.path(p), held.kind))
                .collect();
            paths
        };
        access.holds.iter().flat_map(each).collect()
    }

    fn paths(world: &World, principal: &str) -> Vec<String> {
        show(world, principal)
            .into_iter()
            .map(|(path, _)| path)
            .collect()
    }

    #[test]
    fn every_way_to_an_entitlement_is_shown() {
        let expected = [
            "user:u1 → group:g1:member",
            "user:u1 → group:g1 (member) → group:g2:member",
            "user:u1 → namespace:n1:write",
            "user:u1 → group:g1 (member) → group:g2 (member) → namespace:n1:write",
        ];
        assert_eq!(paths(&testing::world(), "user:u1"), expected);
    }

    #[test]
    fn an_unexpanded_snapshot_gives_the_same_and_says_what_it_left_out() {
        for principal in ["user:u1", "user:u2", "group:g1"] {
            let (expanded, plain) = (testing::world(), testing::world().unexpanded());
            assert_eq!(paths(&expanded, principal), paths(&plain, principal));
            assert!(
                show(&expanded, principal)
                    .iter()
                    .all(|(_, kind)| *kind != Kind::Implied)
            );
            assert!(
                show(&plain, principal)
                    .iter()
                    .all(|(_, kind)| *kind != Kind::Derived)
            );
        }
    }

    #[test]
    fn shallow_and_typed_expansions_are_respected() {
        let mut world = testing::world().unexpanded();
        world.resources.push(rollcall_model::Resource::new(
            ResourceId::new("namespace", "n2"),
            "Staging",
            ResourceTrait::None,
        ));
        world
            .entitlements
            .push(testing::entitlement("namespace:n2:read"));
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
    fn a_cycle_of_groups_ends() {
        let mut world = testing::world().unexpanded();
        let back =
            testing::grant("group:g1:member", "group:g2").through(testing::id("group:g2:member"));
        world.grants.push((back, vec![]));
        let ways = paths(&world, "user:u2");
        assert_eq!(ways.len(), 3, "{ways:?}");
    }

    #[test]
    fn a_principal_is_found_by_its_address_too() {
        let snapshot = testing::open(&testing::world());
        assert_eq!(
            snapshot
                .access("U1@example.com")
                .expect("found")
                .principal
                .id,
            "user:u1"
        );
        for unknown in ["user:nobody", "nobody", "x@y"] {
            assert_eq!(
                snapshot.access(unknown).expect_err("unknown").code(),
                "UnknownPrincipal"
            );
        }
    }
}
