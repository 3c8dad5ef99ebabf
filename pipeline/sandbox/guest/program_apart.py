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
from pkgutil import resolve_name
from types import ModuleType
from typing import Any

from pipeline.sandbox.guest.harness import (
    find_function,
    load,
    revive,
    send,
    silence,
)
from pipeline.sandbox.guest.lending import Borrowed
from pipeline.sandbox.guest.terminal import attach
from pipeline.sandbox.guest.wire import decode, encode

LONGEST_LIST = 1_000_000
# What the tests may do to an object here.
ACTIONS: dict[str, Callable[..., Any]] = {
    "call": lambda function, named, *arguments: function(*arguments, **named),
    "get": getattr,
    "set": setattr,
    "item": operator.getitem,
    "len": len,
    "list": lambda items: list(itertools.islice(items, LONGEST_LIST)),
    "text": str,
}
requests = os.fdopen(os.dup(0), "rb")
silence()
kept: list[Any] = []
solution = ModuleType("solution")
# What is patched: where, under which name, and what was there.
originals: list[tuple[Any, str, Any]] = []


def main(job: dict[str, Any]) -> None:
    """Answer requests until the tests hang up."""
    load(job["prelude"], job["program"], vars(solution))
    Borrowed.ask = ask
    take_printed = attach(ask)
    for line in requests:
        serve(json.loads(line), take_printed)


def serve(request: list[Any], take_printed: Callable[[], str]) -> None:
    """Do what the tests ask for and reply."""
    action, key, encoded, patches = request
    arguments = [decode(value, recall) for value in encoded]
    reply: dict[str, Any]
    try:
        patch(patches)
        reply = {"value": encode(ACTIONS[action](recall(key), *arguments), keep)}
    except BaseException as error:
        reply = {"raised": [type(error).__name__, str(error)[:200]]}
    reply["arguments"] = [encode(value, keep) for value in arguments]
    if printed := take_printed():
        reply["printed"] = printed
    send(reply)


def recall(key: Any) -> Any:
    """The object that the tests mean: one of this side, or one of theirs."""
    if isinstance(key, list):
        return Borrowed(key)
    return find_function(vars(solution), key) if isinstance(key, str) else kept[key]


def keep(value: Any) -> dict[str, Any]:
    """Keep what is not plain; its place is what the tests get."""
    if type(value) is Borrowed:
        return {"o": value.key}
    kept.append(value)
    return {"o": len(kept) - 1}


def ask(what: str, *arguments: Any) -> Any:
    """What the tests answer in the middle of a request; raises what was raised.

    To answer, they may make requests of their own.
    """
    send({"ask": [what, *(encode(value, keep) for value in arguments)]})
    while isinstance(answer := json.loads(requests.readline()), list):
        serve(answer, str)
    if "raised" in answer:
        raise revive(*answer["raised"])
    return decode(answer["value"], recall)


def patch(patches: list[list[Any]]) -> None:
    """Let what the tests have patched on their side be so on this one."""
    while originals:
        setattr(*originals.pop())
    for path, name, encoded in patches:
        owner = solution if path == "solution" else resolve_name(path)
        originals.append((owner, name, vars(owner).get(name)))
        setattr(owner, name, decode(encoded, recall))
