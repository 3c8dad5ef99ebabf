"""Calls a program's function for each test of a job, and sends what it returns.

Runs in the sandbox and imports nothing of ours but its neighbours. The job (`prelude`,
`program`, `calls`, `goes_on`) comes by standard input; each answer is a line. What is
derived from a plain kind is sent as that. Of an answer that is but a condition, as in
`assert f(1)`, the truth is sent.
"""

import json
import sys
from collections import defaultdict, deque
from typing import Any

from pipeline.sandbox.guest.arrays import encode_scalar
from pipeline.sandbox.guest.harness import describe, find_function, load, send, silence
from pipeline.sandbox.guest.wire import (
    PLAIN,
    NotPlain,
    decode,
    encode_mutable,
    make_encoder,
)

FLAT = PLAIN | {kind: kind for kind in (list, set, dict)}


def flatten(value: Any) -> Any:
    """Encode what is derived from a plain kind. A deque counts as a list here."""
    for kind in type(value).__mro__:
        if kind is not type(value) and kind in FLAT:
            return ENCODE_FLAT(FLAT[kind](value))
    if encode_scalar(value):
        return ENCODE_FLAT(value.item())
    raise Unreadable(type(value))


def encode_parts(value: Any) -> Any:
    """Encode what can change; what makes missing keys is no part of a dict's value."""
    plain = dict(value) if type(value) is defaultdict else value
    return encode_mutable(plain, ENCODE_FLAT)


ENCODE_FLAT = make_encoder(flatten, encode_parts)


class Unreadable(NotPlain):
    """A value that only the program can tell anything of."""


def answer_call(name: str, arguments: list[Any], how: str) -> dict[str, Any]:
    """What a call returns, encoded."""
    value = find_function(scope, name)(*map(decode, arguments))
    if how == "truth":
        value = bool(value)
    if isinstance(value, deque | bytearray):
        value = list(value) if isinstance(value, deque) else bytes(value)
    try:
        return {"value": ENCODE_FLAT(value)}
    except Unreadable as error:
        kind = error.args[0]
        compares = kind.__eq__ is not object.__eq__
        return {"kind": kind.__name__, "compares": compares}


job = json.loads(sys.stdin.buffer.read())
silence()
scope = load(job["prelude"], job["program"])
for call in job["calls"]:
    answer: dict[str, Any]
    try:
        answer = answer_call(*call)
    except BaseException as error:
        answer = {"raised": describe(error)}
    send(answer)
    if "value" not in answer and not job["goes_on"]:
        break
