//! What things are called: resource types, slugs and ids.

use rollcall_model::{EntitlementId, ResourceId};

pub(crate) const ORGANIZATION: &str = "organization";
pub(crate) const USER: &str = "user";
pub(crate) const INVITATION: &str = "invitation";
/// A deployment or a project, as far as roles of the organization reach it.
pub(crate) const DEPLOYMENT: &str = "deployment";
pub(crate) const PROJECT: &str = "project";
pub(crate) const DEPLOYMENT_USER: &str = "deploymentUser";
pub(crate) const ROLE: &str = "role";
pub(crate) const ROLE_MAPPING: &str = "roleMapping";
/// Somebody, or a group of people, that only an identity provider knows.
pub(crate) const EXTERNAL_USER: &str = "externalUser";
pub(crate) const EXTERNAL_GROUP: &str = "externalGroup";
/// The people whom a role mapping covers without naming them: they meet a condition that only an identity provider can
/// judge.
pub(crate) const EXTERNAL_CLASS: &str = "externalClass";

/// The slug of being in an organization, of having a role of a deployment, and of being covered by a mapping.
pub(crate) const MEMBER: &str = "member";

/// The organization's role that owns it.
pub(crate) const OWNER: &str = "organization-admin";

/// Stands between the name of a deployment and the name of what is in it. Elasticsearch allows printable ASCII in the
/// names of users and roles, so that none of theirs has it; where other names do, they have it twice.
const BETWEEN: char = '›';

/// Which deployment something is in: its name, or none for the one whose ids are the bare names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DeploymentScope<'a>(pub(crate) Option<&'a str>);

impl DeploymentScope<'_> {
    /// The id of what is called `name` there.
    pub(crate) fn id(self, name: &str) -> String {
        let name = name.replace(BETWEEN, &format!("{BETWEEN}{BETWEEN}"));
        match self.0 {
            None => name,
            Some(deployment) => format!("{deployment}{BETWEEN}{name}"),
        }
    }
}

/// The deployment and the name that an id is made of: of the first run of marks, an odd one is the border.
pub(crate) fn split(id: &str) -> (Option<&str>, String) {
    let single = |name: &str| name.replace(&format!("{BETWEEN}{BETWEEN}"), &BETWEEN.to_string());
    let Some(at) = id.find(BETWEEN) else {
        return (None, id.to_owned());
    };
    let (before, rest) = id.split_at(at);
    let marks = rest.chars().take_while(|c| *c == BETWEEN).count();
    match marks % 2 {
        0 => (None, single(id)),
        _ => (
            Some(before),
            single(rest.get(BETWEEN.len_utf8()..).unwrap_or_default()),
        ),
    }
}

/// Being in an organization.
pub(crate) fn in_organization(id: &str) -> EntitlementId {
    EntitlementId::new(ResourceId::new(ORGANIZATION, id), MEMBER)
}

/// Having a role of a deployment.
pub(crate) fn has_role(within: DeploymentScope<'_>, role: &str) -> EntitlementId {
    EntitlementId::new(ResourceId::new(ROLE, within.id(role)), MEMBER)
}

/// Being covered by a mapping.
pub(crate) fn covered_by(within: DeploymentScope<'_>, mapping: &str) -> EntitlementId {
    EntitlementId::new(ResourceId::new(ROLE_MAPPING, within.id(mapping)), MEMBER)
}

/// A slug of a role's own name: an id ends at its last colon.
pub(crate) fn slug(role: &str) -> String {
    role.replace('%', "%25").replace(':', "%3A")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_the_marked_deployment_has_bare_ids() {
        assert_eq!(DeploymentScope(None).id("a/b"), "a/b");
        assert_eq!(DeploymentScope(Some("prod")).id("a/b"), "prod›a/b");
        assert_eq!(split("prod/x"), (None, "prod/x".into()));
    }

    proptest! {
        /// Removing a deployment from the configuration, or reordering them, never gives its ids to another one.
        #[test]
        fn no_two_things_have_the_same_id(
            one in (proptest::option::of("[a-z0-9][a-z0-9-]{0,4}"), "[ab›]{1,6}"),
            other in (proptest::option::of("[a-z0-9][a-z0-9-]{0,4}"), "[ab›]{1,6}"),
        ) {
            let id = |(deployment, name): &(Option<String>, String)| DeploymentScope(deployment.as_deref()).id(name);
            prop_assert_eq!(id(&one) == id(&other), one == other);
            let found = id(&one);
            let (deployment, name) = split(&found);
            prop_assert_eq!((deployment.map(str::to_owned), name), one);
        }
    }
}
