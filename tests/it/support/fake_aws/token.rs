//! Tokens for the next page, which nobody but this fake can read.

use std::hash::{DefaultHasher, Hash, Hasher};

/// Returns a mark of a question: a token is good for a call with the same one.
pub(super) fn fingerprint(question: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    question.hash(&mut hasher);
    hasher.finish()
}

/// Writes a token, which names an item and how much of it is done. The arrival makes it another
/// token for a place that is asked for again, since nobody should follow the same one twice.
pub(super) fn write(fingerprint: u64, [index, offset]: [usize; 2], arrival: usize) -> String {
    format!("{fingerprint:016x}/{index:x}+{offset:x}+{arrival:x}==")
}

/// Reads the item of a token and how much of it is done; `None` if the token is not of this question.
pub(super) fn read(token: &str, fingerprint: u64) -> Option<[usize; 2]> {
    let rest = token.strip_prefix(&format!("{fingerprint:016x}/"))?;
    let parts: Vec<usize> = rest
        .trim_end_matches('=')
        .split('+')
        .filter_map(|text| usize::from_str_radix(text, 16).ok())
        .collect();
    match parts[..] {
        [index, offset, _] => Some([index, offset]),
        _ => None,
    }
}
