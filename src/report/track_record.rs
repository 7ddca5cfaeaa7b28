//! Outcome of earlier advice: what was followed and what that brought of its promise, and what it would
//! have brought to follow the rest.
//!
//! The guard's own metrics say what a model cost and what could have been saved on each day; the survey
//! says how many calls there were. Where the saving that stood open fell by half or more and the
//! arrangement changed, the advice was followed, and what it brings is
//!
//! `F₀ + O₀ × V₁ / V₀ − (F₁ + O₁)` USD a month:
//!
//! the commitments F and the bill by the token O of the days before (0) and after (1), by the calls V at
//! one price. So more or fewer calls are no saving, and prices that changed by the token are none either.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use serde::Serialize;

use crate::domain::period::HOURS_PER_MONTH;
use crate::domain::sorting::sort_by;
use crate::domain::{BaseModel, Percent, Region, Usd, day_of};
use crate::observation::ToldDay;
use crate::pricing::{PastCalls, Priced, Workload};
use crate::report::absence;

/// Hours up to which a day's figure stands for the time until the next run: two days.
// A run that failed for a week says nothing of that week.
const STANDS_FOR: u64 = 48;

/// Outcome of earlier advice, as far as the guard's own metrics reach back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TrackRecord {
    /// Advice that was followed, in order of Region, model and day.
    pub followed: Vec<FollowedAdvice>,
    /// Advice that is open since an earlier day, in order of Region and model.
    pub unfollowed: Vec<UnfollowedAdvice>,
    /// Savings that followed advice brought, in percent of what it promised; `None` where that is not
    /// known of any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub realised_over_promised: Option<Percent>,
}

/// Advice on one workload that was followed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FollowedAdvice {
    /// Region of the workload.
    pub region: Region,
    /// Base id of the model.
    pub model: BaseModel,
    /// Last day on which the advice was open.
    pub open_until: Date,
    /// Saving that it promised on that day and that is no longer open, in USD a month.
    pub promised_monthly_savings: Usd,
    /// Saving that it brought by the calls of the days after, in USD a month; below zero where it costs
    /// more. `None` where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub realised_monthly_savings: Option<Usd>,
    /// Day from which the saving is known, since all days that are counted lie after the change; `None`
    /// where it is known, or never will be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_from: Option<Date>,
}

/// Advice on one workload that is open since an earlier day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnfollowedAdvice {
    /// Region of the workload.
    pub region: Region,
    /// Base id of the model.
    pub model: BaseModel,
    /// First day since which some advice was open on each run.
    pub open_since: Date,
    /// Saving of what was open on each of these days, by the figures of that day, in USD in all.
    pub forgone_savings: Usd,
}

/// A way in which calls were served and billed, over the days that end at some time.
#[derive(Clone, Copy, Debug)]
struct Served {
    commitments: Usd,
    calls: PastCalls,
}

impl Served {
    /// Returns what this way brings in place of an earlier one, in USD a month; `None` where nobody
    /// knows what that would have cost.
    fn saves_on(&self, before: &Self) -> Option<Usd> {
        let instead = before.commitments + before.calls.on_demand_at(&self.calls)?;
        Some(instead - self.commitments - self.calls.on_demand)
    }

    /// Returns true if there were no calls, before or after, that could have gone another way.
    fn has_no_calls(&self, before: &Self) -> bool {
        self.calls == PastCalls::NONE && before.calls == PastCalls::NONE
    }

    /// Returns true if only the calls may have changed: as much is held as before, or nothing was and is,
    /// and the share that is billed by the token is the same.
    fn is_as(&self, before: &Self) -> bool {
        // With commitments that share follows the demand, whoever follows what.
        let is_held = !self.commitments.is_zero() || self.calls.is_billed_as(&before.calls);
        is_near(self.commitments, before.commitments) && is_held
    }
}

/// Returns true if two amounts differ by a hundredth of the second at most.
fn is_near(amount: Usd, other: Usd) -> bool {
    (amount.dollars() - other.dollars()).abs() * Decimal::ONE_HUNDRED <= other.dollars().abs()
}

/// Stretch of days in which the open saving fell by half or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fall {
    /// Index of the last day on which nine tenths of it were open.
    before: usize,
    /// Index of the first day on which half of it or less was.
    after: usize,
}

/// Tells what became of earlier advice; `None` where no run before said anything of what is read now.
///
/// `open` is the saving of each workload that is open now, in USD a month.
pub(super) fn track_record(
    priced: &Priced<'_>,
    open: impl Fn(&Workload<'_>) -> Usd,
) -> Option<TrackRecord> {
    let mut told: BTreeMap<(&Region, &BaseModel), Vec<ToldDay>> = BTreeMap::new();
    for day in &priced.observation.told_before {
        told.entry((&day.region, &day.model)).or_default().push(day.clone());
    }
    let mut subjects = Vec::new();
    for workload in &priced.workloads {
        let key = (&workload.place.region, &workload.model);
        if let Some(days) = told.remove(&key)
            && is_comparable(workload)
        {
            subjects.push(Told { workload: Some(workload), days, open: open(workload) });
        }
    }
    let of_gone =
        told.into_iter().filter(|((region, model), _)| absence::is_gone(priced, region, model));
    subjects.extend(of_gone.map(|(_, days)| Told { workload: None, days, open: Usd::ZERO }));
    if subjects.is_empty() {
        return None;
    }
    let mut record =
        TrackRecord { followed: Vec::new(), unfollowed: Vec::new(), realised_over_promised: None };
    for mut subject in subjects {
        subject.days.sort_unstable();
        record.unfollowed.extend(subject.unfollowed(priced));
        record.followed.extend(subject.followed(priced));
    }
    let day = |it: &FollowedAdvice| (it.region.clone(), it.model.clone(), it.open_until);
    sort_by(&mut record.followed, |a, b| day(a).cmp(&day(b)));
    let known = record
        .followed
        .iter()
        .filter_map(|it| Some((it.realised_monthly_savings?, it.promised_monthly_savings)));
    let (realised, promised) = known.fold((Usd::ZERO, Usd::ZERO), |(realised, promised), known| {
        (realised + known.0, promised + known.1)
    });
    record.realised_over_promised = realised.percent_of(promised);
    Some(record)
}

/// Returns true if the cost of a workload is known, so that it can be compared: all was read, and all
/// that is held has a price.
fn is_comparable(workload: &Workload<'_>) -> bool {
    let are_priced = workload.holdings.iter().all(|held| held.monthly_cost.is_some());
    workload.is_whole() && are_priced && workload.reserved.is_empty()
}

/// Finds the falls of the saving that was open, in order of time. Falls of which the second begins before the first
/// can be judged are one.
fn falls(savings: &[Usd], is_judged: impl Fn(usize, usize) -> bool) -> Vec<Fall> {
    let mut falls: Vec<Fall> = Vec::new();
    let mut peak = 0;
    for (day, saving) in savings.iter().enumerate() {
        let [now, highest] = [saving, &savings[peak]].map(|usd| usd.dollars());
        if now >= highest {
            peak = day;
        } else if now + now <= highest {
            let nine_tenths = highest * Decimal::new(9, 1);
            let before = (peak..day).rev().find(|day| savings[*day].dollars() >= nine_tenths);
            let fall = Fall { before: before.unwrap_or(peak), after: day };
            match falls.last_mut() {
                Some(last) if !is_judged(last.after, fall.before) => last.after = day,
                _ => falls.push(fall),
            }
            peak = day;
        }
    }
    falls
}

/// One model in one Region, with what earlier runs told of it.
#[derive(Debug)]
struct Told<'p, 'o> {
    /// Workload as it is now; `None` where nothing is left of it.
    workload: Option<&'p Workload<'o>>,
    /// Days in order of time; one at least.
    days: Vec<ToldDay>,
    /// Saving that is open now, in USD a month.
    open: Usd,
}

impl Told<'_, '_> {
    /// Lists the advice that was followed.
    fn followed(&self, priced: &Priced<'_>) -> Vec<FollowedAdvice> {
        let Some(first) = self.days.first() else {
            return Vec::new();
        };
        let recent = priced.observation.settings.recent_days;
        let mut days = self.days.clone();
        // This run is the last day of all.
        days.push(ToldDay {
            time: priced.observation.window.end(),
            monthly_cost: self.workload.map_or(Usd::ZERO, Workload::monthly_cost),
            potential_monthly_savings: self.open,
            commitment_monthly_cost: self.workload.map(Workload::holdings_monthly_cost),
            ..first.clone()
        });
        let settled =
            |day: usize| days[day].time + SignedDuration::from_hours(24 * i64::from(recent));
        let savings: Vec<Usd> = days.iter().map(|day| day.potential_monthly_savings).collect();
        let falls = falls(&savings, |after, next| settled(after) <= days[next].time);
        let mut followed = Vec::new();
        for (place, fall) in falls.iter().enumerate() {
            let until = falls.get(place + 1).map_or(days.len() - 1, |next| next.before);
            let before = self.served(priced, &days[fall.before]);
            let after = self.served(priced, &days[until]);
            let Some((before, after)) = before.zip(after) else {
                continue;
            };
            if after.is_as(&before) {
                continue;
            }
            let is_known = settled(fall.after) <= days[until].time || after.has_no_calls(&before);
            followed.push(FollowedAdvice {
                region: first.region.clone(),
                model: first.model.clone(),
                open_until: day_of(days[fall.before].time),
                promised_monthly_savings: savings[fall.before] - savings[fall.after],
                realised_monthly_savings: after.saves_on(&before).filter(|_| is_known),
                known_from: (!is_known).then(|| day_of(settled(fall.after))),
            });
        }
        followed
    }

    /// Returns how the calls before a day were served; `None` where what was held then is not known, or
    /// the calls are not.
    fn served(&self, priced: &Priced<'_>, day: &ToldDay) -> Option<Served> {
        let recent = priced.observation.settings.recent_days;
        let Some(workload) = self.workload else {
            // By no calls now, those of before are worth nothing, whatever they were.
            let commitments = day.commitment_monthly_cost.unwrap_or(Usd::ZERO);
            return Some(Served { commitments, calls: PastCalls::NONE });
        };
        let calls = workload.past_calls(priced.observation, day.time, recent)?;
        // A guard that put no cost of commitments may have known of none: only then the calls make the cost.
        let none = is_near(calls.on_demand, day.monthly_cost).then_some(Usd::ZERO);
        Some(Served { commitments: day.commitment_monthly_cost.or(none)?, calls })
    }

    /// Adds up what was open on each day since the first of the last days that all had something open;
    /// `None` where nothing is open, or only since this run.
    fn unfollowed(&self, priced: &Priced<'_>) -> Option<UnfollowedAdvice> {
        let is_open = |day: &&ToldDay| day.potential_monthly_savings.is_positive();
        let length = self.days.iter().rev().take_while(is_open).count();
        let open = &self.days[self.days.len() - length..];
        let first = open.first().filter(|_| self.open.is_positive())?;
        let ends = open.iter().skip(1).map(|day| day.time);
        let ends = ends.chain(std::iter::once(priced.observation.event.time));
        let forgone = open.iter().zip(ends).map(|(day, end)| {
            let hours = hours_between(day.time, end).min(STANDS_FOR);
            day.potential_monthly_savings
                .in_proportion(Decimal::from(hours), Decimal::from(HOURS_PER_MONTH))
        });
        Some(UnfollowedAdvice {
            region: first.region.clone(),
            model: first.model.clone(),
            open_since: day_of(first.time),
            forgone_savings: forgone.sum(),
        })
    }
}

/// Counts the whole hours from one time to a later one.
fn hours_between(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.duration_since(from).as_hours()).unwrap_or_default()
}

impl FollowedAdvice {
    /// Says in a sentence what became of it.
    #[must_use]
    pub fn in_words(&self) -> String {
        let Self { region, model, open_until, promised_monthly_savings: promised, .. } = self;
        let came = match (self.realised_monthly_savings, self.known_from) {
            (Some(came), _) if came.dollars().is_sign_negative() => {
                format!("it costs {} a month more", Usd::ZERO - came)
            }
            (Some(came), _) => format!("it saves {came} a month"),
            (None, Some(day)) => format!("what it saves is known from {day}"),
            (None, None) => "what it saves cannot be said".to_owned(),
        };
        format!(
            "{model} in {region}: {promised} a month was advised until {open_until} and followed; {came}"
        )
    }
}

impl UnfollowedAdvice {
    /// Says in a sentence what it would have brought.
    #[must_use]
    pub fn in_words(&self) -> String {
        let Self { region, model, open_since, forgone_savings } = self;
        format!(
            "{model} in {region}: advice is open since {open_since}; followed at once it would have saved {forgone_savings} by now, as each run reckoned"
        )
    }
}

impl TrackRecord {
    /// Says it in sentences, one for each workload.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let followed = self.followed.iter().map(FollowedAdvice::in_words);
        followed.chain(self.unfollowed.iter().map(UnfollowedAdvice::in_words)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fall_of(savings: &[i64]) -> Vec<(usize, usize)> {
        let savings: Vec<Usd> = savings.iter().map(|usd| Usd::new((*usd).into())).collect();
        let falls = falls(&savings, |after, next| next >= after + 3);
        falls.iter().map(|fall| (fall.before, fall.after)).collect()
    }

    #[test]
    fn a_fall_is_from_nine_tenths_to_half() {
        assert_eq!(fall_of(&[0, 100, 100, 0]), [(2, 3)]);
        assert_eq!(fall_of(&[100, 95, 80, 50]), [(1, 3)]);
        assert_eq!(fall_of(&[100, 95, 80, 51, 60]), []);
        assert_eq!(fall_of(&[0, 0, 0]), []);
        assert_eq!(fall_of(&[]), []);
    }

    #[test]
    fn falls_that_nobody_can_tell_apart_are_one() {
        assert_eq!(fall_of(&[100, 40, 10]), [(0, 2)]);
        assert_eq!(fall_of(&[100, 0, 0, 0, 80, 80, 0]), [(0, 1), (5, 6)]);
        assert_eq!(fall_of(&[100, 0, 80, 0]), [(0, 3)]);
    }
}
