"""The client against a small local server that answers, and fails, on demand."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pipeline.contamination.semantic import is_same
from pipeline.endpoint import Endpoint, ask
from pipeline.errors import UserError


class Server(ThreadingHTTPServer):
    """Plays `script` (HTTP status, body) in turn, then echoes the prompt."""

    script: list[tuple[int, str]]
    asked: list[dict]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(body)
        prompt = body["messages"][0]["content"]
        answer = json.dumps({"choices": [{"message": {"content": f"echo {prompt}"}}]})
        status, text = (
            self.server.script.pop(0) if self.server.script else (200, answer)
        )
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture
def server(tmp_path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("GOLDSIEVE_CACHE", str(tmp_path))
    monkeypatch.setattr("time.sleep", lambda _: None)
    made = Server(("127.0.0.1", 0), Handler)
    made.script, made.asked = [], []
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


def endpoint(server: Server, **options: object) -> Endpoint:
    port = server.server_address[1]
    return Endpoint(url=f"http://127.0.0.1:{port}/v1", model="m", **options)


def test_answers_come_in_the_order_of_the_prompts(server: Server):
    prompts = [f"p{i}" for i in range(20)]

    assert ask(prompts, endpoint(server)) == [f"echo {p}" for p in prompts]
    assert server.asked[0]["model"] == "m"


def test_a_question_is_asked_once(server: Server):
    first = ask(["p"], endpoint(server))

    assert ask(["p"], endpoint(server)) == first
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param((500, "oh"), id="error"),
        pytest.param((429, "slow down"), id="rate limit"),
        pytest.param((200, "not JSON"), id="no JSON"),
        pytest.param((200, "{}"), id="no choices"),
        pytest.param((200, '{"choices": [{"message": {"content": null}}]}'), id="null"),
    ],
)
def test_a_failed_request_is_tried_again(server: Server, fault: tuple[int, str]):
    server.script = [fault, fault]

    assert ask(["p"], endpoint(server, concurrency=1)) == ["echo p"]


def test_a_request_that_keeps_failing_has_no_answer(server: Server):
    server.script = [(500, "")] * 2

    found = ask(["p", "q"], endpoint(server, concurrency=1, attempts=2))
    assert found == [None, "echo q"]


def test_a_server_that_is_not_there_is_the_users_to_mend(server: Server):
    with pytest.raises(UserError, match="answered none of 1"):
        ask(["p"], Endpoint(url="http://127.0.0.1:9/v1", attempts=1))


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ('{"same": true}', True),
        ('Sure: {"same": true}.', True),
        ('{"same": false}', False),
        ('{"same": "true"}', False),
        ("true", False),
        ("{broken", False),
        (None, False),
    ],
)
def test_only_a_clear_yes_is_one(answer: str | None, said: bool):
    assert is_same(answer) is said
