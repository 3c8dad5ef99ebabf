"""Questions to models: what is read, what counts, what leaves, what is rewritten."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipeline.filter import Outcome, run_stage
from pipeline.recipe import check
from stages import ask
from tests.support.judge_server import Fault, Server, blocks, completion, serving
from tests.support.rows import problems

Answer = Callable[[dict[str, str], dict[str, Any]], Any]
VALID = {"prompt": "Is it valid?", "fields": {"valid": "boolean"}}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOLDSIEVE_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def model() -> Iterator[Callable[[Answer], Server]]:
    """A server that answers by the texts it is shown and the body of the request."""
    with serving(lambda body: "") as server:

        def answer_by(answer: Answer) -> Server:
            def reply(body: dict[str, Any]) -> str | Fault:
                said = answer(blocks(body), body)
                return said if isinstance(said, str | Fault) else json.dumps(said)

            server.answer = reply
            return server

        yield answer_by


def put(rows: pl.DataFrame, server: Server, **params: Any) -> Outcome:
    where = {"url": server.url, "model": "m", "max_wait_s": 1}
    endpoint = where | params.pop("endpoint", {})
    settings = check(ask.Params, {"endpoint": endpoint, **params}, "ask")
    return run_stage(ask, rows, settings)


def answers(table: pl.DataFrame, name: str) -> list[dict[str, Any]]:
    return [json.loads(text)[name] for text in table["ask"]]


def test_votes_of_two_models_are_counted_and_nine_of_thirty_two_keep_a_row(model):
    def vote(texts, body):  # the problem says how many votes of each model are yes
        first, second = map(int, texts["PROBLEM"].split())
        yes = first if body["model"] == "llama" else second
        return {"reason": "so it is", "valid": body["seed"] < yes}

    server = model(vote)
    rows = problems("16 0", "4 4", "5 4", "0 0")
    valid = {"prompt": "valid.md", "votes": 16, "temperature": 0.7}
    valid["models"] = ["llama", "qwen"]
    outcome = put(
        rows,
        server,
        questions={"valid": valid},
        where={"invalid": "ask.valid.valid_yes >= 9"},
    )

    assert outcome.kept["problem"].to_list() == ["16 0", "5 4"]
    assert outcome.metrics["dropped"] == {"invalid": 2}
    assert answers(outcome.kept, "valid") == [
        {
            "votes": 32, "unreadable": 0, "fault": None,
            "reason": "so it is", "reason_share": 1.0,
            "valid": valid, "valid_share": share, "valid_yes": yes,
        }
        for valid, share, yes in [(True, 0.5, 16), (False, 23 / 32, 9)]
    ]  # fmt: skip
    assert len(server.requests) == 4 * 32
    assert answers(outcome.dropped, "valid")[0]["valid_yes"] == 8


def test_nothing_is_paid_for_twice(model):
    server = model(lambda texts, body: {"valid": texts["PROBLEM"] == "good"})
    questions = {"valid": VALID}
    rows = problems("good", "bad", " good ", "good")
    first = put(rows, server, questions=questions)
    assert len(server.requests) == 2, "rows of one key are asked about once"

    second = put(rows, server, questions=questions)
    assert len(server.requests) == 2
    assert second.kept.equals(first.kept)
    assert [a["valid"] for a in answers(second.kept, "valid")] == [
        True, False, True, True
    ]  # fmt: skip


def test_a_later_question_is_put_to_those_that_an_earlier_one_left(model):
    server = model(lambda texts, body: {"valid": texts["PROBLEM"] == "good"})
    outcome = put(
        problems("good", "bad"),
        server,
        questions={"valid": VALID, "again": VALID | {"where": "ask.valid.valid"}},
    )
    again = [json.loads(text)["again"] for text in outcome.kept["ask"]]

    assert again[0]["votes"] == 1
    assert again[1] is None


@pytest.mark.parametrize(
    ("reply", "fault"),
    [
        ('{"valid": true}', None),
        ('Well: {"valid": true}. ', None),
        ('<think>{"valid": false}</think>{"valid": true}', None),
        ('{"valid": true} {"valid": true, "more": 1}', None),
        ('{"valid": "true"}', "off the schema"),
        ('{"valid": 1}', "off the schema"),
        ('{"valid": true} {"valid": false}', "several answers"),
        ('{"valid": true, "valid": false}', "unreadable"),
        ('{"ok": true}', "unreadable"),
        ("true", "unreadable"),
        ("", "unreadable"),
    ],
)
def test_only_one_whole_answer_is_a_vote(model, reply, fault, capsys):
    server = model(lambda texts, body: reply)
    outcome = put(
        problems("a"),
        server,
        questions={"valid": VALID},
        where={"invalid": "ask.valid.valid"},
    )
    both = pl.concat([outcome.kept, outcome.dropped], how="diagonal")
    (row,) = answers(both, "valid")

    assert row["fault"] == fault
    assert (row["votes"], row["unreadable"]) == ((0, 1) if fault else (1, 0))
    assert outcome.dropped["reason"].to_list() == (["invalid"] if fault else [])
    assert ("1 of 1 votes" in capsys.readouterr().err) == bool(fault)


def test_an_unreadable_vote_is_counted_and_never_agrees(model):
    server = model(
        lambda texts, body: (
            Fault(body=completion("{", finish="length"))
            if body["seed"] == 0
            else {"valid": body["seed"] < 3}
        )
    )
    votes = VALID | {"votes": 4, "temperature": 1}
    (row,) = answers(put(problems("a"), server, questions={"v": votes}).kept, "v")

    # Four votes: one is cut off, seeds 1 and 2 say yes and seed 3 says no.
    assert row == {
        "votes": 3, "unreadable": 1, "fault": "truncated",
        "valid": True, "valid_share": 0.5, "valid_yes": 2,
    }  # fmt: skip
