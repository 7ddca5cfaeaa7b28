//! Offers at what they cost over their terms, by the prices that are known today.

use jiff::civil::Date;

use crate::catalog::{Offer, PriceDays, ReservedOffer};
use crate::domain::{BaseModel, Region, Term};
use crate::observation::Observation;

/// Days for which a purchase without a term is judged: it can be given up at any time, and is
/// promised by the month.
const WITHOUT_A_TERM: u32 = Term::OneMonth.whole_days();

/// Splits the days of a term from one day on by the prices of a model.
pub(super) fn term_days(
    observation: &Observation,
    model: &BaseModel,
    first: Date,
    term: Term,
) -> Vec<PriceDays> {
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
        let days = term_days(observation, model, day, offer.term);
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
        let days = term_days(observation, model, day, offer.term);
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
