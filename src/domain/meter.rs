//! Meters, and the names that `CloudWatch` prints them under.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A meter: tokens or images that are billed by the piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meter {
    /// Input tokens that did not come from or go to a prompt cache.
    Input,
    /// Output tokens.
    Output,
    /// Input tokens read from a prompt cache. They are not part of [`Meter::Input`].
    CacheRead,
    /// Input tokens written to a prompt cache. They are not part of [`Meter::Input`].
    CacheWrite,
    /// Images made.
    OutputImages,
    /// Text tokens into a speech model.
    InputText,
    /// Speech tokens into a speech model.
    InputSpeech,
    /// Text tokens out of a speech model.
    OutputText,
    /// Speech tokens out of a speech model.
    OutputSpeech,
}

impl Meter {
    /// The four meters that a text model can have.
    pub const TOKENS: [Self; 4] = [Self::Input, Self::Output, Self::CacheRead, Self::CacheWrite];

    /// Returns the meter in words, FOCUS's `SkuMeter`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Input => "input tokens",
            Self::Output => "output tokens",
            Self::CacheRead => "cache read tokens",
            Self::CacheWrite => "cache write tokens",
            Self::OutputImages => "output images",
            Self::InputText => "input text tokens",
            Self::InputSpeech => "input speech tokens",
            Self::OutputText => "output text tokens",
            Self::OutputSpeech => "output speech tokens",
        }
    }
}

impl fmt::Display for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Requests that are counted and not billed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counter {
    /// Requests that were accepted.
    Invocations,
    /// Requests that were refused for want of capacity: demand that the meters did not see.
    InvocationThrottles,
}

/// The use of a metric of `AWS/Bedrock`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// A meter under one of its spellings.
    Meter(Meter),
    /// A counter.
    Counter(Counter),
}

/// A metric name, as far as it is understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricName {
    /// Usage or a counter that is read.
    Known(Metric),
    /// Latency, errors, delivery: nothing that is billed.
    Irrelevant,
    /// A name that is not known and may well count what is billed.
    UnknownUsage,
}

/// Reads a metric name of `AWS/Bedrock`, exactly as AWS spells it.
#[must_use]
pub fn read_name(name: &str) -> MetricName {
    let meter = |meter| MetricName::Known(Metric::Meter(meter));
    match name {
        "Invocations" => MetricName::Known(Metric::Counter(Counter::Invocations)),
        "InvocationThrottles" => MetricName::Known(Metric::Counter(Counter::InvocationThrottles)),
        "InputTokenCount" => meter(Meter::Input),
        "OutputTokenCount" => meter(Meter::Output),
        // AWS prints the cache meters under two spellings: with and without `Count`.
        "CacheReadInputTokenCount" | "CacheReadInputTokens" => meter(Meter::CacheRead),
        "CacheWriteInputTokenCount" | "CacheWriteInputTokens" => meter(Meter::CacheWrite),
        "OutputImageCount" => meter(Meter::OutputImages),
        "InputTextTokenCount" => meter(Meter::InputText),
        "InputSpeechTokenCount" => meter(Meter::InputSpeech),
        "OutputTextTokenCount" => meter(Meter::OutputText),
        "OutputSpeechTokenCount" => meter(Meter::OutputSpeech),
        // Latency, although the name has one of the words of billed usage.
        "TimeToFirstToken" => MetricName::Irrelevant,
        // Every billed metric that is known has one of these words. With more words latency and
        // errors would look billed, with fewer a new meter would go unnoticed.
        name if ["Token", "Cache", "Image"].iter().any(|word| name.contains(word)) => {
            MetricName::UnknownUsage
        }
        _ => MetricName::Irrelevant,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_cache_spellings_are_one_meter() {
        assert_eq!(read_name("CacheReadInputTokenCount"), read_name("CacheReadInputTokens"));
        assert_eq!(read_name("CacheWriteInputTokenCount"), read_name("CacheWriteInputTokens"));
    }

    #[test]
    fn a_new_name_that_may_be_billed_is_not_ignored() {
        assert_eq!(read_name("ReasoningTokenCount"), MetricName::UnknownUsage);
        assert_eq!(read_name("CacheStorageHours"), MetricName::UnknownUsage);
        assert_eq!(read_name("TimeToFirstToken"), MetricName::Irrelevant);
        assert_eq!(read_name("InvocationLatency"), MetricName::Irrelevant);
        // Output is burned down five times for some models: of quotas, not of money.
        assert_eq!(read_name("EstimatedTPMQuotaUsage"), MetricName::Irrelevant);
    }
}
