"""What our programs in the sandbox share: a channel, and the program that is tested.

Runs in the sandbox alone, imports nothing of ours, and fails where there is no
channel.
"""

import builtins
import json
import os
import sys
from typing import Any

channel = int(os.environ.pop("GOLDSIEVE_FD"))
sys.setrecursionlimit(100_000)
sys.set_int_max_str_digits(0)


write_json = json.JSONEncoder(check_circular=False, separators=(",", ":")).encode


def send(message: Any) -> None:
    """Write `message` as a line of JSON to the channel, all of it."""
    line = write_json(message).encode() + b"\n"
    while line:
        line = line[os.write(channel, line) :]


def silence() -> None:
    """Turn standard input and output away from what they were."""
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)


def load(
    prelude: str, program: str, scope: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The names that a program defines, once it has run, in `scope` if there is one.

    What the prelude brings is built in for it: a name that a test asks for and only
    the prelude has (operator's `add`) is none of the program's.
    """
    brought: dict[str, Any] = {}
    exec(compile(prelude, "prelude.py", "exec"), brought)
    vars(builtins).update({**brought, **vars(builtins)})
    scope = {} if scope is None else scope
    scope["__name__"] = "solution"
    exec(compile(program, "solution.py", "exec"), scope)
    return scope


def find_function(scope: dict[str, Any], name: str) -> Any:
    """What the row calls: a method of a new `Solution`, or a global name.

    An expression, such as `Solution().add`, is evaluated among the program's names; it
    comes from the row and never from the program.
    """
    if not name.isidentifier():
        return eval(name, scope)
    holder = scope.get("Solution")
    method = getattr(holder(), name, None) if holder else None
    return method or scope[name]


def describe(error: BaseException) -> str:
    """The error in one line."""
    return f"{type(error).__name__}: {error}"[:200]
