//! Who is shown, and as what, and on which spaces.

rollcall_harness::scripts! { crate::script::play;
/// Deactivated accounts are in no list, and keep their access; of whom nobody knows, the id is shown. Rows that are not selected
/// are counted: nine of Hana's, a group's, and one of a noun that nobody knows.
every_principal_of_a_permission_is_shown_as_what_it_is: "
    each $hidden | default | null | absent
    on rich
    set hidden-email $hidden
    world member 35-bare user:712020:closed
    world grant 98320 read/space user:qm:customer
    world guest user:alone
    sync
    shows user:557058:b2 | ‘Bob (Deactivated)’ | user | disabled inactive | human | account_status=
    shows user:712020:a1 | ‘Ada Admin’ | user | enabled | human | ada@acme.io | signs in as ada@acme.io | account_status=
    shows user:712020:app | ‘Deploy App’ | user | enabled | service | account_status=
    shows user:712020:capital | ‘Carl Capital’ | user | enabled | human | Carl.Capital@Acme.io | signs in as Carl.Capital@Acme.io | account_status=
    shows user:712020:closed | ‘Former user’ | user | disabled closed | human | account_status=
    shows user:712020:deactivated | ‘Dora Gone (Deactivated)’ | user | disabled inactive | human | dora@acme.io | signs in as dora@acme.io | account_status=
    shows user:712020:guest | ‘Gus Guest’ | user | enabled | human | gus@example.com | signs in as gus@example.com | account_status=active account_type=atlassian email=gus@example.com id=712020:guest is_guest=true
    shows user:712020:hidden | ‘Hana H’ | user | enabled | human | account_status=active account_type=atlassian id=
    shows user:712020:never-was | ‘712020:never-was’ | user | - named by a grant, not shown by the vendor
    shows user:712020:no-type | ‘Nadia None’ | user | enabled | nadia@acme.io | signs in as nadia@acme.io | account_status=active
    shows user:712020:odd-status | ‘Uma Unknown’ | user | - unknown | human | uma@acme.io | signs in as uma@acme.io | account_status=unknown
    shows user:712020:unindexed | ‘Ines Index’ | user | enabled | human | ines@acme.io | signs in as ines@acme.io | account_status=active
    shows user:712020:unlicensed | ‘Lev Less (Unlicensed)’ | user | enabled | human | lev@acme.io | signs in as lev@acme.io | account_status=active
    shows user:qm:customer | ‘Cleo Customer’ | user | enabled | human | cleo@example.com | signs in as cleo@example.com | account_status=active
    shows group:99-never-was | ‘99-never-was’ | group | - named by a grant, not shown by the vendor
    shows user:alone | ‘N’ | user | enabled | human | account_status=active account_type=atlassian id=alone is_guest=true
    shows space:98320:read-space:user:712020:deactivated
    shows space:98320:read-space:user:712020:guest
    shows space:98320:read-space:user:712020:never-was
    shows space:98320:read-space:user:712020:unindexed
    shows space:98320:read-space:group:99-never-was
    warns ExcludedByConfiguration: 11 permissions"
/// Unknown is how Confluence shows what everybody on the internet may do; no way of showing it gets lost, or looks like an
/// account.
what_everybody_and_anybody_on_the_internet_may_do_is_shown_however_it_comes: r#"
    each $row; $class | default; role:anonymous | {"type": "access-class", "id": "ANONYMOUS_USERS"}; anonymous-users
    | {"type": "user", "id": "anonymous"}; anonymous-users | {"type": "role"}; role
    on rich
    set anonymous-row $row
    set class-rows twice
    sync
    lacks user:anonymous
    shows access_class:$class | ‘
    shows space:98320:read-space:access_class:$class
    shows space:98320:read-space:access_class:all-licensed-users
    shows space:98320:read-space:access_class:all-product-admins
    shows space:98320:read-space:access_class:role:role-from-the-future
    shows space:98320:read-space:access_class:device:toaster"#
/// A space without a name has its key for one.
a_space_has_its_key_its_type_and_its_state: "
    on rich
    sync
    shows space:98321 | ‘Old things’ | enabled archived | since 2025-01-02T03:04:05.678Z | space_key=OLD space_status=archived space_type=knowledge_base
    shows space:98325 | ‘FUTURE’ | enabled | since 2025-01-02T03:04:05.678Z | space_key=FUTURE space_status=current space_type=holographic"
}
