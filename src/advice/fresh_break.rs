//! Commitments that are held, since demand fell in the last days and the weeks cannot tell yet.

use jiff::ToSpan as _;
use jiff::civil::Date;

use crate::domain::day_of;
use crate::pricing::Priced;
use crate::sizing::trial::{Trial, percent};

/// Days after which what fell in the last three can be told from a holiday: three more.
const LOOK_AGAIN_DAYS: i64 = 3;

/// A fresh fall of demand below what a commitment needs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("held: demand fell by {fallen} in the last three days, look again on {look_again}")]
pub(super) struct FreshBreak {
    /// Part of the demand that is gone, in words.
    fallen: String,
    /// Day on which three more days have been seen.
    pub(super) look_again: Date,
}

impl FreshBreak {
    /// Finds the break that a purchase is held for; `None` where demand did not fall below what it needs.
    pub(super) fn of(priced: &Priced<'_>, trial: &Trial) -> Option<Self> {
        let fallen = trial.fresh_break()?;
        let look_again = day_of(priced.observation.as_of).saturating_add(LOOK_AGAIN_DAYS.days());
        let fallen = percent(fallen, 1).map_or_else(String::new, |share| share.to_string());
        Some(Self { fallen, look_again })
    }
}
