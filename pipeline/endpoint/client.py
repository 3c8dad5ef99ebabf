"""Ask a model behind an OpenAI-compatible endpoint, many questions at a time.

Answers are kept by content under .cache/endpoint, so that a question is paid for
once. A question that keeps failing has no answer, and nothing else is lost. Where a
budget is set, what is left of the questions once it is spent stays unasked. How many
questions are asked at once is `concurrency` of machine.yaml.
"""

import json
import sqlite3
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from functools import partial
from hashlib import blake2b
from threading import Lock
from typing import Any, NamedTuple

from pipeline.endpoint.http import Budget as Budget
from pipeline.endpoint.http import Endpoint as Endpoint
from pipeline.endpoint.http import Http, Run, ask_each, fetch_reply
from pipeline.endpoint.http import Reply as Reply
from pipeline.errors import UserError
from pipeline.kept import changing, open_database
from pipeline.machine import cache_folder, machine
from pipeline.surrogates import mend_surrogates

LOOKED_UP = 512  # names in one query
TABLE = """create table if not exists replies (
    name blob primary key, text text, why text not null, tokens integer not null
) without rowid"""


class Question(NamedTuple):
    """What is asked; `schema` is the JSON Schema of the answer, as JSON.

    Questions that differ in `seed`, `temperature` or `max_tokens` are kept apart in
    the cache.
    """

    prompt: str
    system: str = ""
    schema: str = ""
    temperature: float | None = None
    seed: int | None = None
    max_tokens: int | None = None


# Replies to questions, in their order.
Ask = Callable[[list[Question]], list[Reply]]


def client(
    endpoint: Endpoint,
    *,
    budget: Budget | None = None,
    advance: Callable[[int], None] = lambda replies: None,
) -> Ask:
    """A function that asks many at a time, and replies in the order of the questions.

    It raises UserError where asking on is of no use. What it asks counts together, if
    there is a budget: the endpoint's, or one that several clients share. `advance` is
    called with the number of replies that have come in since.
    """
    budget = budget or Budget(endpoint.max_requests)
    return partial(_ask_all, Run(endpoint, machine().concurrency, budget), advance)


def ask(
    prompts: list[str], endpoint: Endpoint, *, schema: str = "", system: str = ""
) -> list[str | None]:
    """The model's answer to every prompt; None where there was no whole one.

    Raises UserError where not one request of many was answered.
    """
    questions = [Question(prompt, system, schema) for prompt in prompts]
    replies = client(endpoint)(questions)
    lost = [reply.why for reply in replies if reply.text is None]
    if prompts and len(lost) == len(prompts):
        raise UserError(
            f"{endpoint.url} answered none of {len(lost)} requests: {lost[-1]}",
            hint="is the server up, and is `model` the name it serves?",
        )
    if lost:
        count = f"{len(lost)} of {len(prompts)} requests without answer"
        print(f"{endpoint.url}: {count}: {lost[-1]}", file=sys.stderr)
    return [reply.text if not reply.why else None for reply in replies]


def _ask_all(
    run: Run, advance: Callable[[int], None], questions: list[Question]
) -> list[Reply]:
    with closing(Replies()) as kept:
        names = {question: _name(run, question) for question in questions}
        before = kept.find([*names.values()])
        replies = {q: before[name] for q, name in names.items() if name in before}
        advance(len(replies))

        async def ask_server(http: Http, question: Question) -> None:
            body = _body(run.endpoint, question)
            reply = await fetch_reply(run, http, body, question.schema)
            if reply.why in ("", "truncated", "refused"):
                kept.keep(names[question], reply)
            replies[question] = reply
            advance(1)

        if unanswered := [question for question in names if question not in replies]:
            _ask_server(run, unanswered, ask_server)
    lost = [reply.why for reply in replies.values() if reply.why.startswith("lost")]
    if lost and not run.is_reached:
        raise UserError(
            f"{run.endpoint.url} cannot be reached ({lost[-1]})",
            hint="is the server up?",
        )
    return [replies[question] for question in questions]


def _ask_server(
    run: Run,
    questions: list[Question],
    ask: Callable[[Http, Question], Awaitable[None]],
) -> None:
    from anyio.from_thread import start_blocking_portal

    run.lost_in_a_row = 0
    # A thread of its own: who asks may be in an event loop, as notebooks are.
    with start_blocking_portal() as portal:
        portal.call(ask_each, run, iter(questions), ask)


def _name(run: Run, question: Question) -> bytes:
    """What the reply rests on, in 16 bytes."""
    body = _body(run.endpoint, question)
    identity = json.dumps([run.endpoint.url, body, question.schema], sort_keys=True)
    return blake2b(identity.encode(), digest_size=16).digest()


def _body(endpoint: Endpoint, question: Question) -> dict[str, Any]:
    messages = [{"role": "user", "content": question.prompt}]
    if question.system:
        messages.insert(0, {"role": "system", "content": question.system})
    own = question.temperature
    body: dict[str, Any] = {
        "model": endpoint.model,
        "messages": messages,
        "temperature": endpoint.temperature if own is None else own,
        "max_tokens": question.max_tokens or endpoint.max_tokens,
        "seed": question.seed,
        **endpoint.extra,
    }
    return {name: value for name, value in body.items() if value is not None}


class Replies:
    """Kept replies, in `endpoint` of the cache, each written as it comes in."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._db: sqlite3.Connection = open_database(
            cache_folder("endpoint") / "replies.sqlite", TABLE
        )

    def find(self, names: Sequence[bytes]) -> dict[bytes, Reply]:
        """The replies that there are, by name."""
        replies: dict[bytes, Reply] = {}
        for start in range(0, len(names), LOOKED_UP):
            part = names[start : start + LOOKED_UP]
            marks = ",".join("?" * len(part))
            query = f"select * from replies where name in ({marks})"
            with self._lock:
                rows = self._db.execute(query, part).fetchall()
            replies |= {name: Reply(*reply) for name, *reply in rows}
        return replies

    def keep(self, name: bytes, reply: Reply) -> None:
        """Add one reply; what was there stays."""
        row = (name, mend_surrogates(reply.text), reply.why, reply.tokens)
        with self._lock, changing(self._db):
            self._db.execute("insert or ignore into replies values (?, ?, ?, ?)", row)

    def close(self) -> None:
        self._db.close()
