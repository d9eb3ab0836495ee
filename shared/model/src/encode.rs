//! From the model to protobuf bytes.
//!
//! Grants embed ids only: every reader resolves the rest by the id columns, and a snapshot is a third smaller for it.
//! Status, profile and creation time are written both on the resource and in its user trait, since older readers look
//! only at the trait.

use std::collections::BTreeMap;

use jiff::Timestamp;
use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint};
use prost_types::value::Kind;
use prost_types::{Any, Struct, Value};
use serde_json::Value as Json;

use crate::proto::{self, Annotation};
use crate::{
    AccountType, Entitlement, Exclusive, Expandable, Grant, Resource, ResourceId, ResourceTrait,
    ResourceType, TraitKind, name_or_id,
};

/// The bytes of a resource type.
pub fn resource_type(t: &ResourceType) -> Vec<u8> {
    resource_type_message(t).encode_to_vec()
}

/// The message of a resource type, also for capabilities.
pub fn resource_type_message(t: &ResourceType) -> proto::ResourceType {
    let skip = proto::SkipEntitlementsAndGrants {};
    let kind = t.trait_kind;
    proto::ResourceType {
        id: t.id.into(),
        display_name: t.display_name.into(),
        traits: Vec::from_iter((kind != TraitKind::None).then_some(kind as i32)),
        annotations: Vec::from_iter(t.no_entitlements.then(|| skip.to_any())),
        description: t.description.into(),
    }
}

/// The bytes of a resource.
pub fn resource(r: &Resource) -> Vec<u8> {
    let fields = r.profile.iter().map(|(key, v)| (key.clone(), value(v)));
    let profile = Struct { fields: fields.collect() };
    let status = proto::Status { status: r.state as i32, details: r.state_details.clone() };
    let aliases = proto::Aliases { ids: r.aliases.clone() };
    let annotations = [
        v1_identifier(&r.v1_identifier),
        (!r.aliases.is_empty()).then(|| aliases.to_any()),
        resource_trait(r, &status, &profile),
    ];
    proto::Resource {
        id: Some(id(&r.id)),
        parent_resource_id: r.parent.as_ref().map(id),
        display_name: name_or_id(&r.display_name, &r.id.id).to_owned(),
        annotations: annotations.into_iter().flatten().collect(),
        description: r.description.clone(),
        profile: Some(profile),
        status: Some(status),
        created_at: r.created_at.map(timestamp),
    }
    .encode_to_vec()
}

/// The bytes of a stub: a principal that a grant names and the vendor does not show.
pub fn stub(id: &ResourceId, kind: TraitKind) -> Vec<u8> {
    let resource_trait = match kind {
        TraitKind::None => ResourceTrait::None,
        TraitKind::User => ResourceTrait::account(AccountType::Unknown, None),
        TraitKind::Group => ResourceTrait::Group,
        TraitKind::Role => ResourceTrait::Role,
        // What it binds is unknown.
        TraitKind::ScopeBinding => ResourceTrait::None,
    };
    let mut r = Resource::new(id.clone(), id.id.clone(), resource_trait);
    r.state_details = "named by a grant, not shown by the vendor".into();
    resource(&r)
}

fn resource_trait(r: &Resource, status: &proto::Status, profile: &Struct) -> Option<Any> {
    let profile = Some(profile.clone());
    match &r.resource_trait {
        ResourceTrait::None => None,
        ResourceTrait::Group => Some(proto::GroupTrait { profile }.to_any()),
        ResourceTrait::Role => Some(proto::RoleTrait { profile }.to_any()),
        ResourceTrait::ScopeBinding { role, scope } => {
            let (role_id, scope_resource_id) = (Some(id(role)), Some(id(scope)));
            let binding = proto::ScopeBindingTrait { role_id, scope_resource_id };
            Some(binding.to_any())
        }
        ResourceTrait::User { email, other_emails, login, account_type, last_login, mfa } => {
            let email_of = |is_primary: bool| {
                move |address: &String| proto::Email { address: address.clone(), is_primary }
            };
            let others = other_emails.iter().map(email_of(false));
            let emails = email.iter().map(email_of(true)).chain(others);
            let user = proto::UserTrait {
                emails: emails.collect(),
                status: Some(status.clone()),
                profile,
                account_type: *account_type as i32,
                login: login.clone().unwrap_or_default(),
                created_at: r.created_at.map(timestamp),
                last_login: last_login.map(timestamp),
                mfa_status: mfa.map(|enabled| proto::Flag { enabled }),
                ..Default::default()
            };
            Some(user.to_any())
        }
    }
}

/// The bytes of an entitlement. `types` are the connector's resource types, of which it embeds those it is grantable to.
pub fn entitlement(e: &Entitlement, types: &[ResourceType]) -> Vec<u8> {
    let grantable_to = e
        .grantable_to
        .iter()
        .filter_map(|wanted| types.iter().find(|t| t.id == *wanted))
        .map(resource_type_message);
    let group = |set: &Exclusive| proto::EntitlementExclusionGroup {
        exclusion_group_id: set.group.clone(),
        order: set.order,
        is_default: false,
        scope_to_resource: set.per_resource,
    };
    let annotations = [
        v1_identifier(&e.v1_identifier),
        (e.immutable).then(|| proto::EntitlementImmutable::default().to_any()),
        e.exclusive.as_ref().map(|set| group(set).to_any()),
    ];
    proto::Entitlement {
        resource: Some(bare(&e.id.resource)),
        id: e.id.to_string(),
        display_name: e.display_name.clone(),
        description: e.description.clone(),
        grantable_to: grantable_to.collect(),
        annotations: annotations.into_iter().flatten().collect(),
        purpose: e.purpose as i32,
        slug: e.id.slug.clone(),
    }
    .encode_to_vec()
}

/// The encoded `annotations` field of a grant: all of its bytes that its ids do not determine.
pub fn grant_annotations(g: &Grant) -> Vec<u8> {
    let external = |id: &String| proto::ExternalResourceMatchID { id: id.clone() }.to_any();
    let annotations = [
        v1_identifier(&g.v1_identifier),
        (g.immutable).then(|| proto::GrantImmutable::default().to_any()),
        g.external_id.as_ref().map(external),
    ];
    proto::Grant { annotations: annotations.into_iter().flatten().collect(), ..Default::default() }
        .encode_to_vec()
}

/// The content of the `expansion` column.
pub fn expansion(e: &Expandable) -> Vec<u8> {
    proto::GrantExpandable {
        entitlement_ids: e.sources.clone(),
        shallow: e.shallow,
        resource_type_ids: e.resource_types.clone(),
    }
    .encode_to_vec()
}

/// Encodes the grants of one entitlement from their parts, without a message for each.
#[derive(Debug)]
pub struct GrantEncoder {
    entitlement: String,
    prefix: Vec<u8>,
}

impl GrantEncoder {
    /// An encoder for the grants of `entitlement`, which is on `resource`.
    pub fn new(entitlement: &str, resource: &ResourceId) -> Self {
        let prefix = proto::Grant {
            entitlement: Some(proto::Entitlement {
                id: entitlement.into(),
                resource: Some(bare(resource)),
                ..Default::default()
            }),
            ..Default::default()
        };
        Self { entitlement: entitlement.into(), prefix: prefix.encode_to_vec() }
    }

    /// Writes the grant's id and its bytes, given its encoded annotations.
    pub fn encode(
        &self,
        principal_type: &str,
        principal_id: &str,
        annotations: &[u8],
        id: &mut String,
        data: &mut Vec<u8>,
    ) {
        id.clear();
        for part in [&self.entitlement, ":", principal_type, ":", principal_id] {
            id.push_str(part);
        }
        data.clear();
        data.extend_from_slice(&self.prefix);
        let (t, i) = (field_len(principal_type), field_len(principal_id));
        let resource_id = t + i;
        let resource = 1 + encoded_len_varint(resource_id as u64) + resource_id;
        length_delimited(data, 2, resource);
        length_delimited(data, 1, resource_id);
        text(data, 1, principal_type);
        text(data, 2, principal_id);
        text(data, 3, id);
        data.extend_from_slice(annotations);
    }
}

/// Appends `sources` to the bytes of a grant that has none.
pub fn append_sources(data: &mut Vec<u8>, sources: proto::GrantSources) {
    let only = proto::Grant { sources: Some(sources), ..Default::default() };
    data.extend_from_slice(&only.encode_to_vec());
}

/// A grant's bytes without its sources: they are its last field.
pub fn strip_sources(data: &[u8]) -> Result<Vec<u8>, prost::DecodeError> {
    let grant = proto::Grant::decode(data)?;
    let tail = proto::Grant { sources: grant.sources, ..Default::default() };
    let keep = data.len().saturating_sub(tail.encoded_len());
    Ok(data[..keep].to_vec())
}

fn length_delimited(buffer: &mut Vec<u8>, tag: u32, length: usize) {
    encode_key(tag, WireType::LengthDelimited, buffer);
    encode_varint(length as u64, buffer);
}

fn text(buffer: &mut Vec<u8>, tag: u32, value: &str) {
    if !value.is_empty() {
        length_delimited(buffer, tag, value.len());
        buffer.extend_from_slice(value.as_bytes());
    }
}

fn field_len(value: &str) -> usize {
    match value.len() {
        0 => 0,
        n => 1 + encoded_len_varint(n as u64) + n,
    }
}

fn id(id: &ResourceId) -> proto::ResourceId {
    proto::ResourceId { resource_type: id.resource_type.clone(), resource: id.id.clone() }
}

fn bare(resource: &ResourceId) -> proto::Resource {
    proto::Resource { id: Some(id(resource)), ..Default::default() }
}

fn v1_identifier(id: &Option<String>) -> Option<Any> {
    let id = id.clone()?;
    Some(proto::V1Identifier { id }.to_any())
}

fn timestamp(at: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds: at.as_second(), nanos: at.subsec_nanosecond() }
}

fn value(json: &Json) -> Value {
    match json {
        Json::Null => Kind::NullValue(0).into(),
        Json::Bool(flag) => (*flag).into(),
        Json::Number(n) => n.as_f64().unwrap_or_default().into(),
        Json::String(text) => text.as_str().into(),
        Json::Array(items) => Vec::from_iter(items.iter().map(value)).into(),
        Json::Object(fields) => {
            let fields = fields.iter().map(|(key, v)| (key.clone(), value(v)));
            BTreeMap::from_iter(fields).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EntitlementId;
    use proptest::prelude::*;

    #[test]
    fn a_name_that_cannot_be_seen_is_shown_as_the_id() {
        for (name, expected) in [
            ("", "u1"),
            (" \t\u{a0}\u{3000}", "u1"),
            ("\u{200b}\u{feff}\u{2067}\0", "u1"),
            ("\u{2800}\u{3164}\u{e0020}", "u1"),
            (" Ada ", " Ada "),
            ("\u{202e}adA", "\u{202e}adA"),
            ("👩‍🚀", "👩‍🚀"),
        ] {
            let r = Resource::new(ResourceId::new("user", "u1"), name, ResourceTrait::None);
            let written = proto::Resource::decode(resource(&r).as_slice()).expect("a message");
            assert_eq!(written.display_name, expected, "{name:?}");
        }
    }

    proptest! {
        #[test]
        fn a_grant_put_together_from_parts_is_the_message(
            slug in "[a-z]{1,8}",
            resource in ".{0,200}",
            principal in ".{0,200}",
            immutable: bool,
            external: bool,
        ) {
            let grant = Grant {
                entitlement: EntitlementId::new(ResourceId::new("group", resource), slug),
                principal: ResourceId::new("user", principal),
                immutable,
                expandable: None,
                external_id: external.then(|| "cn=x".into()),
                implied_by: None,
                v1_identifier: Some("grant:x".into()),
            };
            let entitlement = grant.entitlement.to_string();
            let annotations = grant_annotations(&grant);
            let (mut id_text, mut data) = (String::new(), Vec::new());
            GrantEncoder::new(&entitlement, &grant.entitlement.resource).encode(
                &grant.principal.resource_type,
                &grant.principal.id,
                &annotations,
                &mut id_text,
                &mut data,
            );
            let parsed = proto::Grant::decode(data.as_slice()).expect("a message");
            let rebuilt = proto::Grant {
                entitlement: Some(proto::Entitlement {
                    id: entitlement,
                    resource: Some(bare(&grant.entitlement.resource)),
                    ..Default::default()
                }),
                principal: Some(bare(&grant.principal)),
                id: grant.id(),
                annotations: parsed.annotations.clone(),
                sources: None,
            };
            prop_assert_eq!(&id_text, &grant.id());
            let expected = 1 + usize::from(immutable) + usize::from(external);
            prop_assert_eq!(parsed.annotations.len(), expected);
            prop_assert_eq!(rebuilt.encode_to_vec(), data.clone());

            let before = data.clone();
            append_sources(&mut data, proto::GrantSources {
                sources: [("a:b:c".into(), proto::GrantSource { is_direct: true })].into(),
            });
            prop_assert_ne!(&before, &data);
            prop_assert_eq!(before, strip_sources(&data).expect("a message"));
        }
    }
}
