//! A small organization and its deployment, and every line of their snapshot: Ada, who owns the organization, and Bob,
//! who has no name; three native users, one of them disabled and one without names; a role mapping that names a native
//! user, who gets nothing by it, and Ada. Beside them another organization, and a second deployment that has users and
//! roles of the same names, who are others.

use rollcall_harness::lines;
use rollcall_harness::shown::Shown;
use rollcall_simulators::elastic::{
    ORGANIZATION_ID, SECOND_DEPLOYMENT_KEY, SECOND_ID, SECOND_ORGANIZATION_ID, WIDE_CLOUD_KEY,
};
use serde_json::{Value, json};

use crate::world::{begin_again, small_world};
use crate::{Desk, Simulated, rows};

/// Keys of the secret, and what they show. The public connector shows nobody's role in the organization, no name for Bob
/// and `svc`, not that `olduser` is disabled, and two native users whom the mapping covers: one whom mappings do not
/// concern and one who does not exist. It does not show that the mapping gives a role, so that nobody has `viewer` by it.
/// It knows one deployment, needs a key of Elastic Cloud, and puts the members of a chosen organization into every other.
const CONNECTIONS: &str = r#"
{}                                                                      | organization main linked
{$NO_DEPLOYMENT}                                                        | organization
{"api-key": null}                                                       | main unlinked
{$ONLY_LISTED: [$SECOND, $MAIN_BARE]}                                   | organization main linked second
{$ONLY_LISTED: [$MAIN_BARE, $SECOND]}                                   | organization main linked second
{$ONLY_LISTED: [$MAIN_BARE]}                                            | organization main linked
{$ONLY_LISTED: [$SECOND]}                                               | organization second
{"api-key": "$wide_key"}                                                | organization main linked other
{"api-key": "$wide_key", "organization-id": "198583657190"}             | organization main linked
{"api-key": "$wide_key", "organization-id": "198583657191", $NO_DEPLOYMENT} | other
"#;

#[tokio::test]
async fn what_is_configured_is_shown_line_by_line_and_nothing_else() {
    let owner = json!({"organization_id": SECOND_ORGANIZATION_ID, "role_id": "organization-admin"});
    let viewer = json!({"description": "Looks", "metadata": {"_reserved": true}});
    let rules = json!({"any": [{"field": {"username": "1001"}}, {"field": {"groups": "cn=a"}}]});
    let world = small_world(|world| {
        let other = SECOND_ORGANIZATION_ID;
        world
            .add_organization(other, "Other & Sons")
            .add_member(other, "2001", "Olga Other", "olga@other.io")
            .assign(other, "2001", json!({"organization": [owner]}))
            .add_cloud_key(WIDE_CLOUD_KEY, &[ORGANIZATION_ID, other])
            .add_cluster("second", ORGANIZATION_ID, SECOND_ID)
            .add_deployment_key("second", SECOND_DEPLOYMENT_KEY, &["all"])
            .add_role("second", "viewer", viewer)
            .add_user("second", "jacknich", &["viewer"])
            .set_names("second", "jacknich", "Jacqueline", "jn@example.com")
            .add_reserved_user("second", "elastic", &["superuser"])
            .add_mapping("second", "mapping1", &["viewer"], rules);
    });
    let mut desk = Desk::around(Simulated::of(world.clone()).await);
    for [keys, parts] in rows(desk.vendor.written_out(CONNECTIONS)) {
        begin_again(&mut desk, world.clone());
        let keys: Value = serde_json::from_str(keys).expect("JSON");
        desk.set_keys(&keys);
        let shown = Shown::by(&desk).await;
        let texts = parts.split(' ').map(|part| match part {
            "organization" => ORGANIZATION,
            "main" => DEPLOYMENT,
            "linked" => LINKED,
            "unlinked" => UNLINKED,
            "second" => SECOND,
            _ => OTHER,
        });
        let texts: Vec<&str> = texts.collect();
        assert_eq!(lines::all(&shown), lines::expected(&texts, &[]), "{keys}");
        let warnings = match parts.contains("second") {
            true => "DanglingReference: second: users have roles that are not defined: superuser",
            false => "",
        };
        assert_eq!(shown.warnings().concat(), warnings, "{keys}");
    }
}

/// Each of these lines is one of the snapshot.
pub(crate) fn shows(shown: &Shown, expected: &str) {
    let found = lines::all(shown);
    let id = |line: &str| line.split(" | ").next().map(str::to_owned);
    for line in lines::expected(&[expected], &[]) {
        let similar: Vec<_> = found.iter().filter(|l| id(l) == id(&line)).collect();
        assert!(found.contains(&line), "not\n{line}\nbut {similar:#?}");
    }
}

const ORGANIZATION: &str = "
# Resources
organization:198583657190 | ‘Acme’ | enabled
user:1001 | ‘Ada Lovelace’ | user | enabled | human | ada@acme.io | signs in as ada@acme.io | in organization:198583657190 | first_name=Ada last_name=Lovelace login=ada@acme.io member_since=2024-01-01T00:00:00Z org_id=198583657190 user_id=1001
user:1002 | ‘bob@acme.io’ | user | enabled | human | bob@acme.io | signs in as bob@acme.io | in organization:198583657190 | first_name= last_name= login=bob@acme.io member_since=2024-01-02T00:00:00Z org_id=198583657190 user_id=1002
# Entitlements
organization:198583657190:billing-admin | assignment | ‘Acme billing-admin’ | ‘May see and change what the organization pays’ | to user
organization:198583657190:member | assignment | ‘Acme Organization member’ | ‘Member of Acme Elastic organization’ | to user
organization:198583657190:organization-admin | assignment | ‘Acme organization-admin’ | ‘Owner of the organization: everything, and superuser in every deployment’ | to user
# Grants
organization:198583657190:member:user:1001
organization:198583657190:member:user:1002
organization:198583657190:organization-admin:user:1001
";

const OTHER: &str = "
# Resources
organization:198583657191 | ‘Other & Sons’ | enabled
user:2001 | ‘Olga Other’ | user | enabled | human | olga@other.io | signs in as olga@other.io | in organization:198583657191 | first_name=Olga last_name=Other login=olga@other.io member_since=2024-01-01T00:00:00Z org_id=198583657191 user_id=2001
# Entitlements
organization:198583657191:billing-admin | assignment | ‘Other & Sons billing-admin’ | ‘May see and change what the organization pays’ | to user
organization:198583657191:member | assignment | ‘Other & Sons Organization member’ | ‘Member of Other & Sons Elastic organization’ | to user
organization:198583657191:organization-admin | assignment | ‘Other & Sons organization-admin’ | ‘Owner of the organization: everything, and superuser in every deployment’ | to user
# Grants
organization:198583657191:member:user:2001
organization:198583657191:organization-admin:user:2001
";

const DEPLOYMENT: &str = "
# Resources
deploymentUser:jacknich | ‘Jack Nicholson’ | user | enabled | human | jacknich@example.com | signs in as jacknich | enabled=true first_name=Jack last_name=Nicholson login=jacknich@example.com realm=native reserved=false user_id=jacknich
deploymentUser:olduser | ‘Old User’ | user | disabled | human | old@example.com | signs in as olduser | enabled=false first_name=Old last_name=User login=old@example.com realm=native reserved=false user_id=olduser
deploymentUser:svc | ‘svc’ | user | enabled | human | signs in as svc | enabled=true first_name= last_name= realm=native reserved=false user_id=svc
externalUser:jacknich | ‘jacknich’ | user | - named by a role mapping; known to an identity provider | signs in as jacknich | name=jacknich
role:admin | ‘admin’ | role | enabled | reserved=false role_id=admin role_name=admin
role:superuser | ‘superuser’ | role | enabled | reserved=false role_id=superuser role_name=superuser
role:viewer | ‘viewer’ | role | enabled | reserved=false role_id=viewer role_name=viewer
roleMapping:mapping1 | ‘mapping1’ | role | enabled | enabled=true role_mapping_id=mapping1 role_mapping_name=mapping1 roles=[\"viewer\"] rules={\"field\":{\"username\":[\"jacknich\",\"1001\"]}}
# Entitlements
role:admin:member | assignment | ‘admin Role member’ | ‘Member of admin elasticsearch role’ | to deploymentUser
role:superuser:member | assignment | ‘superuser Role member’ | ‘Member of superuser elasticsearch role’ | to deploymentUser
role:viewer:member | assignment | ‘viewer Role member’ | ‘Member of viewer elasticsearch role’ | to deploymentUser
roleMapping:mapping1:member | assignment | ‘mapping1 Role member’ | ‘Member of mapping1 elasticsearch role’ | to externalUser,externalGroup,externalClass,user | immutable
# Grants
role:admin:member:deploymentUser:jacknich
role:viewer:member:deploymentUser:jacknich
role:viewer:member:deploymentUser:svc
role:viewer:member:externalUser:jacknich | immutable | from roleMapping:mapping1:member
role:viewer:member:roleMapping:mapping1 | immutable | passed on to roleMapping:mapping1:member
roleMapping:mapping1:member:externalUser:jacknich | immutable | known elsewhere as jacknich
";

/// What the mapping means where the organization is known.
const LINKED: &str = "
# Grants
role:viewer:member:user:1001 | immutable | from roleMapping:mapping1:member
roleMapping:mapping1:member:user:1001 | immutable
";

/// And where it is not.
const UNLINKED: &str = "
# Resources
externalUser:1001 | ‘1001’ | user | - named by a role mapping; known to an identity provider | signs in as 1001 | name=1001
# Grants
role:viewer:member:externalUser:1001 | immutable | from roleMapping:mapping1:member
roleMapping:mapping1:member:externalUser:1001 | immutable | known elsewhere as 1001
";

const SECOND: &str = "
# Resources
deploymentUser:second›elastic | ‘elastic’ | user | enabled | system | signs in as elastic | deployment=second enabled=true first_name= last_name= realm=native reserved=true user_id=elastic
deploymentUser:second›jacknich | ‘Jacqueline’ | user | enabled | human | jn@example.com | signs in as jacknich | deployment=second enabled=true first_name=Jacqueline last_name= login=jn@example.com realm=native reserved=false user_id=jacknich
externalGroup:second›cn=a | ‘cn=a’ | group | - named by a role mapping; known to an identity provider | deployment=second name=cn=a
role:second›superuser | ‘superuser’ | role | - held, but not defined in the deployment | deployment=second role_id=superuser role_name=superuser
role:second›viewer | ‘viewer’ | Looks | role | enabled | deployment=second description=Looks reserved=true role_id=viewer role_name=viewer
roleMapping:second›mapping1 | ‘mapping1’ | role | enabled | deployment=second enabled=true role_mapping_id=mapping1 role_mapping_name=mapping1 roles=[\"viewer\"] rules={\"any\":[{\"field\":{\"username\":\"1001\"}},{\"field\":{\"groups\":\"cn=a\"}}]}
# Entitlements
role:second›superuser:member | assignment | ‘superuser Role member’ | ‘Member of superuser elasticsearch role’ | to deploymentUser
role:second›viewer:member | assignment | ‘viewer Role member’ | ‘Member of viewer elasticsearch role’ | to deploymentUser
roleMapping:second›mapping1:member | assignment | ‘mapping1 Role member’ | ‘Member of mapping1 elasticsearch role’ | to externalUser,externalGroup,externalClass,user | immutable
# Grants
role:second›superuser:member:deploymentUser:second›elastic
role:second›viewer:member:deploymentUser:second›jacknich
role:second›viewer:member:externalGroup:second›cn=a | immutable | from roleMapping:second›mapping1:member
role:second›viewer:member:roleMapping:second›mapping1 | immutable | passed on to roleMapping:second›mapping1:member
role:second›viewer:member:user:1001 | immutable | from roleMapping:second›mapping1:member
roleMapping:second›mapping1:member:externalGroup:second›cn=a | immutable | known elsewhere as cn=a
roleMapping:second›mapping1:member:user:1001 | immutable
";
