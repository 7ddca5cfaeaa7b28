//! The estimate: every plan of a model, cheapest first.

use jiff::civil::Date;
use serde::Serialize;

use crate::domain::{BaseModel, Region, ServiceTier};
use crate::estimate::basis::{EstimateBasis, EstimateError};
use crate::estimate::calls::{by_the_token, calls};
use crate::estimate::other_models::CostNow;
use crate::estimate::plan::{EstimatedPlan, PlanKind, Plans, UnknownPlan};
use crate::estimate::shape::LoadShape;
use crate::estimate::volume::Volume;
use crate::estimate::{commitments, direct_api, other_models, rented_gpus};

/// The cost of a volume under every plan of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Estimate {
    /// Warning that nobody may act on the prices; `None` where AWS charges them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
    /// Base id of the model.
    pub model: BaseModel,
    /// Name that people use.
    pub name: String,
    /// Name of the book.
    pub book: String,
    /// Region that is called.
    pub region: Region,
    /// Day of the prices.
    pub day: Date,
    /// Tokens and requests of a month.
    pub volume: Volume,
    /// Spread of the volume over time.
    pub shape: LoadShape,
    /// Spread in words.
    pub shape_in_words: String,
    /// Plans whose cost is known, cheapest first.
    pub plans: Vec<EstimatedPlan>,
    /// Plans whose cost is not known, each with the reason.
    pub unknown: Vec<UnknownPlan>,
    /// Remarks on the model.
    pub notes: Vec<String>,
}

impl Estimate {
    /// Estimates a volume under every plan.
    ///
    /// # Errors
    ///
    /// If the model has ended, or no plan has a price.
    pub fn new(basis: &EstimateBasis<'_>) -> Result<Self, EstimateError> {
        let rows = basis.book.lifecycle(&basis.model.id, &basis.region);
        let row = rows.first();
        if let Some(end) = basis.end().filter(|end| *end <= basis.day) {
            return Err(EstimateError::Ended {
                name: basis.model.name.clone(),
                end,
                region: basis.region.clone(),
                successor: row.and_then(|row| row.successor.clone()),
            });
        }
        let mut all = bedrock(basis);
        if all.known.is_empty() {
            return Err(EstimateError::NoPrice {
                book: basis.book.name.clone(),
                name: basis.model.name.clone(),
                region: basis.region.clone(),
                instead: all
                    .unknown
                    .first()
                    .map(|plan| plan.why.clone())
                    .or_else(|| basis.nearest()),
            });
        }
        let on_demand = all.known.iter().filter(|plan| plan.kind == PlanKind::OnDemand);
        if let Some(least) = on_demand.map(|plan| plan.monthly_cost).min() {
            other_models::add(basis, &CostNow::by_the_token(least), &mut all);
            direct_api::add(basis, least, &mut all);
        }
        rented_gpus::add(basis, &mut all);
        if let Some(gpus) = &basis.self_hosting.gpus {
            gpus.add(basis, &mut all);
        }
        let Plans { known, unknown } = all.sorted();
        let mut notes: Vec<String> = basis.reviewed_as_gone().into_iter().collect();
        notes.extend(basis.exceeds_context());
        notes.extend(basis.exceeds_output());
        notes.extend(basis.unused_capacity());
        if let Some(row) = row {
            notes.extend(row.legacy.map(|day| format!("Legacy from {day} on")));
            let may_cost_more = row.extended_access.filter(|day| *day <= basis.day);
            notes.extend(may_cost_more.map(|day| {
                format!("in extended access since {day}: AWS may charge more than the prices shown")
            }));
            notes.extend(row.end_of_life.map(|day| format!("ends on {day}")));
        }
        Ok(Self {
            warning: basis.book.warning(),
            model: basis.model.id.clone(),
            name: basis.model.name.clone(),
            book: basis.book.name.clone(),
            region: basis.region.clone(),
            day: basis.day,
            volume: basis.volume,
            shape: basis.shape.clone(),
            shape_in_words: basis.shape.in_words(basis.zone.as_ref()),
            plans: known,
            unknown,
            notes,
        })
    }
}

/// Finds the plans of Amazon Bedrock for the model itself.
fn bedrock(basis: &EstimateBasis<'_>) -> Plans {
    let (calls, unknown) = calls(basis);
    let known = calls.iter().map(|call| by_the_token(basis, call)).collect();
    let mut plans = Plans { known, unknown };
    let standard = || calls.iter().filter(|call| call.tier == ServiceTier::Standard);
    let cheapest = standard().min_by_key(|call| call.cost(basis, false));
    if let Some(cheapest) = cheapest {
        commitments::add_units(basis, cheapest, &mut plans);
        commitments::add_reserved_tokens(basis, &calls, &mut plans);
    }
    plans
}
