//! On-demand rates over the days that a purchase is for: what it would save rests on every price that is
//! known today to change within its term, weighed by days.

use std::borrow::Cow;

use jiff::civil::Date;

use crate::catalog::{PriceDays, Rate};
use crate::domain::{Meter, Term};
use crate::pricing::term_offers::term_days;
use crate::pricing::{LaneRates, Priced, Workload};

impl<'l> LaneRates<'l> {
    /// Returns the rates of some lanes over the days of a term from a first day on; the very rates where
    /// none is known to change.
    pub(crate) fn over_term<'r>(
        priced: &Priced<'_>,
        workload: &Workload<'_>,
        rates: &'r [LaneRates<'l>],
        term: Term,
        first: Date,
    ) -> Cow<'r, [LaneRates<'l>]> {
        let days = term_days(priced.observation, &workload.model, first, term);
        if days.len() < 2 && first <= priced.day {
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
        let on = |day: Date| self.rate_on(priced, workload, meter, day);
        let then: Option<Vec<(Rate, u32)>> =
            days.iter().map(|stretch| Some((on(stretch.first)?, stretch.days))).collect();
        match then {
            Some(then) if on(priced.day).as_ref() == Some(today) => {
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
