//! Confluence on the tour: a site of some size.

use async_trait::async_trait;
use rollcall_simulators::confluence::{Confluence, Options, Sizes, TEST_EMAIL, TEST_TOKEN, World};

use crate::tour::{Change, Guide, Tale};

/// A simulated site.
pub(crate) struct Vendor(Confluence);

#[async_trait]
impl Guide for Vendor {
    async fn start() -> std::io::Result<Self> {
        let sizes = Sizes {
            users: 300,
            groups: 20,
            members_per_group: 25,
            spaces: 60,
            ..Sizes::default()
        };
        let mut world = World::generate(&sizes, 7);
        world
            .add_user("712020:ines", "Ines", "ines@example.com")
            .add_user("712020:omar", "Omar", "omar@example.com")
            .add_group("g-payroll", "payroll", &["712020:ines"])
            .add_space(77001, "PAY", "Payroll", "global");
        world.grant(77001, "group", "g-payroll", "read/space");
        for who in ["712020:a1", "712020:omar"] {
            world.grant(77001, "user", who, "read/space").grant(
                77001,
                "user",
                who,
                "administer/space",
            );
        }
        Ok(Self(Confluence::start(world, Options::default()).await?))
    }

    fn secret(&self) -> Vec<(String, String)> {
        vec![
            ("BATON_DOMAIN_URL".into(), self.0.base_url()),
            ("BATON_USERNAME".into(), TEST_EMAIL.into()),
            ("BATON_API_KEY".into(), TEST_TOKEN.into()),
        ]
    }

    fn calls(&self) -> usize {
        self.0.calls()
    }

    fn tale() -> Tale {
        Tale::Changes {
            change: Change {
                who: "Ines, who sees the space `Payroll` through a group, is to export it.",
                entitlement: "space:77001:export-space",
                principal: "user:712020:ines",
            },
            refusal: Change {
                who: "Somebody asks to take the view of the space from Omar, who also administers it.",
                entitlement: "space:77001:read-space",
                principal: "user:712020:omar",
            },
        }
    }
}
