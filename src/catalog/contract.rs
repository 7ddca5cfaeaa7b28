//! Contract prices: what the account pays instead of the list price, by named prices and then by
//! discounts.

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::catalog::book::PriceBook;
use crate::catalog::model_prices::ModelPrices;
use crate::catalog::offers::{Offer, ReservedOffer};
use crate::catalog::overrides::{ContractPrice, Discount, DiscountedPrice, Overrides};
use crate::catalog::rate::{Rate, RateQuery};
use crate::catalog::rows::RateRow;
use crate::catalog::select::basis;
use crate::domain::{BaseModel, Region, UsdPerMillionTokens};

/// An operator's contract, as far as it is about one model.
#[derive(Clone, Copy, Debug)]
struct Contract<'a> {
    overrides: &'a Overrides,
    model: &'a ModelPrices,
}

impl PriceBook {
    /// Finds the rate of one meter with the price that the account pays under its contract. Without
    /// a list price there is no rate, whatever the contract says.
    #[must_use]
    pub fn contracted_rate(&self, overrides: &Overrides, wanted: &RateQuery<'_>) -> Option<Rate> {
        let model = self.model(wanted.model)?;
        let contract = Contract { overrides, model };
        wanted.of_model(model, Some(&|row| contract.row(row, wanted)))
    }

    /// Lists the model units that are sold for a model in a Region, one for each label and term, at
    /// the price that the account pays. A capacity that the book states goes before the operator's.
    #[must_use]
    pub fn offers(
        &self,
        model: &BaseModel,
        region: &Region,
        day: Date,
        overrides: &Overrides,
    ) -> Vec<Offer> {
        let Some(model) = self.model(model) else {
            return Vec::new();
        };
        let contract = Contract { overrides, model };
        let mut offers = model.offers(region, day);
        for offer in &mut offers {
            offer.unit_price =
                offer.list_unit_price.less(contract.discount(DiscountedPrice::ModelUnits, day));
            offer.capacity = offer.capacity.or_else(|| overrides.capacity(&model.id));
        }
        offers
    }

    /// Lists the reserved tokens per minute that are sold for a model in a Region, one for each
    /// scope and term, at the price that the account pays.
    #[must_use]
    pub fn reserved_offers(
        &self,
        model: &BaseModel,
        region: &Region,
        day: Date,
        overrides: &Overrides,
    ) -> Vec<ReservedOffer> {
        let Some(model) = self.model(model) else {
            return Vec::new();
        };
        let contract = Contract { overrides, model };
        let mut offers = model.reserved_offers(region, day);
        let discount = contract.discount(DiscountedPrice::ReservedTokens, day);
        for offer in &mut offers {
            offer.input = offer.list_input.less(discount);
            offer.output = offer.list_output.less(discount);
        }
        offers
    }
}

impl Contract<'_> {
    /// Returns a row at the contract's prices.
    fn row(&self, list: &RateRow, wanted: &RateQuery<'_>) -> RateRow {
        let named = self.prices_for(list, wanted);
        let discount = self.discount(DiscountedPrice::Tokens, wanted.day);
        let pay = |read: fn(&ContractPrice) -> Option<UsdPerMillionTokens>,
                   list: Option<UsdPerMillionTokens>| {
            // Each meter has the narrowest price that names it, from whichever row.
            let named = named.iter().find_map(|row| read(row));
            named.or_else(|| Some(list?.less(discount)))
        };
        RateRow {
            input: pay(|row| row.input, list.input),
            output: pay(|row| row.output, list.output),
            cache_read: pay(|row| row.cache_read, list.cache_read),
            cache_write_5m: pay(|row| row.cache_write_5m, list.cache_write_5m),
            cache_write_30m: pay(|row| row.cache_write_30m, list.cache_write_30m),
            cache_write_1h: pay(|row| row.cache_write_1h, list.cache_write_1h),
            ..list.clone()
        }
    }

    /// Returns the contract's own prices for the requests of a row; the narrowest scope and Region
    /// first.
    fn prices_for(&self, list: &RateRow, wanted: &RateQuery<'_>) -> Vec<&ContractPrice> {
        let prices = self.overrides.contract_price.iter();
        let mut covering: Vec<_> = prices
            .filter(|row| {
                row.model == self.model.id
                    && row.tier == list.tier
                    && row.above_input_tokens == list.above_input_tokens
                    && row.scope.covers(row.geo, wanted.scope)
                    && row.dating().holds_on(wanted.day)
            })
            .filter_map(|row| Some((basis(&row.regions, wanted.region)?, row)))
            .collect();
        covering.sort_by_key(|(basis, row)| (row.scope.narrowness(), *basis));
        covering.into_iter().map(|(_, row)| row).collect()
    }

    /// Returns the percentage that is taken off: the model's own, else its provider's, else zero.
    fn discount(&self, price: DiscountedPrice, day: Date) -> Decimal {
        let applies = |row: &&Discount| row.on.contains(&price) && row.dating().holds_on(day);
        let of_provider = |row: &&Discount| {
            let provider = row.provider.as_ref();
            provider.is_some_and(|name| name.eq_ignore_ascii_case(&self.model.provider))
        };
        let all = || self.overrides.discount.iter().filter(applies);
        all()
            .find(|row| row.model.as_ref() == Some(&self.model.id))
            .or_else(|| all().find(of_provider))
            .map_or(Decimal::ZERO, |row| row.percent.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Meter, Scope, ServiceTier};

    const MODEL: &str = "anthropic.claude-sonnet-4-6";

    fn paid(overrides: &str, meter: Meter, scope: Scope, day: &str) -> (String, String, String) {
        let overrides =
            Overrides::parse("o.toml", &format!("schema_version = 1\n{overrides}")).unwrap();
        let rate = PriceBook::aws()
            .unwrap()
            .contracted_rate(
                &overrides,
                &RateQuery {
                    model: &BaseModel::new(MODEL),
                    region: &"us-east-1".parse().unwrap(),
                    scope,
                    tier: Some(ServiceTier::Standard),
                    meter,
                    input_tokens: None,
                    day: day.parse().unwrap(),
                },
            )
            .unwrap();
        (
            rate.list_unit_price.to_string(),
            rate.contracted_unit_price.to_string(),
            rate.upper_unit_price.to_string(),
        )
    }

    fn prices(list: &str, paid: &str, upper: &str) -> (String, String, String) {
        (list.to_owned(), paid.to_owned(), upper.to_owned())
    }

    const DISCOUNTS: &str = r#"
[[discount]]
provider = "anthropic"
percent = "10"
on = ["tokens"]
from = "2026-01-01"
until = "2026-06-30"
source = "s"
[[discount]]
model = "anthropic.claude-sonnet-4-6"
percent = "20"
on = ["tokens"]
from = "2026-05-01"
source = "s"
"#;

    #[test]
    fn the_discount_of_a_model_goes_before_that_of_its_provider() {
        let input = |day| paid(DISCOUNTS, Meter::Input, Scope::InRegion, day);
        assert_eq!(input("2026-04-05"), prices("3.30", "2.97", "2.97"));
        assert_eq!(input("2026-05-01"), prices("3.30", "2.64", "2.64"));
        assert_eq!(input("2025-12-31"), prices("3.30", "3.30", "3.30"));
    }

    #[test]
    fn both_ends_of_a_range_are_discounted() {
        let write = paid(DISCOUNTS, Meter::CacheWrite, Scope::InRegion, "2026-04-05");
        assert_eq!(write, prices("4.125", "3.7125", "5.94"));
    }

    #[test]
    fn what_a_contract_price_does_not_name_stays_at_list() {
        let named = r#"
[[contract_price]]
model = "anthropic.claude-sonnet-4-6"
scope = "regional"
regions = ["*"]
input = "3.00"
cache_write_5m = "4.00"
from = "2026-01-01"
source = "s"
"#;
        let of = |meter, scope| paid(named, meter, scope, "2026-04-05");
        assert_eq!(of(Meter::Input, Scope::InRegion), prices("3.30", "3.00", "3.00"));
        assert_eq!(of(Meter::Output, Scope::InRegion), prices("16.50", "16.50", "16.50"));
        assert_eq!(of(Meter::CacheWrite, Scope::InRegion), prices("4.125", "4.00", "6.60"));
        assert_eq!(of(Meter::Input, Scope::Global), prices("3.00", "3.00", "3.00"));
    }

    #[test]
    fn the_order_of_contract_prices_does_not_matter_and_each_meter_has_its_own() {
        let row = |scope: &str, prices: &str| {
            format!(
                "[[contract_price]]\nmodel = \"{MODEL}\"\n{scope}\nregions = [\"*\"]\nfrom = \"2026-01-01\"\n\
                 source = \"s\"\n{prices}\n"
            )
        };
        let broad = row("scope = \"any\"", "input = \"1.00\"\noutput = \"1.00\"");
        let regional = row("scope = \"regional\"", "input = \"2.00\"");
        let narrow = row("scope = \"in-region\"", "cache_read = \"0.03\"");
        let mut orders = [broad, regional, narrow];
        for _ in 0..3 {
            orders.rotate_left(1);
            let of = |meter| paid(&orders.concat(), meter, Scope::InRegion, "2026-04-05").1;
            assert_eq!(of(Meter::Input), "2.00");
            assert_eq!(of(Meter::Output), "1.00");
            assert_eq!(of(Meter::CacheRead), "0.03");
        }
    }

    #[test]
    fn units_are_discounted_only_where_the_contract_says_so() {
        let hour = |on: &str| {
            let text = format!(
                "schema_version = 1\n[[discount]]\nprovider = \"Amazon\"\npercent = \"50\"\non = [\"{on}\"]\n\
                 from = \"2026-01-01\"\nsource = \"s\"\n"
            );
            let offers = PriceBook::aws().unwrap().offers(
                &BaseModel::new("amazon.nova-micro-v1:0"),
                &"us-east-1".parse().unwrap(),
                "2026-04-05".parse().unwrap(),
                &Overrides::parse("o.toml", &text).unwrap(),
            );
            let offer = offers.first().unwrap();
            (offer.list_unit_price.to_string(), offer.unit_price.to_string())
        };
        assert_eq!(hour("tokens"), ("60.50".into(), "60.50".into()));
        assert_eq!(hour("model-units"), ("60.50".into(), "30.25".into()));
    }
}
