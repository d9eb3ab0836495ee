//! Reads: the steps of a sync.
//!
//! Every list is asked for once, in pages of a thousand: users carry their roles and their permissions on namespaces, so
//! that nothing is asked per user or per namespace. Only the members of groups take a call each.

use async_trait::async_trait;
use rollcall::connector::{Identity, Records, Syncer, Tallies, Warning, Yield, stale_cursor};
use rollcall::http;
use rollcall::model::ResourceId;
use rollcall::{Error, ErrorType};
use serde::{Deserialize, Serialize};

use crate::access::{self, CUSTOM_ROLE, NAMESPACE, PROJECT, USER};
use crate::api::{Namespace, Page, Project};
use crate::{ADMIN_KEY, TemporalCloud, weak_key};

/// A step of a sync. `page` is the token of a page, empty for the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "each is the list or object that it is named after"
)]
pub enum Step {
    /// The account roles: they are the same in every account, so nobody is asked.
    AccountRoles,
    Users {
        page: String,
    },
    ServiceAccounts {
        page: String,
    },
    Groups {
        page: String,
    },
    Members {
        group: String,
        google: bool,
        page: String,
    },
    CustomRoles {
        page: String,
    },
    Projects {
        page: String,
    },
    Namespaces {
        with_projects: bool,
        page: String,
    },
    User {
        id: String,
    },
    Namespace {
        id: String,
    },
    CustomRole {
        id: String,
    },
    Project {
        id: String,
    },
}

/// Users other than the caller.
const OTHERS: &str = "other users";
/// Those of them whose access is not shown.
const OTHERS_HIDDEN: &str = "other users without access";
/// The vendor says that the account has no custom roles, or no projects.
const ABSENT: &str = "absent";
/// Custom roles or projects that somebody has and the vendor does not know.
const VANISHED: &str = "vanished";
/// Projects that no list showed and that are there all the same.
const FOUND: &str = "found";

#[async_trait]
impl Syncer for TemporalCloud {
    type Step = Step;

    /// The vendor allows 80 requests a second; eight at a time reach that only when it is very fast.
    const CONCURRENCY: usize = 8;

    fn start(&self, _: &Identity) -> Vec<Step> {
        let page = String::new;
        vec![
            Step::Projects { page: page() },
            Step::Groups { page: page() },
            Step::Users { page: page() },
            Step::ServiceAccounts { page: page() },
            Step::CustomRoles { page: page() },
            Step::AccountRoles,
        ]
    }

    async fn run(&self, identity: &Identity, step: &Step) -> Result<Yield<Step>, Error> {
        let account = identity.tenant.as_str();
        match step {
            Step::AccountRoles => Ok(access::account_roles(account).into()),
            Step::Users { page } => {
                let users = listed(page, self.api.users(page).await)?;
                let mut out = Yield::onward(users.next.map(|page| Step::Users { page }));
                for user in &users.items {
                    if identity.caller != ResourceId::new(USER, &user.id) {
                        out.tally(OTHERS, 1);
                        out.tally(OTHERS_HIDDEN, user.spec.access.is_none().into());
                    }
                    take(&mut out, access::user(account, user));
                }
                Ok(out)
            }
            Step::ServiceAccounts { page } => {
                let accounts = listed(page, self.api.service_accounts(page).await)?;
                let mut out =
                    Yield::onward(accounts.next.map(|page| Step::ServiceAccounts { page }));
                for service_account in &accounts.items {
                    take(&mut out, access::service_account(account, service_account));
                }
                Ok(out)
            }
            Step::Groups { page } => self.groups(account, page).await,
            Step::Members {
                group,
                google,
                page,
            } => self.members(group, *google, page).await,
            Step::CustomRoles { page } => self.custom_roles(page).await,
            Step::Projects { page } => self.projects(account, page).await,
            Step::Namespaces {
                with_projects,
                page,
            } => {
                let namespaces = listed(page, self.api.namespaces(page).await)?;
                let mut out = Yield::onward(namespaces.next.map(|page| Step::Namespaces {
                    with_projects: *with_projects,
                    page,
                }));
                for namespace in &namespaces.items {
                    out.records
                        .extend(access::namespace(account, namespace, *with_projects));
                }
                Ok(out)
            }
            Step::User { id } => self.missing_user(account, id).await,
            Step::Namespace { id } => self.missing_namespace(account, id).await,
            Step::CustomRole { id } => self.missing_custom_role(id).await,
            Step::Project { id } => self.missing_project(account, id).await,
        }
    }

    fn resolve(&self, _phase: u8, resource_type: &str, ids: &[String]) -> Option<Vec<Step>> {
        let step: fn(String) -> Step = match resource_type {
            USER => |id| Step::User { id },
            NAMESPACE => |id| Step::Namespace { id },
            CUSTOM_ROLE => |id| Step::CustomRole { id },
            PROJECT => |id| Step::Project { id },
            _ => return None,
        };
        Some(ids.iter().cloned().map(step).collect())
    }

    fn check(&self, identity: &Identity, tallies: &Tallies) -> Result<Vec<Warning>, Error> {
        let count = |key: &str| tallies.get(key).copied().unwrap_or_default();
        // The API shows users without their access to whoever may not see it, with status 200.
        if count(OTHERS) > 0 && count(OTHERS) == count(OTHERS_HIDDEN) {
            return Err(weak_key(&format!(
                "no access is shown of any of {} other users, although the key's role is {}",
                count(OTHERS),
                identity.rights
            )));
        }
        for kind in [CUSTOM_ROLE, PROJECT] {
            let of_kind = |what: &str| count(&format!("{what} {kind}"));
            // A custom role that is looked up brings all that the list would have brought. A project does not: the
            // namespaces in it were read as if there were none. (Only projects are counted as found.)
            let in_use = of_kind(VANISHED) + of_kind(FOUND);
            if of_kind(ABSENT) > 0 && in_use > 0 {
                return Err(refused_list(kind, in_use));
            }
        }
        Ok(Vec::new())
    }
}

impl TemporalCloud {
    async fn groups(&self, account: &str, page: &str) -> Result<Yield<Step>, Error> {
        let groups = listed(page, self.api.groups(page).await)?;
        let mut out = Yield::onward(groups.next.map(|page| Step::Groups { page }));
        for group in &groups.items {
            let brought = access::group(account, group);
            // Every group's members are read, whether it grants something today or not.
            if brought.0.gone.is_empty() {
                out.spawn.push(Step::Members {
                    group: group.id.clone(),
                    google: group.spec.google_group.is_some(),
                    page: String::new(),
                });
            }
            take(&mut out, brought);
        }
        Ok(out)
    }

    async fn members(&self, group: &str, google: bool, page: &str) -> Result<Yield<Step>, Error> {
        let mut out = Yield::default();
        let members = match self.api.members(group, page).await {
            Err(e) if e.is_not_found() => return self.vanished_group(group, e).await,
            // *Unknown*: whether the members of a Google group can be listed at all. If not, say so and go on.
            Err(e) if google && page.is_empty() && matches!(e.status(), Some(400 | 501)) => {
                out.warn(
                    "MembersNotListed",
                    format!("the vendor does not list the members of Google group {group}"),
                );
                return Ok(out);
            }
            members => listed(page, members)?,
        };
        out.next = members.next.map(|page| Step::Members {
            group: group.to_owned(),
            google,
            page,
        });
        let grants = members
            .items
            .iter()
            .map(|m| access::membership(group, &m.member_id.user_id));
        out.records.grants.extend(grants);
        Ok(out)
    }

    /// 404 is documented as "no such group". Taken by itself it would also be what a gateway says that has lost a
    /// route, and everybody would seem to have left the group: the group itself must be gone, or going.
    async fn vanished_group(
        &self,
        group: &str,
        no_members: http::error::Error,
    ) -> Result<Yield<Step>, Error> {
        match self.api.group(group).await {
            Ok(found) if !found.state().is_going() => return Err(no_members.into()),
            Err(e) if !e.is_not_found() => return Err(e.into()),
            _ => {}
        }
        let mut out = Yield::default();
        out.warn(
            "GroupVanished",
            format!("group {group} was deleted during the sync"),
        );
        Ok(out)
    }

    async fn custom_roles(&self, page: &str) -> Result<Yield<Step>, Error> {
        let mut out = Yield::default();
        let Some(roles) = if_offered(page, self.api.custom_roles(page).await)? else {
            out.tally(&format!("{ABSENT} {CUSTOM_ROLE}"), 1);
            return Ok(out);
        };
        out.next = roles.next.map(|page| Step::CustomRoles { page });
        for role in &roles.items {
            out.records.extend(access::custom_role(role));
        }
        Ok(out)
    }

    /// Projects come before namespaces, which are in them: whether the account has any decides what a namespace's
    /// `projectId` means.
    async fn projects(&self, account: &str, page: &str) -> Result<Yield<Step>, Error> {
        let mut out = Yield::default();
        let projects = if_offered(page, self.api.projects(page).await)?;
        let with_projects = projects.is_some();
        match projects {
            None => out.tally(&format!("{ABSENT} {PROJECT}"), 1),
            Some(projects) => {
                out.next = projects.next.map(|page| Step::Projects { page });
                for project in &projects.items {
                    out.records.extend(access::project(account, project));
                }
            }
        }
        if page.is_empty() {
            out.spawn.push(Step::Namespaces {
                with_projects,
                page: String::new(),
            });
        }
        Ok(out)
    }

    async fn missing_user(&self, account: &str, id: &str) -> Result<Yield<Step>, Error> {
        let mut out = Yield::default();
        match self.api.user(id).await {
            Ok(user) => take(&mut out, access::user(account, &user)),
            // No such user: the engine keeps a stub in its place.
            Err(e) if e.is_not_found() => {}
            Err(e) => return Err(e.into()),
        }
        Ok(out)
    }

    async fn missing_custom_role(&self, id: &str) -> Result<Yield<Step>, Error> {
        let role = self.api.custom_role(id).await;
        or_vanished(CUSTOM_ROLE, id, role.map(|role| access::custom_role(&role)))
    }

    async fn missing_project(&self, account: &str, id: &str) -> Result<Yield<Step>, Error> {
        let project = self.api.project(id).await;
        let is_there = project.is_ok();
        let records = project.map(|project| access::project(account, &project));
        let mut out = or_vanished(PROJECT, id, records)?;
        out.tally(&format!("{FOUND} {PROJECT}"), is_there.into());
        Ok(out)
    }

    /// A namespace that is new since the list, or was left out of it.
    async fn missing_namespace(&self, account: &str, id: &str) -> Result<Yield<Step>, Error> {
        let namespace = match self.api.namespace(id).await {
            Ok(namespace) => namespace,
            Err(e) if e.is_not_found() => {
                return Ok(Records::gone(ResourceId::new(NAMESPACE, id)).into());
            }
            Err(e) => return Err(e.into()),
        };
        let project = if namespace.state().is_going() {
            None
        } else {
            self.project_around(&namespace).await?
        };
        let in_project = project.as_ref().is_some_and(|p| !p.state().is_going());
        let mut out: Yield<Step> = access::namespace(account, &namespace, in_project).into();
        if let Some(project) = &project {
            out.tally(&format!("{FOUND} {PROJECT}"), 1);
            out.records.extend(access::project(account, project));
        }
        Ok(out)
    }

    /// The project that a namespace is in. This step does not know what became of the list of projects, so the project
    /// itself is asked for; what a refusal means is the same as for the list.
    async fn project_around(&self, namespace: &Namespace) -> Result<Option<Project>, Error> {
        if namespace.project_id.is_empty() {
            return Ok(None);
        }
        match self.api.project(&namespace.project_id).await {
            Ok(project) => Ok(Some(project)),
            Err(e) if is_absence(&e) => Ok(None),
            Err(e) => Err(e.into()),
        }
    }
}

fn take(out: &mut Yield<Step>, (records, unknown): (Records, Vec<String>)) {
    out.records.extend(records);
    for right in unknown {
        out.warn(
            "UnknownRight",
            format!("the vendor has a new right that Rollcall does not know: {right}"),
        );
    }
}

/// A page, or why not. *Unknown*: what the API answers to a token that it no longer knows; a 400 to a request that had
/// one is taken for that, and the list starts over.
fn listed<T>(page: &str, answer: Result<Page<T>, http::error::Error>) -> Result<Page<T>, Error> {
    match answer {
        Ok(page) => Ok(page),
        Err(e) if !page.is_empty() && e.status() == Some(400) => Err(stale_cursor(e)),
        Err(e) => Err(e.into()),
    }
}

/// Whether an account does not have something. *Unknown*: which of these the API answers then; the caller's role was
/// checked, so a 403 can mean nothing else.
fn is_absence(e: &http::error::Error) -> bool {
    matches!(e.status(), Some(403 | 404 | 501))
}

/// A page of something that not every account has. Whatever a principal has of it is looked up one by one, and
/// [`Syncer::check`] notices if that contradicts the refusal.
fn if_offered<T>(
    page: &str,
    answer: Result<Page<T>, http::error::Error>,
) -> Result<Option<Page<T>>, Error> {
    match answer {
        Err(e) if page.is_empty() && is_absence(&e) => Ok(None),
        answer => listed(page, answer).map(Some),
    }
}

/// The vendor refuses a list as if there were nothing to be on it, and there is: what only that list tells was not read.
fn refused_list(kind: &str, in_use: u64) -> Error {
    Error::new(
        ErrorType::PermissionDenied,
        "WeakKey",
        format!(
            "the list of {kind}s is refused, but {in_use} of them are there: who has access by them cannot be seen"
        ),
        ADMIN_KEY,
    )
}

/// Something that a principal has, and that no list showed.
fn or_vanished(
    kind: &str,
    id: &str,
    answer: Result<Records, http::error::Error>,
) -> Result<Yield<Step>, Error> {
    match answer {
        Ok(records) => Ok(records.into()),
        Err(e) if e.is_not_found() => {
            let mut out = Yield::from(Records {
                gone: vec![ResourceId::new(kind, id)],
                ..Records::default()
            });
            out.tally(&format!("{VANISHED} {kind}"), 1);
            Ok(out)
        }
        Err(e) => Err(e.into()),
    }
}
