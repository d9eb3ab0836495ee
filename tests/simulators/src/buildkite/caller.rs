//! Who calls, and what they see.

use super::{
    Inner,
    meter::Payer,
    options::{Options, SsoMode},
    refusal::{Api, Refusal},
    tokens::Token,
    world::{Organization, Team, World},
};
use crate::server::Call;

/// The token a request came with.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) token: Token,
}

/// What was sent as a bearer token.
fn bearer(call: &Call) -> Option<&str> {
    let (scheme, secret) = call.header("authorization")?.split_once(' ')?;
    let secret = secret.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !secret.is_empty()).then_some(secret)
}

impl Caller {
    /// Checks the token.
    pub(crate) fn identify(inner: &Inner, call: &Call, api: Api) -> Result<Self, Refusal> {
        let sent = bearer(call).ok_or_else(|| Refusal::unauthenticated(api).wrong())?;
        let revoked = inner.options.revoke_after;
        let revoked = revoked.is_some_and(|after| inner.answered > after);
        let now = inner.time.date();
        let mut tokens = inner.world.tokens.iter();
        let token = tokens
            .find(|token| token.secret == sent && !revoked)
            .filter(|token| token.expires_at.is_none_or(|end| end > now))
            .ok_or_else(|| Refusal::unauthenticated(api))?;
        Ok(Self {
            token: token.clone(),
        })
    }

    /// The id of the token's owner.
    pub(crate) fn user(&self) -> &str {
        &self.token.owner
    }

    /// Who pays for a call that may name an organization.
    pub(crate) fn payer(&self, named: Option<&str>) -> Payer {
        let mut granted = self.token.organizations.iter();
        let organization = granted
            .find(|&slug| Some(slug.as_str()) == named)
            .or_else(|| self.token.organizations.first());
        Payer {
            organization: organization.cloned().unwrap_or_default(),
            user: self.token.owner.clone(),
        }
    }

    /// Refuses a token that lacks a scope.
    pub(crate) fn scope(&self, scope: &str) -> Result<(), Refusal> {
        if self.token.scopes.contains(scope) {
            Ok(())
        } else {
            Err(Refusal::scope(scope))
        }
    }

    /// Whether the token is good for an organization. Who leaves it has no access any more.
    pub(crate) fn reaches(&self, org: &Organization) -> bool {
        self.token.organizations.contains(&org.slug) && org.member(self.user()).is_some()
    }

    /// The organization, if there is one that the token is good for. *Unknown*: whether letters may be of another case.
    /// Taken: they may not.
    pub(crate) fn organization<'w>(
        &self,
        world: &'w World,
        slug: &str,
    ) -> Option<&'w Organization> {
        let found = world.organizations.get(slug);
        found.filter(|org| self.reaches(org))
    }

    /// Whether they may view teams, and with them members.
    pub(crate) fn may_view_teams(&self, org: &Organization, options: &Options) -> bool {
        options.members_may_view_teams || org.is_admin(self.user())
    }

    /// Admins see every team, others the visible ones and their own.
    pub(crate) fn sees(&self, org: &Organization, team: &Team) -> bool {
        team.privacy == "visible" || org.is_admin(self.user()) || team.member(self.user()).is_some()
    }

    /// Whether they see how somebody signs in.
    pub(crate) fn sees_sso_mode(&self, org: &Organization, of: &str, options: &Options) -> bool {
        match options.sso_mode {
            SsoMode::AdminsAndOwn => org.is_admin(self.user()) || of == self.user(),
            SsoMode::Everybody => true,
            SsoMode::Nobody => false,
        }
    }
}
