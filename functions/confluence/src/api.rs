//! Talks: the REST APIs v1 and v2 of Confluence Cloud as typed calls. Nothing here decides anything.
//!
//! Sources: <https://developer.atlassian.com/cloud/confluence/rest/v1/> and `…/v2/`. What they leave open was taken from
//! what others have measured, and is marked. Kinds, states and keys are open texts: new ones appear without notice.

mod failure;
mod objects;
mod paging;

use std::collections::BTreeSet;

use rollcall_connector::http;
use rollcall_connector::http::{Call, Concurrency, Header, Http, Session, Vendor};
use rollcall_connector::pages::EmptyPages;
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::site::Site;
pub(crate) use failure::Failure;
pub use objects::Write;
pub(crate) use objects::*;
pub use paging::At;
pub(crate) use paging::Page;
use paging::{Paging, Row, circle};

/// How often a list that is read as a whole starts over before it fails.
const RESTARTS: u32 = 2;
/// How many accounts can be asked for at once.
pub(crate) const BULK: usize = 250;

/// The burst limit is unpublished.
const CONCURRENCY: Concurrency = Concurrency { start: 8, max: 16 };

type Answer<T> = Result<T, Failure>;

/// The API of one site.
pub(crate) struct Api {
    http: Http,
    site: Site,
}

/// What a request signs in with.
pub(crate) enum Credential {
    /// A person's API token, classic or scoped.
    Token {
        username: String,
        token: SecretString,
    },
    /// A service account's token.
    Bearer(SecretString),
}

impl Api {
    pub(crate) fn new(
        site: Site,
        credential: Credential,
        session: Session,
    ) -> Result<Self, rollcall_connector::Error> {
        let authorization = match credential {
            Credential::Token { username, token } => Header::Basic {
                user: username,
                password: token,
            },
            Credential::Bearer(token) => Header::Secret("Bearer ", token),
        };
        let vendor = Vendor {
            base: site.base().clone(),
            headers: vec![
                ("authorization", authorization),
                // Without it, writes of the API v1 are taken for forged by a web page.
                ("x-atlassian-token", Header::Plain("no-check")),
            ],
            pace: None,
            budgets: Vec::new(),
            concurrency: Some(CONCURRENCY),
        };
        Ok(Self {
            http: Http::new(session, vendor)?,
            site,
        })
    }

    async fn send<T: DeserializeOwned>(&self, call: Call) -> Answer<T> {
        self.http.send(&call).await.map_err(Failure::Http)
    }

    /// The id of the site: the gateway's address has it, the site itself tells (`GET /_edge/tenant_info`).
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
    pub(crate) async fn current_user(&self) -> Answer<Person> {
        self.send(v1(&["user", "current"]).query("expand", "operations"))
            .await
    }

    /// `GET /wiki/rest/api/user`: finds deactivated accounts, too.
    pub(crate) async fn user(&self, account: &str) -> Answer<Person> {
        self.send(v1(&["user"]).query("accountId", account)).await
    }

    /// `GET /wiki/rest/api/search/user`: guests included, deactivated accounts never. Documented is paging by `start`;
    /// searches of the same API are known to ignore it, and to have a cursor in the link to the next page.
    pub(crate) async fn search_users(&self, at: &At) -> Answer<Page<Hit>> {
        let call = v1(&["search", "user"])
            .query("cql", "type=user")
            .query("sitePermissionTypeFilter", "all");
        self.page(&call, Paging::Search, at).await
    }

    /// `POST /wiki/api/v2/users-bulk`: accounts that it does not know are left out.
    pub(crate) async fn accounts(&self, ids: &[String]) -> Answer<Vec<Account>> {
        let call = Call::post(
            &["wiki", "api", "v2", "users-bulk"],
            json!({"accountIds": ids}),
        );
        let answer: Listed<Account> = self.send(call.read_only()).await?;
        Ok(answer.results)
    }

    /// `GET /wiki/rest/api/group`
    pub(crate) async fn groups(&self, at: &At) -> Answer<Page<Group>> {
        self.page(&v1(&["group"]), Paging::V1, at).await
    }

    /// The same, whole.
    pub(crate) async fn all_groups(&self) -> Answer<Vec<Group>> {
        self.whole(&v1(&["group"]), Paging::V1).await
    }

    /// `GET /wiki/rest/api/group/by-id`
    pub(crate) async fn group(&self, id: &str) -> Answer<Group> {
        self.send(v1(&["group", "by-id"]).query("id", id)).await
    }

    /// `GET /wiki/rest/api/group/{id}/membersByGroupId`: of a group that does not exist, nobody, with status 200.
    pub(crate) async fn members(&self, group: &str, at: &At) -> Answer<Page<Person>> {
        self.page(&members_of(group), Paging::V1, at).await
    }

    /// The same, whole.
    pub(crate) async fn all_members(&self, group: &str) -> Answer<Vec<Person>> {
        self.whole(&members_of(group), Paging::V1).await
    }

    /// `GET /wiki/rest/api/user/memberof`: the groups of a user, whole.
    pub(crate) async fn groups_of(&self, account: &str) -> Answer<Vec<Group>> {
        let call = v1(&["user", "memberof"]).query("accountId", account);
        self.whole(&call, Paging::V1).await
    }

    /// `GET /wiki/api/v2/spaces`: those that the caller may see.
    pub(crate) async fn spaces(&self, at: &At) -> Answer<Page<Space>> {
        let (mut page, base) = self
            .based_page::<Space>(&v2(&["spaces"]), Paging::V2, at)
            .await?;
        for space in &mut page.items {
            if !base.is_empty() && !space.links.webui.is_empty() {
                space.web_url = format!("{base}{}", space.links.webui);
            }
        }
        Ok(page)
    }

    /// The shortest list of the API v2, to see whether it lets us in.
    pub(crate) async fn any_space(&self) -> Answer<Option<Space>> {
        let answer: Listed<Space> = self.send(v2(&["spaces"]).query("limit", "1")).await?;
        Ok(answer.results.into_iter().next())
    }

    /// `GET /wiki/api/v2/spaces/{id}`
    pub(crate) async fn space(&self, id: &str) -> Answer<Space> {
        self.send(v2(&["spaces", id])).await
    }

    /// `GET /wiki/api/v2/spaces/{id}/permissions`, a page.
    pub(crate) async fn permissions(&self, space: &str, at: &At) -> Answer<Page<Permission>> {
        self.page(&v2(&["spaces", space, "permissions"]), Paging::V2, at)
            .await
    }

    /// The same, whole.
    pub(crate) async fn all_permissions(&self, space: &str) -> Answer<Vec<Permission>> {
        self.whole(&v2(&["spaces", space, "permissions"]), Paging::V2)
            .await
    }

    /// `GET /wiki/api/v2/space-role-mode`
    pub(crate) async fn role_mode(&self) -> Answer<Option<String>> {
        let answer: RoleMode = self.send(v2(&["space-role-mode"])).await?;
        Ok(answer.mode)
    }

    /// `GET /wiki/api/v2/space-roles`: fourteen at most.
    pub(crate) async fn roles(&self) -> Answer<Vec<Role>> {
        self.whole(&v2(&["space-roles"]), Paging::V2).await
    }

    /// `GET /wiki/api/v2/spaces/{id}/role-assignments`: nearly always one page.
    pub(crate) async fn assignments(&self, space: &str) -> Answer<Vec<Assignment>> {
        self.whole(&v2(&["spaces", space, "role-assignments"]), Paging::V2)
            .await
    }

    /// Sends a write.
    pub(crate) async fn write(&self, write: &Write) -> Answer<()> {
        let call = match write {
            // `POST /wiki/rest/api/group/userByGroupId`: answers 201 without a body.
            Write::AddMember { group, account } => Call::post(
                &["wiki", "rest", "api", "group", "userByGroupId"],
                json!({"accountId": account}),
            )
            .query("groupId", group.as_str()),
            // `DELETE /wiki/rest/api/group/userByGroupId`: 204, also for somebody who was no member.
            Write::RemoveMember { group, account } => {
                Call::delete(&["wiki", "rest", "api", "group", "userByGroupId"])
                    .query("groupId", group.as_str())
                    .query("accountId", account.as_str())
            }
            // `POST /wiki/rest/api/space/{key}/permission`: by key, and singular.
            Write::AddPermission {
                key,
                kind,
                principal,
                verb,
                noun,
            } => Call::post(
                &["wiki", "rest", "api", "space", key, "permission"],
                json!({
                    "subject": {"type": kind, "identifier": principal},
                    "operation": {"key": verb, "target": noun},
                }),
            ),
            // `DELETE /wiki/rest/api/space/{key}/permission/{id}`
            Write::RemovePermission { key, id } => {
                Call::delete(&["wiki", "rest", "api", "space", key, "permission", id])
            }
            // `POST /wiki/api/v2/spaces/{id}/role-assignments`: replaces; without a role, removes.
            Write::SetRole {
                space,
                kind,
                principal,
                role,
            } => {
                let mut entry =
                    json!({"principal": {"principalType": kind, "principalId": principal}});
                if let Some(role) = role {
                    entry["roleId"] = role.as_str().into();
                }
                Call::post(
                    &["wiki", "api", "v2", "spaces", space, "role-assignments"],
                    json!([entry]),
                )
            }
        };
        match self.send::<Value>(call).await {
            // What the body of a success says is of no use, and it need not be JSON: looking again tells what came of it.
            Ok(_) | Err(Failure::Http(http::error::Error::Garbled { .. })) => Ok(()),
            Err(e) => Err(e),
        }
    }

    /// A list, whole. It starts over where a row moved between two pages, or where its place is lost. *Unknown*: what the
    /// API answers to a cursor that it no longer knows; 400 and 404 are taken for that.
    async fn whole<T>(&self, list: &Call, paging: Paging) -> Answer<Vec<T>>
    where
        T: Row + DeserializeOwned,
    {
        let mut restarts = 0;
        loop {
            match self.whole_once(list, paging).await {
                Err((e, true)) if restarts < RESTARTS && (e.is_moved() || e.is_unknown_id()) => {
                    restarts += 1;
                }
                result => return result.map_err(|(e, _)| e),
            }
        }
    }

    /// Reads a list once; a failure comes with whether its first page was read.
    async fn whole_once<T>(&self, list: &Call, paging: Paging) -> Result<Vec<T>, (Failure, bool)>
    where
        T: Row + DeserializeOwned,
    {
        let mut items = Vec::new();
        let mut at = At::default();
        let mut seen = BTreeSet::new();
        let mut empty = EmptyPages::of(list.name());
        loop {
            let later = !at.is_first();
            let page = self.page(list, paging, &at).await.map_err(|e| (e, later))?;
            let rows = page.items.len();
            items.extend(page.items);
            let Some(next) = page.next else {
                return Ok(items);
            };
            empty.count(rows).map_err(|e| (e.into(), later))?;
            if !seen.insert(next.clone()) {
                return Err((circle(list), later));
            }
            at = next;
        }
    }

    async fn page<T>(&self, list: &Call, paging: Paging, at: &At) -> Answer<Page<T>>
    where
        T: Row + DeserializeOwned,
    {
        Ok(self.based_page(list, paging, at).await?.0)
    }

    /// A page, and where the site's pages for people are.
    async fn based_page<T>(&self, list: &Call, paging: Paging, at: &At) -> Answer<(Page<T>, String)>
    where
        T: Row + DeserializeOwned,
    {
        let mut at = at.clone();
        let answer: Listed<T> = loop {
            let answer: Listed<T> = self.send(at.request(list, paging)).await?;
            match at.check(list, paging, &answer) {
                Ok(()) => break answer,
                // Somebody removes rows while the list is read. To begin it anew each time would never end.
                Err(e) if e.is_moved() => at = at.further_back().ok_or(e)?,
                Err(e) => return Err(e),
            }
        };
        let next = at.after(list, paging, &answer)?;
        let page = Page {
            items: answer.results,
            next,
        };
        Ok((page, answer.links.base.to_string()))
    }
}

fn members_of(group: &str) -> Call {
    v1(&["group", group, "membersByGroupId"])
}

fn v1(path: &[&str]) -> Call {
    Call::get(&[&["wiki", "rest", "api"], path].concat())
}

fn v2(path: &[&str]) -> Call {
    Call::get(&[&["wiki", "api", "v2"], path].concat())
}
