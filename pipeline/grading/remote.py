"""The verifiers of another machine: a grader that asks `goldsieve serve`.

A trainer needs its CPUs, and often may not run a sandbox: GOLDSIEVE_SERVER names who
judges instead, and every reward (TRL, verl, OpenRLHF, verifiers, `goldsieve.reward`)
asks there. What is rewarded stays the same, because it is the same grader that answers.

No verdict is lost: a server that is full, stopping or gone is asked again until it
answers, and what it judged before is kept there. One that is gone for longer than
PATIENCE_S ends the run, whose last checkpoint is a better place to go on from than
rewards that nobody gave.
"""

import json
import os
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from pipeline.errors import UserError
from pipeline.grading.guarded import find_fault
from pipeline.grading.workers import Answer, Grader, grader
from pipeline.verifiers.contract import Verdict
from pipeline.verifiers.judge import Judge

if TYPE_CHECKING:
    import httpx

SERVER, TOKEN = "GOLDSIEVE_SERVER", "GOLDSIEVE_TOKEN"
ROWS, BYTES = 512, 8 << 20  # of one request, at most; a larger row goes alone
AT_ONCE = 8  # requests of one list of answers
CONNECT_S, READ_S = 10.0, 660.0  # the server gives a request 600 s
PATIENCE_S = 600.0  # without any answer
LAST_WAIT_S = 15.0
ASK_AGAIN = {0, 408, 429, 502, 503, 504}  # 0: no answer


@contextmanager
def reward_grader(timeout_s: float, model: Judge | None = None) -> Iterator[Grader]:
    """Who judges for rewards: the server that GOLDSIEVE_SERVER names, or workers here.

    UserError where the recipe names a model that judges: a server has its own.
    """
    if not (url := os.environ.get(SERVER, "").strip()):
        with grader(timeout_s, model) as grade:
            yield grade
        return
    if model is not None:
        raise UserError(
            f"the recipe names a model that judges, and {SERVER} a server",
            hint="name the model by GOLDSIEVE_JUDGE where the server runs",
        )
    with remote_grader(url, os.environ.get(TOKEN, "").strip()) as grade:
        yield grade


@contextmanager
def remote_grader(
    url: str, token: str = "", *, patience_s: float = PATIENCE_S
) -> Iterator[Grader]:
    """A grader whose verdicts come from the server at `url`, in order.

    It may be called from several threads. Raises UserError where the server refuses
    the token or a row, and where it gives no answer for `patience_s`.
    """
    import httpx

    if not url.startswith(("http://", "https://")):
        raise UserError(f"{SERVER}: expected http://host:port, found {url!r}")
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    with (
        httpx.Client(
            base_url=url,
            headers=headers,
            timeout=httpx.Timeout(READ_S, connect=CONNECT_S, pool=None),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=64),
        ) as http,
        ThreadPoolExecutor(AT_ONCE) as threads,
    ):

        def ask(rows: list[bytes]) -> list[Verdict]:
            return _ask(http, rows, patience_s)

        def grade(answers: list[Answer]) -> list[Verdict]:
            faults = [find_fault(*answer[:4]) for answer in answers]
            pairs = zip(answers, faults, strict=True)
            batches = _batches([_encode(a) for a, fault in pairs if not fault])
            verdicts = (v for part in threads.map(ask, batches) for v in part)
            return [fault or next(verdicts) for fault in faults]

        yield grade


def _encode(answer: Answer) -> bytes:
    """A row as JSON; halves of surrogate pairs arrive as they are."""
    text = json.dumps(answer._asdict(), ensure_ascii=False)
    return text.encode("utf-8", "surrogatepass")


def _batches(rows: list[bytes]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    size = 0
    for row in rows:
        if batch and (len(batch) == ROWS or size + len(row) > BYTES):
            yield batch
            batch, size = [], 0
        batch.append(row)
        size += len(row)
    if batch:
        yield batch


def _ask(http: "httpx.Client", rows: list[bytes], patience_s: float) -> list[Verdict]:
    """The verdicts on some rows, asked for until they come."""
    wait, last_heard = 0.25, time.monotonic()
    while True:
        reply = _post(http, rows)
        if reply.status == 200:
            return reply.verdicts
        if reply.status == 413 and len(rows) > 1:
            parts = rows[: len(rows) // 2], rows[len(rows) // 2 :]
            return [v for part in parts for v in _ask(http, part, patience_s)]
        if reply.status not in ASK_AGAIN:
            raise UserError(f"{http.base_url} refuses: {reply.why}", reply.hint)
        if reply.is_busy:
            last_heard = time.monotonic()
        if time.monotonic() - last_heard > patience_s:
            raise UserError(
                f"{http.base_url} gave no verdicts for {patience_s:g} s: {reply.why}",
                hint=f"is the server up, and does {SERVER} name it?",
            )
        # Not all at the same moment: many were refused together.
        time.sleep(max(reply.after_s, wait) * random.uniform(0.75, 1.25))
        wait = min(2 * wait, LAST_WAIT_S)


class _Reply(NamedTuple):
    """What came of one request; status 0 where nothing came.

    `is_busy` says that it is the server itself that has no room or no time.
    """

    status: int
    verdicts: list[Verdict] = []  # noqa: RUF012
    why: str = ""
    hint: str = ""
    is_busy: bool = False
    after_s: float = 0.0


def _post(http: "httpx.Client", rows: list[bytes]) -> _Reply:
    import httpx

    try:
        response = http.post(
            "/verdicts", content=b'{"rows":[' + b",".join(rows) + b"]}"
        )
    except httpx.TransportError as error:
        return _Reply(0, why=f"{type(error).__name__}: {error}")
    status = response.status_code
    try:
        shown = response.json()
        if status == 200:
            verdicts = [Verdict(**each) for each in shown["verdicts"]]
            if len(verdicts) == len(rows):
                return _Reply(200, verdicts)
        why, hint = f"HTTP {status}: {shown['error']}", str(shown["hint"])
    except (ValueError, KeyError, TypeError, RecursionError):  # not our server
        text = " ".join(response.text.split())[:200]
        hint = "" if status in ASK_AGAIN else f"does {SERVER} name a goldsieve server?"
        status = 1 if status == 200 else status  # a page that is no verdict
        return _Reply(status, why=f"HTTP {response.status_code}: {text}", hint=hint)
    if status == 401:
        hint = f"set {TOKEN} to the token of the server"
    after = response.headers.get("retry-after", "0")
    after_s = float(after) if after.isdecimal() else 0.0
    return _Reply(status, [], why, hint, status in (503, 504), after_s)
