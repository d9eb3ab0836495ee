//! Temporal Cloud's "Cloud Ops API" over HTTP/JSON, as typed calls, without any decisions.
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
use rollcall_connector::pages;
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) use access::Access;
pub(crate) use enums::*;
pub use objects::GroupKind;
pub(crate) use objects::*;
pub(crate) use operation::{AsyncOperation, OperationState};

/// The version that this code is written for. It decides what an update may clear, so it is always sent.
pub(crate) const VERSION: &str = "v0.19.1";
/// The largest page that the API documents.
const PAGE_SIZE: &str = "1000";
/// Half of a service account's limit (80 requests a second): the rest is the customer's.
const PACE: u32 = 40;

/// The waits before a 403 on one object counts, which the vendor may answer briefly after its creation, and between
/// contradictory answers: reads may lag behind writes for a few seconds.
pub(crate) const SETTLING: [Duration; 3] =
    [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];

/// One page of a list. A token is the position of the next one.
pub(crate) type Page<T> = pages::Page<T, String>;

/// The API of one account.
pub(crate) struct Api {
    http: Http,
    session: Session,
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
        let http = Http::new(session.clone(), vendor)?;
        Ok(Self { http, session })
    }

    /// `GET /cloud/account`: the account's id.
    pub(crate) async fn account_id(&self) -> Result<String, Error> {
        let answer: ObjectAnswer<Account> =
            self.http.send(&Call::get(&["cloud", "account"])).await?;
        Ok(answer.object.id)
    }

    /// `GET /cloud/current-identity`
    pub(crate) async fn current_identity(&self) -> Result<CurrentIdentity, Error> {
        let call = Call::get(&["cloud", "current-identity"]);
        self.http.send(&call).await
    }

    /// `GET /cloud/{objects}`: a page of all of them.
    pub(crate) async fn list<T: ApiObject>(&self, page: &str) -> Result<Page<T>, Error> {
        let answer: ListAnswer<T> = self.http.send(&paged(&["cloud", T::PATH], page)).await?;
        Ok(answer.into())
    }

    /// `GET /cloud/user-groups/{groupId}/members`
    pub(crate) async fn members(&self, group: &str, page: &str) -> Result<Page<Member>, Error> {
        self.inside(&["cloud", Group::PATH, group, "members"], page).await
    }

    /// `GET /cloud/projects/{projectId}/service-accounts`: those that are scoped to the project.
    pub(crate) async fn project_service_accounts(
        &self,
        project: &str,
        page: &str,
    ) -> Result<Page<ServiceAccount>, Error> {
        let path = ["cloud", Project::PATH, project, ServiceAccount::PATH];
        self.inside(&path, page).await
    }

    async fn inside<T: DeserializeOwned>(
        &self,
        path: &[&str],
        page: &str,
    ) -> Result<Page<T>, Error> {
        let answer: ListAnswer<T> = self.of_object(&paged(path, page)).await?;
        Ok(answer.into())
    }

    /// `GET /cloud/{objects}/{id}`
    pub(crate) async fn get<T: ApiObject>(&self, id: &str) -> Result<T, Error> {
        self.get_as::<T, T>(id).await
    }

    /// The same in another form: a `Value` keeps everything that an update must send back.
    pub(crate) async fn get_as<T: ApiObject, A: DeserializeOwned>(
        &self,
        id: &str,
    ) -> Result<A, Error> {
        let call = Call::get(&["cloud", T::PATH, id]);
        let answer: ObjectAnswer<A> = self.of_object(&call).await?;
        Ok(answer.object)
    }

    /// `GET /cloud/projects/{projectId}`, without a retry after a 403: an account without projects may deny them all.
    pub(crate) async fn project_at_once(&self, id: &str) -> Result<Project, Error> {
        let call = Call::get(&["cloud", Project::PATH, id]);
        let answer: ObjectAnswer<Project> = self.http.send(&call).await?;
        Ok(answer.object)
    }

    /// Sends a write, with the id that makes a repetition recognizable.
    pub(crate) async fn write(&self, write: &WriteCall) -> Result<AsyncOperation, Error> {
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
    pub(crate) async fn operation(&self, id: &str) -> Result<AsyncOperation, Error> {
        let call = Call::get(&["cloud", "operations", id]);
        Ok(self.quotable(self.http.send(&call).await?))
    }

    /// The operation in an answer. The reason of a failure is the vendor's text, which will be quoted.
    fn quotable(&self, answer: ObjectAnswer<AsyncOperation>) -> AsyncOperation {
        let mut operation = answer.object;
        operation.set_failure_reason(self.http.quote(operation.failure_reason()));
        operation
    }

    /// Sends a request about one object. It may have been created a moment ago, so a 403 is retried.
    async fn of_object<T: DeserializeOwned>(&self, call: &Call) -> Result<T, Error> {
        for pause in SETTLING {
            match self.http.send(call).await {
                Err(e) if e.status() == Some(403) && self.can_wait(pause) => {
                    self.wait(pause, call.name()).await?;
                }
                answer => return answer,
            }
        }
        self.http.send(call).await
    }

    /// Waits before a request is repeated. If the invocation ends before, or the operator asks to stop, the request is
    /// left to the next invocation, as at a rate limit.
    pub(crate) async fn wait(&self, pause: Duration, call: String) -> Result<(), Error> {
        let clock = &*self.session.clock;
        let retry_at = after(clock.now(), pause);
        match self.can_wait(pause) && self.session.interrupt.sleep(clock, pause).await {
            true => Ok(()),
            false => Err(Error::RateLimited { call, retry_at }),
        }
    }

    /// Whether this invocation lasts longer than `pause`.
    pub(crate) fn can_wait(&self, pause: Duration) -> bool {
        let until = after(self.session.clock.now(), pause);
        let deadline = self.session.deadline;
        deadline.is_none_or(|deadline| until < deadline)
    }
}

/// A request for one page of a list; `page` is its token, empty for the first.
fn paged(path: &[&str], page: &str) -> Call {
    let call = Call::get(path).query("pageSize", PAGE_SIZE);
    match page {
        "" => call,
        page => call.query("pageToken", page),
    }
}

/// A write: a POST with a body, or a DELETE without.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WriteCall {
    pub(crate) path: Vec<String>,
    pub(crate) body: Option<Value>,
    /// The version that was read; also in the body of a POST.
    pub(crate) resource_version: String,
    pub(crate) operation_id: String,
}

/// A page of a list, under the list's own field name: that of all service accounts is in the singular.
#[derive(Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
struct ListAnswer<T> {
    #[serde(default = "Vec::new", deserialize_with = "or_default")]
    #[serde(rename = "the list", alias = "users", alias = "groups")]
    #[serde(alias = "serviceAccount", alias = "service_account")]
    #[serde(alias = "serviceAccounts", alias = "service_accounts")]
    #[serde(alias = "members", alias = "namespaces", alias = "projects")]
    #[serde(alias = "customRoles", alias = "custom_roles")]
    rows: Vec<T>,
    #[serde(default, deserialize_with = "or_default")]
    #[serde(rename = "nextPageToken", alias = "next_page_token")]
    next: String,
}

impl<T> From<ListAnswer<T>> for Page<T> {
    fn from(answer: ListAnswer<T>) -> Self {
        Self { items: answer.rows, next: Some(answer.next).filter(|token| !token.is_empty()) }
    }
}

/// One object, under the field name in its answer.
#[derive(Deserialize)]
struct ObjectAnswer<T> {
    #[serde(rename = "the object", alias = "account", alias = "user")]
    #[serde(alias = "serviceAccount", alias = "service_account")]
    #[serde(alias = "group", alias = "namespace", alias = "project")]
    #[serde(alias = "customRole", alias = "custom_role")]
    #[serde(alias = "asyncOperation", alias = "async_operation")]
    object: T,
}
