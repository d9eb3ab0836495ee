//! Users, roles and role mappings of one cluster: the Elasticsearch security API.

use std::collections::BTreeMap;

use rollcall_connector::http;
use rollcall_connector::http::error::Error as Http;
use rollcall_connector::http::{Call, Header, Session, Vendor};
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::Answer;
use super::failure::{Failure, Place};
use super::objects::{Mapping, Role, User, is_same};

/// The API of one deployment with a key of that deployment.
pub(crate) struct Deployment {
    http: http::Http,
    endpoint: Url,
    /// What the configuration calls it.
    place: String,
}

/// A write of a user, complete.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Write {
    /// The deployment's name; none if it is the only one.
    pub deployment: Option<String>,
    /// The user's name.
    pub user: String,
    /// The user as it is to be: JSON, in which everything that is not changed stands as it was read.
    pub body: String,
    /// The user as it was read, in the same form: what was written since must not be overwritten. Requests that an
    /// older version has left unfinished have none.
    #[serde(default)]
    pub read: String,
}

impl Write {
    /// Whether the user is still as it was read.
    pub(crate) fn is_up_to_date(&self, user: &User) -> bool {
        let document = user.document(&user.roles);
        document.is_some_and(|document| is_same(&document, &self.read))
    }
}

impl Deployment {
    pub(crate) fn new(
        place: String,
        base: Url,
        key: SecretString,
        session: Session,
    ) -> Result<Self, rollcall_connector::Error> {
        let vendor = Vendor {
            base: base.clone(),
            headers: vec![("authorization", Header::Secret("ApiKey ", key))],
            pace: None,
            budgets: Vec::new(),
            concurrency: None,
        };
        let http = http::Http::new(session, vendor)?;
        Ok(Self {
            http,
            endpoint: base,
            place,
        })
    }

    /// Where it is.
    pub(crate) fn endpoint(&self) -> &Url {
        &self.endpoint
    }

    /// What the configuration calls it.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// `GET /_security/user`: all native users, and the reserved ones. There is always one: the built-in ones can be
    /// switched off in self-managed clusters alone (`xpack.security.authc.reserved_realm.enabled`), and with none of
    /// either kind nobody could sign in. So nobody at all is an answer that is not to be believed.
    pub(crate) async fn users(&self) -> Answer<BTreeMap<String, User>> {
        let users: BTreeMap<String, User> = self.read(Call::get(&["_security", "user"])).await?;
        self.some("users", users)
    }

    /// `GET /_security/role`: all roles. There are always some: those that are built in.
    pub(crate) async fn roles(&self) -> Answer<BTreeMap<String, Role>> {
        let roles: BTreeMap<String, Role> = self.read(Call::get(&["_security", "role"])).await?;
        self.some("roles", roles)
    }

    /// `GET /_security/role_mapping`: all mappings, but those in files.
    pub(crate) async fn mappings(&self) -> Answer<BTreeMap<String, Mapping>> {
        self.read(Call::get(&["_security", "role_mapping"])).await
    }

    /// `GET /_security/user/{name}`: a user, if there is one.
    pub(crate) async fn user(&self, name: &str) -> Answer<Option<User>> {
        self.find("user", name).await
    }

    /// `GET /_security/role/{name}`: a role, if there is one.
    pub(crate) async fn role(&self, name: &str) -> Answer<Option<Role>> {
        self.find("role", name).await
    }

    /// `PUT /_security/user/{name}`: replaces all of the user but the password. It is sent once: after a wait somebody
    /// else may have written the user.
    pub(crate) async fn write(&self, write: &Write) -> Answer<()> {
        let call = Call::put_verbatim(&["_security", "user", &write.user], &write.body);
        let answer = self.http.send::<Value>(&call.once()).await;
        answer.map(drop).map_err(|e| self.failed(e))
    }

    /// One object by its name. A comma separates names, a name of dots is none in a path, and one that begins with `_`
    /// may be a route of its own, as `_privileges` is: such a one is looked for in the list.
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

    /// Reads, and makes sure that it is Elasticsearch that answers: from anything else, an empty object would look like
    /// a cluster without users. Elasticsearch says who it is since 7.14.
    async fn read<T: DeserializeOwned>(&self, call: Call) -> Answer<T> {
        let answer = self.http.ask(&call).await.map_err(|e| self.failed(e))?;
        match answer.header("x-elastic-product") {
            Some("Elasticsearch") => Ok(answer.body),
            _ => Err(Failure::stranger(Place::Deployment(self.place.clone()))),
        }
    }

    fn some<T>(
        &self,
        what: &'static str,
        found: BTreeMap<String, T>,
    ) -> Answer<BTreeMap<String, T>> {
        match found.is_empty() {
            true => Err(Failure::Nothing {
                what,
                place: self.place.clone(),
            }),
            false => Ok(found),
        }
    }

    fn failed(&self, cause: Http) -> Failure {
        Failure::new(Place::Deployment(self.place.clone()), cause)
    }
}
