//! Knowledge of the runs before, which they put as metrics of the guard's own: what was open and at which
//! size, what had a cost, and what could have been saved on each day.

use std::collections::BTreeMap;
use std::ops::Range;

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use serde::{Deserialize, Serialize};

use crate::domain::{BaseModel, PurchaseSize, Region, Usd, day_of};
use crate::observation::Status;
use crate::observation::decode::{Collector, PageResult, PerQuery};

/// A recommendation that was open when the guard last ran.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenBefore {
    /// Region of the recommendation.
    pub region: Region,
    /// Id of the recommendation.
    pub id: String,
}

/// Size at which a purchase was last advised.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SizeBefore {
    /// Region of the recommendation.
    pub region: Region,
    /// Id of the recommendation.
    pub id: String,
    /// Size of the purchase.
    pub size: PurchaseSize,
}

/// A model that had a cost when the guard last read its Region.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelBefore {
    /// Region of the model's use.
    pub region: Region,
    /// Base id of the model.
    pub model: BaseModel,
}

/// Saving of all recommendations on one model that counted in the last run of a day.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavingBefore {
    /// Region of the model's use.
    pub region: Region,
    /// Base id of the model.
    pub model: BaseModel,
    /// Start of the hour of the run.
    pub time: Timestamp,
    /// Saving in USD a month.
    pub potential_monthly_savings: Usd,
    /// Part of it that the purchase of the model's first units promised, in USD a month; `None` where none was
    /// advised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promised_monthly_savings: Option<Usd>,
}

/// Most that a value can be, in USD a month or tokens a minute.
// 10^15: what is above was made to break the arithmetic, and no run has put it.
const MOST: Decimal = Decimal::from_parts(0xA4C6_8000, 0x0003_8D7E, 0, false, 0);

/// Decimals of a value that is read back: the metrics are doubles, and nobody is told of less.
const DECIMALS: u32 = 6;

/// Returns true if the guard may have put a value.
fn is_possible(value: Decimal) -> bool {
    !value.is_sign_negative() && value <= MOST
}

impl SavingBefore {
    /// Returns true if a run may have put the saving.
    pub(super) fn is_possible(&self) -> bool {
        let promised = self.promised_monthly_savings.unwrap_or_default();
        [self.potential_monthly_savings, promised]
            .iter()
            .all(|saving| is_possible(saving.dollars()))
    }
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
            let read = Decimal::try_from(value).ok().filter(|read| is_possible(*read));
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

/// Returns the size that the last run put of three series: model units, input and output tokens a minute;
/// `None` where none was put.
#[must_use]
pub fn last_size([units, input, output]: [&Values; 3]) -> Option<PurchaseSize> {
    let series = [units, input, output].into_iter();
    let last = series.filter_map(|values| values.keys().next_back()).max()?;
    let put = |values: &Values| values.get(last).and_then(Decimal::to_u64).unwrap_or_default();
    Some(PurchaseSize {
        model_units: u32::try_from(put(units)).ok()?,
        input_tokens_per_minute: put(input),
        output_tokens_per_minute: put(output),
    })
}

/// Returns the last saving of each day, in order of time, with what a purchase promised of it.
#[must_use]
pub fn savings_by_day(
    before: &ModelBefore,
    savings: &Values,
    promised: &Values,
) -> Vec<SavingBefore> {
    let by_day: BTreeMap<Date, SavingBefore> = savings
        .iter()
        .map(|(time, saving)| {
            let ModelBefore { region, model } = before.clone();
            let saving = SavingBefore {
                region,
                model,
                time: *time,
                potential_monthly_savings: Usd::new(*saving),
                promised_monthly_savings: promised.get(time).copied().map(Usd::new),
            };
            // In order of time, so that the last of a day stays.
            (day_of(*time), saving)
        })
        .collect();
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
    fn of_each_day_the_last_run_counts() {
        let (savings, status) = read(&[("6T09", 4.0), ("6T07", 3.0), ("7T07", 0.1)]);
        assert_eq!(status, Status::Complete);
        let model = BaseModel::new("amazon.nova-lite-v1:0");
        let before = ModelBefore { region: "us-east-1".parse().unwrap(), model };
        let (promised, _) = read(&[("6T07", 2.0), ("7T07", 0.05)]);
        let savings = savings_by_day(&before, &savings, &promised);
        let told: Vec<_> = savings
            .iter()
            .map(|it| (it.time, it.potential_monthly_savings, it.promised_monthly_savings))
            .collect();
        let usd = |text: &str| text.parse::<Usd>().unwrap();
        let last = (at("7T07"), usd("0.1"), Some(usd("0.05")));
        assert_eq!(told, [(at("6T09"), usd("4"), None), last]);
    }

    #[test]
    fn the_last_size_counts_whichever_kind_it_is_of() {
        let (units, _) = read(&[("6T09", 3.0), ("7T09", 4.0)]);
        let (input, _) = read(&[("5T09", 200_000.0)]);
        let none = Values::new();
        let size = last_size([&units, &input, &none]).unwrap();
        assert_eq!((size.model_units, size.input_tokens_per_minute), (4, 0));
        let size = last_size([&none, &input, &none]).unwrap();
        assert_eq!((size.model_units, size.input_tokens_per_minute), (0, 200_000));
        assert_eq!(last_size([&none, &none, &none]), None);
    }

    #[test]
    fn what_is_no_value_of_the_guards_spoils_the_series() {
        for points in [
            &[("6T07", f64::NAN)][..],
            &[("6T07", -1.0)],
            &[("6T07", 1e16)],
            &[("6T07", 1e300)],
            &[("6T07", 1.0), ("6T07", 2.0)],
            &[("9T07", 1.0)],
        ] {
            assert!(matches!(read(points).1, Status::Incomplete(_)), "{points:?}");
        }
        assert_eq!(read(&[("6T07", 1e15)]).1, Status::Complete);
    }
}
