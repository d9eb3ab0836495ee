//! The records of a snapshot as plain values, decoded from their messages. Older writers put status, profile and
//! creation time only into the trait, newer ones on the resource: both are read.

use std::collections::BTreeMap;

use prost::{DecodeError, Message};
use prost_types::{Any, Struct};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::value::structure;
use rollcall_model::proto::{self, TRAITS, annotation};

/// A resource type.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the other fields are self-explanatory")]
pub struct ResourceType {
    pub id: String,
    pub display_name: String,
    pub description: String,
    /// The traits of its resources: `user`, `group`, `role`, …
    pub traits: Vec<&'static str>,
}

/// An object of the vendor: it has entitlements, or grants of them, or both.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the other fields are self-explanatory")]
pub struct Resource {
    /// `type:id`.
    pub id: String,
    pub resource_type: String,
    pub display_name: String,
    pub description: String,
    /// The resource that contains it, `type:id`.
    pub parent: Option<String>,
    /// Its traits: `user`, `group`, `role`, …
    pub traits: Vec<&'static str>,
    /// `enabled`, `disabled` or `deleted`, if the vendor reports it.
    pub status: Option<&'static str>,
    /// The reason for the status, if it is not obvious.
    pub status_details: String,
    /// The role and scope that it binds.
    pub scope_binding: Option<ScopeBinding>,
    /// E-mail addresses, the primary one first.
    pub emails: Vec<String>,
    pub login: String,
    /// `human`, `service` or `system`, if the vendor reports it.
    pub account_type: Option<&'static str>,
    pub created_at: Option<String>,
    pub last_login: Option<String>,
    pub mfa: Option<bool>,
    pub sso: Option<bool>,
    pub profile: Map<String, Value>,
    pub aliases: Vec<String>,
    /// The id of the same object in C1's previous generation of connectors.
    pub v1_identifier: Option<String>,
}

/// A role within a scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ScopeBinding {
    /// The role, `type:id`.
    pub role: Option<String>,
    /// The resource that the role is limited to, `type:id`.
    pub scope: Option<String>,
}

/// A right on a resource that principals can hold.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the other fields are self-explanatory")]
pub struct Entitlement {
    pub id: String,
    /// The resource that it is on, `type:id`.
    pub resource: String,
    pub display_name: String,
    pub description: String,
    pub slug: String,
    /// `assignment`, `permission` or `ownership`.
    pub purpose: Option<&'static str>,
    /// Whether it can be neither granted nor revoked.
    pub immutable: bool,
    /// The ids of the resource types that may hold it.
    pub grantable_to: Vec<String>,
    /// The set of entitlements of which a principal holds one at a time.
    pub exclusion_group: Option<String>,
    /// See [`Resource::v1_identifier`].
    pub v1_identifier: Option<String>,
}

/// A principal's grant of an entitlement.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the other fields are self-explanatory")]
pub struct Grant {
    pub id: String,
    pub entitlement: String,
    /// The resource of the entitlement, `type:id`.
    pub resource: String,
    /// The principal, `type:id`.
    pub principal: String,
    /// Whether the vendor stated it; otherwise it is derived from other grants.
    pub direct: bool,
    /// Whether it cannot be revoked separately.
    pub immutable: bool,
    /// Who else gets it through this principal.
    pub expandable: Option<Expandable>,
    /// The principal's id in another product.
    pub external_id: Option<String>,
    /// The entitlements that it is derived from, each with whether its holder has that one directly.
    pub sources: BTreeMap<String, bool>,
    /// See [`Resource::v1_identifier`].
    pub v1_identifier: Option<String>,
}

/// Who else gets a grant through its principal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Expandable {
    /// The entitlements whose holders get it.
    pub entitlements: Vec<String>,
    /// Whether only direct holders of one get it.
    pub shallow: bool,
    /// The types of principals that get it; all if empty.
    pub resource_types: Vec<String>,
}

/// Decodes a resource type.
pub(crate) fn resource_type(data: &[u8]) -> Result<ResourceType, DecodeError> {
    let t = proto::ResourceType::decode(data)?;
    let known = |number: &i32| TRAITS.iter().find(|(n, ..)| n == number);
    let traits = t.traits.iter().filter_map(known);
    Ok(ResourceType {
        traits: traits.map(|(_, name, _)| *name).collect(),
        id: t.id,
        display_name: t.display_name,
        description: t.description,
    })
}

/// Decodes a resource.
pub(crate) fn resource(data: &[u8]) -> Result<Resource, DecodeError> {
    let r = proto::Resource::decode(data)?;
    let id = r.id.unwrap_or_default();
    let user: proto::UserTrait = annotation(&r.annotations).unwrap_or_default();
    let binding: Option<proto::ScopeBindingTrait> = annotation(&r.annotations);
    let aliases: proto::Aliases = annotation(&r.annotations).unwrap_or_default();
    let stated = r.status.clone().filter(|s| s.status != 0);
    let status = stated.or(user.status).or(r.status).unwrap_or_default();
    let profile = r.profile.or(user.profile);
    let profile = profile.or_else(|| trait_profile(&r.annotations));
    let parent = r.parent_resource_id.filter(|p| !p.resource.is_empty());
    let mut emails = user.emails;
    emails.sort_by_key(|email| !email.is_primary);
    Ok(Resource {
        resource_type: id.resource_type.clone(),
        id: join(&id),
        display_name: r.display_name,
        description: r.description,
        parent: parent.as_ref().map(join),
        traits: traits(&r.annotations),
        status: named(&["enabled", "disabled", "deleted"], status.status),
        status_details: status.details,
        scope_binding: binding.map(|binding| ScopeBinding {
            role: binding.role_id.as_ref().map(join),
            scope: binding.scope_resource_id.as_ref().map(join),
        }),
        emails: emails.into_iter().map(|email| email.address).collect(),
        login: user.login,
        account_type: named(&["human", "service", "system"], user.account_type),
        created_at: r.created_at.or(user.created_at).and_then(time),
        last_login: user.last_login.and_then(time),
        mfa: user.mfa_status.map(|flag| flag.enabled),
        sso: user.sso_status.map(|flag| flag.enabled),
        profile: profile.map(structure).unwrap_or_default(),
        aliases: aliases.ids,
        v1_identifier: v1_identifier(&r.annotations),
    })
}

/// Decodes an entitlement.
pub(crate) fn entitlement(data: &[u8]) -> Result<Entitlement, DecodeError> {
    let e = proto::Entitlement::decode(data)?;
    let resource = e.resource.and_then(|r| r.id).unwrap_or_default();
    let group: Option<proto::EntitlementExclusionGroup> = annotation(&e.annotations);
    Ok(Entitlement {
        id: e.id,
        resource: join(&resource),
        display_name: e.display_name,
        description: e.description,
        slug: e.slug,
        purpose: named(&["assignment", "permission", "ownership"], e.purpose),
        immutable: annotation::<proto::EntitlementImmutable>(&e.annotations).is_some(),
        grantable_to: e.grantable_to.into_iter().map(|t| t.id).collect(),
        exclusion_group: group.map(|g| g.exclusion_group_id),
        v1_identifier: v1_identifier(&e.annotations),
    })
}

/// A row of `v1_grants`. Its ids are read from here, since newer writers leave them out of the message.
#[derive(Clone, Copy)]
#[expect(missing_docs, reason = "the other fields are self-explanatory")]
pub struct GrantColumns<'a> {
    pub id: &'a str,
    pub entitlement: &'a str,
    /// Type and id of the resource of the entitlement.
    pub resource: (&'a str, &'a str),
    /// Type and id of the principal.
    pub principal: (&'a str, &'a str),
    /// The encoded `GrantExpandable`.
    pub expansion: Option<&'a [u8]>,
    /// The encoded grant.
    pub data: &'a [u8],
}

/// Decodes a grant.
pub(crate) fn grant(row: &GrantColumns<'_>) -> Result<Grant, DecodeError> {
    let rest = GrantRest::decode(row.data)?;
    Ok(Grant {
        id: row.id.to_owned(),
        entitlement: row.entitlement.to_owned(),
        resource: format!("{}:{}", row.resource.0, row.resource.1),
        principal: format!("{}:{}", row.principal.0, row.principal.1),
        direct: rest.is_direct(row.entitlement),
        immutable: annotation::<proto::GrantImmutable>(&rest.annotations).is_some(),
        external_id: annotation::<proto::ExternalResourceMatchID>(&rest.annotations).map(|m| m.id),
        expandable: rest.expandable(row.expansion)?.map(|e| Expandable {
            entitlements: e.entitlement_ids,
            shallow: e.shallow,
            resource_types: e.resource_type_ids,
        }),
        sources: rest.sources().map(|(id, source)| (id.clone(), source.is_direct)).collect(),
        v1_identifier: v1_identifier(&rest.annotations),
    })
}

/// The fields of a grant's message that no column has. Decoding these skips the embedded entitlement and principal.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct GrantRest {
    #[prost(message, repeated, tag = "4")]
    annotations: Vec<Any>,
    #[prost(message, optional, tag = "5")]
    sources: Option<proto::GrantSources>,
}

impl GrantRest {
    fn sources(&self) -> impl Iterator<Item = (&String, &proto::GrantSource)> {
        self.sources.iter().flat_map(|s| &s.sources)
    }

    /// Whether the vendor stated the grant of `entitlement`: it has no sources, or is one of them itself.
    pub(crate) fn is_direct(&self, entitlement: &str) -> bool {
        match &self.sources {
            Some(s) => s.sources.is_empty() || s.sources.contains_key(entitlement),
            None => true,
        }
    }

    /// Who else gets it: from the column, or in files of older writers from an annotation.
    pub(crate) fn expandable(
        &self,
        column: Option<&[u8]>,
    ) -> Result<Option<proto::GrantExpandable>, DecodeError> {
        match column {
            Some(bytes) => proto::GrantExpandable::decode(bytes).map(Some),
            None => Ok(annotation(&self.annotations)),
        }
    }
}

fn join(id: &proto::ResourceId) -> String {
    format!("{}:{}", id.resource_type, id.resource)
}

/// The name of an enumeration's value, of which the first is 1.
fn named(names: &[&'static str], value: i32) -> Option<&'static str> {
    let at = usize::try_from(value).ok()?.checked_sub(1)?;
    names.get(at).copied()
}

/// The names of the traits among the annotations: an annotation's message is the last part of its type's address.
fn traits(annotations: &[Any]) -> Vec<&'static str> {
    let has = |message: &str| {
        let mut types = annotations.iter().map(|any| any.type_url.rsplit_once('.'));
        types.any(|parts| parts.is_some_and(|(_, name)| name == message))
    };
    let present = TRAITS.iter().filter(|(_, _, message)| has(message));
    present.map(|(_, name, _)| *name).collect()
}

fn trait_profile(annotations: &[Any]) -> Option<Struct> {
    let group = || annotation::<proto::GroupTrait>(annotations)?.profile;
    let role = || annotation::<proto::RoleTrait>(annotations)?.profile;
    let app = || annotation::<proto::AppTrait>(annotations)?.profile;
    group().or_else(role).or_else(app)
}

fn v1_identifier(annotations: &[Any]) -> Option<String> {
    annotation::<proto::V1Identifier>(annotations).map(|v1| v1.id)
}

fn time(t: prost_types::Timestamp) -> Option<String> {
    let at = jiff::Timestamp::new(t.seconds, t.nanos).ok()?;
    Some(at.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollcall_model::{AccountType, ResourceId, ResourceTrait, State, TraitKind, encode};

    #[test]
    fn a_resource_comes_back_as_it_was_written() {
        let resource_trait = ResourceTrait::User {
            email: Some("ada@example.com".into()),
            other_emails: vec!["a.l@example.com".into()],
            login: None,
            account_type: AccountType::Human,
            last_login: Some("2026-01-02T03:04:05Z".parse().expect("a time")),
            mfa: Some(true),
        };
        let mut written =
            rollcall_model::Resource::new(ResourceId::new("user", "u:1"), "Ada", resource_trait);
        written.state = State::Disabled;
        written.profile = [
            ("seats".to_owned(), serde_json::json!(7)),
            ("ratio".to_owned(), serde_json::json!(0.5)),
            ("teams".to_owned(), serde_json::json!(["a", {"b": null}])),
        ]
        .into();
        written.parent = Some(ResourceId::new("account", "a"));
        written.v1_identifier = Some("old".into());
        let read = resource(&encode::resource(&written)).expect("a resource");
        assert_eq!(read.id, "user:u:1");
        assert_eq!((read.status, read.account_type), (Some("disabled"), Some("human")));
        assert_eq!(read.emails, ["ada@example.com", "a.l@example.com"]);
        assert_eq!(read.parent.as_deref(), Some("account:a"));
        assert_eq!(read.last_login.as_deref(), Some("2026-01-02T03:04:05Z"));
        assert_eq!(read.v1_identifier.as_deref(), Some("old"));
        let profile = Value::Object(read.profile);
        assert_eq!(
            profile,
            serde_json::json!({"seats": 7, "ratio": 0.5, "teams": ["a", {"b": null}]})
        );
    }

    #[test]
    fn a_scope_binding_names_its_role_and_its_scope() {
        let resource_trait = ResourceTrait::ScopeBinding {
            role: ResourceId::new("role", "admin"),
            scope: ResourceId::new("space", "7"),
        };
        let written =
            rollcall_model::Resource::new(ResourceId::new("binding", "b"), "b", resource_trait);
        let read = resource(&encode::resource(&written)).expect("a resource");
        assert_eq!(read.traits, ["scope_binding"]);
        let expected =
            ScopeBinding { role: Some("role:admin".into()), scope: Some("space:7".into()) };
        assert_eq!(read.scope_binding, Some(expected));
        let kind = TraitKind::ScopeBinding;
        let written = rollcall_model::ResourceType::new("binding", "Binding", "", kind);
        let read = resource_type(&encode::resource_type(&written)).expect("a resource type");
        assert_eq!(read.traits, ["scope_binding"]);
    }

    #[test]
    fn what_older_writers_put_into_the_trait_alone_is_found_there() {
        let user = proto::UserTrait {
            status: Some(proto::Status { status: 1, details: String::new() }),
            profile: Some(Struct {
                fields: [("team".to_owned(), prost_types::Value::from("x"))].into(),
            }),
            ..Default::default()
        };
        let old = proto::Resource {
            annotations: vec![proto::Annotation::to_any(&user)],
            ..Default::default()
        };
        let read = resource(&old.encode_to_vec()).expect("a resource");
        assert_eq!(read.status, Some("enabled"));
        assert_eq!(read.traits, ["user"]);
        assert_eq!(read.profile.get("team"), Some(&Value::from("x")));
    }
}
