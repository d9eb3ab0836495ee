//! Elastic on the tour: an organization of some size, and a deployment of it.

use rollcall_simulators::elastic::{
    Elastic, Options, Sizes, TEST_CLOUD_KEY, TEST_DEPLOYMENT_KEY, World,
};
use serde_json::json;

use crate::tour::{Change, Tale, Vendor};

/// A simulated organization, and its deployment.
pub(crate) async fn vendor() -> std::io::Result<Vendor<Elastic>> {
    let sizes = Sizes { members: 60, users: 120, roles: 25, mappings: 8, ..Sizes::default() };
    let mut world = World::generate(&sizes, 7);
    world
        .add_role("main", "payroll", json!({"description": "Reads salaries"}))
        .add_user("main", "ines", &["viewer"])
        .set_names("main", "ines", "Ines Inés", "ines@example.com")
        .set_metadata("main", "ines", json!({"badge": 12_345_678_901_234_567_u64}));
    let sim = Elastic::start(world, Options::default()).await?;
    Ok(Vendor {
        secret: vec![
            ("BATON_BASE_URL", sim.cloud_url()),
            ("BATON_API_KEY", TEST_CLOUD_KEY.into()),
            ("BATON_DEPLOYMENT_ENDPOINT", sim.deployment_url("main")),
            ("BATON_DEPLOYMENT_API_KEY", TEST_DEPLOYMENT_KEY.into()),
        ],
        sim,
        tale: Tale::Changes {
            grant: Change {
                what: "Ines is to read salaries. A user is written as a whole: whatever else there is to her must stay.",
                entitlement: "role:payroll:member",
                principal: "deploymentUser:ines",
            },
            refused: Change {
                what: "Somebody asks to take the superuser's role from the user `elastic`, whom Elasticsearch keeps for itself.",
                entitlement: "role:superuser:member",
                principal: "deploymentUser:elastic",
            },
        },
    })
}
