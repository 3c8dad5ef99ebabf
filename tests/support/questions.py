"""Questions of the stage `ask` put to a scripted model."""

import json
from collections.abc import Callable
from typing import Any

import polars as pl

from pipeline.filter import Outcome, run_stage
from pipeline.recipe import check
from stages import ask
from tests.support.judge_server import Fault, Server, blocks

# What a model says, by the texts it is shown and the body of the request.
Answer = Callable[[dict[str, str], dict[str, Any]], Any]
VALID = {"prompt": "Is it valid?", "fields": {"valid": "boolean"}}


def script(server: Server, answer: Answer) -> Server:
    """The server, which answers so; what is no text is sent as JSON."""

    def reply(body: dict[str, Any]) -> str | Fault:
        text = answer(blocks(body), body)
        return text if isinstance(text, str | Fault) else json.dumps(text)

    server.answer = reply
    return server


def put(rows: pl.DataFrame, server: Server, **params: Any) -> Outcome:
    """What becomes of the rows."""
    where = {"url": server.url, "model": "m", "max_wait_s": 1}
    endpoint = where | params.pop("endpoint", {})
    settings = check(ask.Params, {"endpoint": endpoint, **params}, "ask")
    return run_stage(ask, rows, settings)


def answers(table: pl.DataFrame, name: str) -> list[dict[str, Any]]:
    """What was answered to the question `name`, row by row."""
    return [json.loads(text)[name] for text in table["ask"]]
