//! The scopes that a caller in a Region can choose from, and the tiers that have prices.

use jiff::civil::Date;

use crate::catalog::book::PriceBook;
use crate::catalog::figure::{FigureItem, FigureKey, FigureScope};
use crate::catalog::model_prices::ModelPrices;
use crate::catalog::rate_field::RateField;
use crate::catalog::row_scope::RowScope;
use crate::catalog::source_regions::SourceRegions;
use crate::domain::{Geo, Region, Scope, ServiceTier};

/// A scope that a caller can choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallableScope {
    /// Scope of the calls.
    pub scope: Scope,
    /// False where AWS's lists do not have the scope for the Region and only the book does: such a call
    /// may be refused.
    pub is_listed: bool,
}

impl PriceBook {
    /// Lists the scopes that a caller in a Region can choose from, the global profile last. Profiles are
    /// those that the Region may call by the embedded lists, else by the name of the Region.
    #[must_use]
    pub fn callable_scopes(
        &self,
        model: &ModelPrices,
        region: &Region,
        day: Date,
    ) -> Vec<CallableScope> {
        let lists = SourceRegions::embedded();
        let listed = lists.scopes(&model.id, region);
        let is_listed = |scope: &Scope| match scope {
            Scope::InRegion => lists.may_call(&model.id, Scope::InRegion, region) != Some(false),
            profile => listed.contains(profile),
        };
        // A row for in-Region calls and any group prices groups that nobody lists, too.
        let has_own = |scope: Scope| {
            let rows = model.rates.iter().filter(|row| row.scope != RowScope::Regional);
            rows.filter(|row| row.covers(scope)).any(|row| row.names(region))
        };
        let priced = |scope: Scope| {
            let scope = FigureScope::Requests(scope);
            let (tier, field) = (ServiceTier::Standard, RateField::Input);
            let item = FigureItem::Tokens { scope, tier, above_input_tokens: None, field };
            let key = FigureKey { model: model.id.clone(), region: region.clone(), item };
            self.figure(&key, day).is_some()
        };
        let is_known = lists.models().any(|of| *of == model.id);
        // Where nobody lists the model's profiles, those that the book has any figure of are told too.
        let groups = Geo::of_region(region);
        let may_be = |scope: Scope| match scope {
            Scope::Geo(geo) => groups.contains(&geo),
            _ => true,
        };
        let has_figure = |scope: Scope| {
            let rows = model.rates.iter().filter(|row| row.scope != RowScope::Regional);
            rows.filter(|row| row.scope != RowScope::Any).any(|row| row.covers(scope))
        };
        let profiles = Geo::ALL.into_iter().map(Scope::Geo).chain([Scope::Global]);
        let unlisted = profiles.filter(|scope| {
            let is_priced = has_own(*scope) && priced(*scope);
            !listed.contains(scope)
                && (is_priced || !is_known && may_be(*scope) && has_figure(*scope))
        });
        let all = [Scope::InRegion].into_iter().chain(listed.iter().copied()).chain(unlisted);
        let mut all: Vec<Scope> = all.collect();
        // The global profile last, also where nobody lists it.
        all.sort_by_key(|scope| *scope == Scope::Global);
        all.into_iter()
            .map(|scope| CallableScope { scope, is_listed: is_listed(&scope) || !is_known })
            .collect()
    }
}

impl ModelPrices {
    /// Lists the tiers and lengths that a model has prices of.
    #[must_use]
    pub fn variants(&self) -> Vec<(ServiceTier, Option<u64>)> {
        let rows = self.rates.iter();
        let mut variants: Vec<_> = rows.map(|row| (row.tier, row.above_input_tokens)).collect();
        variants.sort_unstable();
        variants.dedup();
        variants
    }
}
