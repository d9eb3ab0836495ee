//! Buildkite on the tour: an organization of some size.

use rollcall_simulators::buildkite::{
    ADA_ID, Buildkite, Limits, ORGANIZATION, Options, PLATFORM_ID, Sizes, TEST_TOKEN, World,
};

use crate::tour::{Tale, Vendor};

const INES: &str = "19e50000-0000-4000-8000-000000000001";

/// A simulated organization.
pub(crate) async fn vendor() -> std::io::Result<Vendor<Buildkite>> {
    let sizes = Sizes { users: 150, teams: 25, ..Sizes::default() };
    let mut world = World::generate(&sizes, 7);
    world.add_user(INES, "Ines", "ines@example.com").add_member(ORGANIZATION, INES, "member");
    // Fifty requests a minute would make it a long tour.
    let options = Options { rest: Limits::NONE, ..Options::default() };
    let sim = Buildkite::start(world, options).await?;
    Ok(Vendor {
        secret: vec![
            ("BATON_BASE_URL", sim.base_url()),
            ("BATON_API_TOKEN", TEST_TOKEN.into()),
            ("BATON_ORGANIZATION", ORGANIZATION.into()),
        ],
        sim,
        tale: Tale::Reads {
            what: "Somebody makes Ines maintainer of a secret team.",
            principal: "user:19e50000-0000-4000-8000-000000000001",
            change: |sim| {
                sim.with_world(|world| {
                    world
                        .add_team(ORGANIZATION, PLATFORM_ID, "payroll", "Payroll")
                        .make_secret(ORGANIZATION, PLATFORM_ID)
                        .add_to_team(ORGANIZATION, PLATFORM_ID, INES, "maintainer")
                        .add_to_team(ORGANIZATION, PLATFORM_ID, ADA_ID, "member");
                });
            },
        },
    })
}
