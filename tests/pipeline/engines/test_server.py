"""Sampling through servers: over real sockets, from servers that fail on demand."""

import json
import re
import threading

import polars as pl
import pytest
from pydantic import ValidationError

from pipeline.engines.contract import LOST, TOO_LONG, Completion
from pipeline.engines.server import Engine
from pipeline.errors import UserError
from pipeline.models import Model, describe
from stages.rollouts import Params, make
from tests.support.judge_server import Fault, completion, prompt, serving
from tests.support.rows import problems

MODEL = Model("tiny", "r", "tiny", "hub")
HOW = {"temperature": 1.0, "top_p": 0.9, "max_tokens": 7}


def echo(body: dict) -> Fault:
    return Fault(body=reply_body(f"{prompt(body)} {body['seed']}", tokens=5))


def reply_body(text: str, tokens: int, finish: str = "stop") -> str:
    reply = json.loads(completion(text, finish=finish))
    reply["usage"] = {"total_tokens": tokens + 3, "completion_tokens": tokens}
    return json.dumps(reply)


def chats(*texts: str) -> list[list[dict[str, str]]]:
    return [[{"role": "user", "content": text}] for text in texts]


def engine(*servers, **options) -> Engine:
    urls = [server.url for server in servers]
    return Engine(MODEL, {"urls": urls, "attempts": 2, "max_wait_s": 1} | options)


def test_answers_come_in_order_with_what_was_asked():
    with serving(echo) as server:
        completions = engine(server).sample(chats("a", "b", "c"), [1, 2, 3], **HOW)

        assert completions == [
            Completion(f"{t} {i}", 5, "stop") for i, t in enumerate("abc", 1)
        ]
        (body,) = [body for body in server.requests if prompt(body) == "a"]
    assert {name: body[name] for name in HOW} == HOW
    assert (body["model"], body["seed"]) == ("tiny", 1)


def test_many_servers_share_the_work_and_the_fast_one_does_more():
    with serving(echo) as fast, serving(echo) as slow:
        slow.answer = lambda body: Fault(body=reply_body("x", 1), delay_s=0.2)
        questions = chats(*[str(i) for i in range(60)])
        completions = engine(fast, slow, concurrency=3).sample(
            questions, [0] * 60, **HOW
        )

        assert len(fast.requests) + len(slow.requests) == 60
        assert len(fast.requests) > 2 * len(slow.requests) > 0
        # An answer is counted out a moment after the client has it.
        assert max(fast.most_busy, slow.most_busy) <= 6
    assert all(answer.finish_reason == "stop" for answer in completions)


def test_a_server_that_is_gone_costs_nothing_while_another_answers():
    with serving(echo) as gone:
        url = gone.url
    with serving(echo) as here:
        both = Engine(MODEL, {"urls": [url, here.url], "attempts": 1, "max_wait_s": 0})
        completions = both.sample(chats(*map(str, range(200))), [0] * 200, **HOW)

    lost = sum(answer == LOST for answer in completions)
    assert lost < 200
    assert sum(answer.finish_reason == "stop" for answer in completions) == 200 - lost


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (
            Fault(body=reply_body("half", 7, finish="length")),
            Completion("half", 7, "length"),
        ),
        (Fault(400, '{"message": "maximum context length is 256"}'), TOO_LONG),
        (Fault(400, '{"message": "bad request"}'), LOST),
    ],
)
def test_what_a_server_says_is_told_apart(fault, expected):
    with serving(lambda _: fault) as server:
        assert engine(server).sample(chats("a"), [0], **HOW) == [expected]


def test_faults_that_pass_are_sat_out():
    with serving(echo) as server:
        server.script = [Fault(500), Fault(drop=True)]
        completions = engine(server, attempts=4, concurrency=1).sample(
            chats("a"), [1], **HOW
        )

    assert completions == [Completion("a 1", 5, "stop")]


def test_a_wrong_model_is_a_mistake():
    with (
        serving(lambda _: Fault(404, "no such model")) as server,
        pytest.raises(UserError, match="no such model"),
    ):
        engine(server).sample(chats("a"), [0], **HOW)
    with pytest.raises(UserError, match="no `urls`"):
        Engine(MODEL, {})


def test_a_run_keeps_what_was_answered_and_asks_for_the_rest(
    tmp_path, monkeypatch, machine_yaml
):
    monkeypatch.setenv("GOLDSIEVE_CACHE", str(tmp_path / "cache"))
    describe(tmp_path / "model", kind="hub", name="tiny", revision="r", load="tiny")
    rows = problems(*[f"Problem {i}" for i in range(6)])
    is_sick = threading.Event()
    is_sick.set()

    def answer(body: dict) -> Fault:
        if is_sick.is_set() and re.search("[345]", prompt(body)):
            return Fault(400, "out of order")
        return echo(body)

    with serving(answer) as server:
        machine_yaml(engine={"urls": [server.url], "attempts": 1})
        params = Params(engine="server", samples=2)
        with pytest.raises(UserError, match="6 of 12 samples had no answer"):
            list(make(params, rows, tmp_path / "model"))
        is_sick.clear()
        before = len(server.requests)
        table = pl.concat(make(params, rows, tmp_path / "model"))

        assert len(server.requests) - before == 6
    assert table.height == 12
    assert table["n_tokens"].to_list() == [5] * 12


def test_where_servers_are_does_not_change_what_a_sample_is():
    plain, extra = {}, {"extra": {"top_k": 5}}
    plain_params, extra_params = (
        Params(engine="server", server=given) for given in (plain, extra)
    )

    assert plain_params.method.identity(MODEL) != extra_params.method.identity(MODEL)
    with pytest.raises(ValidationError, match=r"urls .* machine.yaml, under engine"):
        Params(engine="server", server={"urls": ["http://a"]})


def test_requests_run_side_by_side():
    with serving(lambda _: Fault(body=reply_body("x", 1), delay_s=0.1)) as server:
        engine(server, concurrency=20).sample(
            chats(*"abcdefghijklmnopqrst"), [0] * 20, **HOW
        )

        assert server.most_busy > 5
