"""Calls of a program's function in the sandbox, compared with what is expected here.

Many calls share a process, as the tests of HumanEval and the judges of LeetCode do;
each answer is a line on the extra channel. Expected values never enter it: a
program that writes lines of its own must know them. Calls go in growing groups,
so that a wrong program costs little and a right one few processes.
"""

import json
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.sandbox.run import Limits, Ran, run_python
from pipeline.verifiers.program import wire
from pipeline.verifiers.program.asserts import Call
from pipeline.verifiers.program.results import same_value
from pipeline.verifiers.program.wire import read, spell

LATE = "total timeout"
FIRST_GROUP, GROWTH, LARGEST_GROUP = 4, 4, 256
WIRE = Path(wire.__file__).read_text(encoding="utf-8")

PRELUDE = """\
import bisect, collections, functools, heapq, itertools, math, operator, random, re
import string, sys
from bisect import *
from collections import *
from functools import *
from heapq import *
from itertools import *
from typing import *
"""
# The start of both harnesses: a channel, a job, and silent standard streams.
OPENING = """\
import json, os, sys
channel = int(os.environ.pop("GOLDSIEVE_FD"))
sys.setrecursionlimit(100_000)
sys.set_int_max_str_digits(0)


def say(message):
    text = json.dumps(message).encode() + b"\\n"
    while text:
        text = text[os.write(channel, text):]


def silence(*fds):
    null = os.open(os.devnull, os.O_RDWR)
    for fd in fds:
        os.dup2(null, fd)


def load(job):
    scope = {"__name__": "solution"}
    exec(compile(job["prelude"], "prelude.py", "exec"), scope)
    exec(compile(job["program"], "solution.py", "exec"), scope)
    return scope


def found(scope, name):
    holder = scope.get("Solution")
    method = getattr(holder(), name, None) if holder else None
    return method or scope[name]


def told(error):
    return f"{type(error).__name__}: {error}"[:200]
"""
HARNESS = """
job = json.loads(sys.stdin.buffer.read())
silence(0, 1)
scope = load(job)
for name, arguments in job["calls"]:
    try:
        answer = {"value": spell(found(scope, name)(*map(read, arguments)))}
    except NotPlain as error:
        answer = {"kind": str(error)}
    except BaseException as error:
        answer = {"raised": told(error)}
    say(answer)
    if "value" not in answer and not job["goes_on"]:
        break
"""


class Unfit(ValueError):
    """The row's own reference cannot say what is right."""


@dataclass(frozen=True)
class Pace:
    """`timeout_s` for one test, `startup_s` for a process; `deadline` ends them all.

    `deadline` is by `time.monotonic`.
    """

    timeout_s: float
    startup_s: float
    memory_mb: int
    deadline: float | None = None

    def is_late(self) -> bool:
        """Whether no test may start any more."""
        return self.deadline is not None and time.monotonic() > self.deadline

    def limits(self, tests: int = 1) -> Limits:
        """The limits of a process that runs so many tests."""
        wall_s = self.timeout_s * tests + self.startup_s
        if self.deadline is not None:
            wall_s = min(wall_s, max(self.deadline - time.monotonic(), 0.1))
        return Limits(
            wall_s=wall_s,
            step_s=self.timeout_s + self.startup_s,
            cpu_s=math.ceil(self.timeout_s * tests),
            memory_mb=self.memory_mb,
        )


def judged_calls(
    program: str,
    calls: list[Call],
    pace: Pace,
    *,
    goes_on: bool = False,
    tolerance: float = 0.0,
) -> Iterator[str]:
    """What is wrong with each call's answer, in order; "" where it is right.

    Stops after the first that is wrong, unless it `goes_on`.
    """
    done, size = 0, FIRST_GROUP
    while done < len(calls):
        if pace.is_late():
            yield from [LATE] * (len(calls) - done)
            return
        group = calls[done : done + size]
        ran = _asked(program, group, pace, goes_on=goes_on)
        lines = ran.told.split(b"\n")[:-1][: len(group)]
        faults = [
            _fault(line, call, tolerance)
            for line, call in zip(lines, group, strict=False)
        ]
        if len(faults) < len(group) and (goes_on or not any(faults)):
            faults.append(broken(ran) or "returned nothing")
        for fault in faults:
            yield fault
            if fault and not goes_on:
                return
        done += len(faults)
        size = min(size * GROWTH, LARGEST_GROUP)


def answers(program: str, calls: list[Call], pace: Pace) -> list[Call]:
    """`calls` with what `program` answers as expected; Unfit where it has none.

    For tests that have a reference and no expected outputs. A call that the reference
    fails is no test, and left out.
    """
    told: list[Call] = []
    for start in range(0, len(calls), LARGEST_GROUP):
        group = calls[start : start + LARGEST_GROUP]
        ran = _asked(program, group, pace, goes_on=True)
        for line, call in zip(ran.told.split(b"\n")[:-1], group, strict=False):
            answer = json.loads(line)
            if "kind" in answer:
                raise Unfit(
                    f"the reference returns no plain value but {answer['kind']}"
                )
            if "value" in answer:
                told.append(replace(call, expected=read(answer["value"])))
        if why := broken(ran):
            raise Unfit(f"the reference does not run: {why}")
    if all(call.expected is None for call in told):
        raise Unfit("the reference answers no test")
    return told


def _asked(program: str, calls: list[Call], pace: Pace, *, goes_on: bool) -> Ran:
    job = {
        "prelude": PRELUDE,
        "program": program,
        "calls": [[call.name, [spell(a) for a in call.arguments]] for call in calls],
        "goes_on": goes_on,
    }
    limits = replace(pace.limits(len(calls)), output=pace.limits().output * 4)
    source = WIRE + OPENING + HARNESS
    return run_python(source, stdin=json.dumps(job).encode(), limits=limits)


def _fault(line: bytes, call: Call, tolerance: float) -> str:
    try:
        answer = json.loads(line)
        if "raised" in answer:
            return f"raised {answer['raised']}"
        if "kind" in answer:
            return f"returned no plain value but {answer['kind']}"
        value = read(answer["value"])
        is_right = _is_right(value, call, tolerance)
    except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError):
        return "returned something that is no plain value"
    return "" if is_right else f"returned {_shown(value)}"


def _is_right(value: Any, call: Call, tolerance: float) -> bool:
    if call.how == "truth":
        return bool(value) is call.expected
    if call.how == "is":
        return value is call.expected
    is_alike = call.how == "alike"
    return same_value(value, call.expected, tolerance, tuples_are_lists=is_alike)


def _shown(value: Any) -> str:
    try:
        return str(value)[:80]
    except ValueError:
        return "a very long number"


def broken(ran: Ran) -> str:
    """How a program ended that did not end well; "" where it did."""
    if ran.ended == "timeout":
        return "timeout"
    if ran.ended == "output_limit":
        return "too much output"
    said = ran.err.decode(errors="replace").strip().splitlines()
    if ran.ended == "not_compiled":
        return f"does not compile: {said[0][:120] if said else 'no message'}"
    if ran.code:
        return f"exit code {ran.code}: {said[-1][:120] if said else 'no message'}"
    return ""
