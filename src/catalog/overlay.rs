//! One book laid over another: fresher rows beside those that were there.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::catalog::book::PriceBook;
use crate::catalog::model_prices::ModelPrices;
use crate::catalog::provenance::{DatedRow, Trust};
use crate::catalog::row_scope::{RowRegion, RowScope};
use crate::catalog::rows::RateRow;
use crate::domain::{BaseModel, Geo, Meter, UsdPerMillionTokens};

impl PriceBook {
    /// Lays a fresher book over this one. A row of the same key and day gives way, and so does one
    /// that claims to have begun later: the fresher book would know. Rows that only this book has
    /// stay, and so do lifecycles and weights.
    #[must_use]
    pub fn overlaid(self, fresher: Self) -> Self {
        self.laid_under(fresher, GivesWay::Always)
    }

    /// Lays a fresher book over this one, where the rows of this one give way.
    pub(super) fn laid_under(mut self, fresher: Self, gives_way: GivesWay) -> Self {
        let mut models: BTreeMap<BaseModel, ModelPrices> =
            self.models.drain(..).map(|model| (model.id.clone(), model)).collect();
        for model in fresher.models {
            match models.get_mut(&model.id) {
                Some(before) => {
                    before.overlay(model, gives_way);
                }
                None => {
                    models.insert(model.id.clone(), model);
                }
            }
        }
        self.models = models.into_values().collect();
        // Rows of a book that nobody pays are not charged because others are.
        self.charged &= fresher.charged;
        self
    }
}

/// The rows that give way to a fresher one of the same requests that begins no later.
#[derive(Clone, Copy)]
pub(super) enum GivesWay {
    Always,
    /// Not where the row was seen after the fresher one, or is of a more trusted source.
    WhereNotBetter,
}

impl GivesWay {
    fn is_so<R: DatedRow>(self, old: &R, fresh: &R) -> bool {
        match self {
            Self::Always => true,
            Self::WhereNotBetter => !is_better(old, fresh),
        }
    }
}

/// Returns the last day on which the price of a row was seen.
pub(super) fn seen<R: DatedRow>(row: &R) -> Date {
    row.dating().and_then(|dating| dating.to).unwrap_or_else(|| row.checked())
}

/// Ranks a row by trust, the most trusted first. Where a book does not say, nothing is known.
fn rank<R: DatedRow>(row: &R) -> (bool, Option<Trust>) {
    let trust = row.provenance().trust;
    (trust.is_none(), trust)
}

/// Returns true if the book has a figure better: seen after the list, or of a more trusted source.
pub(super) fn is_better<R: DatedRow>(old: &R, fresh: &R) -> bool {
    seen(old) > seen(fresh) || rank(old) < rank(fresh)
}

/// Takes the Regions of fresher rows out of the rows that give way, and then adds the fresher ones.
fn overlay<R: DatedRow>(before: &mut Vec<R>, fresher: Vec<R>, gives_way: impl Fn(&R, &R) -> bool) {
    for row in &fresher {
        for old in before.iter_mut() {
            if begins_later(old, row) && gives_way(old, row) {
                take_out(old.regions_mut(), row.regions());
            }
        }
    }
    before.retain(|row| !row.regions().is_empty());
    before.extend(fresher);
}

fn begins_later<R: DatedRow>(old: &R, fresh: &R) -> bool {
    let dating = (old.dating(), fresh.dating());
    matches!(dating, (Some(old), Some(fresh)) if old.from >= fresh.from)
}

/// Takes Regions out that are named on both sides, and returns them.
fn take_out(regions: &mut Vec<RowRegion>, named: &[RowRegion]) -> Vec<RowRegion> {
    let is_taken =
        |region: &RowRegion| matches!(region, RowRegion::Named(_)) && named.contains(region);
    let taken = regions.iter().filter(|region| is_taken(region)).cloned().collect();
    regions.retain(|region| !is_taken(region));
    taken
}

impl ModelPrices {
    /// Lays fresher rows over those of the model. Returns true if the prices for all Regions were
    /// given up.
    pub(super) fn overlay(&mut self, mut fresher: Self, gives_way: GivesWay) -> bool {
        let has_rates = !fresher.rates.is_empty();
        let known: Vec<RateRow> = self.rates.iter().chain(fresher.rates.iter()).cloned().collect();
        for row in &mut fresher.rates {
            row.keep_the_range(&known);
        }
        self.split_where_scopes_differ(&fresher.rates, gives_way);
        for row in &mut fresher.rates {
            let mut left = Vec::new();
            for old in &mut self.rates {
                if is_of_one_kind(old, row) && begins_later(old, row) && gives_way.is_so(old, row) {
                    let regions = take_out(&mut old.regions, &row.regions);
                    left.extend(old.without_meters_of(row, regions));
                }
            }
            // Back among the others: a later row of the same list may be of what is left.
            self.rates.retain(|row| !row.regions.is_empty());
            self.rates.append(&mut left);
        }
        self.rates.extend(fresher.rates);
        let is_given_up = has_rates && self.give_up_spread();
        overlay(&mut self.model_units, fresher.model_units, |old, row| {
            (old.term, &old.label) == (row.term, &row.label) && gives_way.is_so(old, row)
        });
        overlay(&mut self.reserved_tokens, fresher.reserved_tokens, |old, row| {
            old.serves() == row.serves() && old.term == row.term && gives_way.is_so(old, row)
        });
        is_given_up
    }
}

impl ModelPrices {
    /// Splits regional rows where a fresher row is for a part of their requests and begins no later:
    /// the part gives way, and the rest stays.
    fn split_where_scopes_differ(&mut self, fresher: &[RateRow], gives_way: GivesWay) {
        let mut parts = Vec::new();
        for old in &mut self.rates {
            let narrower = |row: &&RateRow| {
                old.scope == RowScope::Regional
                    && [RowScope::InRegion, RowScope::Geo].contains(&row.scope)
                    && (old.tier, old.above_input_tokens) == (row.tier, row.above_input_tokens)
                    && Meter::TOKENS.iter().any(|it| old.price(*it).and(row.price(*it)).is_some())
                    && begins_later(old, *row)
                    && gives_way.is_so(old, *row)
            };
            let named: Vec<RowRegion> =
                fresher.iter().filter(narrower).flat_map(|row| row.regions.clone()).collect();
            for region in take_out(&mut old.regions, &named) {
                parts.extend(old.parts_in(&region));
            }
        }
        // A row of the very scope went before the regional one, and still does.
        for part in parts {
            let others = self.rates.iter().filter(|other| {
                (other.scope, other.geo, other.tier) == (part.scope, part.geo, part.tier)
                    && other.above_input_tokens == part.above_input_tokens
                    && part.regions.iter().all(|region| other.regions.contains(region))
                    && other.dating().map(|dating| dating.from)
                        == part.dating().map(|dating| dating.from)
            });
            let mut left = Some(part.clone());
            for other in others {
                let regions = part.regions.clone();
                left = left.and_then(|left| left.without_meters_of(other, regions));
            }
            self.rates.extend(left);
        }
        self.rates.retain(|row| !row.regions.is_empty());
    }
}

impl RateRow {
    /// Returns a regional row of one Region as a row for that Region and rows for its groups.
    fn parts_in(&self, region: &RowRegion) -> Vec<Self> {
        let RowRegion::Named(name) = region else {
            return Vec::new();
        };
        let geos = Geo::of_region(name).into_iter().map(|geo| (RowScope::Geo, Some(geo)));
        let scopes = [(RowScope::InRegion, None)].into_iter().chain(geos);
        let part =
            |(scope, geo)| Self { scope, geo, regions: vec![region.clone()], ..self.clone() };
        scopes.map(part).collect()
    }

    /// Takes over the other kind of cache writes from the rows that the row goes before. With one
    /// kind alone the price would no longer be the range that it is. A write for half an hour is the
    /// only kind of the models that have it, so that such a price is whole and never taken over.
    fn keep_the_range(&mut self, known: &[Self]) {
        let lacks: fn(&Self) -> Option<UsdPerMillionTokens> =
            match (self.cache_write_5m, self.cache_write_1h) {
                (None, Some(_)) => |old| old.cache_write_5m,
                (Some(_), None) => |old| old.cache_write_1h,
                _ => return,
            };
        // A row for all Regions also holds in those of the fresher row.
        let is_replaced = |region: &RowRegion| {
            !matches!(region, RowRegion::Named(_)) || self.regions.contains(region)
        };
        let has_it = |old: &&Self| {
            is_of_one_kind(old, self) && old.regions.iter().any(is_replaced) && lacks(old).is_some()
        };
        // What the same row took over before, so that a list that is read again says the same; else
        // the row that was seen last, and of those the dearest.
        let from = self.dating().map(|dating| dating.from);
        let is_itself =
            |old: &Self| old.scope == self.scope && old.dating().map(|dating| dating.from) == from;
        let rank = |old: &&Self| (is_itself(old), seen(*old), lacks(old));
        let Some(old) = known.iter().filter(has_it).max_by_key(rank) else {
            return;
        };
        self.cache_write_5m = self.cache_write_5m.or_else(|| lacks(old));
        self.cache_write_1h = self.cache_write_1h.or_else(|| lacks(old));
        // A row that was laid over before says so already.
        self.source = if old.source.starts_with(&self.source) {
            old.source.clone()
        } else {
            format!("{}; the other kind of cache writes: {}", self.source, old.source)
        };
        // The row was seen by the day on which all that it holds was.
        self.checked = self.checked.min(old.checked);
    }

    /// Returns the prices of some Regions that a fresher row does not give; `None` where there are
    /// none.
    fn without_meters_of(&self, fresh: &Self, regions: Vec<RowRegion>) -> Option<Self> {
        let unless = |fresh: bool, price: Option<UsdPerMillionTokens>| price.filter(|_| !fresh);
        // All kinds of cache writes are one range, so any of the fresher row replaces all.
        let writes = fresh.cache_writes().into_iter().any(|price| price.is_some());
        let left = Self {
            regions,
            input: unless(fresh.input.is_some(), self.input),
            output: unless(fresh.output.is_some(), self.output),
            cache_read: unless(fresh.cache_read.is_some(), self.cache_read),
            cache_write_5m: unless(writes, self.cache_write_5m),
            cache_write_30m: unless(writes, self.cache_write_30m),
            cache_write_1h: unless(writes, self.cache_write_1h),
            ..self.clone()
        };
        (!left.regions.is_empty() && left.prices_any()).then_some(left)
    }
}

/// Returns true if all requests of an older row are also requests of a fresher one.
fn is_of_one_kind(old: &RateRow, fresh: &RateRow) -> bool {
    is_within(old.scope, fresh.scope)
        && (fresh.scope != RowScope::Geo || old.geo == fresh.geo)
        && (old.tier, old.above_input_tokens) == (fresh.tier, fresh.above_input_tokens)
}

/// Returns true if all requests of a row of one scope are also requests of a row of the other.
fn is_within(scope: RowScope, other: RowScope) -> bool {
    let regional = [RowScope::InRegion, RowScope::Geo];
    scope == other || (other == RowScope::Regional && regional.contains(&scope))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::RateQuery;
    use crate::domain::{Scope, ServiceTier};

    fn book(rows: &[(&str, &str, &str, &str)]) -> PriceBook {
        let head = "schema_version = 1\nname = \"t\"\ndescription = \"d\"\ncharged = true\n[[model]]\nid = \"a.b\"\nname = \"B\"\nprovider = \"A\"\n";
        let row = |(scope, region, from, input): &(&str, &str, &str, &str)| {
            format!(
                "[[model.rate]]\n{scope}\nregions = [\"{region}\"]\ntier = \"standard\"\n\
                 effective_from = \"{from}\"\nchecked = \"{from}\"\nsource = \"s\"\ninput = \"{input}\"\n"
            )
        };
        let rows = rows.iter().map(row).collect::<Vec<_>>().concat();
        PriceBook::parse("t", &format!("{head}{rows}")).unwrap()
    }

    const IN_REGION: &str = "scope = \"in-region\"";
    const US: &str = "scope = \"geo\"\ngeo = \"us\"";
    const REGIONAL: &str = "scope = \"regional\"";

    fn price(book: &PriceBook, scope: Scope) -> String {
        let rate = book.rate(&RateQuery {
            model: &BaseModel::new("a.b"),
            region: &"us-east-1".parse().unwrap(),
            scope,
            tier: Some(ServiceTier::Standard),
            meter: Meter::Input,
            input_tokens: None,
            day: "2026-11-20".parse().unwrap(),
        });
        rate.unwrap().list_unit_price.to_string()
    }

    #[test]
    fn a_fresher_row_goes_before_all_that_it_speaks_of() {
        let before = book(&[
            (IN_REGION, "us-east-1", "2026-03-01", "1.00"),
            (US, "*", "2026-03-01", "1.00"),
            ("scope = \"global\"", "*", "2026-03-01", "0.90"),
        ]);
        for day in ["2026-02-01", "2026-03-01", "2026-04-01"] {
            let both = before.clone().overlaid(book(&[(REGIONAL, "us-east-1", day, "2.00")]));
            assert!(both.faults().is_empty(), "{:?}", both.faults());
            assert_eq!(price(&both, Scope::InRegion), "2.00", "{day}");
            assert_eq!(price(&both, Scope::Geo(Geo::Us)), "2.00", "{day}");
            assert_eq!(price(&both, Scope::Global), "0.90", "{day}");
        }
    }

    #[test]
    fn a_fresher_row_for_a_part_of_the_requests_takes_that_part() {
        let before = book(&[(REGIONAL, "us-east-1", "2026-11-01", "2.00")]);
        let split = [(IN_REGION, "us-east-1", "2026-03-01", "1.00")];
        let both = before.overlaid(book(&split));
        assert!(both.faults().is_empty(), "{:?}", both.faults());
        assert_eq!(price(&both, Scope::InRegion), "1.00");
        assert_eq!(price(&both, Scope::Geo(Geo::Us)), "2.00");
    }

    #[test]
    fn each_row_of_a_fresher_history_goes_before_what_the_one_before_left() {
        let rows = |meters: &[(&str, &str)]| {
            let head = book(&[]).to_toml().unwrap();
            let row = |(from, prices): &(&str, &str)| {
                format!(
                    "[[model.rate]]\nscope = \"regional\"\nregions = [\"us-east-1\"]\ntier = \"standard\"\n\
                     effective_from = \"{from}\"\nchecked = \"2026-06-01\"\nsource = \"s\"\n{prices}\n"
                )
            };
            let rows: String = meters.iter().map(row).collect();
            PriceBook::parse("t", &format!("{head}\n{rows}")).unwrap()
        };
        let before = rows(&[("2026-05-01", "input = \"1.00\"\ncache_read = \"0.10\"")]);
        let list =
            rows(&[("2026-01-01", "cache_read = \"0.20\""), ("2026-01-08", "input = \"2.00\"")]);
        assert_eq!(price(&before.overlaid(list), Scope::InRegion), "2.00");
    }

    fn micro(meters: &str) -> PriceBook {
        let text = format!(
            "schema_version = 1\nname = \"t\"\ndescription = \"d\"\ncharged = true\n[[model]]\nid = \"anthropic.claude-sonnet-4-6\"\n\
             name = \"S\"\nprovider = \"A\"\n[[model.rate]]\nscope = \"regional\"\nregions = [\"us-east-1\"]\n\
             tier = \"standard\"\neffective_from = \"2026-03-01\"\nchecked = \"2026-11-24\"\nsource = \"fresh\"\n{meters}"
        );
        PriceBook::parse("t", &text).unwrap()
    }

    fn of_meter(book: &PriceBook, meter: Meter) -> (String, String, String) {
        of_scope(book, Scope::InRegion, meter)
    }

    fn of_scope(book: &PriceBook, scope: Scope, meter: Meter) -> (String, String, String) {
        let rate = book.rate(&RateQuery {
            model: &BaseModel::new("anthropic.claude-sonnet-4-6"),
            region: &"us-east-1".parse().unwrap(),
            scope,
            tier: Some(ServiceTier::Standard),
            meter,
            input_tokens: None,
            day: "2026-11-20".parse().unwrap(),
        });
        let rate = rate.unwrap();
        (
            rate.list_unit_price.to_string(),
            rate.upper_unit_price.to_string(),
            rate.source.provenance.source,
        )
    }

    #[test]
    fn a_meter_that_the_fresher_row_lacks_keeps_its_price() {
        let both = PriceBook::aws()
            .unwrap()
            .overlaid(micro("input = \"3.50\"\ncache_write_5m = \"4.40\"\n"));
        assert!(both.faults().is_empty(), "{:?}", both.faults());
        let input = of_meter(&both, Meter::Input);
        assert_eq!(input.0, "3.50");
        assert!(input.2.starts_with("fresh; the other kind of cache writes: AWS"));
        let output = of_meter(&both, Meter::Output);
        assert_eq!(output.0, "16.50");
        assert!(output.2.starts_with("AWS Price List"), "{}", output.2);
        // An hour's writes were not listed this time: they still bound what is paid.
        for scope in [Scope::InRegion, Scope::Geo(Geo::Us)] {
            let write = of_scope(&both, scope, Meter::CacheWrite);
            assert_eq!((write.0.as_str(), write.1.as_str()), ("4.40", "6.60"));
        }
    }

    #[test]
    fn what_the_fresher_book_lacks_stays() {
        let before = PriceBook::aws().unwrap();
        let both = before.clone().overlaid(book(&[]));
        assert_eq!(both.models.len(), before.models.len() + 1);
        for model in &before.models {
            assert_eq!(both.model(&model.id), Some(model));
        }
    }
}
