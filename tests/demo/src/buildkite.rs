//! Buildkite on the tour: an organization of some size.

use async_trait::async_trait;
use rollcall_simulators::buildkite::{
    ADA_ID, Buildkite, Limits, ORGANIZATION, Options, PLATFORM_ID, Sizes, TEST_TOKEN, World,
};

use crate::tour::{Guide, Tale};

/// A simulated organization.
pub(crate) struct Vendor(Buildkite);

const INES: &str = "19e50000-0000-4000-8000-000000000001";

#[async_trait]
impl Guide for Vendor {
    async fn start() -> std::io::Result<Self> {
        let sizes = Sizes {
            users: 150,
            teams: 25,
            ..Sizes::default()
        };
        let mut world = World::generate(&sizes, 7);
        world
            .add_user(INES, "Ines", "ines@example.com")
            .add_member(ORGANIZATION, INES, "member");
        // Fifty requests a minute would make it a long tour.
        let options = Options {
            rest: Limits::NONE,
            ..Options::default()
        };
        Ok(Self(Buildkite::start(world, options).await?))
    }

    fn secret(&self) -> Vec<(String, String)> {
        vec![
            ("BATON_BASE_URL".into(), self.0.base_url()),
            ("BATON_API_TOKEN".into(), TEST_TOKEN.into()),
            ("BATON_ORGANIZATION".into(), ORGANIZATION.into()),
        ]
    }

    fn calls(&self) -> usize {
        self.0.calls()
    }

    fn tale() -> Tale {
        Tale::Looks {
            what: "Somebody makes Ines maintainer of a secret team.",
            principal: "user:19e50000-0000-4000-8000-000000000001",
        }
    }

    fn meanwhile(&self) {
        self.0.with_world(|world| {
            world
                .add_team(ORGANIZATION, PLATFORM_ID, "payroll", "Payroll")
                .make_secret(ORGANIZATION, PLATFORM_ID)
                .add_to_team(ORGANIZATION, PLATFORM_ID, INES, "maintainer")
                .add_to_team(ORGANIZATION, PLATFORM_ID, ADA_ID, "member");
        });
    }
}
