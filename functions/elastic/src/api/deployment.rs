//! Users, roles and role mappings of one cluster: the Elasticsearch security API.

use std::collections::BTreeMap;

use rollcall_connector::http::{Call, Http, Session, error};
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::failure::{Failure, Place};
use super::objects::{Mapping, Role, User, is_same};
use super::{Answer, client};

/// The API of one deployment with a key of that deployment.
pub(crate) struct Deployment {
    http: Http,
    pub(crate) endpoint: Url,
    /// Its name in messages.
    pub(crate) place: String,
}

/// A complete write of a user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UserUpdate {
    /// The deployment's name; none if its ids are bare.
    pub deployment: Option<String>,
    /// The user's name.
    pub user: String,
    /// The new user as JSON: everything but the roles as it was read.
    pub body: String,
    /// The user as it was read, in the same form, to notice changes since. Empty in unfinished requests of an older
    /// version.
    #[serde(default)]
    pub read: String,
}

impl UserUpdate {
    /// Whether the user is still as it was read.
    pub(crate) fn is_up_to_date(&self, user: &User) -> bool {
        let document = user.document(&user.roles);
        document.is_some_and(|document| is_same(&document, &self.read))
    }
}

impl Deployment {
    pub(crate) fn new(
        place: String,
        endpoint: Url,
        key: SecretString,
        session: Session,
    ) -> Result<Self, rollcall_connector::Error> {
        let http = client(endpoint.clone(), key, Vec::new(), session)?;
        Ok(Self { http, endpoint, place })
    }

    /// `GET /_security/user`: all native and reserved users. An empty list is an error: reserved users can be switched
    /// off only in self-managed clusters (`xpack.security.authc.reserved_realm.enabled`), and without any user nobody
    /// could sign in.
    pub(crate) async fn users(&self) -> Answer<BTreeMap<String, User>> {
        self.list("user", "users").await
    }

    /// `GET /_security/role`: all roles. Some are built in, so an empty list is an error.
    pub(crate) async fn roles(&self) -> Answer<BTreeMap<String, Role>> {
        self.list("role", "roles").await
    }

    /// `GET /_security/role_mapping`: all mappings except those in files.
    pub(crate) async fn mappings(&self) -> Answer<BTreeMap<String, Mapping>> {
        self.read(Call::get(&["_security", "role_mapping"])).await
    }

    /// `GET /_security/user/{name}`: a user, if it exists.
    pub(crate) async fn user(&self, name: &str) -> Answer<Option<User>> {
        self.find("user", name).await
    }

    /// `GET /_security/role/{name}`: a role, if it exists.
    pub(crate) async fn role(&self, name: &str) -> Answer<Option<Role>> {
        self.find("role", name).await
    }

    /// `PUT /_security/user/{name}`: replaces all of the user except the password. It is sent only once: after a wait,
    /// somebody else may have changed the user.
    pub(crate) async fn write(&self, update: &UserUpdate) -> Answer<()> {
        let call = Call::put_verbatim(&["_security", "user", &update.user], &update.body);
        let answer = self.http.send::<Value>(&call.once()).await;
        answer.map(drop).map_err(|e| self.failed(e))
    }

    async fn list<T: DeserializeOwned>(
        &self,
        kind: &str,
        plural: &'static str,
    ) -> Answer<BTreeMap<String, T>> {
        let found: BTreeMap<String, T> = self.read(Call::get(&["_security", kind])).await?;
        match found.is_empty() {
            true => Err(Failure::EmptyList { what: plural, place: self.place.clone() }),
            false => Ok(found),
        }
    }

    /// One object by its name, from the list where the name has a meaning of its own in a path: a comma separates names, dots
    /// are path segments, and a name that begins with `_` may be another route, as `_privileges` is.
    async fn find<T: DeserializeOwned>(&self, kind: &str, name: &str) -> Answer<Option<T>> {
        let plain =
            !name.contains(',') && !name.starts_with('_') && !matches!(name, "" | "." | "..");
        let call = match plain {
            true => Call::get(&["_security", kind, name]),
            false => Call::get(&["_security", kind]),
        };
        match self.read::<BTreeMap<String, T>>(call).await {
            Ok(mut found) => Ok(found.remove(name)),
            Err(e) if plain && e.is_absent() => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// Accepts answers only from Elasticsearch, which identifies itself since 7.14: an empty object from another server
    /// would look like a cluster without users.
    async fn read<T: DeserializeOwned>(&self, call: Call) -> Answer<T> {
        let answer = self.http.ask(&call).await.map_err(|e| self.failed(e))?;
        match answer.header("x-elastic-product") {
            Some("Elasticsearch") => Ok(answer.body),
            _ => Err(Failure::NotElasticsearch(self.place.clone())),
        }
    }

    fn failed(&self, cause: error::Error) -> Failure {
        Failure::new(Place::Deployment(self.place.clone()), cause)
    }
}
