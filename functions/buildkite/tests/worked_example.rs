//! A small organization, and every line of its snapshot: Ada, who administers it; a team of everybody, which she maintains;
//! and a secret team, which Ben maintains without being an administrator.

use rollcall_harness::lines;
use rollcall_harness::shown::Shown;
use rollcall_simulators::buildkite::{
    ADA_ID, BEN_ID, CLEO_ID, EVERYONE_ID, MEMBER_TOKEN, ORGANIZATION, ORGANIZATION_ID, PLATFORM_ID,
    World,
};
use serde_json::json;

use crate::world::{Desk, desk_of};

/// What the ids of everybody else begin with.
const D: &str = "d2000000-0000-4000-8000-00000000000";

/// The lines of these texts with ids for their abbreviations, as a snapshot has them: of each kind in the order of the ids.
fn expected(texts: &[&str]) -> Vec<String> {
    let names = ["{ORG}", "{A}", "{B}", "{C}", "{E}", "{P}", "{D}"];
    let ids = [ORGANIZATION_ID, ADA_ID, BEN_ID, CLEO_ID, EVERYONE_ID, PLATFORM_ID, D];
    lines::expected(texts, &std::iter::zip(names, ids).collect::<Vec<_>>())
}

async fn shows(desk: &Desk, lines: Vec<String>, warnings: &[&str]) {
    let shown = Shown::by(desk).await;
    assert_eq!(lines::all(&shown), lines);
    assert_eq!(shown.warnings(), warnings);
}

/// The public connector, as far as it can be seen, shows nobody's role in the organization; one line of it shows Ada and
/// Ben as mere members of the teams that they maintain, the other nothing of a team but its name.
#[tokio::test]
async fn the_small_organization_is_shown_line_by_line() {
    shows(&Desk::small().await, expected(&[COMMON, SEEN_BY_ADA, PLATFORM]), &[]).await;
}

/// Cleo is no administrator and not in the secret team, and the API says nothing of what she does not see. Neither does
/// the public connector.
#[tokio::test]
async fn a_members_token_shows_no_secret_team_and_a_warning() {
    let desk = Desk::small().await;
    desk.set_keys(&json!({"api-token": MEMBER_TOKEN}));
    let warning = "MayNotBeAdministrator: nothing shows that Cleo Coder administers the organization: if they do not, secret teams that they are not in are missing";
    // How others sign in is for administrators.
    let seen = SEEN_BY_ADA.replace(" sso_mode=required", "").replace(" sso_mode=optional", "");
    shows(&desk, expected(&[COMMON, &seen]), &[warning]).await;
}

/// Until July 2026 the API told no roles. The role of new members is documented where teams are made, and read by the
/// vendor's own client.
#[tokio::test]
async fn without_roles_everybody_belongs_to_the_organization_and_nobody_administers_it() {
    let desk = desk_of(World::worked_example(), |o| {
        (o.omit_role, o.team_permissions) = (true, true);
    })
    .await;
    let mut lines = expected(&[COMMON, SEEN_BY_ADA, PLATFORM]);
    lines.retain(|line| !line.contains(":admin:user:"));
    for line in &mut lines {
        *line = line.replace(" org_role=admin", "");
        *line = line.replace(" org_role=member", "");
        let id = format!(" created_by_id={ADA_ID}");
        *line = line.replace(&id, &format!("{id} default_member_role=member"));
    }
    shows(&desk, lines, &[]).await;
}

/// A blank name is replaced by the e-mail address or the slug, or else by the id; an invalid address is left out. A user who is
/// in a team and not in the organization is shown as the team shows them, with an unknown status. An unknown role may be more
/// than membership.
#[tokio::test]
async fn blank_values_are_replaced_and_missing_ones_are_left_out() {
    let mut world = World::worked_example();
    for (id, name, email) in [(1, "", "d1@x.io"), (2, " ", " "), (3, " Dee ", "dee")] {
        let id = format!("{D}{id}");
        let world = world.add_user(&id, name, email);
        world.add_member(ORGANIZATION, &id, "owner");
    }
    let [gal, quiet] = [4, 5].map(|n| format!("{D}{n}"));
    world
        .add_user(&gal, "Gone Gal", "gal@x.io")
        .add_to_team(ORGANIZATION, EVERYONE_ID, &gal, "maintainer")
        .add_to_team(ORGANIZATION, PLATFORM_ID, &gal, "member")
        .add_team(ORGANIZATION, &quiet, "quiet", "  ");
    let lines = expected(&[COMMON, SEEN_BY_ADA, PLATFORM, ODD]);
    let warning = "UnknownValue: 3 members of the organization with a role that Rollcall does not know, shown as `member`";
    shows(&desk_of(world, |_| {}).await, lines, &[warning]).await;
}

const COMMON: &str = "
# Resources
organization:{ORG} | ‘Acme Inc’ | enabled | since 2021-05-09T21:05:59.874Z | slug=acme-inc
team:{E} | ‘Everyone’ | group | enabled | in organization:{ORG} | since 2022-01-01T00:00:00Z | created_at=2022-01-01T00:00:00Z created_by_email=ada@example.com created_by_id={A} is_default_team=true privacy=visible slug=everyone
user:{C} | ‘Cleo Coder’ | user | enabled | human | cleo@example.com | signs in as cleo@example.com | in organization:{ORG} | email=cleo@example.com name=Cleo Coder org_role=member sso_mode=required user_id={C}
# Entitlements
organization:{ORG}:admin | permission | ‘Acme Inc Org Admin’ | ‘Administers the Acme Inc organization in Buildkite: all teams, pipelines and settings’ | to user
organization:{ORG}:member | assignment | ‘Acme Inc Org Member’ | ‘Belongs to the Acme Inc organization in Buildkite’ | to user
team:{E}:maintainer | assignment | ‘Everyone Team Maintainer’ | ‘Maintainer of the Everyone team in Buildkite’ | to user | one of team-role
team:{E}:member | assignment | ‘Everyone Team Member’ | ‘Member of the Everyone team in Buildkite’ | to user | one of team-role
# Grants
organization:{ORG}:admin:user:{A}
organization:{ORG}:member:user:{A}
organization:{ORG}:member:user:{B}
organization:{ORG}:member:user:{C}
team:{E}:maintainer:user:{A}
team:{E}:member:user:{B}
team:{E}:member:user:{C}
";

const SEEN_BY_ADA: &str = "
# Resources
user:{A} | ‘Ada Admin’ | user | enabled | human | ada@example.com | signs in as ada@example.com | in organization:{ORG} | email=ada@example.com name=Ada Admin org_role=admin sso_mode=required user_id={A}
user:{B} | ‘Ben Builder’ | user | enabled | human | ben@example.com | signs in as ben@example.com | in organization:{ORG} | email=ben@example.com name=Ben Builder org_role=member sso_mode=optional user_id={B}
";

const PLATFORM: &str = "
# Resources
team:{P} | ‘Platform’ | Runs CI | group | enabled | in organization:{ORG} | since 2023-03-14T00:45:16.215Z | created_at=2023-03-14T00:45:16.215Z created_by_email=ada@example.com created_by_id={A} description=Runs CI is_default_team=false privacy=secret slug=platform
# Entitlements
team:{P}:maintainer | assignment | ‘Platform Team Maintainer’ | ‘Maintainer of the Platform team in Buildkite’ | to user | one of team-role
team:{P}:member | assignment | ‘Platform Team Member’ | ‘Member of the Platform team in Buildkite’ | to user | one of team-role
# Grants
team:{P}:maintainer:user:{B}
";

const ODD: &str = "
# Resources
user:{D}1 | ‘d1@x.io’ | user | enabled | human | d1@x.io | signs in as d1@x.io | in organization:{ORG} | email=d1@x.io org_role=owner sso_mode=required user_id={D}1
user:{D}2 | ‘{D}2’ | user | enabled | human | in organization:{ORG} | org_role=owner sso_mode=required user_id={D}2
user:{D}3 | ‘Dee’ | user | enabled | human | in organization:{ORG} | email=dee name=Dee org_role=owner sso_mode=required user_id={D}3
user:{D}4 | ‘Gone Gal’ | user | - in a team, not among the organization's members | human | name=Gone Gal user_id={D}4
team:{D}5 | ‘quiet’ | group | enabled | in organization:{ORG} | since 2022-01-01T00:00:00Z | created_at=2022-01-01T00:00:00Z is_default_team=false privacy=visible slug=quiet
# Entitlements
team:{D}5:maintainer | assignment | ‘quiet Team Maintainer’ | ‘Maintainer of the quiet team in Buildkite’ | to user | one of team-role
team:{D}5:member | assignment | ‘quiet Team Member’ | ‘Member of the quiet team in Buildkite’ | to user | one of team-role
# Grants
organization:{ORG}:member:user:{D}1
organization:{ORG}:member:user:{D}2
organization:{ORG}:member:user:{D}3
team:{E}:maintainer:user:{D}4
team:{P}:member:user:{D}4
";
