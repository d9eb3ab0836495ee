//! Talks: Temporal Cloud's "Cloud Ops API" over HTTP/JSON, as typed calls. Nothing here decides anything.
//!
//! Source: the API definitions at <https://github.com/temporalio/cloud-api> and the reference at
//! <https://saas-api.tmprl.cloud/docs/httpapi.html>. Answers are protobuf JSON: names in camelCase (or snake_case, which
//! conforming peers may send), enums by name or number, defaults left out or written out. All of that is accepted.

mod access;
mod enums;
mod objects;
mod operation;

use std::time::Duration;

use rollcall_connector::clock::after;
use rollcall_connector::http::error::Error;
use rollcall_connector::http::lenient::or_default;
use rollcall_connector::http::{Call, Header, Http, Session, Vendor};
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) use access::Access;
pub(crate) use enums::*;
pub use objects::GroupKind;
pub(crate) use objects::*;
pub(crate) use operation::{Operation, OperationState};

/// The version that all of this is written against. It decides what an update may clear: never leave it to the server.
pub(crate) const VERSION: &str = "v0.19.1";
/// The largest page that the API documents.
const PAGE_SIZE: &str = "1000";
/// Half of what a service account may send (80 requests a second): the rest is the customer's.
const PACE: u32 = 40;

/// The waits before a 403 on one object is believed: the vendor may answer so for a moment after it was created.
const SETTLING: [Duration; 3] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
];

/// The API of one account.
pub(crate) struct Api {
    http: Http,
    session: Session,
}

/// One page of a list.
#[derive(Debug)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    /// Where the list goes on. An empty page may have one too.
    pub(crate) next: Option<String>,
}

impl Api {
    pub(crate) fn new(
        base: url::Url,
        key: SecretString,
        session: Session,
    ) -> Result<Self, rollcall_connector::Error> {
        let vendor = Vendor {
            base,
            headers: vec![
                ("authorization", Header::Secret("Bearer ", key)),
                ("temporal-cloud-api-version", Header::Plain(VERSION)),
            ],
            pace: Some(PACE),
            budgets: Vec::new(),
            concurrency: None,
        };
        Ok(Self {
            http: Http::new(session.clone(), vendor)?,
            session,
        })
    }

    /// `GET /cloud/account`
    pub(crate) async fn account(&self) -> Result<Account, Error> {
        let answer: AccountAnswer = self.http.send(&Call::get(&["cloud", "account"])).await?;
        Ok(answer.account)
    }

    /// `GET /cloud/current-identity`
    pub(crate) async fn current_identity(&self) -> Result<CurrentIdentity, Error> {
        self.http
            .send(&Call::get(&["cloud", "current-identity"]))
            .await
    }

    /// `GET /cloud/users`
    pub(crate) async fn users(&self, page: &str) -> Result<Page<User>, Error> {
        let answer: Users = self.list(&["cloud", "users"], page).await?;
        Ok(answer.into())
    }

    /// `GET /cloud/service-accounts`
    pub(crate) async fn service_accounts(&self, page: &str) -> Result<Page<ServiceAccount>, Error> {
        let answer: ServiceAccounts = self.list(&["cloud", "service-accounts"], page).await?;
        Ok(answer.into())
    }

    /// `GET /cloud/user-groups`
    pub(crate) async fn groups(&self, page: &str) -> Result<Page<Group>, Error> {
        let answer: Groups = self.list(&["cloud", "user-groups"], page).await?;
        Ok(answer.into())
    }

    /// `GET /cloud/user-groups/{groupId}/members`: ids of users.
    pub(crate) async fn members(&self, group: &str, page: &str) -> Result<Page<Member>, Error> {
        let call = paged(&["cloud", "user-groups", group, "members"], page);
        let answer: Members = self.of_object(&call).await?;
        Ok(answer.into())
    }

    /// `GET /cloud/projects/{projectId}/service-accounts`: those that are scoped to the project.
    pub(crate) async fn project_service_accounts(
        &self,
        project: &str,
        page: &str,
    ) -> Result<Page<ServiceAccount>, Error> {
        let call = paged(&["cloud", "projects", project, "service-accounts"], page);
        let answer: ProjectServiceAccounts = self.of_object(&call).await?;
        Ok(answer.into())
    }

    /// `GET /cloud/namespaces`
    pub(crate) async fn namespaces(&self, page: &str) -> Result<Page<Namespace>, Error> {
        let answer: Namespaces = self.list(&["cloud", "namespaces"], page).await?;
        Ok(answer.into())
    }

    /// `GET /cloud/custom-roles`
    pub(crate) async fn custom_roles(&self, page: &str) -> Result<Page<CustomRole>, Error> {
        let answer: CustomRoles = self.list(&["cloud", "custom-roles"], page).await?;
        Ok(answer.into())
    }

    /// `GET /cloud/projects`
    pub(crate) async fn projects(&self, page: &str) -> Result<Page<Project>, Error> {
        let answer: Projects = self.list(&["cloud", "projects"], page).await?;
        Ok(answer.into())
    }

    /// `GET /cloud/users/{userId}`
    pub(crate) async fn user(&self, id: &str) -> Result<User, Error> {
        let answer: UserAnswer = self.of_object(&Call::get(&["cloud", "users", id])).await?;
        Ok(answer.user)
    }

    /// `GET /cloud/user-groups/{groupId}`
    pub(crate) async fn group(&self, id: &str) -> Result<Group, Error> {
        let answer: GroupAnswer = self
            .of_object(&Call::get(&["cloud", "user-groups", id]))
            .await?;
        Ok(answer.group)
    }

    /// `GET /cloud/namespaces/{namespace}`
    pub(crate) async fn namespace(&self, id: &str) -> Result<Namespace, Error> {
        let answer: NamespaceAnswer = self
            .of_object(&Call::get(&["cloud", "namespaces", id]))
            .await?;
        Ok(answer.namespace)
    }

    /// `GET /cloud/custom-roles/{roleId}`
    pub(crate) async fn custom_role(&self, id: &str) -> Result<CustomRole, Error> {
        let answer: CustomRoleAnswer = self
            .of_object(&Call::get(&["cloud", "custom-roles", id]))
            .await?;
        Ok(answer.custom_role)
    }

    /// `GET /cloud/projects/{projectId}`
    pub(crate) async fn project(&self, id: &str) -> Result<Project, Error> {
        let answer: ProjectAnswer = self
            .of_object(&Call::get(&["cloud", "projects", id]))
            .await?;
        Ok(answer.project)
    }

    /// `GET /cloud/projects/{projectId}`, without asking again after a 403: an account without projects may deny them all.
    pub(crate) async fn project_at_once(&self, id: &str) -> Result<Project, Error> {
        let call = Call::get(&["cloud", "projects", id]);
        let answer: ProjectAnswer = self.http.send(&call).await?;
        Ok(answer.project)
    }

    /// A user, service account or group as the API sent it: what an update must send back whole.
    pub(crate) async fn raw(&self, kind: Kind, id: &str) -> Result<Value, Error> {
        let mut answer: Value = self
            .of_object(&Call::get(&["cloud", kind.path(), id]))
            .await?;
        let object = kind
            .answer_keys()
            .iter()
            .find_map(|key| answer.get_mut(*key).map(Value::take));
        object.ok_or_else(|| Error::Unexpected {
            call: format!("GET /cloud/{}/…", kind.path()),
            at: kind.answer_keys()[0].into(),
            why: "it is missing".into(),
        })
    }

    /// Sends a write, complete with the id that makes a repetition recognizable.
    pub(crate) async fn write(&self, write: &Write) -> Result<Operation, Error> {
        let path: Vec<&str> = write.path.iter().map(String::as_str).collect();
        let call = match &write.body {
            Some(body) => {
                let mut body = body.clone();
                body["asyncOperationId"] = json!(write.operation_id);
                Call::post(&path, body)
            }
            None => Call::delete(&path)
                .query("resourceVersion", write.resource_version.clone())
                .query("asyncOperationId", write.operation_id.clone()),
        };
        Ok(self.quotable(self.of_object(&call.repeatable()).await?))
    }

    /// `GET /cloud/operations/{asyncOperationId}`
    pub(crate) async fn operation(&self, id: &str) -> Result<Operation, Error> {
        let call = Call::get(&["cloud", "operations", id]);
        Ok(self.quotable(self.http.send(&call).await?))
    }

    /// The operation in an answer. Why it failed is the vendor's own text, and will be quoted.
    fn quotable(&self, answer: OperationAnswer) -> Operation {
        let mut operation = answer.async_operation;
        operation.set_failure_reason(self.http.quote(operation.failure_reason()));
        operation
    }

    async fn list<T: DeserializeOwned>(&self, path: &[&str], page: &str) -> Result<T, Error> {
        self.http.send(&paged(path, page)).await
    }

    /// Sends a request about one object. It may have been created a moment ago, so a 403 is asked about again.
    async fn of_object<T: DeserializeOwned>(&self, call: &Call) -> Result<T, Error> {
        for pause in SETTLING {
            match self.http.send(call).await {
                Err(e) if e.status() == Some(403) && self.can_wait(pause) => {
                    self.session.clock.sleep(pause).await;
                }
                answer => return answer,
            }
        }
        self.http.send(call).await
    }

    /// Whether this invocation lasts longer than `pause`.
    pub(crate) fn can_wait(&self, pause: Duration) -> bool {
        let until = after(self.session.clock.now(), pause);
        self.session
            .deadline
            .is_none_or(|deadline| until < deadline)
    }
}

/// A request for one page of a list; `page` is its token, empty for the first.
fn paged(path: &[&str], page: &str) -> Call {
    let call = Call::get(path).query("pageSize", PAGE_SIZE);
    if page.is_empty() {
        call
    } else {
        call.query("pageToken", page)
    }
}

/// The three kinds of principals, which have the same endpoints under different names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    User,
    ServiceAccount,
    Group,
}

impl Kind {
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::User => "users",
            Self::ServiceAccount => "service-accounts",
            Self::Group => "user-groups",
        }
    }

    fn answer_keys(self) -> &'static [&'static str] {
        match self {
            Self::User => &["user"],
            Self::ServiceAccount => &["serviceAccount", "service_account"],
            Self::Group => &["group"],
        }
    }
}

/// A write: a POST with a body, or a DELETE without.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Write {
    pub(crate) path: Vec<String>,
    pub(crate) body: Option<Value>,
    /// Of what was read; in the body of a POST it is there as well.
    pub(crate) resource_version: String,
    pub(crate) operation_id: String,
}

macro_rules! pages {
    ($($name:ident { $list:ident: $item:ty, $($alias:literal),* }),* $(,)?) => {
        $(
            #[derive(Deserialize)]
            #[serde(rename_all = "camelCase")]
            struct $name {
                #[serde(default, $(alias = $alias,)* deserialize_with = "or_default")]
                $list: Vec<$item>,
                #[serde(default, alias = "next_page_token", deserialize_with = "or_default")]
                next_page_token: String,
            }

            impl From<$name> for Page<$item> {
                fn from(answer: $name) -> Self {
                    Self {
                        items: answer.$list,
                        next: Some(answer.next_page_token).filter(|token| !token.is_empty()),
                    }
                }
            }
        )*
    };
}

pages!(
    Users { users: User, },
    // The name of this list is singular in the API.
    ServiceAccounts { service_account: ServiceAccount, "service_account" },
    ProjectServiceAccounts { service_accounts: ServiceAccount, "service_accounts" },
    Groups { groups: Group, },
    Members { members: Member, },
    Namespaces { namespaces: Namespace, },
    CustomRoles { custom_roles: CustomRole, "custom_roles" },
    Projects { projects: Project, },
);

#[derive(Deserialize)]
struct AccountAnswer {
    account: Account,
}

#[derive(Deserialize)]
struct UserAnswer {
    user: User,
}

#[derive(Deserialize)]
struct GroupAnswer {
    group: Group,
}

#[derive(Deserialize)]
struct NamespaceAnswer {
    namespace: Namespace,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CustomRoleAnswer {
    #[serde(alias = "custom_role")]
    custom_role: CustomRole,
}

#[derive(Deserialize)]
struct ProjectAnswer {
    project: Project,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OperationAnswer {
    #[serde(alias = "async_operation")]
    async_operation: Operation,
}
