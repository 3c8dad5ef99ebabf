"""One question to an OpenAI-compatible server, tried until it is answered.

A request that fails is tried again, later each time, and never before the server
says so. What trying again cannot mend (a wrong key, a model that is not there, a
server that has gone) stops the run with what the server said. A server that does
not know the field that holds an answer to a JSON Schema is asked without it.
"""

import json
import math
import os
import random
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

from pydantic import Field

from pipeline.errors import UserError
from pipeline.settings import Settings
from pipeline.surrogates import mend_surrogates

LARGEST = 4 * 2**20  # bytes of a reply that is read; more is no answer
FIRST_WAIT_S = 0.5
LAST_WAIT_S = 30.0
FORMAT_UNKNOWN = {400, 415, 422, 501}
TRANSIENT = {408, 409, 425, 429}
UNREADABLE = (
    ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError,
)  # fmt: skip
PATIENCE = 16  # questions lost in a row after which the server is given up, at least


class Endpoint(Settings):
    """Where the model is and how it is asked; the key is in the environment.

    `max_requests` and `max_spent_tokens` are the budget of one run, cached answers
    not counted. `max_wait_s` is the longest Retry-After that is waited for. `extra`
    goes into the body of every request and wins; a field that is null is left out.
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
    max_spent_tokens: int | None = Field(default=None, ge=0)
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
class Run:
    """What the requests of one run share; `concurrency` is how many there may be."""

    endpoint: Endpoint
    http: Any  # httpx.Client
    concurrency: int
    lock: threading.Lock = field(default_factory=threading.Lock)
    stopped: threading.Event = field(default_factory=threading.Event)
    requests: int = 0
    tokens: int = 0
    answered: int = 0
    is_reached: bool = False
    lost_in_a_row: int = 0
    quiet_until: float = 0.0
    format: int = 0


@contextmanager
def open_run(endpoint: Endpoint, concurrency: int) -> Iterator[Run]:
    """A run with connections of its own."""
    import httpx

    limits = httpx.Limits(max_connections=concurrency)
    with httpx.Client(timeout=endpoint.timeout_s, limits=limits) as http:
        yield Run(endpoint, http, concurrency)


def fetch_reply(run: Run, body: dict[str, Any], schema: str) -> Reply:
    """The reply to one question, after as many attempts as it is worth.

    Raises UserError where no question will be answered.
    """
    formats = _formats(schema)
    why, attempt, level = "stopped", 0, run.format if schema else 0
    while attempt < run.endpoint.attempts and not run.stopped.is_set():
        _wait_for_rest(run)
        if not _take_budget(run):
            return Reply(None, "budget")
        request = body | formats[level]
        status, headers, text = _post(run, request)
        if status == 200 and (reply := _parse_reply(run, text, len(str(request)))):
            run.format = max(run.format, level)
            return reply
        why = _describe(status, text)
        if _is_hopeless(run, status):
            run.stopped.set()
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
        if attempt < run.endpoint.attempts:
            _wait_to_retry(run, wait, everyone=status == 429)
    return _give_up(run, why)


def _wait_for_rest(run: Run) -> None:
    """Wait as long as the server wants rest from everyone."""
    while not run.stopped.is_set():
        with run.lock:
            rest = run.quiet_until - time.monotonic()
        if rest <= 0:
            return
        run.stopped.wait(rest)


def _take_budget(run: Run) -> bool:
    """Count one request, if the budget allows it.

    Tokens are known afterwards: requests in flight may pass that limit.
    """
    most_requests, most_tokens = (
        math.inf if most is None else most
        for most in (run.endpoint.max_requests, run.endpoint.max_spent_tokens)
    )
    with run.lock:
        if run.requests >= most_requests or run.tokens >= most_tokens:
            return False
        run.requests += 1
    return True


def _wait_to_retry(run: Run, seconds: float, *, everyone: bool) -> None:
    """Wait before the next attempt: this request, or all where the rate is at fault."""
    if not everyone:
        run.stopped.wait(seconds)
        return
    with run.lock:
        run.quiet_until = max(run.quiet_until, time.monotonic() + seconds)


def _post(run: Run, body: dict[str, Any]) -> tuple[int, Mapping[str, str], bytes]:
    """Status, headers and body of the response; status 0 where there was none.

    It is bounded in time and size.
    """
    import httpx

    endpoint = run.endpoint
    deadline = time.monotonic() + endpoint.timeout_s
    key = os.environ.get(endpoint.key_env, "none").strip()
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    content = json.dumps(body).encode()  # ASCII: half a surrogate pair has no UTF-8
    url = f"{endpoint.url.rstrip('/')}/chat/completions"
    read = bytearray()
    try:
        with run.http.stream("POST", url, content=content, headers=headers) as response:
            for piece in response.iter_bytes():
                read += piece
                if len(read) > LARGEST:
                    raise OverflowError(f"a reply of more than {LARGEST:,} bytes")
                # A server that drips never trips the timeout between two reads.
                if time.monotonic() > deadline:
                    raise TimeoutError(f"no whole reply in {endpoint.timeout_s:g} s")
    except (httpx.HTTPError, TimeoutError, OverflowError) as error:
        return 0, {}, f"{type(error).__name__}: {error}".encode()
    run.is_reached = True
    return response.status_code, response.headers, bytes(read)


def _formats(schema: str) -> list[dict[str, Any]]:
    """Fields that hold the model to `schema`, the strictest first, the last empty.

    A server that rejects one is asked by the next.
    """
    if not schema:
        return [{}]
    strict = {"name": "answer", "strict": True, "schema": json.loads(schema)}
    formats = {"type": "json_schema", "json_schema": strict}, {"type": "json_object"}
    return [*({"response_format": each} for each in formats), {}]


def _parse_reply(run: Run, text: bytes, asked: int) -> Reply | None:
    """The first choice of a chat completion; None where this is not one.

    `asked` is the length of the question, by which a server that does not say what
    was spent is taken to have charged four characters a token.
    """
    try:
        completion = json.loads(text)
        usage = completion.get("usage") or {}
        choice = completion["choices"][0]
        content = choice["message"].get("content")
        refusal = choice["message"].get("refusal")
        spent = int(usage.get("total_tokens") or 0) or (asked + len(content or "")) // 4
        written = int(usage.get("completion_tokens") or 0)
        end = choice.get("finish_reason")
    except UNREADABLE:
        return None
    is_refused = bool(refusal) or end == "content_filter"
    if not isinstance(content, str) and not is_refused and end != "length":
        return None
    with run.lock:
        run.answered += 1
        run.lost_in_a_row = 0
        run.tokens += spent
    if is_refused:
        return Reply(None, "refused")
    whole = mend_surrogates(content) if isinstance(content, str) else None
    return Reply(whole, "truncated" if end == "length" else "", written)


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
    own = min(LAST_WAIT_S, FIRST_WAIT_S * 2.0**attempt) * random.uniform(0.75, 1.0)
    return max(own, _retry_after_s(headers.get("retry-after", "")))


def _retry_after_s(header: str) -> float:
    """Seconds from now, of a header that holds seconds or a date (RFC 9110, 10.2.3)."""
    with suppress(ValueError):
        return float(header)
    with suppress(ValueError):
        return float(parsedate_to_datetime(header).timestamp()) - time.time()
    return 0.0


def _give_up(run: Run, why: str) -> Reply:
    """No answer after all attempts; too many of these in a row and the run stops."""
    with run.lock:
        run.lost_in_a_row += 1
        lost = run.lost_in_a_row
    is_enough = lost >= max(PATIENCE, 2 * run.concurrency)
    if is_enough and not run.stopped.is_set():
        run.stopped.set()
        raise UserError(
            f"{run.endpoint.url}: {lost} questions in a row had no answer: {why}",
            hint="answers so far are kept; mend the server and run again",
        )
    return Reply(None, f"lost: {why}")
