//! The steps that read the members of the organization.

use rollcall_connector::http::lenient::Lenient;
use rollcall_connector::{Error, StepOutput};

use super::check::{
    MEMBERS, OWNER_ADMIN, OWNER_LISTED, OWNER_MEMBER, OWNER_WITHOUT_ROLE, SSO_OF_OTHERS,
    UNKNOWN_ORGANIZATION_ROLES,
};
use super::{Step, StepResult, warn_of_moves};
use crate::access::{self, ADMIN, MEMBER};
use crate::api::{Member, PagePosition};
use crate::connect::Buildkite;

impl Buildkite {
    pub(super) async fn members(&self, at: &PagePosition) -> StepResult {
        let organization = self.organization().await?;
        let page = self.api.members(&organization.slug, at).await?;
        let mut out = StepOutput::default();
        warn_of_moves(&mut out, &page, "members of the organization");
        out.next = page.next.map(|at| Step::Members { at });
        let token = self.token().await?;
        for member in &page.rows {
            out.tally(MEMBERS, 1);
            if is_same(token.owner_email(), &member.email)
                || is_same(token.owner_name(), &member.name)
            {
                out.tally(OWNER_LISTED, 1);
            }
            self.add_member(&mut out, member).await?;
        }
        Ok(out)
    }

    /// Adds a member of the organization, and counts what their row reveals about our token's rights.
    async fn add_member(&self, out: &mut StepOutput<Step>, member: &Member) -> Result<(), Error> {
        let organization = self.organization().await?;
        out.records.extend(access::member(organization, member));
        out.unreadable(format_args!("member {}", member.id), member.unreadable());
        let role = member.role.as_str();
        if !matches!(role, "" | ADMIN | MEMBER) {
            out.tally(UNKNOWN_ORGANIZATION_ROLES, 1);
        }
        if is_same(self.token().await?.owner_email(), &member.email) {
            let role = match role {
                "" => OWNER_WITHOUT_ROLE,
                ADMIN => OWNER_ADMIN,
                _ => OWNER_MEMBER,
            };
            out.tally(role, 1);
        } else if !member.sso_mode.text().is_empty() {
            out.tally(SSO_OF_OTHERS, 1);
        }
        Ok(())
    }

    /// A member of a team who was not listed.
    pub(super) async fn unlisted_member(&self, id: &str) -> StepResult {
        let organization = self.organization().await?;
        let mut out = StepOutput::default();
        match self.api.member(&organization.slug, id).await {
            Ok(member) => self.add_member(&mut out, &member).await?,
            // In a team but not in the organization: the team's data about them is kept.
            Err(e) if e.is_absent() => {}
            Err(e) => return Err(e.into()),
        }
        Ok(out)
    }
}

/// Whether somebody's name or address is that of our token's owner; not if the owner's is unknown.
fn is_same(owner: &str, theirs: &Lenient<String>) -> bool {
    !owner.is_empty() && theirs.text().eq_ignore_ascii_case(owner)
}
