//! Roles on spaces.

rollcall_harness::scripts! { crate::script::play;
a_role_that_was_just_given_can_be_taken: "
    on both roles
    world user new
    grant viewer new granted
    holds new r2
    grant viewer new already_granted
    revoke viewer new revoked
    holds new
    revoke viewer new already_revoked
    grant space_role_assignment:98310:r9:assigned new UnknownEntitlement"
/// A role that is not held is not taken, and nothing else in its place.
access_that_a_role_replaces_is_named: "
    on both
    grant admin eng granted replaced=viewer removed=viewer
    holds eng r1
    grant viewer bot granted replaced=read-space removed=read-space
    revoke admin bot already_revoked
    holds bot r2
    revoke admin eng revoked removed=admin
    holds eng"
permissions_are_not_changed_where_a_role_gives_them: "
    on both
    grant export-space eng HoldsRole
    says Change the role instead: `space_role_assignment:98310:r2:assigned
    revoke read-space eng HoldsRole
    says Change the role instead: `space_role_assignment:98310:r2:assigned
    on roles
    grant export-space eng RolesOnly
    says Request the role Admin instead: `space_role_assignment:98310:r1:assigned
    on rows
    grant viewer eng PermissionsOnly"
/// Those that only they have, too.
the_roles_of_classes_of_people_are_shown: "
    on both
    world empty 98310
    world role r1 ada
    world role r2 access-class:anonymous-users
    sync
    shows space_role_assignment:98310:r2:assigned:access_class:anonymous-users"
a_site_without_roles_is_shown_by_its_permissions_however_it_says_so: "
    each $mode | 200 {} | 404
    each $roles | default | bare-404 | empty
    on rows
    sync
    answer v2/space-role-mode $mode
    set before-roles $roles
    sync same"
a_site_that_does_not_say_its_mode_and_has_roles_is_shown_with_them: "
    each $mode | 200 {} | 404
    on both
    answer v2/space-role-mode $mode
    sync
    shows space_role_assignment:98310:r2:assigned:group:22-eng
    warns UnknownRoleMode
    revoke viewer eng revoked"
/// Nothing says that such a site has roles: what it withholds of them is told of, and costs no snapshot. A site that says
/// that it has some must show them.
a_site_that_does_not_say_its_mode_and_withholds_its_roles_is_shown_by_its_permissions: r#"
    each $call; $answer; $warning; $code
    | space-roles; 403 {"errors": [{"status": 403, "title": "Forbidden"}]}; reports neither its mode nor its roles; VendorDenied
    | space-roles; 501; reports neither its mode nor its roles; VendorRejected
    | spaces/98310/role-assignments; 404 Cannot find role assignments; does not report its mode and answers 404 for the roles on space 98310; ContradictoryAnswers
    | spaces/98310/role-assignments; 404 Not Found; does not report its mode and answers 404 for the roles on space 98310; CredentialRejected
    on both
    answer GET v2/$call $answer
    fails $code
    on both
    answer v2/space-role-mode 404
    answer GET v2/$call $answer
    sync
    warns BlindSpot: The site $warning
    shows space:98310:read-space:group:22-eng
    on both
    answer v2/space-role-mode 404
    answer GET v2/spaces/98310/role-assignments 403 {"errors": [{"status": 403, "title": "Forbidden"}]}
    fails VendorDenied"#
/// Whether rows show what a role gives is not documented. What it does not include is not there.
a_permission_that_a_role_gives_is_not_missing_whether_rows_show_it_or_not: "
    each $site; $rows; $code | both; shown; HoldsRole | both; hidden; HoldsRole | roles; shown; RolesOnly | roles; hidden; HoldsRole
    on $site
    set rows-of-roles $rows
    revoke read-space eng $code
    revoke export-space eng already_revoked"
/// What a role allows that the site does not list is not known, and counts for nobody beside
/// one that it does. An empty list of roles is no reason to take anybody for no administrator.
the_last_administrator_is_known_by_roles_whether_rows_show_them_or_not: "
    each $rows; $code | shown; LastAdmin | hidden; EmptyList
    on both roles
    world empty 98310
    world role r1 bot
    world role r2 ada
    world role r9 eng
    set rows-of-roles $rows
    revoke admin bot LastAdmin
    grant viewer bot LastAdmin
    revoke viewer ada OwnAccess
    answer GET v2/spaces/98310/role-assignments 200 []
    grant viewer bot $code
    // An administrator by permissions and one by a role are two.
    on both
    set rows-of-roles $rows
    world grant 98310 administer/space bot
    revoke administer-space bot revoked"
/// Where no role shows what it allows, rows tell who administers; without them nothing does, and nothing is taken.
a_role_that_does_not_show_what_it_allows_is_taken_if_rows_show_another_administrator: "
    each $rows; $role; $admin; $viewer
    | shown; r1; revoked; revoked | shown; r2; LastAdmin; revoked
    | hidden; r1; AdministratorsNotShown; AdministratorsNotShown
    on both roles
    world empty 98310
    world role r1 bot
    world role $role ada
    world role r2 eng
    set rows-of-roles $rows
    set roles mute
    revoke admin bot $admin
    revoke viewer eng $viewer"
}
