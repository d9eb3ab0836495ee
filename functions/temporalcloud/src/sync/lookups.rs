//! Lookups: what grants name and no list showed.

use rollcall_connector::{Error, Records, StepOutput, http};
use rollcall_model::ResourceId;

use super::{FOUND, Step, VANISHED, take, unreadable};
use crate::TemporalCloud;
use crate::absence::{NO_FEATURE, is_one_of};
use crate::access::{self, CUSTOM_ROLE, NAMESPACE, PROJECT, USER};
use crate::api::Namespace;

impl TemporalCloud {
    pub(super) async fn missing_user(
        &self,
        account: &str,
        id: &str,
    ) -> Result<StepOutput<Step>, Error> {
        let mut out = StepOutput::default();
        match self.api.user(id).await {
            Ok(user) => {
                unreadable(&mut out, USER, id, user.unreadable());
                take(&mut out, access::user(account, &user));
            }
            // No such user: the engine keeps a stub in its place.
            Err(e) if e.is_not_found() => {}
            Err(e) => return Err(e.into()),
        }
        Ok(out)
    }

    pub(super) async fn missing_custom_role(&self, id: &str) -> Result<StepOutput<Step>, Error> {
        let role = self.api.custom_role(id).await;
        let fields = role.as_ref().map(|r| r.unreadable()).unwrap_or_default();
        let records = role.map(|role| access::custom_role(&role));
        let mut out = or_vanished(CUSTOM_ROLE, id, records)?;
        unreadable(&mut out, CUSTOM_ROLE, id, fields);
        Ok(out)
    }

    pub(super) async fn missing_project(
        &self,
        account: &str,
        id: &str,
    ) -> Result<StepOutput<Step>, Error> {
        let project = self.api.project(id).await;
        let is_there = project.is_ok();
        let fields = project.as_ref().map(|p| p.unreadable()).unwrap_or_default();
        let records = project.map(|project| access::project(account, &project));
        let mut out = or_vanished(PROJECT, id, records)?;
        unreadable(&mut out, PROJECT, id, fields);
        out.tally(&format!("{FOUND} {PROJECT}"), is_there.into());
        Ok(out)
    }

    /// A namespace that is new since the list, or was left out of it.
    pub(super) async fn missing_namespace(
        &self,
        account: &str,
        id: &str,
    ) -> Result<StepOutput<Step>, Error> {
        let namespace = match self.api.namespace(id).await {
            Ok(namespace) => namespace,
            Err(e) if e.is_not_found() => {
                return Ok(Records::not_found(ResourceId::new(NAMESPACE, id)).into());
            }
            Err(e) => return Err(e.into()),
        };
        let mut out = StepOutput::default();
        unreadable(&mut out, NAMESPACE, id, namespace.unreadable());
        let in_project = !namespace.state().is_going()
            && self.project_around(account, &namespace, &mut out).await?;
        out.records
            .extend(access::namespace(account, &namespace, in_project));
        Ok(out)
    }

    /// Whether the project that a namespace is in counts. This step does not know what became of the list of projects,
    /// so the project itself is asked for. That one alone is refused does not say that the account has none.
    async fn project_around(
        &self,
        account: &str,
        namespace: &Namespace,
        out: &mut StepOutput<Step>,
    ) -> Result<bool, Error> {
        if namespace.project_id.is_empty() {
            return Ok(false);
        }
        match self.api.project_at_once(&namespace.project_id).await {
            Ok(project) => {
                out.tally(&format!("{FOUND} {PROJECT}"), 1);
                out.records.extend(access::project(account, &project));
                Ok(!project.state().is_going())
            }
            Err(e) if is_one_of(&e, NO_FEATURE) => self.has_projects().await,
            Err(e) => Err(e.into()),
        }
    }
}

/// Something that a principal has, and that no list showed.
fn or_vanished(
    kind: &str,
    id: &str,
    answer: Result<Records, http::error::Error>,
) -> Result<StepOutput<Step>, Error> {
    match answer {
        Ok(records) => Ok(records.into()),
        Err(e) if e.is_not_found() => {
            let mut out = StepOutput::from(Records {
                not_found: vec![ResourceId::new(kind, id)],
                ..Records::default()
            });
            out.tally(&format!("{VANISHED} {kind}"), 1);
            Ok(out)
        }
        Err(e) => Err(e.into()),
    }
}
