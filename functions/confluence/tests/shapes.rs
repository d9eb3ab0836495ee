//! Rows that are not as documented, and rows that are missing: none of them costs the others.

rollcall_harness::scripts! { crate::script::play;
a_principal_without_id_or_a_permission_without_name_loses_no_other_row: r#"
    on rows
    answer v2/spaces/98310/permissions 200 [
    {"id": "1", "principal": {"type": "role", "id": null}, "operation": {"key": "read", "targetType": "space"}},
    {"id": "2", "principal": {"type": "user", "id": null}, "operation": {"key": "read", "targetType": "space"}},
    {"id": "3", "principal": {"type": "user", "id": "712020:c3"}, "operation": {"key": "fly"}},
    {"id": "4", "principal": {"type": "user", "id": "712020:c3"}, "operation": {"key": "fly", "targetType": "kite"}},
    {"id": "5", "principal": {"type": "toaster", "id": 7}, "operation": {"key": "read", "targetType": "space"}},
    {"id": "6", "principal": {"type": "user", "id": "712020:a1"}, "operation": {"key": "read", "targetType": "space"}}
    ]
    sync
    shows space:98310:read-space:access_class:role
    shows space:98310:read-space:access_class:user
    shows space:98310:read-space:access_class:toaster:7
    shows space:98310:read-space:user:712020:a1
    warns UnknownPermission: row 3 of space 98310 does not say what user:712020:c3 may do
    warns ExcludedByConfiguration: 1 permission not
    warns UnknownValue: access is held by principals of the kind `toaster`"#
/// What nobody holds is nobody's concern.
a_role_that_the_site_does_not_list_is_told_of_where_somebody_has_it: "
    on both
    sync
    warns-not DanglingReference
    warns-not Unknown
    world role r9 bot
    sync
    warns DanglingReference: the role r9 is held on space 98310
    shows space_role_assignment:98310:r9:assigned:user:712020:c3"
a_row_of_the_search_without_an_account_loses_no_other_row: r#"
    on rows
    answer first v1/search/user 200 [
    {"title": "?"}, {"user": null}, {"user": "712020:x"}, {"user": {"type": "anonymous", "displayName": "Anonymous"}},
    {"user": {"accountId": "712020:odd", "displayName": {"text": "O"}, "isGuest": "no"}}
    ]
    sync
    shows user:712020:odd
    shows user:712020:a1
    warns UnreadableRow: a row of the user search has no account; a row of the user search, `Anonymous`, has no account id
    warns UnreadableField: `displayName` of user 712020:odd"#
a_field_without_access_may_have_any_form: r#"
    each $created | "" | "03/01/2026" | {"epoch": 1} | null
    on rows
    answer v2/spaces 200 [
    {"id": "98310", "key": "ENG", "name": 5, "type": [], "status": {}, "createdAt": $created, "_links": {"webui": 1}},
    {"id": 98311, "key": "ADA", "name": [], "type": 1, "status": 2, "_links": 3}
    ]
    answer v1/group 200 [{"id": "22-eng", "name": 7, "managedBy": [], "usageType": {}}]
    sync
    shows space:98310:read-space:user:712020:a1
    shows space:98311:read-space:user:712020:a1
    shows group:22-eng:member:user:712020:a1
    warns UnreadableField: `_links` of space 98310"#
/// Who somebody is and what they may do is not guessed.
identity_and_rights_of_another_form_fail_the_run: r#"
    each $call; $row
    | v2/spaces/98310/permissions; {"id": "1", "principal": null, "operation": {"key": "read", "targetType": "space"}}
    | v2/spaces/98310/permissions; {"id": "1", "principal": {"id": "712020:a1"}, "operation": {"key": "read", "targetType": "space"}}
    | v2/spaces/98310/permissions; {"id": "1", "principal": {"type": "user", "id": [1]}, "operation": {"key": "read", "targetType": "space"}}
    | v2/spaces/98310/permissions; {"id": "1", "principal": {"type": "user", "id": "712020:a1"}, "operation": null}
    | v1/group; {"name": "eng"}
    | v1/group/22-eng/membersByGroupId; {"displayName": "Ada"}
    | v2/spaces; {"key": "ENG"}
    on rows
    answer $call 200 [$row]
    fails UnexpectedAnswer"#
/// Every site has groups, and the token's account is somewhere.
lists_that_cannot_be_empty_are_not_accepted_empty: "
    on rows
    answer v1/group 200 []
    fails EmptyList
    on rows
    world unindexed ada
    world group 11-adm bob
    world group 22-eng bob
    world empty 98310
    world empty 98311
    sync
    warns EmptyList: the token's account cannot see any space
    warns CallerNotListed: the token's own account"
a_token_that_sees_little_is_reported: r#"
    on rich
    keys {"username": "reader@acme.io", "api-key": "reader-token"}
    sync
    warns MayNotBeAdministrator
    lacks space:98323"#
/// Wherever its absence shows: where its roles are asked for, its first permissions, or some more of them. Neither the space
/// is shown then nor what is on it, such as the roles that somebody has there; but one answer is not enough.
a_space_deleted_during_a_sync_is_reported_and_one_answer_is_not_enough: "
    each $site; $list
    | rows; v2/spaces/98310/permissions | both; v2/spaces/98310/permissions | both; v2/spaces/98310/role-assignments
    each $when | | later
    on $site
    set page-size 2
    answer $when $list 404 No space found with id: 98310
    fails ContradictoryAnswers
    on $site
    set page-size 2
    answer $when $list 404 No space found with id: 98310
    answer v2/spaces/98310 404 No space found with id: 98310
    sync
    warns DeletedDuringSync: space 98310 was deleted during the sync
    lacks :98310
    shows space:98311"
}
