"""Holds a program that is tested, and does what its tests in another sandbox ask for.

Runs in the sandbox and imports nothing of ours but its neighbours. Requests come by
standard input, a line each, and replies go out by the channel. Nothing here knows what
the tests expect or whether one has passed.
"""

import itertools
import json
import operator
import os
from collections.abc import Callable
from typing import Any

from pipeline.sandbox.guest.harness import (
    find_function,
    load,
    revive,
    send,
    silence,
)
from pipeline.sandbox.guest.terminal import attach
from pipeline.sandbox.guest.wire import decode, encode

LONGEST_LIST = 1_000_000
# What the tests may do to an object here.
ACTIONS: dict[str, Callable[..., Any]] = {
    "call": lambda function, named, *arguments: function(*arguments, **named),
    "get": getattr,
    "set": setattr,
    "item": operator.getitem,
    "list": lambda items: list(itertools.islice(items, LONGEST_LIST)),
    "text": str,
}
requests = os.fdopen(os.dup(0), "rb")
silence()
kept: list[Any] = []


def main(job: dict[str, Any]) -> None:
    """Answer requests until the tests hang up."""
    scope = load(job["prelude"], job["program"])
    take_printed = attach(ask)

    def recall(key: Any) -> Any:
        return find_function(scope, key) if isinstance(key, str) else kept[key]

    for line in requests:
        action, key, encoded = json.loads(line)
        arguments = [decode(value, recall) for value in encoded]
        reply: dict[str, Any]
        try:
            reply = {"value": encode(ACTIONS[action](recall(key), *arguments), keep)}
        except BaseException as error:
            reply = {"raised": [type(error).__name__, str(error)[:200]]}
        reply["arguments"] = [encode(value, keep) for value in arguments]
        if printed := take_printed():
            reply["printed"] = printed
        send(reply)


def ask(what: str, *arguments: Any) -> Any:
    """What the tests answer in the middle of a request; raises what was raised."""
    send({"ask": [what, *arguments]})
    answer = json.loads(requests.readline())
    if "raised" in answer:
        raise revive(*answer["raised"])
    return answer["value"]


def keep(value: Any) -> dict[str, int]:
    """Keep what is not plain; its place is what the tests get."""
    kept.append(value)
    return {"o": len(kept) - 1}
