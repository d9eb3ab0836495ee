//! A small site, and every line of its snapshot: Ada, who administers it, Bob, who was deactivated and is still in a
//! group, and an app; two groups; a space and a personal one.

use rollcall_harness::lines::{self, immutable, line, profile, status, told};
use rollcall_harness::shown::Shown;
use rollcall_simulators::confluence::{RoleMode, World};
use rollcall_snapshot::{Entitlement, Resource};
use serde_json::{Value, json};

use crate::{Desk, Simulated};

/// What a sync of this world shows, line by line, with these keys in the secret.
async fn lines_of(world: World, keys: Value) -> (Vec<String>, Shown) {
    let desk = Desk::around(Simulated::of(world).await);
    desk.set_keys(&keys);
    let shown = Shown::by(&desk).await;
    let lines = lines::of(&shown, resource, entitlement, lines::grant);
    (lines, shown)
}

fn expected(text: &str) -> Vec<&str> {
    text.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect()
}

/// The public connector shows Ada three times, Bob as enabled and as disabled, the app not at all although it holds a
/// permission; a sixth entitlement that nobody can be given; and not what everybody with a licence may do.
#[tokio::test]
async fn the_small_site_is_shown_line_by_line() {
    let (lines, shown) = lines_of(World::worked_example(), json!({})).await;
    assert_eq!(lines, expected(PERMISSIONS));
    // The group's permission to add pages is of a noun that is not selected.
    let warning = "ExcludedByConfiguration: 1 rows of permissions are of nouns or verbs that the configuration leaves out";
    assert!(shown.warnings().contains(&warning.into()));
}

#[tokio::test]
async fn without_personal_spaces_nothing_is_shown_of_them_and_nothing_else_is_missing() {
    let keys = json!({"skip-personal-spaces": "true"});
    let (lines, shown) = lines_of(World::worked_example(), keys).await;
    let mut rest = expected(PERMISSIONS);
    rest.retain(|line| !line.starts_with("space:98311"));
    assert_eq!(lines, rest);
    let warning = "ExcludedByConfiguration: 1 personal spaces are left out, as configured";
    assert!(shown.warnings().contains(&warning.into()));
}

/// The public connector shows forty entitlements per space, of which fourteen can be granted.
#[tokio::test]
async fn with_all_nouns_and_verbs_what_can_be_granted_is_shown() {
    let (_, shown) = lines_of(World::worked_example(), every_noun_and_verb()).await;
    let slugs = shown
        .entitlements
        .values()
        .filter(|e| e.resource == "space:98310");
    let slugs: Vec<&str> = slugs.map(|e| e.slug.as_str()).collect();
    assert_eq!(
        slugs,
        [
            "administer-space",
            "archive-page",
            "create-attachment",
            "create-blogpost",
            "create-comment",
            "create-page",
            "delete-attachment",
            "delete-blogpost",
            "delete-comment",
            "delete-page",
            "delete-space",
            "export-space",
            "read-space",
            "restrict_content-space",
        ]
    );
    let grant = shown.grant("space:98310:create-page:group:22-eng");
    assert_eq!(
        grant.expandable.as_ref().expect("passed on").entitlements,
        ["group:22-eng:member"]
    );
    assert!(
        !shown
            .warnings()
            .iter()
            .any(|w| w.contains("of nouns or verbs"))
    );
}

/// The public connector shows either permissions or roles, by a switch, and of roles not those of classes of people.
#[tokio::test]
async fn the_small_site_on_its_way_to_roles_is_shown_line_by_line() {
    let (lines, _) = lines_of(World::with_roles(), json!({})).await;
    assert_eq!(lines, expected(ROLES));
}

/// The switch of the public connector changes nothing: which kind of site it is, the site tells. Permissions can be
/// neither given nor taken there, and rows that are left from before stay.
#[tokio::test]
async fn a_site_with_roles_alone_is_shown_whatever_the_switch_says() {
    for switch in ["true", "false"] {
        let mut world = World::with_roles();
        world.set_mode(RoleMode::Roles);
        let (lines, _) = lines_of(world, json!({"use-rbac": switch})).await;
        let immutable = |line: &str| {
            let left = [
                "space:98310:read-space:user:712020:c3",
                "space:98311:administer-space:user",
                "space:98311:read-space:user",
            ];
            match line.split_once(" | ") {
                Some((id, rest)) if id.starts_with(left[0]) => format!("{id} | immutable | {rest}"),
                None if left.iter().any(|row| line.starts_with(row)) => {
                    format!("{line} | immutable")
                }
                Some((_, rest)) if rest.starts_with("permission |") => {
                    format!("{line} | immutable")
                }
                _ => line.to_owned(),
            }
        };
        let alone: Vec<String> = expected(ROLES).iter().map(|line| immutable(line)).collect();
        assert_eq!(lines, alone, "{switch}");
    }
}

fn every_noun_and_verb() -> Value {
    json!({
        "noun": "attachment,blogpost,comment,page,space",
        "verb": "administer,archive,create,delete,export,read,restrict_content,update",
    })
}

fn resource(r: &Resource) -> String {
    let parts = [
        r.id.clone(),
        format!("‘{}’", r.display_name),
        r.traits.join("+"),
        status(r),
        r.account_type.unwrap_or_default().to_owned(),
        r.emails.join(","),
        profile(r),
    ];
    line(parts)
}

fn entitlement(e: &Entitlement) -> String {
    let parts = [
        e.id.clone(),
        e.purpose.unwrap_or("-").to_owned(),
        format!("‘{}’", e.display_name),
        format!("‘{}’", e.description),
        format!("to {}", e.grantable_to.join(",")),
        told("one of ", e.exclusion_group.as_deref()),
        immutable(e.immutable),
    ];
    line(parts)
}

const PERMISSIONS: &str = "
# Resources
access_class:all-licensed-users | ‘Everybody with a licence’ | group | enabled | access_class=all-licensed-users
group:11-adm | ‘site-admins’ | group | enabled | group_id=11-adm group_name=site-admins group_type=group managed_by=ADMINS usage_type=USERBASE_GROUP
group:22-eng | ‘eng’ | group | enabled | group_id=22-eng group_name=eng group_type=group managed_by=EXTERNAL usage_type=USERBASE_GROUP
space:98310 | ‘Engineering’ | enabled | space_key=ENG space_status=current space_type=global web_url=https://acme.atlassian.net/wiki/spaces/ENG
space:98311 | ‘Ada’ | enabled | space_key=~ada space_status=current space_type=personal web_url=https://acme.atlassian.net/wiki/spaces/~ada
user:557058:b2 | ‘Bob (Deactivated)’ | user | disabled inactive | human | account_status=inactive account_type=atlassian id=557058:b2 is_guest=false public_name=Bob user_name=Bob (Deactivated)
user:712020:a1 | ‘Ada Admin’ | user | enabled | human | ada@acme.io | account_status=active account_type=atlassian email=ada@acme.io id=712020:a1 is_guest=false public_name=Ada Admin user_name=Ada Admin
user:712020:c3 | ‘Bot’ | user | enabled | service | account_status=active account_type=app id=712020:c3 is_guest=false public_name=Bot user_name=Bot

# Entitlements
group:11-adm:member | assignment | ‘site-admins Group Member’ | ‘Is member of the site-admins group in Confluence’ | to user
group:22-eng:member | assignment | ‘eng Group Member’ | ‘Is member of the eng group in Confluence’ | to user | immutable
space:98310:administer-space | permission | ‘Engineering: administer the space (administer-space)’ | ‘Can administer everything, permissions included, in the space Engineering in Confluence’ | to user,group
space:98310:delete-space | permission | ‘Engineering: delete own content (delete-space)’ | ‘Can delete own content in the space Engineering in Confluence’ | to user,group
space:98310:export-space | permission | ‘Engineering: export the space (export-space)’ | ‘Can export everything in the space Engineering in Confluence’ | to user,group
space:98310:read-space | permission | ‘Engineering: view the space (read-space)’ | ‘Can view everything that is not restricted in the space Engineering in Confluence’ | to user,group
space:98310:restrict_content-space | permission | ‘Engineering: add and remove restrictions (restrict_content-space)’ | ‘Can add and remove restrictions in the space Engineering in Confluence’ | to user,group
space:98311:administer-space | permission | ‘Ada: administer the space (administer-space)’ | ‘Can administer everything, permissions included, in the space Ada in Confluence’ | to user,group
space:98311:delete-space | permission | ‘Ada: delete own content (delete-space)’ | ‘Can delete own content in the space Ada in Confluence’ | to user,group
space:98311:export-space | permission | ‘Ada: export the space (export-space)’ | ‘Can export everything in the space Ada in Confluence’ | to user,group
space:98311:read-space | permission | ‘Ada: view the space (read-space)’ | ‘Can view everything that is not restricted in the space Ada in Confluence’ | to user,group
space:98311:restrict_content-space | permission | ‘Ada: add and remove restrictions (restrict_content-space)’ | ‘Can add and remove restrictions in the space Ada in Confluence’ | to user,group

# Grants
group:11-adm:member:user:712020:a1
group:22-eng:member:user:557058:b2
group:22-eng:member:user:712020:a1
group:22-eng:member:user:712020:c3
space:98310:administer-space:user:712020:a1
space:98310:delete-space:group:22-eng | passed on to group:22-eng:member
space:98310:delete-space:user:557058:b2 | immutable | from group:22-eng:member
space:98310:delete-space:user:712020:a1 | immutable | from group:22-eng:member
space:98310:delete-space:user:712020:c3 | immutable | from group:22-eng:member
space:98310:read-space:access_class:all-licensed-users
space:98310:read-space:group:22-eng | passed on to group:22-eng:member
space:98310:read-space:user:557058:b2 | immutable | from group:22-eng:member
space:98310:read-space:user:712020:a1 | from group:22-eng:member,space:98310:read-space
space:98310:read-space:user:712020:c3 | from group:22-eng:member,space:98310:read-space
space:98311:administer-space:user:712020:a1
space:98311:read-space:user:712020:a1
";

const ROLES: &str = "
# Resources
access_class:all-licensed-users | ‘Everybody with a licence’ | group | enabled | access_class=all-licensed-users
group:11-adm | ‘site-admins’ | group | enabled | group_id=11-adm group_name=site-admins group_type=group managed_by=ADMINS usage_type=USERBASE_GROUP
group:22-eng | ‘eng’ | group | enabled | group_id=22-eng group_name=eng group_type=group managed_by=EXTERNAL usage_type=USERBASE_GROUP
space:98310 | ‘Engineering’ | enabled | space_key=ENG space_status=current space_type=global web_url=https://acme.atlassian.net/wiki/spaces/ENG
space:98311 | ‘Ada’ | enabled | space_key=~ada space_status=current space_type=personal web_url=https://acme.atlassian.net/wiki/spaces/~ada
space_role:r1 | ‘Admin’ | role | enabled | description=Admin of a space space_permissions=[\"administer/space\",\"create/page\",\"delete/page\",\"export/space\",\"manage_users/space\",\"read/space\",\"update/page\"]
space_role:r2 | ‘Viewer’ | role | enabled | description=Viewer of a space space_permissions=[\"read/space\"]
space_role_assignment:98310:r1 | ‘Admin on Engineering’ | scope_binding | enabled
space_role_assignment:98310:r2 | ‘Viewer on Engineering’ | scope_binding | enabled
user:557058:b2 | ‘Bob (Deactivated)’ | user | disabled inactive | human | account_status=inactive account_type=atlassian id=557058:b2 is_guest=false public_name=Bob user_name=Bob (Deactivated)
user:712020:a1 | ‘Ada Admin’ | user | enabled | human | ada@acme.io | account_status=active account_type=atlassian email=ada@acme.io id=712020:a1 is_guest=false public_name=Ada Admin user_name=Ada Admin
user:712020:c3 | ‘Bot’ | user | enabled | service | account_status=active account_type=app id=712020:c3 is_guest=false public_name=Bot user_name=Bot

# Entitlements
group:11-adm:member | assignment | ‘site-admins Group Member’ | ‘Is member of the site-admins group in Confluence’ | to user
group:22-eng:member | assignment | ‘eng Group Member’ | ‘Is member of the eng group in Confluence’ | to user | immutable
space:98310:administer-space | permission | ‘Engineering: administer the space (administer-space)’ | ‘Can administer everything, permissions included, in the space Engineering in Confluence’ | to user,group
space:98310:delete-space | permission | ‘Engineering: delete own content (delete-space)’ | ‘Can delete own content in the space Engineering in Confluence’ | to user,group
space:98310:export-space | permission | ‘Engineering: export the space (export-space)’ | ‘Can export everything in the space Engineering in Confluence’ | to user,group
space:98310:read-space | permission | ‘Engineering: view the space (read-space)’ | ‘Can view everything that is not restricted in the space Engineering in Confluence’ | to user,group
space:98310:restrict_content-space | permission | ‘Engineering: add and remove restrictions (restrict_content-space)’ | ‘Can add and remove restrictions in the space Engineering in Confluence’ | to user,group
space:98311:administer-space | permission | ‘Ada: administer the space (administer-space)’ | ‘Can administer everything, permissions included, in the space Ada in Confluence’ | to user,group
space:98311:delete-space | permission | ‘Ada: delete own content (delete-space)’ | ‘Can delete own content in the space Ada in Confluence’ | to user,group
space:98311:export-space | permission | ‘Ada: export the space (export-space)’ | ‘Can export everything in the space Ada in Confluence’ | to user,group
space:98311:read-space | permission | ‘Ada: view the space (read-space)’ | ‘Can view everything that is not restricted in the space Ada in Confluence’ | to user,group
space:98311:restrict_content-space | permission | ‘Ada: add and remove restrictions (restrict_content-space)’ | ‘Can add and remove restrictions in the space Ada in Confluence’ | to user,group
space_role_assignment:98310:r1:assigned | assignment | ‘Admin on Engineering’ | ‘Has the role Admin on this space in Confluence’ | to user,group | one of space-role:98310
space_role_assignment:98310:r2:assigned | assignment | ‘Viewer on Engineering’ | ‘Has the role Viewer on this space in Confluence’ | to user,group | one of space-role:98310

# Grants
group:11-adm:member:user:712020:a1
group:22-eng:member:user:557058:b2
group:22-eng:member:user:712020:a1
group:22-eng:member:user:712020:c3
space:98310:administer-space:user:712020:a1 | immutable
space:98310:export-space:user:712020:a1 | immutable
space:98310:read-space:access_class:all-licensed-users | immutable
space:98310:read-space:group:22-eng | immutable | passed on to group:22-eng:member
space:98310:read-space:user:557058:b2 | immutable | from group:22-eng:member
space:98310:read-space:user:712020:a1 | immutable | from group:22-eng:member,space:98310:read-space
space:98310:read-space:user:712020:c3 | from group:22-eng:member,space:98310:read-space
space:98311:administer-space:user:712020:a1
space:98311:read-space:user:712020:a1
space_role_assignment:98310:r1:assigned:user:712020:a1
space_role_assignment:98310:r2:assigned:access_class:all-licensed-users
space_role_assignment:98310:r2:assigned:group:22-eng | passed on to group:22-eng:member
space_role_assignment:98310:r2:assigned:user:557058:b2 | immutable | from group:22-eng:member
space_role_assignment:98310:r2:assigned:user:712020:a1 | immutable | from group:22-eng:member
space_role_assignment:98310:r2:assigned:user:712020:c3 | immutable | from group:22-eng:member
";
