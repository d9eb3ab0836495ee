//! Small snapshots for the tests of the reading side, made by the writing side.

use std::path::Path;

use super::MAGIC;
use super::read::Snapshot;
use super::write::{GrantRow, Writer, pack};
use rollcall_model::encode::GrantEncoder;
use rollcall_model::proto::{GrantSource, GrantSources};
use rollcall_model::{
    AccountType, Entitlement, EntitlementId, Grant, Purpose, Resource, ResourceId, ResourceTrait,
    ResourceType, TraitKind, encode,
};

const fn kind(id: &'static str, trait_kind: TraitKind) -> ResourceType {
    ResourceType {
        id,
        display_name: id,
        description: "",
        trait_kind,
        no_entitlements: false,
        capabilities: &[],
    }
}

pub(super) const TYPES: &[ResourceType] = &[
    kind("group", TraitKind::Group),
    kind("namespace", TraitKind::None),
    kind("user", TraitKind::User),
];

/// What a snapshot is made of.
#[derive(Clone)]
pub(super) struct World {
    pub resources: Vec<Resource>,
    pub entitlements: Vec<Entitlement>,
    /// Each with its sources; without its own entitlement among them it is derived.
    pub grants: Vec<(Grant, Vec<(&'static str, bool)>)>,
}

/// Two people in `g1`, which is in `g2`, which may write to `n1`; the first of them may by herself too. Expanded.
pub(super) fn world() -> World {
    let (g1, g2, n1) = ("group:g1:member", "group:g2:member", "namespace:n1:write");
    World {
        resources: vec![
            Resource::new(
                ResourceId::new("group", "g1"),
                "Inner",
                ResourceTrait::Group,
            ),
            Resource::new(
                ResourceId::new("group", "g2"),
                "Outer",
                ResourceTrait::Group,
            ),
            Resource::new(
                ResourceId::new("namespace", "n1"),
                "Production",
                ResourceTrait::None,
            ),
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
    pub(super) fn unexpanded(mut self) -> Self {
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

pub(super) fn user(id: &str, name: &str) -> Resource {
    let resource_trait = ResourceTrait::User {
        email: Some(format!("{id}@example.com")),
        login: None,
        account_type: AccountType::Human,
        last_login: None,
        mfa: None,
    };
    Resource::new(ResourceId::new("user", id), name, resource_trait)
}

pub(super) fn id(text: &str) -> EntitlementId {
    EntitlementId::parse(text).expect("an entitlement id")
}

pub(super) fn entitlement(text: &str) -> Entitlement {
    Entitlement {
        id: id(text),
        display_name: format!("Name of {text}"),
        description: String::new(),
        grantable_to: &["user", "group"],
        purpose: Purpose::Assignment,
        immutable: false,
        exclusive: None,
        v1_identifier: None,
    }
}

pub(super) fn grant(entitlement: &str, principal: &str) -> Grant {
    Grant::new(
        id(entitlement),
        ResourceId::parse(principal).expect("a principal"),
    )
}

/// The file of a snapshot.
pub(super) fn bytes(world: &World) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let (database, file) = (folder.path().join("db"), folder.path().join("x.c1z"));
    write(world, &database);
    pack(&database, &file).expect("packed");
    std::fs::read(file).expect("readable")
}

/// The snapshot, open.
pub(super) fn open(world: &World) -> Snapshot {
    Snapshot::read(bytes(world).as_slice(), "test.c1z").expect("readable")
}

/// A file that holds this instead of a database.
pub(super) fn packed(content: &[u8]) -> Vec<u8> {
    let frame = zstd::encode_all(content, 1).expect("compressed");
    [MAGIC.as_slice(), &frame].concat()
}

/// The bytes of a database made by `sql`.
pub(super) fn database(sql: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("db");
    let db = rusqlite::Connection::open(&path).expect("a database");
    db.execute_batch(sql).expect("valid");
    db.close().expect("closed");
    std::fs::read(path).expect("readable")
}

fn write(world: &World, path: &Path) {
    let at = "2026-01-02T03:04:05Z".parse().expect("a time");
    let mut writer = Writer::create(path, "2Zk000000000000000000000000", at).expect("a writer");
    for t in TYPES {
        writer
            .resource_type(t.id, &encode::resource_type(t))
            .expect("written");
    }
    for r in &world.resources {
        let parent = r
            .parent
            .as_ref()
            .map(|p| (p.resource_type.as_str(), p.id.as_str()));
        let id = (r.id.resource_type.as_str(), r.id.id.as_str());
        writer
            .resource(id, parent, &encode::resource(r))
            .expect("written");
    }
    for e in &world.entitlements {
        let on = (
            e.id.resource.resource_type.as_str(),
            e.id.resource.id.as_str(),
        );
        writer
            .entitlement(&e.id.to_string(), on, &encode::entitlement(e, TYPES))
            .expect("written");
    }
    for (grant, sources) in &world.grants {
        write_grant(&mut writer, grant, sources);
    }
    writer.finish(at).expect("finished");
}

fn write_grant(writer: &mut Writer, grant: &Grant, sources: &[(&str, bool)]) {
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
        encode::append_sources(
            &mut data,
            GrantSources {
                sources: sources.collect(),
            },
        );
    }
    let row = |data| GrantRow {
        resource_type: &on.resource_type,
        resource_id: &on.id,
        entitlement: &entitlement,
        principal_type: kind,
        principal_id: principal,
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
