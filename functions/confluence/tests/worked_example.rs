//! A small site, and every line of its snapshot: Ada, who administers it, Bob, who was deactivated and is still in a
//! group, and an app; two groups; a space and a personal one.

use rollcall_harness::lines;

use crate::script::Stage;

/// What every small site shows, and this.
fn expected(own: &str) -> Vec<String> {
    let on = |id, name| PERMISSIONS.replace("{id}", id).replace("{name}", name);
    let (eng, ada) = (on("98310", "Engineering"), on("98311", "Ada"));
    lines::expected(&[COMMON, &eng, &ada, own], &[])
}

#[tokio::test]
async fn the_small_site_is_shown_line_by_line() {
    // The group's permission to add pages is of a noun that is not selected.
    let unselected = "ExcludedByConfiguration: 1 permission not shown: the configuration excludes the noun or the verb";
    let personal =
        "\nExcludedByConfiguration: 1 personal space not shown: excluded by the configuration";
    let documented =
        r#"{"noun": "space", "verb": "restrict_content, read,export delete,create,administer"}"#;
    let impersonal = r#"{"skip-personal-spaces": "true"}"#;
    for (keys, left_out, warning) in
        [("{}", "nothing", ""), (documented, "nothing", ""), (impersonal, "space:98311", personal)]
    {
        let mut stage = Stage::on("rows").await;
        stage.play(&format!("keys {keys}\n sync")).await;
        let mut rest = expected(ROWS);
        rest.retain(|line| !line.starts_with(left_out));
        assert_eq!(lines::all(stage.shown()), rest, "{keys}");
        // The first one is of Ada's rights.
        let warnings = stage.shown().warnings()[1..].join("\n");
        assert_eq!(warnings, format!("{unselected}{warning}"), "{keys}");
    }
}

rollcall_harness::scripts! { crate::script::play;
/// Verbs and nouns make forty, of which these exist; the others that a site with roles has no verb or noun selects.
all_permissions_that_exist_are_shown: r#"
    on rows
    keys {"noun": "attachment,blogpost,comment,page,space", "verb": "administer,archive,create,delete,export,read,restrict_content,update"}
    sync
    warns-not Excluded
    offers administer-space archive-page create-attachment create-blogpost create-comment create-page delete-attachment delete-blogpost delete-comment delete-page delete-space export-space read-space restrict_content-space
    world mode both
    sync
    offers administer-space archive-page create-attachment create-blogpost create-comment create-page delete-attachment delete-blogpost delete-comment delete-page delete-space export-space read-space restrict_content-space update-blogpost update-page"#
all_permissions_that_are_shown_can_be_granted_to_users_and_groups: "
    each $permission | administer-space | archive-page | create-attachment | create-blogpost | create-comment | create-page | delete-attachment | delete-blogpost | delete-comment | delete-page | delete-space | export-space | restrict_content-space
    on rows
    world user new
    world group g new
    grant $permission new granted writes=2
    grant $permission group:g granted writes=2"
}

#[tokio::test]
async fn the_small_site_in_transition_to_roles_is_shown_line_by_line() {
    let mut stage = Stage::on("both").await;
    stage.play("sync").await;
    assert_eq!(lines::all(stage.shown()), expected(ROLES));
}

/// The switch of the public connector changes nothing: which kind of site it is, the site tells. Permissions can be
/// neither given nor taken there, and rows that are left from before stay.
#[tokio::test]
async fn a_site_with_roles_alone_is_shown_whatever_the_switch_says() {
    let fixed = |line: String| match line.split_once(" | ") {
        None if line.starts_with("space:98311:") => format!("{line} | immutable"),
        Some((_, rest)) if rest.starts_with("permission |") => format!("{line} | immutable"),
        Some((id, rest)) if id == "space:98310:read-space:user:712020:c3" => {
            format!("{id} | immutable | {rest}")
        }
        _ => line,
    };
    let alone: Vec<String> = expected(ROLES).into_iter().map(fixed).collect();
    for switch in ["true", "false"] {
        let mut stage = Stage::on("roles").await;
        stage.play(&format!("keys {{\"use-rbac\": \"{switch}\"}}\n sync")).await;
        assert_eq!(lines::all(stage.shown()), alone, "{switch}");
    }
}

const COMMON: &str = "
# Resources
access_class:all-licensed-users | ‘Everybody with a licence’ | group | enabled | access_class=all-licensed-users
group:11-adm | ‘site-admins’ | group | enabled | group_id=11-adm group_name=site-admins group_type=group managed_by=ADMINS usage_type=USERBASE_GROUP
group:22-eng | ‘eng’ | group | enabled | group_id=22-eng group_name=eng group_type=group managed_by=EXTERNAL usage_type=USERBASE_GROUP
space:98310 | ‘Engineering’ | enabled | since 2025-01-02T03:04:05.678Z | space_key=ENG space_status=current space_type=global web_url=https://acme.atlassian.net/wiki/spaces/ENG
space:98311 | ‘Ada’ | enabled | since 2025-01-02T03:04:05.678Z | space_key=~ada space_status=current space_type=personal web_url=https://acme.atlassian.net/wiki/spaces/~ada
user:557058:b2 | ‘Bob (Deactivated)’ | user | disabled inactive | human | account_status=inactive account_type=atlassian id=557058:b2 is_guest=false public_name=Bob user_name=Bob (Deactivated)
user:712020:a1 | ‘Ada Admin’ | user | enabled | human | ada@acme.io | signs in as ada@acme.io | account_status=active account_type=atlassian email=ada@acme.io id=712020:a1 is_guest=false public_name=Ada Admin user_name=Ada Admin
user:712020:c3 | ‘Bot’ | user | enabled | service | account_status=active account_type=app id=712020:c3 is_guest=false public_name=Bot user_name=Bot
# Entitlements
group:11-adm:member | assignment | ‘site-admins Group Member’ | ‘Is member of the site-admins group in Confluence’ | to user
group:22-eng:member | assignment | ‘eng Group Member’ | ‘Is member of the eng group in Confluence’ | to user | immutable
# Grants
group:11-adm:member:user:712020:a1
group:22-eng:member:user:557058:b2
group:22-eng:member:user:712020:a1
group:22-eng:member:user:712020:c3
space:98310:read-space:user:557058:b2 | immutable | from group:22-eng:member
space:98310:read-space:user:712020:c3 | from group:22-eng:member,space:98310:read-space
space:98311:administer-space:user:712020:a1
space:98311:read-space:user:712020:a1
";

const PERMISSIONS: &str = "
# Entitlements
space:{id}:administer-space | permission | ‘{name}: administer the space (administer-space)’ | ‘Can administer everything, permissions included, in the space {name} in Confluence’ | to user,group
space:{id}:delete-space | permission | ‘{name}: delete own content (delete-space)’ | ‘Can delete own content in the space {name} in Confluence’ | to user,group
space:{id}:export-space | permission | ‘{name}: export the space (export-space)’ | ‘Can export everything in the space {name} in Confluence’ | to user,group
space:{id}:read-space | permission | ‘{name}: view the space (read-space)’ | ‘Can view everything that is not restricted in the space {name} in Confluence’ | to user,group
space:{id}:restrict_content-space | permission | ‘{name}: add and remove restrictions (restrict_content-space)’ | ‘Can add and remove restrictions in the space {name} in Confluence’ | to user,group
";

const ROWS: &str = "
# Grants
space:98310:administer-space:user:712020:a1
space:98310:delete-space:group:22-eng | passed on to group:22-eng:member
space:98310:delete-space:user:557058:b2 | immutable | from group:22-eng:member
space:98310:delete-space:user:712020:a1 | immutable | from group:22-eng:member
space:98310:delete-space:user:712020:c3 | immutable | from group:22-eng:member
space:98310:read-space:access_class:all-licensed-users
space:98310:read-space:group:22-eng | passed on to group:22-eng:member
space:98310:read-space:user:712020:a1 | from group:22-eng:member,space:98310:read-space
";

const ROLES: &str = "
# Resources
space_role:r1 | ‘Admin’ | Admin of a space | role | enabled | description=Admin of a space space_permissions=[\"administer/space\",\"create/page\",\"delete/page\",\"export/space\",\"manage_users/space\",\"read/space\",\"update/page\"]
space_role:r2 | ‘Viewer’ | Viewer of a space | role | enabled | description=Viewer of a space space_permissions=[\"read/space\"]
space_role_assignment:98310:r1 | ‘Admin on Engineering’ | scope_binding | enabled | in space:98310
space_role_assignment:98310:r2 | ‘Viewer on Engineering’ | scope_binding | enabled | in space:98310
# Entitlements
space_role_assignment:98310:r1:assigned | assignment | ‘Admin on Engineering’ | ‘Has the role Admin on this space in Confluence’ | to user,group | one of space-role:98310
space_role_assignment:98310:r2:assigned | assignment | ‘Viewer on Engineering’ | ‘Has the role Viewer on this space in Confluence’ | to user,group | one of space-role:98310
# Grants
space:98310:administer-space:user:712020:a1 | immutable
space:98310:export-space:user:712020:a1 | immutable
space:98310:read-space:access_class:all-licensed-users | immutable
space:98310:read-space:group:22-eng | immutable | passed on to group:22-eng:member
space:98310:read-space:user:712020:a1 | immutable | from group:22-eng:member,space:98310:read-space
space_role_assignment:98310:r1:assigned:user:712020:a1
space_role_assignment:98310:r2:assigned:access_class:all-licensed-users
space_role_assignment:98310:r2:assigned:group:22-eng | passed on to group:22-eng:member
space_role_assignment:98310:r2:assigned:user:557058:b2 | immutable | from group:22-eng:member
space_role_assignment:98310:r2:assigned:user:712020:a1 | immutable | from group:22-eng:member
space_role_assignment:98310:r2:assigned:user:712020:c3 | immutable | from group:22-eng:member
";
