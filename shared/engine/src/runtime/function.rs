//! A function: an operation of a connector, as Lambda and the command line run it. The event goes in and the answer comes
//! out as JSON; everything around them is in the [`Context`].

use futures::future::BoxFuture;
use rollcall_connector::Code;
use serde::Serialize;
use serde_json::{Value, json};

use crate::context::Context;
use crate::provision;
use crate::provision::Order;
use rollcall_connector::provision::Provisioner;
use rollcall_connector::{About, Error, Identity, Warning};
use rollcall_model::{Capability, encode};

/// An operation of a connector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each says it all")]
pub enum Operation {
    Sync,
    Grant,
    Revoke,
    CreateAccount,
    DeleteAccount,
}

impl Operation {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Sync,
        Self::Grant,
        Self::Revoke,
        Self::CreateAccount,
        Self::DeleteAccount,
    ];

    /// Its name, as in the names of functions.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sync => "sync",
            Self::Grant => "grant",
            Self::Revoke => "revoke",
            Self::CreateAccount => "create-account",
            Self::DeleteAccount => "delete-account",
        }
    }
}

/// Syncs a connection.
pub async fn sync<C: rollcall_connector::Syncer>(
    cx: &Context,
    event: &Value,
) -> Result<Value, Error> {
    let event = rollcall_connector::event::parse(event)?;
    to_json(crate::sync::run::<C>(cx, &event).await?)
}

/// Grants an entitlement.
pub async fn grant<C: Provisioner>(cx: &Context, event: &Value) -> Result<Value, Error> {
    to_json(provision::run::<C>(cx, &Order::grant(event)?).await?)
}

/// Revokes an entitlement.
pub async fn revoke<C: Provisioner>(cx: &Context, event: &Value) -> Result<Value, Error> {
    to_json(provision::run::<C>(cx, &Order::revoke(event)?).await?)
}

/// Creates an account.
pub async fn create_account<C: Provisioner>(cx: &Context, event: &Value) -> Result<Value, Error> {
    to_json(provision::run::<C>(cx, &Order::create(event)?).await?)
}

/// Deletes an account.
pub async fn delete_account<C: Provisioner>(cx: &Context, event: &Value) -> Result<Value, Error> {
    to_json(provision::run::<C>(cx, &Order::delete(event)?).await?)
}

fn to_json(answer: impl Serialize) -> Result<Value, Error> {
    serde_json::to_value(answer)
        .map_err(|e| Error::internal(Code::NotJson, "an answer has no JSON form").with_source(e))
}

type Invoke = for<'a> fn(&'a Context, Operation, &'a Value) -> BoxFuture<'a, Result<Value, Error>>;
type Identify =
    for<'a> fn(&'a Context, &'a str) -> BoxFuture<'a, Result<(Identity, Vec<Warning>), Error>>;

/// A connector of which only the name is known.
pub struct Entry {
    /// What it is.
    pub about: &'static About,
    /// What it can do.
    pub operations: &'static [Operation],
    invoke: Invoke,
    identify: Identify,
}

impl Entry {
    /// A connector that syncs and provisions, accounts included.
    pub fn full<C: rollcall_connector::Syncer + Provisioner>() -> Self {
        Self::provisioning::<C>(&Operation::ALL)
    }

    /// A connector that syncs, grants and revokes, and leaves accounts to others.
    pub fn access<C: rollcall_connector::Syncer + Provisioner>() -> Self {
        Self::provisioning::<C>(&[Operation::Sync, Operation::Grant, Operation::Revoke])
    }

    /// A connector that syncs, and changes nothing.
    pub fn reading<C: rollcall_connector::Syncer>() -> Self {
        Self {
            about: C::ABOUT,
            operations: &[Operation::Sync],
            invoke: |cx, operation, event| {
                Box::pin(async move {
                    match operation {
                        Operation::Sync => sync::<C>(cx, event).await,
                        // [`Entry::invoke`] lets nothing else pass.
                        other => Err(Error::internal(Code::NoSuchOperation, other.as_str())),
                    }
                })
            },
            identify: |cx, connection| Box::pin(identify::<C>(cx, connection)),
        }
    }

    fn provisioning<C: rollcall_connector::Syncer + Provisioner>(
        operations: &'static [Operation],
    ) -> Self {
        Self {
            about: C::ABOUT,
            operations,
            invoke: |cx, operation, event| {
                Box::pin(async move {
                    match operation {
                        Operation::Sync => sync::<C>(cx, event).await,
                        Operation::Grant => grant::<C>(cx, event).await,
                        Operation::Revoke => revoke::<C>(cx, event).await,
                        Operation::CreateAccount => create_account::<C>(cx, event).await,
                        Operation::DeleteAccount => delete_account::<C>(cx, event).await,
                    }
                })
            },
            identify: |cx, connection| Box::pin(identify::<C>(cx, connection)),
        }
    }

    /// Runs an operation: the very handler that Lambda runs.
    pub async fn invoke(
        &self,
        cx: &Context,
        operation: Operation,
        event: &Value,
    ) -> Result<Value, Error> {
        if !self.operations.contains(&operation) {
            return Err(Error::invalid(
                Code::UnknownOperation,
                format!(
                    "{} does not {}",
                    self.about.display_name,
                    operation.as_str()
                ),
                "See what it can do: `rollcall capabilities`.",
            ));
        }
        (self.invoke)(cx, operation, event).await
    }

    /// Asks the vendor who we are.
    pub async fn identify(
        &self,
        cx: &Context,
        connection: &str,
    ) -> Result<(Identity, Vec<Warning>), Error> {
        (self.identify)(cx, connection).await
    }
}

async fn identify<C: rollcall_connector::Connector>(
    cx: &Context,
    connection: &str,
) -> Result<(Identity, Vec<Warning>), Error> {
    rollcall_connector::event::check_connection(connection)?;
    let connected = cx.connect::<C>(connection, cx.session()).await?;
    let identity = connected.connector.identify().await?;
    Ok((identity, connected.warnings))
}

/// What a connector can do, as Baton's `capabilities` command shows it (`c1.connector.v2.ConnectorCapabilities`).
pub fn capabilities(entry: &Entry) -> Value {
    let mut types: Vec<_> = entry.about.resource_types.iter().collect();
    types.sort_by_key(|t| t.id);
    let per_type: Vec<Value> = types.iter().map(|t| type_capabilities(t)).collect();
    let mut all: Vec<Capability> = types.iter().flat_map(|t| t.capabilities).copied().collect();
    all.sort();
    all.dedup();
    // In the order of the schema's numbers: provision is 1, sync is 2, the others follow.
    let (first, rest): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|c| *c == Capability::Provision);
    let names = first
        .into_iter()
        .map(name)
        .chain(["CAPABILITY_SYNC"])
        .chain(rest.iter().copied().map(name));
    let mut out = json!({
        "@type": "type.googleapis.com/c1.connector.v2.ConnectorCapabilities",
        "resourceTypeCapabilities": per_type,
        "connectorCapabilities": names.collect::<Vec<_>>(),
    });
    if rest.contains(&Capability::AccountProvisioning) {
        let no_password = "CAPABILITY_DETAIL_CREDENTIAL_OPTION_NO_PASSWORD";
        out["credentialDetails"] = json!({"capabilityAccountProvisioning": {
            "supportedCredentialOptions": [no_password],
            "preferredCredentialOption": no_password,
        }});
    }
    out
}

fn type_capabilities(t: &rollcall_model::ResourceType) -> Value {
    let message = encode::resource_type_message(t);
    let traits: Vec<&str> = match t.trait_kind {
        rollcall_model::TraitKind::None => vec![],
        rollcall_model::TraitKind::User => vec!["TRAIT_USER"],
        rollcall_model::TraitKind::Group => vec!["TRAIT_GROUP"],
        rollcall_model::TraitKind::Role => vec!["TRAIT_ROLE"],
        rollcall_model::TraitKind::ScopeBinding => vec!["TRAIT_SCOPE_BINDING"],
    };
    let annotations: Vec<Value> = message
        .annotations
        .iter()
        .map(|a| json!({"@type": a.type_url}))
        .collect();
    let mut resource_type =
        json!({"id": t.id, "displayName": t.display_name, "description": t.description});
    if !traits.is_empty() {
        resource_type["traits"] = json!(traits);
    }
    if !annotations.is_empty() {
        resource_type["annotations"] = json!(annotations);
    }
    let names = ["CAPABILITY_SYNC"]
        .into_iter()
        .chain(t.capabilities.iter().copied().map(name));
    json!({"resourceType": resource_type, "capabilities": names.collect::<Vec<_>>(), "permissions": {}})
}

fn name(capability: Capability) -> &'static str {
    match capability {
        Capability::Provision => "CAPABILITY_PROVISION",
        Capability::AccountProvisioning => "CAPABILITY_ACCOUNT_PROVISIONING",
        Capability::ResourceDelete => "CAPABILITY_RESOURCE_DELETE",
    }
}
