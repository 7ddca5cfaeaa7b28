//! The basis of an estimate: a model of a book, a Region, a day, a volume and its shape.

use jiff::civil::Date;

use crate::catalog::{DirectPrices, Hardware, ModelLadder, ModelPrices, PriceBook, RateQuery};
use crate::domain::{BaseModel, Capacity, Meter, ModelId, Ratio, Region, Scope, ServiceTier, Usd};
use crate::estimate::shape::{LoadShape, Zone};
use crate::estimate::volume::Volume;

/// A volume with the model that would serve it.
#[derive(Clone, Debug)]
pub struct EstimateBasis<'a> {
    /// Book of prices.
    pub book: &'a PriceBook,
    /// Model of the book.
    pub model: &'a ModelPrices,
    /// Reviewed facts of the models.
    pub ladder: &'a ModelLadder,
    /// Prices outside of Amazon Bedrock.
    pub direct: &'a DirectPrices,
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
    /// Facts of GPUs for open models.
    pub hardware: &'a Hardware,
    /// Terms of running a model oneself.
    pub self_hosting: SelfHosting,
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

    /// Returns the first day on which the model is Legacy in the Region, if that is past.
    pub(super) fn legacy(&self) -> Option<Date> {
        let rows = self.book.lifecycle(&self.model.id, &self.region);
        rows.first().and_then(|row| row.legacy).filter(|legacy| *legacy <= self.day)
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
