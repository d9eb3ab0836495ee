//! Temporal Cloud on the tour: an account of some size.

use rollcall_simulators::temporalcloud::{Options, Sizes, TEST_KEY, TemporalCloud, World};

use crate::tour::{Change, Tale, Vendor};

/// A simulated account.
pub(crate) async fn vendor() -> std::io::Result<Vendor<TemporalCloud>> {
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
    let sim = TemporalCloud::start(world, Options::default()).await?;
    Ok(Vendor {
        secret: vec![("BATON_API_KEY", TEST_KEY.into()), ("BATON_BASE_URL", sim.base_url())],
        sim,
        tale: Tale::Changes {
            grant: Change {
                what: "Ines, who can read the namespace `payroll` through a group, is to write to it.",
                entitlement: "namespace:payroll.a1b23:write",
                principal: "user:u-ines",
            },
            refused: Change {
                what: "Somebody asks to take the owner role from Omar.",
                entitlement: "account-role:a1b23-owner:member",
                principal: "user:u-omar",
            },
        },
    })
}
