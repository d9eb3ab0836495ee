//! Northflank on the tour: an organization of some size.

use rollcall_simulators::northflank::{
    Northflank, Options, Sizes, TEST_TOKEN, World, directory_group_id,
};

use crate::tour::{Tale, Vendor};

/// A simulated organization.
pub(crate) async fn vendor() -> std::io::Result<Vendor<Northflank>> {
    let sizes = Sizes { members: 180, roles: 12, groups: 20, ..Sizes::default() };
    let mut world = World::generate(&sizes, 7);
    let payroll = directory_group_id("01PAYROLL");
    world
        .add_member("ines", "Ines", "ines@example.com")
        .add_group(&payroll, "Payroll", "00g-pay-1")
        .add_role("salaries", "Salaries")
        .link("salaries", &payroll);
    let sim = Northflank::start(world, Options::default()).await?;
    Ok(Vendor {
        secret: vec![
            ("BATON_NORTHFLANK_BASE_URL", sim.base_url()),
            ("BATON_NORTHFLANK_API_TOKEN", TEST_TOKEN.into()),
        ],
        sim,
        tale: Tale::Reads {
            what: "The identity provider puts Ines into the directory group `Payroll`, which has the role `Salaries`.",
            principal: "user:ines",
            change: |sim| {
                sim.with_world(|world| {
                    world.join(&directory_group_id("01PAYROLL"), "ines");
                });
            },
        },
    })
}
