//! Reviewed facts of the models: the ladder of each family, what each model takes, and what follows it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::LazyLock;

use jiff::civil::Date;
use serde::Deserialize;

use crate::domain::BaseModel;
use crate::domain::syntax::read_toml;

/// The embedded facts.
const TEXT: &str = include_str!("../../../catalog/alternatives/model-facts.toml");

static READ: LazyLock<Result<ModelLadder, ModelFactsError>> =
    LazyLock::new(|| ModelLadder::parse(TEXT));

/// The kind of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ModelKind {
    /// Answers in text.
    Text,
    /// Turns what it is sent into numbers.
    Embedding,
    /// Speaks.
    Speech,
    /// Works on video.
    Video,
}

/// The size of a model on its family's ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SizeClass {
    /// The smallest of a family, or open weights of under 25 billion parameters.
    Small,
    /// Open weights of up to 90 billion.
    Medium,
    /// Open weights of up to 400 billion.
    Large,
    /// Above.
    Frontier,
}

impl fmt::Display for SizeClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Small => "small",
            Self::Medium => "medium",
            Self::Large => "large",
            Self::Frontier => "frontier",
        })
    }
}

/// A state in which a model should not be moved to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ModelStatus {
    /// No longer to be called.
    Retired,
    /// On offer for trial.
    Preview,
    /// On its way out: no new model units are sold.
    Legacy,
    /// On no page of AWS that was seen.
    Unlisted,
}

/// Facts of one model.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelFacts {
    /// Base id.
    pub id: BaseModel,
    /// Kind of the model.
    pub kind: ModelKind,
    /// Ladder of sizes that the model is on.
    pub family: String,
    /// Step of the ladder, over time.
    #[serde(default)]
    pub line: Option<String>,
    /// Size on the ladder; `None` where there is none.
    #[serde(default)]
    pub size: Option<SizeClass>,
    /// Tokens that may be sent at most; `None` where no source says. Sources round, so that 128,000 and
    /// 131,072 are the same.
    #[serde(default)]
    pub context: Option<u64>,
    /// Tokens that may come back at most; `None` where no source says.
    #[serde(default)]
    pub output: Option<u64>,
    /// True if the weights can be downloaded.
    #[serde(default)]
    pub open: bool,
    /// Kinds of input, as in `text` and `image`.
    pub takes: BTreeSet<String>,
    /// Next newer model of the line.
    #[serde(default)]
    pub successor: Option<BaseModel>,
    /// Newest model of the line; `None` where it is this one.
    #[serde(default)]
    pub newest: Option<BaseModel>,
    /// Next smaller model of the family, of the same or the nearest generation.
    #[serde(default)]
    pub smaller: Option<BaseModel>,
    /// State in which the model should not be moved to; `None` where there is none.
    #[serde(default)]
    pub status: Option<ModelStatus>,
    /// Place where the facts are written; in the file, its id.
    pub source: String,
}

/// Facts of all models that have a price.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelLadder {
    /// Version of the format.
    pub schema_version: u32,
    /// Day on which somebody last looked.
    pub checked: Date,
    /// Places where facts are written, by their ids.
    sources: BTreeMap<String, String>,
    /// Facts model by model.
    #[serde(rename = "model")]
    pub models: Vec<ModelFacts>,
}

/// The error for a file of facts that does not hold together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the facts of the models: {0}")]
pub struct ModelFactsError(String);

impl ModelLadder {
    /// Reads the embedded facts.
    ///
    /// # Errors
    ///
    /// If they do not hold together.
    pub fn embedded() -> Result<&'static Self, ModelFactsError> {
        READ.as_ref().map_err(Clone::clone)
    }

    /// Reads facts.
    ///
    /// # Errors
    ///
    /// If the text is not such a file, names a model twice or one that it does not have, or goes in
    /// circles.
    pub fn parse(text: &str) -> Result<Self, ModelFactsError> {
        let mut read: Self = read_toml(text).map_err(|fault| ModelFactsError(fault.to_string()))?;
        let sources = std::mem::take(&mut read.sources);
        for facts in &mut read.models {
            let fault =
                || format!("{} names a source `{}` that is not there", facts.id, facts.source);
            facts.source =
                sources.get(&facts.source).cloned().ok_or_else(|| ModelFactsError(fault()))?;
        }
        read.check()?;
        Ok(read)
    }

    fn check(&self) -> Result<(), ModelFactsError> {
        let mut ids = BTreeSet::new();
        for facts in &self.models {
            if !ids.insert(&facts.id) {
                return Err(ModelFactsError(format!("{} is there twice", facts.id)));
            }
        }
        for facts in &self.models {
            for named in [&facts.successor, &facts.newest, &facts.smaller].into_iter().flatten() {
                if !ids.contains(named) {
                    return Err(ModelFactsError(format!(
                        "{} names {named}, which is not there",
                        facts.id
                    )));
                }
            }
            let mut next = Some(facts);
            for _ in 0..=self.models.len() {
                next = next.and_then(|facts| self.of(facts.successor.as_ref()?));
            }
            if next.is_some() {
                return Err(ModelFactsError(format!(
                    "the successors of {} go in a circle",
                    facts.id
                )));
            }
        }
        Ok(())
    }

    /// Returns the facts of a model; `None` where nobody reviewed it.
    #[must_use]
    pub fn of(&self, model: &BaseModel) -> Option<&ModelFacts> {
        self.models.iter().find(|facts| facts.id == *model)
    }

    /// Returns the newest model of a model's line that can be moved to; `None` where that is the model
    /// itself, or none can be.
    #[must_use]
    pub fn newest_of(&self, model: &BaseModel) -> Option<&ModelFacts> {
        let facts = self.of(model)?;
        let newest = self.of(facts.newest.as_ref().unwrap_or(&facts.id))?;
        (newest.id != *model && newest.status.is_none()).then_some(newest)
    }

    /// Returns the next smaller model of a model's family; where that has gone, the newest of its line.
    #[must_use]
    pub fn smaller_than(&self, model: &BaseModel) -> Option<&ModelFacts> {
        let smaller = self.of(self.of(model)?.smaller.as_ref()?)?;
        match smaller.status {
            None => Some(smaller),
            Some(_) => self.newest_of(&smaller.id),
        }
    }

    /// Lists the models that a model is compared with: the newest of its line, the next smaller, and those of
    /// other families.
    pub fn beside(&self, model: &BaseModel) -> impl Iterator<Item = &ModelFacts> {
        let own = [self.newest_of(model), self.smaller_than(model)];
        own.into_iter().flatten().chain(self.peers_of(model))
    }

    /// Lists the newest models of other families that are of the same kind and size and take at least the
    /// same kinds of input.
    pub fn peers_of(&self, model: &BaseModel) -> impl Iterator<Item = &ModelFacts> {
        let own = self.of(model);
        self.models.iter().filter(move |facts| {
            let is_newest = facts.newest.as_ref().is_none_or(|newest| *newest == facts.id);
            own.is_some_and(|own| {
                is_newest
                    && facts.status.is_none()
                    && facts.family != own.family
                    && facts.kind == own.kind
                    && own.size.is_some()
                    && facts.size == own.size
                    && facts.takes.is_superset(&own.takes)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{LifecycleRow, ModelPrices, PriceBook};

    #[test]
    fn every_model_with_a_price_has_facts_or_has_ended() {
        let ladder = ModelLadder::embedded().unwrap();
        for book in [PriceBook::aws().unwrap(), PriceBook::article().unwrap()] {
            let has_ended = |model: &&ModelPrices| {
                let ends =
                    |row: &LifecycleRow| row.end_of_life.is_some_and(|end| end <= ladder.checked);
                model.lifecycle.iter().any(ends)
            };
            let priced = book.models.iter().filter(|model| !model.rates.is_empty());
            let missing =
                priced.filter(|model| !has_ended(model) && ladder.of(&model.id).is_none());
            // These have gone too, on days that no source tells.
            let gone = ["anthropic.claude-3-sonnet-20240229-v1:0", "anthropic.claude-v2"];
            let mut missing = missing.filter(|model| !gone.contains(&model.id.id()));
            assert_eq!(missing.next(), None);
        }
    }

    #[test]
    fn a_smaller_model_that_has_gone_leads_on_to_its_newest() {
        let ladder = ModelLadder::embedded().unwrap();
        let smaller =
            |id: &str| ladder.smaller_than(&BaseModel::new(id)).map(|facts| facts.id.id());
        assert_eq!(smaller("anthropic.claude-sonnet-5-5"), Some("anthropic.claude-haiku-5-5"));
        for facts in &ladder.models {
            for found in [ladder.smaller_than(&facts.id), ladder.newest_of(&facts.id)] {
                assert!(found.is_none_or(|found| found.status.is_none() && found.id != facts.id));
            }
        }
    }

    #[test]
    fn what_does_not_hold_together_is_refused() {
        let model = |id: &str, more: &str| {
            format!(
                "[[model]]\nid='{id}'\nkind='text'\nfamily='F'\ntakes=['text']\nsource='s'\n{more}\n"
            )
        };
        let fault = |rows: &[String]| {
            let head = "schema_version=1\nchecked='2026-11-01'\n[sources]\ns='somewhere'\n";
            ModelLadder::parse(&format!("{head}{}", rows.concat())).unwrap_err().to_string()
        };
        assert!(fault(&[model("a.b", ""), model("a.b", "")]).contains("twice"));
        assert!(fault(&[model("a.b", "smaller='a.c'")]).contains("a.c, which is not there"));
        let circle = [model("a.b", "successor='a.c'"), model("a.c", "successor='a.b'")];
        assert!(fault(&circle).contains("circle"));
        assert!(fault(&[model("a.b", "").replace("'s'", "'t'")]).contains("source `t`"));
    }
}
