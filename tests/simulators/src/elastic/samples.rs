//! The world most tests begin with.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    keys::{
        BARE_DEPLOYMENT_KEY, EXPIRED_CLOUD_KEY, EXPIRED_DEPLOYMENT_KEY, READ_DEPLOYMENT_KEY,
        SCOPED_CLOUD_KEY, Scope, TEST_CLOUD_KEY, TEST_DEPLOYMENT_KEY,
    },
    world::World,
};

/// The organization of all samples.
pub const ORGANIZATION_ID: &str = "198583657190";
/// The other organization of the rich world.
pub const SECOND_ORGANIZATION_ID: &str = "198583657191";
/// The id of the deployment `main`.
pub const MAIN_ID: &str = "ce03a623751b4fc98d48400fec58b9c0";
/// The id of the deployment `second`.
pub const SECOND_ID: &str = "d714b734862c50ad9e59511afd69cad1";

/// A role on the organization, as it is assigned.
pub(crate) fn on_organization(org: &str, role: &str) -> Value {
    json!({"organization": [{"organization_id": org, "role_id": role}]})
}

impl World {
    /// An organization and its deployment `main`, with all their keys and nothing else.
    pub(crate) fn with_keys() -> Self {
        let mut world = Self::empty();
        world.add_organization(ORGANIZATION_ID, "Acme").add_cluster(
            "main",
            ORGANIZATION_ID,
            MAIN_ID,
        );
        for secret in [TEST_CLOUD_KEY, SCOPED_CLOUD_KEY, EXPIRED_CLOUD_KEY] {
            world.add_cloud_key(secret, &[ORGANIZATION_ID]);
        }
        world.edit_cloud_key(SCOPED_CLOUD_KEY, |key| {
            key.scope = Scope::Deployments(BTreeSet::from([MAIN_ID.to_owned()]));
        });
        world.edit_cloud_key(EXPIRED_CLOUD_KEY, |key| {
            key.expires = Some(Timestamp::UNIX_EPOCH);
        });
        for (encoded, privileges) in [
            (TEST_DEPLOYMENT_KEY, ["manage_security"].as_slice()),
            (READ_DEPLOYMENT_KEY, &["read_security"]),
            (BARE_DEPLOYMENT_KEY, &[]),
            (EXPIRED_DEPLOYMENT_KEY, &["manage_security"]),
        ] {
            world.add_deployment_key("main", encoded, privileges);
        }
        world.edit_deployment_key("main", EXPIRED_DEPLOYMENT_KEY, |key| key.expired = true);
        world
    }

    /// The organization `Acme`: its owner, and a member without a name and without roles. Its deployment `main`: three
    /// users, one of them disabled and one without names; three roles; a role mapping, which names one of the users and
    /// a member. There are none of the reserved users and built-in roles of a real deployment.
    #[must_use]
    pub fn worked_example() -> Self {
        let mut world = Self::with_keys();
        world
            .add_member(ORGANIZATION_ID, "1001", "Ada Lovelace", "ada@acme.io")
            .assign(
                ORGANIZATION_ID,
                "1001",
                on_organization(ORGANIZATION_ID, "organization-admin"),
            )
            .add_member(ORGANIZATION_ID, "1002", "", "bob@acme.io")
            .edit_member(ORGANIZATION_ID, "1002", |bob| {
                bob.member_since = "2024-01-02T00:00:00Z".to_owned();
            });
        world
            .add_roles("main", &["admin", "superuser", "viewer"])
            .add_user("main", "jacknich", &["admin", "viewer"])
            .set_names("main", "jacknich", "Jack Nicholson", "jacknich@example.com")
            .set_metadata("main", "jacknich", json!({"intelligence": 7}))
            .add_user("main", "svc", &["viewer"])
            .add_user("main", "olduser", &[])
            .set_names("main", "olduser", "Old User", "old@example.com")
            .disable("main", "olduser")
            .add_mapping(
                "main",
                "mapping1",
                &["viewer"],
                json!({"field": {"username": ["jacknich", "1001"]}}),
            );
        world
    }
}
