//! Northflank on the tour: an organization of some size.

use async_trait::async_trait;
use rollcall_simulators::northflank::{
    Northflank, Options, Sizes, TEST_TOKEN, World, directory_group_id,
};

use crate::tour::{Guide, Tale};

/// A simulated organization.
pub(crate) struct Vendor(Northflank);

#[async_trait]
impl Guide for Vendor {
    async fn start() -> std::io::Result<Self> {
        let sizes = Sizes {
            members: 180,
            roles: 12,
            groups: 20,
            ..Sizes::default()
        };
        let mut world = World::generate(&sizes, 7);
        let payroll = directory_group_id("01PAYROLL");
        world
            .add_member("ines", "Ines", "ines@example.com")
            .add_group(&payroll, "Payroll", "00g-pay-1")
            .add_role("salaries", "Salaries")
            .link("salaries", &payroll);
        Ok(Self(Northflank::start(world, Options::default()).await?))
    }

    fn secret(&self) -> Vec<(String, String)> {
        vec![
            ("BATON_NORTHFLANK_BASE_URL".into(), self.0.base_url()),
            ("BATON_NORTHFLANK_API_TOKEN".into(), TEST_TOKEN.into()),
        ]
    }

    fn calls(&self) -> usize {
        self.0.calls()
    }

    fn tale() -> Tale {
        Tale::Looks {
            what: "The identity provider puts Ines into the directory group `Payroll`, which has the role `Salaries`.",
            principal: "user:ines",
        }
    }

    fn meanwhile(&self) {
        self.0.with_world(|world| {
            world.join(&directory_group_id("01PAYROLL"), "ines");
        });
    }
}
