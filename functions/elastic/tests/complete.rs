//! Nothing missing and nothing wrong: compares the snapshot with the simulated world. The access is computed here
//! independently, from the vendor's rules and not from the connector.

use std::collections::{BTreeMap, BTreeSet};

use rollcall_harness::answers::entries;
use rollcall_harness::conformance::{Bench, Subject};
use rollcall_harness::shown::Shown;
use rollcall_simulators::elastic::{
    ORGANIZATION_ID, SECOND_ORGANIZATION_ID, Sizes, WIDE_CLOUD_KEY, World,
};
use serde_json::{Value, json};

use crate::worked_example::shows;
use crate::{Desk, Several, Simulated, rows};

/// Everything that must be shown: the ids of resources, entitlements, grants that the vendor states (`direct`), and grants
/// that follow for those whom a role mapping covers, each after what it is.
#[derive(Default)]
struct Expected(BTreeSet<String>);

impl Expected {
    /// These parts of a view of the world: organizations with those invited, and deployments with what stands before the
    /// names in their ids; `covered` says whom a mapping covers, given its name and rules.
    fn of(
        view: &Value,
        organizations: &[(&str, &[&str])],
        deployments: &[(&str, &str)],
        covered: impl Fn(&str, &Value) -> Vec<String>,
    ) -> Self {
        let mut all = Self::default();
        for (id, invited) in organizations {
            all.organization(id, &view["organizations"][id]);
            all.0.extend(invited.iter().map(|email| format!("resource invitation:{id}/{email}")));
        }
        for (name, mark) in deployments {
            all.deployment(&view["deployments"][name], mark, &covered);
        }
        all
    }

    fn holds(&mut self, entitlement: &str, principal: &str) {
        let ids = [("resource", principal), ("entitlement", entitlement)];
        self.0.extend(ids.map(|(what, id)| format!("{what} {id}")));
        self.0.insert(format!("direct {entitlement}:{principal}"));
    }

    fn organization(&mut self, id: &str, view: &Value) {
        let organization = format!("organization:{id}");
        let slugs = ["member", "organization-admin", "billing-admin"];
        self.0.extend(slugs.map(|slug| format!("entitlement {organization}:{slug}")));
        for (member, assignments) in entries(&view["members"]) {
            let user = format!("user:{member}");
            self.holds(&format!("{organization}:member"), &user);
            for row in list(assignments) {
                self.assignment(id, text(row), &user);
            }
        }
        self.0.insert(format!("resource {organization}"));
    }

    /// `<kind> <role> of <organization>[ on <id>| on all][ with <roles>]`, or an unknown kind.
    fn assignment(&mut self, organization: &str, row: &str, user: &str) {
        let Some(((kind, role), tail)) =
            row.split_once(" of ").and_then(|(head, tail)| Some((head.split_once(' ')?, tail)))
        else {
            return;
        };
        let (tail, custom) = match tail.split_once(" with ") {
            Some((tail, roles)) => (tail, serde_json::from_str(roles).expect("a list")),
            None => (tail, Vec::<String>::new()),
        };
        let place = tail.split_once(" on ").map(|(_, place)| place);
        let resource = match (kind.split_once('/').unwrap_or((kind, "")), place) {
            (("organization" | "platform", _), None) => format!("organization:{organization}"),
            (("deployment", _), Some("all")) => format!("deployment:all-{organization}"),
            (("project", kind), Some("all")) => format!("project:all-{kind}-{organization}"),
            ((kind @ ("deployment" | "project"), _), Some(id)) => format!("{kind}:{id}"),
            // Connected clusters, and unknown kinds.
            _ => return,
        };
        if kind == "deployment" {
            let usual = ["admin", "editor", "viewer"];
            self.0.extend(usual.map(|usual| format!("entitlement {resource}:deployment-{usual}")));
        }
        self.holds(&format!("{resource}:{role}"), user);
        for role in custom {
            self.holds(&format!("{resource}:application-{role}"), user);
        }
        self.0.insert(format!("resource {resource}"));
    }

    fn deployment(
        &mut self,
        view: &Value,
        mark: &str,
        covered: impl Fn(&str, &Value) -> Vec<String>,
    ) {
        for (role, _) in entries(&view["roles"]) {
            self.member_of("role", mark, role);
        }
        for (name, user) in entries(&view["users"]) {
            let principal = format!("deploymentUser:{mark}{name}");
            for role in list(&user["roles"]) {
                let role = self.member_of("role", mark, text(role));
                self.holds(&role, &principal);
            }
            self.0.insert(format!("resource {principal}"));
        }
        for (name, mapping) in entries(&view["mappings"]) {
            let entitlement = self.member_of("roleMapping", mark, name);
            let covered = covered(name, &mapping["rules"]);
            for principal in &covered {
                self.holds(&entitlement, principal);
            }
            for role in list(&mapping["roles"]) {
                let role = self.member_of("role", mark, text(role));
                if mapping["enabled"] == true {
                    self.holds(&role, &format!("roleMapping:{mark}{name}"));
                    self.0.extend(covered.iter().map(|who| format!("following {role}:{who}")));
                }
            }
        }
    }

    /// A role, defined or not, or a mapping. Gives its entitlement.
    fn member_of(&mut self, kind: &str, mark: &str, name: &str) -> String {
        let resource = format!("{kind}:{mark}{name}");
        self.0.extend([format!("resource {resource}"), format!("entitlement {resource}:member")]);
        format!("{resource}:member")
    }

    /// The snapshot shows this, and nothing else.
    fn is(&self, shown: &Shown) {
        let resources = shown.resources.keys().map(|id| format!("resource {id}"));
        let entitlements = shown.entitlements.keys().map(|id| format!("entitlement {id}"));
        let grants = shown.grants.values().map(|g| match g.direct {
            true => format!("direct {}", g.id),
            false => format!("following {}", g.id),
        });
        let found = resources.chain(entitlements).chain(grants).collect();
        let missing: Vec<_> = self.0.difference(&found).take(5).collect();
        let wrong: Vec<_> = found.difference(&self.0).take(5).collect();
        assert!(missing.is_empty() && wrong.is_empty(), "missing {missing:?}, wrong {wrong:?}");
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

/// The people that a mapping of a generated world covers: its rules have one of four forms.
fn covered_in_generated(name: &str, rules: &Value) -> Vec<String> {
    let class = format!("externalClass:{name}");
    let field = &rules["field"];
    match (list(&field["username"]), list(&rules["any"])) {
        ([member, bot], _) => {
            vec![format!("user:{}", text(member)), format!("externalUser:{}", text(bot))]
        }
        (_, [first, _]) => vec![format!("user:{}", text(&first["field"]["username"])), class],
        _ if field["groups"].is_string() => {
            vec![format!("externalGroup:{}", text(&field["groups"]))]
        }
        // A name and a realm.
        _ => vec![class],
    }
}

/// The public connector shows members without roles, and only what it takes for user names in the rules of role
/// mappings.
#[tokio::test]
async fn a_large_organization_and_deployment_are_shown_to_the_last_grant() {
    for seed in 1..=3 {
        let mut sizes = Sizes::default();
        (sizes.members, sizes.deployments, sizes.projects) = (120, 5, 9);
        (sizes.users, sizes.roles, sizes.mappings) = (120, 30, 24);
        let desk = Desk::around(Simulated::of(World::generate(&sizes, seed)).await);
        let invited =
            ["invited0@acme.io", "invited1@acme.io", "invited2@acme.io", "invited3@acme.io"];
        let organization = (ORGANIZATION_ID, invited.as_slice());
        let (view, deployment) = (desk.vendor.view(), ("main", ""));
        let expected = Expected::of(&view, &[organization], &[deployment], covered_in_generated);
        expected.is(&Shown::by(&desk).await);
        // The worlds contain every kind of object.
        for (kind, least) in [
            ("direct organization", 120),
            ("direct deployment", 40),
            ("direct project", 3),
            ("direct role:", 150),
            ("direct roleMapping", 24),
            ("following", 24),
        ] {
            let grants = expected.0.iter().filter(|id| id.starts_with(kind));
            assert!(grants.count() >= least, "seed {seed}: few of {kind}");
        }
    }
}

/// Two organizations with a member in common, and two deployments whose users have names in common and nothing else. The
/// public connector makes everybody a member of every organization.
#[tokio::test]
async fn two_organizations_and_two_deployments_are_shown_side_by_side_in_any_order() {
    let mut desk = Bench::<Several>::new().await;
    let covered = covered();
    let mut digests = BTreeSet::new();
    for seed in 0..4 {
        desk.afresh();
        desk.set_keys(&json!({"api-key": WIDE_CLOUD_KEY}));
        desk.vendor.shuffle(seed);
        let shown = Shown::by(&desk).await;
        let expected = Expected::of(
            &desk.vendor.view(),
            &[(ORGANIZATION_ID, INVITED), (SECOND_ORGANIZATION_ID, &[])],
            &[("main", ""), ("second", "second›")],
            |name, _| covered[name].clone(),
        );
        expected.is(&shown);
        digests.insert(shown.answer["content_digest"].to_string());
    }
    assert_eq!(digests.len(), 1);
}

/// The pending invitations in the rich world.
const INVITED: &[&str] = &["late@acme.io", "new@acme.io"];

/// Role mappings: their rules, if the rich world has no such mapping; who is covered; on which condition somebody else is
/// or may be; and who is named in the profile as covered on conditions.
const MAPPINGS: &str = r#"
one-name        | - | externalUser:bob | - | {}
two-names       | - | externalUser:a, externalUser:b | - | {}
member          | - | user:1001 | - | {}
everybody       | - | - | username matches "*" | {"username_patterns": ["*"]}
wildcard        | - | - | username matches "adm?n-*" | {"username_patterns": ["adm?n-*"]}
expression      | - | - | username matches "/ad(a|min).*/" | {"username_patterns": ["/ad(a|min).*/"]}
# Blanks are part of a name.
spaces          | - | externalUser:John Smith, externalUser:b | - | {}
number          | - | - | username matches "7" | {"username_patterns": ["7"]}
null            | - | - | - | {}
mixed           | - | user:1002 | username is "1002" or username matches "7" or username matches "true" or username is missing | {"username_patterns": ["7", "true"]}
groups          | - | externalGroup:cn=admins,dc=example,dc=com | - | {}
two-groups      | - | externalGroup:cn=a, externalGroup:cn=b | - | {}
realm           | - | - | realm.name is "s" | {}
dn              | - | - | dn matches "*,ou=people,dc=example,dc=com" | {}
metadata        | - | - | metadata.department is "hr" or metadata.department matches "12" | {}
any             | - | user:1001, externalGroup:cn=x | - | {}
all             | - | - | username is "1001" and realm.name is "cloud-saml-kibana" | {"conditional_usernames": ["1001"]}
any-of-nothing  | - | - | - | {}
all-of-nothing  | - | - | everybody | {}
except          | - | user:1001, user:1003 | - | {}
# Somebody in the group that is shut out may still be called what lets everybody in.
deep            | - | user:1005 | ((username is "1003" or dn is "cn=deep") and not (groups is "cn=blocked" or username is "1004")) or username is "1005" | {"conditional_usernames": ["1003"], "conditional_groups": ["cn=blocked"]}
template-text   | - | - | realm.name is "saml1" | {}
template-object | - | user:1003 | - | {}
no-rules        | - | - | something that Rollcall does not understand | {}
mapping1        | - | externalUser:jacknich, user:1001 | - | {}
disabled        | - | - | - | {}
many roles, none known | - | user:1001, user:1002 | - | {}
elastic-cloud-sso-kibana-do-not-change | - | - | realm.name is "cloud-saml-kibana" | {}
# No mapping reaches a native user.
native          | {"field": {"username": "olduser"}} | externalUser:olduser | - | {}
# Whoever a pattern shuts out is not among those whom it lets in.
but-for-machines | {"all": [{"field": {"username": ["1002", "svc-logs"]}}, {"except": {"field": {"username": "svc-*"}}}]} | user:1002 | - | {}
patterns        | {"any": [{"field": {"groups": ["cn=adm*", "/cn=(a|b)/", null]}}, {"field": {"username": ["svc-*", "?"]}}]} | - | (groups matches "cn=adm*" or groups matches "/cn=(a|b)/" or groups is missing) or (username matches "svc-*" or username matches "?") | {"group_patterns": ["/cn=(a|b)/", "cn=adm*"], "username_patterns": ["?", "svc-*"]}
new-grammar     | {"all": [{"field": {"username": "ann"}}, {"sometimes": []}]} | - | username is "ann" and something that Rollcall does not understand | {"conditional_usernames": ["ann"]}
all-but-bob     | {"all": [{"except": {"field": {"username": "bob"}}}]} | - | not (username is "bob") | {}
bob-and-others  | {"any": [{"field": {"username": "bob"}}, {"field": {"realm.name": "s"}}]} | externalUser:bob | username is "bob" or realm.name is "s" | {}
bob-perhaps     | {"all": [{"field": {"username": "bob"}}, {"field": {"realm.name": "s"}}]} | - | username is "bob" and realm.name is "s" | {"conditional_usernames": ["bob"]}
group-or-bob-in-it | {"any": [{"field": {"groups": "cn=x"}}, {"all": [{"field": {"username": "bob"}}, {"field": {"groups": "cn=x"}}]}]} | externalGroup:cn=x | - | {"conditional_usernames": ["bob"]}
"#;

/// Everybody that each mapping covers, including unnamed people.
fn covered() -> BTreeMap<&'static str, Vec<String>> {
    let all = rows(MAPPINGS).map(|[name, _, who, condition, _]| {
        let who = who.split(", ").filter(|who| *who != "-");
        let class = (condition != "-").then(|| format!("externalClass:{name}"));
        (name, who.map(str::to_owned).chain(class).collect())
    });
    all.collect()
}

/// The public connector makes `%!s(<nil>)`, `*`, `John` and `Smith` members of mappings, leaves out whoever is in a rule
/// within a rule, and panics where there is none; one that gives everybody all rights looks like one that gives nobody any.
/// Of members, users, roles and invitations it shows names, or not even these.
#[tokio::test]
async fn every_oddity_is_shown_as_what_it_is() {
    let mut world = World::rich();
    for [name, rules, ..] in rows::<5>(MAPPINGS) {
        if rules != "-" {
            let rules = serde_json::from_str(rules).expect("JSON");
            world.add_mapping("main", name, &["viewer"], rules);
        }
    }
    let desk = Desk::around(Simulated::of(world).await);
    let shown = Shown::by(&desk).await;
    let covered = covered();
    let of_mapping = |name: &str, _: &Value| covered[name].clone();
    let organization = (ORGANIZATION_ID, INVITED);
    Expected::of(&desk.vendor.view(), &[organization], &[("main", "")], of_mapping).is(&shown);
    for [name, _, _, condition, named] in rows(MAPPINGS) {
        let class = shown.resources.get(&format!("externalClass:{name}"));
        let said = class.and_then(|class| class.profile["condition"].as_str());
        assert_eq!(said.unwrap_or("-"), condition, "{name}");
        let mapping = shown.resource(&format!("roleMapping:{name}"));
        let found = mapping.profile.iter();
        let found = found.filter(|(key, _)| key.starts_with("cond") || key.ends_with("patterns"));
        let found: BTreeMap<_, _> = found.collect();
        let named: Value = serde_json::from_str(named).expect("JSON");
        assert_eq!(json!(found), named, "{name}");
    }
    shows(&shown, ODDITIES);
    let mut warnings = shown.warnings();
    warnings.sort();
    assert_eq!(
        warnings,
        [
            "BlindSpot: Acme: 1 member with roles of kinds that Rollcall does not know and does not show (connected_cluster, something_new): 1006",
            "ComputedRoles: the deployment: 3 role mappings with roles that are computed at sign-in; the profile contains the templates",
            // One name each in `all`, `everybody`, `wildcard`, `expression`, `number`, `bob-perhaps`,
            // `new-grammar` and `group-or-bob-in-it`, two in `mixed` and `deep`, four in `patterns`.
            "ConditionalMembers: the deployment: 16 names in 11 role mappings covered on conditions that only an identity provider can judge; the mappings' profiles contain them",
            "DanglingReference: the deployment: role mappings have roles that are not defined: role-that-was; the deployment: users have roles that are not defined: Viewer, role-that-was",
            "UnknownValue: the deployment: the rules of these role mappings are not fully understood and count as conditions: new-grammar, no-rules",
            "UnnamedMembers: the deployment: 19 role mappings for people whom no list names, each represented by an `externalClass`: all, all-but-bob, all-of-nothing, bob-and-others, bob-perhaps and 14 more",
        ]
    );
}

const ODDITIES: &str = r#"
# Resources
user:1004 | ‘1004’ | user | enabled | human | in organization:198583657190 | first_name= last_name= member_since=2024-01-01T00:00:00Z org_id=198583657190 user_id=1004
user:1005 | ‘Dana’ | user | enabled | human | in organization:198583657190 | first_name=Dana last_name= member_since=2024-01-01T00:00:00Z org_id=198583657190 user_id=1005
user:1006 | ‘Eve  Double Space’ | user | enabled | human | Eve.Capital@Acme.io | signs in as Eve.Capital@Acme.io | in organization:198583657190 | first_name=Eve last_name= Double Space login=Eve.Capital@Acme.io member_since=2024-01-01T00:00:00Z org_id=198583657190 user_id=1006
invitation:198583657190/late@acme.io | ‘late@acme.io’ | user | disabled the invitation has expired | human | late@acme.io | in organization:198583657190 | since 2025-01-01T00:00:00Z | email=late@acme.io expires_at=2025-01-04T00:00:00Z org_id=198583657190 role_assignments={"deployment":[{"deployment_ids":["ce03a623751b4fc98d48400fec58b9c0"],"organization_id":"198583657190","role_id":"deployment-viewer"}]}
invitation:198583657190/new@acme.io | ‘new@acme.io’ | user | - invited | human | new@acme.io | in organization:198583657190 | since 2025-01-01T00:00:00Z | email=new@acme.io expires_at=2025-01-04T00:00:00Z org_id=198583657190 role_assignments={"organization":[{"organization_id":"198583657190","role_id":"billing-admin"}]}
deployment:00000000000000000000000000000000 | ‘00000000000000000000000000000000’ | - | in organization:198583657190
deployment:all-198583657190 | ‘All deployments of Acme’ | - | in organization:198583657190
project:all-observability-198583657190 | ‘All observability projects of Acme’ | - | in organization:198583657190 | project_type=observability
project:all-project_of_the_future-198583657190 | ‘All project_of_the_future projects of Acme’ | - | in organization:198583657190 | project_type=project_of_the_future
project:b2c3d4e5f60718293a4b5c6d7e8f90a1 | ‘b2c3d4e5f60718293a4b5c6d7e8f90a1’ | - | in organization:198583657190 | project_type=security
deploymentUser:disabled | ‘disabled’ | user | disabled | human | signs in as disabled | enabled=false first_name= last_name= realm=native reserved=false user_id=disabled
deploymentUser:elastic | ‘elastic’ | user | enabled | system | signs in as elastic | enabled=true first_name= last_name= realm=native reserved=true user_id=elastic
deploymentUser:only role | ‘only role’ | user | enabled | human | only@example.com | signs in as only role | enabled=true first_name= last_name= login=only@example.com realm=native reserved=false user_id=only role
role:Viewer | ‘Viewer’ | role | - held, but not defined in the deployment | role_id=Viewer role_name=Viewer
role:logs reader | ‘logs reader’ | Reads logs | role | enabled | applications=[{"application":"kibana-.kibana","privileges":["all"],"resources":["*"]}] cluster=["monitor"] description=Reads logs indices=[{"allow_restricted_indices":false,"field_security":{"grant":["title"]},"names":["logs-*"],"privileges":["read"],"query":"{\"match_all\":{}}"}] reserved=false role_id=logs reader role_name=logs reader run_as=["other_user"]
role:unlicensed | ‘unlicensed’ | role | disabled the licence does not cover it | reserved=false role_id=unlicensed role_name=unlicensed
externalClass:all-of-nothing | ‘People covered by all-of-nothing’ | Everybody who signs in through an identity provider | group | - known to an identity provider | condition=everybody role_mapping=all-of-nothing
externalClass:realm | ‘People covered by realm’ | Whoever signs in through an identity provider, provided that realm.name is "s" | group | - known to an identity provider | condition=realm.name is "s" role_mapping=realm
externalGroup:cn=admins,dc=example,dc=com | ‘cn=admins,dc=example,dc=com’ | group | - named by a role mapping; known to an identity provider | name=cn=admins,dc=example,dc=com
roleMapping:disabled | ‘disabled’ | role | disabled | enabled=false role_mapping_id=disabled role_mapping_name=disabled roles=["admin"] rules={"field":{"username":"jacknich"}}
roleMapping:no-rules | ‘no-rules’ | role | enabled | enabled=true role_mapping_id=no-rules role_mapping_name=no-rules roles=["viewer"]
roleMapping:template-object | ‘template-object’ | role | enabled | enabled=true role_mapping_id=template-object role_mapping_name=template-object role_templates=[{"format":"json","template":{"source":"{{#tojson}}groups{{/tojson}}"}},{"template":{"id":"stored-template"}}] roles=[] rules={"field":{"username":"1003"}}
# Entitlements
deployment:all-198583657190:deployment-viewer | assignment | ‘All deployments of Acme deployment-viewer’ | ‘Has viewer in the deployment, and a look at it’ | to user
deployment:ce03a623751b4fc98d48400fec58b9c0:application-logs_reader | assignment | ‘ce03a623751b4fc98d48400fec58b9c0 custom role logs_reader’ | ‘Has the custom role logs_reader there after signing in through Elastic Cloud’ | to user
deployment:ce03a623751b4fc98d48400fec58b9c0:deployment-of-the-future | assignment | ‘ce03a623751b4fc98d48400fec58b9c0 deployment-of-the-future’ | ‘Has a role of Elastic Cloud’ | to user
# Grants
role:viewer:member:externalClass:all-of-nothing | immutable | from roleMapping:all-of-nothing:member
roleMapping:all-of-nothing:member:externalClass:all-of-nothing | immutable
roleMapping:groups:member:externalGroup:cn=admins,dc=example,dc=com | immutable | known elsewhere as cn=admins,dc=example,dc=com
"#;
