"""Ask a model behind an OpenAI-compatible endpoint, many questions at a time.

Answers are kept by content under .cache/endpoint, so that a question is paid for
once. A question that keeps failing has no answer, and nothing else is lost. Where a
budget is set, what is left of the questions once it is spent stays unasked.
"""

import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.endpoint.http import Endpoint as Endpoint
from pipeline.endpoint.http import Reply as Reply
from pipeline.endpoint.http import Run, fetch_reply
from pipeline.errors import UserError


class Question(NamedTuple):
    """What is asked; `schema` is the JSON Schema of the answer, as JSON.

    Questions that differ in `seed` or `temperature` are kept apart in the cache.
    """

    prompt: str
    system: str = ""
    schema: str = ""
    temperature: float | None = None
    seed: int | None = None


Ask = Callable[[list[Question]], list[Reply]]


@contextmanager
def client(endpoint: Endpoint) -> Iterator[Ask]:
    """A function that asks, in threads, and replies in the order of the questions.

    It raises UserError where asking on is of no use.
    """
    import httpx

    limits = httpx.Limits(max_connections=endpoint.concurrency)
    folder = Path(os.environ.get("GOLDSIEVE_CACHE", ".cache")) / "endpoint"
    with httpx.Client(timeout=endpoint.timeout_s, limits=limits) as http:
        run = Run(endpoint, http)
        yield lambda questions: _asked_all(run, folder, questions)


def ask(
    prompts: list[str], endpoint: Endpoint, *, schema: str = "", system: str = ""
) -> list[str | None]:
    """The model's answer to every prompt; None where there was no whole one.

    Raises UserError where not one request of many was answered.
    """
    with client(endpoint) as asking:
        replies = asking([Question(prompt, system, schema) for prompt in prompts])
    lost = [reply.why for reply in replies if reply.text is None]
    if prompts and len(lost) == len(prompts):
        raise UserError(
            f"{endpoint.url} answered none of {len(lost)} requests: {lost[-1]}",
            hint="is the server up, and is `model` the name it serves?",
        )
    if lost:
        told = f"{endpoint.url}: {len(lost)} of {len(prompts)} requests without answer"
        print(f"{told}: {lost[-1]}", file=sys.stderr)
    return [reply.text if not reply.why else None for reply in replies]


def _asked_all(run: Run, folder: Path, questions: list[Question]) -> list[Reply]:
    distinct = list(dict.fromkeys(questions))
    run.stopped.clear()
    run.lost_in_a_row = 0
    with ThreadPoolExecutor(run.endpoint.concurrency) as pool:
        try:
            replies = list(pool.map(lambda one: _asked(run, folder, one), distinct))
        except BaseException:
            run.stopped.set()  # threads that wait to try again give up
            raise
    lost = [reply.why for reply in replies if reply.why.startswith("lost")]
    if lost and not run.is_reached:
        raise UserError(
            f"{run.endpoint.url} cannot be reached ({lost[-1]})",
            hint="is the server up?",
        )
    of = dict(zip(distinct, replies, strict=True))
    return [of[question] for question in questions]


def _asked(run: Run, folder: Path, question: Question) -> Reply:
    body = _body(run.endpoint, question)
    told = [run.endpoint.url, body, question.schema]
    name = blake2b(json.dumps(told, sort_keys=True).encode(), digest_size=16)
    file = folder / name.hexdigest()[:2] / f"{name.hexdigest()}.json"
    if kept := _kept(file):
        return kept
    reply = fetch_reply(run, body, question.schema)
    if reply.why in ("", "truncated", "refused"):
        _keep(file, reply)
    return reply


def _body(endpoint: Endpoint, question: Question) -> dict[str, Any]:
    asked = [{"role": "user", "content": question.prompt}]
    if question.system:
        asked.insert(0, {"role": "system", "content": question.system})
    warmth = question.temperature
    body: dict[str, Any] = {
        "model": endpoint.model,
        "messages": asked,
        "temperature": endpoint.temperature if warmth is None else warmth,
        "max_tokens": endpoint.max_tokens,
        "seed": question.seed,
        **endpoint.extra,
    }
    return {name: value for name, value in body.items() if value is not None}


def _kept(file: Path) -> Reply | None:
    try:
        kept = json.loads(file.read_bytes())
        return Reply(kept["text"], kept["why"])
    except (OSError, ValueError, KeyError, TypeError):
        return None  # none yet, or one that cannot be read: ask


def _keep(file: Path, reply: Reply) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(f".{os.getpid()}-{threading.get_ident()}.draft")
    draft.write_text(json.dumps(reply._asdict()))
    draft.replace(file)
