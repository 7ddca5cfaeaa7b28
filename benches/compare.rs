//! The speed of pricing usage, and the costs that come of it, for `tests/tools/compare_peers.py` to
//! hold against other price libraries: `make compare` runs both.
//!
//! It writes `records.jsonl`, which both sides price, and `ours.json` to `target/compare`. Named
//! files of records are timed instead, and printed as JSON: what a peer can price is not all of it.
//! `GUARD_COMPARE_BOOK` names another price book than the embedded one.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a measurement that cannot be made has nothing better to do"
)]

#[path = "advice/dice.rs"]
#[expect(dead_code, clippy::cast_precision_loss, reason = "this bench throws whole numbers alone")]
mod dice;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use bedrock_cost_guard::catalog::{BookError, ModelPrices, PriceBook, RateQuery, RowScope};
use bedrock_cost_guard::domain::{
    BaseModel, Geo, Meter, ModelId, Region, Scope, ServiceTier, Target, Tokens, Usd,
};
use jiff::civil::{Date, date};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use dice::Dice;

/// The last day on which most prices were seen, by the book and by its peers alike.
const DAY: Date = date(2026, 11, 13);

const RECORDS: usize = 20_000;
const PASSES: usize = 101;
const LOADS: usize = 200;
const SEED: u64 = 0x5EED;

/// A request that is short in every price list.
const SHORT: u64 = 1_000;

/// Scopes and Regions of calls. The first Region of a row that the book has a price in is taken.
const PLACES: [(Scope, &[&str]); 11] = [
    (Scope::InRegion, &["us-east-1", "us-west-2", "us-east-2"]),
    (Scope::InRegion, &["eu-central-1", "eu-west-1", "eu-west-2", "ap-northeast-1", "ap-south-1"]),
    (Scope::InRegion, &["us-gov-west-1", "us-gov-east-1"]),
    (Scope::Geo(Geo::Us), &["us-east-1", "us-west-2"]),
    (Scope::Geo(Geo::Eu), &["eu-central-1", "eu-west-1"]),
    (Scope::Geo(Geo::Apac), &["ap-northeast-1", "ap-south-1"]),
    (Scope::Geo(Geo::Au), &["ap-southeast-2"]),
    (Scope::Geo(Geo::Jp), &["ap-northeast-1"]),
    (Scope::Geo(Geo::Ca), &["ca-central-1"]),
    (Scope::Geo(Geo::UsGov), &["us-gov-west-1", "us-gov-east-1"]),
    (Scope::Global, &["us-east-1", "eu-central-1"]),
];

/// One request as it is metered, with nothing looked up: text and counts.
#[derive(Serialize, Deserialize)]
struct Record {
    model_id: String,
    region: String,
    input: u64,
    output: u64,
    cache_read: u64,
    cache_write: u64,
}

/// A model as it is called under one scope in one Region, all of which the book has a price for.
struct Lane {
    model: BaseModel,
    scope: Scope,
    region: Region,
    /// The meters with a price.
    meters: Vec<Meter>,
    /// Input tokens past the highest length from which requests cost more, where there is one.
    long: Option<u64>,
}

fn main() {
    let files: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let source = BookSource::read();
    let book = source.parse().expect("the book is valid");
    if files.is_empty() {
        compare(&book, &source);
        return;
    }
    let timed = files.iter().map(|file| {
        let passes = passes(&book, &read(Path::new(file)));
        (file.clone(), json!(seconds(&passes)))
    });
    println!("{}", Value::Object(timed.collect()));
}

/// Prices the records that it writes, and tells what the book says of each way to call a model.
fn compare(book: &PriceBook, source: &BookSource) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/compare");
    fs::create_dir_all(&folder).expect("the folder can be made");
    let lanes: Vec<Lane> = book.models.iter().flat_map(|model| lanes(book, model)).collect();
    let path = folder.join("records.jsonl");
    fs::write(&path, written(&lanes)).expect("the records can be written");
    let records = read(&path);
    let passes = passes(book, &records);
    let dollars: Vec<Option<Usd>> = records.iter().map(|record| price(book, record)).collect();
    assert!(dollars.iter().all(Option::is_some), "the book has a price for every record");
    let models: BTreeSet<&BaseModel> = lanes.iter().map(|lane| &lane.model).collect();
    let ours = json!({
        "day": DAY,
        "book": {
            "description": book.description,
            "ids": book.models.iter().map(|model| &model.id).collect::<Vec<_>>(),
            "text_models": models.len(),
            "bytes": source.bytes(),
            "load_seconds": seconds(&source.loads()),
        },
        "pass_seconds": seconds(&passes),
        "dollars": dollars,
        "lanes": lanes.iter().map(|lane| described(book, lane)).collect::<Vec<_>>(),
    });
    fs::write(folder.join("ours.json"), ours.to_string()).expect("the results can be written");
    println!(
        "{} records of {} models called in {} ways: median {:?} of {PASSES} passes, {:?} to {:?}",
        records.len(),
        models.len(),
        lanes.len(),
        passes[PASSES / 2],
        passes[0],
        passes[PASSES - 1],
    );
}

/// Measures the time that pricing the records takes, sorted.
fn passes(book: &PriceBook, records: &[Record]) -> Vec<Duration> {
    let total = || -> Usd {
        let dollars = records.iter().map(|record| price(book, record));
        dollars.map(Option::unwrap_or_default).sum()
    };
    let expected = total();
    let mut passes: Vec<Duration> = (0..PASSES)
        .map(|_| {
            let started = Instant::now();
            let dollars = total();
            let elapsed = started.elapsed();
            assert_eq!(dollars, expected, "every pass prices the same");
            elapsed
        })
        .collect();
    passes.sort_unstable();
    passes
}

/// Source of the book: the text of `GUARD_COMPARE_BOOK`, or what is embedded.
struct BookSource(Option<String>);

impl BookSource {
    fn read() -> Self {
        #[expect(clippy::disallowed_methods, reason = "a bench has no settings to read this from")]
        let path = std::env::var("GUARD_COMPARE_BOOK").ok();
        Self(path.map(|path| fs::read_to_string(path).expect("the book can be read")))
    }

    fn parse(&self) -> Result<PriceBook, BookError> {
        match &self.0 {
            Some(text) => PriceBook::parse("compared", text),
            None => PriceBook::aws(),
        }
    }

    /// Measures the time that loading the book takes, sorted.
    fn loads(&self) -> Vec<Duration> {
        let mut loads: Vec<Duration> = (0..LOADS)
            .map(|_| {
                let started = Instant::now();
                let book = self.parse();
                let elapsed = started.elapsed();
                assert!(book.is_ok(), "a valid book stays valid");
                elapsed
            })
            .collect();
        loads.sort_unstable();
        loads
    }

    /// Counts the bytes of the book's text; of the embedded book, those of the files.
    fn bytes(&self) -> u64 {
        if let Some(text) = &self.0 {
            return text.len() as u64;
        }
        let catalog = Path::new(env!("CARGO_MANIFEST_DIR")).join("catalog");
        let parts = fs::read_dir(catalog.join("aws")).into_iter().flatten();
        parts
            .flatten()
            .map(|part| part.path())
            .filter(|path| path.extension().is_some_and(|kind| kind == "toml"))
            .chain([catalog.join("aws.toml")])
            .map(|path| fs::metadata(path).expect("the book is in files").len())
            .sum()
    }
}

/// Prices one record, from text to exact dollars; `None` where a meter has no price.
fn price(book: &PriceBook, record: &Record) -> Option<Usd> {
    let id = ModelId::parse(record.model_id.as_str());
    let Target::Model { model, scope, .. } = id.target() else {
        return None;
    };
    let region: Region = record.region.parse().ok()?;
    let request = record.input + record.cache_read + record.cache_write;
    let counts = [
        (Meter::Input, record.input),
        (Meter::Output, record.output),
        (Meter::CacheRead, record.cache_read),
        (Meter::CacheWrite, record.cache_write),
    ];
    let mut dollars = Usd::ZERO;
    for (meter, tokens) in counts {
        if tokens == 0 {
            continue;
        }
        let rate = book.rate(&RateQuery {
            model,
            region: &region,
            scope: *scope,
            tier: Some(id.tier()),
            meter,
            input_tokens: Some(request),
            day: DAY,
        })?;
        dollars += rate.contracted_unit_price.cost(Tokens::new(tokens));
    }
    Some(dollars)
}

/// Lists the ways to call a model that the book has prices for, one for each of [`PLACES`] at most.
/// A geo profile has to be named by a row: that a price would hold for one does not say that there
/// is one.
fn lanes(book: &PriceBook, model: &ModelPrices) -> Vec<Lane> {
    let is_offered = |scope| match scope {
        Scope::Geo(geo) => model.rates.iter().any(|row| row.geo == Some(geo)),
        Scope::Global => model.rates.iter().any(|row| row.scope == RowScope::Global),
        Scope::InRegion => true,
    };
    let highest = model.rates.iter().filter_map(|row| row.above_input_tokens).max();
    let offered = PLACES.iter().filter(|(scope, _)| is_offered(*scope));
    offered
        .filter_map(|(scope, regions)| {
            regions.iter().find_map(|region| {
                let mut lane = Lane {
                    model: model.id.clone(),
                    scope: *scope,
                    region: region.parse().expect("a Region"),
                    meters: Vec::new(),
                    long: highest.map(|tokens| tokens + tokens / 4),
                };
                lane.meters = Meter::TOKENS
                    .into_iter()
                    .filter(|meter| unit_price(book, &lane, *meter, SHORT).is_some())
                    .collect();
                let is_text =
                    [Meter::Input, Meter::Output].iter().all(|meter| lane.meters.contains(meter));
                is_text.then_some(lane)
            })
        })
        .collect()
}

fn unit_price(book: &PriceBook, lane: &Lane, meter: Meter, request: u64) -> Option<Value> {
    let rate = book.rate(&RateQuery {
        model: &lane.model,
        region: &lane.region,
        scope: lane.scope,
        tier: Some(ServiceTier::Standard),
        meter,
        input_tokens: Some(request),
        day: DAY,
    })?;
    Some(json!({
        "price": rate.contracted_unit_price,
        "source": rate.source.provenance.source,
    }))
}

/// Writes a lane with the prices for a million tokens, of a short request and of a long one.
fn described(book: &PriceBook, lane: &Lane) -> Value {
    let lengths = [Some(SHORT), lane.long].into_iter().flatten();
    let prices: Vec<Value> = lengths
        .map(|request| {
            let price = |meter| unit_price(book, lane, meter, request);
            json!({
                "request": request,
                "input": price(Meter::Input),
                "output": price(Meter::Output),
                "cache_read": price(Meter::CacheRead),
                "cache_write": price(Meter::CacheWrite),
            })
        })
        .collect();
    json!({
        "model": lane.model,
        "scope": lane.scope.to_string(),
        "region": lane.region,
        "model_id": ModelId::of_model(&lane.model, lane.scope),
        "prices": prices,
    })
}

/// Writes the records as lines of JSON, the same ones for the same lanes.
fn written(lanes: &[Lane]) -> String {
    let mut dice = Dice::seeded(SEED);
    let mut text = String::new();
    for _ in 0..RECORDS {
        let place = dice.between(0, lanes.len() as u64 - 1);
        let lane = &lanes[usize::try_from(place).expect("an index")];
        // Half of the requests use a cache, as far as it has a price.
        let is_cached = dice.roll().is_multiple_of(2);
        let cached = |meter, tokens| {
            if is_cached && lane.meters.contains(&meter) { tokens } else { 0 }
        };
        // One in eight is long, where that costs more.
        let long = lane.long.filter(|_| dice.roll().is_multiple_of(8));
        let record = Record {
            model_id: ModelId::of_model(&lane.model, lane.scope).to_string(),
            region: lane.region.name().to_owned(),
            input: long.unwrap_or(0) + dice.between(100, 19_999),
            output: dice.between(10, 3_999),
            cache_read: cached(Meter::CacheRead, dice.between(1_000, 49_999)),
            cache_write: cached(Meter::CacheWrite, dice.between(1_000, 9_999)),
        };
        text += &serde_json::to_string(&record).expect("a record is JSON");
        text.push('\n');
    }
    text
}

fn read(path: &Path) -> Vec<Record> {
    fs::read_to_string(path)
        .expect("the records can be read")
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line is a record"))
        .collect()
}

fn seconds(times: &[Duration]) -> Vec<f64> {
    times.iter().map(Duration::as_secs_f64).collect()
}
