//! What the vendor's refusals mean, and where it is asked.

rollcall_harness::scripts! { crate::script::play;
a_token_that_is_revoked_halfway_publishes_nothing: r#"
    each $call; $answer
    | v1/user/current; 403 $v1 | v1/search/user; 403 $v1 | v1/group; 403 $v1 | v1/group/22-eng/membersByGroupId; 403 $v1
    | v2/spaces; 404 Not Found | v2/spaces/98310/permissions; 404 Not Found | v2/space-roles; 404 Not Found
    | v2/spaces/98310/role-assignments; 404 Not Found | v2/users-bulk; 404 Not Found
    each $v1 | {"statusCode": 403, "message": "com.atlassian.confluence.api.service.exceptions.PermissionException: Current user not permitted to use Confluence"}
    on both
    answer $call $answer
    fails CredentialRejected"#
a_revoke_with_a_token_that_is_revoked_halfway_fails: "
    on rows
    answer GET v2/spaces/* 404 Not Found
    revoke read-space eng CredentialRejected
    on both
    answer GET v2/spaces/* 404 Not Found
    revoke viewer eng CredentialRejected"
/// A page for people, or what the gateway says where it knows no way, is nobody's word on a space, a group or a mode.
only_the_vendors_own_404_means_that_something_does_not_exist: r#"
    each $answer | html
    | {"timestamp": "2026-06-01T12:00:00Z", "status": 404, "error": "Not Found", "path": "/x", "message": "No message available"}
    on rows
    answer v2/spaces/98310 404 $answer
    revoke delete-space bob VendorNotFound
    answer v1/group/by-id 404 $answer
    revoke in-adm bob VendorNotFound
    on both
    answer v2/spaces/98310/permissions 404 $answer
    fails VendorNotFound
    on both
    answer v2/space-role* 404 $answer
    fails VendorNotFound"#
/// A change of which no answer came may have been made: it is looked at again, and not sent twice if it was. The last has two
/// writes, of which the answer to the first is lost.
a_change_whose_answer_is_lost_is_made_once: "
    each $site; $method; $call; $change; $whom; $outcome; $state
    | rows; POST; v1; grant in-adm; new; granted grants=in-adm; already_granted
    | rows; DELETE; v1; revoke in-adm; bot; revoked removed=in-adm; already_revoked
    | rows; POST; v1; grant export-space; bot; granted grants=export-space,read-space; already_granted
    | rows; DELETE; v1; revoke delete-space; eng; revoked removed=delete-space; already_revoked
    | both; POST; v2/spaces; grant admin; eng; granted replaced=viewer removed=viewer; already_granted
    | both; POST; v2/spaces; revoke viewer; eng; revoked removed=viewer; already_revoked
    | rows; POST; v1; grant create-page; new; granted grants=create-page,read-space writes=2; already_granted
    on $site
    world user new
    world member 11-adm bot
    answer first $method $call/* lost
    $change $whom $outcome
    $change $whom $state"
a_write_whose_answer_is_unclear_is_sent_again_only_if_it_did_not_arrive: "
    each $status; $writes | lost; 1 | cut; 1 | gone; 2 | 408; 2 | 500; 2 | 502; 2 | 503; 2 | 504; 2 | 429; 2
    on rows
    answer first POST v1/* $status
    grant export-space bot granted grants=export-space,read-space writes=$writes
    holds bot export/space read/space"
/// Only what an answer proves is called the cause.
a_refusal_by_something_else_is_not_reported_as_a_missing_right: r#"
    each $answer; $code; $fix
    | 403 $filtered; AddressNotAllowed; add it to the allowlist
    | 401 $filtered; AddressNotAllowed; add it to the allowlist
    | 403 html; BlockedOnTheWay; Look for a proxy or a firewall
    | 401 {"code": 401, "message": "Unauthorized, scope does not match"}; CredentialTooWeak; that the connector's README lists
    each $filtered | {"errorMessages": ["The IP address has been rejected because it is not on the allowed list. See your admin for more information."], "errors": {}}
    each $method; $writes | GET; 0 | POST; 1
    on rows
    answer $method v1/* $answer
    grant export-space bot $code writes=$writes
    says $fix"#
/// To an account that may view a space and not change it, the API v2 answers a change with 404.
who_may_not_change_a_space_is_told_what_is_missing: "
    on both
    answer POST v2/spaces/98310/role-assignments 404 Cannot find a space with id [98310]
    grant viewer bot CredentialTooWeak writes=1
    says an administrator of a space can
    on rich
    grant space:98322:export-space carl CredentialTooWeak writes=1
    says an administrator of a space can"
/// The site itself refuses the last two.
scoped_tokens_and_service_accounts_work_through_the_gateway: r#"
    each $token; $username | test; "ada@acme.io" | scoped; "ada@acme.io" | bearer; null
    on both
    world user new
    sync
    keys {"domain-url": "GATEWAY", "api-key": "$token-token", "username": $username}
    sync same
    grant viewer new granted
    revoke viewer new revoked"#
}
