//! Northflank's API as typed calls, without any decisions.
//!
//! Source: <https://northflank.com/docs/v1/api/org/org-members/list-organisation-members> and its neighbours.

mod failure;
mod objects;
mod paging;

use rollcall_connector::http::error::Error as HttpError;
use rollcall_connector::http::limit::BudgetHeaders;
use rollcall_connector::http::{Call, Header, Http, Session, Vendor};
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use url::Url;

pub(crate) use failure::{CallFailure, MISSING, Part, denied, not_available};
pub(crate) use objects::*;
use paging::Circle;
pub use paging::ListPlace;
pub(crate) use paging::Page;

/// The largest page of any list.
const PAGE_SIZE: usize = 100;

/// A thousand requests an hour unless the vendor grants more, shared by the whole organization
/// (<https://northflank.com/docs/v1/api/use-the-api>).
const LIMIT: BudgetHeaders = BudgetHeaders {
    limit: "x-ratelimit-limit",
    remaining: "x-ratelimit-remaining",
    reset: "x-ratelimit-reset",
    reserve_percent: 5,
};

pub(crate) type Answer<T> = Result<T, CallFailure>;

/// The API with a token of an organization.
pub(crate) struct Api(Http);

impl Api {
    pub(crate) fn new(
        mut base: Url,
        token: SecretString,
        session: Session,
    ) -> Result<Self, rollcall_connector::Error> {
        // People paste the address with its version, which every path has already.
        let path = base.path().trim_end_matches('/');
        let path = path.strip_suffix("/v1").unwrap_or(path).to_owned();
        base.set_path(&path);
        let vendor = Vendor {
            base,
            headers: vec![
                ("authorization", Header::Secret("Bearer ", token)),
                ("content-type", Header::Plain("application/json")),
            ],
            pace: None,
            budgets: vec![LIMIT],
            concurrency: None,
        };
        Ok(Self(Http::new(session, vendor)?))
    }

    /// `GET /v1/auth`: the token's properties. Not every installation has it.
    pub(crate) async fn token(&self) -> Answer<Token> {
        let answer: Enveloped<Token> = self.send(Part::Token, &Call::get(&["v1", "auth"])).await?;
        Ok(answer.data)
    }

    /// `GET /v1/org-members`
    pub(crate) async fn members(&self, at: &ListPlace) -> Answer<Page<Member>> {
        let path = ["v1", "org-members"];
        let rows = |data: Members<Member>| data.members;
        self.page(Part::Members, &path, at, rows).await
    }

    /// `GET /v1/org-roles`
    pub(crate) async fn roles(&self, at: &ListPlace) -> Answer<Page<Role>> {
        let path = ["v1", "org-roles"];
        self.page(Part::Roles, &path, at, |data: Roles| data.roles).await
    }

    /// `GET /v1/org-roles/{id}/members`: direct holders of the role, and those who have it through a group.
    pub(crate) async fn role_members(
        &self,
        role: &str,
        at: &ListPlace,
    ) -> Answer<Page<RoleMember>> {
        let path = ["v1", "org-roles", role, "members"];
        let rows = |data: Members<RoleMember>| data.members;
        self.page(Part::Roles, &path, at, rows).await
    }

    /// `GET /v1/directory-groups`: not documented to have pages; if it has, all are read.
    pub(crate) async fn groups(&self, at: &ListPlace) -> Answer<Page<Group>> {
        let call = at.ask(Call::get(&["v1", "directory-groups"]));
        let rows = |data: Groups| data.groups;
        self.page_of(Part::Groups, call, usize::MAX, at, rows).await
    }

    /// `GET /v1/directory-groups/{id}/members`
    pub(crate) async fn group_members(
        &self,
        id: &str,
        at: &ListPlace,
    ) -> Answer<Page<GroupMember>> {
        let path = ["v1", "directory-groups", id, "members"];
        let rows = |data: Members<GroupMember>| data.members;
        self.page(Part::Members, &path, at, rows).await
    }

    async fn page<D: DeserializeOwned, T: ListRow>(
        &self,
        part: Part,
        path: &[&str],
        at: &ListPlace,
        rows: fn(D) -> Vec<T>,
    ) -> Answer<Page<T>> {
        let call = Call::get(path).query("per_page", PAGE_SIZE.to_string());
        self.page_of(part, at.ask(call), PAGE_SIZE, at, rows).await
    }

    /// A page with this many rows must say whether it is the last.
    async fn page_of<D: DeserializeOwned, T: ListRow>(
        &self,
        part: Part,
        call: Call,
        full: usize,
        at: &ListPlace,
        rows: fn(D) -> Vec<T>,
    ) -> Answer<Page<T>> {
        let answer: Enveloped<D> = self.send(part, &call).await?;
        let items = rows(answer.data);
        let first = items.first().and_then(ListRow::id);
        let (name, failed) = (call.name(), |cause| CallFailure::new(part, cause));
        let next = match answer.pagination {
            Some(pagination) => at
                .next(&pagination, first)
                .map_err(|Circle| failed(HttpError::Circle { call: name }))?,
            None if items.len() < full => None,
            None => {
                return Err(failed(HttpError::Unexpected {
                    call: name,
                    at: "pagination".into(),
                    why: "a full page does not say whether it is the last".into(),
                }));
            }
        };
        Ok(Page { items, next })
    }

    async fn send<T: DeserializeOwned>(&self, part: Part, call: &Call) -> Answer<T> {
        let answer = self.0.send(call).await;
        answer.map_err(|cause| CallFailure::new(part, cause))
    }
}
