//! The plan of an offboarding: a pure function from what a person holds to the steps that take it away.
//!
//! An account that the connector can delete is deleted, with all it holds. Of any other, each direct grant is revoked:
//! permissions before roles, roles before membership in groups, and among permissions those that only show a thing last.
//! Vendors give the stronger right on top of the weaker one, and refuse to take the weaker one first, or take all with
//! it; roles and groups carry the licence or the visibility that other changes need. What cannot be taken from here is
//! listed with who can.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rollcall_engine::runtime::function::Operation;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A plan. Its JSON is the file that `--out` writes: steps may be removed from it by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plan {
    /// A hash of the person and the snapshots.
    pub(crate) id: String,
    /// The address that was looked for.
    pub(crate) person: String,
    /// The snapshots that it was made of.
    pub(crate) snapshots: Vec<Basis>,
    /// The connections whose snapshots could not be read.
    pub(crate) unreadable: Vec<String>,
    pub(crate) accounts: Vec<PlannedAccount>,
    /// What this program does, in this order.
    pub(crate) steps: Vec<Step>,
    /// What others must do.
    pub(crate) elsewhere: Vec<Elsewhere>,
    /// Inherited access, which goes with other grants.
    pub(crate) inherited: Vec<Inherited>,
}

/// A snapshot that a plan is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Basis {
    pub(crate) connector: String,
    pub(crate) connection: String,
    pub(crate) sync_id: String,
    pub(crate) content_digest: String,
    pub(crate) taken_at: Timestamp,
}

/// An account of a connection.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlannedAccount {
    pub(crate) connector: String,
    pub(crate) connection: String,
    /// `type:id`.
    pub(crate) id: String,
    pub(crate) display_name: String,
}

/// A change that this program makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    pub(crate) connector: String,
    pub(crate) connection: String,
    /// `type:id`.
    pub(crate) account: String,
    pub(crate) action: Action,
    /// What it takes away, for people.
    pub(crate) what: String,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Action {
    DeleteAccount,
    /// Revokes this entitlement.
    Revoke(String),
}

impl Action {
    /// The function that does it.
    pub(crate) fn operation(&self) -> Operation {
        match self {
            Self::DeleteAccount => Operation::DeleteAccount,
            Self::Revoke(_) => Operation::Revoke,
        }
    }

    /// The entitlement, or the empty text.
    pub(crate) fn entitlement(&self) -> &str {
        match self {
            Self::DeleteAccount => "",
            Self::Revoke(entitlement) => entitlement,
        }
    }
}

/// What cannot be taken away from here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Elsewhere {
    pub(crate) connector: String,
    pub(crate) connection: String,
    pub(crate) account: String,
    /// The entitlement; `None`: the account itself.
    pub(crate) entitlement: Option<String>,
    pub(crate) what: String,
    pub(crate) why: String,
    /// Who can take it away.
    pub(crate) who: String,
    /// Where they can.
    pub(crate) place: String,
}

/// Access that goes when another grant goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Inherited {
    pub(crate) connector: String,
    pub(crate) connection: String,
    pub(crate) account: String,
    pub(crate) entitlement: String,
    pub(crate) what: String,
    /// The direct grants that it comes from; empty if the vendor does not show them.
    pub(crate) through: Vec<String>,
}

/// A connector's operations, as far as a plan needs them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Abilities {
    /// The vendor's name; empty if this program has no such connector.
    pub(crate) vendor: String,
    /// The types of accounts that it can delete.
    pub(crate) deletes: BTreeSet<String>,
    /// The types of resources whose entitlements it can revoke.
    pub(crate) revokes: BTreeSet<String>,
    /// The names of the types of resources, by id.
    pub(crate) types: BTreeMap<String, String>,
}

/// An account with what it holds.
#[derive(Debug, Clone)]
pub(crate) struct Holder {
    pub(crate) account: PlannedAccount,
    pub(crate) abilities: Abilities,
    pub(crate) holds: Vec<Held>,
}

/// An entitlement that an account holds.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) entitlement: String,
    pub(crate) display_name: String,
    pub(crate) resource_name: String,
    pub(crate) resource_type: String,
    pub(crate) kind: HolderKind,
    /// Whether the vendor stated the grant.
    pub(crate) direct: bool,
    /// Whether the grant cannot be revoked separately.
    pub(crate) immutable: bool,
    /// Whether the vendor keeps all holders of the entitlement elsewhere.
    pub(crate) kept_elsewhere: bool,
    /// The direct grants at the beginning of its paths, itself left out.
    pub(crate) through: Vec<String>,
}

/// The kind of resource that an entitlement is on, in the order in which they are taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum HolderKind {
    Thing,
    Role,
    Group,
}

/// Makes the plan.
pub(crate) fn plan(
    person: &str,
    snapshots: Vec<Basis>,
    unreadable: Vec<String>,
    holders: &[Holder],
) -> Plan {
    let mut plan = Plan {
        id: id(person, &snapshots),
        person: person.to_owned(),
        snapshots,
        unreadable,
        accounts: holders.iter().map(|holder| holder.account.clone()).collect(),
        steps: Vec::new(),
        elsewhere: Vec::new(),
        inherited: Vec::new(),
    };
    holders.iter().for_each(|holder| plan.add(holder));
    plan
}

impl Plan {
    /// Whether the id is that of the person and the snapshots, and each step is about one of the accounts.
    pub(crate) fn is_whole(&self) -> bool {
        let is_known = |step: &Step| {
            self.accounts.iter().any(|account| {
                let own = (&account.connector, &account.connection, &account.id);
                own == (&step.connector, &step.connection, &step.account)
            })
        };
        self.id == id(&self.person, &self.snapshots) && self.steps.iter().all(is_known)
    }

    fn add(&mut self, holder: &Holder) {
        let (account, abilities) = (&holder.account, &holder.abilities);
        let kind = account.id.split(':').next().unwrap_or_default();
        let deletes = abilities.deletes.contains(kind);
        let mut revoked: Vec<&Held> = Vec::new();
        for held in &holder.holds {
            if !held.through.is_empty() || !held.direct || (held.immutable && !held.kept_elsewhere)
            {
                self.inherit(account, held, deletes);
            }
            match obstacle(held, abilities) {
                _ if !held.direct => {}
                // A group that others fill can bring a deleted account back; all else goes with the account.
                Some(obstacle) if !deletes || obstacle == Obstacle::KeptGroup => {
                    let elsewhere = elsewhere(account, held, abilities, obstacle);
                    self.elsewhere.push(elsewhere);
                }
                None if !deletes && !held.immutable => revoked.push(held),
                _ => {}
            }
        }
        revoked.sort_by_key(|held| (held.kind, shows(&held.entitlement), &held.entitlement));
        let step = |action, what| Step {
            connector: account.connector.clone(),
            connection: account.connection.clone(),
            account: account.id.clone(),
            action,
            what,
        };
        if deletes {
            let what = format!("the account of {}, with all it holds", account.display_name);
            self.steps.push(step(Action::DeleteAccount, what));
            return;
        }
        let revokes = revoked.into_iter();
        let revokes =
            revokes.map(|held| step(Action::Revoke(held.entitlement.clone()), held.name()));
        self.steps.extend(revokes);
        self.elsewhere.push(remaining(account, abilities));
    }

    fn inherit(&mut self, account: &PlannedAccount, held: &Held, deletes: bool) {
        if deletes {
            return;
        }
        self.inherited.push(Inherited {
            connector: account.connector.clone(),
            connection: account.connection.clone(),
            account: account.id.clone(),
            entitlement: held.entitlement.clone(),
            what: held.name(),
            through: held.through.clone(),
        });
    }
}

impl Held {
    fn name(&self) -> String {
        match self.display_name.as_str() {
            "" => self.entitlement.clone(),
            name => name.to_owned(),
        }
    }
}

/// Why a direct grant cannot be revoked from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Obstacle {
    UnknownConnector,
    ReadsOnly,
    /// The connector does not change entitlements on this type of resource.
    OtherType,
    /// Another system fills the group.
    KeptGroup,
    /// The vendor lets nobody change it through its API.
    Kept,
}

fn obstacle(held: &Held, abilities: &Abilities) -> Option<Obstacle> {
    let is_group = held.kind == HolderKind::Group;
    match () {
        () if held.kept_elsewhere && is_group => Some(Obstacle::KeptGroup),
        () if held.kept_elsewhere => Some(Obstacle::Kept),
        // It goes with the grant that gives it.
        () if held.immutable => None,
        () if abilities.vendor.is_empty() => Some(Obstacle::UnknownConnector),
        () if abilities.revokes.is_empty() => Some(Obstacle::ReadsOnly),
        () if !abilities.revokes.contains(&held.resource_type) => Some(Obstacle::OtherType),
        () => None,
    }
}

/// What is left to others, with who and where.
fn elsewhere(
    account: &PlannedAccount,
    held: &Held,
    abilities: &Abilities,
    obstacle: Obstacle,
) -> Elsewhere {
    let vendor = name_of(abilities, account);
    let kind = abilities.types.get(&held.resource_type).unwrap_or(&held.resource_type);
    let on = match held.resource_name.as_str() {
        "" => held.entitlement.clone(),
        name => format!("{kind} {name}"),
    };
    let there = format!("{on}, in {vendor}");
    let (why, who, place) = match obstacle {
        Obstacle::UnknownConnector => {
            ("this program does not have the connector", admin(vendor), there)
        }
        Obstacle::ReadsOnly => ("the connector only reads", admin(vendor), there),
        Obstacle::OtherType => {
            ("the connector does not change entitlements of this type", admin(vendor), there)
        }
        Obstacle::KeptGroup => (
            "another system keeps the members of this group, and would add them again",
            "an administrator of the identity provider".to_owned(),
            format!("{on}, in the identity provider behind {vendor}"),
        ),
        Obstacle::Kept => (
            "the connector cannot change it",
            format!("an owner or administrator of {vendor}, or its support"),
            there,
        ),
    };
    Elsewhere {
        entitlement: Some(held.entitlement.clone()),
        what: held.name(),
        ..left(account, why, who, place)
    }
}

/// The account itself, where it cannot be deleted.
fn remaining(account: &PlannedAccount, abilities: &Abilities) -> Elsewhere {
    let vendor = name_of(abilities, account);
    let why = "the connector cannot delete accounts of this type";
    let what = format!("the account of {}", account.display_name);
    let place = format!("the administration of {vendor}, or the identity provider behind it");
    Elsewhere { what, ..left(account, why, admin(vendor), place) }
}

fn left(account: &PlannedAccount, why: &str, who: String, place: String) -> Elsewhere {
    Elsewhere {
        connector: account.connector.clone(),
        connection: account.connection.clone(),
        account: account.id.clone(),
        entitlement: None,
        what: String::new(),
        why: why.to_owned(),
        who,
        place,
    }
}

fn name_of<'a>(abilities: &'a Abilities, account: &'a PlannedAccount) -> &'a str {
    match abilities.vendor.as_str() {
        "" => &account.connector,
        name => name,
    }
}

fn admin(vendor: &str) -> String {
    format!("an administrator of {vendor}")
}

/// Whether an entitlement only shows a thing, by the first word of its slug: other rights on the thing are built on it.
fn shows(entitlement: &str) -> bool {
    let slug = entitlement.rsplit(':').next().unwrap_or_default().to_lowercase();
    let first = slug.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    ["read", "view", "viewer", "see", "access", "member"].contains(&first)
}

fn id(person: &str, snapshots: &[Basis]) -> String {
    let person = person.to_lowercase();
    let mut parts = vec![person.as_str()];
    for Basis { connector, connection, sync_id, content_digest, .. } in snapshots {
        parts.extend([connector, connection, sync_id, content_digest].map(String::as_str));
    }
    hash(&parts)[..32].to_owned()
}

/// The id of the request of a step of the work with this id: the same step of the same work is carried out once.
pub(crate) fn request_id(kind: &str, id: &str, step: &Step) -> String {
    let Step { connector, connection, account, action, .. } = step;
    let (operation, entitlement) = (action.operation().as_str(), action.entitlement());
    let parts = [id, connector, connection, operation, account, entitlement];
    format!("{kind}-{}", &hash(&parts)[..40])
}

/// SHA-256 in hex of these texts, of which none can be taken for two.
pub(crate) fn hash(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    hex::encode(hash.finalize())
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
