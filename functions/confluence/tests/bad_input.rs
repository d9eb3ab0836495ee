//! Bad input: what is wrong, the type and code of the failure, a part of what it says, and a part of what to do about it.
//! Whatever it is, nothing is published, nothing is changed, and no token shows.

rollcall_harness::scripts! { crate::script::play;
/// Another token, another account, a scoped token on the site, a person's token without the person, a service account's with
/// one. Unknown is whether the gateway passes the site's own words on.
a_token_that_the_site_does_not_know_is_refused: r#"
    each $gateway | default | 401
    each $keys
    | {"api-key": "hunter2"} | {"username": "eve@acme.io"} | {"api-key": "scoped-token"}
    | {"domain-url": "GATEWAY", "api-key": "hunter2"} | {"domain-url": "GATEWAY", "username": null}
    | {"domain-url": "GATEWAY", "api-key": "bearer-token"}
    on both
    set gateway $gateway
    keys $keys
    fails CredentialRejected
    says Unauthenticated: Confluence does not accept the token
    says Store a valid API token in the secret, with the e-mail address of its account as `username`. Scoped tokens and tokens of service accounts need `domain-url` to be https://api.atlassian.com/ex/confluence/<cloud id>
    grant viewer bot CredentialRejected
    revoke viewer eng CredentialRejected"#
a_cloud_id_that_is_not_the_sites_is_told: r#"
    on both
    keys {"domain-url": "GATEWAY0"}
    fails VendorNotFound
    says the address in the configuration
    grant viewer bot VendorNotFound"#
/// Without any one of its scopes a sync must fail: what it cannot see, it must not show as empty.
a_scoped_token_without_one_of_the_scopes_for_reading_publishes_nothing: r#"
    each $scope | content-details | group | user | space | space.permission | configuration
    on both
    world scopes-without read:$scope
    keys {"domain-url": "GATEWAY", "api-key": "scoped-token"}
    fails CredentialTooWeak
    says PermissionDenied: the token lacks a scope
    says the scopes that the connector's README lists"#
a_scoped_token_without_one_of_the_scopes_for_writing_can_read_and_not_write: r#"
    each $scope; $change | group; grant in-adm bot | space.permission; grant viewer bot
    on both
    world scopes-without write:$scope
    keys {"domain-url": "GATEWAY", "api-key": "scoped-token"}
    sync
    $change CredentialTooWeak writes=1
    says PermissionDenied: the token lacks a scope"#
/// The last two are of the nouns and verbs that the public connector documents, and rejects.
a_key_that_cannot_be_used_is_named_and_never_quoted_if_secret: r#"
    each $keys; $message; $fix
    | {"domain-url": " "}; `domain-url` is missing; Correct these keys in the connection's secret
    | {"domain-url": "127.0.0.1:8080"}; `domain-url` has a port and therefore needs a scheme; Correct these keys
    | {"username": " "}; `username` is missing; Store the e-mail address of the token's account in the secret
    | {"api-key": "hunter2 hunter2"}; `api-key` contains blanks; Correct these keys
    | {"skip-personal-spaces": "yes"}; `skip-personal-spaces` must be `true` or `false`; Correct these keys
    | {"noun": "space,whiteboard"}; `noun` must be a list of attachment, blogpost, comment, page, space, not `whiteboard`; Correct these keys
    | {"verb": "read,copy"}; `verb` must be a list of administer, archive, create, delete, export, read, restrict_content, update, not `copy`; Correct these keys
    on rows
    keys $keys
    fails BadConfiguration
    says Misconfigured
    says $message
    says $fix
    grant export-space bot BadConfiguration
    calls 0
    keys {}
    sync"#
what_does_not_exist_is_not_granted: "
    each $what; $whom; $kind; $code; $message; $fix
    | create-space; rita; InvalidRequest; UnknownEntitlement; Confluence has no entitlement; space:<id>:<verb>-<noun>
    | export-space; access_class:all-licensed-users; InvalidRequest; UnknownPrincipal; cannot be granted to a principal of type; a user or a group
    | in-open; eng; InvalidRequest; UnknownPrincipal; cannot be granted to a principal of type; a user or a group
    | export-space; nobody; NotFound; UnknownPrincipal; there is no user:712020:never-was in; a principal id from the newest snapshot
    | export-space; group:no; NotFound; UnknownPrincipal; there is no group:no in; a principal id from the newest snapshot
    | in-open; nobody; NotFound; UnknownPrincipal; there is no user:712020:never-was in; a principal id from the newest snapshot
    | space:7:export-space; rita; NotFound; UnknownEntitlement; or the token's account cannot view it; can view the space
    | group:no:member; rita; NotFound; UnknownEntitlement; there is no group:no in; a group id from the newest snapshot
    on rich
    grant $what $whom $code
    says $kind
    says $message
    says $fix"
a_side_effect_that_does_not_exist_cannot_be_allowed: "
    on rows
    Cascade read-space eng UnknownSideEffect
    says InvalidRequest: `Cascade` is not a side effect of this connector. Name only what is there. `cascade`: revoking read-space also revokes"
}
