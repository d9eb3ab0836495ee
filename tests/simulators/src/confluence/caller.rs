//! Who calls, and what they may see and do.

use std::collections::BTreeSet;

use super::{
    options::{GatewayRefusal, Options},
    refusal::{Family, Refusal},
    tokens::{Token, TokenKind},
    world::{Principal, Space, World, class_name},
};
use crate::{base64, server::Call};

/// The owner of the token a request came with.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) account_id: String,
    pub(crate) site_admin: bool,
    guest: bool,
    groups: BTreeSet<String>,
    /// `None` for a token that is good for everything.
    pub(crate) scopes: Option<BTreeSet<String>>,
}

/// What a request says of itself.
enum Credentials {
    None,
    Basic { email: String, secret: String },
    Bearer { secret: String },
    Other,
}

fn credentials(call: &Call) -> Credentials {
    let Some(header) = call.header("authorization") else {
        return Credentials::None;
    };
    let Some((scheme, rest)) = header.split_once(' ') else {
        return Credentials::Other;
    };
    if scheme.eq_ignore_ascii_case("bearer") {
        return Credentials::Bearer {
            secret: rest.to_owned(),
        };
    }
    let decoded = base64::decode(rest).and_then(|bytes| String::from_utf8(bytes).ok());
    match decoded.as_deref().and_then(|text| text.split_once(':')) {
        Some((email, secret)) if scheme.eq_ignore_ascii_case("basic") => Credentials::Basic {
            email: email.to_owned(),
            secret: secret.to_owned(),
        },
        _ => Credentials::Other,
    }
}

impl Caller {
    /// Checks the credentials: bad, revoked and absent ones are all the same to the client.
    pub(crate) fn identify(
        call: &Call,
        world: &World,
        options: &Options,
        gateway: bool,
    ) -> Result<Self, Refusal> {
        let bad = || {
            if gateway && options.gateway_bad_credentials == GatewayRefusal::Unauthorized {
                Refusal::gateway_unauthorized()
            } else {
                Refusal::bad_credentials(Family::of(call), &call.path)
            }
        };
        let token = match credentials(call) {
            Credentials::None | Credentials::Other => return Err(bad().wrong()),
            Credentials::Basic { email, secret } => world.tokens.iter().find(|token| {
                token.secret == secret
                    && token.kind != TokenKind::Service
                    && owner_has_email(world, token, &email)
            }),
            Credentials::Bearer { secret } => world
                .tokens
                .iter()
                .find(|token| token.secret == secret && token.kind == TokenKind::Service),
        };
        let token = token.filter(|token| !token.revoked).ok_or_else(bad)?;
        let owner = world.users.get(&token.owner);
        let owner = owner
            .filter(|owner| owner.status == "active" && owner.licensed)
            .ok_or_else(bad)?;
        if token.kind != TokenKind::Classic && !gateway {
            return Err(Refusal::gateway_token_on_site());
        }
        Ok(Self {
            account_id: owner.account_id.clone(),
            site_admin: world.is_site_admin(&owner.account_id),
            guest: owner.guest,
            groups: world
                .groups
                .values()
                .filter(|group| group.members.contains(&owner.account_id))
                .map(|group| group.id.clone())
                .collect(),
            scopes: (token.kind != TokenKind::Classic).then(|| token.scopes.clone()),
        })
    }

    /// Whether what the principal has, the caller has.
    fn is(&self, principal: &Principal) -> bool {
        match principal.kind.as_str() {
            "user" => principal.id == self.account_id,
            "group" => self.groups.contains(&principal.id),
            "anonymous" => true,
            "access-class" => match class_name(&principal.id).as_str() {
                "all-licensed-users" => !self.guest,
                "all-product-admins" => self.site_admin,
                "anonymous-users" | "authenticated-users" => true,
                _ => false,
            },
            _ => false,
        }
    }

    /// Whether the caller can view the space.
    pub(crate) fn views(&self, world: &World, space: &Space) -> bool {
        world
            .holders(space, "read", "space")
            .any(|principal| self.is(principal))
    }

    /// Whether the caller administers the space.
    pub(crate) fn administers(&self, world: &World, space: &Space) -> bool {
        world
            .holders(space, "administer", "space")
            .any(|principal| self.is(principal))
    }
}

fn owner_has_email(world: &World, token: &Token, email: &str) -> bool {
    world
        .users
        .get(&token.owner)
        .is_some_and(|owner| owner.email.eq_ignore_ascii_case(email))
}
