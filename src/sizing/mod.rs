//! The room for what a commitment costs and saves: exact optima, proofs that none can save, and how
//! sure a saving is.
//!
//! Pure arithmetic on demand over time; the rules in `advice` ask, this answers. Searches and
//! statistics are in floating point, of which only `+ - * /` and the square root are used, so that
//! every machine gives the same bytes; dollars that are promised are counted again exactly.
//!
//! | file | job |
//! |---|---|
//! | `traffic` | the traffic that a purchase could serve |
//! | `demand` | the demand of that traffic, by the minute and by the hour |
//! | `loaded_steps` | the steps that ask for anything, and what a purchase leaves of them on-demand |
//! | [`model_units`] | the optimum of model units |
//! | `bins` | lanes put whole into units that refuse the rest |
//! | [`reserved_tokens`] | the optimum of reserved tokens per minute, input and output together |
//! | `purchase` | both kinds of purchase by one face |
//! | `break_even` | the volume at which a unit begins to pay |
//! | [`certificate`] | proofs that no purchase saves |
//! | `coverage` | the saving of one purchase week by week, at another demand too |
//! | [`certainty`] | how sure that saving is, and where demand goes |
//! | [`backtest`] | the result of deciding each week on the weeks before it |
//! | `trial` | one purchase put to the weeks: certainty, robustness, decline and back-test |
//! | `tried_hours` | the hours that a purchase is tried on, each week decided on those before |
//! | `fresh_break` | demand that fell in the last days, before the weeks can tell |
//! | `line` | a straight line through values in a row |
//! | `mix_trend` | the mix of meters, carried on as it goes |
//! | `student` | the quantiles of Student's t |
//! | `floats` | the crossing between exact amounts and floating point |

pub mod backtest;
pub(crate) mod bins;
mod break_even;
pub mod certainty;
pub mod certificate;
pub(crate) mod coverage;
pub(crate) mod demand;
mod floats;
mod fresh_break;
mod line;
mod loaded_steps;
mod mix_trend;
pub mod model_units;
mod purchase;
pub mod reserved_tokens;
mod student;
pub(crate) mod traffic;
pub(crate) mod trial;
pub(crate) mod tried_hours;

pub use backtest::{Backtest, Fold};
pub use break_even::BreakEven;
pub use certainty::{Certainty, Decline};
pub use certificate::{Certificate, MeterLoads, Proof};
pub use coverage::{Coverage, CoveredHour};
pub use model_units::UnitSizing;
pub use purchase::{Purchase, TokenPurchase, UnitPurchase};
pub use reserved_tokens::{Reservation, ReservationSizing, ReservationTerms};
pub use trial::BacktestReport;

pub(crate) use break_even::{Mix, of_offers};
pub use floats::HOURS_PER_WEEK;
pub(crate) use floats::{COST_SCALE, TOLERANCE, estimate, float, float_value, needed, times};
