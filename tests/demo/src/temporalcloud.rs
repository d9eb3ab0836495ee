//! Temporal Cloud on the tour: an account of some size.

use async_trait::async_trait;
use rollcall_simulators::temporalcloud::{Options, Sizes, TEST_KEY, TemporalCloud, World};

use crate::tour::{Change, Guide, Tale};

/// A simulated account.
pub(crate) struct Vendor(TemporalCloud);

#[async_trait]
impl Guide for Vendor {
    async fn start() -> std::io::Result<Self> {
        let sizes = Sizes {
            users: 300,
            namespaces: 40,
            service_accounts: 30,
            groups: 12,
            members_per_group: 25,
            ..Sizes::default()
        };
        let mut world = World::generate(&sizes, 7);
        world
            .add_user("u-ines", "ines@example.com", "ROLE_READ")
            .add_user("u-omar", "omar@example.com", "ROLE_OWNER")
            .add_namespace("payroll")
            .add_group("g-payroll", "payroll", "", &["u-ines"]);
        world.set_namespace_permission("g-payroll", "payroll.a1b23", "PERMISSION_READ");
        Ok(Self(TemporalCloud::start(world, Options::default()).await?))
    }

    fn secret(&self) -> Vec<(String, String)> {
        vec![
            ("BATON_API_KEY".into(), TEST_KEY.into()),
            ("BATON_BASE_URL".into(), self.0.base_url()),
        ]
    }

    fn calls(&self) -> usize {
        self.0.calls()
    }

    fn tale() -> Tale {
        Tale::Changes {
            change: Change {
                who: "Ines, who can read the namespace `payroll` through a group, is to write to it.",
                entitlement: "namespace:payroll.a1b23:write",
                principal: "user:u-ines",
            },
            refusal: Change {
                who: "Somebody asks to take the owner role from Omar.",
                entitlement: "account-role:a1b23-owner:member",
                principal: "user:u-omar",
            },
        }
    }
}
