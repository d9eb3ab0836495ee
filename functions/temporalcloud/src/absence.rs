//! Absence: that something is not there is concluded only where two different looks agree, the object (404) and the
//! list. One 404 may come from a gateway that has lost a route, or from a read that lags behind a write. That an account
//! lacks a feature is concluded only where the answer stays the same on a second look.

use std::time::Duration;

use jiff::Timestamp;
use rollcall_connector::clock::{after, between};
use rollcall_connector::http::error::Error as HttpError;
use rollcall_connector::{Error, Identity, pages};
use serde::de::DeserializeOwned;

use crate::access::{SERVICE_ACCOUNT, USER};
use crate::api::{ApiObject, Page, Project, SETTLING, ServiceAccount};
use crate::connect::{TemporalCloud, contradiction, incomplete};

/// What the list of a feature (projects, custom roles) may be answered in an account that lacks the feature. *Unknown*:
/// which of them. A 403 counts, since only Account Owners and Global Admins get this far, and they may list both. If it
/// is a missing right all the same, the blind spot reports it, and `check` fails where something on the list is in use.
pub(crate) const NO_FEATURE: &[u16] = &[403, 404, 501];
/// The wait before the second look at what seems to be absent.
const SECOND_LOOK: Duration = Duration::from_secs(2);

impl TemporalCloud {
    /// An object in the form `A`; `None` if it is answered with 404 and the list does not have it either. Fails if the
    /// two go on to contradict each other.
    pub(crate) async fn unless_absent<T: ApiObject, A: DeserializeOwned>(
        &self,
        identity: &Identity,
        id: &str,
    ) -> Result<Option<A>, Error> {
        let mut lag = SETTLING.into_iter();
        loop {
            match self.api.get_as::<T, A>(id).await {
                Err(e) if e.is_not_found() => {}
                found => return Ok(Some(found?)),
            }
            if !self.is_listed::<T>(identity, id).await? {
                return Ok(None);
            }
            match lag.next().filter(|pause| self.api.can_wait(*pause)) {
                Some(pause) => self.session.clock.sleep(pause).await,
                None => return Err(denied_but_listed::<T>(id)),
            }
        }
    }

    /// Fails unless a group or project is going or gone whose members or service accounts are answered with 404. By
    /// itself that is also what a gateway says that has lost a route, and what a read that lags behind says of a new
    /// object. If a look at the object is a 404 too, the list must not have the object either.
    pub(crate) async fn must_be_gone<T: ApiObject>(
        &self,
        identity: &Identity,
        id: &str,
    ) -> Result<(), Error> {
        match self.api.get::<T>(id).await {
            Ok(object) if object.is_going() => Ok(()),
            Ok(_) => Err(contradiction(format!(
                "the vendor shows `{id}` of {} but answers 404 for the list of its members",
                list_name::<T>()
            ))),
            Err(e) if e.is_not_found() => match self.is_listed::<T>(identity, id).await? {
                true => Err(denied_but_listed::<T>(id)),
                false => Ok(()),
            },
            Err(e) => Err(e.into()),
        }
    }

    /// The first object of the whole list that is `wanted`. That there is none is said only at the list's real end: an
    /// invitation or the last admin's leaving may follow from it.
    pub(crate) async fn find<T: ApiObject>(
        &self,
        mut wanted: impl FnMut(&T) -> bool + Send,
    ) -> Result<Option<T>, Error> {
        let (list, mut rows) = (list_name::<T>(), 0);
        let found = pages::find(
            &list,
            |page: String| async move { Ok::<_, Error>(self.api.list::<T>(&page).await?) },
            |object| {
                rows += 1;
                wanted(object)
            },
        );
        match found.await? {
            None if T::KIND == USER && rows == 0 => Err(nobody_listed()),
            found => Ok(found),
        }
    }

    /// Whether the list has an object that is not being deleted.
    async fn is_listed<T: ApiObject>(&self, identity: &Identity, id: &str) -> Result<bool, Error> {
        let caller = &identity.caller;
        let mut has_caller = false;
        let found = self.find::<T>(|object| {
            has_caller |= object.id() == caller.id;
            object.id() == id && !object.is_going()
        });
        if found.await?.is_some() {
            return Ok(true);
        }
        // A list that lacks what must be on it proves nothing.
        if T::KIND == caller.resource_type && !has_caller {
            return Err(caller_not_listed(identity));
        }
        match T::KIND {
            SERVICE_ACCOUNT => self.is_scoped(identity, id).await,
            _ => Ok(false),
        }
    }

    /// Whether a project has a service account of its own with this id. *Unknown*: whether the list of all service
    /// accounts has those too.
    async fn is_scoped(&self, identity: &Identity, id: &str) -> Result<bool, Error> {
        if !self.has_projects().await? {
            return Ok(false);
        }
        let read = |page: String| async move { Ok(self.api.list::<Project>(&page).await?) };
        let projects = pages::all(&list_name::<Project>(), read, |_: &Error| false).await?;
        for project in &projects {
            if self.is_scoped_to(identity, project.id(), id).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn is_scoped_to(
        &self,
        identity: &Identity,
        project: &str,
        id: &str,
    ) -> Result<bool, Error> {
        let list = format!("the list of service accounts of project {project}");
        let end = || Page { items: Vec::new(), next: None };
        let read = |page: String| async move {
            let look = || self.api.project_service_accounts(project, &page);
            match self.twice(&[404, 501], look).await {
                Ok(page) => Ok(page),
                Err(e) if e.is_not_found() => {
                    // Boxed: this is itself a part of the look at a list.
                    Box::pin(self.must_be_gone::<Project>(identity, project)).await?;
                    Ok(end())
                }
                // The vendor has no such list.
                Err(e) if page.is_empty() && is_one_of(&e, &[501]) => Ok(end()),
                Err(e) => Err(Error::from(e)),
            }
        };
        let wanted = |sa: &ServiceAccount| sa.id() == id && !sa.is_going();
        Ok(pages::find(&list, read, wanted).await?.is_some())
    }

    /// Looks again after a pause where the answer is one of `statuses`: something is absent only if it stays so.
    pub(crate) async fn twice<T, Fut>(
        &self,
        statuses: &[u16],
        look: impl Fn() -> Fut,
    ) -> Result<T, HttpError>
    where
        Fut: Future<Output = Result<T, HttpError>>,
    {
        match look().await {
            Err(e) if is_one_of(&e, statuses) => {
                self.wait_until(self.second_look_at()).await?;
                look().await
            }
            answer => answer,
        }
    }

    /// When the second look is due at what seems to be absent now.
    pub(crate) fn second_look_at(&self) -> Timestamp {
        after(self.session.clock.now(), SECOND_LOOK)
    }

    /// Waits until a second look is due. A wait that this invocation has no time for is left to the next one.
    pub(crate) async fn wait_until(&self, retry_at: Timestamp) -> Result<(), HttpError> {
        let pause = between(self.session.clock.now(), retry_at);
        if !self.api.can_wait(pause) {
            let call = "checking a second time what seems to be absent".into();
            return Err(HttpError::RateLimited { call, retry_at });
        }
        self.session.clock.sleep(pause).await;
        Ok(())
    }

    /// Whether the account has projects at all. Asked for once in an invocation.
    pub(crate) async fn has_projects(&self) -> Result<bool, Error> {
        let look = || async {
            let list = || self.api.list::<Project>("");
            match self.twice(NO_FEATURE, list).await {
                Ok(_) => Ok(true),
                Err(e) if is_one_of(&e, NO_FEATURE) => Ok(false),
                Err(e) => Err(e.into()),
            }
        };
        self.projects.get_or_try_init(look).await.copied()
    }
}

/// Whether the API itself answered with one of these statuses: in JSON, unlike what stands on the way to it.
pub(crate) fn is_one_of(e: &HttpError, statuses: &[u16]) -> bool {
    matches!(e, HttpError::Status { status, is_json: true, .. } if statuses.contains(status))
}

fn list_name<T: ApiObject>() -> String {
    format!("the list of {}s", T::KIND)
}

fn denied_but_listed<T: ApiObject>(id: &str) -> Error {
    let list = list_name::<T>();
    contradiction(format!("the vendor answers 404 for `{id}`, but {list} contains it"))
}

pub(crate) fn caller_not_listed(identity: &Identity) -> Error {
    incomplete(format!(
        "the list of {}s does not contain {} (`{}`), who owns this key: it is empty or truncated",
        identity.caller.resource_type, identity.caller, identity.caller_name
    ))
}

/// There is always somebody: Account Owners can be neither made nor deleted by the API
/// (<https://docs.temporal.io/cloud/manage-access/roles-and-permissions>).
pub(crate) fn nobody_listed() -> Error {
    incomplete("the list of users is empty: it does not even contain an Account Owner")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_on_the_way_to_the_api_says_nothing_of_features() {
        let answer = |status, is_json| HttpError::Status {
            call: "GET /cloud/projects".into(),
            status,
            message: String::new(),
            is_json,
            retry_after: None,
            request_id: None,
        };
        for status in [403, 404, 501] {
            assert!(is_one_of(&answer(status, true), NO_FEATURE), "{status}");
            assert!(!is_one_of(&answer(status, false), NO_FEATURE), "{status}");
        }
        assert!(!is_one_of(&answer(500, true), NO_FEATURE));
    }
}
