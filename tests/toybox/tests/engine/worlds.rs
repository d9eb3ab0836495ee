//! The engine's invariants, tested with random worlds: a fictional vendor whose whole world is in its secret.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use proptest::prelude::*;
use rollcall_connector::config::{Config, Field, FieldKind};
use rollcall_connector::http::Session;
use rollcall_connector::{About, Code, Connector, Error, Identity, StepOutput, Syncer};
use rollcall_engine::runtime::function;
use rollcall_harness::conformance::surroundings;
use rollcall_harness::planned::{TRANSPORT, about, entitlement, person, us};
use rollcall_harness::shown::Shown;
use rollcall_model::{
    EntitlementId, Expandable, Grant, Resource, ResourceId, ResourceTrait, ResourceType, TraitKind,
};
use rollcall_snapshot::{Content, Grant as Shows, Snapshot, compare, reduce};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The whole world: groups with their members, which may be groups.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct World {
    users: usize,
    groups: Vec<Vec<Membership>>,
    /// Groups that the list shows but that the vendor elsewhere reports as deleted.
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

const TYPES: &[ResourceType] = &[
    ResourceType::account("user", "user", ""),
    ResourceType::new("group", "group", "", TraitKind::Group),
    ResourceType::new("door", "door", "", TraitKind::None),
];
static ABOUT: About =
    about("toy", TYPES, &[Field::required("world", "World", "", FieldKind::Text)]);

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

fn owner(of: usize) -> ResourceId {
    ResourceId::new("user", format!("owner{of}"))
}

fn group(index: usize) -> ResourceId {
    ResourceId::new("group", format!("g{index}"))
}

fn member(index: usize) -> EntitlementId {
    EntitlementId::new(group(index), "member")
}

/// The key of the door inside a group: its owner also has it.
fn key(index: usize) -> EntitlementId {
    EntitlementId::new(ResourceId::new("door", format!("d{index}")), "key")
}

/// The lock of that door: what is inside something deleted is deleted at any depth.
fn lock(index: usize) -> ResourceId {
    ResourceId::new("door", format!("l{index}"))
}

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
        let (world, mut out) = (&self.0, StepOutput::default());
        match step {
            Step::Users(from) => {
                let to = (from + world.page).min(world.users);
                out.records.resources.extend((*from..to).map(|index| person(user(index))));
                // Of some at once, before most are listed; of the others with their members.
                let early = world.vanished.iter().filter(|index| *index % 2 == 0);
                out.records.deleted_during_sync.extend(early.map(|index| group(*index)));
                // A row that shows as deleted what another row shows is ignored.
                out.records.not_found.extend((0..world.groups.len()).map(group));
                out.next = (to < world.users).then_some(Step::Users(to));
            }
            Step::Groups(from) => {
                let to = (from + world.page).min(world.groups.len());
                for index in *from..to {
                    let mut door = Resource::new(key(index).resource, "Door", ResourceTrait::None);
                    door.parent = Some(group(index));
                    let shown = Resource::new(group(index), "Group", ResourceTrait::Group);
                    let mut lock = Resource::new(lock(index), "Lock", ResourceTrait::None);
                    lock.parent = Some(door.id.clone());
                    out.records.resources.extend([shown, door, lock]);
                    out.records.entitlements.extend([member(index), key(index)].map(entitlement));
                    out.records.grants.extend(owned(index));
                    out.spawn.push(Step::Members(index, 0));
                }
                out.next = (to < world.groups.len()).then_some(Step::Groups(to));
            }
            Step::Owner(id) => out.records.resources.push(person(ResourceId::new("user", id))),
            Step::Members(index, from) => {
                // What two answers show is shown once.
                out.records.entitlements.push(entitlement(member(*index)));
                out.records.grants.extend(owned(*index));
                let members = &world.groups[*index];
                let to = (from + world.page).min(members.len());
                out.records.grants.extend(members[*from..to].iter().map(|m| grant(*index, m)));
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

/// The sources of each (entitlement, principal) pair, each with whether it is direct.
type Held = BTreeMap<(String, String), BTreeMap<String, bool>>;

/// The grants in groups that were not deleted, to principals that were not.
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

/// The existing resources: everybody who was listed or looked up, the groups that were not deleted with their content,
/// and all principals of grants.
fn there(world: &World) -> BTreeSet<String> {
    let (users, groups) = (0..world.users, 0..world.groups.len());
    let people = users.map(user).chain(groups.clone().map(owner));
    let groups = groups.filter(|index| !world.vanished.contains(index));
    let groups = groups.flat_map(|index| [group(index), key(index).resource, lock(index)]);
    let all = people.chain(groups).chain(stated(world).into_iter().map(|grant| grant.principal));
    all.map(|id| id.to_string()).collect()
}

/// Naive expansion by the rules: add implied grants until there are none.
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

struct Synced {
    shown: Shown,
    bytes: Vec<u8>,
}

fn sync(world: &World, cut: Option<usize>, expand: bool) -> Synced {
    let secret = json!({"world": serde_json::to_string(world).expect("JSON")});
    let (mut cx, _, folder) = surroundings("toy", &secret, TRANSPORT.clone());
    (cx.settings.max_steps, cx.settings.expand) = (cut, expand);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let (runtime, mut event) = (runtime.expect("a runtime"), json!({}));
    loop {
        let answer = runtime.block_on(function::sync::<Toy>(&cx, &event)).expect("a sync");
        if answer["status"] != "continue" {
            let key = answer["snapshot"].as_str().expect("a snapshot");
            let bytes = std::fs::read(folder.path().join("store").join(key)).expect("a file");
            return Synced { shown: Shown::of(answer, &bytes), bytes };
        }
        event = json!({"sync_id": answer["sync_id"]});
    }
}

impl Synced {
    fn grants(&self) -> (BTreeSet<(String, String)>, Held) {
        let pair = |g: &Shows| (g.entitlement.clone(), g.principal.clone());
        let grants = self.shown.grants.values();
        let derived = grants.clone().filter(|g| !g.sources.is_empty());
        (grants.map(pair).collect(), derived.map(|g| (pair(g), g.sources.clone())).collect())
    }

    fn opened(&self) -> Snapshot {
        Snapshot::read(self.bytes.as_slice(), "a snapshot").expect("readable")
    }
}

fn worlds() -> impl Strategy<Value = World> {
    let rarely = || prop::bool::weighted(0.2);
    let drawn = (any::<bool>(), 0..6_usize, prop::bool::weighted(0.85), rarely(), rarely());
    let membership = drawn.prop_map(|drawn| {
        let (user, index, expands, shallow, users_only) = drawn;
        Membership { user, index, expands, shallow, users_only }
    });
    // Nobody is a member of the same group twice.
    let members = prop::collection::vec(membership, 0..5).prop_map(|members| {
        let mut seen = BTreeSet::new();
        let mut first = |m: &Membership| seen.insert((m.user, m.index));
        members.into_iter().filter(|m| first(m)).collect::<Vec<_>>()
    });
    let groups = prop::collection::vec(members, 6);
    let vanished = prop::collection::btree_set(0..6_usize, 0..3);
    let world = |(groups, vanished, page)| World { users: 6, groups, vanished, page };
    (groups, vanished, 1..5_usize).prop_map(world)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    /// Expansion by merged streams is the plain fixpoint, including cycles, without deleted resources. It can be
    /// reversed: then the snapshot is the same as one without expansion.
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
        reduce(&expanded.opened(), Content::Unexpanded, &stripped).expect("unexpanded");
        let stripped = Snapshot::open(&stripped).expect("a snapshot");
        let no = |change| Err(Error::internal(Code::BadConfiguration, format!("{change:?}")));
        compare(&stripped, &plain.opened(), no).expect("no difference");
    }

    /// However its lists are split, the same world is the same bytes; cut and resumed, the same content.
    #[test]
    fn paging_and_cutting_change_nothing(world in worlds(), page in 1..7_usize, cut in 1..4_usize) {
        let whole = sync(&world, None, true);
        let other = sync(&World { page, ..world.clone() }, None, true);
        prop_assert_eq!(&whole.shown.answer, &other.shown.answer);
        prop_assert!(whole.bytes == other.bytes);
        let resumed = sync(&world, Some(cut), true);
        let [one, other] = [&whole, &resumed].map(|sync| &sync.shown.answer["content_digest"]);
        prop_assert_eq!(one, other);
        prop_assert_eq!(whole.grants(), resumed.grants());
    }
}
