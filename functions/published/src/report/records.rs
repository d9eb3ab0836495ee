//! The records of a snapshot by number, as far as every count and the page's data need them: memory holds a few bytes for
//! each grant.

use std::collections::BTreeMap;

use rollcall_connector::Error;
use rollcall_snapshot::{Filter, Grant, Resource, ResourceType, Snapshot};

use super::privileged;

/// The records of a snapshot by number.
pub(super) struct Records {
    pub(super) types: Vec<ResourceType>,
    /// Resources, in the file's order.
    pub(super) resources: Vec<Node>,
    /// The ids of resources, sorted, each with its number.
    ids: Vec<(String, u32)>,
    /// Entitlements, sorted by id.
    pub(super) entitlements: Vec<Entitlement>,
    /// The grants that the vendor stated: entitlement and principal, sorted.
    pub(super) direct: Vec<(u32, u32)>,
    /// What expandable grants imply, sorted.
    pub(super) edges: Vec<Edge>,
    /// What the snapshot states and the edges do not explain, as in files of writers that remove expandable grants.
    pub(super) stated: Vec<Stated>,
    /// The grants in the file that are derived.
    pub(super) derived: u64,
    /// Grants that name an entitlement or a principal that the snapshot does not have.
    pub(super) dangling: u64,
}

/// What all counts need of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Node {
    /// Its type's number.
    pub(super) kind: u32,
    pub(super) account: Option<Account>,
    pub(super) is_disabled: bool,
}

/// What kind of account a resource is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Account {
    /// A person's, or one of which the vendor does not report the kind.
    Person,
    /// One for programs.
    Service,
}

/// An entitlement.
pub(super) struct Entitlement {
    pub(super) id: String,
    /// The number of its resource.
    pub(super) resource: u32,
    pub(super) name: String,
    pub(super) slug: String,
    /// Why it counts as privileged, if it does.
    pub(super) privileged: Option<String>,
}

/// Every holder of `from` holds `to`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Edge {
    pub(super) from: u32,
    pub(super) to: u32,
    /// Whether only direct holders do.
    pub(super) shallow: bool,
    /// The numbers of the types of principals that do; all if empty.
    pub(super) kinds: Vec<u32>,
}

/// A grant whose sources no edge explains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stated {
    pub(super) entitlement: u32,
    pub(super) principal: u32,
    pub(super) sources: Vec<u32>,
}

impl Entitlement {
    /// Its name for people.
    pub(super) fn title(&self) -> &str {
        let names = [&self.name, &self.slug, &self.id].into_iter();
        names.into_iter().find(|name| !name.is_empty()).map_or("", String::as_str)
    }
}

impl Edge {
    /// Whether it applies to principals of this type.
    pub(super) fn admits(&self, kind: u32) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind)
    }
}

impl Records {
    /// Reads a snapshot.
    pub(super) fn read(snapshot: &Snapshot) -> Result<Self, Error> {
        let mut records = Self {
            types: Vec::new(),
            resources: Vec::new(),
            ids: Vec::new(),
            entitlements: Vec::new(),
            direct: Vec::new(),
            edges: Vec::new(),
            stated: Vec::new(),
            derived: 0,
            dangling: 0,
        };
        snapshot.resource_types(|kind| {
            records.types.push(kind);
            Ok::<_, Error>(())
        })?;
        let mut roles = Vec::new();
        snapshot.resources(&Filter::default(), |resource| {
            let reason = privileged::of_role(&resource);
            roles.extend(reason.map(|reason| (records.number(), reason)));
            records.add_resource(resource);
            Ok::<_, Error>(())
        })?;
        records.ids.sort_unstable();
        let roles: BTreeMap<u32, String> = roles.into_iter().collect();
        records.read_entitlements(snapshot, &roles)?;
        let derived = records.read_grants(snapshot)?;
        records.direct.sort_unstable();
        records.direct.dedup();
        records.edges.sort_unstable();
        records.edges.dedup();
        records.state_unexplained(derived);
        Ok(records)
    }

    /// The number of the next resource.
    fn number(&self) -> u32 {
        u32::try_from(self.resources.len()).unwrap_or(u32::MAX)
    }

    fn add_resource(&mut self, resource: Resource) {
        let is_user = resource.traits.contains(&"user");
        let account = match resource.account_type {
            Some("service" | "system") => Account::Service,
            _ => Account::Person,
        };
        let (number, kind) = (self.number(), self.kind(&resource.resource_type));
        self.resources.push(Node {
            kind,
            account: is_user.then_some(account),
            is_disabled: resource.status.is_some_and(|status| status != "enabled"),
        });
        self.ids.push((resource.id, number));
    }

    /// The number of a resource type, which is added if the file does not list it.
    fn kind(&mut self, id: &str) -> u32 {
        let at = self.types.iter().position(|kind| kind.id == id).unwrap_or_else(|| {
            let (id, display_name) = (id.to_owned(), id.to_owned());
            let unlisted =
                ResourceType { id, display_name, description: String::new(), traits: Vec::new() };
            self.types.push(unlisted);
            self.types.len() - 1
        });
        u32::try_from(at).unwrap_or(u32::MAX)
    }

    fn read_entitlements(
        &mut self,
        snapshot: &Snapshot,
        roles: &BTreeMap<u32, String>,
    ) -> Result<(), Error> {
        let mut names = snapshot.names();
        snapshot.entitlements(&Filter::default(), |e| {
            let Some(resource) = self.resource(&e.resource) else {
                return Ok(());
            };
            let role = || roles.get(&resource).cloned();
            let own = privileged::of_entitlement(&e, &names.get(&e.resource)?);
            self.entitlements.push(Entitlement {
                privileged: own.or_else(role),
                id: e.id,
                resource,
                name: e.display_name,
                slug: e.slug,
            });
            Ok::<_, Error>(())
        })?;
        self.entitlements.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        Ok(())
    }

    /// Reads all grants. Returns those with sources, of which the edges may not explain all.
    fn read_grants(&mut self, snapshot: &Snapshot) -> Result<Sourced, Error> {
        let mut sourced = Sourced::default();
        snapshot.grants(&Filter::default(), |grant| {
            self.derived += u64::from(!grant.direct);
            let found = self.entitlement(&grant.entitlement).zip(self.resource(&grant.principal));
            let Some((entitlement, principal)) = found else {
                self.dangling += 1;
                return Ok(());
            };
            if grant.direct {
                self.direct.push((entitlement, principal));
            }
            self.add_edges(&grant, entitlement, principal);
            let known = grant.sources.keys().filter_map(|source| self.entitlement(source));
            sourced.add(entitlement, principal, known.filter(|source| *source != entitlement));
            Ok::<_, Error>(())
        })?;
        Ok(sourced)
    }

    fn add_edges(&mut self, grant: &Grant, to: u32, principal: u32) {
        let Some(expandable) = &grant.expandable else { return };
        let kinds = expandable.resource_types.iter().map(|kind| self.kind(kind));
        let mut kinds: Vec<_> = kinds.collect();
        kinds.sort_unstable();
        for source in &expandable.entitlements {
            let Some(from) = self.entitlement(source).filter(|from| *from != to) else { continue };
            // As for `Snapshot::access`, the source is on the grant's principal.
            if self.entitlements[from as usize].resource == principal {
                let shallow = expandable.shallow;
                self.edges.push(Edge { from, to, shallow, kinds: kinds.clone() });
            }
        }
    }

    /// Keeps the grants with sources from which no edge leads to them.
    fn state_unexplained(&mut self, sourced: Sourced) {
        let explains = |from: u32, to: u32, principal: u32| {
            let kind = self.resources[principal as usize].kind;
            self.edges_from(from).iter().any(|edge| edge.to == to && edge.admits(kind))
        };
        let sets: Vec<&Vec<u32>> = {
            let mut sets: Vec<_> = sourced.sets.iter().collect();
            sets.sort_unstable_by_key(|(_, number)| **number);
            sets.into_iter().map(|(set, _)| set).collect()
        };
        let mut stated = Vec::new();
        for (entitlement, principal, set) in sourced.grants {
            let unexplained = sets[set as usize].iter().copied();
            let unexplained = unexplained.filter(|from| !explains(*from, entitlement, principal));
            let sources: Vec<_> = unexplained.collect();
            if !sources.is_empty() {
                stated.push(Stated { entitlement, principal, sources });
            }
        }
        self.stated = stated;
    }

    /// The number of the resource with this id.
    pub(super) fn resource(&self, id: &str) -> Option<u32> {
        let at = self.ids.binary_search_by(|(known, _)| known.as_str().cmp(id)).ok()?;
        Some(self.ids[at].1)
    }

    /// The number of the entitlement with this id.
    pub(super) fn entitlement(&self, id: &str) -> Option<u32> {
        let at = self.entitlements.binary_search_by(|known| known.id.as_str().cmp(id)).ok()?;
        u32::try_from(at).ok()
    }

    /// The ids of resources by number.
    pub(super) fn ids(&self) -> Vec<&str> {
        let mut ids = vec![""; self.ids.len()];
        for (id, number) in &self.ids {
            ids[*number as usize] = id;
        }
        ids
    }

    /// The edges from an entitlement.
    pub(super) fn edges_from(&self, from: u32) -> &[Edge] {
        let first = self.edges.partition_point(|edge| edge.from < from);
        let length = self.edges[first..].partition_point(|edge| edge.from == from);
        &self.edges[first..first + length]
    }

    /// The grants of an entitlement that the vendor stated.
    pub(super) fn direct_of(&self, entitlement: u32) -> &[(u32, u32)] {
        let first = self.direct.partition_point(|(of, _)| *of < entitlement);
        let length = self.direct[first..].partition_point(|(of, _)| *of == entitlement);
        &self.direct[first..first + length]
    }
}

/// Grants with sources. Few sets of sources occur, each often.
#[derive(Default)]
struct Sourced {
    sets: BTreeMap<Vec<u32>, u32>,
    /// Entitlement, principal, and the number of the set.
    grants: Vec<(u32, u32, u32)>,
}

impl Sourced {
    fn add(&mut self, entitlement: u32, principal: u32, sources: impl Iterator<Item = u32>) {
        let set: Vec<u32> = sources.collect();
        if set.is_empty() {
            return;
        }
        let next = u32::try_from(self.sets.len()).unwrap_or(u32::MAX);
        let set = *self.sets.entry(set).or_insert(next);
        self.grants.push((entitlement, principal, set));
    }
}
