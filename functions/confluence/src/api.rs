//! Talks: the REST APIs v1 and v2 of Confluence Cloud as typed calls. Nothing here decides anything.
//!
//! Sources: <https://developer.atlassian.com/cloud/confluence/rest/v1/> and `…/v2/`. What they leave open was taken from
//! what others have measured, and is marked. Kinds, states and keys are open texts: new ones appear without notice.

mod failure;
mod objects;

use std::collections::BTreeSet;

use rollcall::http::{self, Call, Concurrency, Header, Http, Session, Vendor};
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::site::Site;
pub(crate) use failure::Failure;
pub use objects::Write;
pub(crate) use objects::*;

/// The largest page of the user search, whatever is asked for.
const SEARCH_PAGE: &str = "100";
/// The largest page of other lists of the API v1; a larger one is refused.
const V1_PAGE: &str = "200";
/// The largest page of the API v2.
const V2_PAGE: &str = "250";
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

/// A page of a list that is paged by cursor.
#[derive(Debug)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    /// Where the list goes on. An empty page may have one too.
    pub(crate) next: Option<String>,
}

/// A page of a list that is paged by number.
#[derive(Debug)]
pub(crate) struct Rows<T> {
    pub(crate) items: Vec<T>,
    /// The number of the row that the list goes on with.
    pub(crate) next: Option<u64>,
}

impl Api {
    pub(crate) fn new(
        site: Site,
        credential: Credential,
        session: Session,
    ) -> Result<Self, rollcall::Error> {
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
        self.http.send(&call).await.map_err(Failure)
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

    /// `GET /wiki/rest/api/search/user`: guests included, deactivated accounts never.
    pub(crate) async fn search_users(&self, start: u64) -> Answer<Vec<Person>> {
        let call = v1(&["search", "user"])
            .query("cql", "type=user")
            .query("sitePermissionTypeFilter", "all")
            .query("limit", SEARCH_PAGE)
            .query("start", start.to_string());
        let answer: Found = self.send(call).await?;
        Ok(answer.results.into_iter().map(|hit| hit.user).collect())
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
    pub(crate) async fn groups(&self, start: u64) -> Answer<Rows<Group>> {
        self.rows(v1(&["group"]), start).await
    }

    /// `GET /wiki/rest/api/group/by-id`
    pub(crate) async fn group(&self, id: &str) -> Answer<Group> {
        self.send(v1(&["group", "by-id"]).query("id", id)).await
    }

    /// `GET /wiki/rest/api/group/{id}/membersByGroupId`: of a group that does not exist, nobody, with status 200.
    pub(crate) async fn members(&self, group: &str, start: u64) -> Answer<Rows<Person>> {
        self.rows(v1(&["group", group, "membersByGroupId"]), start)
            .await
    }

    /// `GET /wiki/rest/api/user/memberof`: the groups of a user.
    pub(crate) async fn groups_of(&self, account: &str, start: u64) -> Answer<Rows<Group>> {
        let call = v1(&["user", "memberof"]).query("accountId", account);
        self.rows(call, start).await
    }

    /// `GET /wiki/api/v2/spaces`: those that the caller may see.
    pub(crate) async fn spaces(&self, cursor: &str) -> Answer<Page<Space>> {
        let (mut page, base) = self.based_page::<Space>(v2(&["spaces"]), cursor).await?;
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
    pub(crate) async fn permissions(&self, space: &str, cursor: &str) -> Answer<Page<Permission>> {
        self.page(v2(&["spaces", space, "permissions"]), cursor)
            .await
    }

    /// The same, whole.
    pub(crate) async fn all_permissions(&self, space: &str) -> Answer<Vec<Permission>> {
        self.whole(v2(&["spaces", space, "permissions"])).await
    }

    /// `GET /wiki/api/v2/space-role-mode`
    pub(crate) async fn role_mode(&self) -> Answer<Option<String>> {
        let answer: RoleMode = self.send(v2(&["space-role-mode"])).await?;
        Ok(answer.mode)
    }

    /// `GET /wiki/api/v2/space-roles`: fourteen at most.
    pub(crate) async fn roles(&self) -> Answer<Vec<Role>> {
        self.whole(v2(&["space-roles"])).await
    }

    /// `GET /wiki/api/v2/spaces/{id}/role-assignments`: nearly always one page.
    pub(crate) async fn assignments(&self, space: &str) -> Answer<Vec<Assignment>> {
        self.whole(v2(&["spaces", space, "role-assignments"])).await
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
            Ok(_) | Err(Failure(http::error::Error::Garbled { .. })) => Ok(()),
            Err(e) => Err(e),
        }
    }

    async fn rows<T: DeserializeOwned>(&self, call: Call, start: u64) -> Answer<Rows<T>> {
        let call = call
            .query("limit", V1_PAGE)
            .query("start", start.to_string());
        let answer: Listed<T> = self.send(call).await?;
        // By the rows that came, not by those asked for; and an empty page has nothing after it, whatever it says.
        let came = u64::try_from(answer.results.len()).unwrap_or(u64::MAX);
        let goes_on = answer.links.next.is_some() && came > 0;
        Ok(Rows {
            items: answer.results,
            next: goes_on.then_some(start + came),
        })
    }

    /// A short list, whole. *Unknown*: what the API answers to a cursor that it no longer knows; 400 and 404 are taken
    /// for that, and the list is read again.
    async fn whole<T: DeserializeOwned>(&self, call: Call) -> Answer<Vec<T>> {
        let mut restarts = 0;
        let mut items = Vec::new();
        let mut seen = BTreeSet::from([String::new()]);
        let mut cursor = String::new();
        loop {
            match self.page(call.clone(), &cursor).await {
                Ok(page) => {
                    items.extend(page.items);
                    let Some(next) = page.next else {
                        return Ok(items);
                    };
                    if !seen.insert(next.clone()) {
                        let call = call.name();
                        return Err(Failure(http::error::Error::Circle { call }));
                    }
                    cursor = next;
                }
                Err(e) if !cursor.is_empty() && e.is_unknown_id() && restarts < 2 => {
                    restarts += 1;
                    items.clear();
                    cursor.clear();
                    seen = BTreeSet::from([String::new()]);
                }
                Err(e) => return Err(e),
            }
        }
    }

    async fn page<T: DeserializeOwned>(&self, call: Call, cursor: &str) -> Answer<Page<T>> {
        Ok(self.based_page(call, cursor).await?.0)
    }

    /// A page, and where the site's pages for people are.
    async fn based_page<T: DeserializeOwned>(
        &self,
        call: Call,
        cursor: &str,
    ) -> Answer<(Page<T>, String)> {
        let call = call.query("limit", V2_PAGE);
        let call = match cursor {
            "" => call,
            cursor => call.query("cursor", cursor),
        };
        let answer: Listed<T> = self.send(call).await?;
        // The link is not followed: only its cursor is taken, and sent to the configured host.
        let next = answer.links.next.as_deref().and_then(cursor_of);
        // An empty page that leads to itself is an end that the vendor is known to write; any other circle is a fault.
        let next = next.filter(|next| !(answer.results.is_empty() && next == cursor));
        let page = Page {
            items: answer.results,
            next,
        };
        Ok((page, answer.links.base))
    }
}

fn v1(path: &[&str]) -> Call {
    Call::get(&[&["wiki", "rest", "api"], path].concat())
}

fn v2(path: &[&str]) -> Call {
    Call::get(&[&["wiki", "api", "v2"], path].concat())
}

/// The cursor in a link such as `/wiki/api/v2/spaces?limit=250&cursor=abc`.
fn cursor_of(link: &str) -> Option<String> {
    let query = link.split_once('?')?.1;
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    let cursor = pairs.find(|(name, _)| name == "cursor")?.1;
    (!cursor.is_empty()).then(|| cursor.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_taken_from_its_link() {
        for (link, expected) in [
            (
                "/wiki/api/v2/spaces?limit=250&cursor=ab%3D%3D",
                Some("ab=="),
            ),
            ("https://elsewhere.example/x?cursor=c", Some("c")),
            ("/wiki/api/v2/spaces?limit=250", None),
            ("/wiki/api/v2/spaces?cursor=", None),
            ("/wiki/api/v2/spaces", None),
        ] {
            assert_eq!(cursor_of(link).as_deref(), expected, "{link}");
        }
    }
}
