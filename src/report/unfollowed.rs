//! Advice that nobody followed for days, and what it would have saved, by the guard's own metrics.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use serde::Serialize;

use crate::domain::period::HOURS_PER_MONTH;
use crate::domain::sorting::sort_by;
use crate::domain::{BaseModel, Region, Usd, day_of};
use crate::observation::SavingBefore;
use crate::pricing::{Priced, Workload};

/// Time up to which advice that did not count, or a run that failed, does not begin it anew.
const PAUSE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Time up to which a run's figure stands until the next run.
// A week without a run says nothing of that week.
const STANDS_FOR: SignedDuration = SignedDuration::from_hours(48);

/// Advice on one workload that is open since an earlier day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnfollowedAdvice {
    /// Region of the workload.
    pub region: Region,
    /// Base id of the model.
    pub model: BaseModel,
    /// First day since which no week passed without advice that counted.
    pub open_since: Date,
    /// True if it may be open since before: the history that is read begins with it.
    pub is_at_least: bool,
    /// Saving of what counted on each of these days, by the figures of that day, in USD in all.
    pub forgone_savings: Usd,
}

/// Lists the workloads whose advice is open since an earlier day, by what that cost, highest first.
/// `open` is what can be saved of each now, in USD a month.
pub(super) fn unfollowed(
    priced: &Priced<'_>,
    open: impl Fn(&Workload<'_>) -> Usd,
) -> Vec<UnfollowedAdvice> {
    let window = priced.observation.window;
    let mut before: BTreeMap<(&Region, &BaseModel), Vec<&SavingBefore>> = BTreeMap::new();
    let savings = priced.observation.savings_before.iter();
    // A run on a window of the past is not told of what came after it.
    for saving in savings.filter(|saving| saving.time < window.end()) {
        before.entry((&saving.region, &saving.model)).or_default().push(saving);
    }
    let open = priced.workloads.iter().filter(|workload| open(workload).is_positive());
    let mut unfollowed: Vec<UnfollowedAdvice> = open
        .filter_map(|workload| {
            let days = before.remove(&(&workload.place.region, &workload.model))?;
            of_days(days, window.start(), window.end())
        })
        .collect();
    sort_by(&mut unfollowed, |a, b| {
        let place = |it: &UnfollowedAdvice| (it.region.clone(), it.model.clone());
        b.forgone_savings.cmp(&a.forgone_savings).then_with(|| place(a).cmp(&place(b)))
    });
    unfollowed
}

/// Adds up what counted on the last days, back to the first pause that is too long; `None` where nothing
/// did lately.
fn of_days(
    mut days: Vec<&SavingBefore>,
    start: Timestamp,
    end: Timestamp,
) -> Option<UnfollowedAdvice> {
    days.sort_unstable();
    let mut found: Option<UnfollowedAdvice> = None;
    let (mut next_run, mut next_open) = (end, end);
    for day in days.into_iter().rev() {
        let stands = next_run.duration_since(day.time).min(STANDS_FOR);
        next_run = day.time;
        if !day.potential_monthly_savings.is_positive() {
            continue;
        }
        if next_open.duration_since(day.time) > PAUSE {
            break;
        }
        next_open = day.time;
        let saved = day
            .potential_monthly_savings
            .in_proportion(Decimal::from(stands.as_hours()), Decimal::from(HOURS_PER_MONTH));
        let so_far = found.as_ref().map_or(Usd::ZERO, |it| it.forgone_savings);
        found = Some(UnfollowedAdvice {
            region: day.region.clone(),
            model: day.model.clone(),
            open_since: day_of(day.time),
            is_at_least: day.time.duration_since(start) <= PAUSE,
            forgone_savings: so_far + saved,
        });
    }
    found
}

impl UnfollowedAdvice {
    /// Says in a sentence since when it is open, and what that cost.
    #[must_use]
    pub fn in_words(&self) -> String {
        let Self { region, model, open_since, is_at_least, forgone_savings } = self;
        let (or_before, at_least) =
            if *is_at_least { (" or before", "at least ") } else { ("", "") };
        format!(
            "{model} in {region}: advice is open since {open_since}{or_before}; followed then it would have saved {at_least}{forgone_savings} by now, as each run reckoned"
        )
    }
}
