//! TOML documents of tables in arrays, read so that every fault is named with its line.

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use crate::domain::syntax::SyntaxFault;
use crate::domain::text::{MOST_QUOTED, clip};

/// An entry and the line that it begins on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lined<T> {
    pub(super) line: usize,
    pub(super) value: T,
}

/// A document that is being read: entries that are read are taken out, and those that are left over
/// are not known.
pub(super) struct Document<'t> {
    text: &'t str,
    table: DeTable<'t>,
    pub(super) faults: Vec<String>,
    /// True if all of the text is TOML.
    pub(super) is_toml: bool,
}

impl<'t> Document<'t> {
    /// Parses the text. Each place where the text is not TOML at all is a fault.
    pub(super) fn parse(text: &'t str) -> Self {
        // Recoverable, so that one slip does not hide the others.
        let (table, errors) = DeTable::parse_recoverable(text);
        let faults = errors.iter().map(|error| SyntaxFault::no_toml(text, error).to_string());
        Self {
            text,
            table: table.into_inner(),
            faults: faults.collect(),
            is_toml: errors.is_empty(),
        }
    }

    /// Reads the value of a top-level key; `None` where the key is missing or the value is a fault.
    pub(super) fn value<T: DeserializeOwned>(&mut self, key: &str) -> Option<Lined<T>> {
        let (_, value) = self.table.remove_entry(key)?;
        self.read(value)
    }

    /// Reads the entries of `[[key]]`, without those that are faults.
    pub(super) fn entries<T: DeserializeOwned>(&mut self, key: &str) -> Vec<Lined<T>> {
        let Some((_, value)) = self.table.remove_entry(key) else {
            return Vec::new();
        };
        let line = self.line(value.span().start);
        if let DeValue::Array(entries) = value.into_inner() {
            let entries = entries.into_iter();
            return entries.filter_map(|entry| self.read(entry)).collect();
        }
        self.faults.push(format!("line {line}: `{key}` is written as [[{key}]]"));
        Vec::new()
    }

    /// Returns all faults, with a fault for each key that is left over.
    pub(super) fn finish(mut self, known: &[&str]) -> Vec<String> {
        // Of a text that is no TOML nobody knows if a word is a key or a password.
        if !self.is_toml {
            return self.faults;
        }
        let mut left: Vec<(usize, &str)> =
            self.table.keys().map(|key| (key.span().start, key.get_ref().as_ref())).collect();
        left.sort_unstable();
        // One walk over the text for all of them.
        let (mut line, mut from) = (1, 0);
        for (start, key) in left {
            line += newlines(&self.text[from..start]);
            from = start;
            let key = clip(key, MOST_QUOTED);
            self.faults
                .push(format!("line {line}: `{key}` is not known; there are {}", known.join(", ")));
        }
        self.faults
    }

    fn read<T: DeserializeOwned>(&mut self, value: Spanned<DeValue<'t>>) -> Option<Lined<T>> {
        let start = value.span().start;
        match T::deserialize(ValueDeserializer::from(value)) {
            Ok(value) => Some(Lined { line: self.line(start), value }),
            Err(error) => {
                let fault = SyntaxFault::of_toml(self.text, &error, start);
                self.faults.push(fault.to_string());
                None
            }
        }
    }

    fn line(&self, byte: usize) -> usize {
        1 + newlines(&self.text[..byte])
    }
}

fn newlines(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
}
