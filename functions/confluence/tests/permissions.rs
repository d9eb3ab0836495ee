//! Membership in groups, and permissions on spaces: granting and revoking.

rollcall_harness::scripts! { crate::script::play;
a_member_is_added_and_removed_whatever_the_body_of_the_answer: "
    each $text | | Created | <html></html>
    on rich
    set member-added $text
    grant in-open rita granted grants=in-open
    grant in-open rita already_granted
    revoke in-open rita revoked removed=in-open
    revoke in-open rita already_revoked"
/// Unknown is what Confluence says to somebody being added who is there; each way of saying it is understood. The first
/// look at the user's groups, and at the group's members, comes before somebody else adds the user.
a_member_who_was_added_by_somebody_else_meanwhile_is_a_member: "
    each $again; $outcome | default; granted | 400; already_granted | 409; already_granted
    on rich
    set member-again $again
    answer first v1/user/memberof 200 []
    answer first v1/group/34-open/membersByGroupId 200 []
    world member 34-open rita
    grant in-open rita $outcome writes=1"
the_members_of_a_group_that_is_kept_elsewhere_are_left_alone: "
    on rich
    grant in-eng rita ExternalGroup
    revoke in-eng bob ExternalGroup"
a_revoke_from_a_deleted_group_or_user_is_already_done: "
    each $status | default | 400
    on rich
    set unknown-group $status
    revoke group:never-was:member rita already_revoked
    revoke in-open nobody already_revoked"
a_permission_is_granted_and_revoked_by_the_key_of_the_space: "
    each $word; $before; $after
    | bot; read/space; export/space read/space
    | eng; create/page delete/space read/space; create/page delete/space export/space read/space
    on rows
    grant export-space $word granted grants=export-space,read-space
    holds $word $after
    revoke export-space $word revoked removed=export-space
    holds $word $before
    // Somebody else grants it, with another row.
    world grant 98310 export/space $word
    revoke export-space $word revoked
    holds $word $before"
/// The last is what somebody else granted after the first look.
an_existing_state_is_not_a_failure: r#"
    on rows
    grant read-space bot already_granted
    revoke export-space bot already_revoked
    revoke read-space nobody already_revoked
    world grant 98310 export/space bot
    answer first v2/spaces/98310/permissions 200 [{"id": "1", "principal": {"type": "user", "id": "712020:c3"}, "operation": {"key": "read", "targetType": "space"}}]
    grant export-space bot already_granted writes=1"#
viewing_the_space_is_granted_first_and_named: "
    on rows
    world user new
    grant create-page new granted grants=create-page,read-space writes=2
    holds new create/page read/space"
/// What the vendor is known to refuse is refused before the permission to view the space is given for it.
what_a_site_or_a_guest_cannot_have_is_refused_before_anything_is_written: "
    on rows
    world user new
    world guest user:g
    grant update-page new UnknownEntitlement
    grant update-blogpost new UnknownEntitlement
    grant administer-space user:g GuestLimit
    grant export-space user:g GuestLimit
    grant restrict_content-space user:g GuestLimit
    grant create-page user:g granted writes=2
    world mode both
    grant update-page new granted writes=2
    grant update-blogpost new granted"
/// Who holds nothing else needs no leave.
taking_the_view_of_a_space_takes_all_else_only_if_that_is_allowed_and_names_it: r#"
    on rows
    revoke read-space eng Cascade
    says its other permissions on it, too: space:98310:create-page:group:22-eng, space:98310:delete-space:group:22-eng
    says "allow":["cascade"]
    cascade read-space eng revoked removed=create-page,delete-space,read-space
    holds eng
    revoke read-space bot revoked removed=read-space"#
a_companion_that_goes_along_is_named: "
    on rows
    world mode both
    grant create-page bot granted
    holds bot create/page read/space update/page
    revoke create-page bot revoked removed=create-page,update-page
    holds bot read/space"
a_revoke_of_the_permission_to_view_is_no_cascade_for_the_companion_that_came_with_it: "
    on rows
    world mode both
    world user new
    grant read-space new granted
    holds new export_content/space read/space
    revoke read-space new revoked removed=export_content-space,read-space
    holds new"
/// Of two administrators, one can go.
a_space_keeps_an_administrator_and_the_connector_its_own_access: "
    on rich
    world grant 98322 read/space ada
    world grant 98322 export/space ada
    revoke space:98322:administer-space rita LastAdmin
    cascade space:98322:read-space rita LastAdmin
    revoke space:98322:export-space ada OwnAccess
    revoke space:98324:administer-space ada OwnAccess
    revoke in-adm ada OwnAccess
    world grant 98310 administer/space bot
    revoke administer-space bot revoked"
excluded_spaces_are_not_changed_either: r#"
    on rows
    keys {"skip-personal-spaces": "true"}
    grant space:98311:read-space bot ExcludedByConfiguration
    keys {}
    grant space:98311:read-space bot granted
    keys {"skip-personal-spaces": "true"}
    revoke space:98311:read-space bot ExcludedByConfiguration"#
/// The vendor has one answer for what is deleted and what is hidden from us.
access_to_a_space_that_cannot_be_viewed_is_not_reported_as_revoked: "
    on rich
    revoke space:98323:read-space carl UnknownEntitlement
    on both
    answer first v2/spaces/98310 404 Cannot find a space with id [98310]
    revoke viewer eng UnknownEntitlement
    revoke viewer eng revoked"
/// A sync shows the others, and says of which space it shows nobody.
an_empty_access_list_of_a_space_is_not_accepted: "
    each $site; $what | rows; delete-space | both; delete-space | both; viewer | roles; viewer
    on $site
    answer GET v2/spaces/98310/permissions 200 []
    answer GET v2/spaces/98310/role-assignments 200 []
    revoke $what eng EmptyList
    sync
    warns BlindSpot: Space 98310 is listed, but nobody is shown to have access to it."
/// A list of all groups that has none says nothing of one of them.
a_membership_that_one_answer_does_not_show_is_revoked: r#"
    each $call; $answer
    | group/by-id; 404 {"statusCode": 404, "message": "…NotFoundException: No group found with id: 34-open"}
    | user/memberof; 404 {"statusCode": 404, "message": "…NotFoundException: No user found"}
    | user/memberof; 200 []
    on rich
    answer first v1/$call $answer
    revoke in-open carl revoked
    revoke in-open carl already_revoked
    on rich
    answer v1/group/by-id 404 {"statusCode": 404, "message": "…NotFoundException: No group found with id: 34-open"}
    answer v1/group 200 []
    revoke in-open carl EmptyList"#
/// All that `worked_example` shows of this site.
every_shown_grant_can_be_revoked: "
    on both
    revoke group:11-adm:member user:712020:a1 OwnAccess
    revoke group:22-eng:member user:557058:b2 ExternalGroup
    revoke group:22-eng:member user:712020:a1 ExternalGroup
    revoke group:22-eng:member user:712020:c3 ExternalGroup
    revoke space:98310:read-space user:712020:c3 revoked
    revoke space:98311:administer-space user:712020:a1 OwnAccess
    revoke space:98311:read-space user:712020:a1 OwnAccess
    revoke space_role_assignment:98310:r1:assigned user:712020:a1 OwnAccess
    revoke space_role_assignment:98310:r2:assigned access_class:all-licensed-users UnknownPrincipal
    revoke space_role_assignment:98310:r2:assigned group:22-eng revoked"
}
