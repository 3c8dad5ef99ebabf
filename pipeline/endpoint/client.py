"""Ask a model behind an OpenAI-compatible endpoint, many questions at a time.

Answers are kept by content under .cache/endpoint, so that a question is paid for
once. A question that keeps failing has no answer, and nothing else is lost. Where a
budget is set, what is left of the questions once it is spent stays unasked. How many
questions are asked at once is `concurrency` of machine.yaml.
"""

import json
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.endpoint.http import Endpoint as Endpoint
from pipeline.endpoint.http import Reply as Reply
from pipeline.endpoint.http import Run, fetch_reply, open_run
from pipeline.errors import UserError
from pipeline.files import write_text
from pipeline.machine import cache_folder, machine
from pipeline.surrogates import mend_surrogates


class Question(NamedTuple):
    """What is asked; `schema` is the JSON Schema of the answer, as JSON.

    Questions that differ in `seed` or `temperature` are kept apart in the cache.
    """

    prompt: str
    system: str = ""
    schema: str = ""
    temperature: float | None = None
    seed: int | None = None


# Replies to questions, in their order.
Ask = Callable[[list[Question]], list[Reply]]


@contextmanager
def client(endpoint: Endpoint) -> Iterator[Ask]:
    """A function that asks, in threads, and replies in the order of the questions.

    It raises UserError where asking on is of no use.
    """
    with open_run(endpoint, machine().concurrency) as run:
        yield lambda questions: _ask_all(run, questions)


def ask(
    prompts: list[str], endpoint: Endpoint, *, schema: str = "", system: str = ""
) -> list[str | None]:
    """The model's answer to every prompt; None where there was no whole one.

    Raises UserError where not one request of many was answered.
    """
    with client(endpoint) as ask_questions:
        replies = ask_questions(
            [Question(prompt, system, schema) for prompt in prompts]
        )
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


def _ask_all(run: Run, questions: list[Question]) -> list[Reply]:
    distinct = list(dict.fromkeys(questions))
    run.stopped.clear()
    run.lost_in_a_row = 0
    with ThreadPoolExecutor(run.concurrency) as pool:
        try:
            replies = list(pool.map(lambda question: _ask(run, question), distinct))
        except BaseException:
            run.stopped.set()  # threads that wait to try again give up
            raise
    lost = [reply.why for reply in replies if reply.why.startswith("lost")]
    if lost and not run.is_reached:
        raise UserError(
            f"{run.endpoint.url} cannot be reached ({lost[-1]})",
            hint="is the server up?",
        )
    reply_to = dict(zip(distinct, replies, strict=True))
    return [reply_to[question] for question in questions]


def _ask(run: Run, question: Question) -> Reply:
    body = _body(run.endpoint, question)
    identity = json.dumps([run.endpoint.url, body, question.schema], sort_keys=True)
    name = blake2b(identity.encode(), digest_size=16).hexdigest()
    file = cache_folder("endpoint") / name[:2] / f"{name}.json"
    if reply := _kept_reply(file):
        return reply
    reply = fetch_reply(run, body, question.schema)
    if reply.why in ("", "truncated", "refused"):
        write_text(file, json.dumps(reply._asdict()))
    return reply


def _body(endpoint: Endpoint, question: Question) -> dict[str, Any]:
    messages = [{"role": "user", "content": question.prompt}]
    if question.system:
        messages.insert(0, {"role": "system", "content": question.system})
    own = question.temperature
    body: dict[str, Any] = {
        "model": endpoint.model,
        "messages": messages,
        "temperature": endpoint.temperature if own is None else own,
        "max_tokens": endpoint.max_tokens,
        "seed": question.seed,
        **endpoint.extra,
    }
    return {name: value for name, value in body.items() if value is not None}


def _kept_reply(file: Path) -> Reply | None:
    """None where there is none yet, or one that cannot be read."""
    try:
        kept = json.loads(file.read_bytes())
        return Reply(mend_surrogates(kept["text"]), kept["why"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
