//! The origins of a recommendation's numbers: price rows and series.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::catalog::{InForce, Offer, Rate, RateSource, RegionBasis, ReservedOffer};
use crate::domain::period::HOUR;
use crate::domain::{BaseModel, Meter, Scope, ServiceTier, Tokens};
use crate::observation::NAMESPACE;
use crate::pricing::{Lane, LaneKind, LaneRates, Priced, Workload};

/// Where the numbers of a recommendation come from.
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
    /// So many more of the same kinds, which the report's workloads hold.
    More {
        /// How many.
        count: usize,
    },
}

/// Origins that a recommendation names; an account can have thousands of profiles of one model.
const NAMED: usize = 40;

/// One list price that was used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RateEvidence {
    /// What is priced.
    pub what: String,
    /// The list price.
    pub list_unit_price: String,
    /// What the account pays, where its contract says otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contracted_unit_price: Option<String>,
    /// What it is for.
    pub pricing_unit: &'static str,
    /// How the row came to apply to the Region.
    pub region_basis: RegionBasis,
    /// Whether the row's dates hold the day.
    pub in_force: InForce,
    /// The first day of the price, or the first on which it was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Date>,
    /// The day on which somebody last looked.
    pub checked: Date,
    /// Where it is written.
    pub source: String,
}

/// One series that was used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SeriesEvidence {
    /// The namespace.
    pub namespace: &'static str,
    /// The metric.
    pub metric: String,
    /// The value of `ModelId`, the one dimension.
    pub model_id: String,
    /// The first instant.
    pub start: Timestamp,
    /// The first instant after the last step.
    pub end: Timestamp,
    /// Seconds of a step.
    pub step: u32,
    /// The sum of its points.
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
        let label = offer
            .label
            .as_ref()
            .map_or_else(String::new, |label| format!(" {label}"));
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
        for (meter, list, paid) in [
            ("input", offer.list_input, offer.input),
            ("output", offer.list_output, offer.output),
        ] {
            self.push(EvidenceItem::Rate(RateEvidence::new(
                format!("{model} reserved {meter} tokens, {scope}, {}", offer.term),
                UnitPrice {
                    list: list.to_string(),
                    paid: paid.to_string(),
                },
                "1000 Tokens per Minute-Hours",
                &offer.source,
            )));
        }
    }

    /// The origins, in the order in which they were added.
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

    /// The list prices.
    pub fn list_prices(&self) -> impl Iterator<Item = &RateEvidence> {
        self.0.iter().filter_map(|item| match item {
            EvidenceItem::Rate(rate) => Some(rate),
            _ => None,
        })
    }

    /// Adds what a lane was metered and priced by.
    pub(super) fn lane(&mut self, priced: &Priced<'_>, lane: &Lane<'_>) {
        for meter in &lane.meters {
            if let (
                Some(rate),
                LaneKind::OnDemand {
                    model, scope, tier, ..
                },
            ) = (&meter.rate, &lane.kind)
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

    /// Adds the series that a size and its chances rest on: the hours of the survey and the minutes.
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
        if self.0.contains(&item) {
            return;
        }
        let is_full = self.0.len() >= NAMED;
        match self.0.last_mut() {
            Some(EvidenceItem::More { count }) => *count += 1,
            _ if is_full => self.0.push(EvidenceItem::More { count: 1 }),
            _ => self.0.push(item),
        }
    }

    /// What a reader should know of the rates before acting: a Region that their source does not give.
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
