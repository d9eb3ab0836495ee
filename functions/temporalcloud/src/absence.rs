//! Absence: that something is not there is concluded only where two different looks agree, the object (404) and the
//! list. One 404 may come from a gateway that has lost a route, or from a read that lags behind a write. That an account
//! lacks a feature is concluded only where the answer stays the same on a second look.

use std::collections::BTreeSet;
use std::future::Future;
use std::time::Duration;

use jiff::Timestamp;
use rollcall_connector::clock::{after, between};
use rollcall_connector::pages::EmptyPages;
use rollcall_connector::{Error, Identity, http};

use crate::access::{SERVICE_ACCOUNT, USER};
use crate::api::{Kind, Page};
use crate::{TemporalCloud, contradiction, incomplete};

/// The waits between looks that contradict each other: reads may lag behind writes for a few seconds.
const LAG: [Duration; 3] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
];

/// What the list of a feature (projects, custom roles) may be answered in an account that lacks the feature. *Unknown*:
/// which of them. A 403 counts, since only Account Owners and Global Admins get this far, and they may list both. If it
/// is a missing right all the same, the blind spot reports it, and `check` fails where something on the list is in use.
pub(crate) const NO_FEATURE: &[u16] = &[403, 404, 501];
/// The wait before the second look at what seems to be absent.
const SECOND_LOOK: Duration = Duration::from_secs(2);

/// A list of all objects of a kind.
#[derive(Debug, Clone, Copy)]
pub(crate) enum List {
    Users,
    ServiceAccounts,
    Groups,
    Namespaces,
    Projects,
}

impl List {
    /// The list that a principal is on.
    pub(crate) fn of(kind: Kind) -> Self {
        match kind {
            Kind::User => Self::Users,
            Kind::ServiceAccount => Self::ServiceAccounts,
            Kind::Group => Self::Groups,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Users => "the list of users",
            Self::ServiceAccounts => "the list of service accounts",
            Self::Groups => "the list of groups",
            Self::Namespaces => "the list of namespaces",
            Self::Projects => "the list of projects",
        }
    }

    /// The ids on a page; those that are being deleted are not counted as there, but as rows.
    async fn page(
        self,
        connector: &TemporalCloud,
        page: &str,
    ) -> Result<Page<Entry>, http::error::Error> {
        let api = &connector.api;
        Ok(match self {
            Self::Users => entries(api.users(page).await?, |u| (u.state().is_going(), u.id)),
            Self::ServiceAccounts => entries(api.service_accounts(page).await?, |sa| {
                (sa.state().is_going(), sa.id)
            }),
            Self::Groups => entries(api.groups(page).await?, |g| (g.state().is_going(), g.id)),
            Self::Namespaces => entries(api.namespaces(page).await?, |n| {
                (n.state().is_going(), n.namespace)
            }),
            Self::Projects => entries(api.projects(page).await?, |p| (p.state().is_going(), p.id)),
        })
    }
}

/// Whether it is being deleted or gone, and its id.
type Entry = (bool, String);

fn entries<T>(page: Page<T>, entry: fn(T) -> Entry) -> Page<Entry> {
    Page {
        items: page.items.into_iter().map(entry).collect(),
        next: page.next,
    }
}

/// What `look` shows; `None` if it answers 404 and the list does not have the object either. Fails if they go on to
/// contradict each other.
pub(crate) async fn unless_absent<T, F, Fut>(
    connector: &TemporalCloud,
    identity: &Identity,
    list: List,
    id: &str,
    look: F,
) -> Result<Option<T>, Error>
where
    F: Fn() -> Fut,
    Fut: Future<Output = Result<T, http::error::Error>>,
{
    let mut lag = LAG.into_iter();
    loop {
        match look().await {
            Err(e) if e.is_not_found() => {}
            found => return Ok(Some(found?)),
        }
        if !is_listed(connector, identity, list, id).await? {
            return Ok(None);
        }
        match lag.next().filter(|pause| connector.api.can_wait(*pause)) {
            Some(pause) => connector.session.clock.sleep(pause).await,
            None => return Err(denied_but_listed(list, id)),
        }
    }
}

/// Fails if the list still has an object that the vendor has just denied.
pub(crate) async fn must_not_be_listed(
    connector: &TemporalCloud,
    identity: &Identity,
    list: List,
    id: &str,
) -> Result<(), Error> {
    match is_listed(connector, identity, list, id).await? {
        true => Err(denied_but_listed(list, id)),
        false => Ok(()),
    }
}

/// Fails unless a group or project is going or gone whose members or service accounts are answered with 404. By itself
/// that is also what a gateway says that has lost a route, and what a read that lags behind says of a new object.
/// `going` is what a look at the object shows; if that is a 404 too, the list must not have the object either.
pub(crate) async fn must_be_gone(
    connector: &TemporalCloud,
    identity: &Identity,
    list: List,
    id: &str,
    going: Result<bool, http::error::Error>,
) -> Result<(), Error> {
    match going {
        Ok(true) => Ok(()),
        Ok(false) => Err(contradiction(format!(
            "the vendor shows `{id}` of {}, but answers that there is no list of who is in it (404)",
            list.name()
        ))),
        Err(e) if e.is_not_found() => must_not_be_listed(connector, identity, list, id).await,
        Err(e) => Err(e.into()),
    }
}

fn denied_but_listed(list: List, id: &str) -> Error {
    contradiction(format!(
        "the vendor answers that there is no `{id}` (404), but {} has it",
        list.name()
    ))
}

/// Whether the list has an object that is not being deleted.
async fn is_listed(
    connector: &TemporalCloud,
    identity: &Identity,
    list: List,
    id: &str,
) -> Result<bool, Error> {
    let mut walk = Walk::of(list.name());
    let mut has_caller = false;
    while let Some(page) = walk.next_page() {
        let entries = list.page(connector, &page).await?;
        if entries.items.iter().any(|(going, of)| of == id && !going) {
            return Ok(true);
        }
        has_caller |= entries
            .items
            .iter()
            .any(|(_, of)| *of == identity.caller.id);
        walk.onward(entries.items.len(), entries.next)?;
    }
    // A list that lacks what must be on it proves nothing.
    let must_have_caller = match list {
        List::Users => identity.caller.resource_type == USER,
        List::ServiceAccounts => identity.caller.resource_type == SERVICE_ACCOUNT,
        List::Groups | List::Namespaces | List::Projects => false,
    };
    if must_have_caller && !has_caller {
        return Err(caller_not_listed(identity));
    }
    match list {
        List::Users if walk.is_empty() => Err(nobody_listed()),
        List::ServiceAccounts => is_scoped(connector, identity, id).await,
        _ => Ok(false),
    }
}

/// Whether a project has a service account of its own with this id. *Unknown*: whether the list of all service accounts
/// has those too.
async fn is_scoped(
    connector: &TemporalCloud,
    identity: &Identity,
    id: &str,
) -> Result<bool, Error> {
    if !connector.has_projects().await? {
        return Ok(false);
    }
    let mut projects = Walk::of("the list of projects");
    while let Some(page) = projects.next_page() {
        let found = connector.api.projects(&page).await?;
        for project in &found.items {
            if is_scoped_to(connector, identity, &project.id, id).await? {
                return Ok(true);
            }
        }
        projects.onward(found.items.len(), found.next)?;
    }
    Ok(false)
}

async fn is_scoped_to(
    connector: &TemporalCloud,
    identity: &Identity,
    project: &str,
    id: &str,
) -> Result<bool, Error> {
    let api = &connector.api;
    let mut walk = Walk::of(format!("the list of service accounts of project {project}"));
    while let Some(page) = walk.next_page() {
        let look = || api.project_service_accounts(project, &page);
        let found = match connector.twice(&[404, 501], look).await {
            Ok(found) => found,
            Err(e) if e.is_not_found() => {
                let going = api.project(project).await.map(|p| p.state().is_going());
                // Boxed: this is itself a part of the look at a list.
                let gone = must_be_gone(connector, identity, List::Projects, project, going);
                Box::pin(gone).await?;
                break;
            }
            // The vendor has no such list.
            Err(e) if page.is_empty() && is_one_of(&e, &[501]) => break,
            Err(e) => return Err(e.into()),
        };
        let there = |sa: &crate::api::ServiceAccount| sa.id == id && !sa.state().is_going();
        if found.items.iter().any(there) {
            return Ok(true);
        }
        walk.onward(found.items.len(), found.next)?;
    }
    Ok(false)
}

/// A list that is read page by page within one change. A page may be empty and go on.
pub(crate) struct Walk {
    name: String,
    next: Option<String>,
    seen: BTreeSet<String>,
    empty: EmptyPages,
    rows: usize,
}

impl Walk {
    pub(crate) fn of(name: impl Into<String>) -> Self {
        let name = name.into();
        Self {
            next: Some(String::new()),
            seen: BTreeSet::new(),
            empty: EmptyPages::of(name.clone()),
            rows: 0,
            name,
        }
    }

    /// The token of the page to read now; `None` at the end of the list.
    pub(crate) fn next_page(&mut self) -> Option<String> {
        self.next.take()
    }

    /// A page was read: it had so many rows, and the list goes on there.
    pub(crate) fn onward(&mut self, rows: usize, next: Option<String>) -> Result<(), Error> {
        self.rows += rows;
        let Some(next) = next else { return Ok(()) };
        if !self.seen.insert(next.clone()) {
            let call = self.name.clone();
            return Err(http::error::Error::Circle { call }.into());
        }
        self.empty.count(rows)?;
        self.next = Some(next);
        Ok(())
    }

    /// Whether no page had a row.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows == 0
    }
}

impl TemporalCloud {
    /// Looks again after a pause where the answer is one of `statuses`: something is absent only if it stays so.
    pub(crate) async fn twice<T, F, Fut>(
        &self,
        statuses: &[u16],
        look: F,
    ) -> Result<T, http::error::Error>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Result<T, http::error::Error>>,
    {
        match look().await {
            Err(e) if is_one_of(&e, statuses) => {
                self.wait_until(self.second_look_at()).await?;
                look().await
            }
            answer => answer,
        }
    }

    /// When the second look is due at what seems to be absent now.
    pub(crate) fn second_look_at(&self) -> Timestamp {
        after(self.session.clock.now(), SECOND_LOOK)
    }

    /// Waits until a second look is due. A wait that this invocation has no time for is left to the next one.
    pub(crate) async fn wait_until(&self, retry_at: Timestamp) -> Result<(), http::error::Error> {
        let pause = between(self.session.clock.now(), retry_at);
        if !self.api.can_wait(pause) {
            let call = "a second look at what seems to be absent".into();
            return Err(http::error::Error::RateLimited { call, retry_at });
        }
        self.session.clock.sleep(pause).await;
        Ok(())
    }

    /// Whether the account has projects at all. Asked for once in an invocation.
    pub(crate) async fn has_projects(&self) -> Result<bool, Error> {
        let look = || async {
            match self.twice(NO_FEATURE, || self.api.projects("")).await {
                Ok(_) => Ok(true),
                Err(e) if is_one_of(&e, NO_FEATURE) => Ok(false),
                Err(e) => Err(e.into()),
            }
        };
        self.projects.get_or_try_init(look).await.copied()
    }
}

/// Whether the API itself answered with one of these statuses: in JSON, unlike what stands on the way to it.
pub(crate) fn is_one_of(e: &http::error::Error, statuses: &[u16]) -> bool {
    matches!(e, http::error::Error::Status { status, is_json: true, .. } if statuses.contains(status))
}

/// Only the first page of a list can say that there is none.
pub(crate) fn first_page_only(page: &str, statuses: &'static [u16]) -> &'static [u16] {
    if page.is_empty() { statuses } else { &[] }
}

pub(crate) fn caller_not_listed(identity: &Identity) -> Error {
    incomplete(format!(
        "the list of {}s does not have {} (`{}`), whose key this is: it is empty or breaks off",
        identity.caller.resource_type, identity.caller, identity.caller_name
    ))
}

/// There is always somebody: Account Owners can be neither made nor deleted by the API
/// (<https://docs.temporal.io/cloud/manage-access/roles-and-permissions>).
pub(crate) fn nobody_listed() -> Error {
    incomplete("the list of users has nobody, not even an Account Owner".into())
}
