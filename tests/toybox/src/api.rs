//! Toybox's API as typed calls, and nothing else.

use rollcall_connector::Error;
use rollcall_connector::http::error::Error as HttpError;
use rollcall_connector::http::{Call, Header, Http, Session, Vendor};
use rollcall_model::ResourceId;
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;

#[derive(Debug, Deserialize)]
pub(crate) struct Me {
    pub(crate) id: String,
    pub(crate) tenant: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    /// The cursor of the next page, if there is one.
    pub(crate) next: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Named {
    pub(crate) id: String,
    pub(crate) name: String,
}

/// A user or a group in a group.
#[derive(Debug, Deserialize)]
pub(crate) struct Member {
    pub(crate) kind: String,
    pub(crate) id: String,
}

/// A change of who is in a group. A repetition changes nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Write {
    pub(crate) group: String,
    pub(crate) member: ResourceId,
    pub(crate) adds: bool,
}

/// The result of a request for a page.
type Listed<T> = Result<Page<T>, HttpError>;

pub(crate) struct Api(Http);

impl Api {
    pub(crate) fn new(base: Url, key: SecretString, session: Session) -> Result<Self, Error> {
        let vendor = Vendor {
            base,
            headers: vec![("authorization", Header::Secret("Bearer ", key))],
            pace: None,
            budgets: Vec::new(),
            concurrency: None,
        };
        Ok(Self(Http::new(session, vendor)?))
    }

    /// `GET /me`
    pub(crate) async fn me(&self) -> Result<Me, HttpError> {
        self.0.send(&Call::get(&["me"])).await
    }

    /// `GET /users`
    pub(crate) async fn users(&self, cursor: &str) -> Listed<Named> {
        self.page(&["users"], cursor).await
    }

    /// `GET /groups`
    pub(crate) async fn groups(&self, cursor: &str) -> Listed<Named> {
        self.page(&["groups"], cursor).await
    }

    /// `GET /groups/{id}/members`
    pub(crate) async fn members(&self, group: &str, cursor: &str) -> Listed<Member> {
        self.page(&["groups", group, "members"], cursor).await
    }

    /// `PUT` or `DELETE /groups/{id}/members/{kind}/{id}`
    pub(crate) async fn write(&self, write: &Write) -> Result<(), HttpError> {
        let (kind, id) = (&*write.member.resource_type, &*write.member.id);
        let path = ["groups", &*write.group, "members", kind, id];
        let call = match write.adds {
            true => Call::put(&path, json!({})),
            false => Call::delete(&path),
        };
        let _: serde_json::Value = self.0.send(&call.repeatable()).await?;
        Ok(())
    }

    async fn page<T: DeserializeOwned>(&self, path: &[&str], cursor: &str) -> Listed<T> {
        let call = match cursor {
            "" => Call::get(path),
            cursor => Call::get(path).query("cursor", cursor),
        };
        let page: Page<T> = self.0.send(&call).await?;
        match page.next.as_deref() == Some(cursor) {
            true => Err(HttpError::Circle { call: call.name() }),
            false => Ok(page),
        }
    }
}
