//! Reads: the steps of a sync.
//!
//! No list has pages, and none is read twice: what one step needs of another's list is kept in the process.

use std::collections::BTreeSet;

use async_trait::async_trait;
use rollcall_connector::{Code, Error, ErrorType, Identity, Records, StepOutput, Syncer};
use serde::{Deserialize, Serialize};

use crate::access;
use crate::api::Organization;
use crate::connect::{Cluster, Elastic};

/// A step of a sync.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is the list that it is named after")]
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

    /// There are rarely more steps than that.
    const CONCURRENCY: usize = 8;

    fn start(&self, _: &Identity) -> Vec<Step> {
        let mut steps = Vec::new();
        if self.has_cloud() {
            steps.push(Step::Organizations);
        }
        for cluster in self.clusters() {
            let deployment = cluster.within().0.map(str::to_owned);
            steps.extend([
                Step::Users {
                    deployment: deployment.clone(),
                },
                Step::Roles {
                    deployment: deployment.clone(),
                },
                Step::Mappings { deployment },
            ]);
        }
        steps
    }

    async fn run(&self, _: &Identity, step: &Step) -> Result<StepOutput<Step>, Error> {
        match step {
            Step::Organizations => self.list_organizations().await,
            Step::Members { organization } => self.list_members(organization).await,
            Step::Invitations { organization } => self.list_invitations(organization).await,
            Step::Users { deployment } => users(self.still(deployment.as_deref())?).await,
            Step::Roles { deployment } => roles(self.still(deployment.as_deref())?).await,
            Step::Mappings { deployment } => {
                self.mappings(self.still(deployment.as_deref())?).await
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
            out.spawn.push(Step::Members {
                organization: organization.id.clone(),
            });
            out.spawn.push(Step::Invitations {
                organization: organization.id.clone(),
            });
        }
        Ok(out)
    }

    async fn list_members(&self, id: &str) -> Result<StepOutput<Step>, Error> {
        let organization = self.organization(id).await?;
        let members = self.members().await?.get(id);
        let members = members.map(Vec::as_slice).unwrap_or_default();
        // A key sees the roles that are within its own. Every organization has an owner: where none shows, others do
        // not show, either.
        if !members
            .iter()
            .any(|member| access::is_owner(organization, member))
        {
            return Err(Error::new(
                ErrorType::PermissionDenied,
                Code::CredentialTooWeak,
                format!(
                    "the key does not see who owns the organization {}, and so not all roles",
                    organization.name()
                ),
                "An organization owner makes a key with that role in the Elastic Cloud console, under Organization, API keys: store that as `api-key`.",
            ));
        }
        let mut out = StepOutput::default();
        let mut unknown = BTreeSet::new();
        let mut holders = Vec::new();
        for member in members {
            out.records.extend(access::member(organization, member));
            let row = format!("member {}", member.user_id);
            out.unreadable(&row, member.unreadable());
            let kinds = access::unknown(&member.role_assignments);
            if !kinds.is_empty() {
                unknown.extend(kinds);
                holders.push(member.user_id.as_str());
            }
        }
        if !holders.is_empty() {
            let kinds: Vec<&str> = unknown.iter().map(String::as_str).collect();
            out.blind_spot(format!(
                "{}: {} members have roles of kinds that Rollcall does not know, and that are not shown ({}): members {}",
                organization.name(),
                holders.len(),
                few(&kinds),
                few(&holders)
            ));
        }
        Ok(out)
    }

    async fn list_invitations(&self, id: &str) -> Result<StepOutput<Step>, Error> {
        let organization = self.organization(id).await?;
        let invitations = self.cloud_api()?.invitations(id).await?;
        let mut out = StepOutput::from(Records {
            resources: access::invitations(organization, &invitations),
            ..Records::default()
        });
        for one in &invitations {
            let row = format!("the invitation of {}", one.email);
            out.unreadable(&row, one.unreadable());
        }
        Ok(out)
    }

    async fn organization(&self, id: &str) -> Result<&Organization, Error> {
        let mut all = self.organizations().await?.items.iter();
        all.find(|organization| organization.id == id)
            .ok_or_else(|| changed(&format!("the organization {id}")))
    }

    /// A deployment of the run, if the configuration still has it.
    fn still(&self, name: Option<&str>) -> Result<&Cluster, Error> {
        self.cluster(name)
            .ok_or_else(|| changed(&format!("the deployment {}", name.unwrap_or_default())))
    }

    async fn mappings(&self, cluster: &Cluster) -> Result<StepOutput<Step>, Error> {
        let within = cluster.within();
        let (mappings, roles) = futures::try_join!(cluster.mappings(), cluster.roles())?;
        let members: BTreeSet<String> = match self.has_cloud() {
            true => {
                let members = self.members().await?.values().flatten();
                members.map(|member| member.user_id.clone()).collect()
            }
            false => BTreeSet::new(),
        };
        let mut out = StepOutput::default();
        let mut open = Open::default();
        for (name, mapping) in mappings {
            let known = |role: &str| roles.contains_key(role);
            let mapped = access::role_mapping(within, name, mapping, known, &members);
            out.records.extend(mapped.records);
            open.dangling.extend(mapped.dangling);
            if mapped.conditional > 0 {
                open.conditional += mapped.conditional;
                open.in_mappings += 1;
            }
            if mapped.unnamed {
                open.unnamed.push(name);
            }
            open.computed += usize::from(mapped.computed);
            if mapped.strange {
                open.strange.push(name);
            }
        }
        open.say(cluster.api.place(), &mut out);
        Ok(out)
    }
}

/// What role mappings leave open.
#[derive(Default)]
struct Open<'a> {
    conditional: usize,
    in_mappings: usize,
    computed: usize,
    dangling: BTreeSet<String>,
    strange: Vec<&'a str>,
    unnamed: Vec<&'a str>,
}

impl Open<'_> {
    fn say(&self, place: &str, out: &mut StepOutput<Step>) {
        if self.conditional > 0 {
            out.warn(
                Code::ConditionalMembers,
                format!(
                    "{place}: {} names in {} role mappings are covered on conditions that only an identity provider can judge; they are in the mappings' profiles",
                    self.conditional, self.in_mappings
                ),
            );
        }
        if !self.unnamed.is_empty() {
            out.warn(
                Code::UnnamedMembers,
                format!(
                    "{place}: {} role mappings cover people whom no list names; an `externalClass` stands for those of each: {}",
                    self.unnamed.len(),
                    few(&self.unnamed)
                ),
            );
        }
        if self.computed > 0 {
            out.warn(
                Code::ComputedRoles,
                format!(
                    "{place}: {} role mappings compute roles for whoever signs in; the templates are in their profiles",
                    self.computed
                ),
            );
        }
        if !self.strange.is_empty() {
            out.warn(
                Code::UnknownValue,
                format!(
                    "{place}: the rules of these role mappings are not wholly understood, and count as conditions: {}",
                    few(&self.strange)
                ),
            );
        }
        dangling(place, "role mappings", &self.dangling, out);
    }
}

async fn users(cluster: &Cluster) -> Result<StepOutput<Step>, Error> {
    let read = async { Ok(cluster.api.users().await?) };
    let (users, roles) = futures::try_join!(read, cluster.roles())?;
    let mut out = StepOutput::default();
    let mut unknown = BTreeSet::new();
    for (name, user) in &users {
        let known = |role: &str| roles.contains_key(role);
        let (records, missing) = access::native_user(cluster.within(), name, user, known);
        out.records.extend(records);
        unknown.extend(missing.into_iter().map(str::to_owned));
        let row = format!("user {name} of {}", cluster.api.place());
        out.unreadable(&row, user.unreadable());
    }
    dangling(cluster.api.place(), "users", &unknown, &mut out);
    Ok(out)
}

async fn roles(cluster: &Cluster) -> Result<StepOutput<Step>, Error> {
    let mut out = StepOutput::default();
    for (name, role) in cluster.roles().await? {
        out.records
            .extend(access::role(cluster.within(), name, role));
        let row = format!("role {name} of {}", cluster.api.place());
        out.unreadable(&row, role.unreadable());
    }
    Ok(out)
}

fn dangling(place: &str, holders: &str, roles: &BTreeSet<String>, out: &mut StepOutput<Step>) {
    if roles.is_empty() {
        return;
    }
    let roles: Vec<&str> = roles.iter().map(String::as_str).collect();
    out.warn(
        Code::DanglingReference,
        format!(
            "{place}: {holders} have roles that are not defined: {}",
            few(&roles)
        ),
    );
}

/// A list in a message: the first few names, and how many more there are. A cluster may have thousands.
fn few(names: &[&str]) -> String {
    const NAMED: usize = 5;
    let shown = names.iter().take(NAMED).copied().collect::<Vec<_>>();
    let shown = shown.join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn changed(what: &str) -> Error {
    Error::new(
        ErrorType::Misconfigured,
        Code::ConfigurationChanged,
        format!("{what} was there when the run began, and is not there any more"),
        "Put it back, or start a new run when this one has ended.",
    )
}
