//! Who calls the Cloud API, and what they see.

use serde_json::{Map, Value};

use super::refusal::Refusal;
use crate::{
    elastic::{
        keys::Scope,
        world::{Organization, World},
    },
    server::Call,
};

/// The key a request came with.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    organizations: Vec<String>,
    pub(crate) scope: Scope,
    /// Headers with which the key is mentioned.
    pub(crate) headers: Vec<(String, String)>,
}

/// The key, if that is what a request came with.
pub(crate) fn api_key(call: &Call) -> Option<&str> {
    let (scheme, key) = call.header("authorization")?.split_once(' ')?;
    let key = key.trim();
    (scheme.eq_ignore_ascii_case("apikey") && !key.is_empty()).then_some(key)
}

impl Caller {
    /// Checks the key. A deployment's key has no business here.
    pub(crate) fn identify(call: &Call, world: &World) -> Result<Self, Refusal> {
        let sent = api_key(call).ok_or_else(|| Refusal::unauthenticated().wrong())?;
        let keys = world.deployments.values().flat_map(|cluster| &cluster.keys);
        if keys.into_iter().any(|key| key.encoded == sent) {
            let message = "the key of a deployment was sent to the Cloud API";
            return Err(Refusal::new(401, "root.unauthenticated", message).wrong());
        }
        let mut keys = world.cloud_keys.iter();
        let key = keys
            .find(|key| key.secret == sent && !key.is_expired())
            .ok_or_else(Refusal::unauthenticated)?;
        // *Unknown*: how the date is written. Taken: as all dates of this API.
        let expires = key.expires.map(|end| {
            (
                "x-elastic-api-key-expiration".to_owned(),
                end.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            )
        });
        Ok(Self {
            organizations: key.organizations.clone(),
            scope: key.scope.clone(),
            headers: expires.into_iter().collect(),
        })
    }

    /// Whether the key is one of this organization.
    pub(crate) fn reaches(&self, organization: &str) -> bool {
        self.organizations.iter().any(|id| id == organization)
    }

    /// The organization, if there is one the key reaches. *Unknown*: whether the lists tell the two apart, as the call for
    /// the organization itself does. Taken: they do not, because only 404 is documented for them.
    pub(crate) fn organization<'w>(
        &self,
        world: &'w World,
        id: &str,
    ) -> Result<&'w Organization, Refusal> {
        world
            .organizations
            .get(id)
            .filter(|_| self.reaches(id))
            .ok_or_else(|| Refusal::no_organization(id))
    }

    /// Whether the key sees a deployment of an organization it reaches.
    pub(crate) fn sees_deployment(&self, id: &str) -> bool {
        match &self.scope {
            Scope::Owner => true,
            Scope::Deployments(ids) => ids.contains(id),
        }
    }

    /// What the key sees of somebody's assignments. *Unknown*: whether a key that sees single deployments sees what is
    /// assigned on all of them. Taken: it does not.
    pub(crate) fn visible(&self, assignments: &Map<String, Value>) -> Map<String, Value> {
        let Scope::Deployments(ids) = &self.scope else {
            return assignments.clone();
        };
        let entries = assignments.get("deployment").and_then(Value::as_array);
        let entries = entries.map(Vec::as_slice).unwrap_or_default().iter();
        let seen: Vec<Value> = entries
            .filter_map(|entry| {
                let on = entry["deployment_ids"].as_array()?.iter();
                let on: Vec<&Value> = on
                    .filter(|id| id.as_str().is_some_and(|id| ids.contains(id)))
                    .collect();
                let mut entry = entry.clone();
                entry["deployment_ids"] = Value::from_iter(on.iter().copied().cloned());
                (!on.is_empty()).then_some(entry)
            })
            .collect();
        let mut visible = Map::new();
        if !seen.is_empty() {
            visible.insert("deployment".to_owned(), Value::Array(seen));
        }
        visible
    }
}
