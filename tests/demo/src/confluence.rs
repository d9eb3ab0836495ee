//! Confluence on the tour: a site of some size.

use rollcall_simulators::confluence::{Confluence, Options, Sizes, TEST_EMAIL, TEST_TOKEN, World};

use crate::tour::{Change, Tale, Vendor};

/// A simulated site.
pub(crate) async fn vendor() -> std::io::Result<Vendor<Confluence>> {
    let sizes =
        Sizes { users: 300, groups: 20, members_per_group: 25, spaces: 60, ..Sizes::default() };
    let mut world = World::generate(&sizes, 7);
    world
        .add_user("712020:ines", "Ines", "ines@example.com")
        .add_user("712020:omar", "Omar", "omar@example.com")
        .add_group("g-payroll", "payroll", &["712020:ines"])
        .add_space(77001, "PAY", "Payroll", "global");
    world.grant(77001, "group", "g-payroll", "read/space");
    for who in ["712020:a1", "712020:omar"] {
        for right in ["read/space", "administer/space"] {
            world.grant(77001, "user", who, right);
        }
    }
    let sim = Confluence::start(world, Options::default()).await?;
    Ok(Vendor {
        secret: vec![
            ("BATON_DOMAIN_URL", sim.base_url()),
            ("BATON_USERNAME", TEST_EMAIL.into()),
            ("BATON_API_KEY", TEST_TOKEN.into()),
        ],
        sim,
        tale: Tale::Changes {
            grant: Change {
                what: "Ines, who sees the space `Payroll` through a group, is to export it.",
                entitlement: "space:77001:export-space",
                principal: "user:712020:ines",
            },
            refused: Change {
                what: "Somebody asks to take the view of the space from Omar, who also administers it.",
                entitlement: "space:77001:read-space",
                principal: "user:712020:omar",
            },
        },
    })
}
