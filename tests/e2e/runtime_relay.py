"""Stands between the function and cargo-lambda's emulator and corrects what the emulator leaves unreal.

The emulator's deadline header is a constant that lies in 1970 and its function ARN is no ARN; Lambda sends
the epoch milliseconds at which the time-out strikes, and the real ARN. Errors that the function reports are kept.
"""

import http.client
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}


class RuntimeRelay:
    """Serves the Runtime API at `address`, as Lambda names it: host and port, no path."""

    def __init__(self, emulator_port, function_arn, timeout_seconds):
        self.emulator_port = emulator_port
        self.function_arn = function_arn
        self.timeout_seconds = timeout_seconds
        self.errors = []
        self.polled = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler_for(self))
        self.server.daemon_threads = True
        self.address = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def forward(self, method, path, headers, body):
        """Status, headers and body of the emulator's answer, corrected."""
        if path.endswith("/invocation/next"):
            self.polled.set()
        if path.endswith("/error"):
            self.errors.append((headers.get("Lambda-Runtime-Function-Error-Type"), json.loads(body)))
        connection = http.client.HTTPConnection("127.0.0.1", self.emulator_port)
        try:
            kept = {name: value for name, value in headers.items() if name.lower() not in HOP_BY_HOP}
            connection.request(method, "/.rt" + path, body or None, kept)
            response = connection.getresponse()
            answer = response.read()
            fields = {name.lower(): value for name, value in response.getheaders()}
        finally:
            connection.close()
        fields = {name: value for name, value in fields.items() if name not in HOP_BY_HOP}
        if "lambda-runtime-deadline-ms" in fields:
            fields["lambda-runtime-deadline-ms"] = str(int((time.time() + self.timeout_seconds) * 1000))
            fields["lambda-runtime-invoked-function-arn"] = self.function_arn
        return response.status, fields, answer


def body_of(handler):
    if handler.headers.get("Transfer-Encoding", "").lower() != "chunked":
        return handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
    body = b""
    while size := int(handler.rfile.readline().split(b";")[0], 16):
        body += handler.rfile.read(size)
        handler.rfile.readline()
    while handler.rfile.readline().strip():
        """Trailers are not for us."""
    return body


def handler_for(relay):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def reply(self):
            try:
                status, fields, body = relay.forward(self.command, self.path, self.headers, body_of(self))
            except (OSError, http.client.HTTPException) as fault:
                status, fields, body = 502, {}, str(fault).encode()
            try:
                self.send_response(status)
                for name, value in fields.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                self.close_connection = True

        do_GET = do_POST = reply

        def log_message(self, *_):
            """Keeps the terminal for the checks."""

    return Handler
