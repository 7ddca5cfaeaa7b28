//! The same tokens on rented GPUs, at rates that were published for the model.
//!
//! A rate moves fifteen times with the lengths of requests, so of each kind of GPU and precision the row with
//! the nearest ratio of input to output is read, and there is no figure without a row. As many copies of
//! the model run as the busiest hour asks for, on products that are rented whole, at all hours.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use crate::catalog::{GpuPrice, GpuPurchase, Throughput};
use crate::domain::period::HOURS_PER_MONTH;
use crate::domain::{Percent, Ratio, Tokens, Usd};
use crate::estimate::basis::{EstimateBasis, SelfHosting};
use crate::estimate::plan::{EstimatedPlan, PlanKind, Plans, UnknownPlan};
use crate::estimate::shape::LoadShape;

/// Part of a card's memory that engines use, in hundredths, and what they keep of each card in bytes: with
/// both, what was reported to fit fits, and what was reported not to does not.
const USED_MEMORY: u64 = 90;
const RESERVE: u64 = 3_000_000_000;

/// Tokens of the busiest hour, and of a month.
struct Demand {
    busiest: [Decimal; 2],
    month: [Decimal; 2],
}

impl Demand {
    /// Counts what is sent, caches included, and what comes back.
    fn of(basis: &EstimateBasis<'_>) -> Self {
        let output = basis.volume.output;
        let sent = Tokens::new(basis.volume.tokens().count() - output.count());
        let both = [sent, output];
        Self {
            busiest: both.map(|tokens| basis.shape.busiest_hour(tokens)),
            month: both.map(|tokens| Decimal::from(tokens.count())),
        }
    }

    /// Returns the copies of a model that the busiest hour asks for, and those that the mean hour would use.
    fn copies(&self, row: &Throughput) -> (u64, Decimal) {
        let an_hour = [
            // The row's requests send so many tokens for each that comes back.
            Decimal::from(row.output_tokens_per_second) * Decimal::from(3_600 * row.input)
                / Decimal::from(row.output),
            Decimal::from(row.output_tokens_per_second) * Decimal::from(3_600),
        ];
        let asked = |demand: &[Decimal; 2]| {
            let each =
                demand.iter().zip(an_hour).filter_map(|(asked, serves)| asked.checked_div(serves));
            each.max().unwrap_or_default()
        };
        let copies = asked(&self.busiest).round_dp(9).ceil().to_u64().unwrap_or(u64::MAX).max(1);
        (copies, asked(&self.month) / Decimal::from(HOURS_PER_MONTH))
    }
}

/// One way to rent GPUs for a model.
struct Rented<'h> {
    row: &'h Throughput,
    price: &'h GpuPrice,
    copies: u64,
    products: u64,
    used: Percent,
    monthly_cost: Usd,
}

/// Adds the cheapest way to rent GPUs at each seller.
pub(super) fn add(basis: &EstimateBasis<'_>, plans: &mut Plans) {
    let model = &basis.model.id;
    let unknown = |why: String| UnknownPlan {
        kind: PlanKind::OwnGpus,
        description: "own GPUs".into(),
        why,
        break_even_tokens_per_month: None,
    };
    let demand = Demand::of(basis);
    let nearest = nearest_rows(basis);
    if nearest.is_empty() {
        // Of closed weights there is nothing to say.
        if basis.references.hardware.memory_of(model).is_some() {
            plans.unknown.push(unknown(
                "nobody published what a GPU serves with this model in this precision: measure it, and tell `estimate` by --gpu-hour and --tokens-per-second".into(),
            ));
        }
        return;
    }
    let mut fitting: Vec<&Throughput> =
        nearest.iter().copied().filter(|row| fits(basis, row)).collect();
    if fitting.is_empty() {
        plans.unknown.push(unknown("a request of this length does not fit beside the weights on any GPUs with a published rate".into()));
        return;
    }
    fitting.sort_by_key(|row| (row.bits, row.gpus));
    // What may be taken away at any time serves nobody's requests by itself.
    let kept = || {
        basis.references.hardware.prices.iter().filter(|price| price.purchase != GpuPurchase::Spot)
    };
    let mut sellers: Vec<(&str, GpuPurchase)> =
        kept().map(|price| (price.seller.as_str(), price.purchase)).collect();
    sellers.sort_unstable();
    sellers.dedup();
    for seller in sellers {
        let prices = kept().filter(|price| (price.seller.as_str(), price.purchase) == seller);
        let ways = prices
            .flat_map(|price| fitting.iter().filter_map(|row| rented(basis, &demand, row, price)));
        let cheapest = ways.min_by(|a, b| {
            (a.monthly_cost, a.row.gpus, &a.price.product).cmp(&(
                b.monthly_cost,
                b.row.gpus,
                &b.price.product,
            ))
        });
        plans.known.extend(cheapest.map(|way| way.plan(basis)));
    }
}

/// Lists, of each kind and number of GPUs and each precision, the row with the nearest ratio of input to
/// output.
fn nearest_rows<'h>(basis: &EstimateBasis<'h>) -> Vec<&'h Throughput> {
    let output = basis.volume.output.count();
    let sent = basis.volume.tokens().count() - output;
    let wanted = basis.self_hosting.bits;
    let mut nearest: Vec<&Throughput> = Vec::new();
    for row in basis.references.hardware.rates_of(&basis.model.id) {
        if wanted.is_some_and(|bits| bits != row.bits) {
            continue;
        }
        let is_alike = |other: &&&mut &Throughput| {
            (&other.gpu, other.gpus, other.bits) == (&row.gpu, row.gpus, row.bits)
        };
        match nearest.iter_mut().find(|other| is_alike(&other)) {
            Some(other) => {
                let (new, old) = (distance(row, sent, output), distance(other, sent, output));
                // Of equals the longer requests, which are served slower.
                if new < old
                    || new == old && row.output_tokens_per_second < other.output_tokens_per_second
                {
                    *other = row;
                }
            }
            None => nearest.push(row),
        }
    }
    nearest
}

/// Returns the factor, from one on, between the ratio of a row and that of a volume.
fn distance(row: &Throughput, sent: u64, output: u64) -> Decimal {
    let of = |sent: u64, output: u64| Decimal::from(sent.max(1)) / Decimal::from(output.max(1));
    let (row, volume) = (of(row.input, row.output), of(sent, output));
    let factor = if row > volume { row.checked_div(volume) } else { volume.checked_div(row) };
    factor.unwrap_or(Decimal::MAX)
}

/// Returns true if the weights and one request fit into the GPUs of a row, or nobody recomputed the sizes.
fn fits(basis: &EstimateBasis<'_>, row: &Throughput) -> bool {
    let memory = basis.references.hardware.memory_of(&basis.model.id);
    let known = memory.and_then(|memory| {
        let card = basis.references.hardware.bytes_of(&row.gpu)?;
        Some((memory, memory.weights(row.bits)?, card))
    });
    let Some((memory, weights, card)) = known else { return true };
    let requests = basis.volume.requests.unwrap_or(u64::MAX);
    let tokens = basis.volume.tokens().count().div_ceil(requests);
    let need = u128::from(weights)
        + u128::from(tokens) * u128::from(memory.cache_bytes_per_token)
        + u128::from(memory.cache_bytes_per_request);
    let have = u128::from(card / 100 * USED_MEMORY - RESERVE) * u128::from(row.gpus);
    need <= have
}

/// Rents one product for a row; `None` where a copy of the model does not fit into the product.
fn rented<'h>(
    basis: &EstimateBasis<'_>,
    demand: &Demand,
    row: &'h Throughput,
    price: &'h GpuPrice,
) -> Option<Rented<'h>> {
    if price.gpu != row.gpu || price.gpus < row.gpus {
        return None;
    }
    let (copies, busy) = demand.copies(row);
    let products = copies.div_ceil(u64::from(price.gpus / row.gpus));
    let gpus = Decimal::from(products) * Decimal::from(price.gpus);
    // Of all that is paid for, GPUs of the last product that no copy needs included.
    let used = busy * Decimal::from(row.gpus) * Decimal::ONE_HUNDRED / gpus;
    let used = Percent::new(used.round_dp(2).normalize());
    let hours = Decimal::from(HOURS_PER_MONTH);
    let rent = Usd::new(price.usd_per_gpu_hour.dollars() * gpus * hours);
    let SelfHosting { share, operations, .. } = basis.self_hosting;
    let monthly_cost = share.of(rent) + operations;
    Some(Rented { row, price, copies, products, used, monthly_cost })
}

impl Rented<'_> {
    fn plan(&self, basis: &EstimateBasis<'_>) -> EstimatedPlan {
        let Self { row, price, .. } = self;
        let region =
            price.region.as_ref().map_or_else(String::new, |region| format!(" in {region}"));
        let gpus = self.products * u64::from(price.gpus);
        let description = format!(
            "own GPUs: {gpus} × {}, {} {}{region}, {}, {}",
            price.gpu, price.seller, price.product, price.purchase, row.format
        );
        let mut plan =
            EstimatedPlan::new(PlanKind::OwnGpus, description, self.monthly_cost, &basis.volume);
        plan.utilisation = Some(self.used);
        let per_copy = Tokens::new(row.output_tokens_per_second);
        plan.notes.push(format!(
            "{} {} of the GPUs: {per_copy} output tokens a second at full load, published for {} in and {} out",
            if self.copies == 1 {
                "one copy of the model on".to_owned()
            } else {
                format!("{} copies of the model, each on", self.copies)
            },
            row.gpus,
            Tokens::new(row.input),
            Tokens::new(row.output),
        ));
        let (sent, output) = (basis.volume.tokens(), basis.volume.output);
        let factor = distance(row, sent.count() - output.count(), output.count());
        if factor > Decimal::TWO {
            plan.notes.push(
                "those lengths are far from this mix: the rate may be several times off".into(),
            );
        }
        if matches!(basis.shape, LoadShape::Observed(_)) {
            plan.notes.push(
                "as many as the busiest hour that was seen asks for: minutes are busier".into(),
            );
        }
        plan.notes.extend(basis.self_hosting.notes());
        plan.note_age(price.seen, basis.day);
        plan.sources.push(format!("{}; {}", price.source, price.seen));
        plan.sources.push(format!("{} ({})", row.source, row.trust));
        plan
    }
}

impl SelfHosting {
    /// Says what is counted of self-hosting, and what is not.
    pub(super) fn notes(&self) -> Vec<String> {
        let share = if self.share == Ratio::ONE {
            "GPUs are billed for all hours, used or not".into()
        } else {
            format!(
                "{} of the GPUs is paid for: true only where others pay for the rest",
                self.share.percent()
            )
        };
        let operations = if self.operations.is_positive() {
            format!("{} a month of it is for operations", self.operations)
        } else {
            "nothing is counted for operations (people, monitoring, storage): `estimate --operations` counts them".into()
        };
        vec![share, operations]
    }
}
