"""Calls of a program's function in the sandbox, compared with what is expected here.

Many calls share a process, as the tests of HumanEval and the judges of LeetCode do;
each answer is a line on the extra channel. Expected values never enter it: a
program that writes lines of its own must know them. Calls go in growing groups,
so that a wrong program costs little and a right one few processes.
"""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from pipeline.sandbox.contract import Limits, Run
from pipeline.sandbox.guest.wire import decode, encode
from pipeline.sandbox.guests import guest_code, guest_source
from pipeline.sandbox.run import run_python
from pipeline.verifiers.program.results import in_one_order, same_value
from pipeline.verifiers.program.tests import Call

LATE = "more CPU time than allowed in total"
# How a program ended that had to be stopped, by us or by the kernel.
STOPPED = CPU_LIMIT, _ = "more CPU time than allowed", "exit code 137"
IDLE = "timeout: it waits without using the processor"
# Packages that some judge has and the sandbox has not. Whoever imports one of another
# name is wrong: else every wrong program could keep itself from being judged.
OF_JUDGES = {
    "Crypto", "gmpy2", "matplotlib", "mpmath", "networkx", "numba", "numpy", "pandas",
    "regex", "requests", "scipy", "sklearn", "sortedcontainers", "sympy", "torch",
}  # fmt: skip
ABSENT = re.compile(r"ModuleNotFoundError: No module named '(\w+)(?:\.[\w.]+)?'")
START_S = 0.25  # CPU time for our own side of a process to start
IDLE_PER_CPU, LEAST_IDLE_S = 5, 2.0
# Bytes of an answer that are read in any case; above, so many times what is expected.
SHORT_ANSWER, LONGER = 1 << 16, 16
FIRST_GROUP, GROWTH, LARGEST_GROUP = 4, 4, 256


class Undecidable(ValueError):
    """The row itself, its tests or its reference, cannot say what is right."""


@dataclass
class Bounds:
    """How long the tests of a program may take, how much memory, and what it may see.

    timeout_s: seconds of CPU time for one test.
    memory_mb: megabytes of address space of a process.
    total_s, used_s: seconds of CPU time for all tests of the program, and of those
        that have run.
    packages: what is installed and can be imported.
    """

    timeout_s: float
    memory_mb: int
    total_s: float = math.inf
    used_s: float = 0.0
    packages: tuple[str, ...] = ()

    def is_late(self) -> bool:
        """Whether no test may start any more."""
        return self.used_s >= self.total_s

    def count(self, run: Run) -> Run:
        """`run`, once what it used is counted."""
        self.used_s += run.cpu_s
        return run

    def process_limits(self, tests: int = 1, start_s: float = 0.0) -> Limits:
        """The limits of a process that runs so many tests, and starts in `start_s`."""
        left_s = max(self.total_s - self.used_s, 0.0)
        cpu_s = min(self.timeout_s * tests, left_s) + start_s
        return Limits(
            cpu_s=cpu_s,
            step_s=self.timeout_s + start_s,
            idle_s=max(IDLE_PER_CPU * cpu_s, LEAST_IDLE_S),
            memory_mb=self.memory_mb,
        )


def find_call_faults(
    program: str,
    calls: list[Call],
    limits: Bounds,
    tolerance: float = 0.0,
    *,
    goes_on: bool = False,
) -> Iterator[str]:
    """What is wrong with each call's answer, in order; "" where it is right.

    The program stops at the first call that raises: what comes after the first fault
    is worth nothing, unless the calls are to be counted (`goes_on`). A process that
    ends before its calls do ends them all.
    """
    done, size = 0, FIRST_GROUP
    while done < len(calls):
        if limits.is_late():
            yield LATE
            return
        group = calls[done : done + size]
        run = _run_calls(program, group, limits, goes_on=goes_on)
        lines = run.channel.split(b"\n", len(group))[:-1]
        for line, call in zip(lines, group, strict=False):
            yield _find_fault(line, call, tolerance)
        if len(lines) < len(group):
            yield describe_failure(run) or "returned nothing"
            return
        done += size
        size = min(size * GROWTH, LARGEST_GROUP)


def answer_by_reference(
    reference: str, calls: list[Call], limits: Bounds
) -> list[Call]:
    """`calls` with what the program `reference` answers as expected.

    For tests that have a reference and no expected outputs. A call that the reference
    fails is no test, and left out. Undecidable where it does not run, answers
    nothing but None, or returns what is no plain value.
    """
    answered: list[Call] = []
    for start in range(0, len(calls), LARGEST_GROUP):
        group = calls[start : start + LARGEST_GROUP]
        run = _run_calls(reference, group, limits, goes_on=True)
        lines = run.channel.split(b"\n", len(group))[:-1]
        for line, call in zip(lines, group, strict=False):
            answer = json.loads(line)
            if "kind" in answer:
                raise Undecidable(
                    f"the reference returns no plain value but {answer['kind']}"
                )
            if "value" in answer:
                answered.append(replace(call, expected=decode(answer["value"])))
        if why := describe_failure(run):
            raise Undecidable(f"the reference does not run: {why}")
    if all(call.expected is None for call in answered):
        raise Undecidable("the reference answers no test")
    return answered


def _run_calls(
    program: str, calls: list[Call], limits: Bounds, *, goes_on: bool
) -> Run:
    encoded = [
        [call.name, list(map(encode, call.arguments)), call.how] for call in calls
    ]
    job = {"program": program, "calls": encoded, "goes_on": goes_on}
    own = limits.process_limits(len(calls), START_S)
    run = run_guest("answer_calls", job, own, packages=limits.packages)
    return limits.count(run)


def run_guest(
    name: str, job: dict[str, Any], limits: Limits, *, packages: tuple[str, ...] = ()
) -> Run:
    """Run our own program `name` in the sandbox, with `job` on its standard input."""
    stdin = json.dumps({"prelude": guest_source("prelude")} | job).encode()
    code = guest_code(name)
    return run_python(code, stdin=stdin, limits=limits, packages=packages)


def _find_fault(line: bytes, call: Call, tolerance: float) -> str:
    """What is wrong with an answer; "" where it is right.

    An answer far longer than the right one is not read. Undecidable where the tests
    compare an object that has an `__eq__` of its own.
    """
    if len(line) > SHORT_ANSWER and len(line) > LONGER * _encoded_length(call.expected):
        return "returned far more than expected"
    try:
        answer = json.loads(line)
        if "raised" in answer:
            return f"raised {answer['raised']}"
        if "kind" in answer:
            if answer.get("compares") is True and call.how == "equal":
                raise Undecidable("its tests compare an object of the program")
            return f"returned no plain value but {answer['kind']}"
        value = decode(answer["value"])
        is_right = _is_right(value, call, tolerance)
    except Undecidable:
        raise
    except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError):
        return "returned something that is no plain value"
    return "" if is_right else f"returned {_shorten(value)}"


def _encoded_length(value: Any) -> int:
    return len(json.dumps(encode(value)))


def _is_right(value: Any, call: Call, tolerance: float) -> bool:
    if call.how == "truth":
        return bool(value) is call.expected
    if call.how == "is":
        return value is call.expected
    if call.how == "any_order":
        value, expected = in_one_order(value), in_one_order(call.expected)
        return same_value(value, expected, tolerance)
    is_alike = call.how == "alike"
    return same_value(value, call.expected, tolerance, tuples_are_lists=is_alike)


def _shorten(value: Any) -> str:
    try:
        return str(value)[:80]
    except ValueError:
        return "a very long number"


def describe_failure(run: Run) -> str:
    """How a program ended that did not end well; "" where it did.

    Undecidable where it was stopped for what it did not do.
    """
    if run.ended == "idle_limit":
        raise Undecidable(IDLE)
    if run.ended == "cpu_limit":
        return CPU_LIMIT
    if run.ended == "output_limit":
        return "too much output"
    lines = run.stderr.decode(errors="replace").strip().splitlines()
    if run.ended == "not_compiled":
        return f"does not compile: {lines[0][:120] if lines else 'no message'}"
    if run.exit_code:
        message = lines[-1][:120] if lines else "no message"
        absent = ABSENT.fullmatch(message)
        if absent and absent[1] in OF_JUDGES:
            raise Undecidable(f"it needs {absent[1]}, which is not in the sandbox")
        return f"exit code {run.exit_code}: {message}"
    return ""
