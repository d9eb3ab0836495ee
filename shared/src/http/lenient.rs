//! Reading what vendors write loosely.

use serde::{Deserialize, Deserializer};

/// For `deserialize_with`, beside `default`: null counts as missing.
pub fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
