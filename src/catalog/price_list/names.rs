//! Names of models in the Price List: reviewed pairs, and suggestions that price nothing.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::domain::BaseModel;
use crate::domain::syntax::{SyntaxFault, read_toml};

/// Text of the embedded pairs.
const EMBEDDED: &str = include_str!("../../../catalog/price-list-names.toml");

/// The version of the file's format.
const SCHEMA_VERSION: u32 = 1;

/// A service code whose lines can be prices of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub enum ServiceCode {
    /// Models that AWS sells itself. They are named by the attribute `model` or `titanModel`, or
    /// else within the usage type.
    #[serde(rename = "AmazonBedrock")]
    Bedrock,
    /// Models that are billed through AWS Marketplace, named by their `servicename`.
    #[serde(rename = "AmazonBedrockFoundationModels")]
    FoundationModels,
    /// Some cross-Region prices and reserved tokens, named as in `AmazonBedrock`.
    #[serde(rename = "AmazonBedrockService")]
    Service,
}

impl ServiceCode {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Bedrock, Self::FoundationModels, Self::Service];

    /// Returns the code as AWS spells it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Bedrock => "AmazonBedrock",
            Self::FoundationModels => "AmazonBedrockFoundationModels",
            Self::Service => "AmazonBedrockService",
        }
    }

    /// Returns the service of a code; `None` where the code sells no tokens or is not known.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.code() == code)
    }
}

/// An item that may really cost nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Free {
    /// Writes to a prompt cache.
    CacheWrite,
}

/// The endpoint that a model's lines of the bedrock-mantle endpoint are the prices of, by review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MantleLines {
    /// `bedrock-runtime`, where the model has no other lines.
    Runtime,
}

/// A model and the name that a service has for it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedModel {
    /// Service that uses the name; `offer` in the file.
    #[serde(rename = "offer")]
    pub service: ServiceCode,
    /// Name, letter by letter: for Marketplace without `(Amazon Bedrock Edition)`, and always
    /// without `Latency Optimized`, which is a tier.
    pub name: String,
    /// Base id of the model.
    pub model: BaseModel,
    /// Items that are listed at zero and really cost nothing. Any other zero is a placeholder.
    #[serde(default)]
    pub free: Vec<Free>,
    /// Input tokens above which a request has the price for a long context, where the Price List
    /// does not say. `None`: such prices are not used.
    pub long_context_above: Option<u64>,
    /// Endpoint that lines whose usage type has `-mantle-` price too, where the model has no other
    /// lines. `None`: they price no request that is read here.
    pub mantle: Option<MantleLines>,
    /// Place that has the figures of those lines for the other endpoint; exactly with `mantle`.
    pub mantle_review: Option<String>,
    /// Place where name and model were seen together.
    pub provenance: String,
}

/// A name that is known and has no model with prices of tokens alone.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PassedName {
    /// Service that uses the name; `offer` in the file.
    #[serde(rename = "offer")]
    pub service: ServiceCode,
    /// Name, letter by letter.
    pub name: String,
    /// Reason for which the lines are not prices of tokens.
    pub why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NamesDocument {
    schema_version: u32,
    #[serde(rename = "name", default)]
    names: Vec<NamedModel>,
    #[serde(rename = "pass", default)]
    passed: Vec<PassedName>,
}

/// The error for a text that does not pair names with models.
#[derive(Clone, Debug, thiserror::Error)]
pub enum NamesError {
    /// The text does not read as pairs.
    #[error("price-list names `{name}` are not valid: {fault}")]
    Syntax {
        /// Name of the file.
        name: String,
        /// Fault with its place.
        fault: SyntaxFault,
    },
    /// The text reads as pairs, and contradicts itself.
    #[error(
        "price-list names `{name}` contradict themselves: {}",
        crate::domain::text::faults(faults)
    )]
    Rules {
        /// Name of the file.
        name: String,
        /// All faults.
        faults: Vec<String>,
    },
}

/// Names of the Price List, each with its model.
#[derive(Clone, Debug)]
pub struct Names {
    models: BTreeMap<(ServiceCode, String), NamedModel>,
    passed: BTreeMap<(ServiceCode, String), PassedName>,
    known: BTreeSet<BaseModel>,
}

impl Names {
    /// Reads the embedded names.
    pub fn embedded() -> Result<Self, NamesError> {
        Self::parse("embedded", EMBEDDED)
    }

    /// Reads names from TOML. `name` is their name in errors.
    pub fn parse(name: &str, text: &str) -> Result<Self, NamesError> {
        let document: NamesDocument =
            read_toml(text).map_err(|fault| NamesError::Syntax { name: name.into(), fault })?;
        let mut faults = Vec::new();
        if document.schema_version != SCHEMA_VERSION {
            faults.push(format!(
                "schema_version is {}, this program reads {SCHEMA_VERSION}",
                document.schema_version
            ));
        }
        let known = document.names.iter().map(|named| named.model.clone());
        let mut names =
            Self { models: BTreeMap::new(), passed: BTreeMap::new(), known: known.collect() };
        for named in document.names {
            let key = (named.service, named.name.clone());
            if named.provenance.trim().is_empty() || named.long_context_above == Some(0) {
                faults.push(format!(
                    "`{}` needs a provenance, and a threshold above zero if any",
                    named.name
                ));
            }
            let review = named.mantle_review.as_ref();
            let is_reviewed = review.is_some_and(|review| !review.trim().is_empty());
            if named.mantle.is_some() != is_reviewed || review.is_some() != is_reviewed {
                faults.push(format!("`{}`: `mantle` goes with a `mantle_review`", named.name));
            }
            if names.models.insert(key, named.clone()).is_some() {
                faults.push(format!("`{}` is named twice: keep one", named.name));
            }
        }
        for passed in document.passed {
            let key = (passed.service, passed.name.clone());
            let is_named = names.models.contains_key(&key);
            if names.passed.insert(key, passed.clone()).is_some() || is_named {
                faults.push(format!("`{}` is named twice: keep one", passed.name));
            }
        }
        if faults.is_empty() {
            Ok(names)
        } else {
            Err(NamesError::Rules { name: name.into(), faults })
        }
    }

    /// Returns the same names with more models whose ids are names, and that a suggestion may name.
    #[must_use]
    pub fn also_knowing(mut self, models: impl IntoIterator<Item = BaseModel>) -> Self {
        self.known.extend(models);
        self
    }

    /// Returns the pairs, by service and name.
    pub fn models(&self) -> impl Iterator<Item = &NamedModel> {
        self.models.values()
    }

    /// Returns the pair of a name. A name that is the id of a known model, letter by letter, is that
    /// model; what is known of the model under its other names holds.
    pub(super) fn model(&self, service: ServiceCode, name: &str) -> Option<NamedModel> {
        if let Some(named) = self.models.get(&(service, name.to_owned())) {
            return Some(named.clone());
        }
        let model = BaseModel::new(name);
        if !self.known.contains(&model) {
            return None;
        }
        let others = || self.models.values().filter(|named| named.model == model);
        let thresholds: BTreeSet<u64> =
            others().filter_map(|named| named.long_context_above).collect();
        let reviewed = others().find(|named| named.mantle.is_some());
        Some(NamedModel {
            service,
            name: name.to_owned(),
            free: Vec::new(),
            // Two thresholds contradict each other, and then neither is known.
            long_context_above: thresholds.first().copied().filter(|_| thresholds.len() == 1),
            mantle: reviewed.and_then(|named| named.mantle),
            mantle_review: reviewed.and_then(|named| named.mantle_review.clone()),
            provenance: "the name is the id".to_owned(),
            model,
        })
    }

    pub(super) fn passed(&self, service: ServiceCode, name: &str) -> Option<&PassedName> {
        self.passed.get(&(service, name.to_owned()))
    }

    /// Returns the one known model that is spelled like a name, for a person to check; `None` where
    /// no model or more than one is.
    ///
    /// Words may stand in any order and the vendor may be among them; numbers must be the same in
    /// the same order.
    #[must_use]
    pub fn suggestion(&self, name: &str) -> Option<BaseModel> {
        let wanted = Spelling::of(name);
        if wanted.words.is_empty() {
            return None;
        }
        let mut alike = self
            .known
            .iter()
            .filter(|model| Spelling::of_model(model).fits(&wanted, vendor(model)));
        match (alike.next(), alike.next()) {
            (Some(model), None) => Some(model.clone()),
            _ => None,
        }
    }
}

fn vendor(model: &BaseModel) -> &str {
    model.id().split('.').next().unwrap_or_default()
}

/// The words and numbers that identify a model in a spelling of its name.
#[derive(Debug, PartialEq, Eq)]
struct Spelling {
    /// Words in order of the alphabet: sizes such as `70b` too.
    words: Vec<String>,
    /// Numbers in the order of the name.
    versions: Vec<String>,
}

/// Words that one spelling has and another has not.
const NOISE: &[&str] = &["instruct", "chat", "it", "v"];

impl Spelling {
    /// Returns true if a name is spelled so, with or without the vendor.
    fn fits(&self, name: &Self, vendor: &str) -> bool {
        let words = |with_vendor: bool| {
            let words = name.words.iter();
            words.filter(move |word| with_vendor || *word != vendor)
        };
        let is_named = self.words.iter().eq(words(true)) || self.words.iter().eq(words(false));
        is_named && self.versions == name.versions
    }

    /// Reads the spelling of an id, without the vendor, the release date and the version of the id.
    fn of_model(model: &BaseModel) -> Self {
        let id = model.id();
        let name = id.split_once('.').map_or(id, |(_, name)| name);
        let name = name.split_once(':').map_or(name, |(name, _)| {
            let digits = name.trim_end_matches(|c: char| c.is_ascii_digit());
            let before = digits.strip_suffix("-v").or(digits.strip_suffix('-'));
            before.unwrap_or(name)
        });
        Self::of(name)
    }

    fn of(text: &str) -> Self {
        let text = text.to_lowercase();
        let (mut words, mut versions) = (Vec::new(), Vec::new());
        for part in text.split(|c: char| !c.is_alphanumeric()) {
            // `llama3` is a word and a number, `70b` and `a22b` are sizes.
            let letters = part.trim_end_matches(|c: char| c.is_ascii_digit());
            let is_numbered = letters.chars().all(char::is_alphabetic);
            let (word, number) =
                if is_numbered { part.split_at(letters.len()) } else { (part, "") };
            if !word.is_empty() && !NOISE.contains(&word) {
                words.push(word.to_owned());
            }
            // Eight digits are the day of a release, which most names leave out.
            if !number.is_empty() && number.len() != 8 {
                versions.push(number.to_owned());
            }
        }
        // `2.0` is `2`.
        if versions.len() > 1 && versions.last().is_some_and(|last| last == "0") {
            versions.pop();
        }
        words.sort_unstable();
        Self { words, versions }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn knowing(models: &[&str]) -> Names {
        Names::parse("none", "schema_version = 1")
            .unwrap()
            .also_knowing(models.iter().map(|id| BaseModel::new(*id)))
    }

    #[test]
    fn a_suggestion_has_the_same_words_and_numbers() {
        let names = knowing(&[
            "meta.llama3-3-70b-instruct-v1:0",
            "meta.llama3-1-70b-instruct-v1:0",
            "amazon.nova-2-lite-v1:0",
            "anthropic.claude-3-5-sonnet-20240620-v1:0",
            "openai.gpt-oss-120b-1:0",
            "mistral.ministral-3-14b-instruct",
            "writer.palmyra-x5-v1:0",
            "openai.gpt-6-astra",
        ]);
        for (name, model) in [
            ("Llama 3.3 70B", "meta.llama3-3-70b-instruct-v1:0"),
            ("Nova 2.0 Lite", "amazon.nova-2-lite-v1:0"),
            ("Claude 3.5 Sonnet", "anthropic.claude-3-5-sonnet-20240620-v1:0"),
            ("gpt-oss-120b", "openai.gpt-oss-120b-1:0"),
            ("Ministral 14B 3.0", "mistral.ministral-3-14b-instruct"),
            ("Palmyra X5", "writer.palmyra-x5-v1:0"),
            ("OpenAI GPT-6 Astra", "openai.gpt-6-astra"),
        ] {
            assert_eq!(names.suggestion(name), Some(BaseModel::new(model)), "{name}");
        }
        for name in ["Llama 3 70B", "Llama 1.3 70B", "Nova Lite", "Claude 5.3 Sonnet", "", "3.3"] {
            assert_eq!(names.suggestion(name), None, "{name}");
        }
    }

    #[test]
    fn a_legacy_name_is_never_suggested_for_a_newer_model() {
        let models = [
            "mistral.mistral-large-2402-v1:0",
            "mistral.mistral-large-2407-v1:0",
            "mistral.mistral-large-3-675b-instruct",
        ];
        let names = knowing(&models);
        assert_eq!(names.suggestion("Mistral Large"), None);
        assert_eq!(names.suggestion("Mistral Large 3"), None);
        assert_eq!(names.suggestion("Mistral Large 4"), None);
    }

    #[test]
    fn two_models_that_are_spelled_alike_give_no_suggestion() {
        let names = knowing(&[
            "anthropic.claude-3-5-sonnet-20240620-v1:0",
            "anthropic.claude-3-5-sonnet-20241022-v2:0",
        ]);
        assert_eq!(names.suggestion("Claude 3.5 Sonnet"), None);
    }

    #[test]
    fn a_name_that_is_the_id_of_a_known_model_is_that_model() {
        let names = knowing(&["google.gemma-4-26b-a4b", "qwen.qwen3-32b-v1:0"]);
        let model = |name| names.model(ServiceCode::Bedrock, name).map(|named| named.model);
        let gemma = "google.gemma-4-26b-a4b";
        assert_eq!(model(gemma), Some(BaseModel::new(gemma)));
        for other in ["google.gemma-4-26b", "Google.Gemma-4-26b-a4b", "qwen.qwen3-32b", ""] {
            assert_eq!(model(other), None, "{other}");
        }
    }

    #[test]
    fn an_id_has_the_threshold_and_the_review_of_the_models_names() {
        let names = Names::embedded().unwrap();
        let haiku = names.model(ServiceCode::Bedrock, "anthropic.claude-haiku-5-5").unwrap();
        assert_eq!(haiku.long_context_above, Some(100_000));
        assert_eq!(haiku.mantle, Some(MantleLines::Runtime));
        let terra = names.model(ServiceCode::Bedrock, "openai.gpt-5.6-terra").unwrap();
        assert_eq!(terra.long_context_above, Some(272_000));
        assert_eq!(terra.mantle, None);
    }

    #[test]
    fn lines_of_the_mantle_endpoint_price_the_other_by_review_alone() {
        let pair = |more: &str| {
            Names::parse(
                "test",
                &format!(
                    "schema_version = 1\n[[name]]\noffer=\"AmazonBedrock\"\nname=\"A\"\nmodel=\"a.b\"\nprovenance=\"p\"\n{more}"
                ),
            )
        };
        assert!(pair("mantle=\"runtime\"\nmantle_review=\"a page\"").is_ok());
        for wrong in [
            "mantle=\"runtime\"",
            "mantle_review=\"a page\"",
            "mantle=\"runtime\"\nmantle_review=\" \"",
        ] {
            let fault = pair(wrong).unwrap_err().to_string();
            assert!(fault.contains("`mantle` goes with a `mantle_review`"), "{fault}");
        }
    }

    #[test]
    fn a_name_is_paired_once() {
        let pair =
            "[[name]]\noffer=\"AmazonBedrock\"\nname=\"A\"\nmodel=\"a.b\"\nprovenance=\"p\"\n";
        let fault = |text: String| Names::parse("test", &text).unwrap_err().to_string();
        assert!(fault(format!("schema_version = 1\n{pair}{pair}")).contains("`A` is named twice"));
        assert!(fault(format!("schema_version = 2\n{pair}")).contains("schema_version is 2"));
        assert!(
            fault(format!("schema_version = 1\n{}", pair.replace("\"p\"", "\"\"")))
                .contains("provenance")
        );
        assert!(
            fault(format!("schema_version = 1\n{}", pair.replace("Bedrock", "S3")))
                .contains("not valid")
        );
    }
}
