//! The standard alphabet, padded: what credentials are written in.

const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Decodes it; nothing if it is anything else.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let digits = text.trim_end_matches('=');
    if text.len() - digits.len() > 2 {
        return None;
    }
    let (mut out, mut bits, mut held) = (Vec::new(), 0_u32, 0_u32);
    for byte in digits.bytes() {
        let digit = ALPHABET.iter().position(|&known| known == byte)?;
        bits = bits << 6 | u32::try_from(digit).ok()?;
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push(u8::try_from(bits >> held & 0xff).ok()?);
        }
    }
    Some(out)
}

/// Encodes it.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut out = String::new();
    for group in bytes.chunks(3) {
        let bits = (0..3).fold(0_usize, |bits, i| {
            bits << 8 | usize::from(group.get(i).copied().unwrap_or_default())
        });
        for i in 0..4 {
            let digit = ALPHABET.get(bits >> (18 - 6 * i) & 63);
            out.push(match digit {
                Some(&digit) if i <= group.len() => char::from(digit),
                _ => '=',
            });
        }
    }
    out
}
