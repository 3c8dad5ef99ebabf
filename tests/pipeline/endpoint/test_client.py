"""The client against a small local server that answers, and fails, on demand."""

import json
import time
from collections.abc import Iterator

import pytest

from pipeline.endpoint import http
from pipeline.endpoint.client import Endpoint, Question, Reply, ask, client
from pipeline.errors import UserError
from tests.support.judge_server import Fault, Server, completion, prompt, serving


@pytest.fixture
def server(tmp_path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("GOLDSIEVE_CACHE", str(tmp_path))
    monkeypatch.setattr(http, "FIRST_WAIT_S", 0.01)
    with serving(lambda body: f"echo {prompt(body)}") as server:
        yield server


def endpoint(server: Server, concurrency: int = 16, **options: object) -> Endpoint:
    server.concurrency = concurrency
    return Endpoint(url=server.url, model="m", **options)


def fetch(questions: list[Question], where: Endpoint) -> list[Reply]:
    return client(where)(questions)


def test_answers_come_in_the_order_of_the_prompts(server: Server):
    prompts = [f"p{i}" for i in range(20)]

    assert ask(prompts, endpoint(server)) == [f"echo {p}" for p in prompts]
    assert server.requests[0]["model"] == "m"
    assert server.keys[0] == "Bearer none"


def test_half_a_surrogate_pair_can_be_sent(server: Server):
    server.answer = lambda body: str(len(prompt(body)))

    assert ask(["a\ud800b"], endpoint(server)) == ["3"]


def test_half_a_surrogate_pair_in_a_reply_can_be_kept(server: Server):
    server.answer = lambda body: Fault(body=completion("a\ud800b"))

    assert ask(["p", "p"], endpoint(server)) == ["a\ufffdb"] * 2
    assert ask(["p"], endpoint(server)) == ["a\ufffdb"], "kept"


def test_many_are_asked_at_once_and_no_more_than_allowed(server: Server):
    server.answer = lambda body: Fault(body=completion("yes"), delay_s=0.3)
    ask([f"p{i}" for i in range(12)], endpoint(server, concurrency=4))

    assert server.most_busy == 4


def test_a_question_is_asked_once(server: Server):
    first = ask(["p", "p"], endpoint(server))

    assert ask(["p"], endpoint(server)) == first[:1]
    assert len(server.requests) == 1


def test_votes_on_one_question_are_kept_apart(server: Server):
    votes = [Question("p", seed=0), Question("p", seed=1), Question("p", seed=1)]
    fetch(votes, endpoint(server))
    fetch([Question("p", seed=1, temperature=0.5)], endpoint(server))

    requests = [(body["seed"], body["temperature"]) for body in server.requests]
    assert sorted(requests) == [(0, 0.0), (1, 0.0), (1, 0.5)]


def test_kept_answers_that_cannot_be_read_are_asked_for_again(
    server: Server, tmp_path, capsys
):
    ask(["p"], endpoint(server))
    (file,) = tmp_path.rglob("*.sqlite")
    file.write_text("no database")

    assert ask(["p"], endpoint(server)) == ["echo p"]
    assert len(server.requests) == 2
    assert "set aside as replies.broken" in capsys.readouterr().err
    assert ask(["p"], endpoint(server)) == ["echo p"]
    assert len(server.requests) == 2


FAULTS = {
    "error": Fault(500, "oh"),
    "rate limit": Fault(429, "slow down"),
    "no JSON": Fault(200, "not JSON"),
    "HTML": Fault(200, "<html><body>Bad gateway</body></html>"),
    "HTML and a status": Fault(502, "<html><body>Bad gateway</body></html>"),
    "no choices": Fault(200, "{}"),
    "empty choices": Fault(200, '{"choices": []}'),
    "null": Fault(200, '{"choices": [{"message": {"content": null}}]}'),
    "a list": Fault(200, "[]"),
    "deep": Fault(200, "[" * 100_000),
    "a stream": Fault(200, 'data: {"choices": [{"delta": {"content": "x"}}]}\n\n'),
    "hang-up": Fault(drop=True),
    "not UTF-8": Fault(
        200, "\udcff".encode("utf-8", "surrogatepass").decode("latin-1")
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_failed_request_is_tried_again(server: Server, name: str):
    server.script = [FAULTS[name], FAULTS[name]]

    assert ask(["p"], endpoint(server, concurrency=1)) == ["echo p"]
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    "slow", [Fault(body=completion("late"), delay_s=0.5),
             Fault(body=completion("drip"), drip_s=0.05)], ids=["late", "dripping"]
)  # fmt: skip
def test_a_slow_reply_is_given_up_and_tried_again(server: Server, slow: Fault):
    server.script = [slow]
    begin = time.monotonic()

    assert ask(["p"], endpoint(server, timeout_s=0.2)) == ["echo p"]
    assert time.monotonic() - begin < 2


def test_nobody_asks_again_before_the_server_says_so(server: Server):
    server.script = [Fault(429, headers={"Retry-After": "1"})]
    ask(["p", "q"], endpoint(server, concurrency=1))

    assert server.times[1] - server.times[0] >= 0.99


def test_what_may_not_be_asked_for_an_hour_is_not_waited_for(server: Server):
    server.script = [Fault(429, "quota", headers={"Retry-After": "3600"})]
    replies = fetch([Question("p"), Question("q")], endpoint(server, concurrency=1))

    assert replies[0] == Reply(None, "lost: asked to wait for 3600 s: HTTP 429: quota")
    assert replies[1].text == "echo q"


def test_a_request_that_keeps_failing_has_no_answer(server: Server):
    server.script = [Fault(500)] * 2

    answers = ask(["p", "q"], endpoint(server, concurrency=1, attempts=2))
    assert answers == [None, "echo q"]


def test_what_is_lost_is_not_kept(server: Server):
    server.script = [Fault(500)] * 2
    ask(["p", "q"], endpoint(server, concurrency=1, attempts=2))

    assert ask(["p"], endpoint(server)) == ["echo p"]


@pytest.mark.parametrize("status", [401, 402, 403, 404, 307])
def test_a_mistake_in_the_set_up_stops_the_run_at_once(server: Server, status: int):
    server.answer = lambda body: Fault(status, '{"error": "model `m` does not exist"}')
    with pytest.raises(UserError, match=f"HTTP {status}.*does not exist") as caught:
        ask([f"p{i}" for i in range(50)], endpoint(server, concurrency=2))

    assert "OPENAI_API_KEY" in str(caught.value.hint)
    assert len(server.requests) <= 4, "nobody asks on"


def test_one_question_that_is_refused_costs_itself(server: Server):
    too_long = Fault(400, '{"error": {"message": "maximum context length is 4096"}}')
    server.answer = lambda body: too_long if prompt(body) == "long" else "fine"
    replies = fetch([Question("long"), Question("short")], endpoint(server))

    assert replies[0].why.startswith("rejected: HTTP 400")
    assert "maximum context length" in replies[0].why
    assert replies[1] == Reply("fine")
    assert len(server.requests) == 2, "what is rejected is not tried again"


def test_a_server_that_is_not_there_is_the_users_to_mend(server: Server):
    with pytest.raises(UserError, match="cannot be reached"):
        ask(["p"], Endpoint(url="http://127.0.0.1:9/v1", attempts=1))


def test_a_server_that_goes_away_is_not_asked_for_ever(server: Server):
    ask(["p"], endpoint(server))
    server.answer = lambda body: Fault(503, "gone")
    with pytest.raises(UserError, match="16 questions in a row had no answer"):
        ask([f"q{i}" for i in range(1000)], endpoint(server, attempts=1, concurrency=4))

    assert len(server.requests) < 40


def test_a_budget_of_requests_is_never_passed(server: Server):
    questions = [Question(f"p{i}") for i in range(10)]
    replies = fetch(questions, endpoint(server, max_requests=4))

    assert len(server.requests) == 4
    assert sum(reply == Reply(None, "budget") for reply in replies) == 6
    assert fetch(questions[:1], endpoint(server, max_requests=0)) == replies[:1], "kept"


def test_a_client_that_gave_up_can_be_asked_again(server: Server):
    asking = client(endpoint(server))
    server.script = [Fault(401)]
    with pytest.raises(UserError):
        asking([Question("p")])

    assert asking([Question("p")]) == [Reply("echo p")]


SCHEMA = json.dumps({"type": "object", "properties": {"a": {"type": "integer"}}})


def formats(server: Server) -> list[str | None]:
    return [(body.get("response_format") or {}).get("type") for body in server.requests]


def test_a_schema_is_sent_as_the_servers_know_it(server: Server):
    fetch([Question("p", schema=SCHEMA)], endpoint(server))

    (body,) = server.requests
    assert body["response_format"]["type"] == "json_schema"
    assert body["response_format"]["json_schema"]["schema"] == json.loads(SCHEMA)


@pytest.mark.parametrize("known", ["json_object", None])
def test_a_server_without_schemas_is_asked_without(server: Server, known: str | None):
    def answer(body: dict) -> str | Fault:
        kind = (body.get("response_format") or {}).get("type")
        return "{}" if kind in (known, None) else Fault(400, "response_format: unknown")

    server.answer = answer
    replies = fetch(
        [Question(p, schema=SCHEMA) for p in "pqr"], endpoint(server, concurrency=1)
    )

    assert replies == [Reply("{}")] * 3
    tried = ["json_schema", "json_object"] + [None] * (known is None)
    assert formats(server) == [*tried, known, known], "found out once"


def test_a_question_that_is_refused_leaves_the_schema_to_others(server: Server):
    server.answer = lambda body: Fault(400) if prompt(body) == "long" else "{}"
    questions = [Question(p, schema=SCHEMA) for p in ("long", "q")]
    fetch(questions, endpoint(server, concurrency=1))

    assert formats(server)[-1] == "json_schema"


def test_an_answer_that_was_cut_off_says_so(server: Server):
    server.script = [Fault(body=completion("half an ans", finish="length"))]

    assert fetch([Question("p")], endpoint(server)) == [
        Reply("half an ans", "truncated")
    ]


@pytest.mark.parametrize(
    "body",
    [completion(None, refusal="I cannot help with that"),
     completion("", finish="content_filter")],
)  # fmt: skip
def test_a_refusal_is_no_answer_and_not_asked_again(server: Server, body: str):
    server.script = [Fault(body=body)]

    assert fetch([Question("p")], endpoint(server)) == [Reply(None, "refused")]
    assert fetch([Question("p")], endpoint(server)) == [Reply(None, "refused")]
    assert len(server.requests) == 1


def test_fields_of_the_body_are_the_users(server: Server):
    extra = {"max_completion_tokens": 9, "max_tokens": None}
    ask(["p"], endpoint(server, extra=extra))

    assert server.requests[0]["max_completion_tokens"] == 9
    assert "max_tokens" not in server.requests[0]
