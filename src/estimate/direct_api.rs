//! The same model on the API of its provider, or of another host of open weights.

use rust_decimal::Decimal;

use crate::catalog::{DirectPrice, OfferedBy};
use crate::domain::{Meter, ServiceTier, Usd};
use crate::estimate::basis::EstimateBasis;
use crate::estimate::plan::{EstimatedPlan, PlanKind, Plans, UnknownPlan};

/// Adds what the same tokens would cost outside of Amazon Bedrock. `least` is the least on-demand cost at
/// the standard tier.
pub(super) fn add(basis: &EstimateBasis<'_>, least: Usd, plans: &mut Plans) {
    for offer in basis.references.direct.offers(&basis.model.id, basis.day) {
        let Some(first) = offer.first() else { continue };
        // The article's own figures go with its book, and with no other.
        if (first.offered_by == OfferedBy::Article) == basis.book.charged {
            continue;
        }
        let description = description(first);
        let unknown = |why: String| UnknownPlan {
            kind: PlanKind::DirectApi,
            description: description.clone(),
            why,
            break_even_tokens_per_month: None,
        };
        if let Some(end) = first.ends.filter(|end| *end < basis.day) {
            plans.unknown.push(unknown(format!("it ended on {end}")));
            continue;
        }
        if first.ended {
            plans.unknown.push(unknown("it has ended, on a day that no source tells".into()));
            continue;
        }
        if first.disputed {
            plans.unknown.push(unknown("two sources of its price differ".into()));
            continue;
        }
        match cost(basis, &offer) {
            Ok((low, high)) => plans.known.push(plan(basis, first, description, least, low, high)),
            Err(meter) => {
                plans.unknown.push(unknown(format!("no source has its price of {}", meter.name())));
            }
        }
    }
}

fn description(price: &DirectPrice) -> String {
    let api = match price.offered_by {
        OfferedBy::Own => "direct API",
        OfferedBy::Host => "open weights at another host",
        OfferedBy::Article => "direct API, as the article prints it",
    };
    let tier = match price.tier {
        ServiceTier::Standard => String::new(),
        tier => format!(", {tier}"),
    };
    format!("{} {api} (`{}`{tier})", price.provider, price.name)
}

/// Adds up the least and the most that the volume costs. The error is a meter without a price.
fn cost(basis: &EstimateBasis<'_>, offer: &[&DirectPrice]) -> Result<(Usd, Usd), Meter> {
    let volume = &basis.volume;
    let (mut low, mut high) = (Usd::ZERO, Usd::ZERO);
    // Requests of known length have one price, others any of them.
    let is_of =
        |price: &DirectPrice, sent: u64| price.above_input_tokens.is_none_or(|above| sent > above);
    let lengths: Vec<&DirectPrice> = match volume.length_of_each() {
        Some(sent) => {
            offer.iter().rev().find(|price| is_of(price, sent)).into_iter().copied().collect()
        }
        None => offer.to_vec(),
    };
    for meter in volume.meters() {
        let ranges: Vec<_> = lengths.iter().filter_map(|price| price.range(meter)).collect();
        let ends =
            ranges.iter().map(|range| range.0).min().zip(ranges.iter().map(|range| range.1).max());
        let (least, most) = ends.ok_or(meter)?;
        low += least.cost(volume.of(meter));
        high += most.cost(volume.of(meter));
    }
    Ok((low, high))
}

fn plan(
    basis: &EstimateBasis<'_>,
    price: &DirectPrice,
    description: String,
    least: Usd,
    low: Usd,
    high: Usd,
) -> EstimatedPlan {
    let mut plan = EstimatedPlan::new(PlanKind::DirectApi, description, low, &basis.volume);
    plan.cost_at_most(high, &basis.volume);
    plan.sources.push(format!("{}; {}", price.source, price.seen));
    plan.notes.extend(price.ends.map(|end| format!("ends on {end}")));
    plan.note_age(price.seen, basis.day);
    if price.tier == ServiceTier::Standard {
        plan.notes.push(compared(low, high, least));
    }
    plan.notes.extend(price.note.clone());
    plan
}

/// Compares a direct price with the least on-demand price of Amazon Bedrock, in words.
fn compared(direct: Usd, most: Usd, bedrock: Usd) -> String {
    if most > direct {
        return format!(
            "from {direct} to {most}, beside {bedrock} on-demand at Amazon Bedrock at least"
        );
    }
    if direct == bedrock {
        return "the same as the least on-demand price of Amazon Bedrock".into();
    }
    if bedrock.is_zero() {
        return "beside nothing on-demand at Amazon Bedrock".into();
    }
    let share = (direct - bedrock).dollars().abs() * Decimal::ONE_HUNDRED;
    let percent = share.checked_div(bedrock.dollars()).unwrap_or_default().round_dp(1).normalize();
    let word = if direct < bedrock { "less" } else { "more" };
    format!("{percent} % {word} than the least on-demand price of Amazon Bedrock")
}
