//! The Baton data model: resource types, resources, entitlements and grants, which connectors fill in; their messages
//! ([`proto`]) and encoding ([`encode`]); and the error that leaves every crate ([`error`]).

mod code;
pub mod encode;
pub mod error;
mod grant;
mod ids;
pub mod proto;
mod resource;
mod words;

pub use code::Code;
pub use error::{Chain, Error, ErrorType};
pub use grant::{Entitlement, Exclusive, Expandable, Grant, Purpose};
pub use ids::{EntitlementId, ResourceId, grant_id};
pub use resource::{
    AccountType, Capability, Profile, Rank, Resource, ResourceTrait, ResourceType, State,
    TraitKind, brief, name_or_id, put, put_time,
};
pub use words::{counted, is_acting};
