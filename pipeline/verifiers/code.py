"""Programs: run against their tests in the sandbox, and compared out here.

`info["type"]` says what a test is: `stdio` feeds a program its input and compares
what it prints; `call` calls a function, or a method of `class Solution`; `assert`
holds asserts over a function (HumanEval's `check(candidate)`, MBPP's bare ones).

Expected values never enter the program's process: asserts of the shape
`f(literals) == literal` are taken apart and compared here, and tests of any other
shape run in a sandbox of their own, apart from the program; see docs/sandbox.md.
`language` (python or cpp, otherwise as the fence says), `timeout_s`, `memory_mb`,
`total_timeout_s`, `packages`, `tolerance`, `whitespace`, `ignore_case` and `any_order`
of `info` are optional. With `reference`, a program, a call's tests need
no output: it is what the reference answers, in the sandbox too. With `checker`, the
problem's own, what is printed is judged by it (`program/checker.py`).

Tests end at the first that fails. With `all_tests` in `info` they go on, and the
verdict's score is the share of tests passed; what is right stays the same.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

from pipeline.sandbox.contract import Run
from pipeline.sandbox.packages import compiler_versions, find_absent, versions_of
from pipeline.sandbox.run import run_cpp, run_python
from pipeline.thinking import strip_thinking
from pipeline.verifiers.contract import Verdict
from pipeline.verifiers.program.calls import (
    LATE,
    STOPPED,
    Bounds,
    Undecidable,
    answer_by_reference,
    describe_failure,
    find_call_faults,
)
from pipeline.verifiers.program.checker import accepts
from pipeline.verifiers.program.empty import write_empty
from pipeline.verifiers.program.fences import find_blocks
from pipeline.verifiers.program.results import same_output
from pipeline.verifiers.program.tests import (
    Call,
    calls_in_asserts,
    language_of,
    read_policy,
    read_tests,
)
from pipeline.verifiers.program.wall import find_fault_apart

__all__ = ["COUNTS_TESTS", "rests_on", "unreadable", "verify", "write_empty"]

COUNTS_TESTS = True

TIMEOUT_S, MEMORY_MB = 6.0, 1024
CALL_TOLERANCE = 1e-5  # LeetCode's, whose expected values are often cut there
LANGUAGES = ("python", "cpp")
# Whether what was printed is right, beside the input and the expected output.
Comparison = Callable[[str, str, str], bool]
# What a program has, and what it prints has seldom.
CODE = re.compile(
    r"^\s*(?:def|class|import|from|for|while|if|print|#include)\b|[=(]", re.M
)
NO_BLOCK = "no code found, and the text as a whole is no program"
FUTURE = re.compile(r"^from __future__ import .*\n?", re.M)


def verify(answer: str | None, completion: str, info: dict[str, Any]) -> Verdict:
    """Whether the program in `completion` passes every test of `info`."""
    language, program, doubt = _find_program(completion, info)
    if not program.strip():
        return Verdict(False, None, "no program found")
    if why := unreadable(answer, info):
        return Verdict(None, program, why)
    if absent := find_absent(info.get("packages", ())):
        why = f"it needs the package {absent}, which is not installed here"
        return Verdict(None, program, why)
    if language == "cpp" and info["type"] != "stdio":
        return Verdict(False, program, "C++, where the tests call Python")
    try:
        count, faults = _run_tests(program, info, language)
        verdict = _judge(faults, count, goes_on=bool(info.get("all_tests")))
    except Undecidable as error:
        verdict = Verdict(None, why=str(error))
    why = verdict.why
    if verdict.correct is False and (doubt != NO_BLOCK or _is_prose(program, why)):
        why = f"{doubt}: {why}" if doubt else why
    return replace(verdict, extracted=program, why=why)


def _is_prose(text: str, fault: str) -> bool:
    """Whether a text without a block of code is no program, seen by how it failed."""
    return "SyntaxError" in fault or not CODE.search(text)


def _judge(faults: Iterator[str], count: int, *, goes_on: bool) -> Verdict:
    """The verdict on a program from what is wrong in each of its `count` tests.

    Tests that never ran, after a program that had to be stopped, are not passed.
    """
    first, passed = "", 0
    for test, fault in enumerate(faults, 1):
        passed += not fault
        first = first or (fault and f"test {test}: {fault}")
        if first and not goes_on:
            return Verdict(False, why=first)
    score = passed / max(count, 1) if goes_on else None
    if first and goes_on:
        first = f"{first}; passed {passed} of {count}"
    return Verdict(not first, why=first or f"passed {passed} tests", score=score)


def unreadable(answer: str | None, info: dict[str, Any]) -> str | None:
    """Why the tests cannot be run, or None where they can; there is no gold answer."""
    if info.get("type") == "assert":
        return None if info.get("test_code") else "verify_info.test_code is empty"
    try:
        read_tests(info)
    except (ValueError, RecursionError) as error:
        return f"verify_info.tests: {error}"
    if info["type"] == "call" and not info.get("fn_name"):
        return "verify_info.fn_name is missing"
    return None


def rests_on(info: dict[str, Any]) -> str:
    """Versions of what the verdict rests on beside this code and Python: compilers,
    where a program is read for what it prints, and the packages of the row.
    """
    compilers = compiler_versions() if info["type"] == "stdio" else ""
    return compilers + versions_of(tuple(info.get("packages", ())))


def _find_program(completion: str, info: dict[str, Any]) -> tuple[str, str, str]:
    """The language, the program, "" where there is none, and what speaks against it.

    Thinking does not count, nor a turn that the model invented. Of the blocks in a
    language of the row, the last that is named so counts; then of those without a name
    the last that reads like a program, for a sample of output may stand behind it; then
    a text without blocks as a whole.
    """
    wanted = [info["language"]] if info.get("language") else list(LANGUAGES)
    text = strip_thinking(completion)
    blocks = find_blocks(text)
    if not blocks:
        text = text.replace("\ufeff", "")
        language = language_of("", text) if len(wanted) > 1 else wanted[0]
        return language or wanted[0], text, NO_BLOCK
    named = [b for b in blocks if b.name and language_of(b.name, b.code) in wanted]
    unnamed = [block for block in blocks if not block.name]
    code = [block for block in unnamed if CODE.search(block.code)]
    name, program, _ = (named or code or unnamed or blocks)[-1]
    language = language_of(name, program)
    doubt = "" if language in wanted else f"its block of code is {name}"
    return language or wanted[0], program, doubt


def _run_tests(
    program: str, info: dict[str, Any], language: str
) -> tuple[int, Iterator[str]]:
    """How many tests there are, and what is wrong in each; they run when asked for."""
    limits = Bounds(
        timeout_s=float(info.get("timeout_s") or TIMEOUT_S),
        memory_mb=int(info.get("memory_mb") or MEMORY_MB),
        total_s=float(info.get("total_timeout_s") or "inf"),
        packages=tuple(info.get("packages", ())),
    )
    goes_on = bool(info.get("all_tests"))
    if info["type"] == "stdio":
        tests, is_right = read_tests(info), _choose_comparison(info)
        return len(tests), _feed(program, tests, limits, is_right, language)
    if info["type"] == "call":
        if info.get("reference"):
            calls = _reference_calls(json.dumps(info, sort_keys=True), limits.timeout_s)
        else:
            calls = _read_calls(info)
        if info.get("setup"):
            program = _complete(program, info)
        tolerance = float(info.get("tolerance", CALL_TOLERANCE))
        faults = find_call_faults(program, calls, limits, tolerance, goes_on=goes_on)
        return len(calls), faults
    if calls := calls_in_asserts(info["test_code"], info.get("entry_point")):
        program = _complete(program, info)
        return len(calls), find_call_faults(program, calls, limits, goes_on=goes_on)
    return 1, (_run_asserts(program, info, limits) for _ in range(1))


def _choose_comparison(info: dict[str, Any]) -> Comparison:
    """How output is compared: as the row says, or by its own checker."""
    if checker := info.get("checker"):
        return partial(accepts, checker)
    policy = read_policy(info)
    return lambda _, output, printed: same_output(printed, output, policy)


def _feed(
    program: str,
    tests: list[dict[str, Any]],
    limits: Bounds,
    is_right: Comparison,
    language: str,
) -> Iterator[str]:
    """What is wrong with what `program` prints, test by test, until it is stopped."""
    for test in tests:
        if limits.is_late():
            yield LATE
            return
        fault = _run_test(program, test, limits, is_right, language)
        yield fault
        if fault.startswith(STOPPED):
            return


def _read_calls(info: dict[str, Any]) -> list[Call]:
    how = "any_order" if info.get("any_order") else "alike"
    return [
        Call(info["fn_name"], test["input"], test["output"], how)
        for test in read_tests(info)
    ]


@lru_cache(256)
def _reference_calls(info_text: str, timeout_s: float) -> list[Call]:
    """The calls with what the row's reference answers, run in the sandbox once."""
    info = json.loads(info_text)
    packages = tuple(info.get("packages", ()))
    limits = Bounds(timeout_s, MEMORY_MB, packages=packages)
    return answer_by_reference(info["reference"], _read_calls(info), limits)


def _run_test(
    program: str,
    test: dict[str, Any],
    limits: Bounds,
    is_right: Comparison,
    language: str,
) -> str:
    """What is wrong with what `program` prints; "" where it is right."""
    run_program: Callable[..., Run] = run_cpp
    if language != "cpp":
        run_program = partial(run_python, packages=limits.packages)
    given, output = _as_text(test["input"]), _as_text(test.get("output", ""))
    stdin = given.encode(errors="replace")
    run = run_program(program, stdin=stdin, limits=limits.process_limits())
    limits.count(run)
    if why := describe_failure(run):
        return why
    printed = run.stdout.decode(errors="replace")
    if is_right(given, output, printed):
        return ""
    return "wrong output" if run.stdout.strip() else "no output"


def _as_text(text: Any) -> str:
    return "\n".join(map(str, text)) if isinstance(text, list) else str(text)


def _complete(program: str, info: dict[str, Any]) -> str:
    """A whole program: HumanEval's answers may go on where the prompt ends.

    MBPP's set-up, which has no entry point, comes after the program: it makes
    objects of the program's own classes.
    """
    setup, name = info.get("setup") or "", info.get("entry_point")
    if not name:
        return f"{program}\n{setup}"
    # Such an import has to stand first, also where a set-up goes before the program.
    future = "".join(FUTURE.findall(program))
    program = FUTURE.sub("\n", program)
    setup = f"{future}{setup}"
    is_whole = not name.isidentifier() or re.search(
        rf"^\s*(async\s+)?def\s+{name}\b", program, re.M
    )
    if setup and not is_whole:
        return setup + program
    return f"{setup}\n{program}"


def _run_asserts(program: str, info: dict[str, Any], limits: Bounds) -> str:
    """Run tests of any shape, in a sandbox of their own."""
    setup, name = info.get("setup") or "", info.get("entry_point")
    subject = _complete(program, info) if name else program
    return find_fault_apart(subject, setup, name, info["test_code"], limits)
