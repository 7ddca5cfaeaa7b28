//! GPUs for open models: what an hour costs, how many tokens a second were seen, and what fits.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::civil::Date;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::domain::syntax::read_toml;
use crate::domain::{BaseModel, Usd};

/// The embedded prices of GPUs.
const GPUS: &str = include_str!("../../../catalog/alternatives/gpus.toml");
/// The embedded rates of tokens.
const THROUGHPUT: &str = include_str!("../../../catalog/alternatives/throughput.toml");
/// The embedded sizes of models.
const MEMORY: &str = include_str!("../../../catalog/alternatives/memory.toml");

/// Memory of one kind of GPU.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GpuKind {
    /// Name of the kind, as in `H100 SXM 80GB`.
    pub name: String,
    /// Memory of one in MiB, as AWS reports it.
    pub memory_mib: u64,
}

/// The way in which GPUs are rented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GpuPurchase {
    /// By the hour, from the company's own data centres.
    OnDemand,
    /// By the hour, from hosts that the company does not run.
    ThirdParty,
    /// By the hour, and taken away at any time.
    Spot,
}

impl fmt::Display for GpuPurchase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::OnDemand => "on-demand",
            Self::ThirdParty => "hosts of third parties",
            Self::Spot => "spot",
        })
    }
}

/// Price of a product that has GPUs.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GpuPrice {
    /// Kind of the GPUs.
    pub gpu: String,
    /// Company that rents it out.
    pub seller: String,
    /// Name of the product.
    pub product: String,
    /// GPUs of the product, which is rented whole.
    pub gpus: u32,
    /// Price in USD an hour and GPU, used or not.
    pub usd_per_gpu_hour: Usd,
    /// Way in which the product is rented.
    pub purchase: GpuPurchase,
    /// Region of the price; `None` where the source names none.
    #[serde(default)]
    pub region: Option<String>,
    /// Day on which somebody saw the price.
    pub seen: Date,
    /// Place where the price is written; in the file, its id.
    pub source: String,
}

/// Tokens a second that some GPUs were seen to serve with a model, at full load.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Throughput {
    /// Base ids of the model on Amazon Bedrock.
    pub models: Vec<BaseModel>,
    /// Bits of a weight.
    pub bits: u32,
    /// Precision as the source names it.
    pub format: String,
    /// Kind of the GPUs.
    pub gpu: String,
    /// GPUs of one copy of the model, all of which the rate is of.
    pub gpus: u32,
    /// Engine that served.
    pub engine: String,
    /// Input tokens of each request.
    pub input: u64,
    /// Output tokens of each request.
    pub output: u64,
    /// Output tokens a second, of all requests, rounded down.
    pub output_tokens_per_second: u64,
    /// Kind of the source.
    pub trust: String,
    /// Place where the rate is written; in the file, its id.
    pub source: String,
}

/// Bytes of a model in the memory of GPUs.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelMemory {
    /// Base ids of the model on Amazon Bedrock.
    pub models: Vec<BaseModel>,
    /// Bytes of the weights at 16 bit.
    pub weight_bytes_16: u64,
    /// Bytes of the weights at 8 bit; `None` where no source has them.
    #[serde(default)]
    pub weight_bytes_8: Option<u64>,
    /// Bytes of the weights at 4 bit; `None` where no source has them.
    #[serde(default)]
    pub weight_bytes_4: Option<u64>,
    /// Bytes of the cache of one token in flight, at 16 bit.
    pub cache_bytes_per_token: u64,
    /// Bytes of the cache of one request, whatever its length.
    #[serde(default)]
    pub cache_bytes_per_request: u64,
    /// Place where the configuration is written; in the file, its id.
    pub source: String,
}

impl ModelMemory {
    /// Returns the bytes of the weights at a precision; `None` where no source has them.
    #[must_use]
    pub const fn weights(&self, bits: u32) -> Option<u64> {
        match bits {
            16 => Some(self.weight_bytes_16),
            8 => self.weight_bytes_8,
            4 => self.weight_bytes_4,
            _ => None,
        }
    }
}

/// All that is known of GPUs for open models.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hardware {
    /// Kinds of GPUs.
    pub gpus: Vec<GpuKind>,
    /// Prices of products.
    pub prices: Vec<GpuPrice>,
    /// Rates of tokens.
    pub throughput: Vec<Throughput>,
    /// Sizes of models.
    pub memory: Vec<ModelMemory>,
}

/// The error for a file that does not hold together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the facts of GPUs: {0}")]
pub struct HardwareError(String);

/// A file with sources in its head.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SourcedFile<R> {
    #[expect(dead_code, reason = "a file without a version is refused")]
    schema_version: u32,
    sources: BTreeMap<String, String>,
    #[serde(default, rename = "gpu")]
    gpus: Vec<GpuKind>,
    #[serde(alias = "price", alias = "row", alias = "memory")]
    rows: Vec<R>,
}

/// Reads the rows of a file, each with the text of its source.
fn read<R: DeserializeOwned>(
    text: &str,
    source: impl Fn(&mut R) -> &mut String,
) -> Result<(Vec<GpuKind>, Vec<R>), HardwareError> {
    let mut file: SourcedFile<R> =
        read_toml(text).map_err(|fault| HardwareError(fault.to_string()))?;
    for row in &mut file.rows {
        let id = source(row);
        let known = file.sources.get(id);
        *id = known.cloned().ok_or_else(|| HardwareError(format!("there is no source `{id}`")))?;
    }
    Ok((file.gpus, file.rows))
}

impl Hardware {
    /// Reads the embedded facts.
    ///
    /// # Errors
    ///
    /// If they do not hold together.
    pub fn embedded() -> Result<Self, HardwareError> {
        let (gpus, prices) = read(GPUS, |price: &mut GpuPrice| &mut price.source)?;
        let (_, throughput) = read(THROUGHPUT, |row: &mut Throughput| &mut row.source)?;
        let (_, memory) = read(MEMORY, |row: &mut ModelMemory| &mut row.source)?;
        let known: BTreeSet<&str> = gpus.iter().map(|kind| kind.name.as_str()).collect();
        if let Some(price) = prices.iter().find(|price| !known.contains(price.gpu.as_str())) {
            return Err(HardwareError(format!("nobody says the memory of {}", price.gpu)));
        }
        Ok(Self { gpus, prices, throughput, memory })
    }

    /// Lists the rates that were seen with a model.
    pub fn rates_of(&self, model: &BaseModel) -> impl Iterator<Item = &Throughput> {
        self.throughput.iter().filter(|row| row.models.contains(model))
    }

    /// Returns the size of a model; `None` where its weights are not open, or nobody recomputed it.
    #[must_use]
    pub fn memory_of(&self, model: &BaseModel) -> Option<&ModelMemory> {
        self.memory.iter().find(|row| row.models.contains(model))
    }

    /// Returns the memory of one GPU of a kind in bytes.
    #[must_use]
    pub fn bytes_of(&self, gpu: &str) -> Option<u64> {
        let kind = self.gpus.iter().find(|kind| kind.name == gpu)?;
        Some(kind.memory_mib << 20)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::PriceBook;

    #[test]
    fn the_facts_are_of_models_of_the_book_and_of_gpus_with_a_price() {
        let (hardware, book) = (Hardware::embedded().unwrap(), PriceBook::aws().unwrap());
        let models = hardware.throughput.iter().flat_map(|row| &row.models);
        for model in models.chain(hardware.memory.iter().flat_map(|row| &row.models)) {
            assert!(book.model(model).is_some(), "{model}");
        }
        for row in &hardware.throughput {
            assert!(hardware.bytes_of(&row.gpu).is_some(), "{}", row.gpu);
            assert!(row.output_tokens_per_second > 0 && row.output > 0);
        }
    }

    /// The sizes that Lambda reports to fit and not to fit, and the article's 70B.
    #[test]
    fn seventy_billion_parameters_need_two_cards_in_sixteen_bit() {
        let hardware = Hardware::embedded().unwrap();
        let llama = hardware.memory_of(&BaseModel::new("meta.llama3-1-70b-instruct-v1:0")).unwrap();
        let card = hardware.bytes_of("H100 SXM 80GB").unwrap();
        let fits = |bits: u32, gpus: u64| llama.weights(bits).unwrap() < gpus * card / 10 * 9;
        assert_eq!([fits(16, 1), fits(16, 2), fits(8, 1), fits(4, 1)], [false, true, true, true]);
    }
}
