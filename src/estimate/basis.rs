//! The basis of an estimate: a model of a book, a Region, a day, a volume and its shape.

use jiff::Span;
use jiff::civil::Date;

use crate::catalog::{
    AllowedScope, ModelPrices, ModelStatus, Overrides, PriceBook, RateQuery, References,
};
use crate::domain::{
    BaseModel, Capacity, LoadWeights, Meter, ModelId, Ratio, Region, Scope, ServiceTier, Term,
    Tokens, Usd,
};
use crate::estimate::shape::{LoadShape, Zone};
use crate::estimate::volume::Volume;

/// A volume with the model that would serve it.
#[derive(Clone, Debug)]
pub struct EstimateBasis<'a> {
    /// Book of prices.
    pub book: &'a PriceBook,
    /// Model of the book.
    pub model: &'a ModelPrices,
    /// Facts and prices from outside of the book.
    pub references: &'a References,
    /// Contract of the account, and the scopes that its requests may use.
    pub overrides: &'a Overrides,
    /// True if requests may use the global scope where the overrides do not say.
    pub allow_global: bool,
    /// Region that is called.
    pub region: Region,
    /// Day whose prices apply.
    pub day: Date,
    /// Tokens and requests of a month.
    pub volume: Volume,
    /// Spread of the volume over time.
    pub shape: LoadShape,
    /// Time zone of office hours; UTC without one.
    pub zone: Option<Zone>,
    /// Capacity of a model unit where the book states none.
    pub capacity: Option<Capacity>,
    /// True if model units are taken to cache prompts.
    pub units_cache: bool,
    /// Terms of running a model oneself.
    pub self_hosting: SelfHosting,
}

/// Slack in a comparison of contexts, in hundredths: sources write one limit as 128,000 or 131,072.
const SLACK: u64 = 5;

/// Returns true if one number of tokens is more than another, beyond the rounding of sources.
pub(super) fn is_more_tokens(one: u64, other: u64) -> bool {
    u128::from(one) * 100 > u128::from(other) * u128::from(100 + SLACK)
}

/// GPUs as a person describes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnGpus {
    /// Price of one GPU in USD an hour.
    pub usd_per_gpu_hour: Usd,
    /// GPUs of one copy of the model.
    pub gpus: u32,
    /// Tokens a second that one copy serves, input and output together; `None` where nobody says.
    pub tokens_per_second: Option<u64>,
}

/// Terms of running a model on GPUs oneself, as a person says them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SelfHosting {
    /// GPUs of a price and rate that the person says; `None` for published ones.
    pub gpus: Option<OwnGpus>,
    /// Bits of a weight; `None` for any that were published.
    pub bits: Option<u32>,
    /// Share of the GPUs that the volume pays for, above 0 to 1: others pay for the rest.
    pub share: Ratio,
    /// Cost of running them in USD a month: people, monitoring, storage.
    pub operations: Usd,
}

impl Default for SelfHosting {
    /// Returns whole GPUs at published rates, without a cost of running them.
    fn default() -> Self {
        Self { gpus: None, bits: None, share: Ratio::ONE, operations: Usd::ZERO }
    }
}

/// A reason for which nothing can be estimated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EstimateError {
    /// The book has no such model.
    #[error("the book `{book}` has no model `{asked}`{}", candidates_in_words(.candidates))]
    NoModel {
        /// Name of the book.
        book: String,
        /// Text that was asked for.
        asked: String,
        /// Models that are meant, perhaps.
        candidates: Vec<String>,
    },
    /// The model can no longer be called.
    #[error(
        "{name} ended on {end} in {region}{}; --day with a day before prices it as it was",
        .successor.as_ref().map_or_else(String::new, |model| format!(", its successor is {model}"))
    )]
    Ended {
        /// Name of the model.
        name: String,
        /// First day on which requests fail.
        end: Date,
        /// Region that is called.
        region: Region,
        /// Model that follows it.
        successor: Option<BaseModel>,
    },
    /// No plan of the model has a price.
    #[error("the book `{book}` has no price of {name} in {region}{}", .instead.as_ref().map_or_else(String::new, |text| format!(": {text}")))]
    NoPrice {
        /// Name of the book.
        book: String,
        /// Name of the model.
        name: String,
        /// Region that is called.
        region: Region,
        /// Figure that comes nearest, or the meter that lacks one.
        instead: Option<String>,
    },
}

fn candidates_in_words(candidates: &[String]) -> String {
    match candidates {
        [] => "; `cost-guard prices show` lists them".to_owned(),
        some => format!("; did you mean {}?", some.join(", ")),
    }
}

/// Most candidates that are named.
const MOST_CANDIDATES: usize = 12;

/// Finds a model by its id, the id of one of its profiles, or its name, exactly.
///
/// # Errors
///
/// If none or several have it. The candidates are those that have each word of it in their id or name.
pub fn find_model<'b>(book: &'b PriceBook, asked: &str) -> Result<&'b ModelPrices, EstimateError> {
    let id = ModelId::parse(asked.to_owned());
    let by_id = id.model().and_then(|base| book.model(base));
    let named: Vec<&ModelPrices> = book.models.iter().filter(|model| model.name == asked).collect();
    match (by_id, named.as_slice()) {
        (Some(model), _) => return Ok(model),
        (None, [model]) => return Ok(model),
        _ => {}
    }
    let wanted = asked.to_lowercase();
    let has_it = |model: &&ModelPrices| {
        let text = format!("{} {}", model.id, model.name).to_lowercase();
        let mut words =
            wanted.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        let has_any = words.clone().next().is_some();
        has_any && words.all(|word| text.contains(word))
    };
    let found: Vec<&ModelPrices> = match named.as_slice() {
        [] => book.models.iter().filter(has_it).take(MOST_CANDIDATES).collect(),
        several => several.to_vec(),
    };
    Err(EstimateError::NoModel {
        book: book.name.clone(),
        asked: asked.to_owned(),
        candidates: found.iter().map(|it| format!("`{}` ({})", it.name, it.id)).collect(),
    })
}

impl EstimateBasis<'_> {
    /// Returns the first day on which requests for the model fail in the Region; `None` where none is known.
    pub(super) fn end(&self) -> Option<Date> {
        let rows = self.book.lifecycle(&self.model.id, &self.region);
        rows.first().and_then(|row| row.end_of_life)
    }

    /// Returns the weights of cached tokens in the load of a model unit.
    pub(super) fn unit_weights(&self) -> LoadWeights {
        if self.units_cache {
            self.book.load_weights(&self.model.id)
        } else {
            LoadWeights::UNCACHED
        }
    }

    /// Returns true if requests for the model may use a scope.
    pub(super) fn may_use(&self, scope: Scope) -> bool {
        let (kind, unless_said) = match scope {
            Scope::InRegion => (AllowedScope::InRegion, true),
            Scope::Geo(_) => (AllowedScope::Geo, true),
            Scope::Global => (AllowedScope::Global, self.allow_global),
        };
        self.overrides.allows(&self.model.id, kind).unwrap_or(unless_said)
    }

    /// Says why AWS sells no new model units; `None` where it may.
    pub(super) fn sells_no_units(&self) -> Option<String> {
        let rows = self.book.lifecycle(&self.model.id, &self.region);
        let legacy = rows.first().and_then(|row| row.legacy).filter(|legacy| *legacy <= self.day);
        let dated =
            legacy.map(|day| format!("the model is Legacy since {day}: no new units are sold"));
        dated.or_else(|| Some(format!("{}: no new units are sold, then", self.reviewed_as_gone()?)))
    }

    /// Says that the reviewed facts have the model as gone or going, where the book has no day for that.
    pub(super) fn reviewed_as_gone(&self) -> Option<String> {
        if self.end().is_some() || !self.book.charged {
            return None;
        }
        let checked = self.references.ladder.checked;
        match self.references.ladder.of(&self.model.id)?.status? {
            ModelStatus::Retired => {
                Some(format!("it was retired by {checked}, on a day that the book does not have"))
            }
            ModelStatus::Legacy => Some(format!("it was Legacy by {checked}")),
            ModelStatus::Unlisted => Some(format!(
                "it was on no page of AWS that was seen by {checked}, and may be gone"
            )),
            ModelStatus::Preview => None,
        }
    }

    /// Says that a request does not fit into the model; `None` where it does, or its length is not known.
    pub(super) fn exceeds_context(&self) -> Option<String> {
        let sent = self.volume.input_per_request()?;
        let most = self.references.ladder.of(&self.model.id)?.context?;
        is_more_tokens(sent, most).then(|| {
            let (sent, most) = (Tokens::new(sent), Tokens::new(most));
            format!(
                "a request of {sent} input tokens does not fit into its {most}: such calls fail"
            )
        })
    }

    /// Says that an answer is longer than the model's can be; `None` where it is not, or nobody knows.
    pub(super) fn exceeds_output(&self) -> Option<String> {
        let asked = self.volume.output_per_request()?;
        let most = self.references.ladder.of(&self.model.id)?.output?;
        is_more_tokens(asked, most).then(|| {
            let (asked, most) = (Tokens::new(asked), Tokens::new(most));
            format!("an answer of {asked} tokens is more than its {most}: such answers are cut off")
        })
    }

    /// Says that the capacity of a unit was given and is not used; `None` where it is.
    pub(super) fn unused_capacity(&self) -> Option<String> {
        self.capacity?;
        let list = Overrides::default();
        let offers = self.book.offers(&self.model.id, &self.region, self.day, &list);
        if offers.is_empty() {
            return Some(
                "the book has no price of model units here, so --units-capacity is not used".into(),
            );
        }
        let stated = offers.iter().any(|offer| offer.capacity.is_some());
        stated.then(|| {
            "the book states what a unit serves, which goes before --units-capacity".into()
        })
    }

    /// Says that a term that begins on the day runs past the model's end; `None` where it does not.
    pub(super) fn runs_out(&self, term: Term) -> Option<String> {
        let end = self.end()?;
        let last = self.day.saturating_add(Span::new().months(term.months()));
        (term != Term::None && last > end)
            .then(|| format!("its term would end on {last}, and the model ends on {end}"))
    }

    /// Returns the figure of the book that comes nearest to the price of an input token.
    pub(super) fn nearest(&self) -> Option<String> {
        self.book.nearest_to(&RateQuery {
            model: &self.model.id,
            region: &self.region,
            scope: Scope::InRegion,
            tier: Some(ServiceTier::Standard),
            meter: Meter::Input,
            input_tokens: None,
            day: self.day,
        })
    }
}
