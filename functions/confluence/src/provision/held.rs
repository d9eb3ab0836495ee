//! The access to a space, and the common rules of permissions and roles.

use rollcall_connector::{Code, Error, ErrorType};
use rollcall_model::ResourceId;

use super::AccessRequest;
use crate::access::{self, ADMINISTER, AccessMode, SPACE, is};
use crate::api::{Assignment, Permission, Space, assignments_on, permissions_on};

/// The access to a space, through permissions and roles.
pub(super) struct SpaceAccess {
    pub(super) mode: AccessMode,
    pub(super) rows: Vec<Permission>,
    pub(super) assignments: Vec<Assignment>,
}

impl SpaceAccess {
    /// Reads the rows of a space whose roles are known. Fails if they are empty.
    pub(super) async fn read(
        change: &AccessRequest<'_>,
        space: &str,
        (mode, assignments): (AccessMode, Vec<Assignment>),
    ) -> Result<Self, Error> {
        let rows = change.connector.api.whole(&permissions_on(space)).await?;
        // Every space has an administrator, and a grant that lets us view it.
        if rows.is_empty() && assignments.is_empty() {
            return Err(Error::new(
                ErrorType::Unavailable,
                Code::EmptyList,
                format!(
                    "Confluence shows nobody with access to the space {space}, although the token's account can view it"
                ),
                "Send the same event again; if it persists, check the space's permissions in Confluence.",
            ));
        }
        Ok(Self { mode, rows, assignments })
    }

    /// Refuses if the principal is the last visible administrator of the space: without one, only a site administrator
    /// can repair it. Effective access counts; if the vendor shows that of nobody, rows decide for principals whose
    /// role does not show what it includes.
    pub(super) async fn not_the_last_admin(&self, change: &AccessRequest<'_>) -> Result<(), Error> {
        let roles = match self.assignments.is_empty() {
            true => &[],
            false => change.connector.roles().await?,
        };
        let all = access::administrators(self.mode, &self.rows, &self.assignments, roles);
        let who = change.principal;
        let is_other = |other: &ResourceId| other != who;
        let is_shown = match all.get(who) {
            None | Some(Some(false)) => return Ok(()),
            Some(own) => own.is_some(),
        };
        let mut others = all.iter().filter(|(who, _)| is_other(who));
        if others.any(|(_, administers)| *administers == Some(true)) {
            return Ok(());
        }
        let administers = self.rows.iter().filter(|row| is(row, ADMINISTER));
        let by_row: Vec<ResourceId> =
            administers.map(access::holder_of).filter(|who| all.get(who) == Some(&None)).collect();
        match is_shown {
            false if by_row.is_empty() => Err(Error::refused(
                Code::AdministratorsNotShown,
                format!(
                    "Confluence shows neither what the role of {who} allows nor who else administers the space: this may be its last administrator"
                ),
                "Make the change in Confluence, where the space's settings show who administers it.",
            )),
            false if by_row.iter().any(is_other) => Ok(()),
            _ => Err(Error::refused(
                Code::LastAdmin,
                format!("{who} is the only administrator of the space"),
                "Make someone else an administrator of the space first.",
            )),
        }
    }
}

/// The site's mode, and the role assignments on a space.
pub(super) async fn by_role(
    change: &AccessRequest<'_>,
    space: &str,
) -> Result<(AccessMode, Vec<Assignment>), Error> {
    let mode = change.connector.mode().await?.0;
    let assignments = match mode.has_roles() {
        true => change.connector.api.whole(&assignments_on(space)).await?,
        false => Vec::new(),
    };
    Ok((mode, assignments))
}

/// The role that the principal has.
pub(super) fn role_of<'a>(
    assignments: &'a [Assignment],
    change: &AccessRequest<'_>,
) -> Option<&'a Assignment> {
    let mut all = assignments.iter();
    all.find(|held| access::assignee(held) == *change.principal)
}

/// The rows of the principal.
pub(super) fn rows_of(rows: &[Permission], change: &AccessRequest<'_>) -> Vec<Permission> {
    let is_own = |row: &&Permission| access::holder_of(row) == *change.principal;
    rows.iter().filter(is_own).cloned().collect()
}

/// The space. The vendor has the same answer for a space that does not exist and one that the token's account cannot
/// view, where access still exists.
pub(super) async fn required(change: &AccessRequest<'_>, id: &str) -> Result<Space, Error> {
    let space = ResourceId::new(SPACE, id);
    change.connector.api.space(id).await.map_err(|e| match e.is_absent() {
        false => e.into(),
        true => Error::new(
            ErrorType::NotFound,
            Code::UnknownEntitlement,
            format!("{space} does not exist, or the token's account cannot view it"),
            "Use a space id from the newest snapshot, and make sure that the account can view the space. If the space was deleted, so was all access to it.",
        )
        .with_source(e),
    })
}

/// Objects that are not shown are not changed.
pub(super) fn not_skipped(change: &AccessRequest<'_>, space: &Space) -> Result<(), Error> {
    if !change.connector.skips(space) {
        return Ok(());
    }
    let key = &space.key;
    Err(Error::refused(
        Code::ExcludedByConfiguration,
        format!("`{key}` is a personal space, which the configuration excludes"),
        "Set `skip-personal-spaces` to false to manage personal spaces.",
    ))
}
