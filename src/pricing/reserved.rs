//! Reserved tokens per minute that the operator declares: their cost and what they take off the bill.
//! No API of AWS lists them.

use rust_decimal::Decimal;

use crate::catalog::{Rate, RateSource, ReservedHolding, ReservedScope};
use crate::config::Settings;
use crate::domain::period::HOUR;
use crate::domain::{
    LoadWeights, Meter, Percent, Ratio, Scope, Usd, UsdPerMillionTokens, UsdPerThousandTpmHour,
    Window,
};
use crate::observation::Observation;
use crate::pricing::effective_cost::EffectiveCost;
use crate::pricing::lane::Lane;
use crate::pricing::load::{DemandSeries, Load, dollars};

/// Returns the meters that reserved tokens serve: input, cache writes and output, which count one
/// each towards the reservation. AWS does not say how cache reads are billed: a setting has them
/// served without counting, or taken as on-demand.
#[must_use]
pub fn reserved_meters(settings: &Settings) -> &'static [Meter] {
    const ALL: [Meter; 4] = [Meter::Input, Meter::CacheWrite, Meter::Output, Meter::CacheRead];
    if settings.reserved_cache_reads { &ALL } else { &ALL[..3] }
}

/// Returns the weights of these meters: input and cache writes weigh alike, cache reads nothing.
#[must_use]
pub const fn reserved_weights() -> LoadWeights {
    LoadWeights { cache_write: Ratio::ONE, cache_read: Ratio::ZERO }
}

/// Declared reserved tokens with prices.
#[derive(Debug)]
pub struct Reserved<'a> {
    /// Operator's declaration.
    pub declared: &'a ReservedHolding,
    /// Cost at list in USD a month; `None` where the book has no price of the reservation.
    pub monthly_list_cost: Option<Usd>,
    /// Cost in USD a month as the account pays it: as the operator declares it, else the book's
    /// price under the contract. `None` where there is neither.
    pub monthly_cost: Option<Usd>,
    /// Origin of the book's price; `None` where the book has none.
    pub source: Option<RateSource>,
    /// Use of the reservation; `None` where that cannot be counted.
    pub used: Option<UsedReservation>,
    /// Part of the cost that is for input, as the book prices it; `None` without such a price.
    input_part: Option<Percent>,
}

/// Use of reserved tokens, hour by hour of the recent window. All reserved tokens of one scope
/// serve together, so the figures are of all of them. Minutes above the reservation are not seen:
/// all figures are upper ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsedReservation {
    /// On-demand dollars that the reservation serves as a share of its cost; `None` without a cost.
    pub worth: Option<Percent>,
    /// Mean share of the reserved input tokens that is used.
    pub input: Percent,
    /// Mean share of the reserved output tokens that is used.
    pub output: Percent,
}

impl<'a> Reserved<'a> {
    pub(super) fn new(observation: &Observation, declared: &'a ReservedHolding) -> Self {
        let day = observation.window.last_day();
        let offer = observation
            .prices
            .reserved_offers(&declared.model, &declared.region, day, &observation.overrides)
            .into_iter()
            .find(|offer| offer.scope == declared.scope && offer.term == declared.term);
        let monthly = |input: UsdPerThousandTpmHour, output: UsdPerThousandTpmHour| {
            input.monthly_cost(declared.input_tokens_per_minute)
                + output.monthly_cost(declared.output_tokens_per_minute)
        };
        let declared_cost = declared.usd_per_hour.map(|hour| hour.per_month(1));
        Self {
            declared,
            monthly_list_cost: offer
                .as_ref()
                .map(|offer| monthly(offer.list_input, offer.list_output)),
            monthly_cost: declared_cost
                .or_else(|| offer.as_ref().map(|offer| monthly(offer.input, offer.output))),
            input_part: offer.as_ref().and_then(|offer| {
                let input = offer.input.monthly_cost(declared.input_tokens_per_minute);
                input.percent_of(monthly(offer.input, offer.output))
            }),
            source: offer.map(|offer| offer.source),
            used: None,
        }
    }

    /// Splits the monthly cost by whether the tokens were used; `None` where a price is missing.
    #[must_use]
    pub fn effective_cost(&self) -> Option<EffectiveCost> {
        let (cost, used, part) = (self.monthly_cost?, self.used?, self.input_part?);
        let input = cost.in_proportion(part.number(), Decimal::ONE_HUNDRED);
        let used = input.in_proportion(used.input.number(), Decimal::ONE_HUNDRED)
            + (cost - input).in_proportion(used.output.number(), Decimal::ONE_HUNDRED);
        Some(EffectiveCost::new(cost, used))
    }

    /// Returns true if the reservation serves the requests of a lane.
    #[must_use]
    pub fn serves(&self, lane: &Lane<'_>) -> bool {
        lane.is_standard() && lane.scope().is_some_and(|scope| reserves(self.declared.scope, scope))
    }
}

/// Returns true if reserved tokens of one scope serve requests of another.
#[must_use]
pub const fn reserves(reserved: ReservedScope, scope: Scope) -> bool {
    matches!(
        (reserved, scope),
        (ReservedScope::Regional, Scope::InRegion | Scope::Geo(_))
            | (ReservedScope::Global, Scope::Global)
    )
}

/// Part of the on-demand bill that reserved tokens take off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Covered {
    /// Part in USD a month at list prices.
    pub monthly_list_cost: Usd,
    /// Part in USD a month at what the account pays.
    pub monthly_cost: Usd,
    /// Share of the counting tokens that is within the reservation; `None` without any such token.
    pub share: Option<Percent>,
}

/// Adds up what all reserved tokens of a workload take off, hour by hour: of each hour's requests
/// the share `min(1, reserved input ÷ input, reserved output ÷ output)`. Minutes above the
/// reservation are not seen within an hour, so the sum is the most that they take off.
pub(super) fn covered(
    reserved: &mut [Reserved<'_>],
    lanes: &[Lane<'_>],
    recent: Window,
    settings: &Settings,
) -> Option<Covered> {
    let mut all = Covered::default();
    let (mut fitting, mut asked) = (Decimal::ZERO, Decimal::ZERO);
    let hours = recent.hours();
    for scope in [ReservedScope::Regional, ReservedScope::Global] {
        let mut of_scope: Vec<&mut Reserved<'_>> =
            reserved.iter_mut().filter(|held| held.declared.scope == scope).collect();
        // Which lanes are served depends on the scope alone, so any of them can say.
        let Some(first) = of_scope.first() else {
            continue;
        };
        let input: u64 = of_scope.iter().map(|held| held.declared.input_tokens_per_minute).sum();
        let output: u64 = of_scope.iter().map(|held| held.declared.output_tokens_per_minute).sum();
        // All reserved tokens of a scope serve together, so they are one room.
        let room = Load::of_tokens_per_minute(input, output);
        let lanes: Vec<&Lane<'_>> = lanes.iter().filter(|lane| first.serves(lane)).collect();
        // At both prices, since a contract may discount one meter and not another.
        let at_list = demand(&lanes, recent, settings, |rate| rate.list_unit_price)?;
        let paid = demand(&lanes, recent, settings, |rate| rate.contracted_unit_price)?;
        let mut served = ServedSum::default();
        for (list, paid) in at_list.steps.iter().zip(&paid.steps) {
            let (part, whole) = paid.times_served(HOUR, room).share();
            let (part, whole) = (Decimal::from(part), Decimal::from(whole));
            all.monthly_list_cost += dollars(list.value).in_proportion(part, whole);
            served.value += dollars(paid.value).in_proportion(part, whole);
            // Divided first: the product of two loads is more than a decimal holds.
            let share = part / whole;
            served.input += Decimal::from(paid.load.input) * share;
            served.output += Decimal::from(paid.load.output) * share;
            let load = Decimal::from(paid.load.input + paid.load.output);
            fitting += load * share;
            asked += load;
        }
        all.monthly_cost += served.value;
        let cost: Option<Usd> = of_scope.iter().map(|held| held.monthly_cost).sum();
        let used_share = |load: Decimal, room_an_hour: u128| {
            let room = Decimal::from(room_an_hour) * Decimal::from(hours);
            percent(load, room).unwrap_or(Percent::new(Decimal::ZERO))
        };
        let used = UsedReservation {
            worth: cost.and_then(|cost| served.value.per_month(hours).percent_of(cost)),
            input: used_share(served.input, room.input),
            output: used_share(served.output, room.output),
        };
        for held in &mut of_scope {
            // None of them can be told apart from the others by what it served.
            held.used = Some(used);
        }
    }
    all.monthly_list_cost = all.monthly_list_cost.per_month(hours);
    all.monthly_cost = all.monthly_cost.per_month(hours);
    all.share = percent(fitting, asked);
    Some(all)
}

/// Returns one load as a share of another; `None` where the whole is zero.
fn percent(part: Decimal, whole: Decimal) -> Option<Percent> {
    let share = (part * Decimal::ONE_HUNDRED).checked_div(whole)?;
    Some(Percent::new(share.round_dp(4).normalize()))
}

/// Sums over the hours of what the reserved tokens of one scope serve.
#[derive(Default)]
struct ServedSum {
    /// On-demand dollars at what the account pays.
    value: Usd,
    /// Input load in 10^-4 tokens.
    input: Decimal,
    /// Output load in 10^-4 tokens.
    output: Decimal,
}

/// Builds the demand that counts towards the reservation; `None` where a price has too many
/// decimals.
fn demand(
    lanes: &[&Lane<'_>],
    recent: Window,
    settings: &Settings,
    price: impl Fn(&Rate) -> UsdPerMillionTokens,
) -> Option<DemandSeries> {
    let meters = reserved_meters(settings);
    let hours = usize::try_from(recent.hours()).ok()?;
    let mut demand = DemandSeries::none(recent.start(), HOUR, hours);
    for lane in lanes {
        for reading in lane.usage.readings() {
            let rate = lane.rate(reading.meter);
            if let (true, Some(rate)) = (meters.contains(&reading.meter), rate) {
                demand.add(reading.meter, reading.series, price(rate), reserved_weights())?;
            }
        }
    }
    Some(demand)
}
