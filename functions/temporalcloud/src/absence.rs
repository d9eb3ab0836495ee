//! Absence: something counts as missing only if two different requests agree, the object (404) and the list. One 404
//! may come from a gateway that has lost a route, or from a read that lags behind a write. A feature counts as missing
//! only if a second request gets the same answer.

use std::time::Duration;

use jiff::Timestamp;
use rollcall_connector::clock::{after, between};
use rollcall_connector::http::error::Error as HttpError;
use rollcall_connector::{Error, Identity, pages};
use serde::de::DeserializeOwned;

use crate::access::{SERVICE_ACCOUNT, USER};
use crate::api::{ApiObject, Page, Project, SETTLING, ServiceAccount};
use crate::connect::{TemporalCloud, contradiction, incomplete};

/// The possible answers for the list of a feature (projects, custom roles) in an account that lacks it. *Unknown*:
/// which of them. A 403 counts, since only Account Owners and Global Admins get this far, and they may list both. If it
/// is a missing right after all, the blind spot reports it, and `check` fails if something on the list is in use.
pub(crate) const NO_FEATURE: &[u16] = &[403, 404, 501];
/// The wait before the second request for what seems to be absent.
const SECOND_LOOK: Duration = Duration::from_secs(2);
/// That request, in errors.
const SECOND_REQUEST: &str = "checking a second time what seems to be absent";

impl TemporalCloud {
    /// An object in the form `A`; `None` if it is answered with 404 and is not on the list either. Fails if the two
    /// keep contradicting each other.
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
                Some(pause) => self.api.wait(pause, SECOND_REQUEST.to_owned()).await?,
                None => return Err(denied_but_listed::<T>(id)),
            }
        }
    }

    /// Fails unless a group or project whose members or service accounts are answered with 404 is deleted or being
    /// deleted. A gateway that has lost a route, and a lagging read of a new object, give the same answer. If the
    /// object itself is answered with 404 too, the list must not contain it either.
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

    /// The first object of the whole list that is `wanted`. Its absence is returned only at the list's real end: an
    /// invitation or the last admin's removal may depend on it.
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

    /// Whether the list contains an object that is not being deleted.
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
        // A list without required entries proves nothing.
        if T::KIND == caller.resource_type && !has_caller {
            return Err(caller_not_listed(identity));
        }
        match T::KIND {
            SERVICE_ACCOUNT => self.is_scoped(identity, id).await,
            _ => Ok(false),
        }
    }

    /// Whether a project has a service account of its own with this id. *Unknown*: whether the list of all service
    /// accounts contains those too.
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
                    // Boxed, since reading a list calls this.
                    Box::pin(self.must_be_gone::<Project>(identity, project)).await?;
                    Ok(end())
                }
                // The vendor does not have this list.
                Err(e) if page.is_empty() && is_one_of(&e, &[501]) => Ok(end()),
                Err(e) => Err(Error::from(e)),
            }
        };
        let wanted = |sa: &ServiceAccount| sa.id() == id && !sa.is_going();
        Ok(pages::find(&list, read, wanted).await?.is_some())
    }

    /// Repeats the request after a pause if the answer is one of `statuses`: something is absent only if the answer
    /// stays the same.
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

    /// When the second request is due for what seems to be absent now.
    pub(crate) fn second_look_at(&self) -> Timestamp {
        after(self.session.clock.now(), SECOND_LOOK)
    }

    /// Waits until a second request is due. A wait that is too long for this invocation is left to the next one.
    pub(crate) async fn wait_until(&self, retry_at: Timestamp) -> Result<(), HttpError> {
        let pause = between(self.session.clock.now(), retry_at);
        self.api.wait(pause, SECOND_REQUEST.to_owned()).await
    }

    /// Whether the account has projects at all. Requested once in an invocation.
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

/// Whether the API itself answered with one of these statuses: in JSON, unlike proxies and gateways.
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

/// The list is never empty: Account Owners can be neither created nor deleted through the API
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
