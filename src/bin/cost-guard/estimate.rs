//! `cost-guard estimate`: what a volume of tokens would cost under every plan.

use std::str::FromStr;

use anyhow::Result;
use bedrock_cost_guard::aws::documents::NamedBy;
use bedrock_cost_guard::catalog::{Overrides, References};
use bedrock_cost_guard::config::CatalogSource;
use bedrock_cost_guard::domain::quantity::CapacityOrigin;
use bedrock_cost_guard::domain::{Capacity, Ratio, Region, Usd, day_of};
use bedrock_cost_guard::estimate::{
    Comparison, Count, Estimate, EstimateBasis, EstimateError, LoadShape, OwnGpus, SelfHosting,
    TokenMix, TokensAsked, Volume, Zone, find_model,
};
use bedrock_cost_guard::terminal::estimate as pages;
use clap::error::ErrorKind;
use clap::{Args, CommandFactory as _, ValueEnum};
use jiff::civil::Date;
use rust_decimal::Decimal;

use super::{Arguments, Format, book_of, now, print};

/// Questions in the words of people, each with the command that answers it.
// No line is longer than the 100 columns of a help page, which would break it.
pub(crate) const EXAMPLES: &str = r#"Examples:
  From which volume on is a provisioned tier cheaper than on-demand?
    cost-guard estimate --catalog article --model "Claude 3.7 Sonnet" --input 50M --output 50M
  What do 10,000 queries of a support chat cost, and one of them?
    cost-guard estimate --model "Nova Lite" --requests 10k --input-per-request 500
  What does it save to downgrade, or to move to another model?
    cost-guard estimate --compare "Claude Opus 4.8,Claude Haiku 4.5" --tokens 100M --mix 80/20
  Is self-hosting cheaper, on rented GPUs and with $500 of operations a month?
    cost-guard estimate --model "Llama 3.3 70B Instruct" --input 50M --operations 500"#;

#[derive(Debug, Args)]
pub(crate) struct EstimateArguments {
    /// Model by its id or its name, exactly, such as `Claude 3.7 Sonnet`
    #[arg(long, value_name = "MODEL", required_unless_present = "compare")]
    model: Option<String>,
    /// Models to put side by side, by ids or names, separated by commas
    #[arg(long, value_name = "MODELS", conflicts_with = "model", value_delimiter = ',')]
    compare: Vec<String>,
    /// Input tokens a month that neither come from nor go to a prompt cache, such as 50M
    #[arg(long, value_name = "TOKENS")]
    input: Option<Count>,
    /// Output tokens a month, such as 50M (the article's completion tokens)
    #[arg(long, value_name = "TOKENS")]
    output: Option<Count>,
    /// Input tokens a month that are read from a prompt cache
    #[arg(long, value_name = "TOKENS")]
    cache_read: Option<Count>,
    /// Input tokens a month that are written to a prompt cache
    #[arg(long, value_name = "TOKENS")]
    cache_write: Option<Count>,
    /// Requests (queries, calls) a month, such as 10k; gives the cost of each
    #[arg(long, value_name = "REQUESTS")]
    requests: Option<Count>,
    /// Input (prompt) tokens of a request
    #[arg(long, value_name = "TOKENS", requires = "requests", conflicts_with_all = ["input", "output"])]
    input_per_request: Option<Count>,
    /// Output (completion) tokens of a request
    #[arg(long, value_name = "TOKENS", requires = "requests", conflicts_with_all = ["input", "output"])]
    output_per_request: Option<Count>,
    /// Tokens a month, input and output together, such as 100M; with --mix
    #[arg(
        long,
        value_name = "TOKENS",
        requires = "mix",
        conflicts_with_all = ["input", "output", "requests", "input_per_request", "output_per_request"]
    )]
    tokens: Option<Count>,
    /// Input and output in a hundred tokens, such as 80/20; with --tokens
    #[arg(
        long,
        value_name = "INPUT/OUTPUT",
        requires = "tokens",
        conflicts_with_all = ["input", "output", "requests", "input_per_request", "output_per_request"]
    )]
    mix: Option<TokenMix>,
    /// Spread over time: flat, office-hours (Monday to Friday, 9 to 18), or bursty:R (a tenth of the
    /// minutes at R times the mean, from 1 to 10)
    #[arg(long, value_name = "SHAPE", default_value = "flat")]
    shape: LoadShape,
    /// Time zone of office hours, such as Europe/Berlin [default: UTC]
    ///
    /// No price depends on the time of day, so it changes no figure.
    #[arg(long, value_name = "ZONE")]
    zone: Option<Zone>,
    /// Region that is called
    #[arg(long, value_name = "REGION", default_value = "us-east-1")]
    region: Region,
    /// Day whose prices apply, such as 2026-03-21 [default: today]
    #[arg(long, value_name = "DAY")]
    day: Option<Date>,
    /// Input and output tokens a minute that one model unit serves, such as 1M/300k; AWS tells its
    /// customers and publishes nothing
    #[arg(long, value_name = "INPUT/OUTPUT")]
    units_capacity: Option<UnitsCapacity>,
    /// Count cached tokens of model units at the book's weights; else each loads a unit as any other, since
    /// AWS's pages contradict each other on whether units cache
    #[arg(long)]
    units_cache: bool,
    /// Price of one rented GPU in USD an hour, such as 1.99, to compare with running the model yourself
    #[arg(long, value_name = "USD", help_heading = "Own GPUs (self-hosting)")]
    gpu_hour: Option<TypedDollars>,
    /// GPUs that one copy of the model needs
    #[arg(long, value_name = "GPUS", requires = "gpu_hour", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=4_096), help_heading = "Own GPUs (self-hosting)")]
    gpus: u32,
    /// Tokens a second that one copy serves, input and output together
    #[arg(
        long,
        value_name = "TOKENS",
        requires = "gpu_hour",
        help_heading = "Own GPUs (self-hosting)"
    )]
    tokens_per_second: Option<Count>,
    /// Bits of a weight: 16, 8 or 4 [default: any with a published rate]
    #[arg(long, value_name = "BITS", value_enum, help_heading = "Own GPUs (self-hosting)")]
    quantisation: Option<Quantisation>,
    /// Percent of the GPUs that the volume pays for, where others pay for the rest [default: 100]
    #[arg(long, value_name = "PERCENT", help_heading = "Own GPUs (self-hosting)")]
    gpu_share: Option<GpuShare>,
    /// Cost of running them in USD a month: people, monitoring, storage
    #[arg(long, value_name = "USD", help_heading = "Own GPUs (self-hosting)")]
    operations: Option<TypedDollars>,
}

/// Precision of a weight.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Quantisation {
    /// 16 bit
    #[value(name = "16")]
    Sixteen,
    /// 8 bit
    #[value(name = "8")]
    Eight,
    /// 4 bit
    #[value(name = "4")]
    Four,
}

impl Quantisation {
    const fn bits(self) -> u32 {
        match self {
            Self::Sixteen => 16,
            Self::Eight => 8,
            Self::Four => 4,
        }
    }
}

/// Dollars that a person types.
#[derive(Clone, Copy, Debug)]
struct TypedDollars(Usd);

/// The error for a text that is no amount: of more than a billion dollars nothing could be added up.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not an amount in USD from 0 to 1000000000, such as 1.99")]
struct NotTypedDollars(String);

impl FromStr for TypedDollars {
    type Err = NotTypedDollars;

    fn from_str(text: &str) -> Result<Self, NotTypedDollars> {
        let amount: Option<Usd> = text.parse().ok();
        let amount = amount.filter(|amount| amount.dollars() <= Decimal::from(1_000_000_000));
        amount.map(Self).ok_or_else(|| NotTypedDollars(text.to_owned()))
    }
}

/// Share of the GPUs that a volume pays for.
#[derive(Clone, Copy, Debug)]
struct GpuShare(Ratio);

/// The error for a text that is no share.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a percentage from 0.01 to 100, such as 4.5")]
struct NotAGpuShare(String);

impl FromStr for GpuShare {
    type Err = NotAGpuShare;

    fn from_str(text: &str) -> Result<Self, NotAGpuShare> {
        let percent: Option<Decimal> = text.parse().ok();
        let is_share =
            |percent: &Decimal| *percent >= Decimal::new(1, 2) && *percent <= Decimal::ONE_HUNDRED;
        let share = percent.filter(is_share);
        let share = share.map(|percent| Self(Ratio::new(percent / Decimal::ONE_HUNDRED)));
        share.ok_or_else(|| NotAGpuShare(text.to_owned()))
    }
}

/// Tokens a minute that one model unit serves.
#[derive(Clone, Copy, Debug)]
struct UnitsCapacity {
    input: u64,
    output: u64,
}

/// The error for a text that is no capacity.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not input and output tokens a minute above zero, such as 1M/300k")]
struct NotAUnitsCapacity(String);

impl FromStr for UnitsCapacity {
    type Err = NotAUnitsCapacity;

    fn from_str(text: &str) -> Result<Self, NotAUnitsCapacity> {
        let refused = || NotAUnitsCapacity(text.to_owned());
        let part = |text: &str| text.parse::<Count>().ok().filter(|count| count.0 > 0);
        let (input, output) = text.split_once('/').ok_or_else(refused)?;
        let (input, output) = part(input).zip(part(output)).ok_or_else(refused)?;
        Ok(Self { input: input.0, output: output.0 })
    }
}

impl EstimateArguments {
    /// Reads the volume, or ends the program with what is accepted.
    fn volume(&self) -> Volume {
        let of = |count: Option<Count>| count.map_or(0, |count| count.0);
        let requests = self.requests.map(|requests| requests.0);
        let is_by_request = self.input_per_request.is_some() || self.output_per_request.is_some();
        let asked = match (self.tokens.zip(self.mix), requests.filter(|_| is_by_request)) {
            (Some((tokens, mix)), _) => TokensAsked::ByMix { tokens: tokens.0, mix },
            (None, Some(requests)) => TokensAsked::ByRequest {
                requests,
                input: of(self.input_per_request),
                output: of(self.output_per_request),
            },
            (None, None) => TokensAsked::ByMeter { input: of(self.input), output: of(self.output) },
        };
        Volume::new(asked, of(self.cache_read), of(self.cache_write), requests)
            .unwrap_or_else(|error| refuse(&error.to_string()))
    }
}

/// Ends the program over what a person typed.
fn refuse(why: &str) -> ! {
    let mut command = Arguments::command().bin_name("cost-guard");
    command.build();
    let own = command
        .find_subcommand_mut("estimate")
        .map(|own| own.error(ErrorKind::ValueValidation, why));
    own.unwrap_or_else(|| Arguments::command().error(ErrorKind::ValueValidation, why)).exit()
}

/// Prints the estimate that the arguments ask for.
pub(crate) fn execute(
    arguments: &EstimateArguments,
    catalog: Option<&CatalogSource>,
    format: Format,
) -> Result<()> {
    let volume = arguments.volume();
    if arguments.zone.is_some() && arguments.shape != LoadShape::OfficeHours {
        refuse("--zone is the time zone of --shape office-hours");
    }
    let source = catalog.cloned().unwrap_or_default();
    let regions = std::iter::once(arguments.region.clone()).collect();
    let book = book_of(&source, NamedBy::CatalogFlag, regions)?;
    let day = arguments.day.unwrap_or_else(|| day_of(now()));
    let capacity = arguments.units_capacity.map(|units| Capacity {
        input_tokens_per_hour: units.input.saturating_mul(60),
        output_tokens_per_hour: units.output.saturating_mul(60),
        origin: CapacityOrigin::Assumed,
    });
    let gpus = arguments.gpu_hour.map(|hour| OwnGpus {
        usd_per_gpu_hour: hour.0,
        gpus: arguments.gpus,
        tokens_per_second: arguments.tokens_per_second.map(|tokens| tokens.0),
    });
    let self_hosting = SelfHosting {
        gpus,
        bits: arguments.quantisation.map(Quantisation::bits),
        share: arguments.gpu_share.map_or(Ratio::ONE, |share| share.0),
        operations: arguments.operations.map_or(Usd::ZERO, |amount| amount.0),
    };
    if gpus.is_some_and(|gpus| !gpus.usd_per_gpu_hour.is_positive()) {
        refuse("a GPU that costs nothing is nobody's: say --gpu-hour above zero");
    }
    if arguments.tokens_per_second == Some(Count(0)) {
        refuse("a GPU that serves no tokens serves no volume: say --tokens-per-second above zero");
    }
    let references = References::embedded()?;
    let answer = |asked: &String| -> Result<Estimate, EstimateError> {
        let basis = EstimateBasis {
            book: &book,
            model: find_model(&book, asked.trim())?,
            references: &references,
            overrides: &Overrides::default(),
            allow_global: true,
            region: arguments.region.clone(),
            day,
            volume,
            shape: arguments.shape.clone(),
            zone: arguments.zone.clone(),
            capacity,
            units_cache: arguments.units_cache,
            self_hosting,
        };
        Estimate::new(&basis)
    };
    if let Some(model) = &arguments.model {
        let estimate = answer(model)?;
        return print(
            &match format {
                Format::Text => pages::render(&estimate),
                Format::Json => format!("{}\n", serde_json::to_string_pretty(&estimate)?),
            },
            format,
        );
    }
    if arguments.compare.iter().any(|asked| asked.trim().is_empty()) {
        refuse(
            "--compare has names of models, separated by commas, such as \"Nova Lite,Nova Micro\"",
        );
    }
    // One that cannot be priced takes nothing from the others.
    let (mut estimates, mut left_out) = (Vec::new(), Vec::new());
    for asked in &arguments.compare {
        match answer(asked) {
            Ok(estimate) => estimates.push(estimate),
            Err(why) => left_out.push(why),
        }
    }
    if estimates.is_empty() && !left_out.is_empty() {
        return Err(left_out.remove(0).into());
    }
    let left_out = left_out.iter().map(ToString::to_string).collect();
    let comparison = Comparison::new(estimates, left_out);
    print(
        &match format {
            Format::Text => pages::render_comparison(&comparison),
            Format::Json => format!("{}\n", serde_json::to_string_pretty(&comparison)?),
        },
        format,
    )
}
