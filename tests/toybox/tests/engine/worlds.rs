//! The engine's invariants, held for random worlds: a made-up vendor whose whole world is in its secret.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use proptest::prelude::*;
use rollcall_connector::Code;
use serde::{Deserialize, Serialize};
use serde_json::json;

use rollcall_connector::clock::{Clock, Manual};
use rollcall_connector::config::{Config, Field, FieldKind};
use rollcall_connector::event::{SyncAnswer, SyncEvent, SyncStatus};
use rollcall_connector::http::{Session, Transport};
use rollcall_connector::{About, Connector, Error, Identity, StepOutput, Syncer};
use rollcall_engine::context::secrets::Files;
use rollcall_engine::context::{Context, Settings};
use rollcall_engine::store::folder::Folder;
use rollcall_model::{
    AccountType, Entitlement, EntitlementId, Expandable, Grant, Purpose, Resource, ResourceId,
    ResourceTrait, ResourceType, TraitKind,
};
use rollcall_snapshot::Snapshot;

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

const KINDS: [&str; 2] = ["user", "group"];
/// Each group has one, which is inside it.
const DOOR: &str = "door";

static ABOUT: About = About {
    name: "toy",
    display_name: "Toy",
    resource_types: &[
        ResourceType::account("user", "user", ""),
        ResourceType::new("group", "group", "", TraitKind::Group),
        ResourceType::new(DOOR, DOOR, "", TraitKind::None),
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

/// What the owner of a group has besides: the key of its door.
fn key(index: usize) -> EntitlementId {
    EntitlementId::new(ResourceId::new(DOOR, format!("d{index}")), "key")
}

fn entitlement(id: EntitlementId) -> Entitlement {
    Entitlement {
        id,
        display_name: "Entitlement".into(),
        description: String::new(),
        grantable_to: &KINDS,
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
        world
            .map(Self)
            .map_err(|e| Error::internal(Code::BadConfiguration, e.to_string()))
    }

    async fn identify(&self) -> Result<Identity, Error> {
        Ok(Identity {
            tenant: "t".into(),
            caller: user(0),
            caller_name: String::new(),
            rights: String::new(),
            credential_expires_at: None,
            warnings: Vec::new(),
        })
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
                out.records
                    .deleted_during_sync
                    .extend(early.map(|index| group(*index)));
                // A row that says so of what another one shows says nothing.
                out.records
                    .not_found
                    .extend((0..world.groups.len()).map(group));
                out.next = (to < world.users).then_some(Step::Users(to));
            }
            Step::Groups(from) => {
                let to = (from + world.page).min(world.groups.len());
                for index in *from..to {
                    out.records.resources.push(Resource::new(
                        group(index),
                        format!("Group {index}"),
                        ResourceTrait::Group,
                    ));
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
                out.records
                    .grants
                    .extend(members[*from..to].iter().map(|m| grant(*index, m)));
                if to == members.len() && world.vanished.contains(index) {
                    out.records.deleted_during_sync.push(group(*index));
                }
                out.next = (to < members.len()).then_some(Step::Members(*index, to));
            }
        }
        Ok(out)
    }
}

fn person(id: ResourceId) -> Resource {
    let resource_trait = ResourceTrait::account(AccountType::Human, None);
    let name = format!("Person {}", id.id);
    Resource::new(id, name, resource_trait)
}

fn grant(of: usize, membership: &Membership) -> Grant {
    let Membership {
        user: is_user,
        index,
        expands,
        shallow,
        users_only,
    } = *membership;
    let principal = if is_user { user(index) } else { group(index) };
    let mut grant = Grant::new(member(of), principal);
    grant.expandable = (!is_user && expands).then(|| Expandable {
        sources: vec![member(index).to_string()],
        shallow,
        resource_types: if users_only {
            vec!["user".into()]
        } else {
            Vec::new()
        },
    });
    grant
}

/// What each (entitlement, principal) pair has: its sources, each with whether it is direct.
type Held = BTreeMap<(String, String), BTreeMap<String, bool>>;

/// What is granted in groups that did not vanish, to whoever did not.
fn stated(world: &World) -> Vec<Grant> {
    let groups = world.groups.iter().enumerate();
    let there = groups.filter(|(of, _)| !world.vanished.contains(of));
    let granted = |(of, members): (usize, &Vec<Membership>)| {
        let members: Vec<Grant> = members.iter().map(|m| grant(of, m)).collect();
        members.into_iter().chain(owned(of))
    };
    let vanished: BTreeSet<_> = world.vanished.iter().map(|index| group(*index)).collect();
    let all = there.flat_map(granted);
    all.filter(|grant| !vanished.contains(&grant.principal))
        .collect()
}

/// What there is: everybody who was listed or looked up, the groups that did not vanish with what is inside, and whoever
/// holds something.
fn there(world: &World) -> BTreeSet<String> {
    let people = (0..world.users).map(user);
    let owners = (0..world.groups.len()).map(owner);
    let groups = (0..world.groups.len()).filter(|index| !world.vanished.contains(index));
    let groups = groups.flat_map(|index| [group(index), key(index).resource]);
    let holders = stated(world).into_iter().map(|grant| grant.principal);
    let all = people.chain(owners).chain(groups).chain(holders);
    all.map(|id| id.to_string()).collect()
}

/// Expansion as the rules say it, without any cleverness: add what follows until nothing does.
fn fixpoint(world: &World) -> (BTreeSet<(String, String)>, Held) {
    let stated = stated(world);
    let key = |g: &Grant| (g.entitlement.to_string(), g.principal.to_string());
    let direct: BTreeSet<_> = stated.iter().map(key).collect();
    let edges: Vec<(String, String, Expandable)> = stated
        .iter()
        .filter_map(|g| {
            let expandable = g.expandable.clone()?;
            let (from, to) = (expandable.sources[0].clone(), g.entitlement.to_string());
            (from != to).then_some((from, to, expandable))
        })
        .collect();
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
            for (pair, sources) in &mut held {
                if direct.contains(pair) {
                    sources.insert(pair.0.clone(), true);
                }
            }
            return (all, held);
        }
    }
}

static TRANSPORT: LazyLock<Transport> = LazyLock::new(|| Transport::new(None).expect("TLS"));

/// Syncs a world, cut after every `cut` steps.
fn sync(world: &World, cut: Option<usize>) -> (tempfile::TempDir, SyncAnswer) {
    let folder = tempfile::tempdir().expect("a folder");
    let secrets = folder.path().join("secrets/toy");
    std::fs::create_dir_all(&secrets).expect("a folder");
    let secret = json!({"world": serde_json::to_string(world).expect("JSON")});
    std::fs::write(secrets.join("default.json"), secret.to_string()).expect("written");
    let clock = Arc::new(Manual::at("2026-06-01T00:00:00Z".parse().expect("a time")));
    let cx = Context {
        settings: Settings {
            max_steps: cut,
            ..Settings::default()
        },
        ..Context::new(
            Arc::new(Folder::new(folder.path().join("store"))),
            Arc::new(Files::new(folder.path().join("secrets"))),
            clock.clone(),
            TRANSPORT.clone(),
        )
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let answer = runtime.block_on(async {
        let mut event = SyncEvent {
            connection: "default".into(),
            sync_id: None,
            accept: None,
        };
        loop {
            let answer = rollcall_engine::sync::run::<Toy>(&cx, &event)
                .await
                .expect("a sync");
            if answer.status != SyncStatus::Continue {
                return answer;
            }
            event.sync_id = answer.sync_id;
            assert!(clock.now() > jiff::Timestamp::UNIX_EPOCH);
        }
    });
    (folder, answer)
}

fn bytes(folder: &tempfile::TempDir, answer: &SyncAnswer) -> Vec<u8> {
    let key = answer.snapshot.as_deref().expect("a snapshot");
    std::fs::read(folder.path().join("store").join(key)).expect("the snapshot")
}

fn opened(folder: &tempfile::TempDir, answer: &SyncAnswer) -> Snapshot {
    let key = answer.snapshot.as_deref().expect("a snapshot");
    Snapshot::open(&folder.path().join("store").join(key)).expect("a snapshot")
}

/// The resources of a snapshot.
fn resources(folder: &tempfile::TempDir, answer: &SyncAnswer) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    opened(folder, answer)
        .resources::<Error>(&Default::default(), |resource| {
            all.insert(resource.id.to_string());
            Ok(())
        })
        .expect("resources");
    all
}

/// The grants of a snapshot, and their sources.
fn read(folder: &tempfile::TempDir, answer: &SyncAnswer) -> (BTreeSet<(String, String)>, Held) {
    let snapshot = opened(folder, answer);
    let (mut all, mut held) = (BTreeSet::new(), Held::new());
    snapshot
        .grants::<Error>(&Default::default(), |grant| {
            let pair = (grant.entitlement.clone(), grant.principal.to_string());
            if !grant.sources.is_empty() {
                held.insert(pair.clone(), grant.sources.clone().into_iter().collect());
            }
            all.insert(pair);
            Ok(())
        })
        .expect("grants");
    (all, held)
}

fn worlds() -> impl Strategy<Value = World> {
    let membership = (
        any::<bool>(),
        0..6_usize,
        prop::bool::weighted(0.85),
        prop::bool::weighted(0.2),
        prop::bool::weighted(0.2),
    )
        .prop_map(|(user, index, expands, shallow, users_only)| Membership {
            user,
            index,
            expands,
            shallow,
            users_only,
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
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Expansion by merged streams is the plain fixpoint, cycles and all, and without what is no more.
    #[test]
    fn expansion_is_exact(world in worlds()) {
        let (folder, answer) = sync(&world, None);
        let (all, held) = read(&folder, &answer);
        let (expected, sources) = fixpoint(&world);
        prop_assert_eq!(all, expected);
        prop_assert_eq!(held, sources);
        prop_assert_eq!(resources(&folder, &answer), there(&world));
    }

    /// However its lists are split, the same world is the same bytes; cut and resumed, the same content.
    #[test]
    fn paging_and_cutting_change_nothing(world in worlds(), page in 1..7_usize, cut in 1..4_usize) {
        let (folder, whole) = sync(&world, None);
        let (other_folder, other) = sync(&World { page, ..world.clone() }, None);
        prop_assert_eq!(&whole, &other);
        prop_assert!(bytes(&folder, &whole) == bytes(&other_folder, &other));
        let (cut_folder, resumed) = sync(&world, Some(cut));
        prop_assert_eq!(&whole.content_digest, &resumed.content_digest);
        prop_assert_eq!(read(&folder, &whole), read(&cut_folder, &resumed));
    }
}
