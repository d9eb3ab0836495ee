//! Ids: UUIDs in REST, and what GraphQL makes of them.

use crate::{base64, random::Random};

/// The GraphQL id of something: base64 of its type and its UUID, as the ids in the samples of
/// <https://buildkite.com/docs/apis/rest-api/teams> read when they are decoded.
pub(crate) fn graphql_id(kind: &str, uuid: &str) -> String {
    base64::encode(format!("{kind}---{uuid}").as_bytes())
}

/// Whether it is a UUID in its usual form.
pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(i, byte)| match i {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// A UUID that says nothing but that it is random.
pub(crate) fn random_uuid(random: &mut Random) -> String {
    let (high, low) = (random.next_u64(), random.next_u64());
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        low >> 48 & 0xfff,
        low & 0xffff_ffff_ffff
    )
}
