"""End-to-end test: the real release binary under the Lambda Runtime API, with LocalStack as CloudWatch.

Run it with the interpreter of the environment that tests/tools/requirements-localstack.txt describes:
    python tests/e2e/run.py --bootstrap target/lambda/bedrock-cost-guard/bootstrap --cargo-lambda cargo-lambda
Everything listens on loopback, in a temporary directory, and is gone at the end, also after Ctrl-C.
"""

import argparse
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from contextlib import ExitStack
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import boto3
from botocore.config import Config

from fake_bedrock import FakeBedrock
from runtime_relay import RuntimeRelay

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent

REGION = "us-east-1"
ACCOUNT = "123456789012"
FUNCTION_ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:bedrock-cost-guard"
FUNCTION_TIMEOUT_SECONDS = 120
START_SECONDS = 90

# What the product promises to call things.
NAMESPACE = "BedrockCostGuard"
DELETE_IDLE = "delete_idle_provisioned_model"
ROUTE_GLOBAL = "route_to_global_profile"
COMMITMENT_PREFIX = "buy_"
RUN_FINISHED = "run finished"
MAX_SUMMARY_BYTES = 32 * 1024
SETTLE = timedelta(minutes=15)

# The account that the guard finds: tokens an hour, in each of the last whole hours before now.
HOURS = 6
GEO_LANE = "us.anthropic.claude-sonnet-4-6"
GEO_MODEL = "anthropic.claude-sonnet-4-6"
GEO_TOKENS = {"InputTokenCount": 200_000_000, "OutputTokenCount": 20_000_000, "CacheReadInputTokenCount": 50_000_000}
CONTEXT_WINDOW = "200K"
PROFILE_LANE = "a1b2c3d4e5f6"
PROFILE_MODEL = "amazon.nova-lite-v1:0"
PROFILE_TOKENS = {"InputTokenCount": 30_000_000, "OutputTokenCount": 3_000_000}
UNKNOWN_LANE = "zz.unknown-model-v1:0"
UNKNOWN_TOKENS = {"InputTokenCount": 1_000_000}
IDLE_ID = "idle00000001"
YOUNG_ID = "young0000001"
HOLDING_MODEL = "amazon.nova-micro-v1:0"

# List prices that the expectations rest on: USD per million tokens, and per model unit and hour.
GEO_PRICE = {"InputTokenCount": "3.30", "OutputTokenCount": "16.50", "CacheReadInputTokenCount": "0.33"}
GLOBAL_PRICE = {"InputTokenCount": "3.00", "OutputTokenCount": "15.00", "CacheReadInputTokenCount": "0.30"}
PROFILE_PRICE = {"InputTokenCount": "0.06", "OutputTokenCount": "0.24"}
UNIT_PRICE = Decimal("60.50")
MONTH_HOURS = 730
RECENT_HOURS = 28 * 24
CENT = Decimal("0.01")


class Checks:
    """One line for each check, and the count."""

    def __init__(self):
        self.passed = self.failed = 0

    def check(self, name, holds, detail=""):
        if holds:
            self.passed += 1
            print(f"ok    {name}", flush=True)
        else:
            self.failed += 1
            print(f"FAIL  {name}{': ' if detail != '' else ''}{detail}", flush=True)


class Broken(Exception):
    """The test cannot go on."""


class Program:
    """A program in a process group of its own, its output in a file."""

    def __init__(self, name, command, env, cwd, log):
        self.name, self.log = name, log
        with open(log, "wb") as out:
            self.process = subprocess.Popen(
                command, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
            )

    def alive(self):
        return self.process.poll() is None

    def stop(self):
        for signal_number, patience in ((signal.SIGTERM, 10), (signal.SIGKILL, 5)):
            try:
                os.killpg(self.process.pid, signal_number)
                self.process.wait(patience)
            except ProcessLookupError:
                break
            except subprocess.TimeoutExpired:
                continue
        self.process.poll()

    def tail(self, lines):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


def wait_until(what, ready, seconds, program):
    deadline = time.monotonic() + seconds
    while not ready():
        if not program.alive():
            raise Broken(f"{program.name} ended with {program.process.returncode} before: {what}")
        if time.monotonic() > deadline:
            raise Broken(f"{what}: not within {seconds} s")
        time.sleep(0.1)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def request(port, method, path, body=None, seconds=5):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.read()
    finally:
        connection.close()


# ---- time ----------------------------------------------------------------------------------------------------------


def whole_hour(moment):
    return moment.replace(minute=0, second=0, microsecond=0)


def window_end(now):
    """The last whole hour that has settled."""
    return whole_hour(now - SETTLE)


def rfc3339(moment):
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


# ---- programs ------------------------------------------------------------------------------------------------------


def start_localstack(work, port):
    home = work / "localstack"
    home.mkdir()
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / "cache"),
        "TMPDIR": str(home),
        "FILESYSTEM_ROOT": str(home / "root"),
        "LOCALSTACK_VOLUME_DIR": str(home / "volume"),
        "OVERRIDE_IN_DOCKER": "0",  # otherwise it writes to /var/lib in a container
        "SERVICES": "cloudwatch",
        "GATEWAY_SERVER": "hypercorn",  # the default server ignores the address and listens on all of them
        "GATEWAY_LISTEN": f"127.0.0.1:{port}",
        "EAGER_SERVICE_LOADING": "0",
        "DISABLE_EVENTS": "1",
        "SKIP_SSL_CERT_DOWNLOAD": "1",
        "DNS_ADDRESS": "0",
    }
    return Program("LocalStack", [sys.executable, str(HERE / "localstack_exact.py")], env, home, work / "localstack.log")


def localstack_ready(port):
    try:
        status, _, body = request(port, "GET", "/_localstack/health")
    except (OSError, http.client.HTTPException):
        return False
    return status == 200 and json.loads(body)["services"].get("cloudwatch") in ("available", "running")


def start_emulator(cargo_lambda, work, port):
    command = [cargo_lambda, "lambda", "watch", "--only-lambda-apis", "-A", "127.0.0.1", "-P", str(port)]
    return Program("cargo-lambda", command, None, ROOT, work / "emulator.log")


def start_guard(bootstrap, work, runtime_api, cloudwatch_port, bedrock_url):
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(work),
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "AWS_LAMBDA_FUNCTION_NAME": "_",
        "AWS_LAMBDA_FUNCTION_VERSION": "1",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/bedrock-cost-guard",
        "AWS_LAMBDA_LOG_STREAM_NAME": "end-to-end",
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{cloudwatch_port}",
        "AWS_ENDPOINT_URL_BEDROCK": bedrock_url,
        "GUARD_ALLOW_GLOBAL_ROUTING": "true",
    }
    return Program("the guard", [str(bootstrap)], env, work, work / "guard.log")


def cloudwatch_client(port):
    return boto3.client(
        "cloudwatch",
        REGION,
        endpoint_url=f"http://127.0.0.1:{port}",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(read_timeout=60, retries={"total_max_attempts": 2}, proxies={}),
    )


# ---- the account ---------------------------------------------------------------------------------------------------


def seed_usage(cloudwatch, end):
    """Hourly points of every lane in the hours before `end`, and one series that must not be added."""
    points = []

    def point(hour, name, value, **dimensions):
        points.append(
            {
                "MetricName": name,
                "Dimensions": [{"Name": key, "Value": text} for key, text in dimensions.items()],
                "Timestamp": end - timedelta(hours=hour, minutes=-30),
                "Value": value,
            }
        )

    for hour in range(1, HOURS + 1):
        for name, tokens in GEO_TOKENS.items():
            point(hour, name, tokens, ModelId=GEO_LANE)
        point(hour, "Invocations", 1000, ModelId=GEO_LANE)
        # The same requests once more, as CloudWatch publishes them: part of the total above.
        point(hour, "InputTokenCount", GEO_TOKENS["InputTokenCount"], ModelId=GEO_LANE, ContextWindow=CONTEXT_WINDOW)
        for name, tokens in PROFILE_TOKENS.items():
            point(hour, name, tokens, ModelId=PROFILE_LANE)
        for name, tokens in UNKNOWN_TOKENS.items():
            point(hour, name, tokens, ModelId=UNKNOWN_LANE)
    cloudwatch.put_metric_data(Namespace="AWS/Bedrock", MetricData=points)
    return len(points)


def foundation_model(region, model):
    return f"arn:aws:bedrock:{region}::foundation-model/{model}"


def provisioned_model(region, identity, name, age_days, now):
    arn = foundation_model(region, HOLDING_MODEL)
    created = rfc3339(now - timedelta(days=age_days))
    return {
        "provisionedModelName": name,
        "provisionedModelArn": f"arn:aws:bedrock:{region}:{ACCOUNT}:provisioned-model/{identity}",
        "modelArn": arn,
        "desiredModelArn": arn,
        "foundationModelArn": arn,
        "modelUnits": 1,
        "desiredModelUnits": 1,
        "status": "InService",
        "creationTime": created,
        "lastModifiedTime": created,
    }


def application_profile(identity, name, model):
    return {
        "inferenceProfileName": name,
        "inferenceProfileArn": f"arn:aws:bedrock:{REGION}:{ACCOUNT}:application-inference-profile/{identity}",
        "models": [{"modelArn": foundation_model(REGION, model)}],
        "inferenceProfileId": identity,
        "status": "ACTIVE",
        "type": "APPLICATION",
    }


def system_profile(identity, name, regions, model):
    return {
        "inferenceProfileName": name,
        "inferenceProfileArn": f"arn:aws:bedrock:{REGION}:{ACCOUNT}:inference-profile/{identity}",
        "models": [{"modelArn": foundation_model(region, model)} for region in regions],
        "inferenceProfileId": identity,
        "status": "ACTIVE",
        "type": "SYSTEM_DEFINED",
    }


def active_model(model, provider, inference_types):
    return {
        "modelArn": foundation_model(REGION, model),
        "modelId": model,
        "providerName": provider,
        "outputModalities": ["TEXT"],
        "inferenceTypesSupported": inference_types,
        "modelLifecycle": {"status": "ACTIVE"},
    }


def inventories(now):
    """What Bedrock lists. What the guard needs is never on the first page; the other Region must stay unread."""
    here = {
        "ListProvisionedModelThroughputs": [
            provisioned_model(REGION, YOUNG_ID, "young", 2, now),
            provisioned_model(REGION, IDLE_ID, "forgotten", 30, now),
        ],
        "ListInferenceProfiles": [
            system_profile(GEO_LANE, "US Claude Sonnet 4.6", ["us-east-1", "us-east-2", "us-west-2"], GEO_MODEL),
            system_profile(f"global.{GEO_MODEL}", "Global Claude Sonnet 4.6", ["us-east-1", ""], GEO_MODEL),
            application_profile("f6e5d4c3b2a1", "unused", HOLDING_MODEL),
            application_profile(PROFILE_LANE, "search-team", PROFILE_MODEL),
        ],
        "ListFoundationModels": [
            active_model(GEO_MODEL, "Anthropic", ["INFERENCE_PROFILE"]),
            active_model(PROFILE_MODEL, "Amazon", ["ON_DEMAND"]),
            active_model(HOLDING_MODEL, "Amazon", ["ON_DEMAND", "PROVISIONED"]),
        ],
    }
    elsewhere = {"ListProvisionedModelThroughputs": [provisioned_model("us-west-2", "elsewhere001", "elsewhere", 60, now)]}
    return {REGION: here, "us-west-2": elsewhere}


def cost(tokens, prices):
    """Monthly USD of one hour's `tokens` seeded HOURS times in the recent window."""
    usd = sum(Decimal(count) * Decimal(prices[name]) for name, count in tokens.items()) / 1_000_000
    return usd * HOURS * MONTH_HOURS / RECENT_HOURS


# ---- events --------------------------------------------------------------------------------------------------------


def load_events():
    """The repository's own events, those that put nothing first."""
    paths = sorted((ROOT / "events").glob("*.json"))
    events = [(path.name, json.loads(path.read_text())) for path in paths]
    return sorted(events, key=lambda event: not is_dry(event[1]))


def is_dry(event):
    detail = event.get("detail")
    detail = json.loads(detail) if isinstance(detail, str) else detail or {}
    return bool(event.get("dry_run") or detail.get("dry_run"))


def brought_to_now(event, now):
    fresh = {name: rfc3339(now) for name in ("time", "scheduled_time") if name in event}
    if "end" in event:
        fresh["end"] = rfc3339(window_end(now))
    return {**event, **fresh}


def invoke(port, event):
    """Status and body of one invocation; the emulator answers 500 with the error for a failed one."""
    status, headers, body = request(
        port, "POST", "/2015-03-31/functions/_/invocations", json.dumps(event), FUNCTION_TIMEOUT_SECONDS + 10
    )
    if "x-amz-function-error" in {name.lower() for name in headers}:
        status = 500
    return status, body


def log_lines(guard, start):
    """The JSON lines that the guard wrote since `start`, once the line that ends a run is there."""
    deadline = time.monotonic() + 5
    while True:
        text = guard.log.read_bytes()[start:].decode(errors="replace")
        lines = [as_object(line) for line in text.splitlines()]
        if any(finished(line) for line in lines) or time.monotonic() > deadline:
            return [line for line in lines if line is not None]
        time.sleep(0.1)


def as_object(text):
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def finished(line):
    return line is not None and str(line.get("message", "")).startswith(RUN_FINISHED)


def check_run(checks, name, port, guard, event):
    start = guard.log.stat().st_size
    began = time.monotonic()
    status, body = invoke(port, event)
    took = time.monotonic() - began
    checks.check(f"{name}: succeeds ({took:.1f} s)", status == 200, f"{status} {body[:600]!r}")
    if status != 200:
        return
    summary = as_object(body) or {}
    checks.check(f"{name}: returns totals", isinstance(summary.get("totals"), dict), body[:300])
    checks.check(f"{name}: returns under 32 KB", len(body) < MAX_SUMMARY_BYTES, len(body))
    lines = log_lines(guard, start)
    checks.check(f"{name}: logs that the run finished", any(map(finished, lines)))
    if not is_dry(event):
        check_recommendations(checks, name, [line for line in lines if "recommendation" in line])


def check_recommendations(checks, name, lines):
    texts = ("timestamp", "level", "message")
    shaped = all(
        isinstance(line["recommendation"], dict) and all(isinstance(line.get(key), str) for key in texts)
        for line in lines
    )
    checks.check(f"{name}: recommendations stand at the top of their log lines", bool(lines) and shaped, lines[:1])
    if not shaped:
        return
    found = [line["recommendation"] for line in lines]

    def with_action(action):
        return [one for one in found if one.get("action") == action]

    idle = with_action(DELETE_IDLE)
    only_idle = len(idle) == 1 and IDLE_ID in json.dumps(idle)
    checks.check(f"{name}: only the idle provisioned model is to be deleted", only_idle, idle)
    routed = [one.get("model") for one in with_action(ROUTE_GLOBAL)]
    checks.check(f"{name}: the geo profile is to become the global one", GEO_MODEL in routed, routed)
    bought = [one.get("action") for one in found if str(one.get("action")).startswith(COMMITMENT_PREFIX)]
    checks.check(f"{name}: no commitment on {HOURS} hours of history", not bought, bought)


def check_contract(checks, cloudwatch_port):
    """The Rust test of what the guard relies on in CloudWatch, which the in-process fake passes too."""
    endpoint = {"CONTRACT_ENDPOINT": f"http://127.0.0.1:{cloudwatch_port}"}
    command = ["cargo", "test", "--locked", "--test", "contract"]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | endpoint, capture_output=True, text=True)
    checks.check("contract: LocalStack keeps it", done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:])


def check_malformed_event(checks, port, relay):
    status, body = invoke(port, {"end": "soon"})
    error = as_object(body) or {}
    checks.check("malformed event: the function fails", status != 200, status)
    checks.check("malformed event: with error type Event", error.get("errorType") == "Event", error)
    checks.check("malformed event: names the field", "end" in str(error.get("errorMessage")), error)
    # The runtime's own header always says "unhandled"; the type that alarms match is in the body.
    checks.check("malformed event: reported once", len(relay.errors) == 1, relay.errors)


# ---- metrics -------------------------------------------------------------------------------------------------------


def published(cloudwatch, namespace=NAMESPACE):
    pages = cloudwatch.get_paginator("list_metrics").paginate(Namespace=namespace)
    return [metric for page in pages for metric in page["Metrics"]]


def values(cloudwatch, began, name, stat="Maximum", **dimensions):
    metric = {
        "Namespace": NAMESPACE,
        "MetricName": name,
        "Dimensions": [{"Name": key, "Value": text} for key, text in dimensions.items()],
    }
    query = {"Id": "q", "MetricStat": {"Metric": metric, "Period": 60, "Stat": stat}}
    answer = cloudwatch.get_metric_data(
        MetricDataQueries=[query],
        StartTime=whole_hour(began) - timedelta(hours=2),
        EndTime=whole_hour(began) + timedelta(hours=2),
    )
    return [Decimal(repr(value)) for value in answer["MetricDataResults"][0]["Values"]]


def check_metrics(checks, cloudwatch, began):
    def is_always(name, expected, tolerance=CENT, **dimensions):
        got = values(cloudwatch, began, name, **dimensions) + values(cloudwatch, began, name, "Minimum", **dimensions)
        holds = bool(got) and all(abs(value - expected) <= tolerance for value in got)
        scope = f" {dimensions}" if dimensions else ""
        checks.check(f"metric {name}{scope} is {expected:.2f}", holds, f"got {sorted(set(got))}")

    geo, through_profile = cost(GEO_TOKENS, GEO_PRICE), cost(PROFILE_TOKENS, PROFILE_PRICE)
    holding = UNIT_PRICE * MONTH_HOURS
    total = geo + through_profile + 2 * holding
    savings = holding + geo - cost(GEO_TOKENS, GLOBAL_PRICE)
    is_always("MonthlyCost", geo, Region=REGION, Model=GEO_MODEL)
    is_always("MonthlyCost", through_profile, Region=REGION, Model=PROFILE_MODEL)
    is_always("MonthlyCost", 2 * holding, Region=REGION, Model=HOLDING_MODEL)
    is_always("MonthlyCost", total, Region=REGION)
    is_always("MonthlyCost", total)
    is_always("PotentialMonthlySavings", savings)
    is_always("UnpricedTokens", Decimal(HOURS * sum(UNKNOWN_TOKENS.values())))
    is_always("RunSucceeded", Decimal(1))
    recommendations = values(cloudwatch, began, "Recommendations")
    checks.check("metric Recommendations is at least 2", bool(recommendations) and min(recommendations) >= 2, recommendations)


# ---- Bedrock -------------------------------------------------------------------------------------------------------


def check_bedrock(checks, bedrock):
    counts = bedrock.count_by_path()
    for path in (call.path for call in bedrock.calls.values()):
        checks.check(f"Bedrock: {path} was read", counts[path] > 0, dict(counts))
    checks.check("Bedrock: every request was signed, legal and a read", not bedrock.refused(), bedrock.refused())
    checks.check("Bedrock: every next page was fetched", bedrock.tokens_given and not bedrock.abandoned_tokens())
    regions = {request.region for request in bedrock.seen}
    checks.check(f"Bedrock: only {REGION} was asked", regions == {REGION}, regions)


# ---- the whole ------------------------------------------------------------------------------------------------------


def run(arguments, work, checks, stack, programs):
    began = datetime.now(timezone.utc)
    cloudwatch_port, emulator_port = free_port(), free_port()

    def started(program):
        stack.callback(program.stop)
        programs.append(program)
        return program

    localstack = started(start_localstack(work, cloudwatch_port))
    emulator = started(start_emulator(arguments.cargo_lambda, work, emulator_port))
    bedrock = FakeBedrock(inventories(began))
    stack.callback(bedrock.close)
    relay = RuntimeRelay(emulator_port, FUNCTION_ARN, FUNCTION_TIMEOUT_SECONDS)
    stack.callback(relay.close)
    wait_until("LocalStack is healthy", lambda: localstack_ready(cloudwatch_port), START_SECONDS, localstack)
    wait_until("the Runtime API listens", lambda: listens(emulator_port), START_SECONDS, emulator)

    cloudwatch = cloudwatch_client(cloudwatch_port)
    seeded = seed_usage(cloudwatch, window_end(began))
    print(f"      {seeded} points seeded after {(datetime.now(timezone.utc) - began).total_seconds():.1f} s", flush=True)
    guard = started(start_guard(arguments.bootstrap, work, relay.address, cloudwatch_port, bedrock.url))
    wait_until("the guard asks for its first event", relay.polled.is_set, START_SECONDS, guard)

    check_contract(checks, cloudwatch_port)
    events = load_events()
    kinds = {is_dry(event) for _, event in events}
    checks.check("events: there is one that puts nothing and one that does", kinds == {True, False})
    for name, event in events:
        if is_dry(event):
            check_run(checks, name, emulator_port, guard, brought_to_now(event, datetime.now(timezone.utc)))
    checks.check("dry run: puts no metric", published(cloudwatch) == [], published(cloudwatch)[:3])
    check_malformed_event(checks, emulator_port, relay)
    checks.check("malformed event: puts no metric", published(cloudwatch) == [])
    for name, event in events:
        if not is_dry(event):
            check_run(checks, name, emulator_port, guard, brought_to_now(event, datetime.now(timezone.utc)))
    check_metrics(checks, cloudwatch, began)
    check_bedrock(checks, bedrock)
    checks.check("the guard reported no other error", len(relay.errors) == 1, relay.errors[1:])
    checks.check("the guard lived through all invocations", guard.alive(), guard.process.returncode)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bootstrap", required=True, type=executable, help="the release binary of the Lambda")
    parser.add_argument("--cargo-lambda", required=True, type=executable, help="the program cargo-lambda")
    parser.add_argument("--keep", action="store_true", help="keep the directory with the logs")
    return parser.parse_args()


def executable(text):
    found = shutil.which(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text} is not a program")
    return str(Path(found).absolute())


def main():
    arguments = parse_arguments()
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    checks, programs = Checks(), []
    work = Path(tempfile.mkdtemp(prefix="cost-guard-e2e-"))
    try:
        with ExitStack() as stack:
            try:
                run(arguments, work, checks, stack, programs)
            except Exception as fault:  # whatever it is, the logs below explain it
                checks.check("the test runs to its end", False, f"{type(fault).__name__}: {fault}")
                if not isinstance(fault, (Broken, OSError)):
                    traceback.print_exc()
        if checks.failed:
            for program in programs:
                lines = 400 if program.name == "the guard" else 60
                print(f"\n---- {program.name}, last {lines} lines ----\n{program.tail(lines)}", flush=True)
    finally:
        if arguments.keep:
            print(f"logs: {work}", flush=True)
        else:
            shutil.rmtree(work, ignore_errors=True)
    print(f"{checks.passed} passed, {checks.failed} failed", flush=True)
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
