//! `CloudWatch` and Bedrock of all Regions, on the loopback, with what an observation says that
//! they have; and the Price List, S3 and Systems Manager, with what a test puts there.
//!
//! The fake is strict where AWS is lenient: a call that AWS would answer with less than was meant
//! is recorded, and a test can ask for it with [`FakeAws::violations`].

mod alter;
mod bedrock;
mod cbor;
mod cloudwatch;
mod json;
mod pricing;
mod s3;
mod ssm;
mod store;
mod token;

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_cloudwatch::config::Credentials;
use bedrock_cost_guard::domain::Region;
use bedrock_cost_guard::observation::Inventory;
use bedrock_cost_guard::observation::Observation;
use hyper::Request;
use hyper::body::Bytes;
use jiff::Timestamp;
use serde_json::json;

use super::server::{Answer, Server, answer, close, cut, slowly};
pub(crate) use alter::Alteration;
use cbor::Writer;
use pricing::Product;
use s3::Bucket;
use store::Store;

/// Operations that each run asks for.
pub(crate) const OPERATIONS: [&str; 6] = [
    "ListMetrics",
    "GetMetricData",
    "PutMetricData",
    "ListProvisionedModelThroughputs",
    "ListInferenceProfiles",
    "ListFoundationModels",
];

const KEY_ID: &str = "AKIDFAKE";
const KEY: &str = "fake";

/// The fake. It stops when it is dropped.
pub(crate) struct FakeAws {
    /// Server on the loopback; `None` where only this process asks.
    server: Option<Server>,
    home: Region,
    state: Arc<Mutex<State>>,
}

/// Points that were put so far, to go back to.
pub(crate) struct Put {
    store: Store,
    data: Vec<PutDatum>,
}

/// One datum of `PutMetricData`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PutDatum {
    /// The Region that it was put to.
    pub(crate) region: Region,
    /// The namespace.
    pub(crate) namespace: String,
    /// The metric's name.
    pub(crate) name: String,
    /// The dimensions.
    pub(crate) dimensions: BTreeMap<String, String>,
    /// The value.
    pub(crate) value: f64,
    /// The unit, if one was given.
    pub(crate) unit: Option<String>,
    /// The time of the value.
    pub(crate) timestamp: Timestamp,
}

/// Sizes of pages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PageSizes {
    /// Series on a page of `ListMetrics`.
    pub(crate) list_metrics: usize,
    /// Points on a page of `GetMetricData`, if the call does not ask for fewer.
    pub(crate) datapoints: usize,
    /// Items on a page of Bedrock's lists.
    pub(crate) bedrock: usize,
    /// Products on a page of the Price List, if the call does not ask for fewer.
    pub(crate) products: usize,
}

impl Default for PageSizes {
    fn default() -> Self {
        Self { list_metrics: 500, datapoints: 100_800, bedrock: 2, products: 100 }
    }
}

/// Time that calls take, as in CloudWatch at its quotas.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// Time until a page is answered.
    pub(crate) page: Duration,
    /// Points that a Region gives out in a second.
    pub(crate) points_a_second: u32,
}

/// Something that goes wrong with some calls.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    /// The operation, as in `GetMetricData`.
    pub(crate) operation: &'static str,
    /// The Region; `None` for all of them.
    pub(crate) region: Option<Region>,
    /// Part of the query of the address; empty for any.
    pub(crate) query: &'static str,
    /// Calls that go well before, counted from when the fault was set.
    pub(crate) from: usize,
    /// Calls that go wrong then.
    pub(crate) times: usize,
    /// Failure of those calls.
    pub(crate) kind: FaultKind,
}

impl Fault {
    /// Makes every call of an operation go wrong, in all Regions.
    pub(crate) fn of(operation: &'static str, kind: FaultKind) -> Self {
        Self { operation, region: None, query: "", from: 0, times: usize::MAX, kind }
    }

    /// Lets all but so many calls go well.
    pub(crate) fn times(self, times: usize) -> Self {
        Self { times, ..self }
    }

    /// Lets so many calls go well before the first that goes wrong.
    pub(crate) fn after(self, from: usize) -> Self {
        Self { from, ..self }
    }

    /// Lets all calls go well whose address does not ask for this.
    pub(crate) fn asking(self, query: &'static str) -> Self {
        Self { query, ..self }
    }

    /// Lets the calls to all other Regions go well.
    pub(crate) fn to(self, region: Region) -> Self {
        Self { region: Some(region), ..self }
    }
}

/// Failure of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// AWS asks to slow down.
    Throttle,
    /// AWS knows the caller and refuses.
    Forbidden,
    /// The connection closes without an answer.
    Reset,
    /// The answer says that all is well and does not parse.
    Malformed,
    /// HTTP 500.
    ServerError,
    /// The answer is right and comes late.
    Slow(Duration),
    /// The answer is right, its head comes at once and its body late.
    SlowBody(Duration),
    /// The answer is right, and the connection closes in the middle of its body.
    CutBody,
    /// `GetMetricData` answers, and says that something is wrong with the call as a whole.
    Messages,
    /// `GetMetricData` ends the page with an internal error of one series, which the next page
    /// makes good.
    InternalError,
    /// `GetProducts` says of the token that it is too old. A call without one goes well.
    ExpiredToken,
    /// HTTP 503 with a page for people, as a proxy gives.
    Html,
    /// HTTP 200 with a page for people, as a proxy gives.
    HtmlOfAllIsWell,
    /// AWS does not know the credentials.
    UnknownCredentials,
    /// The answer parses, and goes wrong in this way.
    Altered(Alteration),
}

struct ActiveFault {
    fault: Fault,
    seen: usize,
}

/// Knowledge of the fake.
struct State {
    as_of: Timestamp,
    store: Store,
    inventories: BTreeMap<Region, Inventory>,
    page_sizes: PageSizes,
    faults: Vec<ActiveFault>,
    requests: BTreeMap<&'static str, usize>,
    /// Time that calls take; `None` where they take none.
    pace: Option<Pace>,
    /// Times until which the Regions are busy with points that they gave out.
    busy: BTreeMap<Region, tokio::time::Instant>,
    violations: Vec<String>,
    put: Vec<PutDatum>,
    products: BTreeMap<String, Vec<Product>>,
    buckets: BTreeMap<String, Bucket>,
    parameters: BTreeMap<(Region, String), String>,
    /// Further pages of calls without an end, by operation.
    further_pages: BTreeMap<&'static str, Vec<u8>>,
}

impl State {
    /// Alters an answer. A call without an end has a page for every token.
    fn altered(
        &mut self,
        operation: &'static str,
        alteration: Alteration,
        performed: Result<Vec<u8>, Refusal>,
    ) -> Result<Vec<u8>, Refusal> {
        let body = match performed {
            Ok(body) => {
                if alteration.is_endless() {
                    // Later pages have nothing on them, or a thousand would take minutes.
                    let page = alter::without_entries(operation, &body);
                    self.further_pages.insert(operation, page);
                }
                body
            }
            Err(refusal) => self
                .further_pages
                .get(operation)
                .filter(|_| alteration.is_endless())
                .cloned()
                .ok_or(refusal)?,
        };
        Ok(alter::alter(operation, alteration, &body, self.arrivals(operation)))
    }

    /// Returns the time that the answer to a call takes; one with points takes more the more there are.
    fn takes(&mut self, operation: &str, region: &Region, body: &[u8]) -> Option<Duration> {
        // Of a point on a page: its time and its value in CBOR, with their heads.
        const OF_POINT: usize = 15;
        let Pace { page, points_a_second } = self.pace?;
        if operation != "GetMetricData" {
            return Some(page);
        }
        let points = u32::try_from(body.len() / OF_POINT).unwrap_or(u32::MAX);
        let now = tokio::time::Instant::now();
        let busy = self.busy.entry(region.clone()).or_insert(now);
        *busy = (*busy).max(now) + Duration::from_secs(1) * points / points_a_second;
        Some(page.max(busy.duration_since(now)))
    }

    fn arrivals(&self, operation: &str) -> usize {
        self.requests.get(operation).copied().unwrap_or_default()
    }

    /// Returns the fault of this call, if it has one. Every fault counts every call that it could
    /// be for.
    fn next_fault(&mut self, operation: &str, region: &Region, query: &str) -> Option<FaultKind> {
        let mut found = None;
        for ActiveFault { fault, seen } in &mut self.faults {
            if fault.operation != operation
                || fault.region.as_ref().is_some_and(|only| only != region)
                || !query.contains(fault.query)
            {
                continue;
            }
            let place = *seen;
            *seen += 1;
            if place >= fault.from && place - fault.from < fault.times {
                found = found.or(Some(fault.kind));
            }
        }
        found
    }
}

/// Refusal of a call.
#[derive(Clone, Debug)]
struct Refusal {
    status: u16,
    code: &'static str,
    message: String,
    /// True if the caller did what it must not do.
    is_blamed: bool,
    /// Region of the bucket that was asked for in another; `None` for all other refusals.
    bucket_region: Option<Region>,
}

impl Refusal {
    fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), is_blamed: true, bucket_region: None }
    }

    /// Takes the blame off a caller that could not know better.
    fn without_blame(self) -> Self {
        Self { is_blamed: false, ..self }
    }

    fn validation(message: impl Into<String>) -> Self {
        Self::new(400, "ValidationError", message)
    }

    fn value(message: impl Into<String>) -> Self {
        Self::new(400, "InvalidParameterValue", message)
    }

    fn unsigned(message: impl Into<String>) -> Self {
        Self::new(403, "IncompleteSignature", message)
    }
}

impl FakeAws {
    /// Starts with the series and the inventories of an observation, at its `as_of`.
    pub(crate) fn start(observation: Observation) -> Self {
        let mut fake = Self::in_process(observation);
        let shared = Arc::clone(&fake.state);
        fake.server = Some(Server::start(move |request| serve(Arc::clone(&shared), request)));
        fake
    }

    /// Starts the same without an address: calls are answered by [`FakeAws::answer`].
    pub(crate) fn in_process(observation: Observation) -> Self {
        let store = Store::of(&observation);
        let state = Arc::new(Mutex::new(State {
            as_of: observation.as_of,
            store,
            inventories: observation
                .places
                .into_iter()
                .map(|place| (place.place.region, place.inventory))
                .collect(),
            page_sizes: PageSizes::default(),
            faults: Vec::new(),
            requests: BTreeMap::new(),
            pace: None,
            busy: BTreeMap::new(),
            violations: Vec::new(),
            put: Vec::new(),
            products: BTreeMap::new(),
            buckets: BTreeMap::new(),
            parameters: BTreeMap::new(),
            further_pages: BTreeMap::new(),
        }));
        Self { server: None, home: observation.home.region, state }
    }

    /// Answers one call, which goes wrong in this way.
    pub(crate) async fn answer(&self, request: Request<Bytes>, kind: Option<FaultKind>) -> Answer {
        if let (Some((_, operation)), Some(kind)) = (route(&request), kind) {
            self.state().faults = vec![ActiveFault { fault: Fault::of(operation, kind), seen: 0 }];
        }
        let answer = serve(Arc::clone(&self.state), request).await;
        self.state().faults.clear();
        answer
    }

    /// Returns what was put so far.
    pub(crate) fn put_so_far(&self) -> Put {
        let state = self.state();
        Put { store: state.store.clone(), data: state.put.clone() }
    }

    /// Goes back to what was put before.
    pub(crate) fn go_back_to(&self, put: &Put) {
        let mut state = self.state();
        state.store.clone_from(&put.store);
        state.put.clone_from(&put.data);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Returns the address that the fake listens at.
    pub(crate) fn url(&self) -> String {
        let address = self.server.as_ref().map(Server::address);
        address.map_or("http://localhost".to_owned(), |address| format!("http://{address}"))
    }

    /// Returns the environment in which a program finds the fake. A program's own credentials and
    /// bearer tokens are not taken away: clear its environment before.
    pub(crate) fn env(&self) -> Vec<(&'static str, String)> {
        vec![
            ("AWS_ENDPOINT_URL", self.url()),
            ("AWS_REGION", self.home.name().to_owned()),
            ("AWS_DEFAULT_REGION", self.home.name().to_owned()),
            ("AWS_ACCESS_KEY_ID", KEY_ID.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", KEY.to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            ("AWS_CONFIG_FILE", "/dev/null".to_owned()),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null".to_owned()),
        ]
    }

    /// Returns the configuration with which clients in this process find the fake. Retries do not
    /// wait long.
    pub(crate) async fn sdk_config(&self) -> SdkConfig {
        aws_config::defaults(BehaviorVersion::latest())
            .http_client(bedrock_cost_guard::aws::clients::https())
            .region(aws_config::Region::new(self.home.name().to_owned()))
            .endpoint_url(self.url())
            .credentials_provider(Credentials::new(KEY_ID, KEY, None, None, "fake"))
            .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(5)))
            .load()
            .await
    }

    /// Sets how much is on a page from now on.
    pub(crate) fn set_page_sizes(&self, page_sizes: PageSizes) {
        self.state().page_sizes = page_sizes;
    }

    /// Makes calls take their time from now on.
    pub(crate) fn set_pace(&self, pace: Pace) {
        self.state().pace = Some(pace);
    }

    /// Serves these products of a service, each as the JSON text that the Price List has.
    pub(crate) fn set_products(&self, service_code: &str, products: Vec<String>) {
        let products = products.into_iter().map(Product::new).collect();
        self.state().products.insert(service_code.to_owned(), products);
    }

    /// Keeps an object in a bucket, which is in a Region from its first object on.
    pub(crate) fn set_object(
        &self,
        region: &Region,
        bucket: &str,
        key: &str,
        body: impl Into<Vec<u8>>,
    ) {
        self.state()
            .buckets
            .entry(bucket.to_owned())
            .or_insert_with(|| Bucket::new(region.clone()))
            .put(key, body.into());
    }

    /// Gives a bucket with an object in it to another account.
    pub(crate) fn give_bucket(&self, bucket: &str, owner: &str) {
        if let Some(bucket) = self.state().buckets.get_mut(bucket) {
            bucket.give_to(owner);
        }
    }

    /// Keeps a parameter, encrypted, in a Region.
    pub(crate) fn set_parameter(&self, region: &Region, name: &str, value: &str) {
        self.state().parameters.insert((region.clone(), name.to_owned()), value.to_owned());
    }

    /// Makes some of the calls from now on go wrong.
    pub(crate) fn fault(&self, fault: Fault) {
        self.state().faults.push(ActiveFault { fault, seen: 0 });
    }

    /// Lets all calls from now on go well.
    pub(crate) fn clear_faults(&self) {
        self.state().faults.clear();
    }

    /// Counts the calls of an operation that arrived, those that went wrong included.
    pub(crate) fn requests(&self, operation: &str) -> usize {
        self.state().arrivals(operation)
    }

    /// Sets the clock of the fake.
    pub(crate) fn set_clock(&self, as_of: Timestamp) {
        self.state().as_of = as_of;
    }

    /// Changes what the account has in a Region, as people do between two runs.
    pub(crate) fn change(&self, region: &Region, change: impl FnOnce(&mut Inventory)) {
        change(self.state().inventories.entry(region.clone()).or_default());
    }

    /// Returns what callers did that they must not do.
    pub(crate) fn violations(&self) -> Vec<String> {
        self.state().violations.clone()
    }

    /// Returns what was put, in order of arrival.
    pub(crate) fn put_data(&self) -> Vec<PutDatum> {
        self.state().put.clone()
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A service, and with it how its operations are spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Service {
    /// Smithy RPC v2 with CBOR.
    CloudWatch,
    /// REST with JSON.
    Bedrock,
    /// JSON 1.1.
    Pricing,
    /// JSON 1.1.
    Ssm,
    /// REST with the object itself, and XML where there is none.
    S3,
}

/// Codes that a service answers to some faults with: each service has its own.
struct Codes {
    throttle: (u16, &'static str),
    forbidden: (u16, &'static str),
    error: (u16, &'static str),
}

impl Service {
    /// Returns the name that calls of the service are signed for.
    fn signing_name(self) -> &'static str {
        match self {
            Self::CloudWatch => "monitoring",
            Self::Bedrock => "bedrock",
            Self::Pricing => "pricing",
            Self::Ssm => "ssm",
            Self::S3 => "s3",
        }
    }

    fn codes(self) -> Codes {
        let (throttle, forbidden, error) = match self {
            Self::CloudWatch => {
                ((400, "Throttling"), (403, "AccessDenied"), (500, "InternalServiceError"))
            }
            Self::Bedrock => (
                (429, "ThrottlingException"),
                (403, "AccessDeniedException"),
                (500, "InternalServerException"),
            ),
            Self::Pricing => (
                (400, "ThrottlingException"),
                (400, "AccessDeniedException"),
                (500, "InternalErrorException"),
            ),
            Self::Ssm => (
                (400, "ThrottlingException"),
                (400, "AccessDeniedException"),
                (500, "InternalServerError"),
            ),
            Self::S3 => ((503, "SlowDown"), (403, "AccessDenied"), (500, "InternalError")),
        };
        Codes { throttle, forbidden, error }
    }
}

/// Returns the operation of a call; `None` for what is none.
pub(crate) fn operation_of(request: &Request<Bytes>) -> Option<&'static str> {
    route(request).map(|(_, operation)| operation)
}

/// Returns the Region that a call is for; `None` where it does not say.
pub(crate) fn region_of(request: &Request<Bytes>) -> Option<Region> {
    let (service, _) = route(request)?;
    signed_for(request, service).ok()
}

fn route(request: &Request<Bytes>) -> Option<(Service, &'static str)> {
    let cloudwatch = |name| Some((Service::CloudWatch, name));
    let bedrock = |name| Some((Service::Bedrock, name));
    match (request.method().as_str(), request.uri().path()) {
        ("POST", "/service/GraniteServiceVersion20100801/operation/ListMetrics") => {
            cloudwatch("ListMetrics")
        }
        ("POST", "/service/GraniteServiceVersion20100801/operation/GetMetricData") => {
            cloudwatch("GetMetricData")
        }
        ("POST", "/service/GraniteServiceVersion20100801/operation/PutMetricData") => {
            cloudwatch("PutMetricData")
        }
        ("GET", "/provisioned-model-throughputs") => bedrock("ListProvisionedModelThroughputs"),
        ("GET", "/inference-profiles") => bedrock("ListInferenceProfiles"),
        ("GET", "/foundation-models") => bedrock("ListFoundationModels"),
        ("POST", "/") => match header(request, "x-amz-target") {
            "AWSPriceListService.GetProducts" => Some((Service::Pricing, "GetProducts")),
            "AmazonSSM.GetParameter" => Some((Service::Ssm, "GetParameter")),
            _ => None,
        },
        ("GET", _) if request.uri().query() == Some("x-id=GetObject") => {
            Some((Service::S3, "GetObject"))
        }
        _ => None,
    }
}

async fn serve(state: Arc<Mutex<State>>, request: Request<Bytes>) -> Answer {
    let Some((service, operation)) = route(&request) else {
        let call = format!("{} {} is no operation", request.method(), request.uri());
        lock(&state).violations.push(call.clone());
        return answer(404, &[], call);
    };
    let (region, fault) = {
        let mut state = lock(&state);
        *state.requests.entry(operation).or_default() += 1;
        match signed_for(&request, service) {
            Ok(region) => {
                let query = request.uri().query().unwrap_or_default();
                let fault = state.next_fault(operation, &region, query);
                (region, fault)
            }
            Err(refusal) => {
                state.violations.push(format!("{operation}: {}", refusal.message));
                return refused(service, &refusal);
            }
        }
    };
    let fail =
        |(status, code), message: &str| refused(service, &Refusal::new(status, code, message));
    let mut delay = None;
    let mut is_cut = false;
    match fault {
        Some(FaultKind::Throttle) => return fail(service.codes().throttle, "Rate exceeded"),
        Some(FaultKind::Forbidden) => return fail(service.codes().forbidden, "not authorized"),
        Some(FaultKind::ServerError) => return fail(service.codes().error, "an internal error"),
        Some(FaultKind::Reset) => return close(),
        Some(FaultKind::Malformed) => return answered(service, b"\xff{neither".to_vec()),
        Some(FaultKind::Slow(delay)) => tokio::time::sleep(delay).await,
        Some(FaultKind::SlowBody(by)) => delay = Some(by),
        Some(FaultKind::CutBody) => is_cut = true,
        Some(FaultKind::Html) => {
            let page = "<html><body>Service Unavailable</body></html>";
            return answer(503, &[("content-type", "text/html; charset=utf-8")], page);
        }
        Some(FaultKind::HtmlOfAllIsWell) => {
            let page = "<html><body>Sign in to the network</body></html>";
            return answer(200, &[("content-type", "text/html")], page);
        }
        Some(FaultKind::UnknownCredentials) => {
            let message = "The security token included in the request is invalid.";
            return fail((403, "UnrecognizedClientException"), message);
        }
        Some(
            FaultKind::Messages
            | FaultKind::InternalError
            | FaultKind::ExpiredToken
            | FaultKind::Altered(_),
        )
        | None => {}
    }
    let (answer, takes) = {
        let mut state = lock(&state);
        let mut performed = perform(&mut state, service, operation, &region, &request, fault);
        if let Some(FaultKind::Altered(alteration)) = fault {
            performed = state.altered(operation, alteration, performed);
        }
        match performed {
            Ok(body) => {
                let takes = state.takes(operation, &region, &body);
                (answered(service, body), takes)
            }
            Err(refusal) => {
                if refusal.is_blamed {
                    state.violations.push(format!("{operation} in {region}: {}", refusal.message));
                }
                (refused(service, &refusal), None)
            }
        }
    };
    if let Some(takes) = takes {
        tokio::time::sleep(takes).await;
    }
    match delay {
        Some(delay) => slowly(answer, delay),
        None if is_cut => cut(answer),
        None => answer,
    }
}

fn perform(
    state: &mut State,
    service: Service,
    operation: &str,
    region: &Region,
    request: &Request<Bytes>,
    fault: Option<FaultKind>,
) -> Result<Vec<u8>, Refusal> {
    let mut notes = Vec::new();
    let answer = match service {
        Service::CloudWatch => {
            let body = cloudwatch_body(request)?;
            match operation {
                "ListMetrics" => cloudwatch::list_metrics(state, region, &body),
                "PutMetricData" => cloudwatch::put_metric_data(state, region, &body),
                _ => cloudwatch::get_metric_data(state, region, &body, fault, &mut notes),
            }
        }
        Service::Bedrock => {
            let query = request.uri().query().unwrap_or_default();
            bedrock::answer(state, operation, region, query)
        }
        Service::Pricing => {
            expect_header(request, "content-type", JSON_1_1)?;
            pricing::get_products(state, region, request.body(), fault, &mut notes)
        }
        Service::Ssm => {
            expect_header(request, "content-type", JSON_1_1)?;
            ssm::get_parameter(state, region, request.body())
        }
        Service::S3 => {
            let owner = header(request, "x-amz-expected-bucket-owner");
            s3::get_object(state, region, request.uri().path(), owner)
        }
    };
    state
        .violations
        .extend(notes.into_iter().map(|note| format!("{operation} in {region}: {note}")));
    answer
}

fn cloudwatch_body(request: &Request<Bytes>) -> Result<Vec<u8>, Refusal> {
    expect_header(request, "smithy-protocol", "rpc-v2-cbor")?;
    expect_header(request, "content-type", "application/cbor")?;
    inflated(request)
}

fn expect_header(request: &Request<Bytes>, name: &str, value: &str) -> Result<(), Refusal> {
    let sent = header(request, name);
    if sent == value {
        return Ok(());
    }
    Err(Refusal::validation(format!("{name} is `{sent}`, not {value}")))
}

fn header<'a>(request: &'a Request<Bytes>, name: &str) -> &'a str {
    request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn inflated(request: &Request<Bytes>) -> Result<Vec<u8>, Refusal> {
    match header(request, "content-encoding") {
        "" => Ok(request.body().to_vec()),
        "gzip" => {
            let mut body = Vec::new();
            flate2::read::GzDecoder::new(request.body().as_ref()).read_to_end(&mut body).map_err(
                |error| Refusal::validation(format!("the body does not inflate: {error}")),
            )?;
            Ok(body)
        }
        other => Err(Refusal::validation(format!("content-encoding is `{other}`, not gzip"))),
    }
}

/// Returns the Region that a call was signed for. The signature itself is taken on trust.
fn signed_for(request: &Request<Bytes>, of: Service) -> Result<Region, Refusal> {
    let refuse = |what: &str| Refusal::unsigned(format!("the Authorization header has no {what}"));
    let fields = header(request, "authorization").strip_prefix("AWS4-HMAC-SHA256 ");
    let fields: BTreeMap<&str, &str> = fields
        .ok_or_else(|| refuse("AWS4-HMAC-SHA256"))?
        .split(',')
        .filter_map(|field| field.trim().split_once('='))
        .collect();
    let scope: Vec<&str> =
        fields.get("Credential").ok_or_else(|| refuse("Credential"))?.split('/').collect();
    let [key_id, day, region, service, "aws4_request"] = scope[..] else {
        return Err(refuse("credential scope of five parts"));
    };
    let region: Region = region.parse().map_err(|_| refuse("Region in its credential scope"))?;
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if key_id.is_empty() || day.len() != 8 || !is_digits(day) {
        return Err(refuse("key and day in its credential scope"));
    }
    let expected = of.signing_name();
    if service != expected {
        return Err(refuse(&format!("credential scope of {expected}, but of {service}")));
    }
    let signature = fields.get("Signature").copied().unwrap_or_default();
    if signature.len() != 64 || !signature.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(refuse("Signature"));
    }
    let signed = fields.get("SignedHeaders").copied().unwrap_or_default();
    if !["host", "x-amz-date"].iter().all(|name| signed.split(';').any(|signed| signed == *name)) {
        return Err(refuse("SignedHeaders with host and x-amz-date"));
    }
    Ok(region)
}

const CBOR_HEADERS: [(&str, &str); 3] = [
    ("content-type", "application/cbor"),
    ("smithy-protocol", "rpc-v2-cbor"),
    ("x-amzn-requestid", "00000000-0000-4000-8000-000000000000"),
];

const JSON_HEADERS: [(&str, &str); 2] = [
    ("content-type", "application/json"),
    ("x-amzn-requestid", "00000000-0000-4000-8000-000000000000"),
];

const JSON_1_1: &str = "application/x-amz-json-1.1";

const JSON_1_1_HEADERS: [(&str, &str); 2] =
    [("content-type", JSON_1_1), ("x-amzn-requestid", "00000000-0000-4000-8000-000000000000")];

const OBJECT_HEADERS: [(&str, &str); 3] = [
    ("content-type", "application/octet-stream"),
    ("etag", "\"00000000000000000000000000000000\""),
    ("x-amz-request-id", "0000000000000000"),
];

fn answered(service: Service, body: Vec<u8>) -> Answer {
    let headers = match service {
        Service::CloudWatch => &CBOR_HEADERS[..],
        Service::Bedrock => &JSON_HEADERS,
        Service::Pricing | Service::Ssm => &JSON_1_1_HEADERS,
        Service::S3 => &OBJECT_HEADERS,
    };
    answer(200, headers, body)
}

fn refused(service: Service, refusal: &Refusal) -> Answer {
    let Refusal { status, code, message, .. } = refusal;
    match service {
        Service::CloudWatch => {
            let mut writer = Writer::default();
            writer.map(2).text("__type").text(&format!("com.amazonaws.cloudwatch#{code}"));
            writer.text("message").text(message);
            let sender = if *status < 500 { "Sender" } else { "Receiver" };
            let query_error = format!("{code};{sender}");
            let headers =
                [&CBOR_HEADERS[..], &[("x-amzn-query-error", query_error.as_str())]].concat();
            answer(*status, &headers, writer.finish())
        }
        Service::Bedrock => {
            let headers = [&JSON_HEADERS[..], &[("x-amzn-errortype", *code)]].concat();
            answer(*status, &headers, json!({ "message": message }).to_string())
        }
        Service::Pricing | Service::Ssm => {
            let mut body = json!({ "__type": code });
            if !message.is_empty() {
                body["message"] = message.as_str().into();
            }
            answer(*status, &JSON_1_1_HEADERS, body.to_string())
        }
        Service::S3 => {
            let mut headers =
                vec![("content-type", "application/xml"), ("x-amz-request-id", "0000000000000000")];
            if let Some(region) = &refusal.bucket_region {
                headers.push(("x-amz-bucket-region", region.name()));
            }
            let body = format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code>\
                 <Message>{message}</Message><RequestId>0000000000000000</RequestId></Error>"
            );
            answer(*status, &headers, body)
        }
    }
}
