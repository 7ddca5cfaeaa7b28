//! A small account, drawn at random, that every way to serve can be tried on.
//!
//! Demand repeats every four minutes, so that each minute, hour and week is like the others: nothing is
//! uncertain, and what is missed is missed by the decision alone. Thresholds are zero.

use bedrock_cost_guard::config::Overflow;
use bedrock_cost_guard::domain::{ModelUnits, Ratio, Usd};
use bedrock_cost_guard::observation::{CommitmentDuration, ProvisionedModel};
use rust_decimal::Decimal;

use super::dice::Dice;
use crate::account::{Account, HELD, TOKENS, bound, held};
use crate::book::{MODEL, UNIT, book, rate, row, unit};

/// Minutes after which demand repeats.
pub(crate) const PHASES: usize = 4;

/// Input, output and cache write tokens in each phase.
pub(crate) type Tokens = [[u64; 3]; PHASES];

/// Metrics of these tokens.
const METRICS: [&str; 3] = [TOKENS[0], TOKENS[1], "CacheWriteInputTokenCount"];

/// Days that are looked back: as many as a term of six months asks for.
const DAYS: u32 = 182;

/// Lanes, each with the price of its tokens in percent of the in-Region price.
const LANES: [(&str, u64); 4] =
    [(MODEL, 100), ("us.maker.model-v1:0", 95), ("a1b2c3d4e5f6", 100), ("f6e5d4c3b2a1", 95)];

#[derive(Clone, Debug)]
pub(crate) struct Lane {
    id: &'static str,
    /// Price of its tokens, in percent of the in-Region price.
    pub(crate) percent: u64,
    pub(crate) tokens: Tokens,
}

/// Term of what is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeldTerm {
    None,
    Month,
    HalfYear,
}

#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) units: u32,
    pub(crate) term: HeldTerm,
    /// Tokens that it serves, none of them where it is idle.
    pub(crate) tokens: Tokens,
}

/// A small account.
#[derive(Clone, Debug)]
pub(crate) struct Small {
    pub(crate) is_spill: bool,
    /// Price through the global profile in percent, where that may be used.
    pub(crate) global: Option<u64>,
    pub(crate) lanes: Vec<Lane>,
    pub(crate) held: Vec<Held>,
    /// USD an hour of a unit without a term.
    pub(crate) price: u64,
    /// USD an hour of a unit under a term of a month, and of six; where they are sold.
    pub(crate) month: Option<u64>,
    pub(crate) half_year: Option<u64>,
    /// Price of reserved tokens in percent of what full use costs on-demand, where they are sold.
    pub(crate) reserved: Option<u64>,
}

/// Draws whole thousands, so that reserved tokens can be tried one by one.
fn tokens(dice: &mut Dice, most: u64) -> Tokens {
    let busy = dice.between(1, 100) * most / 100_000;
    let writes = if dice.between(0, 3) == 0 { dice.between(0, 60) } else { 0 };
    std::array::from_fn(|_| {
        let part = busy * dice.between(0, 100) / 100;
        // A written token asks for a quarter more than one that is read.
        let written = part * writes / 100;
        [
            (part - written * 5 / 4) * 1_000,
            part * dice.between(5, 30) / 100 * 1_000,
            written * 1_000,
        ]
    })
}

impl Small {
    /// Draws a case of a study; `with_reserved` says whether reserved tokens may be on offer.
    pub(crate) fn draw(case: u64, is_spill: bool, with_reserved: bool) -> Self {
        let name = if is_spill { "whole spill" } else { "whole throttle" };
        let mut dice = Dice::new(name, case);
        let few = |dice: &mut Dice, most: u64| usize::try_from(dice.between(0, most)).expect("few");
        let count = few(&mut dice, 4);
        let lanes = LANES.iter().take(count).map(|(id, percent)| Lane {
            id,
            percent: *percent,
            tokens: tokens(&mut dice, 2_000_000),
        });
        let lanes = lanes.collect();
        let price = dice.between(10, 100);
        let part = |dice: &mut Dice, of: u64| (of * dice.between(50, 95) / 100).max(1);
        let month = (dice.between(0, 1) == 0).then(|| part(&mut dice, price));
        let half_year = (dice.between(0, 2) == 0).then(|| part(&mut dice, month.unwrap_or(price)));
        let holdings = dice.between(0, 3);
        let held = (0..holdings).map(|_| {
            let units = u32::try_from(dice.between(1, 3)).expect("it is small");
            let most = if dice.between(0, 2) == 0 { 0 } else { u64::from(units) * UNIT[0] };
            let term = match dice.between(0, 5) {
                0 | 1 if month.is_some() => HeldTerm::Month,
                2 if half_year.is_some() => HeldTerm::HalfYear,
                _ => HeldTerm::None,
            };
            Held { units, term, tokens: tokens(&mut dice, most) }
        });
        let held = held.collect();
        let global = (dice.between(0, 1) == 0).then(|| dice.between(80, 99));
        let share = (dice.between(0, 2) == 0).then(|| dice.between(60, 120));
        let reserved = share.filter(|_| with_reserved);
        Self { is_spill, global, lanes, held, price, month, half_year, reserved }
    }

    /// Returns the USD an hour of a unit under a term.
    pub(crate) fn unit_price(&self, term: HeldTerm) -> u64 {
        let sold = match term {
            HeldTerm::None => None,
            HeldTerm::Month => self.month,
            HeldTerm::HalfYear => self.half_year,
        };
        sold.unwrap_or(self.price)
    }

    /// Builds the account that the guard sees.
    pub(crate) fn account(&self) -> Account {
        let hundredths = |percent: u64| Decimal::new(i64::try_from(percent).expect("small"), 2);
        let mut rows = Vec::new();
        let scopes = [("in-region", Some(100)), ("us", Some(95)), ("global", self.global)];
        for (scope, percent) in scopes {
            let Some(input) = percent.map(hundredths) else { continue };
            let prices = rate(scope, "standard", [input, input * Decimal::TWO]);
            let written = [Decimal::new(125, 2) * input, Decimal::TWO * input];
            let [five_minutes, an_hour] = written.map(|price| price.normalize());
            rows.push(format!(
                "{prices}cache_write_5m = \"{five_minutes}\"\ncache_write_1h = \"{an_hour}\"\n"
            ));
            if let Some(share) = self.reserved.filter(|_| scope != "us") {
                // 60,000 tokens an hour for each thousand a minute.
                let hour = Decimal::new(6, 2) * input * hundredths(share);
                rows.push(row(
                    "reserved_tokens",
                    &format!(
                        "scope = \"{scope}\"\nregions = [\"*\"]\nterm = \"3-months\"\n\
                         input = \"{}\"\noutput = \"{}\"\n\
                         minimum_input_tpm = 1000\nminimum_output_tpm = 1000",
                        hour.normalize(),
                        (hour * Decimal::TWO).normalize()
                    ),
                ));
            }
        }
        let terms =
            [("none", Some(self.price)), ("1-month", self.month), ("6-months", self.half_year)];
        for (term, price) in terms {
            rows.extend(price.map(|price| unit(term, format!("{price}.00"), Some(UNIT))));
        }
        let mut account = Account::on(book(&rows)).days(DAYS);
        let settings = &mut account.observation.settings;
        settings.allow_global_routing = true;
        settings.min_monthly_savings = Usd::ZERO;
        settings.min_savings_ratio = Ratio::ZERO;
        settings.headroom = Ratio::ZERO;
        // As the way of counting has it that every way to serve is tried by.
        settings.units_cache = true;
        settings.overflow = if self.is_spill { Overflow::Spill } else { Overflow::Throttle };
        for lane in &self.lanes {
            account = account.serving(lane.id, &lane.tokens);
        }
        let account = account
            .profile(LANES[2].0, &["us-east-1"])
            .profile(LANES[3].0, &["us-east-1", "us-east-2", "us-west-2"]);
        self.held.iter().enumerate().fold(account, |account, (place, held)| {
            let model = held.model(place);
            if held.tokens.iter().all(|tokens| *tokens == [0; 3]) {
                return account.idle(model);
            }
            let arn = model.provisioned_model_arn.clone();
            account.serving(&arn, &held.tokens).holding(model)
        })
    }
}

impl Held {
    fn model(&self, place: usize) -> ProvisionedModel {
        let model = match self.term {
            HeldTerm::None => held(),
            HeldTerm::Month => bound(CommitmentDuration::OneMonth, 20),
            HeldTerm::HalfYear => bound(CommitmentDuration::SixMonths, 20),
        };
        ProvisionedModel {
            provisioned_model_arn: HELD.replace("h0ldh0ldh0ld", &format!("h0ldh0ldh0{place:02}")),
            provisioned_model_name: format!("held-{place}"),
            model_units: ModelUnits::new(self.units),
            ..model
        }
    }
}

impl Account {
    /// Adds tokens that repeat to a lane, of the meters that are in use.
    fn serving(self, id: &str, tokens: &Tokens) -> Self {
        let tokens = *tokens;
        let at = move |minute: u64| tokens[usize::try_from(minute).expect("it fits") % PHASES];
        if tokens.iter().any(|tokens| tokens[2] > 0) {
            return self.lane(id, METRICS, at);
        }
        self.lane(id, TOKENS, move |minute| [at(minute)[0], at(minute)[1]])
    }
}
