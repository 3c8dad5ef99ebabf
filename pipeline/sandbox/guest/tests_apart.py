"""Runs tests, with the program that they test in another sandbox.

Runs in the sandbox and imports nothing of ours but its neighbours. Requests go out by
the channel, and the program's replies come by standard input; the verdict is written
to standard output, which the tests themselves do not have.
"""

import itertools
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pkgutil import resolve_name
from types import ModuleType
from typing import Any, NamedTuple

from pipeline.sandbox.guest.harness import describe, revive, send, silence
from pipeline.sandbox.guest.lending import USES, is_builtin, may_be_lent
from pipeline.sandbox.guest.testing import (
    Undecided,
    is_installed,
    list_imports,
    parse,
    run_tests,
)
from pipeline.sandbox.guest.wire import decode, encode


class Watched(NamedTuple):
    """An attribute that the tests patch, and what it was before."""

    path: str
    name: str
    owner: Any
    before: Any


verdict_file = os.dup(1)
replies = os.fdopen(os.dup(0), "rb")
silence()
LONGEST_REPLY = 1 << 26
# What the program may ask of its tests; they may have patched the terminal.
ANSWERS: dict[str, Callable[..., Any]] = USES | {
    "input": lambda *prompt: input(*prompt),
    "readline": lambda: sys.stdin.readline(),
    "read": lambda: sys.stdin.read(),
}
lent: list[Any] = []
watched: list[Watched] = []
requests = itertools.count()


class ProgramGone(BaseException):
    """The program's process has ended."""


class NotSendable(BaseException):
    """A value of the tests cannot leave their process."""


class Handle:
    """An object that stays in the program's process, known there by name or number."""

    key: Any

    def __init__(self, key: Any) -> None:
        object.__setattr__(self, "key", key)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return request("get", self.key, name)

    def __setattr__(self, name: str, value: Any) -> None:
        request("set", self.key, name, value)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return request("call", self.key, named, *arguments)

    def __iter__(self) -> Iterator[Any]:
        return iter(request("list", self.key))

    def __getitem__(self, key: Any) -> Any:
        return request("item", self.key, key)

    def __len__(self) -> int:
        return int(request("len", self.key))

    def __str__(self) -> str:
        return str(request("text", self.key))

    def __repr__(self) -> str:
        return f"Handle({self.key!r})"

    def __eq__(self, other: object) -> bool:
        return type(other) is Handle and self.key == other.key

    __hash__ = None  # type: ignore[assignment]


class Program(ModuleType):
    """The program, for tests that import it; each of its names is a handle."""

    __all__ = ()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Handle(name)


class Tests(ModuleType):
    """The tests, where what they patch of `__main__` is the program's."""

    names: set[str]

    def __getattr__(self, name: str) -> Any:
        if name in Tests.names:
            return Handle(name)
        raise AttributeError(name)


def request(action: str, key: Any, *arguments: Any) -> Any:
    """What the program's process replies; raises what was raised there."""
    next(requests)
    encoded = [encode(value, lend) for value in arguments]
    send([action, key, encoded, list_patches()])
    while "ask" in (reply := receive()):
        send(answer(*reply["ask"]))
    sys.stdout.write(str(reply.get("printed", "")))
    for argument, after in zip(arguments, reply.get("arguments", []), strict=False):
        update(argument, decode(after, take))
    if "raised" in reply:
        raise revive(*reply["raised"])
    return decode(reply["value"], take)


def receive() -> dict[str, Any]:
    """The program's next line."""
    line = replies.readline(LONGEST_REPLY)
    if not line.endswith(b"\n"):
        raise ProgramGone
    reply: dict[str, Any] = json.loads(line)
    return reply


def answer(what: str, *encoded: Any) -> dict[str, Any]:
    """What the tests have for the program that asks in the middle of a request."""
    try:
        value = ANSWERS[what](*(decode(each, take) for each in encoded))
        return {"value": encode(value, lend)}
    except NotSendable as error:
        raise Undecided(f"its tests lend the program a {error}") from None
    except Exception as error:
        if not is_builtin(error):
            raise Undecided(f"its tests raise {describe(error)}") from None
        return {"raised": [type(error).__name__, str(error)]}


def lend(value: Any) -> dict[str, Any]:
    """A handle as its key, what may be lent by its place; no more can be sent."""
    if type(value) is Handle:
        return {"o": object.__getattribute__(value, "key")}
    if not may_be_lent(value):
        raise NotSendable(type(value).__name__)
    lent.append(value)
    return {"o": ["lent", len(lent) - 1]}


def take(key: Any) -> Any:
    """A handle for an object of the program; what was lent as it is."""
    return lent[key[1]] if isinstance(key, list) else Handle(key)


def watch(target: str) -> None:
    """Remember what is at `target`, which the tests are going to patch."""
    path, _, name = target.rpartition(".")
    is_own = path in ("solution", "__main__")
    with suppress(ImportError, AttributeError):
        owner = sys.modules[path] if is_own else resolve_name(path)
        before = vars(owner).get(name)
        watched.append(Watched("solution" if is_own else path, name, owner, before))


def list_patches() -> list[list[Any]]:
    """Where, under which name, and what the tests have patched."""
    return [
        [each.path, each.name, encode(now, lend)]
        for each in watched
        if (now := vars(each.owner).get(each.name)) is not each.before
    ]


def update(argument: Any, after: Any) -> None:
    """Let the tests see what the program did to an argument of theirs."""
    if type(argument) is not type(after) or argument == after:
        return
    if type(argument) is list:
        argument[:] = after
    elif type(argument) in (dict, set):
        argument.clear()
        argument.update(after)


def main(job: dict[str, Any]) -> None:
    """Run the tests of `job` and write the verdict."""
    verdict: dict[str, Any]
    try:
        run(job)
        verdict = {"fault": ""}
    except (ProgramGone, BrokenPipeError):
        verdict = {"fault": "the program ended before its tests did"}
    except Undecided as error:
        verdict = {"undecided": str(error)}
    except NotSendable as error:
        verdict = {"unsendable": str(error)}
    except BaseException as error:
        description = describe(error).rstrip(": ")
        fault = f"{description}, in line {line_of(error)} of the tests"
        verdict = {"fault": fault}
    os.write(verdict_file, json.dumps(verdict).encode())


def run(job: dict[str, Any]) -> None:
    """Run set-up and tests in one scope, where handles stand for the program's names.

    A function's signature, which HumanEval's set-up is, need not be whole.
    """
    tree, module = parse(job["tests"]), Tests("__main__")
    patched = [name.partition(".") for name in job["patched"]]
    Tests.names = {name for owner, _, name in patched if owner == "__main__"}
    scope = module.__dict__
    exec(compile(job["prelude"], "prelude.py", "exec"), scope)
    if job["entry_point"]:
        with suppress(SyntaxError):
            exec(compile(job["setup"], "setup.py", "exec"), scope)
    scope.update((name, Handle(name)) for name in job["names"])
    names = [name for name, wanted in list_imports(tree) if is_program(name, wanted)]
    sys.modules.update((name, Program(name)) for name in ("solution", *names))
    if not job["entry_point"]:
        exec(compile(job["setup"], "setup.py", "exec"), scope)
    sys.modules["__main__"] = module
    for target in job["patched"]:
        watch(target)
    before = next(requests)
    run_tests(tree, module, job["entry_point"])
    if next(requests) == before + 1:
        raise Undecided("its tests check nothing of the program")


def is_program(name: str, wanted: list[str]) -> bool:
    """Whether a module that the tests want is the program, by another name."""
    if not wanted or is_installed(name):
        return False
    try:
        return bool([request("text", each) for each in wanted])
    except Exception:
        return False


def line_of(error: BaseException) -> int:
    """The last line of the tests that an error came through; 0 where none did."""
    line, trace = 0, error.__traceback__
    while trace:
        if trace.tb_frame.f_code.co_filename == "tests.py":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
