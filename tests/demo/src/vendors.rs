//! The simulated vendors of the tour: each an organization of some size, and a person to look at.

use std::io::Result;

use rollcall_simulators::buildkite::{self, ADA_ID, Buildkite, Limits, ORGANIZATION, PLATFORM_ID};
use rollcall_simulators::confluence::{self, Confluence};
use rollcall_simulators::elastic::{self, Elastic};
use rollcall_simulators::northflank::{self, Northflank, directory_group_id};
use rollcall_simulators::temporalcloud::{self, TemporalCloud};
use serde_json::json;

use crate::tour::{Change, Tale, Vendor};

const INES: &str = "19e50000-0000-4000-8000-000000000001";

pub(crate) async fn buildkite() -> Result<Vendor<Buildkite>> {
    let sizes = buildkite::Sizes { users: 150, teams: 25, ..Default::default() };
    let mut world = buildkite::World::generate(&sizes, 7);
    world.add_user(INES, "Ines", "ines@example.com").add_member(ORGANIZATION, INES, "member");
    // Fifty requests a minute would make it a long tour.
    let options = buildkite::Options { rest: Limits::NONE, ..Default::default() };
    let sim = Buildkite::start(world, options).await?;
    let secret = sim.configuration();
    let tale = Tale::Reads {
        what: "Somebody makes Ines the maintainer of a secret team.",
        principal: "user:19e50000-0000-4000-8000-000000000001",
        change: |sim: &Buildkite| {
            sim.with_world(|world| {
                world
                    .add_team(ORGANIZATION, PLATFORM_ID, "payroll", "Payroll")
                    .make_secret(ORGANIZATION, PLATFORM_ID)
                    .add_to_team(ORGANIZATION, PLATFORM_ID, INES, "maintainer")
                    .add_to_team(ORGANIZATION, PLATFORM_ID, ADA_ID, "member");
            });
        },
    };
    Ok(Vendor { sim, secret, tale })
}

pub(crate) async fn confluence() -> Result<Vendor<Confluence>> {
    let sizes = confluence::Sizes { users: 300, groups: 20, spaces: 60, ..Default::default() };
    let mut world = confluence::World::generate(&sizes, 7);
    world
        .add_user("712020:ines", "Ines", "ines@example.com")
        .add_user("712020:omar", "Omar", "omar@example.com")
        .add_user("712020:lena", "Lena", "lena@example.com")
        .add_user("712020:yuki", "Yuki", "yuki@example.com")
        .add_group("g-payroll", "payroll", &["712020:ines"])
        .add_space(77001, "PAY", "Payroll", "global");
    world.grant(77001, "group", "g-payroll", "read/space");
    for who in ["712020:a1", "712020:omar"] {
        for right in ["read/space", "administer/space"] {
            world.grant(77001, "user", who, right);
        }
    }
    for who in ["712020:lena", "712020:yuki"] {
        for right in ["read/space", "export/space"] {
            world.grant(77001, "user", who, right);
        }
    }
    let sim = Confluence::start(world, Default::default()).await?;
    let secret = sim.configuration();
    let tale = Tale::Changes {
        grant: Change {
            what: "Ines, who can view the space `Payroll` through a group, needs to export it.",
            entitlement: "space:77001:export-space",
            principal: "user:712020:ines",
        },
        refused: Change {
            what: "Somebody requests to revoke Omar's permission to view the space, which he also administers.",
            entitlement: "space:77001:read-space",
            principal: "user:712020:omar",
        },
        temporary: None,
    };
    Ok(Vendor { sim, secret, tale })
}

pub(crate) async fn elastic() -> Result<Vendor<Elastic>> {
    let sizes = elastic::Sizes { members: 60, users: 120, roles: 25, ..Default::default() };
    let mut world = elastic::World::generate(&sizes, 7);
    world
        .add_role("main", "payroll", json!({"description": "Reads salaries"}))
        .add_user("main", "ines", &["viewer"])
        .set_names("main", "ines", "Ines Inés", "ines@example.com")
        .set_metadata("main", "ines", json!({"badge": 12_345_678_901_234_567_u64}));
    let sim = Elastic::start(world, Default::default()).await?;
    let secret = sim.configuration();
    let tale = Tale::Changes {
        grant: Change {
            what: "Ines needs to read salaries. A user can only be written as a whole: the rest of her data must not change.",
            entitlement: "role:payroll:member",
            principal: "deploymentUser:ines",
        },
        refused: Change {
            what: "Somebody requests to revoke the superuser role of the user `elastic`, which Elasticsearch reserves.",
            entitlement: "role:superuser:member",
            principal: "deploymentUser:elastic",
        },
        temporary: None,
    };
    Ok(Vendor { sim, secret, tale })
}

pub(crate) async fn northflank() -> Result<Vendor<Northflank>> {
    let sizes = northflank::Sizes { members: 180, roles: 12, groups: 20, ..Default::default() };
    let mut world = northflank::World::generate(&sizes, 7);
    let payroll = directory_group_id("01PAYROLL");
    world
        .add_member("ines", "Ines", "ines@example.com")
        .add_group(&payroll, "Payroll", "00g-pay-1")
        .add_role("salaries", "Salaries")
        .link("salaries", &payroll);
    let sim = Northflank::start(world, Default::default()).await?;
    let secret = sim.configuration();
    let tale = Tale::Reads {
        what: "The identity provider adds Ines to the directory group `Payroll`, which has the role `Salaries`.",
        principal: "user:ines",
        change: |sim: &Northflank| {
            sim.with_world(|world| {
                world.join(&directory_group_id("01PAYROLL"), "ines");
            });
        },
    };
    Ok(Vendor { sim, secret, tale })
}

pub(crate) async fn temporalcloud() -> Result<Vendor<TemporalCloud>> {
    let sizes =
        temporalcloud::Sizes { users: 300, namespaces: 40, groups: 12, ..Default::default() };
    let mut world = temporalcloud::World::generate(&sizes, 7);
    world
        .add_user("u-ines", "ines@example.com", "ROLE_READ")
        .add_user("u-omar", "omar@example.com", "ROLE_OWNER")
        .add_user("u-lena", "lena@example.com", "ROLE_READ")
        .add_namespace("payroll")
        .add_group("g-payroll", "payroll", "", &["u-ines"]);
    world.set_namespace_permission("g-payroll", "payroll.a1b23", "PERMISSION_READ");
    let sim = TemporalCloud::start(world, Default::default()).await?;
    let secret = sim.configuration();
    let tale = Tale::Changes {
        grant: Change {
            what: "Ines, who can read the namespace `payroll` through a group, needs to write to it.",
            entitlement: "namespace:payroll.a1b23:write",
            principal: "user:u-ines",
        },
        refused: Change {
            what: "Somebody requests to revoke Omar's owner role.",
            entitlement: "account-role:a1b23-owner:member",
            principal: "user:u-omar",
        },
        temporary: Some(Change {
            what: "Lena has to repair the namespace tonight, and needs to administer it for four hours.",
            entitlement: "namespace:payroll.a1b23:admin",
            principal: "user:u-lena",
        }),
    };
    Ok(Vendor { sim, secret, tale })
}
