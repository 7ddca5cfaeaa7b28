//! The figures that the guard put before: of each model the last of each day, and the last size of each
//! purchase that it advised.

use std::collections::BTreeMap;
use std::ops::Range;

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use serde::{Deserialize, Serialize};

use crate::domain::{BaseModel, Region, Usd, day_of};
use crate::observation::Status;
use crate::observation::decode::{Collector, PageResult, PerQuery};

/// Decimals of a value that is read back: the metrics are doubles, and nobody is told of less.
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

/// Values of one series of the guard's own, by the start of each step.
pub type Values = BTreeMap<Timestamp, Decimal>;

/// Collector of values that the guard put itself.
#[derive(Debug)]
pub struct ValuePoints {
    /// Time that was asked for.
    span: Range<Timestamp>,
    series: PerQuery<Values>,
}

impl ValuePoints {
    /// Returns a collector for a call of so many queries over a span.
    #[must_use]
    pub fn new(span: Range<Timestamp>, queries: usize) -> Self {
        Self { span, series: PerQuery::new(queries) }
    }

    /// Returns the values, with the status of the answer, in the order of the queries.
    pub fn finish(self) -> impl Iterator<Item = (Values, Status)> {
        self.series.finish()
    }
}

impl Collector for ValuePoints {
    fn take(&mut self, result: PageResult) {
        let span = &self.span;
        self.series.take(result, |values, wholeness, time, value| {
            // A double keeps 15 digits; what has more before the point is no value of the guard's.
            let read = Decimal::try_from(value).ok().filter(|read| !read.is_sign_negative());
            let Some(read) = read.filter(|_| span.contains(&time)) else {
                wholeness.spoil(format!("at {time}, {value} is no value of the guard's"));
                return;
            };
            let read = read.round_dp(DECIMALS).normalize();
            if values.insert(time, read).is_some_and(|known| known != read) {
                wholeness.spoil(format!("CloudWatch gave two values for {time}"));
            }
        });
    }

    fn spoil(&mut self, why: &str) {
        self.series.spoil(why);
    }
}

/// Size of a purchase that was advised before this run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdvisedSize {
    /// Region of the recommendation.
    pub region: Region,
    /// Id of the recommendation.
    pub id: String,
    /// Model units; 0 where tokens were advised.
    #[serde(default)]
    pub model_units: u32,
    /// Reserved input tokens a minute; 0 where units were advised.
    #[serde(default)]
    pub input_tokens_per_minute: u64,
    /// Reserved output tokens a minute; 0 where units were advised.
    #[serde(default)]
    pub output_tokens_per_minute: u64,
}

/// Returns the size that the last run advised of what is open; `None` where none was told.
#[must_use]
pub fn advised_size(
    region: &Region,
    id: &str,
    [units, input, output]: [&Values; 3],
) -> Option<AdvisedSize> {
    let last =
        [units, input, output].into_iter().filter_map(|values| values.keys().next_back()).max()?;
    let told = |values: &Values| values.get(last).and_then(Decimal::to_u64).unwrap_or_default();
    Some(AdvisedSize {
        region: region.clone(),
        id: id.to_owned(),
        model_units: u32::try_from(told(units)).ok()?,
        input_tokens_per_minute: told(input),
        output_tokens_per_minute: told(output),
    })
}

/// Returns the last step of each day that has both a cost and a saving, in order of time.
#[must_use]
pub fn told_days(
    region: &Region,
    model: &BaseModel,
    [costs, savings, commitments]: [&Values; 3],
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
            monthly_cost: Usd::new(*cost),
            potential_monthly_savings: Usd::new(*saving),
            commitment_monthly_cost: commitments.get(time).copied().map(Usd::new),
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

    fn read(points: &[(&str, f64)]) -> (Values, Status) {
        let mut read = ValuePoints::new(at("1T00")..at("8T00"), 1);
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
    fn the_last_size_counts_whichever_kind_it_is_of() {
        let region: Region = "us-east-1".parse().unwrap();
        let (units, _) = read(&[("6T09", 3.0), ("7T09", 4.0)]);
        let (input, _) = read(&[("5T09", 200_000.0)]);
        let none = Values::new();
        let size = advised_size(&region, "rec-1", [&units, &input, &none]).unwrap();
        assert_eq!((size.model_units, size.input_tokens_per_minute), (4, 0));
        let size = advised_size(&region, "rec-1", [&none, &input, &none]).unwrap();
        assert_eq!((size.model_units, size.input_tokens_per_minute), (0, 200_000));
        assert_eq!(advised_size(&region, "rec-1", [&none, &none, &none]), None);
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
