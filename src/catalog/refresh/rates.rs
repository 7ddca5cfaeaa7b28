//! Prices of tokens, meter by meter and for the requests of one scope at a time.

use std::collections::BTreeMap;

use crate::catalog::model_prices::ModelPrices;
use crate::catalog::overlay::seen;
use crate::catalog::provenance::DatedRow;
use crate::catalog::refresh::judgment::{
    Beside, Judgment, Verdict, by_region, judge, place_and_day,
};
use crate::catalog::refresh::outcome::{HeldBack, HeldFor, HeldItem, OnDoubt, SeenFigure};
use crate::catalog::row_scope::RowScope;
use crate::catalog::rows::{PriceRange, RateRow};
use crate::catalog::select::{basis, best};
use crate::domain::{Geo, Meter, Region, Scope, ServiceTier};

impl ModelPrices {
    /// Holds back all that a fresh row says otherwise than this model.
    pub(super) fn hold_all(&self, row: &RateRow, held: &mut Vec<HeldBack>) {
        let Some((region, first)) = place_and_day(row) else {
            return;
        };
        for meter in Meter::TOKENS {
            let Some(listed) = figure(row, meter) else { continue };
            let of_all = requests(row).into_iter();
            let of_all = of_all.flat_map(|asked| self.beside(row, region, meter, asked, &[]).rows);
            let kept = best(of_all, region, first).map(|(old, _)| old);
            if kept.is_some_and(|old| is_same_price(row, old, meter)) {
                continue;
            }
            held.push(HeldBack {
                model: self.id.clone(),
                region: region.clone(),
                item: item_of(row, meter),
                why: HeldFor::OnePrice,
                kept: kept.and_then(|old| figure(old, meter)),
                listed,
            });
        }
    }

    /// Takes out of fresh rows of rates what is not to be laid over. A row for several scopes is
    /// split where not all of them take the same of it.
    pub(super) fn sifted_rates(
        &self,
        fresh: &[RateRow],
        on_doubt: OnDoubt,
        held: &mut Vec<HeldBack>,
    ) -> Vec<RateRow> {
        let mut rows = by_region(fresh);
        // The oldest first: where one row of a history is laid over, those after it are too.
        rows.sort_by_key(|row| row.dating().map(|dating| dating.from));
        let mut sifting = Sifting { fresh, on_doubt, verdicts: BTreeMap::new(), held };
        sifting.judge_histories(self, &rows);
        let mut left = Vec::new();
        for row in rows {
            let Some((region, _)) = place_and_day(&row) else {
                left.push(row);
                continue;
            };
            let geos = Geo::of_region(region);
            let mut whole = row.clone();
            let mut parts: BTreeMap<Asked, RateRow> = BTreeMap::new();
            for meter in Meter::TOKENS.into_iter().filter(|meter| row.price(*meter).is_some()) {
                let taken = sifting.taken(self, &row, region, meter);
                if taken.len() == requests(&row).len() {
                    continue;
                }
                whole.take_meter(meter);
                for asked in taken.into_iter().filter(|asked| asked.is_in(&geos)) {
                    let part = parts.entry(asked).or_insert_with(|| row.of_requests(asked));
                    part.give_meter(meter, &row);
                }
            }
            let rows = std::iter::once(whole).chain(parts.into_values());
            left.extend(rows.filter(RateRow::prices_any));
        }
        left
    }

    /// Returns the rows that a figure of a fresh row stands beside, for requests of one scope.
    fn beside(
        &self,
        row: &RateRow,
        region: &Region,
        meter: Meter,
        asked: Asked,
        fresh: &[RateRow],
    ) -> Beside<'_, RateRow> {
        let first = row.dating().map(|dating| dating.from);
        let next = fresh
            .iter()
            .filter(|other| key_of(other) == key_of(row) && other.price(meter).is_some())
            .filter(|other| basis(&other.regions, region).is_some())
            .filter_map(|other| other.dating().map(|dating| dating.from))
            .filter(|from| Some(*from) > first)
            .min();
        let rows = self.rates.iter().filter(|old| {
            asked.is_of(old)
                && (old.tier, old.above_input_tokens) == (row.tier, row.above_input_tokens)
                && old.price(meter).is_some()
                && basis(&old.regions, region).is_some()
        });
        Beside { next, rows: rows.collect(), newest: self.newest() }
    }
}

/// The rates of a list on their way into a book.
struct Sifting<'l> {
    fresh: &'l [RateRow],
    on_doubt: OnDoubt,
    verdicts: BTreeMap<HistoryKey, Verdict>,
    held: &'l mut Vec<HeldBack>,
}

impl Sifting<'_> {
    /// Judges each history of figures as a whole.
    fn judge_histories(&mut self, model: &ModelPrices, rows: &[RateRow]) {
        for row in rows {
            let Some((region, _)) = place_and_day(row) else { continue };
            for meter in Meter::TOKENS.into_iter().filter(|meter| row.price(*meter).is_some()) {
                for asked in requests(row) {
                    let beside = model.beside(row, region, meter, asked, self.fresh);
                    let is_same = |old: &RateRow| is_same_price(row, old, meter);
                    let verdict = judge(row, region, &beside, is_same, self.on_doubt).verdict();
                    let key = (key_of(row), region.clone(), meter, asked);
                    let known = self.verdicts.entry(key).or_insert(Verdict::There);
                    *known = verdict.max(*known);
                }
            }
        }
    }

    /// Returns the requests for which a figure is laid over, and keeps those for which it is held
    /// back.
    fn taken(
        &mut self,
        model: &ModelPrices,
        row: &RateRow,
        region: &Region,
        meter: Meter,
    ) -> Vec<Asked> {
        let (mut taken, mut held) = (Vec::new(), Vec::new());
        for asked in requests(row) {
            let beside = model.beside(row, region, meter, asked, self.fresh);
            let is_same = |old: &RateRow| is_same_price(row, old, meter);
            let key = (key_of(row), region.clone(), meter, asked);
            if self.verdicts.get(&key) == Some(&Verdict::Lay) {
                taken.push(asked);
            } else if let Judgment::Hold(why, kept) =
                judge(row, region, &beside, is_same, self.on_doubt)
            {
                held.push((asked, why, kept.and_then(|old| figure(old, meter))));
            }
        }
        let geos = Geo::of_region(region);
        held.retain(|(asked, ..)| asked.is_in(&geos));
        let here = requests(row).into_iter().filter(|asked| asked.is_in(&geos)).count();
        let is_one = held.len() == here
            && held.windows(2).all(|pair| pair[0].1 == pair[1].1 && pair[0].2 == pair[1].2);
        if is_one {
            held.truncate(1);
        }
        let Some(listed) = figure(row, meter) else {
            return taken;
        };
        self.held.extend(held.into_iter().map(|(asked, why, kept)| HeldBack {
            model: model.id.clone(),
            region: region.clone(),
            item: if is_one {
                item_of(row, meter)
            } else {
                item_of(&row.of_requests(asked), meter)
            },
            why,
            kept,
            listed: listed.clone(),
        }));
        taken
    }
}

/// The requests of one scope that a row answers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Asked {
    Of(Scope),
    OfMantle,
}

/// The key of a row of rates, but for its Region and first day.
type RateRowKey = (RowScope, Option<&'static str>, ServiceTier, Option<u64>);

/// A history of figures: terms that follow each other.
type HistoryKey = (RateRowKey, Region, Meter, Asked);

fn key_of(row: &RateRow) -> RateRowKey {
    (row.scope, row.geo.map(Geo::prefix), row.tier, row.above_input_tokens)
}

impl Asked {
    fn is_of(self, row: &RateRow) -> bool {
        match self {
            Self::Of(scope) => row.covers(scope),
            Self::OfMantle => row.scope == RowScope::Mantle,
        }
    }

    /// Returns false for the profile of a group that a Region is not in.
    fn is_in(self, geos: &[Geo]) -> bool {
        match self {
            Self::Of(Scope::Geo(geo)) => geos.contains(&geo),
            Self::Of(_) | Self::OfMantle => true,
        }
    }
}

fn requests(row: &RateRow) -> Vec<Asked> {
    if row.scope == RowScope::Mantle {
        return vec![Asked::OfMantle];
    }
    let geos = Geo::ALL.into_iter().map(Scope::Geo);
    let all = [Scope::InRegion, Scope::Global].into_iter().chain(geos);
    all.filter(|scope| row.covers(*scope)).map(Asked::Of).collect()
}

fn item_of(row: &RateRow, meter: Meter) -> HeldItem {
    HeldItem::Tokens {
        scope: row.scope,
        geo: row.geo,
        tier: row.tier,
        above_input_tokens: row.above_input_tokens,
        meter,
    }
}

fn figure(row: &RateRow, meter: Meter) -> Option<SeenFigure> {
    let PriceRange { lower, upper } = row.price(meter)?;
    let price = if lower == upper { lower.to_string() } else { format!("{lower} to {upper}") };
    Some(SeenFigure { price, seen: seen(row), source: row.source.clone() })
}

/// Returns true if an older row has all that a fresh one says of a meter.
fn is_same_price(row: &RateRow, old: &RateRow, meter: Meter) -> bool {
    let mut kinds = row.cache_writes().into_iter().zip(old.cache_writes());
    row.price(meter) == old.price(meter)
        || meter == Meter::CacheWrite && kinds.all(|(fresh, old)| fresh.is_none() || fresh == old)
}

impl RateRow {
    /// Returns the row for requests of one scope, without a price.
    fn of_requests(&self, asked: Asked) -> Self {
        let (scope, geo) = match asked {
            Asked::Of(Scope::InRegion) => (RowScope::InRegion, None),
            Asked::Of(Scope::Geo(geo)) => (RowScope::Geo, Some(geo)),
            Asked::Of(Scope::Global) => (RowScope::Global, None),
            Asked::OfMantle => (RowScope::Mantle, None),
        };
        let mut bare = Self { scope, geo, ..self.clone() };
        for meter in Meter::TOKENS {
            bare.take_meter(meter);
        }
        bare
    }

    /// Gives the row the price that another has for a meter.
    const fn give_meter(&mut self, meter: Meter, of: &Self) {
        match meter {
            Meter::Input => self.input = of.input,
            Meter::Output => self.output = of.output,
            Meter::CacheRead => self.cache_read = of.cache_read,
            Meter::CacheWrite => {
                (self.cache_write_5m, self.cache_write_30m, self.cache_write_1h) =
                    (of.cache_write_5m, of.cache_write_30m, of.cache_write_1h);
            }
            _ => {}
        }
    }

    /// Takes the price of a meter out of the row.
    const fn take_meter(&mut self, meter: Meter) {
        match meter {
            Meter::Input => self.input = None,
            Meter::Output => self.output = None,
            Meter::CacheRead => self.cache_read = None,
            Meter::CacheWrite => {
                (self.cache_write_5m, self.cache_write_30m, self.cache_write_1h) =
                    (None, None, None);
            }
            _ => {}
        }
    }
}
