"""A chat completions server on this machine that answers, and fails, on demand.

    with serving(lambda body: '{"verdict": "correct", "reason": "yes"}') as server:
        server.script = [Fault(429, headers={"Retry-After": "1"})]
        ask(["p"], Endpoint(url=server.url))

`concurrency` is how many questions a client asks it at once, as machine.yaml would say.
`script` is played first, one entry a request; then `answer` says what the model says.
It speaks HTTP over a real socket, so that what clients do about faults is what is
tested.
"""

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from unittest.mock import patch

from pipeline.endpoint import client as client_module
from pipeline.endpoint.client import Endpoint, client
from pipeline.machine import Machine
from pipeline.verifiers.contract import Verdict
from pipeline.verifiers.judge import Case, Judge, verify_all

BLOCK = re.compile(
    r"<<(?P<name>[A-Z_]+) (?P<code>\w+)>>\n(.*?)\n<<END (?P=name) (?P=code)>>", re.S
)


@dataclass
class Fault:
    """What is sent in place of an answer; `drop` hangs up, `drip_s` sends slowly."""

    status: int = 200
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0
    drip_s: float = 0
    drop: bool = False


class Server(ThreadingHTTPServer):
    daemon_threads = True
    script: list[Fault]
    requests: list[dict[str, Any]]
    times: list[float]
    answer: Callable[[dict[str, Any]], str | Fault]
    concurrency: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is part of the play."""


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.requests.append(body)
            self.server.times.append(time.monotonic())
            self.server.keys.append(self.headers["Authorization"])
            played = self.server.script.pop(0) if self.server.script else None
            self.server.busy += 1
            self.server.most_busy = max(self.server.most_busy, self.server.busy)
        try:
            answer = played or self.server.answer(body)
            fault = answer if isinstance(answer, Fault) else None
            time.sleep(fault.delay_s if fault else 0.0)
        finally:  # before the client can ask again
            with self.server.lock:
                self.server.busy -= 1
        self.send(fault or Fault(body=completion(answer)))

    def send(self, fault: Fault) -> None:
        if fault.drop:
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response(fault.status)
        for name, value in fault.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(fault.body.encode())))
        self.end_headers()
        if not fault.drip_s:
            self.wfile.write(fault.body.encode())
            return
        for byte in fault.body.encode():
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            time.sleep(fault.drip_s)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


def completion(
    text: str | None, *, finish: str = "stop", tokens: int = 10, **more: Any
) -> str:
    """A chat completion that says `text`, as JSON."""
    message = {"role": "assistant", "content": text, **more}
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return json.dumps({"choices": [choice], "usage": {"total_tokens": tokens}})


@contextmanager
def serving(answer: Callable[[dict[str, Any]], str | Fault]) -> Iterator[Server]:
    server = Server(("127.0.0.1", 0), Handler)
    server.script, server.requests, server.times, server.keys = [], [], [], []
    server.concurrency = 16
    server.lock, server.busy, server.most_busy = threading.Lock(), 0, 0
    server.answer = answer

    def machine() -> Machine:
        return Machine(concurrency=server.concurrency)

    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        with patch.object(client_module, "machine", machine):
            yield server
    finally:
        server.shutdown()
        server.server_close()


def prompt(body: dict[str, Any]) -> str:
    """The user's message of a request."""
    return body["messages"][-1]["content"]


def blocks(body: dict[str, Any]) -> dict[str, str]:
    """The texts between delimiters in the prompt of a request, by name."""
    return {match["name"]: match[3] for match in BLOCK.finditer(prompt(body))}


def verdict(verdict: str, reason: str = "so it is") -> str:
    return json.dumps({"verdict": verdict, "reason": reason})


def by_value(body: dict[str, Any]) -> str:
    """A judge that does its work: is the reference the last number of the response?"""
    texts = blocks(body)
    numbers = re.findall(r"-?\d+", texts["RESPONSE"].partition("Grader")[0])
    right = bool(numbers) and numbers[-1] == texts["REFERENCE"]
    return verdict("correct" if right else "incorrect")


def judged(server: Server, *cases: Case, **options: object) -> list[Verdict]:
    where = Endpoint(url=server.url, model="m", attempts=2)
    settings = Judge(endpoint=where, **options)
    return verify_all(list(cases), settings, client(settings.endpoint))


def case(answer: str | None = "7", text: str = "It is 7.", **info: object) -> Case:
    return Case(answer, text, {"problem": "3+4?", **info})


def last_number(text: str) -> str:
    return re.findall(r"\d+", text)[-1]
