//! The REST APIs v1 and v2 of Confluence Cloud as typed calls, without any decisions.
//!
//! Sources: <https://developer.atlassian.com/cloud/confluence/rest/v1/> and `…/v2/`. What they leave open comes from
//! others' measurements and is marked. Kinds, states and keys are open sets: new ones appear without notice.

mod failure;
mod lists;
mod objects;
mod paging;
mod site;
mod write;

use rollcall_connector::http::error::Error as HttpError;
use rollcall_connector::http::{Call, Concurrency, Header, Http, Session, Vendor};
use rollcall_connector::{Error, pages};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

pub(crate) use failure::{Failure, no_groups};
pub(crate) use lists::*;
pub(crate) use objects::*;
pub use paging::ListPosition;
pub(crate) use site::Site;
pub use write::Write;

/// The number of accounts that can be looked up at once.
pub(crate) const BULK: usize = 250;

/// The burst limit is unpublished.
const CONCURRENCY: Concurrency = Concurrency { start: 8, max: 16 };

type Answer<T> = Result<T, Failure>;
pub(crate) type Page<T> = pages::Page<T, ListPosition>;

/// The API of one site.
pub(crate) struct Api {
    http: Http,
    site: Site,
}

impl Api {
    /// The API of `site`. Requests sign in with `authorization`.
    pub(crate) fn new(site: Site, authorization: Header, session: Session) -> Result<Self, Error> {
        let vendor = Vendor {
            base: site.base().clone(),
            headers: vec![
                ("authorization", authorization),
                // Without it, the API v1 takes writes for cross-site request forgery.
                ("x-atlassian-token", Header::Plain("no-check")),
            ],
            pace: None,
            budgets: Vec::new(),
            concurrency: Some(CONCURRENCY),
        };
        let http = Http::new(session, vendor)?;
        Ok(Self { http, site })
    }

    async fn send<T: DeserializeOwned>(&self, call: Call) -> Answer<T> {
        self.http.send(&call).await.map_err(Failure::Http)
    }

    /// The id of the site: part of the gateway's address; the site itself returns it (`GET /_edge/tenant_info`).
    pub(crate) async fn cloud_id(&self) -> Answer<String> {
        match &self.site {
            Site::Gateway(_, id) => Ok(id.clone()),
            Site::Own(_) => {
                let tenant: Tenant = self.send(Call::get(&["_edge", "tenant_info"])).await?;
                Ok(tenant.cloud_id)
            }
        }
    }

    /// `GET /wiki/rest/api/user/current`
    pub(crate) async fn current_user(&self) -> Answer<Account> {
        let call = v1(&["user", "current"]).query("expand", "operations");
        self.send(call).await
    }

    /// `GET /wiki/rest/api/user`: finds deactivated accounts, too.
    pub(crate) async fn user(&self, account: &str) -> Answer<Account> {
        self.send(v1(&["user"]).query("accountId", account)).await
    }

    /// `POST /wiki/api/v2/users-bulk`: unknown accounts are left out.
    pub(crate) async fn accounts(&self, ids: &[String]) -> Answer<Vec<Account>> {
        let path = ["wiki", "api", "v2", "users-bulk"];
        let call = Call::post(&path, json!({"accountIds": ids})).read_only();
        Ok(self.send::<Listed<Account>>(call).await?.results)
    }

    /// `GET /wiki/rest/api/group/by-id`
    pub(crate) async fn group(&self, id: &str) -> Answer<Group> {
        self.send(v1(&["group", "by-id"]).query("id", id)).await
    }

    /// The shortest list of the API v2, to see whether it accepts the token.
    pub(crate) async fn any_space(&self) -> Answer<Option<Space>> {
        let answer: Listed<Space> = self.send(v2(&["spaces"]).query("limit", "1")).await?;
        Ok(answer.results.into_iter().next())
    }

    /// `GET /wiki/api/v2/spaces/{id}`
    pub(crate) async fn space(&self, id: &str) -> Answer<Space> {
        self.send(v2(&["spaces", id])).await
    }

    /// `GET /wiki/api/v2/space-role-mode`
    pub(crate) async fn role_mode(&self) -> Answer<Option<String>> {
        let answer: RoleMode = self.send(v2(&["space-role-mode"])).await?;
        Ok(answer.mode)
    }

    /// Sends a write.
    pub(crate) async fn write(&self, write: &Write) -> Answer<()> {
        match self.send::<Value>(write.call()).await {
            // The body of a success need not be JSON and is not used: the state is read again.
            Ok(_) | Err(Failure::Http(HttpError::Garbled { .. })) => Ok(()),
            Err(e) => Err(e),
        }
    }

    /// Reads a whole list. It starts again if a row moved between two pages, or if its position is lost. *Unknown*:
    /// what the API answers to a cursor that it no longer knows; 400 and 404 are taken for that.
    pub(crate) async fn whole<T: ListRow>(&self, list: &List<T>) -> Answer<Vec<T>> {
        let read = |at: ListPosition| async move { self.page(list, &at).await };
        let is_stale = |e: &Failure| e.is_moved() || e.is_unknown_id();
        pages::all(&list.call.name(), read, is_stale).await
    }

    /// Reads a page of a list.
    pub(crate) async fn page<T: ListRow>(
        &self,
        list: &List<T>,
        at: &ListPosition,
    ) -> Answer<Page<T>> {
        Ok(self.page_and_base(list, at).await?.0)
    }

    /// Reads a page of a list, and the URL of the site's web pages.
    pub(crate) async fn page_and_base<T: ListRow>(
        &self,
        list: &List<T>,
        at: &ListPosition,
    ) -> Answer<(Page<T>, Text)> {
        let mut at = at.clone();
        let answer: Listed<T> = loop {
            let answer = self.send(at.request(list)).await?;
            match at.check(list, &answer) {
                Ok(()) => break answer,
                // Rows are being removed while the list is read. Starting again each time might never end.
                Err(e) if e.is_moved() => at = at.further_back().ok_or(e)?,
                Err(e) => return Err(e),
            }
        };
        let next = at.after(list, &answer)?;
        let items = answer.results;
        Ok((Page { items, next }, answer.links.base))
    }
}

fn v1(path: &[&str]) -> Call {
    Call::get(&[&["wiki", "rest", "api"], path].concat())
}

fn v2(path: &[&str]) -> Call {
    Call::get(&[&["wiki", "api", "v2"], path].concat())
}
