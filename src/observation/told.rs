//! The figures that the guard put of each model on the days before: the last run of each day.

use std::collections::BTreeMap;
use std::ops::Range;

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::domain::{BaseModel, Region, Usd, day_of};
use crate::observation::Status;
use crate::observation::decode::{Collector, PageResult, PerQuery};

/// Decimals of a dollar that is read back: the metrics are doubles, and nobody is told of less.
const DECIMALS: u32 = 6;

/// Figures that the last run of a day put of one model.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToldDay {
    /// Region of the model's use.
    pub region: Region,
    /// Base id of the model.
    pub model: BaseModel,
    /// Start of the hour of the run.
    pub time: Timestamp,
    /// Cost in USD a month.
    pub monthly_cost: Usd,
    /// Saving of the recommendations that were open and counted, in USD a month.
    pub potential_monthly_savings: Usd,
    /// Part of the cost that commitments had, in USD a month; `None` where no such point was put.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commitment_monthly_cost: Option<Usd>,
}

/// Dollars of one series of the guard's own, by the start of each step.
pub type Dollars = BTreeMap<Timestamp, Usd>;

/// Collector of dollars that the guard put itself.
#[derive(Debug)]
pub struct DollarPoints {
    /// Time that was asked for.
    span: Range<Timestamp>,
    series: PerQuery<Dollars>,
}

impl DollarPoints {
    /// Returns a collector for a call of so many queries over a span.
    #[must_use]
    pub fn new(span: Range<Timestamp>, queries: usize) -> Self {
        Self { span, series: PerQuery::new(queries) }
    }

    /// Returns the dollars, with the status of the answer, in the order of the queries.
    pub fn finish(self) -> impl Iterator<Item = (Dollars, Status)> {
        self.series.finish()
    }
}

impl Collector for DollarPoints {
    fn take(&mut self, result: PageResult) {
        let span = &self.span;
        self.series.take(result, |dollars, wholeness, time, value| {
            // A double keeps 15 digits; what has more before the point is no amount of the guard's.
            let amount = Decimal::try_from(value).ok().filter(|amount| !amount.is_sign_negative());
            let Some(amount) = amount.filter(|_| span.contains(&time)) else {
                wholeness.spoil(format!("at {time}, {value} is no value of the guard's"));
                return;
            };
            let amount = Usd::new(amount.round_dp(DECIMALS).normalize());
            if dollars.insert(time, amount).is_some_and(|known| known != amount) {
                wholeness.spoil(format!("CloudWatch gave two values for {time}"));
            }
        });
    }

    fn spoil(&mut self, why: &str) {
        self.series.spoil(why);
    }
}

/// Returns the last step of each day that has both a cost and a saving, in order of time.
#[must_use]
pub fn told_days(
    region: &Region,
    model: &BaseModel,
    [costs, savings, commitments]: [&Dollars; 3],
) -> Vec<ToldDay> {
    let mut by_day: BTreeMap<Date, ToldDay> = BTreeMap::new();
    for (time, cost) in costs {
        let Some(saving) = savings.get(time) else {
            continue;
        };
        let told = ToldDay {
            region: region.clone(),
            model: model.clone(),
            time: *time,
            monthly_cost: *cost,
            potential_monthly_savings: *saving,
            commitment_monthly_cost: commitments.get(time).copied(),
        };
        // In order of time, so that the last of a day stays.
        by_day.insert(day_of(*time), told);
    }
    by_day.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::decode::PageStatus;

    fn at(text: &str) -> Timestamp {
        format!("2026-04-0{text}:00:00Z").parse().unwrap()
    }

    fn read(points: &[(&str, f64)]) -> (Dollars, Status) {
        let mut read = DollarPoints::new(at("1T00")..at("8T00"), 1);
        let points = points.iter().map(|(time, value)| (at(time), *value)).collect();
        read.take(PageResult { query: 0, status: PageStatus::Complete, points });
        read.finish().next().unwrap()
    }

    #[test]
    fn of_each_day_the_last_run_with_both_figures_counts() {
        let (costs, status) = read(&[("6T09", 12.5), ("6T07", 9.0), ("6T20", 1.0), ("7T07", 0.1)]);
        assert_eq!(status, Status::Complete);
        let (savings, _) = read(&[("6T07", 3.0), ("6T09", 4.0), ("7T07", 0.0)]);
        let (commitments, _) = read(&[("6T09", 7.0)]);
        let model = BaseModel::new("amazon.nova-lite-v1:0");
        let told =
            told_days(&"us-east-1".parse().unwrap(), &model, [&costs, &savings, &commitments]);
        let usd = |text: &str| text.parse::<Usd>().unwrap();
        let told: Vec<_> = told
            .into_iter()
            .map(|day| (day.time, day.monthly_cost, day.commitment_monthly_cost))
            .collect();
        assert_eq!(
            told,
            [(at("6T09"), usd("12.5"), Some(usd("7"))), (at("7T07"), usd("0.1"), None)]
        );
    }

    #[test]
    fn what_is_no_amount_spoils_the_series() {
        for points in [
            &[("6T07", f64::NAN)][..],
            &[("6T07", -1.0)],
            &[("6T07", 1e300)],
            &[("6T07", 1.0), ("6T07", 2.0)],
            &[("9T07", 1.0)],
        ] {
            assert!(matches!(read(points).1, Status::Incomplete(_)), "{points:?}");
        }
    }
}
