//! Prices of the days that a purchase is for: what it would save rests on every price that is known
//! today to change within its term, weighed by days.

use std::borrow::Cow;

use jiff::civil::Date;

use crate::catalog::{Offer, PriceDays, Rate, RateQuery, ReservedOffer};
use crate::domain::{BaseModel, Meter, Region, Term};
use crate::observation::Observation;
use crate::pricing::{LaneRates, Priced, Workload};

/// Days for which a purchase without a term is judged: it can be given up at any time, and is
/// promised by the month.
const WITHOUT_A_TERM: u32 = Term::OneMonth.whole_days();

/// Splits the days of a term from one day on by the prices of a model.
fn days(observation: &Observation, model: &BaseModel, first: Date, term: Term) -> Vec<PriceDays> {
    let length = term.whole_days().max(WITHOUT_A_TERM);
    observation.prices.price_days(model, &observation.overrides, first, length)
}

/// Returns the offers of a day at what they cost over their terms: a purchase pays what is known to
/// come, and its upper end where that is rounded.
pub(super) fn offers(
    observation: &Observation,
    model: &BaseModel,
    region: &Region,
    day: Date,
) -> Vec<Offer> {
    let on = |day| observation.prices.offers(model, region, day, &observation.overrides);
    let mut offers = on(day);
    for offer in &mut offers {
        let days = days(observation, model, day, offer.term);
        if days.len() > 1 {
            let alike = |other: &Offer| other.term == offer.term && other.label == offer.label;
            let prices = days.iter().filter_map(|stretch| {
                let then = on(stretch.first).into_iter().find(alike)?;
                Some((then.unit_price, stretch.days))
            });
            offer.unit_price = offer.unit_price.mean_above(prices);
        }
    }
    offers
}

/// Returns the reserved tokens that are sold on a day at what they cost over their terms.
pub(super) fn reserved_offers(
    observation: &Observation,
    model: &BaseModel,
    region: &Region,
    day: Date,
) -> Vec<ReservedOffer> {
    let on = |day| observation.prices.reserved_offers(model, region, day, &observation.overrides);
    let mut offers = on(day);
    for offer in &mut offers {
        let days = days(observation, model, day, offer.term);
        if days.len() > 1 {
            let alike =
                |other: &ReservedOffer| other.term == offer.term && other.scope == offer.scope;
            let then = |stretch: &PriceDays| on(stretch.first).into_iter().find(alike);
            let then: Vec<(ReservedOffer, u32)> =
                days.iter().filter_map(|days| Some((then(days)?, days.days))).collect();
            let input = then.iter().map(|(offer, days)| (offer.input, *days));
            let output = then.iter().map(|(offer, days)| (offer.output, *days));
            (offer.input, offer.output) =
                (offer.input.mean_above(input), offer.output.mean_above(output));
        }
    }
    offers
}

impl<'l> LaneRates<'l> {
    /// Returns the rates of some lanes over the days of a term, from the day of the prices on; the
    /// very rates where none is known to change.
    pub(crate) fn over_term<'r>(
        priced: &Priced<'_>,
        workload: &Workload<'_>,
        rates: &'r [LaneRates<'l>],
        term: Term,
    ) -> Cow<'r, [LaneRates<'l>]> {
        let days = days(priced.observation, &workload.model, priced.day, term);
        if days.len() < 2 {
            return Cow::Borrowed(rates);
        }
        let of_lane = |lane: &LaneRates<'l>| {
            let rates = lane.rates.iter();
            let mean = |(meter, rate): &(Meter, Rate)| {
                (*meter, lane.mean(priced, workload, *meter, rate, &days))
            };
            LaneRates { rates: rates.map(mean).collect(), ..lane.clone() }
        };
        let over: Vec<LaneRates<'l>> = rates.iter().map(of_lane).collect();
        let is_same = over.iter().zip(rates).all(|(over, today)| over.rates == today.rates);
        if is_same { Cow::Borrowed(rates) } else { Cow::Owned(over) }
    }

    /// Weighs the rate of a meter by days. A lane whose rate is not found again by its scope and
    /// tier, as that of a provisioned model that is called through a profile, keeps the rate of today.
    fn mean(
        &self,
        priced: &Priced<'_>,
        workload: &Workload<'_>,
        meter: Meter,
        today: &Rate,
        days: &[PriceDays],
    ) -> Rate {
        let on = |day: Date| {
            priced.observation.rate(&RateQuery {
                model: &workload.model,
                region: &workload.place.region,
                scope: self.scope,
                tier: self.lane.known_tier(),
                meter,
                input_tokens: None,
                day,
            })
        };
        let then: Option<Vec<(Rate, u32)>> =
            days.iter().map(|stretch| Some((on(stretch.first)?, stretch.days))).collect();
        match then {
            Some(then) if then.first().is_some_and(|(rate, _)| rate == today) => {
                let lower = then.iter().map(|(rate, days)| (rate.contracted_unit_price, *days));
                let upper = then.iter().map(|(rate, days)| (rate.upper_unit_price, *days));
                Rate {
                    contracted_unit_price: today.contracted_unit_price.mean_below(lower),
                    upper_unit_price: today.upper_unit_price.mean_above(upper),
                    ..today.clone()
                }
            }
            _ => today.clone(),
        }
    }
}
