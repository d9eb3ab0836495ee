//! Small snapshots for the tests of the reading side, made by the writing side.

use std::path::Path;

use crate::format::MAGIC;
use crate::read::Snapshot;
use crate::record::GrantColumns;
use crate::write::{SnapshotWriter, pack};
use rollcall_model::encode::GrantEncoder;
use rollcall_model::proto::{GrantSource, GrantSources};
use rollcall_model::{
    AccountType, Entitlement, EntitlementId, Grant, Resource, ResourceId, ResourceTrait,
    ResourceType, TraitKind, encode,
};

pub(crate) const TYPES: &[ResourceType] = &[
    ResourceType::new("group", "group", "", TraitKind::Group),
    ResourceType::new("namespace", "namespace", "", TraitKind::None),
    ResourceType::new("user", "user", "", TraitKind::User),
];

/// The content of a snapshot.
#[derive(Clone)]
pub(crate) struct World {
    pub resources: Vec<Resource>,
    pub entitlements: Vec<Entitlement>,
    /// Each with its sources; without its own entitlement among them it is derived.
    pub grants: Vec<(Grant, Vec<(&'static str, bool)>)>,
}

/// Two people in `g1`, which is in `g2`, which may write to `n1`; the first of them may by herself too. Expanded.
pub(crate) fn world() -> World {
    let (g1, g2, n1) = ("group:g1:member", "group:g2:member", "namespace:n1:write");
    World {
        resources: vec![
            resource("group:g1", "Inner", ResourceTrait::Group),
            resource("group:g2", "Outer", ResourceTrait::Group),
            resource("namespace:n1", "Production", ResourceTrait::None),
            user("u1", "Ada"),
            user("u2", "Grace"),
        ],
        entitlements: vec![entitlement(g1), entitlement(g2), entitlement(n1)],
        grants: vec![
            (grant(g1, "user:u1"), vec![]),
            (grant(g1, "user:u2"), vec![]),
            (grant(g2, "group:g1").through(id(g1)), vec![]),
            (grant(n1, "group:g2").through(id(g2)), vec![]),
            (grant(n1, "user:u1"), vec![(g2, false), (n1, true)]),
            (grant(g2, "user:u1").immutable(), vec![(g1, true)]),
            (grant(g2, "user:u2").immutable(), vec![(g1, true)]),
            (grant(n1, "group:g1").immutable(), vec![(g2, true)]),
            (grant(n1, "user:u2").immutable(), vec![(g2, false)]),
        ],
    }
}

impl World {
    /// The same as a sync without expansion writes it.
    pub(crate) fn unexpanded(mut self) -> Self {
        self.grants.retain(|(grant, sources)| {
            let own = grant.entitlement.to_string();
            sources.is_empty() || sources.iter().any(|(id, _)| *id == own)
        });
        for (_, sources) in &mut self.grants {
            sources.clear();
        }
        self
    }
}

pub(crate) fn user(id: &str, name: &str) -> Resource {
    let email = Some(format!("{id}@example.com"));
    let account = ResourceTrait::account(AccountType::Human, email);
    Resource::new(ResourceId::new("user", id), name, account)
}

pub(crate) fn resource(id: &str, name: &str, resource_trait: ResourceTrait) -> Resource {
    let id = ResourceId::parse(id).expect("a resource id");
    Resource::new(id, name, resource_trait)
}

pub(crate) fn id(text: &str) -> EntitlementId {
    EntitlementId::parse(text).expect("an entitlement id")
}

pub(crate) fn entitlement(text: &str) -> Entitlement {
    Entitlement::new(id(text), format!("Name of {text}"), &["user", "group"])
}

pub(crate) fn grant(entitlement: &str, principal: &str) -> Grant {
    Grant::new(id(entitlement), ResourceId::parse(principal).expect("a principal"))
}

/// The file of a snapshot.
pub(crate) fn bytes(world: &World) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let (database, file) = (folder.path().join("db"), folder.path().join("x.c1z"));
    write(world, &database);
    pack(&database, &file).expect("packed");
    std::fs::read(file).expect("readable")
}

/// The snapshot, open.
pub(crate) fn open(world: &World) -> Snapshot {
    Snapshot::read(bytes(world).as_slice(), "test.c1z").expect("readable")
}

/// A file that contains this instead of a database.
pub(crate) fn packed(content: &[u8]) -> Vec<u8> {
    let frame = zstd::encode_all(content, 1).expect("compressed");
    [MAGIC.as_slice(), &frame].concat()
}

/// The bytes of a database made by `sql`.
pub(crate) fn database(sql: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("db");
    let db = rusqlite::Connection::open(&path).expect("a database");
    db.execute_batch(sql).expect("valid");
    db.close().expect("closed");
    std::fs::read(path).expect("readable")
}

fn write(world: &World, path: &Path) {
    let at = "2026-01-02T03:04:05Z".parse().expect("a time");
    let mut writer =
        SnapshotWriter::create(path, "2Zk000000000000000000000000", at).expect("a writer");
    for t in TYPES {
        let written = writer.resource_type(t.id, &encode::resource_type(t));
        written.expect("written");
    }
    for r in &world.resources {
        let parent = r.parent.as_ref().map(parts);
        let written = writer.resource(parts(&r.id), parent, &encode::resource(r));
        written.expect("written");
    }
    for e in &world.entitlements {
        let (on, data) = (parts(&e.id.resource), encode::entitlement(e, TYPES));
        let written = writer.entitlement(&e.id.to_string(), on, &data);
        written.expect("written");
    }
    for (grant, sources) in &world.grants {
        write_grant(&mut writer, grant, sources);
    }
    writer.finish(at).expect("finished");
}

fn parts(id: &ResourceId) -> (&str, &str) {
    (&id.resource_type, &id.id)
}

fn write_grant(writer: &mut SnapshotWriter, grant: &Grant, sources: &[(&str, bool)]) {
    let entitlement = grant.entitlement.to_string();
    let on = &grant.entitlement.resource;
    let (mut id, mut stated) = (String::new(), Vec::new());
    let (kind, principal) = (&grant.principal.resource_type, &grant.principal.id);
    let annotations = encode::grant_annotations(grant);
    GrantEncoder::new(&entitlement, on).encode(kind, principal, &annotations, &mut id, &mut stated);
    let expansion = grant.expandable.as_ref().map(encode::expansion);
    let mut data = stated.clone();
    if !sources.is_empty() {
        let sources = sources.iter().map(|(id, is_direct)| {
            let is_direct = *is_direct;
            ((*id).to_owned(), GrantSource { is_direct })
        });
        let sources = sources.collect();
        encode::append_sources(&mut data, GrantSources { sources });
    }
    let row = |data| GrantColumns {
        resource: parts(on),
        entitlement: &entitlement,
        principal: (kind, principal),
        id: &id,
        expansion: expansion.as_deref(),
        data,
    };
    let own = sources.iter().any(|(source, _)| *source == entitlement);
    if sources.is_empty() || own {
        let row_id = writer.grant(&row(&stated)).expect("written");
        writer.replace_grant(row_id, &data).expect("replaced");
    } else {
        writer.derived(&row(&data)).expect("written");
    }
}
