//! The steps of a sync.
//!
//! No list has pages, and none is read twice: a list that several steps need is kept in the process.

use std::collections::BTreeSet;

use async_trait::async_trait;
use rollcall_connector::{Code, Error, ErrorType, Identity, Records, StepOutput, Syncer, counted};
use serde::{Deserialize, Serialize};

use crate::access::{self, Mapped};
use crate::api::Organization;
use crate::connect::{Cluster, Elastic};

/// A step of a sync.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is named after the list that it reads")]
pub enum Step {
    Organizations,
    Members { organization: String },
    Invitations { organization: String },
    Users { deployment: Option<String> },
    Roles { deployment: Option<String> },
    Mappings { deployment: Option<String> },
}

#[async_trait]
impl Syncer for Elastic {
    type Step = Step;

    /// There are rarely more steps.
    const CONCURRENCY: usize = 8;

    fn start(&self, _: &Identity) -> Vec<Step> {
        let organizations = self.cloud.is_some().then_some(Step::Organizations);
        let deployments = self.clusters.iter().flat_map(|cluster| {
            let deployment = || cluster.scope().0.map(str::to_owned);
            [
                Step::Users { deployment: deployment() },
                Step::Roles { deployment: deployment() },
                Step::Mappings { deployment: deployment() },
            ]
        });
        organizations.into_iter().chain(deployments).collect()
    }

    async fn run(&self, _: &Identity, step: &Step) -> Result<StepOutput<Step>, Error> {
        match step {
            Step::Organizations => self.list_organizations().await,
            Step::Members { organization } => self.list_members(organization).await,
            Step::Invitations { organization } => self.list_invitations(organization).await,
            Step::Users { deployment } => list_users(self.cluster_of_run(deployment)?).await,
            Step::Roles { deployment } => list_roles(self.cluster_of_run(deployment)?).await,
            Step::Mappings { deployment } => {
                self.list_mappings(self.cluster_of_run(deployment)?).await
            }
        }
    }
}

impl Elastic {
    async fn list_organizations(&self) -> Result<StepOutput<Step>, Error> {
        let mut out = StepOutput::default();
        for organization in &self.organizations().await?.items {
            out.records.extend(access::organization(organization));
            let row = format_args!("organization {}", organization.id);
            out.unreadable(row, organization.unreadable());
            out.spawn.push(Step::Members { organization: organization.id.clone() });
            out.spawn.push(Step::Invitations { organization: organization.id.clone() });
        }
        Ok(out)
    }

    async fn list_members(&self, id: &str) -> Result<StepOutput<Step>, Error> {
        let organization = self.organization_of_run(id).await?;
        let name = organization.name();
        let members = self.members().await?.get(id);
        let members = members.map(Vec::as_slice).unwrap_or_default();
        // A key sees only the roles within its own. Every organization has an owner: if none is visible, other roles
        // are missing too.
        let is_owner = |member| access::is_owner(organization, member);
        if !members.iter().any(is_owner) {
            return Err(Error::new(
                ErrorType::PermissionDenied,
                Code::CredentialTooWeak,
                format!(
                    "the key cannot see who owns the organization {name}, and therefore not all roles"
                ),
                "Have an organization owner create a key with that role in the Elastic Cloud console (Organization > API keys) and store it as `api-key`.",
            ));
        }
        let mut out = StepOutput::default();
        let mut not_shown = BTreeSet::new();
        let mut holders = Vec::new();
        for member in members {
            out.records.extend(access::member(organization, member));
            let row = format_args!("member {}", member.user_id);
            out.unreadable(row, member.unreadable());
            let roles = access::not_shown(&member.role_assignments);
            if !roles.is_empty() {
                not_shown.extend(roles);
                holders.push(member.user_id.as_str());
            }
        }
        if !holders.is_empty() {
            out.blind_spot(format!(
                "{name}: {} with roles of kinds that Rollcall does not know and does not show ({}): {}",
                counted(holders.len(), "member"),
                few(not_shown.iter().map(String::as_str)),
                few(holders)
            ));
        }
        Ok(out)
    }

    async fn list_invitations(&self, id: &str) -> Result<StepOutput<Step>, Error> {
        let organization = self.organization_of_run(id).await?;
        let invitations = self.cloud()?.api.invitations(id).await?;
        let mut out = StepOutput::from(Records {
            resources: access::invitations(organization, &invitations),
            ..Records::default()
        });
        for one in &invitations {
            let row = format_args!("the invitation of {}", one.email);
            out.unreadable(row, one.unreadable());
        }
        Ok(out)
    }

    async fn list_mappings(&self, cluster: &Cluster) -> Result<StepOutput<Step>, Error> {
        let (mappings, roles) = futures::try_join!(cluster.mappings(), cluster.roles())?;
        let mut members = BTreeSet::new();
        if self.cloud.is_some() {
            let all = self.members().await?.values().flatten();
            members.extend(all.map(|member| member.user_id.as_str()));
        }
        let is_defined = |role: &str| roles.contains_key(role);
        let mapped = mappings.iter().map(|(name, mapping)| {
            let scope = cluster.scope();
            let mapped = access::role_mapping(scope, name, mapping, is_defined, &members);
            (name.as_str(), mapped)
        });
        let mapped: Vec<(&str, Mapped)> = mapped.collect();
        let mut out = StepOutput::default();
        warn_of_mappings(&cluster.api.place, &mapped, &mut out);
        for (_, mapped) in mapped {
            out.records.extend(mapped.records);
        }
        Ok(out)
    }

    /// An organization that the run began with.
    async fn organization_of_run(&self, id: &str) -> Result<&Organization, Error> {
        let mut all = self.organizations().await?.items.iter();
        all.find(|organization| organization.id == id)
            .ok_or_else(|| no_longer_there("organization", id))
    }

    /// A deployment that the run began with.
    fn cluster_of_run(&self, name: &Option<String>) -> Result<&Cluster, Error> {
        let name = name.as_deref();
        self.cluster(name).ok_or_else(|| no_longer_there("deployment", name.unwrap_or_default()))
    }
}

/// Warns about what the mappings of a deployment leave undetermined.
fn warn_of_mappings(place: &str, all: &[(&str, Mapped)], out: &mut StepOutput<Step>) {
    let with = |has: fn(&Mapped) -> bool| -> Vec<&str> {
        let mappings = all.iter().filter(|(_, mapped)| has(mapped));
        mappings.map(|(name, _)| *name).collect()
    };
    let conditional = with(|mapped| mapped.conditional > 0).len();
    let names: usize = all.iter().map(|(_, mapped)| mapped.conditional).sum();
    let unnamed = with(|mapped| mapped.covers_unnamed);
    let computed = with(|mapped| mapped.computes_roles).len();
    let unknown = with(|mapped| mapped.has_unknown_rules);
    let warnings = [
        (
            conditional,
            Code::ConditionalMembers,
            format!(
                "{} in {} covered on conditions that only an identity provider can judge; the mappings' profiles contain them",
                counted(names, "name"),
                counted(conditional, "role mapping")
            ),
        ),
        (
            unnamed.len(),
            Code::UnnamedMembers,
            format!(
                "{} for people whom no list names, each represented by an `externalClass`: {}",
                counted(unnamed.len(), "role mapping"),
                few(unnamed.iter().copied())
            ),
        ),
        (
            computed,
            Code::ComputedRoles,
            format!(
                "{} with roles that are computed at sign-in; the profile contains the templates",
                counted(computed, "role mapping")
            ),
        ),
        (
            unknown.len(),
            Code::UnknownValue,
            format!(
                "the rules of these role mappings are not fully understood and count as conditions: {}",
                few(unknown.iter().copied())
            ),
        ),
    ];
    for (count, code, message) in warnings {
        if count > 0 {
            out.warn(code, format!("{place}: {message}"));
        }
    }
    let dangling = all.iter().flat_map(|(_, mapped)| &mapped.dangling);
    let dangling = dangling.map(String::as_str).collect();
    warn_of_dangling(place, "role mappings", &dangling, out);
}

async fn list_users(cluster: &Cluster) -> Result<StepOutput<Step>, Error> {
    let place = &cluster.api.place;
    let read = async { Ok(cluster.api.users().await?) };
    let (users, roles) = futures::try_join!(read, cluster.roles())?;
    let is_defined = |role: &str| roles.contains_key(role);
    let mut out = StepOutput::default();
    let mut dangling = BTreeSet::new();
    for (name, user) in &users {
        let (records, undefined) = access::native_user(cluster.scope(), name, user, is_defined);
        out.records.extend(records);
        dangling.extend(undefined);
        let row = format_args!("user {name} of {place}");
        out.unreadable(row, user.unreadable());
    }
    warn_of_dangling(place, "users", &dangling, &mut out);
    Ok(out)
}

async fn list_roles(cluster: &Cluster) -> Result<StepOutput<Step>, Error> {
    let mut out = StepOutput::default();
    for (name, role) in cluster.roles().await? {
        let records = access::role(cluster.scope(), name, role);
        out.records.extend(records);
        let row = format_args!("role {name} of {}", cluster.api.place);
        out.unreadable(row, role.unreadable());
    }
    Ok(out)
}

fn warn_of_dangling(
    place: &str,
    holders: &str,
    roles: &BTreeSet<&str>,
    out: &mut StepOutput<Step>,
) {
    if !roles.is_empty() {
        let roles = few(roles.iter().copied());
        let message = format!("{place}: {holders} have roles that are not defined: {roles}");
        out.warn(Code::DanglingReference, message);
    }
}

/// The first few names, and how many more there are: a cluster may have thousands.
fn few<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 5;
    let names: Vec<&str> = names.into_iter().collect();
    match names.get(SHOWN..) {
        None | Some([]) => names.join(", "),
        Some(more) => format!("{} and {} more", names[..SHOWN].join(", "), more.len()),
    }
}

fn no_longer_there(kind: &str, name: &str) -> Error {
    Error::new(
        ErrorType::Misconfigured,
        Code::ConfigurationChanged,
        format!("the {kind} {name} was configured when the run began and no longer is"),
        "Put it back, or start a new run after this one has ended.",
    )
}
