//! The economics of a workload's prompt cache: what its reads saved, what its writes cost beyond plain
//! input, and what is left of both.
//!
//! All at the lower end of the prices, the same for input, writes and reads: five-minute writes and short
//! contexts. Writes that are kept for an hour cost more; where AWS sells them, what would be left then is
//! told beside.

use std::fmt;

use serde::Serialize;

use crate::catalog::Rate;
use crate::domain::{Meter, Tokens, Usd, UsdPerMillionTokens};
use crate::pricing::{Lane, PricedMeter, Workload};

/// Economics of a prompt cache, in USD a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct CacheEconomics {
    /// Saving of the tokens that were read from the cache, beside their price as input.
    pub reads_saved: Usd,
    /// Cost of the tokens that were written to the cache, beyond their price as input; negative where
    /// writes cost less.
    pub writes_cost: Usd,
    /// Saving of the reads without the cost of the writes; negative where the cache loses.
    pub net: Usd,
    /// The same if each write is kept for an hour; absent where that costs no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub net_kept_an_hour: Option<Usd>,
}

impl fmt::Display for CacheEconomics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { reads_saved, writes_cost, net, net_kept_an_hour } = self;
        write!(
            f,
            "reads saved {reads_saved} and writes cost {writes_cost} beyond input: net {net} a month"
        )?;
        match net_kept_an_hour {
            None => Ok(()),
            Some(net) => write!(f, ", {net} if each write is kept for an hour"),
        }
    }
}

impl Workload<'_> {
    /// Computes the economics of the prompt cache of the on-demand lanes; `None` where none used a cache
    /// lately, or a price of one that did is not known.
    #[must_use]
    pub fn cache_economics(&self) -> Option<CacheEconomics> {
        let month = |cost: Usd| cost.per_month(self.recent.hours());
        let mut sums: Option<(Usd, Usd, Usd)> = None;
        for lane in self.on_demand() {
            let (reads, writes) = (of(lane, Meter::CacheRead), of(lane, Meter::CacheWrite));
            let recent = |meter: Option<&PricedMeter>| meter.map_or(Tokens::ZERO, |of| of.recent);
            if recent(reads).is_zero() && recent(writes).is_zero() {
                continue;
            }
            let input = of(lane, Meter::Input)?.rate.as_ref()?;
            let paid = |meter: Option<&PricedMeter>, price: EndOfPrice| -> Option<Usd> {
                match meter {
                    Some(meter) if !meter.recent.is_zero() => {
                        Some(price(meter.rate.as_ref()?).cost(meter.recent))
                    }
                    _ => Some(Usd::ZERO),
                }
            };
            let as_input = input.contracted_unit_price;
            let (saved, cost, dearest) = sums.get_or_insert((Usd::ZERO, Usd::ZERO, Usd::ZERO));
            let lower: EndOfPrice = |rate| rate.contracted_unit_price;
            // Where input is a range too, the upper end is of long contexts or another tier.
            let upper: EndOfPrice = if input.upper_unit_price == as_input {
                |rate| rate.upper_unit_price
            } else {
                lower
            };
            *saved += as_input.cost(recent(reads)) - paid(reads, lower)?;
            *cost += paid(writes, lower)? - as_input.cost(recent(writes));
            *dearest += paid(writes, upper)? - as_input.cost(recent(writes));
        }
        let (saved, cost, dearest) = sums?;
        let net_kept_an_hour = (dearest > cost).then(|| month(saved) - month(dearest));
        Some(CacheEconomics {
            reads_saved: month(saved),
            writes_cost: month(cost),
            net: month(saved) - month(cost),
            net_kept_an_hour,
        })
    }
}

/// One end of a price.
type EndOfPrice = fn(&Rate) -> UsdPerMillionTokens;

fn of<'l>(lane: &'l Lane<'_>, meter: Meter) -> Option<&'l PricedMeter> {
    lane.meters.iter().find(|priced| priced.meter == meter)
}
