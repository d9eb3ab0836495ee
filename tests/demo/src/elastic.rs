//! Elastic on the tour: an organization of some size, and a deployment of it.

use async_trait::async_trait;
use rollcall_simulators::elastic::{
    Elastic, Options, Sizes, TEST_CLOUD_KEY, TEST_DEPLOYMENT_KEY, World,
};
use serde_json::json;

use crate::tour::{Change, Guide, Tale};

/// A simulated organization, and its deployment.
pub(crate) struct Vendor(Elastic);

#[async_trait]
impl Guide for Vendor {
    async fn start() -> std::io::Result<Self> {
        let sizes = Sizes {
            members: 60,
            users: 120,
            roles: 25,
            mappings: 8,
            ..Sizes::default()
        };
        let mut world = World::generate(&sizes, 7);
        world
            .add_role("main", "payroll", json!({"description": "Reads salaries"}))
            .add_user("main", "ines", &["viewer"])
            .set_names("main", "ines", "Ines Inés", "ines@example.com")
            .set_metadata("main", "ines", json!({"badge": 12_345_678_901_234_567_u64}));
        Ok(Self(Elastic::start(world, Options::default()).await?))
    }

    fn secret(&self) -> Vec<(String, String)> {
        vec![
            ("BATON_BASE_URL".into(), self.0.cloud_url()),
            ("BATON_API_KEY".into(), TEST_CLOUD_KEY.into()),
            (
                "BATON_DEPLOYMENT_ENDPOINT".into(),
                self.0.deployment_url("main"),
            ),
            (
                "BATON_DEPLOYMENT_API_KEY".into(),
                TEST_DEPLOYMENT_KEY.into(),
            ),
        ]
    }

    fn calls(&self) -> usize {
        self.0.calls()
    }

    fn tale() -> Tale {
        Tale::Changes {
            change: Change {
                who: "Ines is to read salaries. A user is written as a whole: whatever else there is to her must stay.",
                entitlement: "role:payroll:member",
                principal: "deploymentUser:ines",
            },
            refusal: Change {
                who: "Somebody asks to take the superuser's role from the user `elastic`, whom Elasticsearch keeps for itself.",
                entitlement: "role:superuser:member",
                principal: "deploymentUser:elastic",
            },
        }
    }
}
