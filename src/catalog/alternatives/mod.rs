//! The alternatives to a model: reviewed facts of the models, and prices outside of Amazon
//! Bedrock.
//!
//! | file | job |
//! |---|---|
//! | `model_facts` | the ladder of each family, what each model takes, and what follows it |
//! | `direct_prices` | what the providers charge on their own APIs, and other hosts for open weights |
//! | `hardware` | GPUs for open models: what an hour costs, how many tokens a second were seen, and what fits |
//! | `references` | all of these, read at once |

mod direct_prices;
mod hardware;
mod model_facts;
mod references;

pub use direct_prices::{DirectPrice, DirectPrices, OfferedBy};
pub use hardware::{GpuKind, GpuPrice, GpuPurchase, Hardware, ModelMemory, Throughput};
pub use model_facts::{
    ModelFacts, ModelFactsError, ModelKind, ModelLadder, ModelStatus, SizeClass,
};
pub use references::{References, ReferencesError};
