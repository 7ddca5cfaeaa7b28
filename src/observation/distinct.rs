//! Entries by their keys: one check for every list, of AWS's pages and of saved documents.
//!
//! A list that changes while its pages are read repeats entries, and a doubled entry is a doubled
//! dollar. An entry that came twice and alike is one entry; two that differ under one key leave
//! nobody to say which is right.

use std::fmt;

use crate::domain::text::{MOST_QUOTED, clip};

/// Fault of a list that has two entries under one key, which differ.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is listed twice, and the two differ")]
pub struct Disagreement(pub String);

/// Sorts entries by their keys and keeps each once. Entries under one key that differ are a fault.
pub fn distinct<T: PartialEq, K: Ord + fmt::Display>(
    mut entries: Vec<T>,
    key: impl Fn(&T) -> K,
) -> Result<Vec<T>, Disagreement> {
    entries.sort_by_cached_key(|entry| key(entry));
    entries.dedup();
    match repeated(&entries, &key).into_iter().next() {
        None => Ok(entries),
        Some(twice) => Err(Disagreement(twice)),
    }
}

/// Lists the keys that more than one entry has, each once, in order, cut as an error quotes them.
pub(super) fn repeated<'e, T: 'e, K: Ord + fmt::Display>(
    entries: impl IntoIterator<Item = &'e T>,
    key: impl Fn(&'e T) -> K,
) -> Vec<String> {
    let mut keys: Vec<K> = entries.into_iter().map(key).collect();
    keys.sort_unstable();
    let mut twice: Vec<String> = keys
        .windows(2)
        .filter(|pair| pair[0] == pair[1])
        .map(|pair| clip(&pair[0].to_string(), MOST_QUOTED).into_owned())
        .collect();
    twice.dedup();
    twice
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn entries_that_come_twice_count_once_and_entries_that_differ_are_a_fault(
            entries in proptest::collection::vec((0u8..6, 0u8..2), 0..12),
        ) {
            let differ = |(key, value): &(u8, u8)| entries.contains(&(*key, 1 - *value));
            match distinct(entries.clone(), |(key, _)| *key) {
                Ok(kept) => {
                    prop_assert!(!entries.iter().any(differ));
                    prop_assert!(kept.windows(2).all(|pair| pair[0].0 < pair[1].0));
                    prop_assert!(entries.iter().all(|entry| kept.contains(entry)));
                    prop_assert!(kept.iter().all(|entry| entries.contains(entry)));
                }
                Err(Disagreement(key)) => {
                    let of_key = |entry: &&(u8, u8)| entry.0.to_string() == key;
                    prop_assert!(entries.iter().find(of_key).is_some_and(differ));
                }
            }
        }

        #[test]
        fn a_key_is_repeated_if_more_than_one_entry_has_the_key(
            entries in proptest::collection::vec(0u32..9, 0..12),
        ) {
            let twice = repeated(&entries, |entry| *entry);
            for key in 0..9 {
                let count = entries.iter().filter(|entry| **entry == key).count();
                prop_assert_eq!(twice.contains(&key.to_string()), count > 1);
            }
        }
    }
}
