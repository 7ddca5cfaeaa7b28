//! Everything that needs more than one module: the real clients against a fake AWS, the programs,
//! and the rules that the repository keeps.

mod architecture;
mod books;
mod catalog;
mod charged;
mod classic;
mod cli;
mod commitments;
mod documents;
mod estimate;
mod events;
mod fakes;
mod faults;
mod follow;
mod held;
mod lambda;
mod laws;
mod lifecycle;
mod live;
mod mistakes;
mod overrides;
mod parts;
mod pipeline;
mod price_list;
mod profiles;
mod published;
mod readme;
mod refresh;
mod repository;
mod sample;
mod schema;
mod secrets;
mod support;
mod template;
mod together;
mod whole;
