//! The Baton protobuf messages that a snapshot holds (package `c1.connector.v2`, published by the Baton SDK): the fields
//! that Rollcall writes or reads. Maps are `BTreeMap`s, so that the same object is always the same bytes.
#![expect(missing_docs, reason = "fields are named as in the published schema")]

use std::collections::BTreeMap;

use prost::Message;
use prost_types::{Any, Struct, Timestamp};

const PREFIX: &str = "type.googleapis.com/c1.connector.v2.";

/// A message that is carried as an annotation.
pub trait Annotation: Message + Sized {
    /// Its name within the package.
    const NAME: &'static str;

    /// Wraps it for a repeated `annotations` field.
    fn to_any(&self) -> Any {
        Any { type_url: format!("{PREFIX}{}", Self::NAME), value: self.encode_to_vec() }
    }
}

/// The first annotation of type `A`, if there is one that decodes.
pub fn annotation<A: Annotation + Default>(annotations: &[Any]) -> Option<A> {
    annotations
        .iter()
        .find(|any| any.type_url.strip_prefix(PREFIX) == Some(A::NAME))
        .and_then(|any| A::decode(any.value.as_slice()).ok())
}

macro_rules! annotations {
    ($($name:ident),* $(,)?) => {
        $(impl Annotation for $name { const NAME: &'static str = stringify!($name); })*
    };
}

annotations!(
    UserTrait,
    GroupTrait,
    RoleTrait,
    ScopeBindingTrait,
    AppTrait,
    SkipEntitlementsAndGrants,
    GrantExpandable,
    GrantImmutable,
    EntitlementImmutable,
    EntitlementExclusionGroup,
    V1Identifier,
    Aliases,
    ExternalResourceMatchID,
);

#[derive(Clone, PartialEq, Message)]
pub struct ResourceType {
    #[prost(string, tag = "1")]
    pub id: String,
    #[prost(string, tag = "2")]
    pub display_name: String,
    /// See [`TRAITS`].
    #[prost(int32, repeated, tag = "3")]
    pub traits: Vec<i32>,
    #[prost(message, repeated, tag = "4")]
    pub annotations: Vec<Any>,
    #[prost(string, tag = "5")]
    pub description: String,
}

/// The traits of the schema: number, name, message.
pub const TRAITS: &[(i32, &str, &str)] = &[
    (1, "user", "UserTrait"),
    (2, "group", "GroupTrait"),
    (3, "role", "RoleTrait"),
    (4, "app", "AppTrait"),
    (5, "secret", "SecretTrait"),
    (7, "scope_binding", "ScopeBindingTrait"),
];

#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Message)]
pub struct ResourceId {
    #[prost(string, tag = "1")]
    pub resource_type: String,
    #[prost(string, tag = "2")]
    pub resource: String,
}

#[derive(Clone, PartialEq, Message)]
pub struct Resource {
    #[prost(message, optional, tag = "1")]
    pub id: Option<ResourceId>,
    #[prost(message, optional, tag = "2")]
    pub parent_resource_id: Option<ResourceId>,
    #[prost(string, tag = "3")]
    pub display_name: String,
    #[prost(message, repeated, tag = "4")]
    pub annotations: Vec<Any>,
    #[prost(string, tag = "5")]
    pub description: String,
    #[prost(message, optional, tag = "9")]
    pub profile: Option<Struct>,
    #[prost(message, optional, tag = "11")]
    pub status: Option<Status>,
    #[prost(message, optional, tag = "12")]
    pub created_at: Option<Timestamp>,
}

/// Both `Resource.status` and `UserTrait.status`: the two have the same shape.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Status {
    /// 0 unspecified, 1 enabled, 2 disabled, 3 deleted.
    #[prost(int32, tag = "1")]
    pub status: i32,
    #[prost(string, tag = "2")]
    pub details: String,
}

#[derive(Clone, PartialEq, Message)]
pub struct Entitlement {
    #[prost(message, optional, tag = "1")]
    pub resource: Option<Resource>,
    #[prost(string, tag = "2")]
    pub id: String,
    #[prost(string, tag = "3")]
    pub display_name: String,
    #[prost(string, tag = "4")]
    pub description: String,
    #[prost(message, repeated, tag = "5")]
    pub grantable_to: Vec<ResourceType>,
    #[prost(message, repeated, tag = "6")]
    pub annotations: Vec<Any>,
    /// 1 assignment, 2 permission, 3 ownership.
    #[prost(int32, tag = "7")]
    pub purpose: i32,
    #[prost(string, tag = "8")]
    pub slug: String,
}

#[derive(Clone, PartialEq, Message)]
pub struct Grant {
    #[prost(message, optional, tag = "1")]
    pub entitlement: Option<Entitlement>,
    #[prost(message, optional, tag = "2")]
    pub principal: Option<Resource>,
    #[prost(string, tag = "3")]
    pub id: String,
    #[prost(message, repeated, tag = "4")]
    pub annotations: Vec<Any>,
    #[prost(message, optional, tag = "5")]
    pub sources: Option<GrantSources>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub struct GrantSources {
    #[prost(btree_map = "string, message", tag = "1")]
    pub sources: BTreeMap<String, GrantSource>,
}

#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct GrantSource {
    #[prost(bool, tag = "1")]
    pub is_direct: bool,
}

#[derive(Clone, PartialEq, Message)]
pub struct UserTrait {
    #[prost(message, repeated, tag = "1")]
    pub emails: Vec<Email>,
    #[prost(message, optional, tag = "2")]
    pub status: Option<Status>,
    #[prost(message, optional, tag = "3")]
    pub profile: Option<Struct>,
    /// 1 human, 2 service, 3 system.
    #[prost(int32, tag = "5")]
    pub account_type: i32,
    #[prost(string, tag = "6")]
    pub login: String,
    #[prost(string, repeated, tag = "7")]
    pub login_aliases: Vec<String>,
    #[prost(message, optional, tag = "8")]
    pub created_at: Option<Timestamp>,
    #[prost(message, optional, tag = "9")]
    pub last_login: Option<Timestamp>,
    #[prost(message, optional, tag = "10")]
    pub mfa_status: Option<Flag>,
    #[prost(message, optional, tag = "11")]
    pub sso_status: Option<Flag>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub struct Email {
    #[prost(string, tag = "1")]
    pub address: String,
    #[prost(bool, tag = "2")]
    pub is_primary: bool,
}

/// `MFAStatus` and `SSOStatus`: one flag each.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct Flag {
    #[prost(bool, tag = "1")]
    pub enabled: bool,
}

#[derive(Clone, PartialEq, Message)]
pub struct GroupTrait {
    #[prost(message, optional, tag = "2")]
    pub profile: Option<Struct>,
}

#[derive(Clone, PartialEq, Message)]
pub struct RoleTrait {
    #[prost(message, optional, tag = "1")]
    pub profile: Option<Struct>,
}

#[derive(Clone, PartialEq, Message)]
pub struct ScopeBindingTrait {
    #[prost(message, optional, tag = "1")]
    pub role_id: Option<ResourceId>,
    #[prost(message, optional, tag = "2")]
    pub scope_resource_id: Option<ResourceId>,
}

#[derive(Clone, PartialEq, Message)]
pub struct AppTrait {
    #[prost(message, optional, tag = "4")]
    pub profile: Option<Struct>,
}

#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct SkipEntitlementsAndGrants {}

#[derive(Clone, PartialEq, Eq, Message)]
pub struct GrantExpandable {
    #[prost(string, repeated, tag = "1")]
    pub entitlement_ids: Vec<String>,
    #[prost(bool, tag = "2")]
    pub shallow: bool,
    #[prost(string, repeated, tag = "3")]
    pub resource_type_ids: Vec<String>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub struct GrantImmutable {
    #[prost(string, tag = "1")]
    pub source_id: String,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub struct EntitlementImmutable {
    #[prost(string, tag = "1")]
    pub source_id: String,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub struct EntitlementExclusionGroup {
    #[prost(string, tag = "1")]
    pub exclusion_group_id: String,
    #[prost(uint32, tag = "2")]
    pub order: u32,
    #[prost(bool, tag = "3")]
    pub is_default: bool,
    #[prost(bool, tag = "4")]
    pub scope_to_resource: bool,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub struct V1Identifier {
    #[prost(string, tag = "1")]
    pub id: String,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub struct Aliases {
    #[prost(string, repeated, tag = "1")]
    pub ids: Vec<String>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub struct ExternalResourceMatchID {
    #[prost(string, tag = "1")]
    pub id: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(resource_type: &str, resource: &str) -> ResourceId {
        ResourceId { resource_type: resource_type.into(), resource: resource.into() }
    }

    #[test]
    fn messages_have_the_bytes_of_the_published_schema() {
        let text = |s: &str| hex::encode(s);
        let grant = Grant {
            entitlement: Some(Entitlement {
                id: "group:g1:member".into(),
                resource: Some(Resource { id: Some(id("group", "g1")), ..Default::default() }),
                ..Default::default()
            }),
            principal: Some(Resource { id: Some(id("user", "u1")), ..Default::default() }),
            id: "group:g1:member:user:u1".into(),
            ..Default::default()
        };
        let sources = |is_direct| Grant {
            sources: Some(GrantSources {
                sources: [("group:g1:member".into(), GrantSource { is_direct })].into(),
            }),
            ..Default::default()
        };
        let member = text("group:g1:member");
        let cases = [
            (id("user", "u1").encode_to_vec(), "0a047573657212027531".to_string()),
            (
                ResourceType {
                    id: "user".into(),
                    display_name: "User".into(),
                    traits: vec![1],
                    ..Default::default()
                }
                .encode_to_vec(),
                "0a04757365721204557365721a0101".into(),
            ),
            (
                GrantExpandable {
                    entitlement_ids: vec!["group:g1:member".into()],
                    ..Default::default()
                }
                .encode_to_vec(),
                format!("0a0f{member}"),
            ),
            (
                GroupTrait::default().to_any().encode_to_vec(),
                format!("0a2e{}", text("type.googleapis.com/c1.connector.v2.GroupTrait")),
            ),
            (
                grant.encode_to_vec(),
                format!(
                    "0a200a0d0a0b0a0567726f757012026731120f{member}120c0a0a0a0475736572120275311a17{}",
                    text("group:g1:member:user:u1")
                ),
            ),
            (sources(true).encode_to_vec(), format!("2a170a150a0f{member}12020801")),
            (sources(false).encode_to_vec(), format!("2a130a110a0f{member}")),
        ];
        for (bytes, expected) in cases {
            assert_eq!(hex::encode(bytes), expected);
        }
    }
}
