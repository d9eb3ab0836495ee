//! What the engine alone is responsible for, by made-up vendors whose answers a test plans.

mod changes;
mod outages;
mod planned;
mod runs;
mod worlds;

use rollcall_connector::Identity;
use rollcall_connector::clock::{Clock, Manual, between};
use rollcall_model::{AccountType, Resource, ResourceId, ResourceTrait};

/// Whom the key of a made-up vendor belongs to.
fn us(tenant: &str) -> Identity {
    Identity {
        tenant: tenant.into(),
        caller: ResourceId::new("user", "0"),
        caller_name: String::new(),
        rights: String::new(),
        credential_expires_at: None,
        warnings: Vec::new(),
    }
}

fn person(id: ResourceId) -> Resource {
    let resource_trait = ResourceTrait::account(AccountType::Human, None);
    let name = format!("Person {}", id.id);
    Resource::new(id, name, resource_trait)
}

/// Moves the clock to the time at which an answer says to come back; gives the seconds until then.
fn wait_until(clock: &Manual, at: Option<jiff::Timestamp>) -> u64 {
    let wait = between(clock.now(), at.expect("a time"));
    clock.advance(wait);
    wait.as_secs()
}
