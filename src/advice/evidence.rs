//! The origins of a recommendation's numbers: price rows and series.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::catalog::{InForce, Offer, Rate, RateSource, RegionBasis, ReservedOffer};
use crate::domain::period::HOUR;
use crate::domain::{BaseModel, Meter, Scope, ServiceTier, Tokens};
use crate::observation::NAMESPACE;
use crate::pricing::{Lane, LaneKind, LaneRates, Priced, Workload};

/// Origins of the numbers of a recommendation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Evidence(Vec<EvidenceItem>);

/// One origin of a number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EvidenceItem {
    /// A list price.
    Rate(RateEvidence),
    /// A series.
    Series(SeriesEvidence),
    /// Further origins of the same kinds, which the report's workloads hold.
    More {
        /// Number of further origins.
        count: usize,
    },
}

/// Origins that a recommendation names: an account can have thousands of profiles of one model, and
/// each profile has a rate and a series for each meter.
const NAMED: usize = 40;

/// One list price that was used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RateEvidence {
    /// Priced thing in words: model, scope, tier and meter, or model and offer.
    pub what: String,
    /// List price in USD for one `pricing_unit`.
    pub list_unit_price: String,
    /// Price that the account pays in USD for one `pricing_unit`; absent where that is the list
    /// price.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contracted_unit_price: Option<String>,
    /// Unit of the price.
    pub pricing_unit: &'static str,
    /// Way in which the price row came to apply to the Region.
    pub region_basis: RegionBasis,
    /// Position of the day among the row's dates.
    pub in_force: InForce,
    /// First day of the price, or the first on which the price was seen; absent for an undated row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Date>,
    /// Day on which somebody last looked.
    pub checked: Date,
    /// Place where the price is written.
    pub source: String,
}

/// One series that was used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SeriesEvidence {
    /// CloudWatch namespace.
    pub namespace: &'static str,
    /// CloudWatch metric.
    pub metric: String,
    /// Value of `ModelId`, the one dimension.
    pub model_id: String,
    /// First instant.
    pub start: Timestamp,
    /// First instant after the last step.
    pub end: Timestamp,
    /// Seconds of a step.
    pub step: u32,
    /// Sum of the points.
    pub total: Tokens,
}

impl Evidence {
    /// Adds the rate of a meter.
    pub(super) fn rate(
        &mut self,
        model: &BaseModel,
        scope: Scope,
        tier: ServiceTier,
        meter: Meter,
        rate: &Rate,
    ) {
        self.push(EvidenceItem::Rate(RateEvidence::new(
            format!("{model} {scope} {tier} {meter}"),
            UnitPrice {
                list: rate.list_unit_price.to_string(),
                paid: rate.contracted_unit_price.to_string(),
            },
            "1000000 Tokens",
            &rate.source,
        )));
    }

    /// Adds the price of a model unit.
    pub(super) fn offer(&mut self, model: &BaseModel, offer: &Offer) {
        let label = offer.label.as_ref().map_or_else(String::new, |label| format!(" {label}"));
        self.push(EvidenceItem::Rate(RateEvidence::new(
            format!("{model} model unit{label}, {}", offer.term),
            UnitPrice {
                list: offer.list_unit_price.to_string(),
                paid: offer.unit_price.to_string(),
            },
            "Model Unit-Hours",
            &offer.source,
        )));
    }

    /// Adds the prices of reserved tokens per minute.
    pub(super) fn reserved_offer(&mut self, model: &BaseModel, offer: &ReservedOffer) {
        let scope = offer.scope.in_words();
        for (meter, list, paid) in
            [("input", offer.list_input, offer.input), ("output", offer.list_output, offer.output)]
        {
            self.push(EvidenceItem::Rate(RateEvidence::new(
                format!("{model} reserved {meter} tokens, {scope}, {}", offer.term),
                UnitPrice { list: list.to_string(), paid: paid.to_string() },
                "1000 Tokens per Minute-Hours",
                &offer.source,
            )));
        }
    }

    /// Returns the origins, in the order in which they were added.
    #[must_use]
    pub fn items(&self) -> &[EvidenceItem] {
        &self.0
    }

    /// Adds the rates that a lane would have.
    pub(super) fn rates(&mut self, workload: &Workload<'_>, to: &LaneRates<'_>) {
        let (model, tier) = to.priced_as(workload);
        for (meter, rate) in &to.rates {
            self.rate(model, to.scope, tier, *meter, rate);
        }
    }

    /// Adds a series.
    pub(super) fn series(&mut self, series: SeriesEvidence) {
        self.push(EvidenceItem::Series(series));
    }

    /// Returns the list prices.
    pub fn list_prices(&self) -> impl Iterator<Item = &RateEvidence> {
        self.0.iter().filter_map(|item| match item {
            EvidenceItem::Rate(rate) => Some(rate),
            _ => None,
        })
    }

    /// Adds the series and the rates of a lane.
    pub(super) fn lane(&mut self, priced: &Priced<'_>, lane: &Lane<'_>) {
        for meter in &lane.meters {
            if let (Some(rate), LaneKind::OnDemand { model, scope, tier, .. }) =
                (&meter.rate, &lane.kind)
            {
                self.rate(model, *scope, *tier, meter.meter, rate);
            }
            self.series(SeriesEvidence {
                namespace: NAMESPACE,
                metric: meter.metric.clone(),
                model_id: lane.usage.model_id.text().to_owned(),
                start: priced.recent.start(),
                end: priced.recent.end(),
                step: HOUR,
                total: meter.recent,
            });
        }
    }

    /// Adds the series that a size and its certainty rest on: the hours of the survey and the
    /// minutes.
    pub(super) fn history(&mut self, priced: &Priced<'_>, lane: &Lane<'_>) {
        let window = priced.observation.window;
        let (hours, minutes) = (lane.usage.readings(), lane.usage.minute_readings());
        for reading in hours.into_iter().chain(minutes) {
            let start = reading.series.start.max(window.start());
            self.series(SeriesEvidence {
                namespace: NAMESPACE,
                metric: reading.name.to_owned(),
                model_id: lane.usage.model_id.text().to_owned(),
                start,
                end: window.end(),
                step: reading.series.step,
                total: reading.series.total(),
            });
        }
    }

    fn push(&mut self, item: EvidenceItem) {
        // Lanes of one model share their rates: each is named once.
        if self.0.contains(&item) {
            return;
        }
        let is_full = self.0.len() >= NAMED;
        match self.0.last_mut() {
            // Once one was left out, all further ones are counted, or the order would mislead.
            Some(EvidenceItem::More { count }) => *count += 1,
            _ if is_full => self.0.push(EvidenceItem::More { count: 1 }),
            _ => self.0.push(item),
        }
    }

    /// Lists what a reader should know of the rates before acting: a Region that their source does
    /// not name.
    pub(super) fn caveats(&self) -> Vec<String> {
        self.list_prices()
            .filter(|rate| rate.region_basis == RegionBasis::Unstated)
            .map(|rate| format!("the source of the price of {} names no Region", rate.what))
            .collect()
    }
}

/// One price at list and as the account pays it.
struct UnitPrice {
    list: String,
    paid: String,
}

impl RateEvidence {
    fn new(what: String, price: UnitPrice, unit: &'static str, source: &RateSource) -> Self {
        Self {
            what,
            contracted_unit_price: (price.paid != price.list).then_some(price.paid),
            list_unit_price: price.list,
            pricing_unit: unit,
            region_basis: source.region_basis,
            in_force: source.in_force,
            from: source.provenance.dating().map(|dating| dating.from),
            checked: source.provenance.checked,
            source: source.provenance.source.clone(),
        }
    }
}
