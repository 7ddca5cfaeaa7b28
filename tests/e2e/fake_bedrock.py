"""A Bedrock control plane on loopback: three list calls, one item a page, each request checked.

Which parameters a call knows, what values they take and what an answer must hold comes from botocore's
model of the service, so this file cannot drift from it. Run `python fake_bedrock.py` for a self-test.
"""

import base64
import json
import re
import threading
import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import botocore.session
from botocore.validate import ParamValidator

OPERATIONS = ("ListProvisionedModelThroughputs", "ListInferenceProfiles", "ListFoundationModels")
CLOCK_SKEW_SECONDS = 15 * 60
CREDENTIAL = re.compile(
    r"AWS4-HMAC-SHA256 Credential=[^/,\s]+/(?P<day>\d{8})/(?P<region>[a-z0-9-]+)/bedrock/aws4_request, ?"
    r"SignedHeaders=(?P<headers>[a-z0-9;-]+), ?Signature=[0-9a-f]{64}"
)

# How a filter of a request chooses items: wire name -> (member of the item, test).
FILTERS = {
    "statusEquals": ("status", lambda have, want: have == want),
    "modelArnEquals": ("modelArn", lambda have, want: have == want),
    "nameContains": ("provisionedModelName", lambda have, want: want in have),
    "creationTimeAfter": ("creationTime", lambda have, want: instant(have) >= instant(want)),
    "creationTimeBefore": ("creationTime", lambda have, want: instant(have) <= instant(want)),
    "type": ("type", lambda have, want: have == want),
    "byProvider": ("providerName", lambda have, want: (have or "").lower() == want.lower()),
    "byCustomizationType": ("customizationsSupported", lambda have, want: want in (have or [])),
    "byOutputModality": ("outputModalities", lambda have, want: want in (have or [])),
    "byInferenceType": ("inferenceTypesSupported", lambda have, want: want in (have or [])),
}
NOT_FILTERS = {"maxResults", "nextToken", "sortBy", "sortOrder"}


def instant(text):
    """Seconds since the epoch of an RFC 3339 time."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


@dataclass(frozen=True)
class Seen:
    """One request as it came and the status that it got."""

    method: str
    path: str
    region: str
    query: tuple
    status: int


class Refused(Exception):
    """An error answer: HTTP status, error type, message."""

    def __init__(self, status, kind, message):
        super().__init__(message)
        self.status, self.kind = status, kind


class Call:
    """One list operation, as botocore's model describes it."""

    def __init__(self, operation):
        self.path = operation.http["requestUri"]
        self.parameters = {
            shape.serialization.get("name", name): shape
            for name, shape in operation.input_shape.members.items()
            if shape.serialization.get("location") == "querystring"
        }
        self.output = operation.output_shape
        (self.items_member,) = (name for name, shape in self.output.members.items() if shape.type_name == "list")
        self.pages = "nextToken" in self.parameters
        unknown = set(self.parameters) - set(FILTERS) - NOT_FILTERS
        assert not unknown, f"{operation.name} has parameters that this fake does not serve: {unknown}"

    def check_items(self, items):
        report = ParamValidator().validate({self.items_member: items}, self.output)
        assert not report.has_errors(), report.generate_report()

    def check_query(self, pairs):
        """The query as a dict, if each parameter is known, legal and given once."""
        query = {}
        for name, value in pairs:
            if name not in self.parameters:
                raise Refused(400, "ValidationException", f"{self.path} has no query parameter {name!r}")
            if name in query:
                raise Refused(400, "ValidationException", f"{name} is given twice")
            fault = fault_of(self.parameters[name], value)
            if fault:
                raise Refused(400, "ValidationException", f"{name}={value!r} {fault}")
            query[name] = value
        return query

    def chosen(self, items, query):
        for name, value in query.items():
            if name in FILTERS:
                member, test = FILTERS[name]
                items = [item for item in items if test(item.get(member), value)]
        if "sortOrder" in self.parameters:
            newest_first = query.get("sortOrder", "Descending") == "Descending"
            items = sorted(items, key=lambda item: instant(item["creationTime"]), reverse=newest_first)
        return items


def fault_of(shape, value):
    """What is wrong with a query value for this botocore shape, or None."""
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if shape.type_name == "integer":
        if not re.fullmatch(r"\d+", value) or not low <= int(value) <= high:
            return f"is not a whole number from {low} to {high}"
    elif shape.type_name == "timestamp":
        try:
            instant(value)
        except ValueError:
            return "is not a time"
    else:
        if shape.enum and value not in shape.enum:
            return f"is none of {shape.enum}"
        if (low is not None and len(value) < low) or (high is not None and len(value) > high):
            return f"is not {low} to {high} characters long"
        pattern = shape.metadata.get("pattern")
        if pattern and not re.fullmatch(pattern, value):
            return f"does not match {pattern}"
    return None


class FakeBedrock:
    """Serves `inventories[region][operation]`, a list of items; a Region or operation left out is empty."""

    def __init__(self, inventories, page_size=1):
        model = botocore.session.get_session().get_service_model("bedrock")
        self.calls = {name: Call(model.operation_model(name)) for name in OPERATIONS}
        for inventory in inventories.values():
            for name, items in inventory.items():
                self.calls[name].check_items(items)
        self.inventories = inventories
        self.page_size = page_size
        self.seen = []
        self.tokens_given = set()
        self.tokens_used = set()
        self.lock = threading.Lock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler_for(self))
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def count_by_path(self):
        return Counter(request.path for request in self.seen)

    def refused(self):
        """Requests that were not signed, not legal or not a read."""
        return [request for request in self.seen if request.status != 200]

    def abandoned_tokens(self):
        """Next pages that were offered and that nobody asked for."""
        return self.tokens_given - self.tokens_used

    def answer(self, method, target, headers):
        """Status, error type or None, and body of one request; keeps it in `seen`."""
        parts = urlsplit(target)
        pairs = tuple(parse_qsl(parts.query, keep_blank_values=True))
        region = ""
        try:
            if method != "GET":
                raise Refused(405, "ValidationException", f"{method} would change something")
            region = signed_region(headers)
            status, kind, body = 200, None, self.page(region, parts.path, pairs)
        except Refused as refusal:
            status, kind, body = refusal.status, refusal.kind, {"message": str(refusal)}
        with self.lock:
            self.seen.append(Seen(method, parts.path, region, pairs, status))
        return status, kind, body

    def page(self, region, path, pairs):
        for name, call in self.calls.items():
            if call.path == path:
                break
        else:
            raise Refused(404, "ResourceNotFoundException", f"no operation at {path}")
        query = call.check_query(pairs)
        items = call.chosen(self.inventories.get(region, {}).get(name, []), query)
        if not call.pages:
            return {call.items_member: items}
        asked = sorted((key, value) for key, value in query.items() if key not in ("nextToken", "maxResults"))
        start = self.start_of_page(query.get("nextToken"), [region, path, asked])
        end = start + min(self.page_size, int(query.get("maxResults", self.page_size)))
        body = {call.items_member: items[start:end]}
        if end < len(items):
            body["nextToken"] = self.new_token([region, path, asked], end)
        return body

    def new_token(self, asked, start):
        token = base64.urlsafe_b64encode(json.dumps([asked, start]).encode()).decode()
        with self.lock:
            self.tokens_given.add(token)
        return token

    def start_of_page(self, token, asked):
        if token is None:
            return 0
        with self.lock:
            if token not in self.tokens_given:
                raise Refused(400, "ValidationException", "nextToken was never given out")
            self.tokens_used.add(token)
        given_for, start = json.loads(base64.urlsafe_b64decode(token))
        if given_for != json.loads(json.dumps(asked)):
            raise Refused(400, "ValidationException", "nextToken belongs to another request")
        return start


def signed_region(headers):
    """The Region of the credential scope; refuses a request that is not signed for Bedrock now."""
    credential = CREDENTIAL.fullmatch(headers.get("Authorization", ""))
    date = headers.get("X-Amz-Date", "")
    if not credential or not re.fullmatch(r"\d{8}T\d{6}Z", date):
        raise Refused(403, "AccessDeniedException", "the request is not signed for bedrock")
    if not {"host", "x-amz-date"} <= set(credential["headers"].split(";")) or not date.startswith(credential["day"]):
        raise Refused(403, "AccessDeniedException", "the signature does not cover host and x-amz-date")
    if abs(datetime.strptime(date + "+0000", "%Y%m%dT%H%M%SZ%z").timestamp() - time.time()) > CLOCK_SKEW_SECONDS:
        raise Refused(403, "AccessDeniedException", "the signature has expired")
    return credential["region"]


def handler_for(fake):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def reply(self):
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, kind, body = fake.answer(self.command, self.path, self.headers)
            payload = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            if kind:
                self.send_header("x-amzn-ErrorType", kind)
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = reply

        def log_message(self, *_):
            """Keeps the terminal for the checks."""

    return Handler


def self_test():
    """The fake against boto3's own client: pages, filters, Regions and refusals."""
    import http.client

    import boto3
    from botocore.exceptions import ClientError

    arn = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-micro-v1:0"

    def provisioned(name, day):
        return {
            "provisionedModelName": name,
            "provisionedModelArn": f"arn:aws:bedrock:us-east-1:123456789012:provisioned-model/{name:x<12}",
            "modelArn": arn,
            "desiredModelArn": arn,
            "foundationModelArn": arn,
            "modelUnits": 1,
            "desiredModelUnits": 1,
            "status": "InService",
            "creationTime": f"2026-01-0{day}T00:00:00Z",
            "lastModifiedTime": f"2026-01-0{day}T00:00:00Z",
        }

    models = [{"modelArn": arn, "modelId": "amazon.nova-micro-v1:0"}]
    fake = FakeBedrock(
        {
            "us-east-1": {
                "ListProvisionedModelThroughputs": [provisioned(name, day) for name, day in (("a", 1), ("b", 3), ("c", 2))],
                "ListFoundationModels": models,
            }
        }
    )

    def client(region):
        return boto3.client(
            "bedrock", region, endpoint_url=fake.url, aws_access_key_id="test", aws_secret_access_key="test"
        )

    def names(region, **query):
        pages = client(region).get_paginator("list_provisioned_model_throughputs").paginate(**query)
        return [item["provisionedModelName"] for page in pages for item in page["provisionedModelSummaries"]]

    assert names("us-east-1") == ["b", "c", "a"]
    assert names("us-east-1", sortBy="CreationTime", sortOrder="Ascending", statusEquals="InService") == ["a", "c", "b"]
    assert names("us-east-1", nameContains="c", creationTimeAfter=datetime(2026, 1, 2)) == ["c"]
    assert names("eu-west-1") == []
    assert client("us-east-1").list_foundation_models()["modelSummaries"][0]["modelId"] == models[0]["modelId"]
    assert client("us-east-1").list_inference_profiles(typeEquals="APPLICATION")["inferenceProfileSummaries"] == []
    assert not fake.refused() and not fake.abandoned_tokens()
    for query in ({"nextToken": "made-up"}, {"statusEquals": "Idle"}):
        try:
            client("us-east-1").list_provisioned_model_throughputs(**query)
            raise AssertionError(f"{query} was not refused")
        except ClientError as error:
            assert error.response["Error"]["Code"] == "ValidationException", error
    client("us-east-1").list_provisioned_model_throughputs()
    fake.tokens_used.clear()
    assert fake.abandoned_tokens()
    for method in ("GET", "POST"):
        connection = http.client.HTTPConnection("127.0.0.1", fake.server.server_port, timeout=5)
        connection.request(method, "/foundation-models?maxResults=1")
        assert connection.getresponse().status == {"GET": 403, "POST": 405}[method]
        connection.close()
    fake.close()
    print(f"ok: {dict(fake.count_by_path())}")


if __name__ == "__main__":
    self_test()
