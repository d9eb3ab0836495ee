//! Lookups: what grants name and no list showed.

use rollcall_connector::http::error::Error as HttpError;
use rollcall_connector::{Error, Records, StepOutput};
use rollcall_model::ResourceId;

use super::{FOUND, Step, StepResult, VANISHED, show};
use crate::absence::{NO_FEATURE, is_one_of};
use crate::access::{self, NAMESPACE, PROJECT};
use crate::api::{ApiObject, CustomRole, Namespace, Project, User};
use crate::connect::TemporalCloud;

impl TemporalCloud {
    pub(super) async fn missing_user(&self, account: &str, id: &str) -> StepResult {
        let mut out = StepOutput::default();
        match self.api.get::<User>(id).await {
            Ok(user) => show(&mut out, &user, access::user(account, &user)),
            // No such user: the engine keeps a stub in its place.
            Err(e) if e.is_not_found() => {}
            Err(e) => return Err(e.into()),
        }
        Ok(out)
    }

    pub(super) async fn missing_custom_role(&self, id: &str) -> StepResult {
        let role = self.api.get::<CustomRole>(id).await;
        shown_or_vanished(id, role, access::custom_role)
    }

    pub(super) async fn missing_project(&self, account: &str, id: &str) -> StepResult {
        let project = self.api.get::<Project>(id).await;
        let is_found = project.is_ok().into();
        let mut out = shown_or_vanished(id, project, |p| access::project(account, p))?;
        out.tally(&format!("{FOUND} {PROJECT}"), is_found);
        Ok(out)
    }

    /// A namespace that was created after the list was read, or left out of it.
    pub(super) async fn missing_namespace(&self, account: &str, id: &str) -> StepResult {
        let namespace = match self.api.get::<Namespace>(id).await {
            Ok(namespace) => namespace,
            Err(e) if e.is_not_found() => {
                return Ok(Records::not_found(ResourceId::new(NAMESPACE, id)).into());
            }
            Err(e) => return Err(e.into()),
        };
        let mut out = StepOutput::default();
        let in_project =
            !namespace.is_going() && self.project_around(account, &namespace, &mut out).await?;
        let records = access::namespace(account, &namespace, in_project);
        show(&mut out, &namespace, records);
        Ok(out)
    }

    /// Whether the project of a namespace counts. This step does not know the result of the list of projects, so it
    /// requests the project itself. A single refusal does not mean that the account has none.
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
                Ok(!project.is_going())
            }
            Err(e) if is_one_of(&e, NO_FEATURE) => self.has_projects().await,
            Err(e) => Err(e.into()),
        }
    }
}

/// Something that a principal has but that no list showed.
fn shown_or_vanished<T: ApiObject>(
    id: &str,
    answer: Result<T, HttpError>,
    records: impl Fn(&T) -> Records,
) -> StepResult {
    let mut out = StepOutput::default();
    match answer {
        Ok(object) => show(&mut out, &object, records(&object)),
        Err(e) if e.is_not_found() => {
            out.records = Records::not_found(ResourceId::new(T::KIND, id));
            out.tally(&format!("{VANISHED} {}", T::KIND), 1);
        }
        Err(e) => return Err(e.into()),
    }
    Ok(out)
}
