//! Who calls, and what they may read.

use jiff::Timestamp;

use super::{
    options::{Denial, Options},
    refusal::Refusal,
    tokens::{Entity, Permission, Token},
    world::World,
};
use crate::server::Call;

/// What a request came with, if it is a token.
fn bearer(call: &Call) -> Option<&str> {
    let (scheme, token) = call.header("authorization")?.split_once(' ')?;
    let whole = !token.is_empty() && !token.contains(char::is_whitespace);
    (scheme.eq_ignore_ascii_case("bearer") && whole).then_some(token)
}

/// The token a request came with. Unknown, expired and revoked ones are all the same to the client.
pub(crate) fn identify(call: &Call, world: &World, now: Timestamp) -> Result<Token, Refusal> {
    let sent = bearer(call).ok_or_else(|| Refusal::unauthenticated().wrong())?;
    let token = world.tokens.iter().find(|token| token.value == sent);
    token
        .filter(|token| token.is_valid(now))
        .cloned()
        .ok_or_else(Refusal::unauthenticated)
}

/// Whether the token is good for what this permission is about.
pub(crate) fn allow(
    token: &Token,
    permission: Permission,
    options: &Options,
) -> Result<(), Refusal> {
    if token.entity != Entity::Organization {
        let message = "the token is not one of the organization";
        return Err(denied(options.team_token, message));
    }
    if token.permissions.contains(&permission) {
        return Ok(());
    }
    let message = format!("the token lacks {}", permission.label());
    Err(denied(options.no_permission, &message))
}

fn denied(how: Denial, message: &str) -> Refusal {
    match how {
        Denial::Forbidden => Refusal::new(403, message),
        Denial::Unauthorized => Refusal::unauthenticated(),
        Denial::NotFound => Refusal::not_found("this"),
    }
}
