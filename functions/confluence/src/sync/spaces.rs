//! The steps that read spaces, and the roles and permissions on them.

use std::collections::BTreeSet;

use rollcall_connector::{Code, Error, ErrorType, Records, StepOutput, stale_cursor};
use rollcall_model::{ResourceId, name_or_id};

use super::check::{NOT_SELECTED, PERSONAL, SPACES};
use super::{Step, StepResult, listed};
use crate::access::{self, AccessMode, RowMeaning, SPACE};
use crate::api::{self, Failure, ListPosition};
use crate::connect::Confluence;

impl Confluence {
    pub(super) async fn mode_and_spaces(&self) -> StepResult {
        let (mode, warning) = self.mode().await?.clone();
        let mut out = StepOutput::default();
        out.warnings.extend(warning);
        if mode.has_roles() {
            out.spawn.push(Step::Roles);
        }
        let at = ListPosition::default();
        out.spawn.push(Step::Spaces { mode, at });
        Ok(out)
    }

    pub(super) async fn site_roles(&self) -> StepResult {
        let mut out = StepOutput::default();
        for role in self.roles().await? {
            out.unreadable(format_args!("role {}", role.id), role.unreadable());
            out.records.resources.push(access::role(role));
        }
        Ok(out)
    }

    pub(super) async fn spaces(&self, mode: AccessMode, at: &ListPosition) -> StepResult {
        let answer = self.api.page_and_base(&api::spaces(), at).await;
        let (page, base) = listed(at, answer)?;
        let mut out = StepOutput::with_next(page.next.map(|at| Step::Spaces { mode, at }));
        for space in &page.items {
            out.tally(SPACES, 1);
            if self.skips(space) {
                out.tally(PERSONAL, 1);
                continue;
            }
            out.unreadable(format_args!("space {}", space.id), space.unreadable());
            let records = access::space(space, &base, &self.selection, mode);
            out.records.extend(records);
            out.spawn.push(match mode.has_roles() {
                true => Step::Assignments {
                    space: space.id.clone(),
                    name: name_or_id(&space.name, &space.key).to_owned(),
                    mode,
                },
                false => rows_of(&space.id, mode, Vec::new()),
            });
        }
        Ok(out)
    }

    pub(super) async fn assignments(
        &self,
        space: &str,
        name: &str,
        mode: AccessMode,
    ) -> StepResult {
        let mut out = StepOutput::default();
        let all = match self.api.whole(&api::assignments_on(space)).await {
            Ok(all) => all,
            Err(e) if e.is_own_404() && self.has_no_assignments(space).await? => {
                out.blind_spot(format!(
                    "The site does not report its mode and answers 404 for the roles on space {space}: if it has some, they are visible only through the permissions that they give."
                ));
                Vec::new()
            }
            Err(e) if e.is_absent() => return self.deleted_space(space, e).await,
            Err(e) => return Err(e.into()),
        };
        let roles = self.roles().await?;
        let mut by_role = BTreeSet::new();
        for assignment in &all {
            warn_of_kind(&mut out, &assignment.principal.principal_type);
            let id = &assignment.role_id;
            if !roles.iter().any(|role| role.id == *id) {
                out.warn(
                    Code::DanglingReference,
                    format!("the role {id} is held on space {space} but is not among the site's roles: what it allows is not known"),
                );
            }
            let records = access::assignment(space, name, assignment, roles);
            out.records.extend(records);
            by_role.insert(access::assignee(assignment).to_string());
        }
        let by_role = by_role.into_iter().collect();
        out.spawn.push(rows_of(space, mode, by_role));
        Ok(out)
    }

    pub(super) async fn permissions(
        &self,
        space: &str,
        mode: AccessMode,
        by_role: &[String],
        at: &ListPosition,
    ) -> StepResult {
        let page = match self.api.page(&api::permissions_on(space), at).await {
            Err(e) if e.is_absent() && at.is_first() => return self.deleted_space(space, e).await,
            // The cursor may be what is not found: the list is read again, and its first page shows which.
            Err(e) if e.is_absent() => return Err(stale_cursor(e)),
            page => listed(at, page)?,
        };
        let is_whole = at.is_first() && page.next.is_none();
        let mut out = StepOutput::with_next(page.next.map(|at| Step::Permissions {
            space: space.to_owned(),
            mode,
            by_role: by_role.to_vec(),
            at,
        }));
        // Every space has an administrator, and a grant that lets us view it.
        if is_whole && page.items.is_empty() && by_role.is_empty() {
            out.blind_spot(format!(
                "Space {space} is listed, but nobody is shown to have access to it."
            ));
        }
        for row in &page.items {
            let holder = access::holder_of(row).to_string();
            let by_role = by_role.binary_search(&holder).is_ok();
            match access::row(space, row, &self.selection, mode, by_role) {
                RowMeaning::Shown(records) => {
                    warn_of_kind(&mut out, &row.principal.kind);
                    out.records.extend(records);
                }
                RowMeaning::NotSelected => out.tally(NOT_SELECTED, 1),
                RowMeaning::Unnamed => out.warn(
                    Code::UnknownPermission,
                    format!(
                        "row {} of space {space} does not say what {holder} may do and is left out",
                        row.id
                    ),
                ),
            }
        }
        Ok(out)
    }

    /// A list of a listed space is not found. One answer is not proof, so the space itself is looked up: if that is not
    /// found either, it was deleted or hidden from us since it was listed.
    async fn deleted_space(&self, space: &str, cause: Failure) -> StepResult {
        match self.api.space(space).await {
            Err(e) if e.is_absent() => {}
            Err(e) => return Err(e.into()),
            Ok(_) => {
                return Err(Error::new(
                    ErrorType::Unavailable,
                    Code::ContradictoryAnswers,
                    format!(
                        "Confluence shows the space {space} but answers 404 for who has access to it"
                    ),
                    "Run again; if it persists, report it to the vendor.",
                )
                .with_source(cause));
            }
        }
        let mut out = StepOutput::from(Records::deleted_during_sync(ResourceId::new(SPACE, space)));
        out.warn(Code::DeletedDuringSync, format!("space {space} was deleted during the sync"));
        Ok(out)
    }
}

fn rows_of(space: &str, mode: AccessMode, by_role: Vec<String>) -> Step {
    Step::Permissions { space: space.to_owned(), mode, by_role, at: ListPosition::default() }
}

fn warn_of_kind(out: &mut StepOutput<Step>, kind: &str) {
    if !access::is_known_kind(kind) {
        out.warn(
            Code::UnknownValue,
            format!("access is held by principals of the kind `{kind}`, which Rollcall does not know: they are shown as access classes"),
        );
    }
}
