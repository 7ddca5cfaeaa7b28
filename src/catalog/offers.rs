//! Offers: model units and reserved tokens per minute that can be bought ahead.

use jiff::civil::Date;

use crate::catalog::model_prices::ModelPrices;
use crate::catalog::overrides::ReservedScope;
use crate::catalog::rate::RateSource;
use crate::catalog::row_scope::RowScope;
use crate::catalog::rows::{ModelUnitsRow, ReservedTokensRow};
use crate::catalog::select::best;
use crate::domain::quantity::CapacityOrigin;
use crate::domain::{Capacity, Region, Term, UsdPerModelUnitHour, UsdPerThousandTpmHour};

/// Model units that can be bought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Name in the book, where the book sells more than one kind of units.
    pub label: Option<String>,
    /// Term for which a purchase binds.
    pub term: Term,
    /// USD for one unit and hour at list.
    pub list_unit_price: UsdPerModelUnitHour,
    /// USD for one unit and hour as the account pays it.
    pub unit_price: UsdPerModelUnitHour,
    /// Load that a unit serves; `None` where neither the book nor the overrides say.
    pub capacity: Option<Capacity>,
    /// Source of the price.
    pub source: RateSource,
}

/// Reserved tokens per minute that can be bought. Prices are USD an hour for 1,000 of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReservedOffer {
    /// Profiles that they serve.
    pub scope: ReservedScope,
    /// Term for which a purchase binds.
    pub term: Term,
    /// Price of input at list.
    pub list_input: UsdPerThousandTpmHour,
    /// Price of output at list.
    pub list_output: UsdPerThousandTpmHour,
    /// Price of input as the account pays it.
    pub input: UsdPerThousandTpmHour,
    /// Price of output as the account pays it.
    pub output: UsdPerThousandTpmHour,
    /// Fewest input tokens a minute that are sold.
    pub minimum_input_tpm: u64,
    /// Fewest output tokens a minute that are sold.
    pub minimum_output_tpm: u64,
    /// Source of the prices.
    pub source: RateSource,
}

impl ModelPrices {
    /// Lists the model units that are sold in a Region at list, one for each label and term.
    pub(super) fn offers(&self, region: &Region, day: Date) -> Vec<Offer> {
        let mut products: Vec<(Option<&String>, Term)> =
            self.model_units.iter().map(|row| (row.label.as_ref(), row.term)).collect();
        products.sort_unstable();
        products.dedup();
        let offer = |(label, term): (Option<&String>, Term)| {
            let rows = self
                .model_units
                .iter()
                .filter(|row| row.label.as_ref() == label && row.term == term);
            let (row, source) = best(rows, region, day)?;
            Some(Offer {
                label: row.label.clone(),
                term: row.term,
                list_unit_price: row.usd_per_unit_hour,
                unit_price: row.usd_per_unit_hour,
                capacity: stated_capacity(row),
                source,
            })
        };
        products.into_iter().filter_map(offer).collect()
    }

    /// Lists the reserved tokens per minute that are sold in a Region at list, one for each scope
    /// and term.
    pub(super) fn reserved_offers(&self, region: &Region, day: Date) -> Vec<ReservedOffer> {
        let scope_of = ReservedTokensRow::serves;
        let mut products: Vec<(ReservedScope, Term)> =
            self.reserved_tokens.iter().map(|row| (scope_of(row), row.term)).collect();
        products.sort_unstable();
        products.dedup();
        let offer = |(scope, term): (ReservedScope, Term)| {
            let rows = self
                .reserved_tokens
                .iter()
                .filter(|row| scope_of(row) == scope && row.term == term);
            let (row, source) = best(rows, region, day)?;
            Some(ReservedOffer {
                scope,
                term,
                list_input: row.input,
                list_output: row.output,
                input: row.input,
                output: row.output,
                minimum_input_tpm: row.minimum_input_tpm,
                minimum_output_tpm: row.minimum_output_tpm,
                source,
            })
        };
        products.into_iter().filter_map(offer).collect()
    }
}

impl ReservedTokensRow {
    /// Returns the profiles that the tokens serve.
    pub(super) const fn serves(&self) -> ReservedScope {
        match self.scope {
            RowScope::InRegion | RowScope::Geo | RowScope::Regional => ReservedScope::Regional,
            RowScope::Global | RowScope::Any | RowScope::Mantle => ReservedScope::Global,
        }
    }
}

fn stated_capacity(row: &ModelUnitsRow) -> Option<Capacity> {
    Some(Capacity {
        input_tokens_per_hour: row.input_tokens_per_hour?.0,
        output_tokens_per_hour: row.output_tokens_per_hour?.0,
        origin: CapacityOrigin::Stated,
    })
}
