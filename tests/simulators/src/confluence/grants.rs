//! Granting and taking permissions, by the key of the space.

use serde_json::json;

use super::{
    head,
    options::GrantToRoleHolder,
    pairs,
    refusal::Refusal,
    routes::{Context, Good, Reply},
    world::{Permission, Principal, RoleMode, Space},
};

/// What a site says to these calls once there are only roles.
const ROLES_ONLY: &str = "InvalidRbacOperationException: Space permission updates that are not from RBAC are not supported in roles-only mode";

/// What is said when nobody would be left to administer a space.
const LAST_ADMIN: &str = "all admin permissions cannot be removed";

/// `POST /wiki/rest/api/space/{spaceKey}/permission`
pub(crate) fn grant(context: &mut Context<'_>, key: &str) -> Reply {
    context.query(&[])?;
    let body = head::json(context.call)?;
    let body = head::object(&body, "the body", &["subject", "operation"])?;
    let part = |name: &str, fields: &[&str]| {
        let value = body
            .get(name)
            .ok_or_else(|| Refusal::violation(format!("the body has no {name}")))?;
        let object = head::object(value, name, fields)?;
        let texts = fields.iter().map(|field| head::text(object, name, field));
        let texts: Result<Vec<&str>, Refusal> = texts.collect();
        texts.map(|texts| texts.into_iter().map(str::to_owned).collect::<Vec<_>>())
    };
    let [kind, identifier] = &part("subject", &["type", "identifier"])?[..] else {
        return Err(Refusal::violation("subject is not as documented"));
    };
    let [verb, noun] = &part("operation", &["key", "target"])?[..] else {
        return Err(Refusal::violation("operation is not as documented"));
    };
    context.permissions_can_be_written()?;
    let space = context.administered(key)?.id;
    context.pair_can_be_granted(verb, noun)?;
    let principal = context.subject(kind, identifier)?;
    context.guest_can_hold(space, &principal, verb)?;
    context.role_allows(space, &principal, &format!("{verb}/{noun}"))?;
    let id = context.add(space, &principal, verb, noun)?;
    Ok(Good::ok(json!({
        "id": id, "subject": {"type": kind, "identifier": identifier},
        "operation": {"key": verb, "target": noun}, "_links": {},
    })))
}

/// `DELETE /wiki/rest/api/space/{spaceKey}/permission/{id}`
pub(crate) fn revoke(context: &mut Context<'_>, key: &str, id: &str) -> Reply {
    context.query(&[])?;
    let id: u64 = id
        .parse()
        .map_err(|_| Refusal::violation(format!("{id:?} is not the id of a permission")))?;
    context.permissions_can_be_written()?;
    let space = context.administered(key)?;
    let world = &context.inner.world;
    let Some(row) = space.permissions.iter().find(|row| row.id == id).cloned() else {
        let reason = format!("No permission found with id : {id}");
        let status = match world.rows_of_roles(space).iter().any(|row| row.id == id) {
            true => context.inner.options.delete_row_of_role,
            false => 404,
        };
        return Err(Refusal::new(status, reason));
    };
    let reads = row.pair() == "read/space";
    let mode = world.mode;
    let companion = pairs::companion(mode, &row.verb, &row.noun);
    let goes = |other: &Permission| {
        let same = other.principal.plain() == row.principal.plain();
        let companion = companion.is_some_and(|(verb, noun)| other.is(&row.principal, verb, noun));
        other.id == row.id || (same && reads) || companion
    };
    let administers = |row: &Permission| row.pair() == "administer/space";
    let mut lost = space.permissions.iter().filter(|row| goes(row));
    if lost.any(administers) {
        let left = space
            .permissions
            .iter()
            .any(|row| administers(row) && !goes(row));
        let by_role = world.rows_of_roles(space).iter().any(administers);
        if !left && !by_role {
            return Err(Refusal::invalid(LAST_ADMIN));
        }
    }
    let space = space.id;
    if let Some(space) = context.inner.world.spaces.get_mut(&space) {
        space.permissions.retain(|row| !goes(row));
    }
    Ok(Good::nothing())
}

impl Context<'_> {
    fn permissions_can_be_written(&self) -> Result<(), Refusal> {
        if self.inner.world.mode == RoleMode::Roles {
            return Err(Refusal::invalid(ROLES_ONLY));
        }
        Ok(())
    }

    /// The space with that key, if the caller administers it. *Unknown*: a key in other letters. Taken: not found.
    fn administered(&self, key: &str) -> Result<&Space, Refusal> {
        let world = &self.inner.world;
        let space = world.space_by_key(key);
        let space = space
            .filter(|space| self.caller.views(world, space))
            .ok_or_else(|| Refusal::not_found(format!("No space found with key : {key}")))?;
        if !self.caller.administers(world, space) {
            return Err(Refusal::denied(
                "only administrators of the space may do this",
            ));
        }
        Ok(space)
    }

    /// *Unknown*: the status for a pair that does not exist. Taken: 400.
    fn pair_can_be_granted(&self, verb: &str, noun: &str) -> Result<(), Refusal> {
        let refusal = Refusal::invalid(format!("{verb} {noun} is not a space permission"));
        if pairs::writable(self.inner.world.mode, verb, noun) {
            Ok(())
        } else if pairs::known(verb, noun) {
            Err(refusal)
        } else {
            Err(refusal.wrong())
        }
    }

    /// Whom the body names. *Unknown*: a user nobody has heard of. Taken: 400, as for groups.
    fn subject(&mut self, kind: &str, identifier: &str) -> Result<Principal, Refusal> {
        let world = &self.inner.world;
        match kind {
            "user" if identifier == "anonymous" => Ok(Principal::new("anonymous", identifier)),
            "user" if world.users.contains_key(identifier) => Ok(Principal::new(kind, identifier)),
            "group" if world.groups.contains_key(identifier) => {
                Ok(Principal::new(kind, identifier))
            }
            "group" => {
                let named = world.groups.values().find(|group| group.name == identifier);
                let named = named.map(|group| Principal::new(kind, &group.id));
                if named.is_some() {
                    self.notes
                        .push(format!("group {identifier} is given by its name"));
                }
                named.ok_or_else(|| Refusal::invalid(format!("No group found : {identifier}")))
            }
            "user" => Err(Refusal::invalid(format!("No user found : {identifier}"))),
            _ => Err(Refusal::violation(format!(
                "subject.type must not be {kind:?}"
            ))),
        }
    }

    /// Guests are in one space, and cannot run it. *Unknown*: the answer to giving them more. Taken: 400.
    fn guest_can_hold(&self, space: u64, who: &Principal, verb: &str) -> Result<(), Refusal> {
        let world = &self.inner.world;
        let guest = who.kind == "user" && world.users.get(&who.id).is_some_and(|user| user.guest);
        let elsewhere = world.spaces.values().any(|other| {
            other.id != space && other.permissions.iter().any(|row| row.principal == *who)
        });
        if guest && !pairs::for_guests(verb) {
            return Err(Refusal::invalid(format!("guests cannot {verb} a space")));
        }
        if guest && elsewhere {
            return Err(Refusal::invalid("guests can be in one space only"));
        }
        Ok(())
    }

    /// Who has a role has no permissions of their own; before there are only roles one can turn into the other.
    fn role_allows(&mut self, space: u64, who: &Principal, pair: &str) -> Result<(), Refusal> {
        let world = &mut self.inner.world;
        let found = world.spaces.get(&space);
        let found = found.filter(|space| {
            world.mode == RoleMode::Transition && space.roles.contains_key(&who.plain())
        });
        let Some(found) = found else { return Ok(()) };
        if self.inner.options.grant_to_role_holder == GrantToRoleHolder::Refused {
            return Err(Refusal::invalid("the principal has a role in the space"));
        }
        let rows = world.rows_of_roles(found).into_iter();
        let rows: Vec<Permission> = rows
            .filter(|row| row.principal.plain() == who.plain())
            .collect();
        if rows.iter().any(|row| row.pair() == pair) {
            return Err(Refusal::invalid("Permission already exists"));
        }
        for row in rows {
            world.grant(space, &row.principal.kind, &row.principal.id, &row.pair());
        }
        if let Some(space) = world.spaces.get_mut(&space) {
            space.roles.remove(&who.plain());
        }
        Ok(())
    }

    /// Adds the row and what comes along with it.
    fn add(&mut self, space: u64, who: &Principal, verb: &str, noun: &str) -> Result<u64, Refusal> {
        let world = &mut self.inner.world;
        let id = world.next_permission;
        let Some(space) = world.spaces.get_mut(&space) else {
            return Err(Refusal::not_found("the space is gone"));
        };
        if space.has(who, verb, noun) {
            return Err(Refusal::invalid("Permission already exists"));
        }
        if (verb, noun) != ("read", "space") && !space.has(who, "read", "space") {
            return Err(Refusal::invalid(
                "The subject must have read permission on the space before other permissions can be added",
            ));
        }
        world.next_permission += 2;
        space.push(id, who, verb, noun);
        if let Some((verb, noun)) = pairs::companion(world.mode, verb, noun)
            && !space.has(who, verb, noun)
        {
            space.push(id + 1, who, verb, noun);
        }
        Ok(id)
    }
}
