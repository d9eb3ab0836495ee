//! The configuration of a connection: the keys of its secret, checked against those that the connector declares.
//!
//! Keys are read in the connector's own spelling (`api-key`) and in that of a Baton pod's environment (`BATON_API_KEY`),
//! so that the `stringData` of an existing Kubernetes secret can be pasted unchanged.

mod address;
mod check;
pub mod entries;
mod field;
mod schema;
mod secret_text;
mod values;

pub use address::vendor_url;
pub use check::{Problems, variable};
pub use field::{Field, FieldKind};
pub use schema::schema;
pub use values::Config;
