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
from types import ModuleType
from typing import Any

from pipeline.sandbox.guest.harness import describe, revive, send, silence
from pipeline.sandbox.guest.testing import (
    Undecided,
    is_installed,
    list_imports,
    parse,
    run_tests,
)
from pipeline.sandbox.guest.wire import decode, encode

verdict_file = os.dup(1)
replies = os.fdopen(os.dup(0), "rb")
silence()
LONGEST_REPLY = 1 << 26
TERMINAL: dict[str, Callable[..., Any]] = {
    "input": lambda *prompt: input(*prompt),
    "readline": lambda: sys.stdin.readline(),
    "read": lambda: sys.stdin.read(),
}
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
        return len(request("list", self.key))

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


def request(action: str, key: Any, *arguments: Any) -> Any:
    """What the program's process replies; raises what was raised there."""
    next(requests)
    send([action, key, [encode(value, encode_handle) for value in arguments]])
    while "ask" in (reply := receive()):
        send(answer(*reply["ask"]))
    sys.stdout.write(str(reply.get("printed", "")))
    for argument, after in zip(arguments, reply.get("arguments", []), strict=False):
        update(argument, decode(after, Handle))
    if "raised" in reply:
        raise revive(*reply["raised"])
    return decode(reply["value"], Handle)


def receive() -> dict[str, Any]:
    """The program's next line."""
    line = replies.readline(LONGEST_REPLY)
    if not line.endswith(b"\n"):
        raise ProgramGone
    reply: dict[str, Any] = json.loads(line)
    return reply


def answer(what: str, *arguments: Any) -> dict[str, Any]:
    """What the tests have typed for the program, at a terminal that they may patch."""
    try:
        return {"value": str(TERMINAL[what](*arguments))}
    except Exception as error:
        return {"raised": [type(error).__name__, str(error)]}


def encode_handle(value: Any) -> dict[str, Any]:
    """A handle as its key; nothing else that is not plain can be sent."""
    if type(value) is Handle:
        return {"o": object.__getattribute__(value, "key")}
    raise NotSendable(type(value).__name__)


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
    except ProgramGone:
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
    tree, module = parse(job["tests"]), ModuleType("__main__")
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
