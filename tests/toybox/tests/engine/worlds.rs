//! The engine's invariants, held for random worlds: a made-up vendor whose whole world is in its secret.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use proptest::prelude::*;
use rollcall_connector::config::{Config, Field, FieldKind};
use rollcall_connector::http::Session;
use rollcall_connector::{About, Code, Connector, Error, Identity, StepOutput, Syncer};
use rollcall_engine::runtime::function;
use rollcall_harness::conformance::surroundings;
use rollcall_harness::planned::{TRANSPORT, person, us};
use rollcall_harness::shown::Shown;
use rollcall_model::{
    Entitlement, EntitlementId, Expandable, Grant, Purpose, Resource, ResourceId, ResourceTrait,
    ResourceType, TraitKind,
};
use rollcall_snapshot::{Grant as Shows, Snapshot, compare, unexpand};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The whole world: groups with their members, which may be groups.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct World {
    users: usize,
    groups: Vec<Vec<Membership>>,
    /// Groups that the list shows, and of which the vendor says elsewhere that they are no more.
    vanished: BTreeSet<usize>,
    page: usize,
}

/// A principal is a member of a group; if it is a group, its members may be too.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Membership {
    user: bool,
    index: usize,
    expands: bool,
    shallow: bool,
    users_only: bool,
}

impl Membership {
    fn principal(&self) -> ResourceId {
        [group, user][usize::from(self.user)](self.index)
    }
}

static ABOUT: About = About {
    name: "toy",
    display_name: "Toy",
    resource_types: &[
        ResourceType::account("user", "user", ""),
        ResourceType::new("group", "group", "", TraitKind::Group),
        ResourceType::new("door", "door", "", TraitKind::None),
    ],
    blind_spots: &[],
    fields: &[Field::required("world", "World", "", FieldKind::Text)],
    reports_credential_end: false,
    limit_window: None,
};

struct Toy(World);

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Step {
    Users(usize),
    Groups(usize),
    Members(usize, usize),
    Owner(String),
}

fn user(index: usize) -> ResourceId {
    ResourceId::new("user", format!("u{index}"))
}

/// The owner of a group: no list shows it.
fn owner(of: usize) -> ResourceId {
    ResourceId::new("user", format!("owner{of}"))
}

fn group(index: usize) -> ResourceId {
    ResourceId::new("group", format!("g{index}"))
}

fn member(index: usize) -> EntitlementId {
    EntitlementId::new(group(index), "member")
}

/// What the owner of a group has besides: the key of its door, which is inside it.
fn key(index: usize) -> EntitlementId {
    EntitlementId::new(ResourceId::new("door", format!("d{index}")), "key")
}

fn entitlement(id: EntitlementId) -> Entitlement {
    Entitlement {
        id,
        display_name: "Entitlement".into(),
        description: String::new(),
        grantable_to: &["user", "group"],
        purpose: Purpose::Assignment,
        immutable: false,
        exclusive: None,
        v1_identifier: None,
    }
}

/// Whether somebody owns it: the group, and what is inside.
fn owned(index: usize) -> [Grant; 2] {
    [member(index), key(index)].map(|what| Grant::new(what, owner(index)))
}

#[async_trait]
impl Connector for Toy {
    const ABOUT: &'static About = &ABOUT;

    fn connect(config: &Config, _: Session) -> Result<Self, Error> {
        let world = serde_json::from_str(config.required("world")?);
        let bad = |e: serde_json::Error| Error::internal(Code::BadConfiguration, e.to_string());
        Ok(Self(world.map_err(bad)?))
    }

    async fn identify(&self) -> Result<Identity, Error> {
        Ok(us("t"))
    }
}

#[async_trait]
impl Syncer for Toy {
    type Step = Step;
    const CONCURRENCY: usize = 3;

    fn phase(step: &Step) -> u8 {
        matches!(step, Step::Members(..)).into()
    }

    /// Owners are looked up at the end of the first phase, and only then.
    fn resolve(&self, phase: u8, resource_type: &str, ids: &[String]) -> Option<Vec<Step>> {
        let ours = phase == 0 && resource_type == "user";
        ours.then(|| ids.iter().cloned().map(Step::Owner).collect())
    }

    fn start(&self, _: &Identity) -> Vec<Step> {
        vec![Step::Groups(0), Step::Users(0)]
    }

    async fn run(&self, _: &Identity, step: &Step) -> Result<StepOutput<Step>, Error> {
        let world = &self.0;
        let mut out = StepOutput::default();
        match step {
            Step::Users(from) => {
                let to = (from + world.page).min(world.users);
                let users = (*from..to).map(|index| person(user(index)));
                out.records.resources.extend(users);
                // Of some at once, before most are listed; of the others with their members.
                let early = world.vanished.iter().filter(|index| *index % 2 == 0);
                let early = early.map(|index| group(*index));
                out.records.deleted_during_sync.extend(early);
                // A row that says so of what another one shows says nothing.
                let all = (0..world.groups.len()).map(group);
                out.records.not_found.extend(all);
                out.next = (to < world.users).then_some(Step::Users(to));
            }
            Step::Groups(from) => {
                let to = (from + world.page).min(world.groups.len());
                for index in *from..to {
                    let name = format!("Group {index}");
                    let shown = Resource::new(group(index), name, ResourceTrait::Group);
                    out.records.resources.push(shown);
                    let mut door = Resource::new(key(index).resource, "Door", ResourceTrait::None);
                    door.parent = Some(group(index));
                    out.records.resources.push(door);
                    let both = [member(index), key(index)].map(entitlement);
                    out.records.entitlements.extend(both);
                    out.records.grants.extend(owned(index));
                    out.spawn.push(Step::Members(index, 0));
                }
                out.next = (to < world.groups.len()).then_some(Step::Groups(to));
            }
            Step::Owner(id) => {
                let id = ResourceId::new("user", id);
                out.records.resources.push(person(id));
            }
            Step::Members(index, from) => {
                let members = &world.groups[*index];
                let to = (from + world.page).min(members.len());
                let page = members[*from..to].iter().map(|m| grant(*index, m));
                out.records.grants.extend(page);
                if to == members.len() && world.vanished.contains(index) {
                    out.records.deleted_during_sync.push(group(*index));
                }
                out.next = (to < members.len()).then_some(Step::Members(*index, to));
            }
        }
        Ok(out)
    }
}

fn grant(of: usize, m: &Membership) -> Grant {
    let mut grant = Grant::new(member(of), m.principal());
    grant.expandable = (!m.user && m.expands).then(|| Expandable {
        sources: vec![member(m.index).to_string()],
        shallow: m.shallow,
        resource_types: Vec::from_iter(m.users_only.then(|| "user".into())),
    });
    grant
}

/// What each (entitlement, principal) pair has: its sources, each with whether it is direct.
type Held = BTreeMap<(String, String), BTreeMap<String, bool>>;

/// What is granted in groups that did not vanish, to whoever did not.
fn stated(world: &World) -> Vec<Grant> {
    let is_gone = |id: &ResourceId| world.vanished.iter().any(|index| group(*index) == *id);
    let granted = |(of, members): (usize, &Vec<Membership>)| {
        let members: Vec<Grant> = members.iter().map(|m| grant(of, m)).collect();
        members.into_iter().chain(owned(of))
    };
    let there = |of: &(usize, _)| !world.vanished.contains(&of.0);
    let all = world.groups.iter().enumerate().filter(there).flat_map(granted);
    all.filter(|grant| !is_gone(&grant.principal)).collect()
}

/// What there is: everybody who was listed or looked up, the groups that did not vanish with what is inside, and whoever
/// holds something.
fn there(world: &World) -> BTreeSet<String> {
    let (users, groups) = (0..world.users, 0..world.groups.len());
    let people = users.map(user).chain(groups.clone().map(owner));
    let groups = groups.filter(|index| !world.vanished.contains(index));
    let groups = groups.flat_map(|index| [group(index), key(index).resource]);
    let holders = stated(world).into_iter().map(|grant| grant.principal);
    let all = people.chain(groups).chain(holders);
    all.map(|id| id.to_string()).collect()
}

/// Expansion as the rules say it, without any cleverness: add what follows until nothing does.
fn fixpoint(world: &World) -> (BTreeSet<(String, String)>, Held) {
    let stated = stated(world);
    let key = |g: &Grant| (g.entitlement.to_string(), g.principal.to_string());
    let direct: BTreeSet<_> = stated.iter().map(key).collect();
    let edge = |g: &Grant| {
        let expandable = g.expandable.clone()?;
        let (from, to) = (expandable.sources[0].clone(), g.entitlement.to_string());
        (from != to).then_some((from, to, expandable))
    };
    let edges: Vec<(String, String, Expandable)> = stated.iter().filter_map(edge).collect();
    let mut all = direct.clone();
    loop {
        let mut held = Held::new();
        for (from, to, rule) in &edges {
            for (entitlement, principal) in &all {
                let is_direct = direct.contains(&(entitlement.clone(), principal.clone()));
                let typed = rule.resource_types.is_empty() || principal.starts_with("user:");
                if entitlement == from && typed && (is_direct || !rule.shallow) {
                    let sources = held.entry((to.clone(), principal.clone())).or_default();
                    *sources.entry(from.clone()).or_default() |= is_direct;
                }
            }
        }
        let before = all.len();
        all.extend(held.keys().cloned());
        if all.len() == before {
            for (pair, sources) in held.iter_mut().filter(|(pair, _)| direct.contains(*pair)) {
                sources.insert(pair.0.clone(), true);
            }
            return (all, held);
        }
    }
}

/// A sync of a world: what it answered and shows, and its snapshot.
struct Synced {
    shown: Shown,
    bytes: Vec<u8>,
}

/// Syncs a world, cut after every `cut` steps.
fn sync(world: &World, cut: Option<usize>, expand: bool) -> Synced {
    let secret = json!({"world": serde_json::to_string(world).expect("JSON")});
    let (mut cx, _, folder) = surroundings("toy", &secret, TRANSPORT.clone());
    (cx.settings.max_steps, cx.settings.expand) = (cut, expand);
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().expect("a runtime");
    let mut event = json!({});
    loop {
        let slice = runtime.block_on(function::sync::<Toy>(&cx, &event));
        let answer = slice.expect("a sync");
        if answer["status"] != "continue" {
            let key = answer["snapshot"].as_str().expect("a snapshot");
            let bytes = std::fs::read(folder.path().join("store").join(key)).expect("a file");
            let shown = Shown::of(answer, &bytes);
            return Synced { shown, bytes };
        }
        event = json!({"sync_id": answer["sync_id"]});
    }
}

impl Synced {
    /// The grants of the snapshot, and their sources.
    fn grants(&self) -> (BTreeSet<(String, String)>, Held) {
        let pair = |g: &Shows| (g.entitlement.clone(), g.principal.clone());
        let grants = self.shown.grants.values();
        let derived = grants.clone().filter(|g| !g.sources.is_empty());
        let held = derived.map(|g| (pair(g), g.sources.clone()));
        (grants.map(pair).collect(), held.collect())
    }

    fn opened(&self) -> Snapshot {
        Snapshot::read(self.bytes.as_slice(), "a snapshot").expect("readable")
    }
}

fn worlds() -> impl Strategy<Value = World> {
    let rarely = || prop::bool::weighted(0.2);
    let often = prop::bool::weighted(0.85);
    let drawn = (any::<bool>(), 0..6_usize, often, rarely(), rarely());
    let membership = drawn.prop_map(|drawn| Membership {
        user: drawn.0,
        index: drawn.1,
        expands: drawn.2,
        shallow: drawn.3,
        users_only: drawn.4,
    });
    // Nobody is a member of the same group twice.
    let members = prop::collection::vec(membership, 0..5).prop_map(|members| {
        let mut seen = BTreeSet::new();
        let mut first = |m: &Membership| seen.insert((m.user, m.index));
        members.into_iter().filter(|m| first(m)).collect::<Vec<_>>()
    });
    let groups = prop::collection::vec(members, 6);
    let vanished = prop::collection::btree_set(0..6_usize, 0..3);
    (groups, vanished, 1..5_usize).prop_map(|(groups, vanished, page)| World {
        users: 6,
        groups,
        vanished,
        page,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    /// Expansion by merged streams is the plain fixpoint, cycles and all, and without what is no more. It can be taken back:
    /// then the snapshot says what one without expansion says.
    #[test]
    fn expansion_is_exact_and_can_be_taken_back(world in worlds()) {
        let expanded = sync(&world, None, true);
        prop_assert_eq!(expanded.grants(), fixpoint(&world));
        let resources: BTreeSet<_> = expanded.shown.resources.keys().cloned().collect();
        prop_assert_eq!(resources, there(&world));

        let plain = sync(&world, None, false);
        let (one, other) = (&expanded.shown.answer, &plain.shown.answer);
        prop_assert_eq!(&one["content_digest"], &other["content_digest"]);
        prop_assert_eq!(&one["counts"]["grants"], &other["counts"]["grants"]);
        prop_assert_eq!(&other["counts"]["expanded"], 0);
        let folder = tempfile::tempdir().expect("a folder");
        let stripped = folder.path().join("x.c1z");
        unexpand(&expanded.opened(), &stripped).expect("unexpanded");
        let stripped = Snapshot::open(&stripped).expect("a snapshot");
        let compared = compare(&stripped, &plain.opened(), |change| {
            Err(Error::internal(Code::BadConfiguration, format!("{change:?}")))
        });
        compared.expect("no difference");
    }

    /// However its lists are split, the same world is the same bytes; cut and resumed, the same content.
    #[test]
    fn paging_and_cutting_change_nothing(world in worlds(), page in 1..7_usize, cut in 1..4_usize) {
        let whole = sync(&world, None, true);
        let other = sync(&World { page, ..world.clone() }, None, true);
        prop_assert_eq!(&whole.shown.answer, &other.shown.answer);
        prop_assert!(whole.bytes == other.bytes);
        let resumed = sync(&world, Some(cut), true);
        let digest = &resumed.shown.answer["content_digest"];
        prop_assert_eq!(&whole.shown.answer["content_digest"], digest);
        prop_assert_eq!(whole.grants(), resumed.grants());
    }
}
