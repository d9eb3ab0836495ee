//! The steps of a sync.
//!
//! Every list is read once, in pages of a thousand: users contain their roles and their permissions on namespaces, so
//! there are no requests per user or per namespace. Only the members of a group and the service accounts of a project
//! take a call each.

mod lookups;

use async_trait::async_trait;
use jiff::Timestamp;
use rollcall_connector::http::error::Error as HttpError;
use rollcall_connector::{
    Code, Error, ErrorType, Identity, Records, StepOutput, Syncer, Tallies, Warning, pages,
};
use rollcall_model::ResourceId;
use serde::{Deserialize, Serialize};

use crate::absence::{NO_FEATURE, caller_not_listed, is_one_of, nobody_listed};
use crate::access::{self, CUSTOM_ROLE, NAMESPACE, ObjectRecords, PROJECT, SERVICE_ACCOUNT, USER};
use crate::api::{
    AccessHolder, ApiObject, CustomRole, Group, GroupKind, Namespace, Page, Project,
    ServiceAccount, User,
};
use crate::connect::{ADMIN_KEY, TemporalCloud, contradiction, weak_key};

/// A step of a sync. `page` is the token of a page, empty for the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is named after the list or object that it reads")]
pub enum Step {
    /// The account roles: the same in every account, so without a request.
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
        kind: GroupKind,
        page: String,
    },
    /// The second request for the members of a Google group, which were not listed.
    GoogleMembersAgain {
        group: String,
        at: Timestamp,
    },
    CustomRoles {
        page: String,
    },
    Projects {
        page: String,
    },
    /// The second request for the list of projects, which was refused.
    ProjectsAgain {
        at: Timestamp,
    },
    ProjectServiceAccounts {
        project: String,
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

type StepResult = Result<StepOutput<Step>, Error>;

/// The caller, on the list that it must be on.
const CALLER: &str = "caller";
/// Users other than the caller.
const OTHERS: &str = "other users";
/// Those of them whose access is not shown.
const OTHERS_HIDDEN: &str = "other users without access";
/// The vendor reports that the account has no custom roles, or no projects (404, 501).
const ABSENT: &str = "absent";
/// The vendor refuses to list them (403).
const DENIED: &str = "denied";
/// Custom roles or projects that somebody has but the vendor does not know.
const VANISHED: &str = "vanished";
/// Projects that no list showed but that exist.
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

    async fn run(&self, identity: &Identity, step: &Step) -> Result<StepOutput<Step>, Error> {
        let account = identity.tenant.as_str();
        match step {
            Step::AccountRoles => Ok(access::account_roles(account).into()),
            Step::Users { page } => {
                let users = listed(page, self.api.list::<User>(page).await)?;
                let mut out = StepOutput::with_next(users.next.map(|page| Step::Users { page }));
                for user in &users.items {
                    if identity.caller == ResourceId::new(USER, user.id()) {
                        out.tally(CALLER, 1);
                    } else {
                        out.tally(OTHERS, 1);
                        out.tally(OTHERS_HIDDEN, user.access().is_none().into());
                    }
                    show(&mut out, user, access::user(account, user));
                }
                Ok(out)
            }
            Step::ServiceAccounts { page } => {
                let accounts = listed(page, self.api.list(page).await)?;
                let next = |page| Step::ServiceAccounts { page };
                Ok(service_accounts(identity, accounts, next))
            }
            Step::Groups { page } => self.groups(account, page).await,
            Step::Members { group, kind, page } => {
                let kind = *kind;
                self.members(identity, group, kind, page, false).await
            }
            Step::GoogleMembersAgain { group, at } => {
                self.wait_until(*at).await?;
                let kind = GroupKind::Google;
                self.members(identity, group, kind, "", true).await
            }
            Step::CustomRoles { page } => self.custom_roles(page).await,
            Step::Projects { page } => self.projects(account, page, false).await,
            Step::ProjectsAgain { at } => {
                self.wait_until(*at).await?;
                self.projects(account, "", true).await
            }
            Step::ProjectServiceAccounts { project, page } => {
                self.project_service_accounts(identity, project, page).await
            }
            Step::Namespaces { with_projects, page } => {
                let with_projects = *with_projects;
                let namespaces = listed(page, self.api.list::<Namespace>(page).await)?;
                let next = namespaces.next.map(|page| Step::Namespaces { with_projects, page });
                let mut out = StepOutput::with_next(next);
                for namespace in &namespaces.items {
                    let records = access::namespace(account, namespace, with_projects);
                    show(&mut out, namespace, records);
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
        // An empty list is a valid answer without content (`{}`), and would show nobody with access.
        if count(CALLER) == 0 {
            return Err(caller_not_listed(identity));
        }
        if count(OTHERS) == 0 && identity.caller.resource_type != USER {
            return Err(nobody_listed());
        }
        // The API shows users without their access to callers who may not see it, with status 200.
        if count(OTHERS) > 0 && count(OTHERS) == count(OTHERS_HIDDEN) {
            return Err(weak_key(&format!(
                "no access is shown for any of the {} other users, although the key's role is {}",
                count(OTHERS),
                identity.rights
            )));
        }
        for kind in [CUSTOM_ROLE, PROJECT] {
            let of_kind = |what: &str| count(&format!("{what} {kind}"));
            // A looked-up custom role is as complete as a listed one. A project is not: the namespaces in it were read
            // as if it did not exist. (Only projects are counted as found.)
            let in_use = of_kind(VANISHED) + of_kind(FOUND);
            if of_kind(DENIED) > 0 && in_use > 0 {
                // What only that list shows was not read.
                return Err(Error::new(
                    ErrorType::PermissionDenied,
                    Code::CredentialTooWeak,
                    format!(
                        "the list of {kind}s is refused, although the account uses {in_use} of them: who has access through them is not visible"
                    ),
                    ADMIN_KEY,
                ));
            }
            if of_kind(ABSENT) > 0 && in_use > 0 {
                return Err(contradiction(format!(
                    "the list of {kind}s is answered as if the account had none, although it uses {in_use} of them"
                )));
            }
        }
        Ok(Vec::new())
    }
}

impl TemporalCloud {
    async fn groups(&self, account: &str, page: &str) -> StepResult {
        let groups = listed(page, self.api.list::<Group>(page).await)?;
        let mut out = StepOutput::with_next(groups.next.map(|page| Step::Groups { page }));
        for group in &groups.items {
            let shown = access::group(account, group);
            // Every group's members are read, whether it has access today or not.
            if shown.records.not_found.is_empty() {
                out.spawn.push(Step::Members {
                    group: group.id().to_owned(),
                    kind: group.spec.kind(),
                    page: String::new(),
                });
            }
            show(&mut out, group, shown);
        }
        Ok(out)
    }

    async fn members(
        &self,
        identity: &Identity,
        group: &str,
        kind: GroupKind,
        page: &str,
        again: bool,
    ) -> StepResult {
        // *Unknown*: whether the members of a Google group can be listed at all. If not, report that and continue.
        let no_list: &[u16] = match kind {
            GroupKind::Google if page.is_empty() => &[400, 501],
            _ => &[],
        };
        let group = group.to_owned();
        let mut out = StepOutput::default();
        let look = || self.api.members(&group, page);
        let members = match self.twice(&[404], look).await {
            Err(e) if e.is_not_found() => {
                return self.deleted_during_sync::<Group>(identity, &group).await;
            }
            // A step of its own, so that the waits of many groups are one.
            Err(e) if is_one_of(&e, no_list) && !again => {
                let at = self.second_look_at();
                out.spawn.push(Step::GoogleMembersAgain { group, at });
                return Ok(out);
            }
            Err(e) if is_one_of(&e, no_list) => {
                out.blind_spot(format!(
                    "the vendor does not list the members of Google group {group} ({e})"
                ));
                return Ok(out);
            }
            members => listed(page, members)?,
        };
        let users = members.items.iter().map(|member| &member.member_id.user_id);
        let grants = users.map(|user| access::membership(&group, kind, user));
        out.records.grants.extend(grants);
        out.next = members.next.map(|page| Step::Members { group, kind, page });
        Ok(out)
    }

    /// Custom roles that somebody has are looked up if there is no list of them.
    async fn custom_roles(&self, page: &str) -> StepResult {
        let mut out = StepOutput::default();
        let no_list = no_feature(page);
        let look = || self.api.list::<CustomRole>(page);
        let roles = match self.twice(no_list, look).await {
            Err(e) if is_one_of(&e, no_list) => {
                out.tally(&refusal_of(CUSTOM_ROLE, &e), 1);
                out.blind_spot(format!(
                    "custom roles that nobody holds directly are not shown: the vendor does not list them ({e})"
                ));
                return Ok(out);
            }
            roles => listed(page, roles)?,
        };
        out.next = roles.next.map(|page| Step::CustomRoles { page });
        for role in &roles.items {
            show(&mut out, role, access::custom_role(role));
        }
        Ok(out)
    }

    /// Projects come before namespaces, which are in them: whether the account has any decides what a namespace's
    /// `projectId` means. Until a second request, a refused list means that it has none. The namespaces are read in the
    /// meantime; if there are projects, they are read again, which adds access through projects.
    async fn projects(&self, account: &str, page: &str, again: bool) -> StepResult {
        let mut out = StepOutput::default();
        let namespaces = |with_projects| Step::Namespaces { with_projects, page: String::new() };
        let no_list = no_feature(page);
        let projects = match self.api.list::<Project>(page).await {
            Err(e) if is_one_of(&e, no_list) && !again => {
                let at = self.second_look_at();
                out.spawn = vec![namespaces(false), Step::ProjectsAgain { at }];
                return Ok(out);
            }
            Err(e) if is_one_of(&e, no_list) => {
                out.tally(&refusal_of(PROJECT, &e), 1);
                out.blind_spot(format!(
                    "projects, and access through them, are not shown: the vendor does not list them ({e})"
                ));
                return Ok(out);
            }
            projects => listed(page, projects)?,
        };
        if page.is_empty() {
            out.spawn.push(namespaces(true));
        }
        out.next = projects.next.map(|page| Step::Projects { page });
        for project in &projects.items {
            let records = access::project(account, project);
            if records.not_found.is_empty() {
                out.spawn.push(Step::ProjectServiceAccounts {
                    project: project.id().to_owned(),
                    page: String::new(),
                });
            }
            show(&mut out, project, records);
        }
        Ok(out)
    }

    /// The service accounts that are scoped to a project. *Unknown*: whether the list of all service accounts has them.
    async fn project_service_accounts(
        &self,
        identity: &Identity,
        project: &str,
        page: &str,
    ) -> StepResult {
        let no_list: &[u16] = if page.is_empty() { &[404, 501] } else { &[404] };
        let look = || self.api.project_service_accounts(project, page);
        let accounts = match self.twice(no_list, look).await {
            Err(e) if e.is_not_found() => {
                return self.deleted_during_sync::<Project>(identity, project).await;
            }
            Err(e) if is_one_of(&e, no_list) => {
                let mut out = StepOutput::default();
                out.blind_spot(format!(
                    "service accounts that only the list of project {project} has are not shown: the vendor does not list them ({e})"
                ));
                return Ok(out);
            }
            accounts => listed(page, accounts)?,
        };
        let project = project.to_owned();
        let next = |page| Step::ProjectServiceAccounts { project, page };
        Ok(service_accounts(identity, accounts, next))
    }

    /// The members of a group, or the service accounts of a project, are answered with 404: everybody would seem to
    /// have left it. The object itself must be deleted or being deleted.
    async fn deleted_during_sync<T: ApiObject>(&self, identity: &Identity, id: &str) -> StepResult {
        self.must_be_gone::<T>(identity, id).await?;
        let records = Records::deleted_during_sync(ResourceId::new(T::KIND, id));
        let mut out = StepOutput::from(records);
        let what = format!("{} {id} was deleted during the sync", T::KIND);
        out.warn(Code::DeletedDuringSync, what);
        Ok(out)
    }
}

/// The statuses that mean that the list does not exist: only for its first page.
fn no_feature(page: &str) -> &'static [u16] {
    if page.is_empty() { NO_FEATURE } else { &[] }
}

/// The tally of how the list of a kind was refused.
fn refusal_of(kind: &str, e: &HttpError) -> String {
    let denied = e.status() == Some(403);
    format!("{} {kind}", if denied { DENIED } else { ABSENT })
}

/// A page of service accounts, of whichever list.
fn service_accounts(
    identity: &Identity,
    accounts: Page<ServiceAccount>,
    next: impl FnOnce(String) -> Step,
) -> StepOutput<Step> {
    let mut out = StepOutput::with_next(accounts.next.map(next));
    for account in &accounts.items {
        if identity.caller == ResourceId::new(SERVICE_ACCOUNT, account.id()) {
            out.tally(CALLER, 1);
        }
        let shown = access::service_account(&identity.tenant, account);
        show(&mut out, account, shown);
    }
    out
}

/// Adds the records of an object, and warns about its unreadable fields.
fn show<T: ApiObject>(out: &mut StepOutput<Step>, object: &T, shown: impl Into<ObjectRecords>) {
    let shown = shown.into();
    out.unreadable(format_args!("{}:{}", T::KIND, object.id()), object.unreadable());
    out.records.extend(shown.records);
    for right in shown.unknown_rights {
        let what = format!("the vendor has a new right that Rollcall does not know: {right}");
        out.warn(Code::UnknownValue, what);
    }
}

/// A page, or why not: *unknown*: what the API answers to a token that it no longer knows.
fn listed<T>(page: &str, answer: Result<Page<T>, HttpError>) -> Result<Page<T>, Error> {
    pages::listed(!page.is_empty(), HttpError::status, answer)
}
