//! Names: resource types, slugs and ids.

use rollcall_model::{
    Entitlement, EntitlementId, Profile, Resource, ResourceId, ResourceTrait, put,
};

pub(crate) const ORGANIZATION: &str = "organization";
pub(crate) const USER: &str = "user";
pub(crate) const INVITATION: &str = "invitation";
/// A deployment or a project, as far as roles of the organization reach it.
pub(crate) const DEPLOYMENT: &str = "deployment";
pub(crate) const PROJECT: &str = "project";
pub(crate) const DEPLOYMENT_USER: &str = "deploymentUser";
pub(crate) const ROLE: &str = "role";
pub(crate) const ROLE_MAPPING: &str = "roleMapping";
/// A person or a group that only an identity provider knows.
pub(crate) const EXTERNAL_USER: &str = "externalUser";
pub(crate) const EXTERNAL_GROUP: &str = "externalGroup";
/// The people whom a role mapping covers without naming them.
pub(crate) const EXTERNAL_CLASS: &str = "externalClass";

/// The slug for members of an organization, of a deployment's role, and of a role mapping.
pub(crate) const MEMBER: &str = "member";

/// The role that owns an organization.
pub(crate) const OWNER: &str = "organization-admin";

/// Separates a deployment's name from the name of a user, role or mapping in it. Elasticsearch allows only printable ASCII
/// in names of users and roles; in other names the separator is doubled.
const SEPARATOR: char = '›';

/// The deployment of an object: its name, or `None` for the one with bare ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DeploymentScope<'a>(pub(crate) Option<&'a str>);

impl DeploymentScope<'_> {
    /// The id of the object `name` in the deployment.
    pub(crate) fn id(self, name: &str) -> String {
        let name = name.replace(SEPARATOR, &format!("{SEPARATOR}{SEPARATOR}"));
        match self.0 {
            None => name,
            Some(deployment) => format!("{deployment}{SEPARATOR}{name}"),
        }
    }

    /// A resource of the deployment, whose profile names the deployment.
    pub(crate) fn resource(
        self,
        resource_type: &str,
        name: &str,
        resource_trait: ResourceTrait,
    ) -> Resource {
        let id = ResourceId::new(resource_type, self.id(name));
        let mut resource = Resource::new(id, name, resource_trait);
        let deployment = self.0.unwrap_or_default();
        put(&mut resource.profile, "deployment", deployment);
        resource
    }

    /// The entitlement to be a member of a role or role mapping.
    pub(crate) fn member_of(self, resource_type: &str, name: &str) -> EntitlementId {
        EntitlementId::new(ResourceId::new(resource_type, self.id(name)), MEMBER)
    }

    /// The entitlement of [`Self::member_of`]. A role mapping's text says `role` as well: it is the public connector's.
    pub(crate) fn membership(
        self,
        resource_type: &str,
        name: &str,
        grantable_to: &'static [&'static str],
    ) -> Entitlement {
        Entitlement {
            grantable_to,
            ..assignment(
                self.member_of(resource_type, name),
                format!("{name} Role member"),
                format!("Member of {name} elasticsearch role"),
            )
        }
    }
}

/// The deployment and the name in an id. The first run of separators contains the border if its length is odd.
pub(crate) fn split(id: &str) -> (Option<&str>, String) {
    let undoubled =
        |name: &str| name.replace(&format!("{SEPARATOR}{SEPARATOR}"), &SEPARATOR.to_string());
    let Some(at) = id.find(SEPARATOR) else {
        return (None, id.to_owned());
    };
    let (before, rest) = id.split_at(at);
    let separators = rest.chars().take_while(|c| *c == SEPARATOR).count();
    match rest.strip_prefix(SEPARATOR) {
        Some(name) if separators % 2 == 1 => (Some(before), undoubled(name)),
        _ => (None, undoubled(id)),
    }
}

/// The entitlement of an organization's members.
pub(crate) fn in_organization(id: &str) -> EntitlementId {
    EntitlementId::new(ResourceId::new(ORGANIZATION, id), MEMBER)
}

/// An entitlement for members of an organization.
pub(crate) fn assignment(
    id: EntitlementId,
    display_name: String,
    description: String,
) -> Entitlement {
    Entitlement { description, ..Entitlement::new(id, display_name, &[USER]) }
}

/// Puts first and last name into a profile, empty ones included, as the public connector does. They are split at the
/// first blank.
pub(crate) fn put_names(profile: &mut Profile, name: &str) {
    let (first, last) = name.split_once(' ').unwrap_or((name, ""));
    profile.insert("first_name".into(), first.into());
    profile.insert("last_name".into(), last.into());
}

/// The slug of an organization role. An entitlement id ends at its last colon, so a slug has none.
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
