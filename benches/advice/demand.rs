//! Made-up demand by the minute, of several kinds.

use std::f64::consts::TAU;

use super::dice::Dice;

/// Input tokens that one unit serves in a minute.
pub(crate) const UNIT: u64 = 1_000_000;

/// Input tokens for each output token. A unit serves both in this proportion.
pub(crate) const INPUT_PER_OUTPUT: u64 = 4;

/// Course of demand over the weeks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    Constant,
    OfficeHours,
    Seasonal,
    Bursty,
    Growing,
    Declining,
    HeavyTailed,
    OffAtWeekends,
}

impl Family {
    pub(crate) const ALL: [Self; 8] = [
        Self::Constant,
        Self::OfficeHours,
        Self::Seasonal,
        Self::Bursty,
        Self::Growing,
        Self::Declining,
        Self::HeavyTailed,
        Self::OffAtWeekends,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::OfficeHours => "office hours",
            Self::Seasonal => "weekly seasons with noise",
            Self::Bursty => "bursts inside the hour",
            Self::Growing => "growing 3 % a week",
            Self::Declining => "falling 3 % a week",
            Self::HeavyTailed => "heavy-tailed hours",
            Self::OffAtWeekends => "off at weekends",
        }
    }

    /// Returns the minutes of an hour in which half of the hour's demand comes.
    const fn busy_minutes(self) -> u64 {
        if matches!(self, Self::Bursty) { 15 } else { 60 }
    }

    /// Draws each hour's mean demand in units, over some weeks. The trend is at 1 after `history`
    /// weeks.
    fn hours(self, dice: &mut Dice, history: usize, weeks: usize) -> Vec<f64> {
        let level = 4.0 + 8.0 * dice.share();
        let mut week_noise = 1.0;
        (0..weeks * 168)
            .map(|hour| {
                if hour % 168 == 0 && self != Self::Constant {
                    week_noise = (0.05 * dice.normal()).exp();
                }
                let (day, of_day) = (hour % 168 / 24, hour % 24);
                let is_weekday = day < 5;
                let season = || {
                    let wave = 1.0 - 0.4 * (TAU * of_day as f64 / 24.0).cos();
                    wave * if is_weekday { 1.0 } else { 0.6 }
                };
                let trend = |weekly: f64| {
                    let past = hour as f64 / 168.0 - history as f64;
                    weekly.powf(past)
                };
                let shape = match self {
                    Self::Constant | Self::Bursty => 1.0,
                    Self::OfficeHours if is_weekday && (8..18).contains(&of_day) => 1.0,
                    Self::OfficeHours => 0.3,
                    Self::Seasonal => season() * (0.2 * dice.normal()).exp(),
                    Self::Growing => season() * trend(1.03),
                    Self::Declining => season() * trend(0.97),
                    // The mean of such a number is 3.
                    Self::HeavyTailed => dice.pareto(1.5).min(60.0) / 3.0,
                    Self::OffAtWeekends => f64::from(u8::from(is_weekday)),
                };
                level * shape * week_noise
            })
            .collect()
    }

    /// Draws the input tokens of each minute over some weeks.
    pub(crate) fn minutes(self, dice: &mut Dice, history: usize, weeks: usize) -> Vec<u64> {
        self.bursts(dice, history, weeks, self.busy_minutes())
    }

    /// Draws the same with half of each hour's demand in so many of its minutes, one after the
    /// other. The other half is steady.
    pub(crate) fn bursts(
        self,
        dice: &mut Dice,
        history: usize,
        weeks: usize,
        busy: u64,
    ) -> Vec<u64> {
        let hours = self.hours(dice, history, weeks);
        let mut minutes = Vec::with_capacity(hours.len() * 60);
        for hour in hours {
            let first = dice.between(0, 60 - busy);
            let burst = hour / 2.0 * 60.0 / busy as f64;
            minutes.extend((0..60).map(|minute| {
                let is_busy = (first..first + busy).contains(&minute);
                let units = hour / 2.0 + if is_busy { burst } else { 0.0 };
                tokens(units * (1.0 + 0.1 * dice.normal()))
            }));
        }
        minutes
    }
}

/// Returns the input tokens of a minute that so many units serve, with whole output tokens beside
/// them.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "not negative, and far below 2^53"
)]
pub(crate) fn tokens(units: f64) -> u64 {
    let quarters = (units.max(0.0) * UNIT as f64 / INPUT_PER_OUTPUT as f64).round() as u64;
    quarters * INPUT_PER_OUTPUT
}

/// Sums each hour of minutes.
pub(crate) fn by_hour(minutes: &[u64]) -> Vec<u64> {
    minutes.chunks(60).map(|hour| hour.iter().sum()).collect()
}
