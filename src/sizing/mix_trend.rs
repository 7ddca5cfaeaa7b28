//! The mix of meters, carried on as it goes: the same dollars of another mix can ask for another purchase.
//!
//! Of each meter the tokens for a dollar of all are followed week by week, so that what moves all meters
//! alike is left to the trend of demand.

use crate::domain::Meter;
use crate::pricing::{DemandSeries, Load, StepDemand};
use crate::sizing::coverage::weeks;
use crate::sizing::line::Line;
use crate::sizing::{HOURS_PER_WEEK, float_value};

/// Whole weeks from which on a line is drawn through a mix.
const FEWEST_WEEKS: usize = 4;

/// Demand of one meter, hour by hour.
#[derive(Clone, Debug)]
pub(crate) struct MeterHours {
    pub(crate) meter: Meter,
    pub(crate) hours: DemandSeries,
}

/// Returns the last hours of some meters as they would be so many weeks later if the mix of the weeks goes on
/// to change, at the dollars that they have; `None` for fewer than four whole weeks, or where one meter is
/// all.
pub(crate) fn carried_on(
    meters: &[MeterHours],
    observed: usize,
    recent: usize,
    later: f64,
) -> Option<Vec<StepDemand>> {
    let hours = meters.first()?.hours.steps.len();
    let seen = hours.min(observed * HOURS_PER_WEEK);
    let spans: Vec<_> =
        weeks(seen).map(|span| span.start + hours - seen..span.end + hours - seen).collect();
    if meters.len() < 2 || spans.len() < FEWEST_WEEKS {
        return None;
    }
    let value = |meter: &MeterHours, span: std::ops::Range<usize>| -> f64 {
        meter
            .hours
            .steps
            .get(span)
            .unwrap_or_default()
            .iter()
            .map(|step| float_value(step.value))
            .sum()
    };
    let all: Vec<f64> = spans
        .iter()
        .map(|span| meters.iter().map(|meter| value(meter, span.clone())).sum())
        .collect();
    #[expect(clippy::cast_precision_loss, reason = "hours are few")]
    let middle = ((recent as f64 / HOURS_PER_WEEK as f64) - 1.0).max(0.0) / 2.0;
    // The share of dollars is the tokens for a dollar at the meter's price.
    let factor = |meter: &MeterHours| {
        let shares: Vec<f64> = spans
            .iter()
            .zip(&all)
            .map(|(span, all)| if *all > 0.0 { value(meter, span.clone()) / all } else { 0.0 })
            .collect();
        let line = Line::through(&shares)?;
        // The recent hours have the mix of their middle.
        let now = line.after(-middle);
        Some(if now > 0.0 { line.after(later).max(0.0) / now } else { 1.0 })
    };
    let factors: Vec<f64> = meters.iter().map(factor).collect::<Option<_>>()?;
    let span = hours.saturating_sub(recent)..hours;
    let now: f64 = meters.iter().map(|meter| value(meter, span.clone())).sum();
    let then: f64 = meters
        .iter()
        .zip(&factors)
        .map(|(meter, factor)| factor * value(meter, span.clone()))
        .sum();
    let same = if then > 0.0 { now / then } else { return None };
    let at = |place: usize| {
        let mut sum = StepDemand { value: 0, load: Load::default() };
        for (meter, factor) in meters.iter().zip(&factors) {
            let Some(step) = meter.hours.steps.get(place) else { continue };
            sum.value += scaled(step.value, factor * same);
            sum.load.input += scaled(step.load.input, factor * same);
            sum.load.output += scaled(step.load.output, factor * same);
        }
        sum
    };
    Some(span.map(at).collect())
}

/// Scales a count for statistics.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "for statistics, and the factor is no less than zero"
)]
fn scaled(count: u128, factor: f64) -> u128 {
    (count as f64 * factor) as u128
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meter(meter: Meter, weekly: &[u128]) -> MeterHours {
        let step = |dollars: u128| {
            let load = if meter == Meter::Output {
                Load { input: 0, output: dollars }
            } else {
                Load { input: dollars, output: 0 }
            };
            StepDemand { value: dollars * 1_000_000, load }
        };
        let steps = weekly.iter().flat_map(|dollars| vec![step(*dollars); HOURS_PER_WEEK]);
        let start = "2026-01-05T00:00:00Z".parse().unwrap();
        MeterHours { meter, hours: DemandSeries { start, step: 3_600, steps: steps.collect() } }
    }

    #[test]
    fn a_mix_goes_on_to_change_at_the_same_dollars() {
        // Input falls from 90 to 60 of a hundred in four weeks, output rises.
        let input = meter(Meter::Input, &[900_000, 800_000, 700_000, 600_000]);
        let output = meter(Meter::Output, &[100_000, 200_000, 300_000, 400_000]);
        let carried = carried_on(&[input, output], 4, HOURS_PER_WEEK, 2.0).unwrap();
        assert_eq!(carried.len(), HOURS_PER_WEEK);
        let near = |found: u128, expected: u128| found.abs_diff(expected) < expected / 1_000;
        assert!(near(carried[0].load.input, 400_000), "{carried:?}");
        assert!(near(carried[0].load.output, 600_000));
        assert!(near(carried[0].value, 1_000_000 * 1_000_000));
    }

    #[test]
    fn a_steady_mix_stays_and_what_moves_all_is_not_of_the_mix() {
        let input = meter(Meter::Input, &[900_000, 450_000, 225_000, 90_000]);
        let output = meter(Meter::Output, &[100_000, 50_000, 25_000, 10_000]);
        let carried = carried_on(&[input.clone(), output], 4, HOURS_PER_WEEK, 26.0).unwrap();
        assert!(carried[0].load.input.abs_diff(90_000) < 10);
        assert!(carried_on(&[input], 4, HOURS_PER_WEEK, 26.0).is_none());
    }
}
