//! Users: all of them, some by name, and what is done to them besides writing them.

use serde_json::{Value, json};

use super::{
    named::split,
    refusal::Refusal,
    routes::{Context, Good, Reply},
};
use crate::elastic::options::count_down;

/// The values of `refresh`.
pub(crate) const REFRESH: [&str; 3] = ["true", "false", "wait_for"];

/// `GET /_security/user`: native and reserved users, on one page whatever their number.
pub(crate) fn list(context: &mut Context<'_>) -> Reply {
    context.read(None)
}

/// `GET /_security/user/{names}`
pub(crate) fn by_name(context: &mut Context<'_>, names: &str) -> Reply {
    context.read(Some(&split(names)))
}

impl Context<'_> {
    /// Reads users, after which somebody else may change them.
    fn read(&mut self, wanted: Option<&[String]>) -> Reply {
        // Nobody here has a profile, so that it changes nothing.
        self.one_of("with_profile_uid", &["true", "false"])?;
        self.no_body()?;
        if wanted.is_some() && count_down(&mut self.inner.options.hiccups) {
            return Err(Refusal::nothing());
        }
        let users = &self.cluster()?.users;
        let found: Vec<(String, Value)> = users
            .iter()
            .filter(|(name, _)| wanted.is_none_or(|wanted| wanted.contains(name)))
            .map(|(name, user)| (name.clone(), user.document(name)))
            .collect();
        let mut read: Vec<String> = found.iter().map(|(name, _)| name.clone()).collect();
        read.extend(wanted.unwrap_or_default().iter().cloned());
        if let Some(mut race) = self.inner.options.race.take() {
            race.run(self.cluster()?, &read);
            self.inner.options.race = Some(race);
        }
        if wanted.is_some() && found.is_empty() {
            return Err(Refusal::nothing());
        }
        Ok(Good::Keyed(found))
    }
}

/// `PUT /_security/user/{name}/_enable` and `_disable`, which work for reserved users too. *Unknown*: the answer to one
/// who is not there. Taken: the kind of error that a write without a password gets.
pub(crate) fn set_enabled(context: &mut Context<'_>, name: &str, enabled: bool) -> Reply {
    context.one_of("refresh", &REFRESH)?;
    context.no_body()?;
    let user = context.cluster()?.users.get_mut(name);
    let user = user.ok_or_else(|| {
        let done = if enabled { "enabled" } else { "disabled" };
        let errors = [format!("only existing users can be {done}")];
        Refusal::invalid("validation_exception", &errors)
    })?;
    user.enabled = enabled;
    Ok(Good::Body(json!({})))
}

/// `DELETE /_security/user/{name}`. *Unknown*: the answer for a reserved user. Taken: 400.
pub(crate) fn delete(context: &mut Context<'_>, name: &str) -> Reply {
    context.one_of("refresh", &REFRESH)?;
    context.no_body()?;
    let users = &mut context.cluster()?.users;
    match users.get(name) {
        Some(user) if user.is_reserved() => Err(Refusal::illegal(format!(
            "user [{name}] is reserved and cannot be deleted"
        ))),
        Some(_) => {
            users.remove(name);
            Ok(Good::Body(json!({"found": true})))
        }
        None => Err(Refusal::bare(404, json!({"found": false}))),
    }
}
