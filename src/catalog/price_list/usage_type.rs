//! The grammars of usage types: the commodity that a line says is sold.
//!
//! AWS's own services write `{code}-{model}-{meter}{qualifiers}`, as in
//! `USE1-Nova2.0Lite-input-tokens-flex-cross-region-global`. Marketplace writes
//! `{code}-MP:{code}_{Component}-Units`, with components of two ages:
//! `InputTokenCount_Global_Batch` and `input_tokens_global_batch`. The billing code in front does
//! not tell the Region. A word that is not known makes the whole unknown.

use crate::domain::{ServiceTier, Term};

/// A meter of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum TokenMeter {
    Input,
    Output,
    CacheRead,
    /// Writes that are kept for the default time.
    CacheWrite,
    /// Writes that are kept for thirty minutes, as GPT, Kimi K3 and Grok have them.
    CacheWrite30m,
    CacheWrite1h,
}

impl TokenMeter {
    /// The kinds of cache writes, the shortest first.
    pub(super) const WRITES: [Self; 3] =
        [Self::CacheWrite, Self::CacheWrite30m, Self::CacheWrite1h];

    /// Returns the meter in words.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Output => "output",
            Self::CacheRead => "cache read",
            Self::CacheWrite => "cache write",
            Self::CacheWrite30m => "cache write for half an hour",
            Self::CacheWrite1h => "cache write for an hour",
        }
    }
}

/// The side of a request whose tokens a minute are reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    Input,
    Output,
}

impl Side {
    /// Returns the side in words.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Output => "output",
        }
    }
}

/// The scope that a line names for its requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    /// No scope: the price is for the Region, and for the profile of its geo unless that has one too.
    Unsaid,
    Geo,
    Global,
}

impl Reach {
    /// Returns the reach in words.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Unsaid => "regional",
            Self::Geo => "geo",
            Self::Global => "global",
        }
    }
}

/// The commodity that is sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Commodity {
    Tokens(TokenMeter),
    Units(Term),
    Reserved(Term, Side),
}

/// A usage type, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UsageTypeParts {
    /// Name of the model; `None` in Marketplace's grammar.
    pub(super) slug: Option<String>,
    pub(super) commodity: Commodity,
    /// Tier, if the usage type names one. `standard` is a name too.
    pub(super) tier: Option<ServiceTier>,
    pub(super) reach: Reach,
    /// True if the price is only for requests with a long context.
    pub(super) long: bool,
    /// True if the usage type is of Marketplace's younger age, whose descriptions may leave the
    /// million out.
    pub(super) is_young: bool,
    /// True if the usage type names the bedrock-mantle endpoint, which proves nothing: public bills
    /// have requests to the other endpoint on such lines.
    pub(super) is_mantle: bool,
}

/// The error for a usage type that sells no tokens of a model as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UsageTypeError {
    /// The usage type is known, and sells something else, which stands here in words.
    SellsOther(&'static str),
    Unknown,
}

/// Parts of usage types that never sell a model as it is, whatever is metered.
const NOT_THE_MODEL: &[(&str, &str)] = &[
    ("custom-model", "tokens of a custom model"),
    ("custom_model", "tokens of a custom model"),
    ("custommodel", "custom model import"),
    ("customiz", "model customization"),
    ("distillation", "model distillation"),
    ("evaluation", "model evaluation"),
    ("guardrail", "guardrails"),
    ("storage", "storage"),
    ("training", "model customization"),
];

/// Parts of usage types that sell something else where no meter of tokens is named.
const NOT_TOKENS: &[(&str, &str)] = &[
    ("image", "images"),
    ("video", "video"),
    ("audio", "audio"),
    ("speech", "speech"),
    ("second", "seconds"),
    ("minute", "minutes"),
    ("search-unit", "searches"),
    ("searchunit", "searches"),
    ("search_unit", "searches"),
    ("rerank", "reranking"),
    ("dataautomation", "data automation"),
    ("data-automation", "data automation"),
    ("knowledge", "knowledge bases"),
    ("grounding", "web grounding"),
    ("flow", "flows"),
    ("optimization", "prompt optimization"),
    ("request", "requests"),
    ("-t2i-", "images"),
    ("-i2i-", "images"),
];

fn other(text: &str, table: &[(&str, &'static str)]) -> Option<UsageTypeError> {
    let found = table.iter().find(|(word, _)| text.contains(word));
    found.map(|(_, what)| UsageTypeError::SellsOther(what))
}

/// One qualifier of a suffix.
#[derive(Clone, Copy, Debug)]
enum Qualifier {
    Tier(ServiceTier),
    Reach(Reach),
    Long,
    Ttl(CacheTtl),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CacheTtl {
    FiveMinutes,
    HalfAnHour,
    Hour,
}

const NATIVE: &[(&str, Qualifier)] = &[
    ("-cross-region-global", Qualifier::Reach(Reach::Global)),
    ("-cross-region-geo", Qualifier::Reach(Reach::Geo)),
    ("-global", Qualifier::Reach(Reach::Global)),
    ("-geo", Qualifier::Reach(Reach::Geo)),
    ("-latency-optimized", Qualifier::Tier(ServiceTier::LatencyOptimized)),
    ("-standard", Qualifier::Tier(ServiceTier::Standard)),
    ("-batch", Qualifier::Tier(ServiceTier::Batch)),
    ("-flex", Qualifier::Tier(ServiceTier::Flex)),
    ("-priority", Qualifier::Tier(ServiceTier::Priority)),
    ("-long-context", Qualifier::Long),
    ("-long-ctx", Qualifier::Long),
    ("-long_ctx", Qualifier::Long),
    ("-5m", Qualifier::Ttl(CacheTtl::FiveMinutes)),
    ("-30m", Qualifier::Ttl(CacheTtl::HalfAnHour)),
    ("-1h", Qualifier::Ttl(CacheTtl::Hour)),
];

const MARKETPLACE: &[(&str, Qualifier)] = &[
    ("_global", Qualifier::Reach(Reach::Global)),
    ("_geo", Qualifier::Reach(Reach::Geo)),
    ("_latencyoptimized", Qualifier::Tier(ServiceTier::LatencyOptimized)),
    ("_latency_optimized", Qualifier::Tier(ServiceTier::LatencyOptimized)),
    ("_standard", Qualifier::Tier(ServiceTier::Standard)),
    ("_batch", Qualifier::Tier(ServiceTier::Batch)),
    ("_flex", Qualifier::Tier(ServiceTier::Flex)),
    ("_priority", Qualifier::Tier(ServiceTier::Priority)),
    ("_lctx", Qualifier::Long),
    ("_long_ctx", Qualifier::Long),
    ("_5m", Qualifier::Ttl(CacheTtl::FiveMinutes)),
    ("_30m", Qualifier::Ttl(CacheTtl::HalfAnHour)),
    ("_1h", Qualifier::Ttl(CacheTtl::Hour)),
];

/// The qualifiers of a suffix together.
#[derive(Clone, Copy, Debug, Default)]
struct Suffix {
    tier: Option<ServiceTier>,
    reach: Option<Reach>,
    long: bool,
    ttl: Option<CacheTtl>,
}

impl Suffix {
    /// Reads a suffix to its end; `None` where a part of it is not known or said twice.
    fn read(mut text: &str, table: &[(&str, Qualifier)]) -> Option<Self> {
        let mut suffix = Self::default();
        while !text.is_empty() {
            let (rest, qualifier) = table
                .iter()
                .find_map(|(word, qualifier)| Some((text.strip_prefix(word)?, *qualifier)))?;
            let is_first = match qualifier {
                Qualifier::Tier(tier) => suffix.tier.replace(tier).is_none(),
                Qualifier::Reach(reach) => suffix.reach.replace(reach).is_none(),
                Qualifier::Long => !std::mem::replace(&mut suffix.long, true),
                Qualifier::Ttl(ttl) => suffix.ttl.replace(ttl).is_none(),
            };
            if !is_first {
                return None;
            }
            text = rest;
        }
        Some(suffix)
    }

    fn of_tokens(self, slug: Option<String>, meter: TokenMeter) -> Option<UsageTypeParts> {
        let meter = match (meter, self.ttl) {
            (meter, None) => meter,
            (TokenMeter::CacheWrite, Some(CacheTtl::FiveMinutes)) => TokenMeter::CacheWrite,
            (TokenMeter::CacheWrite, Some(CacheTtl::HalfAnHour)) => TokenMeter::CacheWrite30m,
            (TokenMeter::CacheWrite, Some(CacheTtl::Hour)) => TokenMeter::CacheWrite1h,
            _ => return None,
        };
        Some(UsageTypeParts {
            slug,
            commodity: Commodity::Tokens(meter),
            tier: self.tier,
            reach: self.reach.unwrap_or(Reach::Unsaid),
            long: self.long,
            is_young: false,
            is_mantle: false,
        })
    }

    /// Builds the parts of capacity, which is sold with a reach alone, or with nothing.
    fn of_capacity(self, slug: Option<String>, commodity: Commodity) -> Option<UsageTypeParts> {
        let is_bare = self.tier.is_none() && !self.long && self.ttl.is_none();
        is_bare.then(|| UsageTypeParts {
            slug,
            commodity,
            tier: None,
            reach: self.reach.unwrap_or(Reach::Unsaid),
            long: false,
            is_young: false,
            is_mantle: false,
        })
    }
}

/// Returns true if a text is a billing code, such as `USE1`, `EU` or `APN1`. No Region is derived
/// from a code.
fn is_billing_code(text: &str) -> bool {
    let letters = text.trim_end_matches(|c: char| c.is_ascii_digit());
    (2..=4).contains(&letters.len())
        && text.len() - letters.len() <= 1
        && letters.bytes().all(|byte| byte.is_ascii_uppercase())
}

// The longer ones first, since `-cache-read-input-tokens` also ends with `-input-tokens`.
const METERS: &[(&str, TokenMeter)] = &[
    ("-cache-read-input-token-count", TokenMeter::CacheRead),
    ("-cache-read-input-tokens", TokenMeter::CacheRead),
    ("-cache-read-tokens", TokenMeter::CacheRead),
    ("-cache-write-input-token-count", TokenMeter::CacheWrite),
    ("-cache-write-input-tokens", TokenMeter::CacheWrite),
    ("-cache-write-tokens", TokenMeter::CacheWrite),
    ("-text-input-tokens", TokenMeter::Input),
    ("-text-output-tokens", TokenMeter::Output),
    ("-input-tokens", TokenMeter::Input),
    ("-output-tokens", TokenMeter::Output),
];

/// Reads a usage type of `AmazonBedrock` or `AmazonBedrockService`.
pub(super) fn native(usage_type: &str) -> Result<UsageTypeParts, UsageTypeError> {
    let rest = match usage_type.split_once('-') {
        Some((code, rest)) if is_billing_code(code) => rest,
        _ => usage_type,
    };
    // Only ASCII letters change, so that a part has the same bytes in both texts.
    let lower = rest.to_ascii_lowercase();
    if let Some(other) = other(&lower, NOT_THE_MODEL) {
        return Err(other);
    }
    // The name is taken from the text as it came, as names are paired letter by letter.
    let slug = |end: usize| Some(rest[..end].to_owned()).filter(|slug| !slug.is_empty());
    if let Some((before, after)) = lower.split_once("-provisionedthroughput-") {
        if after.starts_with("custom-") {
            return Err(UsageTypeError::SellsOther("model units of a custom model"));
        }
        let term = match after {
            "nocommit-modelunits" => Term::None,
            "1month-modelunits" => Term::OneMonth,
            "6months-modelunits" => Term::SixMonths,
            _ => return Err(UsageTypeError::Unknown),
        };
        let parts = Suffix::default().of_capacity(slug(before.len()), Commodity::Units(term));
        return parts.ok_or(UsageTypeError::Unknown);
    }
    if let Some((before, after)) = lower.split_once("-reserved-") {
        let reserved = || {
            let (term, after) = match after.split_once("-month-")? {
                ("1", after) => (Term::OneMonth, after),
                ("3", after) => (Term::ThreeMonths, after),
                _ => return None,
            };
            let (side, after) = match after.split_once("-tokens-per-minute")? {
                ("input", after) => (Side::Input, after),
                ("output", after) => (Side::Output, after),
                _ => return None,
            };
            Suffix::read(after, NATIVE)?
                .of_capacity(slug(before.len()), Commodity::Reserved(term, side))
        };
        return reserved().ok_or(UsageTypeError::Unknown);
    }
    let meter = METERS.iter().find_map(|(words, meter)| {
        let (name, suffix) = lower.split_once(words)?;
        let is_whole = suffix.is_empty() || suffix.starts_with('-');
        is_whole.then_some((name.len(), suffix, *meter))
    });
    let Some((name_length, suffix, meter)) = meter else {
        return Err(other(&lower, NOT_TOKENS).unwrap_or(UsageTypeError::Unknown));
    };
    let mut name = &rest[..name_length];
    let last = name.rsplit('-').next().unwrap_or_default();
    // The word is one of the name in `TitanEmbeddingsG1-Image`. In lower case the word says which
    // tokens are metered.
    if ["speech", "audio", "image", "video", "document"].contains(&last) {
        return Err(UsageTypeError::SellsOther("tokens that are not text"));
    }
    let before_mantle = name.strip_suffix("-mantle");
    name = before_mantle.unwrap_or(name);
    let parts = Suffix::read(suffix, NATIVE)
        .and_then(|suffix| suffix.of_tokens(slug(name.len()), meter))
        .ok_or(UsageTypeError::Unknown)?;
    Ok(UsageTypeParts { is_mantle: before_mantle.is_some(), ..parts })
}

/// Components of Marketplace's older age, which were written `InputTokenCount`, in lower case.
const OLD_COMPONENTS: &[(&str, TokenMeter)] = &[
    ("inputtokencount", TokenMeter::Input),
    ("outputtokencount", TokenMeter::Output),
    ("cachereadinputtokencount", TokenMeter::CacheRead),
    ("cachewriteinputtokencount", TokenMeter::CacheWrite),
    ("cachewrite5minputtokencount", TokenMeter::CacheWrite),
    ("cachewrite1hinputtokencount", TokenMeter::CacheWrite1h),
];

const YOUNG_COMPONENTS: &[(&str, TokenMeter)] = &[
    ("input_tokens", TokenMeter::Input),
    ("output_tokens", TokenMeter::Output),
    ("cache_read_tokens", TokenMeter::CacheRead),
    ("cached_input_tokens", TokenMeter::CacheRead),
    ("cache_write_tokens", TokenMeter::CacheWrite),
];

/// Reads a usage type of `AmazonBedrockFoundationModels`.
pub(super) fn marketplace(usage_type: &str) -> Result<UsageTypeParts, UsageTypeError> {
    let component = || {
        let (code, rest) = usage_type.split_once("-MP:")?;
        let (second, component) = rest.split_once('_')?;
        let is_coded = is_billing_code(code) && is_billing_code(second);
        is_coded.then(|| component.strip_suffix("-Units"))?
    };
    let Some(component) = component() else {
        return Err(
            other(&usage_type.to_ascii_lowercase(), NOT_TOKENS).unwrap_or(UsageTypeError::Unknown)
        );
    };
    let lower = component.to_ascii_lowercase();
    if let Some(other) = other(&lower, NOT_THE_MODEL) {
        return Err(other);
    }
    if let Some(rest) = lower.strip_prefix("provisionedthroughput_") {
        let term = match rest {
            "nocommit_modelunits_usage" => Term::None,
            "1monthcommit_modelunits_usage" => Term::OneMonth,
            "6monthscommit_modelunits_usage" => Term::SixMonths,
            _ => return Err(UsageTypeError::Unknown),
        };
        let parts = Suffix::default().of_capacity(None, Commodity::Units(term));
        return parts.ok_or(UsageTypeError::Unknown);
    }
    if let Some(rest) = lower.strip_prefix("reserved_") {
        let reserved = || {
            let (term, rest) = match rest.split_once("month_")? {
                ("1", rest) => (Term::OneMonth, rest),
                ("3", rest) => (Term::ThreeMonths, rest),
                _ => return None,
            };
            let (side, rest) = match rest.split_once("tpm")? {
                ("input", rest) => (Side::Input, rest),
                ("output", rest) => (Side::Output, rest),
                _ => return None,
            };
            Suffix::read(rest, MARKETPLACE)?.of_capacity(None, Commodity::Reserved(term, side))
        };
        return reserved().ok_or(UsageTypeError::Unknown);
    }
    // These alone have their tier in front.
    if let Some(meter) = match lower.as_str() {
        "millionbatchinputtokens" => Some(TokenMeter::Input),
        "millionbatchoutputtokens" => Some(TokenMeter::Output),
        _ => None,
    } {
        let suffix = Suffix { tier: Some(ServiceTier::Batch), ..Suffix::default() };
        return suffix.of_tokens(None, meter).ok_or(UsageTypeError::Unknown);
    }
    let of_age = |components: &[(&str, TokenMeter)]| {
        let mut components = components.iter();
        components.find_map(|(head, meter)| Some((lower.strip_prefix(head)?, *meter)))
    };
    let young = of_age(YOUNG_COMPONENTS);
    let Some((rest, meter)) = young.or_else(|| of_age(OLD_COMPONENTS)) else {
        return Err(other(&lower, NOT_TOKENS).unwrap_or(UsageTypeError::Unknown));
    };
    let suffix = Suffix::read(rest, MARKETPLACE).ok_or(UsageTypeError::Unknown)?;
    let parts = suffix.of_tokens(None, meter);
    Ok(UsageTypeParts { is_young: young.is_some(), ..parts.ok_or(UsageTypeError::Unknown)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Writes the parts of a usage type in one line.
    fn said(parts: Result<UsageTypeParts, UsageTypeError>) -> String {
        match parts {
            Ok(parts) => format!(
                "{} {:?} {} {:?}{}{}",
                parts.slug.unwrap_or_default(),
                parts.commodity,
                parts.tier.map_or("-", ServiceTier::name),
                parts.reach,
                if parts.long { " long" } else { "" },
                if parts.is_mantle { " mantle" } else { "" }
            ),
            Err(UsageTypeError::SellsOther(what)) => format!("not: {what}"),
            Err(UsageTypeError::Unknown) => "unknown".into(),
        }
    }

    const NATIVE_TYPES: &[(&str, &str)] = &[
        ("USE1-NovaPro-input-tokens", "NovaPro Tokens(Input) - Unsaid"),
        ("EU-gpt-oss-120b-output-tokens-batch", "gpt-oss-120b Tokens(Output) batch Unsaid"),
        ("gpt-oss-20b-input-tokens-flex", "gpt-oss-20b Tokens(Input) flex Unsaid"),
        (
            "USE1-qwen.qwen3-32b-mantle-input-tokens-standard",
            "qwen.qwen3-32b Tokens(Input) standard Unsaid mantle",
        ),
        (
            "USE1-xai.grok-4.6-mantle-input-tokens-global-standard",
            "xai.grok-4.6 Tokens(Input) standard Global mantle",
        ),
        (
            "USE1-xai.grok-4.3-mantle-cache-read-tokens-standard",
            "xai.grok-4.3 Tokens(CacheRead) standard Unsaid mantle",
        ),
        (
            "USW2-moonshotai.kimi-k3-mantle-cache-write-tokens-30m-standard",
            "moonshotai.kimi-k3 Tokens(CacheWrite30m) standard Unsaid mantle",
        ),
        (
            "USE1-xai.grok-4.7-mantle-cache-write-tokens-30m-global-standard",
            "xai.grok-4.7 Tokens(CacheWrite30m) standard Global mantle",
        ),
        ("USE1-openai.gpt-6-astra-mantle-input-tokens-global-ultrafast", "unknown"),
        ("USE1-NovaPro-cache-read-input-token-count", "NovaPro Tokens(CacheRead) - Unsaid"),
        ("USE1-X-cache-write-input-token-count-1h", "X Tokens(CacheWrite1h) - Unsaid"),
        (
            "USE1-Nova2.0Lite-input-tokens-cross-region-global-batch",
            "Nova2.0Lite Tokens(Input) batch Global",
        ),
        (
            "USE1-Nova2.0Pro-text-input-tokens-priority-cross-region-global",
            "Nova2.0Pro Tokens(Input) priority Global",
        ),
        (
            "USE1-Claude4Sonnet-output-tokens-long-context-cross-region-global",
            "Claude4Sonnet Tokens(Output) - Global long",
        ),
        (
            "USE1-x.m-mantle-input-tokens-long_ctx-standard",
            "x.m Tokens(Input) standard Unsaid long mantle",
        ),
        (
            "USE1-NovaPro-output-tokens-latency-optimized",
            "NovaPro Tokens(Output) latency-optimized Unsaid",
        ),
        (
            "USE1-TitanEmbeddingsG1-Image-input-tokens",
            "TitanEmbeddingsG1-Image Tokens(Input) - Unsaid",
        ),
        (
            "USE1-Nova2.0Lite-ProvisionedThroughput-NoCommit-ModelUnits",
            "Nova2.0Lite Units(None) - Unsaid",
        ),
        (
            "USE1-NovaMicro-ProvisionedThroughput-6months-ModelUnits",
            "NovaMicro Units(SixMonths) - Unsaid",
        ),
        (
            "USE1-Claude4.5Sonnet-reserved-3-month-output-tokens-per-minute-cross-region-geo",
            "Claude4.5Sonnet Reserved(ThreeMonths, Output) - Geo",
        ),
        ("USE1-NovaLite-input-tokens-custom-model", "not: tokens of a custom model"),
        (
            "USE1-TitanText-Premier-ProvisionedThroughput-Custom-NoCommit-ModelUnits",
            "not: model units of a custom model",
        ),
        ("USE1-NovaMicro-Customization-Storage", "not: model customization"),
        ("USE1-OSS-CustomModelImport-Inference-v1:0", "not: custom model import"),
        ("USE1-NovaSonic-speech-input-tokens", "not: tokens that are not text"),
        ("USE1-NovaSonic-speech-understanding-input-token", "not: speech"),
        ("USE1-Nova2.0Omni-input-audio-token-count", "not: audio"),
        ("USE1-NovaCanvas-T2I-1024-Standard", "not: images"),
        ("USE1-Guardrail-ContentPolicyUnitsConsumed", "not: guardrails"),
        ("USE1-cohere.rerank-english-v3-search-units", "not: searches"),
        ("USE1-NovaPro-input-tokens-cross-region", "unknown"),
        ("USE1-NovaPro-input-tokens-flex-batch", "unknown"),
        ("USE1-NovaPro-input-tokens-1h", "unknown"),
        ("USE1-NovaPro-input-tokens-fast", "unknown"),
        ("USE1-NovaPro-input-tokensX", "unknown"),
        (
            "USE1-Claude4.5Sonnet-reserved-2-month-input-tokens-per-minute-cross-region-geo",
            "unknown",
        ),
        ("USE1-X-ProvisionedThroughput-12months-ModelUnits", "unknown"),
        ("", "unknown"),
    ];

    #[test]
    fn the_grammar_of_the_native_offers() {
        for (usage_type, expected) in NATIVE_TYPES {
            assert_eq!(said(native(usage_type)), *expected, "{usage_type}");
        }
    }

    const COMPONENT_TYPES: &[(&str, &str)] = &[
        ("InputTokenCount", " Tokens(Input) - Unsaid"),
        ("OutputTokenCount_Global_Batch", " Tokens(Output) batch Global"),
        ("CacheReadInputTokenCount_Global", " Tokens(CacheRead) - Global"),
        ("CacheWriteInputTokenCount_Geo", " Tokens(CacheWrite) - Geo"),
        ("CacheWrite5mInputTokenCount", " Tokens(CacheWrite) - Unsaid"),
        ("CacheWrite1hInputTokenCount_LCtx_Global", " Tokens(CacheWrite1h) - Global long"),
        ("InputTokenCount_LatencyOptimized", " Tokens(Input) latency-optimized Unsaid"),
        ("MillionBatchOutputTokens", " Tokens(Output) batch Unsaid"),
        ("input_tokens_standard", " Tokens(Input) standard Unsaid"),
        ("output_tokens_global_standard", " Tokens(Output) standard Global"),
        ("input_tokens_long_ctx_global_standard", " Tokens(Input) standard Global long"),
        ("cache_write_tokens_1h_global_standard", " Tokens(CacheWrite1h) standard Global"),
        ("cache_write_tokens_30m_standard", " Tokens(CacheWrite30m) standard Unsaid"),
        ("cache_write_tokens_30m_global_batch", " Tokens(CacheWrite30m) batch Global"),
        ("input_tokens_ultrafast", "unknown"),
        ("cached_input_tokens_batch", " Tokens(CacheRead) batch Unsaid"),
        ("output_tokens_batch", " Tokens(Output) batch Unsaid"),
        ("ProvisionedThroughput_NoCommit_ModelUnits_Usage", " Units(None) - Unsaid"),
        ("ProvisionedThroughput_6MonthsCommit_ModelUnits_Usage", " Units(SixMonths) - Unsaid"),
        ("Reserved_1Month_InputTPM_Geo", " Reserved(OneMonth, Input) - Geo"),
        ("Reserved_3Month_OutputTPM_Global", " Reserved(ThreeMonths, Output) - Global"),
        ("search_units", "not: searches"),
        ("created_image", "not: images"),
        ("InputImageCount", "not: images"),
        ("CacheStorage", "not: storage"),
        ("CustomizationTraining", "not: model customization"),
        ("cache_writes_tokens_standard", "unknown"),
        ("input_tokens_fast", "unknown"),
        ("input_tokens_request", "unknown"),
        ("Reserved_6Month_InputTPM_Geo", "unknown"),
    ];

    #[test]
    fn the_grammar_of_marketplace_in_both_ages() {
        let of = |component: &str| said(marketplace(&format!("USE1-MP:USE1_{component}-Units")));
        for (component, expected) in COMPONENT_TYPES {
            assert_eq!(of(component), *expected, "{component}");
        }
        assert_eq!(said(marketplace("USE1-NovaPro-input-tokens")), "unknown");
        let european = marketplace("EU-MP:EU_input_tokens_standard-Units");
        assert_eq!(said(european), " Tokens(Input) standard Unsaid");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_not(text in "\\PC{0,60}") {
            _ = native(&text);
            _ = marketplace(&text);
        }

        #[test]
        fn a_word_more_is_never_left_out(word in "[a-z]{3,8}", in_front in any::<bool>()) {
            prop_assume!(!["geo", "flex", "batch", "global", "standard", "priority"].contains(&word.as_str()));
            let (native_text, component) = if in_front {
                (format!("USE1-NovaPro-input-tokens-{word}-flex"), format!("input_tokens_{word}_flex"))
            } else {
                (format!("USE1-NovaPro-input-tokens-flex-{word}"), format!("input_tokens_flex_{word}"))
            };
            let marketplace_text = format!("USE1-MP:USE1_{component}-Units");
            prop_assert!(native(&native_text).is_err());
            prop_assert!(marketplace(&marketplace_text).is_err());
        }
    }
}
