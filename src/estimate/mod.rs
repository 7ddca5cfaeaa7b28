//! The room for estimates: what a volume of tokens that a person types in would cost under every plan,
//! and what else could serve real usage.
//!
//! The same prices, sizes and bills as for real usage, on made traffic: one month of 730 hours in which
//! the volume comes in a shape. Nothing is gathered and nothing is advised; what is not known is said.
//!
//! | file | job |
//! |---|---|
//! | `volume` | tokens and requests of a month, as people write them |
//! | `shape` | how the volume is spread over time |
//! | `basis` | what an estimate rests on: a model of a book, a Region, a day, a volume and a shape |
//! | `alternatives` | what else could serve real usage |
//! | `answer` | the estimate: every plan, cheapest first |
//! | `traffic` | the volume as steps of demand, at some rates |
//! | `plan` | one way to serve the volume, with what it costs and asks for |
//! | `calls` | the calls of a model by the token: scopes and tiers |
//! | `commitments` | the plans with model units and with reserved tokens |
//! | `other_models` | other models of Amazon Bedrock for the same tokens |
//! | `direct_api` | the same model at its provider or at another host |
//! | `rented_gpus` | the same tokens on rented GPUs, at published prices and rates |
//! | `own_gpus` | the same tokens on GPUs of a price and a rate that a person says |
//! | `comparison` | several models side by side |

#![deny(clippy::float_arithmetic)]

mod alternatives;
mod answer;
mod basis;
mod calls;
mod commitments;
mod comparison;
mod direct_api;
mod other_models;
mod own_gpus;
mod plan;
mod rented_gpus;
mod shape;
mod traffic;
mod volume;

pub use alternatives::Alternatives;
pub use answer::Estimate;
pub use basis::{EstimateBasis, EstimateError, OwnGpus, SelfHosting, find_model};
pub use comparison::{ComparedModel, Comparison};
pub use other_models::CostNow;
pub use plan::{EstimatedPlan, PlanKind, SpilledPart, UnknownPlan};
pub use shape::{LoadShape, ShapeError, Zone};
pub use volume::{Count, TokenMix, TokensAsked, Volume, VolumeError};
