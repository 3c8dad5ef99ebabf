"""Questions to an OpenAI-compatible server, each tried until it is answered.

A request that fails is tried again, later each time, and never before the server
says so. What trying again cannot mend (a wrong key, a model that is not there, a
server that has gone) stops the run with what the server said. A server that does
not know the field that holds an answer to a JSON Schema is asked without it.

The questions of a run are asked in one event loop: what they share needs no lock,
an error cancels the others, and a time limit holds for a whole reply, however slowly
it drips.
"""

import json
import os
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from pydantic import Field

from pipeline.errors import UserError
from pipeline.settings import Settings
from pipeline.surrogates import mend_surrogates

FIRST_WAIT_S = 0.5
LAST_WAIT_S = 30.0
FORMAT_UNKNOWN = {400, 415, 422, 501}
TRANSIENT = {408, 409, 425, 429}
UNREADABLE = (
    ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError,
)  # fmt: skip
PATIENCE = 16  # questions lost in a row after which the server is given up, at least

T = TypeVar("T")
Http = Any  # httpx.AsyncClient


class Endpoint(Settings):
    """Where the model is and how it is asked; the key is in the environment.

    `max_requests` is the budget of one run, cached answers not counted. `max_wait_s` is
    the longest Retry-After that is waited for. `extra` goes into the body of every
    request and wins; a field that is null is left out.
    """

    url: str = "http://127.0.0.1:8000/v1"
    model: str = "judge"
    key_env: str = "OPENAI_API_KEY"
    temperature: float = Field(default=0.0, ge=0)
    max_tokens: int = Field(default=256, ge=1)
    timeout_s: float = Field(default=120, gt=0)
    attempts: int = Field(default=4, ge=1)
    max_wait_s: float = Field(default=60, ge=0)
    max_requests: int | None = Field(default=None, ge=0)
    extra: dict[str, Any] = Field(default_factory=dict)


class Reply(NamedTuple):
    """What the model said; `why` says why that is nothing, or not the whole.

    `why` is empty, `truncated`, `refused`, `budget`, `rejected: …` (the server will
    not answer this question) or `lost: …` (every attempt failed). `tokens` is how many
    the server says it wrote, 0 where it does not.
    """

    text: str | None
    why: str = ""
    tokens: int = 0


@dataclass
class Budget:
    """How many requests may be sent, by all runs that share it; None is no bound."""

    most: int | None = None
    sent: int = 0

    def spend(self) -> bool:
        """Whether one more may be sent; it counts as sent."""
        may = self.most is None or self.sent < self.most
        self.sent += may
        return may


@dataclass
class Run:
    """What the questions of one run share; `concurrency` are asked at a time."""

    endpoint: Endpoint
    concurrency: int
    budget: Budget
    answered: int = 0
    is_reached: bool = False
    lost_in_a_row: int = 0
    quiet_until: float = 0.0
    format: int = 0


async def ask_each(
    run: Run, questions: Iterator[T], ask: Callable[[Http, T], Awaitable[None]]
) -> None:
    """Do `ask` to the questions; the first error cancels the rest, and is raised.

    Several runs may take from one iterator.
    """
    import asyncio

    import httpx

    async def ask_in_turn() -> None:
        # One connection: httpx looks through all of a pool at every request.
        async with httpx.AsyncClient(timeout=None, verify=certificates) as http:
            for question in questions:
                await ask(http, question)

    certificates = httpx.create_ssl_context()
    try:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(run.concurrency):
                tasks.create_task(ask_in_turn())
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None


async def fetch_reply(
    run: Run, http: Http, body: dict[str, Any], schema: str = ""
) -> Reply:
    """The reply to one question, after as many attempts as it is worth.

    Raises UserError where no question will be answered.
    """
    import asyncio

    formats = _formats(schema)
    why, attempt, level = "", 0, run.format if schema else 0
    while attempt < run.endpoint.attempts:
        while (rest := run.quiet_until - time.monotonic()) > 0:
            await asyncio.sleep(rest)
        if not run.budget.spend():
            return Reply(None, "budget")
        status, headers, text = await _post(run, http, body | formats[level])
        if status == 200 and (reply := _parse_reply(text)):
            run.answered += 1
            run.lost_in_a_row = 0
            run.format = max(run.format, level)
            return reply
        why = _describe(status, text)
        if _is_hopeless(run, status):
            raise UserError(
                f"{run.endpoint.url} refuses: {why}",
                hint=f"check `url`, `model` and the key in {run.endpoint.key_env}",
            )
        if _is_rejected(status):
            if status in FORMAT_UNKNOWN and level < len(formats) - 1:
                level += 1
                continue
            return Reply(None, f"rejected: {why}")
        wait = _wait_s(headers, attempt)
        if wait > run.endpoint.max_wait_s:
            why = f"asked to wait for {wait:.0f} s: {why}"
            break
        attempt += 1
        if status == 429:  # the rate is at fault: everyone waits
            run.quiet_until = max(run.quiet_until, time.monotonic() + wait)
        elif attempt < run.endpoint.attempts:
            await asyncio.sleep(wait)
    return _give_up(run, why)


async def _post(
    run: Run, http: Http, body: dict[str, Any]
) -> tuple[int, Mapping[str, str], bytes]:
    """Status, headers and body of the response; status 0 where there was none."""
    import asyncio

    import httpx

    endpoint = run.endpoint
    key = os.environ.get(endpoint.key_env, "none").strip()
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    content = json.dumps(body).encode()  # ASCII: half a surrogate pair has no UTF-8
    url = f"{endpoint.url.rstrip('/')}/chat/completions"
    try:
        async with asyncio.timeout(endpoint.timeout_s):
            response = await http.post(url, content=content, headers=headers)
    except TimeoutError:
        return 0, {}, f"no whole reply in {endpoint.timeout_s:g} s".encode()
    except httpx.HTTPError as error:
        return 0, {}, f"{type(error).__name__}: {error}".encode()
    run.is_reached = True
    return response.status_code, response.headers, response.content


def _formats(schema: str) -> list[dict[str, Any]]:
    """Fields that hold the model to `schema`, the strictest first, the last empty.

    A server that rejects one is asked by the next.
    """
    if not schema:
        return [{}]
    strict = {"name": "answer", "strict": True, "schema": json.loads(schema)}
    formats = {"type": "json_schema", "json_schema": strict}, {"type": "json_object"}
    return [*({"response_format": each} for each in formats), {}]


def _parse_reply(text: bytes) -> Reply | None:
    """The first choice of a chat completion; None where this is not one."""
    try:
        completion = json.loads(text)
        choice = completion["choices"][0]
        content = choice["message"].get("content")
        refusal = choice["message"].get("refusal")
        written = int((completion.get("usage") or {}).get("completion_tokens") or 0)
        end = choice.get("finish_reason")
    except UNREADABLE:
        return None
    if refusal or end == "content_filter":
        return Reply(None, "refused")
    why = "truncated" if end == "length" else ""
    if isinstance(content, str):
        return Reply(mend_surrogates(content), why, written)
    return Reply(None, why, written) if why else None


def _describe(status: int, text: bytes) -> str:
    """What went wrong, in one short line."""
    line = " ".join(text[:2000].decode("utf-8", "replace").split())[:200]
    if status == 200:
        return f"no chat completion: {line}"
    return f"HTTP {status}: {line}" if status else line


def _is_hopeless(run: Run, status: int) -> bool:
    """Whether asking on is of no use for any question: a matter of set-up.

    403 is that only at first; later it is a service that dislikes one text.
    """
    if status == 403:
        return not run.answered
    return status in (401, 402, 404, 405) or 300 <= status < 400


def _is_rejected(status: int) -> bool:
    """Whether asking again is of no use for this question."""
    return (400 <= status < 500 and status not in TRANSIENT) or status == 501


def _wait_s(headers: Mapping[str, str], attempt: int) -> float:
    """Twice as long each time, a little at random, and what the server asks for."""
    wait = min(LAST_WAIT_S, FIRST_WAIT_S * 2.0**attempt) * random.uniform(0.75, 1.0)
    with suppress(ValueError):  # it may be a date: servers of models send seconds
        wait = max(wait, float(headers.get("retry-after", 0)))
    return wait


def _give_up(run: Run, why: str) -> Reply:
    """No answer after all attempts; too many of these in a row and the run stops."""
    run.lost_in_a_row += 1
    if run.lost_in_a_row >= max(PATIENCE, 2 * run.concurrency):
        raise UserError(
            f"{run.endpoint.url}: {run.lost_in_a_row} questions in a row had no "
            f"answer: {why}",
            hint="answers so far are kept; mend the server and run again",
        )
    return Reply(None, f"lost: {why}")
