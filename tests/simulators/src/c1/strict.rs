//! Strict reading of messages: whatever the protocol does not document is an error.

use prost::{
    Message,
    bytes::Buf,
    encoding::{WireType, decode_key, decode_varint, skip_field},
};

use super::messages::{known_connector, known_rpc};

/// How the type of every `Any` begins.
const PREFIX: &str = "type.googleapis.com/";

/// Reads a message. Unknown fields, and fields that have no business being on the wire, make it shorter when it is
/// written again. The messages in `Any`, at whatever depth, are held to the same rules.
pub(super) fn read<M: Message + Default>(bytes: &[u8]) -> Result<M, String> {
    let message = shallow(bytes)?;
    check_annotations(bytes)?;
    Ok(message)
}

/// The same, without what is in `Any`.
pub(super) fn shallow<M: Message + Default>(bytes: &[u8]) -> Result<M, String> {
    let message = M::decode(bytes).map_err(|e| e.to_string())?;
    match message.encoded_len() == bytes.len() {
        true => Ok(message),
        false => Err("a field is unknown, repeated, or a default that is written out".to_owned()),
    }
}

fn check_annotations(bytes: &[u8]) -> Result<(), String> {
    // A text may not be a message: then nothing is in it.
    let fields = fields(bytes).unwrap_or_default();
    let url = fields.iter().find(|(tag, _)| *tag == 1);
    let name = url.and_then(|(_, url)| url.strip_prefix(PREFIX.as_bytes()));
    if let Some(name) = name {
        let name = String::from_utf8_lossy(name);
        let value = fields.iter().find(|(tag, _)| *tag == 2).map_or(&[][..], |(_, value)| value);
        let read = known_connector(&name, value).or_else(|| known_rpc(&name, value));
        let read = read.unwrap_or_else(|| Err("no such type is documented".to_owned()));
        read.map_err(|wrong| format!("{name}: {wrong}"))?;
    }
    fields.iter().try_for_each(|(_, value)| check_annotations(value))
}

/// The fields of a message that have a length, with their tags.
fn fields(mut rest: &[u8]) -> Option<Vec<(u32, &[u8])>> {
    let mut found = Vec::new();
    while rest.has_remaining() {
        let (tag, wire) = decode_key(&mut rest).ok()?;
        if wire == WireType::LengthDelimited {
            let length = usize::try_from(decode_varint(&mut rest).ok()?).ok()?;
            let (value, after) = rest.split_at_checked(length)?;
            found.push((tag, value));
            rest = after;
        } else {
            skip_field(wire, tag, &mut rest, Default::default()).ok()?;
        }
    }
    Some(found)
}
