//! Writing the repeated part of prompts to the prompt cache, where that pays, and no longer writing
//! what costs more than it saves. `CloudWatch` does not tell how much of a prompt repeats, so the first
//! is only a condition:
//!
//! A token that is written once and read `h` times costs `p_w + h·p_r` instead of `(1 + h)·p_in`, so
//! caching pays from the hit ratio `h / (1 + h) = (p_w − p_in) / (p_w − p_r)` on. Prices of writes
//! that are kept for five minutes are taken, the lower ones.

use rust_decimal::Decimal;

use crate::advice::bill::{RemainingLanes, share};
use crate::advice::finding::Finding;
use crate::advice::gates::{Gate, Refusal};
use crate::advice::{Action, Plan};
use crate::catalog::Rate;
use crate::domain::{Meter, Percent, Ratio, Tokens, Usd, UsdPerMillionTokens};
use crate::pricing::{LaneRates, Priced, Workload};

/// Prices that caching is decided by, in USD for a million tokens.
#[derive(Clone, Copy, Debug)]
struct CachePrices {
    input: Decimal,
    write: Decimal,
    /// Price of a write that is kept for an hour, where that is sold; else that of a write.
    write_kept: Decimal,
    read: Decimal,
}

impl CachePrices {
    /// Computes the share of reads among reads and writes from which on caching costs less; `None`
    /// where caching never does.
    fn break_even_hit_ratio(&self) -> Option<Ratio> {
        self.break_even_at(self.write)
    }

    /// Computes that share for writes at a price.
    fn break_even_at(&self, write: Decimal) -> Option<Ratio> {
        // A cache whose reads cost as much as input can save nothing.
        if self.read >= self.input {
            return None;
        }
        if write <= self.input {
            return Some(Ratio::default());
        }
        let ratio = (write - self.input) / (write - self.read);
        Some(Ratio::new(ratio.round_dp(4).normalize()))
    }
}

pub(crate) fn advise(
    priced: &Priced<'_>,
    workload: &Workload<'_>,
    remaining: &RemainingLanes<'_, '_>,
) -> Finding {
    let mut uncached = CachingFigures::default();
    let mut cached = CachingFigures::default();
    for (rates, left) in remaining.on_demand().filter(|(rates, _)| rates.lane.is_standard()) {
        let Some(of_cache) = prices_of(priced, workload, rates) else {
            continue;
        };
        let recent = |meter: Meter| {
            let meters = rates.lane.meters.iter();
            let of = meters.filter(|priced| priced.meter == meter);
            of.map(|priced| priced.recent).sum::<Tokens>()
        };
        let tokens = PromptTokens {
            input: recent(Meter::Input),
            writes: recent(Meter::CacheWrite),
            reads: recent(Meter::CacheRead),
        };
        let of_cached = tokens.reads + tokens.writes;
        if !of_cached.is_zero() {
            cached.add(&of_cache, tokens, left);
        }
        // Where most of the prompts is not cached, the rest says little of what could be.
        if tokens.input > of_cached {
            let input = PromptTokens { input: tokens.input, ..PromptTokens::NONE };
            uncached.add(&of_cache, input, left);
        }
    }
    let least = priced.observation.settings.min_monthly_savings;
    let monthly = |cost: Usd| cost.per_month(priced.recent.hours());
    let mut finding = Finding::default();
    if let Some(ratio) = uncached.break_even
        && monthly(uncached.most_saved) > least
    {
        let most = monthly(uncached.most_saved);
        let plan = Plan::new(
            Action::CachePrompts,
            if ratio.number().is_zero() {
                "prompts cached: pays from the first token that is read again in time".to_owned()
            } else {
                format!(
                    "prompts cached: pays where more than {} of what is cached is read again in time{}",
                    ratio.percent(),
                    uncached.kept_an_hour()
                )
            },
        );
        let why = format!(
            "how much of the prompts repeats is not metered: it could save {most} a month at the very most"
        );
        finding.take(Finding::listed(plan, Refusal::new(Gate::Effort, why)));
    }
    let lost = monthly(cached.lost());
    if lost > least
        && let Some(ratio) = cached.break_even
    {
        let plan = Plan::new(
            Action::StopCachingPrompts,
            format!(
                "prompts not cached: {} of what was cached was read again, and caching pays from {} on",
                cached.hit_ratio(),
                ratio.percent()
            ),
        );
        let why = "it asks for a change of prompts: listed, never counted";
        let cost = remaining.monthly_cost(priced, workload) - lost;
        finding.take(Finding::listed(plan.costing(cost, lost), Refusal::new(Gate::Effort, why)));
    }
    finding
}

/// Prompt tokens of a lane in the recent window.
#[derive(Clone, Copy, Debug)]
struct PromptTokens {
    input: Tokens,
    writes: Tokens,
    reads: Tokens,
}

impl PromptTokens {
    const NONE: Self = Self { input: Tokens::ZERO, writes: Tokens::ZERO, reads: Tokens::ZERO };
}

/// Sums over what lanes cache, or over what they do not.
#[derive(Clone, Copy, Debug, Default)]
struct CachingFigures {
    /// Highest of the lanes' break-even hit ratios; `None` where caching never pays.
    break_even: Option<Ratio>,
    /// The same for writes that are kept for an hour.
    break_even_kept: Option<Ratio>,
    /// Saving in USD of the recent window if every input token were read from the cache.
    most_saved: Usd,
    /// Cost in USD of the cached tokens, and beside that their cost as plain input.
    cached: Usd,
    plain: Usd,
    reads: Tokens,
    writes: Tokens,
}

impl CachingFigures {
    /// Adds a lane, of which a share from 0 to 1 is billed by the token.
    fn add(&mut self, prices: &CachePrices, tokens: PromptTokens, left: Ratio) {
        let PromptTokens { input, writes, reads } = tokens;
        let Some(ratio) = prices.break_even_hit_ratio() else {
            return;
        };
        // The highest, so that the condition holds for each of the lanes.
        let highest = |one: Option<Ratio>, other: Ratio| {
            one.filter(|one| one.number() > other.number()).or(Some(other))
        };
        self.break_even = highest(self.break_even, ratio);
        if let Some(kept) = prices.break_even_at(prices.write_kept) {
            self.break_even_kept = highest(self.break_even_kept, kept);
        }
        let cost = |price: Decimal, tokens: Tokens| {
            let all = price * Decimal::from(tokens.count()) / Decimal::from(1_000_000);
            share(left, Usd::new(all))
        };
        self.most_saved += cost(prices.input - prices.read, input);
        self.cached += cost(prices.write, writes) + cost(prices.read, reads);
        self.plain += cost(prices.input, writes + reads);
        self.reads += reads;
        self.writes += writes;
    }

    /// Writes the share from which on writes pay that are kept for an hour; empty where that is no other.
    fn kept_an_hour(&self) -> String {
        let kept = self.break_even_kept.filter(|kept| Some(*kept) != self.break_even);
        kept.map_or_else(String::new, |kept| {
            format!(", {} if writes are kept for an hour", kept.percent())
        })
    }

    /// Returns the cost of caching beyond that of plain input, in USD of the recent window.
    fn lost(&self) -> Usd {
        (self.cached - self.plain).max(Usd::ZERO)
    }

    fn hit_ratio(&self) -> Percent {
        let all = Decimal::from((self.reads + self.writes).count().max(1));
        let share = Decimal::from(self.reads.count()) * Decimal::ONE_HUNDRED / all;
        Percent::new(share.round_dp(4).normalize())
    }
}

/// Finds the prices of a lane's input, cache writes and cache reads; `None` where the lane has no
/// cache.
fn prices_of(
    priced: &Priced<'_>,
    workload: &Workload<'_>,
    rates: &LaneRates<'_>,
) -> Option<CachePrices> {
    let rate = |meter: Meter| rates.rate_of(priced, workload, meter);
    let paid = |rate: &Rate| UsdPerMillionTokens::dollars(rate.contracted_unit_price);
    let input = rate(Meter::Input)?;
    // Where only reads have a price, writes are billed as input.
    let write = rate(Meter::CacheWrite).unwrap_or_else(|| input.clone());
    // Where input is a range too, the upper end is of long contexts or another tier.
    let is_by_life = input.upper_unit_price == input.contracted_unit_price;
    let write_kept = if is_by_life { write.upper_unit_price.dollars() } else { paid(&write) };
    Some(CachePrices {
        input: paid(&input),
        write: paid(&write),
        write_kept,
        read: paid(&rate(Meter::CacheRead)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn prices(input: i64, write: i64, read: i64) -> CachePrices {
        let cents = |cents: i64| Decimal::new(cents, 2);
        let write = cents(write);
        CachePrices { input: cents(input), write, write_kept: write, read: cents(read) }
    }

    #[test]
    fn claudes_cache_pays_from_a_fifth_of_hits_on() {
        let ratio = prices(300, 375, 30).break_even_hit_ratio().unwrap();
        assert_eq!(ratio.percent().to_string(), "21.7 %");
        let free_writes = prices(80, 0, 20).break_even_hit_ratio().unwrap();
        assert_eq!(free_writes, Ratio::default());
        assert!(prices(100, 125, 100).break_even_hit_ratio().is_none());
    }

    proptest! {
        #[test]
        fn from_the_break_even_hit_ratio_on_caching_costs_no_more(
            input in 1i64..1_000, more in 1i64..1_000, read in 0i64..1_000,
            reads in 0u64..1_000_000, writes in 1u64..1_000_000,
        ) {
            let prices = prices(input, input + more, read);
            let mut figures = CachingFigures::default();
            figures.add(&prices, PromptTokens {
                input: Tokens::ZERO,
                writes: Tokens::new(writes),
                reads: Tokens::new(reads),
            }, Ratio::ONE);
            let Some(ratio) = figures.break_even else {
                prop_assert!(read >= input);
                return Ok(());
            };
            let all = Decimal::from(reads + writes);
            let hits = Decimal::from(reads) / all;
            // The ratio is rounded to four decimals.
            let near = Decimal::new(1, 4);
            if hits > ratio.number() + near {
                prop_assert!(figures.cached <= figures.plain);
            } else if hits < ratio.number() - near {
                prop_assert!(figures.cached >= figures.plain);
            }
        }
    }
}
