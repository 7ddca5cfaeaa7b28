//! Words of an attribute or a description.

use std::collections::BTreeSet;

use crate::domain::ServiceTier;

/// The words that a text has. Nothing is inferred from a word that is missing.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one word that is there or is not, and no state"
)]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) input: bool,
    pub(super) output: bool,
    pub(super) cache: bool,
    pub(super) read: bool,
    pub(super) write: bool,
    /// True if a cache write is kept for an hour.
    pub(super) kept_an_hour: bool,
    /// True if a cache write is kept for half an hour.
    pub(super) kept_half_an_hour: bool,
    pub(super) tokens: bool,
    /// True if something else than text is metered.
    pub(super) media: bool,
    pub(super) tiers: BTreeSet<ServiceTier>,
    pub(super) global: bool,
    pub(super) regional: bool,
    pub(super) long: bool,
    pub(super) thousand: bool,
    pub(super) million: bool,
    /// True if a quantity is neither a thousand nor a million.
    pub(super) other_quantity: bool,
    words: Vec<String>,
}

impl Statement {
    /// Reads a text, word by word.
    pub(super) fn of(text: &str) -> Self {
        let text = text.to_lowercase();
        let words: Vec<String> = text
            .split(|c: char| !(c.is_alphanumeric() || c == '.' || c == ','))
            .map(|word| word.trim_matches(['.', ',']))
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect();
        let mut statement = Self::default();
        for (index, word) in words.iter().enumerate() {
            let next = words.get(index + 1).map(String::as_str);
            statement.take(word, next.unwrap_or_default());
        }
        statement.words = words;
        statement
    }

    fn take(&mut self, word: &str, next: &str) {
        match word {
            "input" => self.input = true,
            "output" | "response" => self.output = true,
            "cache" | "caching" => self.cache = true,
            "cached" => (self.cache, self.read) = (true, true),
            "read" => self.read = true,
            "write" | "writes" => self.write = true,
            "token" | "tokens" => self.tokens = true,
            "image" | "images" | "video" | "audio" | "speech" => self.media = true,
            "batch" => _ = self.tiers.insert(ServiceTier::Batch),
            "flex" => _ = self.tiers.insert(ServiceTier::Flex),
            "priority" => _ = self.tiers.insert(ServiceTier::Priority),
            "latency" if next == "optimized" => {
                self.tiers.insert(ServiceTier::LatencyOptimized);
            }
            "global" => self.global = true,
            "regional" | "geo" | "cris" => self.regional = true,
            "long" => self.long = true,
            "1h" => self.kept_an_hour = true,
            "1" if next == "hour" => self.kept_an_hour = true,
            "30m" => self.kept_half_an_hour = true,
            "30" if ["minute", "minutes", "min"].contains(&next) => self.kept_half_an_hour = true,
            _ => {}
        }
        match word {
            "1k" | "1,000" | "1000" | "thousand" => self.thousand = true,
            "1m" | "1,000,000" | "1000000" | "million" => self.million = true,
            _ => {}
        }
        // `ends_with`, as some descriptions have no space in front: `$ 0.00007per 1K tokens`.
        let counts = next.starts_with(|c: char| c.is_ascii_digit());
        let is_known = ["1k", "1,000", "1000", "1m", "1,000,000", "1000000"].contains(&next);
        if word.ends_with("per") && (counts && !is_known || ["token", "tokens"].contains(&next)) {
            self.other_quantity = true;
        }
    }

    /// Returns true if the text has the word.
    pub(super) fn has(&self, word: &str) -> bool {
        self.words.iter().any(|known| known == word)
    }

    /// Returns true if the text has one word right after another.
    pub(super) fn has_pair(&self, first: &str, second: &str) -> bool {
        self.words.windows(2).any(|pair| pair[0] == first && pair[1] == second)
    }
}

/// Returns the number of input tokens above which a price applies, where a text states exactly one,
/// as in `> 200K` and `above 272,000`.
pub(super) fn threshold(text: &str) -> Option<u64> {
    let text = text.to_lowercase();
    let mut stated = BTreeSet::new();
    for mark in [">", "above ", "over ", "exceeding ", "more than ", "greater than "] {
        for (start, _) in text.match_indices(mark) {
            let rest = text[start + mark.len()..].trim_start();
            let digits: String =
                rest.chars().take_while(|c| c.is_ascii_digit() || *c == ',').collect();
            let is_thousands = rest[digits.len()..].starts_with('k');
            let factor = if is_thousands { 1_000 } else { 1 };
            let number: Option<u64> = digits.replace(',', "").parse().ok();
            let tokens = number.and_then(|number| number.checked_mul(factor));
            // A smaller number is no threshold of long requests, which are in the hundred thousands.
            stated.extend(tokens.filter(|tokens| *tokens >= 1_000));
        }
    }
    let mut stated = stated.into_iter();
    match (stated.next(), stated.next()) {
        (Some(tokens), None) => Some(tokens),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_is_read_from_a_word_of_its_own() {
        let quantities = |text: &str| {
            let said = Statement::of(text);
            (said.thousand, said.million, said.other_quantity)
        };
        assert_eq!(quantities("$ 0.00007per 1K tokens for Nova Micro"), (true, false, false));
        assert_eq!(quantities("$1.25 per 1M tokens"), (false, true, false));
        assert_eq!(quantities("Million Input Tokens"), (false, true, false));
        assert_eq!(quantities("$1 per 1,000 tokens"), (true, false, false));
        assert_eq!(quantities("$1 per 100K tokens"), (false, false, true));
        assert_eq!(quantities("$1 per token"), (false, false, true));
        assert_eq!(quantities("Qwen3 30B, 128K context"), (false, false, false));
    }

    #[test]
    fn an_hour_that_is_kept_is_no_hour_that_is_billed() {
        assert!(Statement::of("Million 1 hour Cache Write Input Tokens").kept_an_hour);
        assert!(Statement::of("Cache Write Tokens (1h TTL) - Standard").kept_an_hour);
        assert!(!Statement::of("Per Hour per 1K Input TPM").kept_an_hour);
        assert!(Statement::of("Cache Write Tokens (30m TTL) - Standard").kept_half_an_hour);
        assert!(Statement::of("Million 30 minute Cache Write Tokens").kept_half_an_hour);
        assert!(!Statement::of("Million Cache Write Tokens").kept_half_an_hour);
    }

    #[test]
    fn a_threshold_is_stated_once_or_not_at_all() {
        assert_eq!(threshold("Input tokens > 200K"), Some(200_000));
        assert_eq!(threshold("above 272,000 tokens"), Some(272_000));
        assert_eq!(threshold("for prompts over 128k"), Some(128_000));
        assert_eq!(threshold("> 200K and > 300K"), None);
        assert_eq!(threshold("long context"), None);
        assert_eq!(threshold("> 99999999999999999999K"), None);
    }
}
