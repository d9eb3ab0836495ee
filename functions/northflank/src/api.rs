//! Talks: Northflank's API as typed calls. Nothing here decides anything.
//!
//! Source: <https://northflank.com/docs/v1/api/org/org-members/list-organisation-members> and its neighbours.

mod failure;
mod objects;
mod paging;

use rollcall_connector::http::limit::BudgetHeaders;
use rollcall_connector::http::{Call, Header, Http, Session, Vendor};
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use url::Url;

pub(crate) use failure::{Failure, MISSING, Part, UNAVAILABLE};
pub(crate) use objects::*;
pub use paging::At;
use paging::Circle;
pub(crate) use paging::Page;

/// The largest page of any list.
pub(crate) const PAGE: usize = 100;

/// A thousand requests an hour unless the vendor grants more, and everybody in the organization shares them
/// (<https://northflank.com/docs/v1/api/use-the-api>).
const LIMIT: BudgetHeaders = BudgetHeaders {
    limit: "x-ratelimit-limit",
    remaining: "x-ratelimit-remaining",
    reset: "x-ratelimit-reset",
    reserve_percent: 5,
};

type Answer<T> = Result<T, Failure>;

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

    /// `GET /v1/auth`: what the token is. Not every installation has it.
    pub(crate) async fn token(&self) -> Answer<Token> {
        let answer: Enveloped<Token> = self.send(Part::Token, &Call::get(&["v1", "auth"])).await?;
        Ok(answer.data)
    }

    /// `GET /v1/org-members`
    pub(crate) async fn members(&self, at: &At) -> Answer<Page<Member>> {
        let call = Call::get(&["v1", "org-members"]);
        self.page(Part::Members, call, at, |data: Members| data.members)
            .await
    }

    /// `GET /v1/org-roles`
    pub(crate) async fn roles(&self, at: &At) -> Answer<Page<Role>> {
        let call = Call::get(&["v1", "org-roles"]);
        self.page(Part::Roles, call, at, |data: Roles| data.roles)
            .await
    }

    /// `GET /v1/org-roles/{id}/members`: those who were given the role, and those who have it through a group.
    pub(crate) async fn role_members(&self, role: &str, at: &At) -> Answer<Page<RoleMember>> {
        let call = Call::get(&["v1", "org-roles", role, "members"]);
        self.page(Part::Roles, call, at, |data: RoleMembers| data.members)
            .await
    }

    /// `GET /v1/directory-groups`: not documented to have pages. If it has, they are read.
    pub(crate) async fn groups(&self, at: &At) -> Answer<Page<Group>> {
        let call = at.ask(Call::get(&["v1", "directory-groups"]));
        let answer: Enveloped<Groups> = self.send(Part::Groups, &call).await?;
        let items = answer.data.directory_groups;
        let next = match answer.pagination {
            Some(pagination) => next(Part::Groups, &call, at, &pagination, &items)?,
            None => None,
        };
        Ok(Page { items, next })
    }

    /// `GET /v1/directory-groups/{id}/members`
    pub(crate) async fn group_members(&self, group: &str, at: &At) -> Answer<Page<GroupMember>> {
        let call = Call::get(&["v1", "directory-groups", group, "members"]);
        self.page(Part::Members, call, at, |data: GroupMembers| data.members)
            .await
    }

    async fn page<D: DeserializeOwned, T: Row>(
        &self,
        part: Part,
        call: Call,
        at: &At,
        items: impl FnOnce(D) -> Vec<T>,
    ) -> Answer<Page<T>> {
        let call = at.ask(call.query("per_page", PAGE.to_string()));
        let answer: Enveloped<D> = self.send(part, &call).await?;
        let items = items(answer.data);
        let next = match answer.pagination {
            Some(pagination) => next(part, &call, at, &pagination, &items)?,
            None if items.len() < PAGE => None,
            // A full page that does not say whether it is the last.
            None => return Err(Failure::silent(part, call.name())),
        };
        Ok(Page { items, next })
    }

    async fn send<T: DeserializeOwned>(&self, part: Part, call: &Call) -> Answer<T> {
        let answer = self.0.send(call).await;
        answer.map_err(|cause| Failure::new(part, cause))
    }
}

/// The place after a page with these rows.
fn next<T: Row>(
    part: Part,
    call: &Call,
    at: &At,
    pagination: &Pagination,
    rows: &[T],
) -> Answer<Option<At>> {
    let first = rows.first().and_then(Row::id);
    let next = at.next(pagination, first);
    next.map_err(|Circle| Failure::circle(part, call.name()))
}
