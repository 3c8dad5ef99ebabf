"""Programs: run against their tests in the sandbox, and compared out here.

`info["type"]` says what a test is: `stdio` feeds a program its input and compares
what it prints; `call` calls a function, or a method of `class Solution`; `assert`
holds asserts over a function (HumanEval's `check(candidate)`, MBPP's bare ones).

Every test has a process of its own, and expected values never enter it: asserts
of the shape `f(literals) == literal` are taken apart and compared here. Others run
beside the program and vouch for themselves with a token; see docs/sandbox.md.
"""

import ast
import json
import math
import re
import secrets
from typing import Any

from pipeline.sandbox.run import Limits, Ran, run_python
from pipeline.verifiers._asserts import Call, as_calls
from pipeline.verifiers._results import same_output, same_value
from pipeline.verifiers.contract import Verdict

TIMEOUT_S = 6.0
STARTUP_S = 2.0
TYPES = ("stdio", "call", "assert")
FENCE = re.compile(r"```[ \t]*([\w+-]*)[^\n]*\n(.*?)```", re.S)

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
HARNESS = """\
import ast, json, os, sys
channel = int(os.environ.pop("GOLDSIEVE_FD"))
job = json.loads(sys.stdin.buffer.read())
sys.setrecursionlimit(100_000)


def plain(value):
    if isinstance(value, dict):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(map(plain, value))
    is_list = isinstance(value, list) or type(value).__name__ == "deque"
    return list(map(plain, value)) if is_list else value


scope = {"__name__": "solution"}
exec(compile(job["prelude"], "prelude.py", "exec"), scope)
exec(compile(job["program"], "solution.py", "exec"), scope)
if "token" in job:
    exec(compile(job["tests"], "tests.py", "exec"), scope)
    if "check" in scope and job["name"]:
        scope["check"](scope[job["name"]])
    os.write(channel, job["token"].encode())
else:
    holder = scope.get("Solution")
    found = getattr(holder(), job["name"], None) if holder else None
    arguments = ast.literal_eval(job["arguments"])
    value = (found or scope[job["name"]])(*arguments)
    text = repr(plain(value)).encode()
    while text:
        text = text[os.write(channel, text):]
"""


def verify(answer: str | None, completion: str, info: dict[str, Any]) -> Verdict:
    """Whether the program in `completion` passes every test of `info`."""
    program = extract(completion)
    if not program.strip():
        return Verdict(False, None, "no program found")
    if why := unreadable(answer, info):
        return Verdict(None, program, why)
    failed, count = _first_failure(program, info)
    return Verdict(not failed, program, failed or f"passed {count} tests")


def unreadable(answer: str | None, info: dict[str, Any]) -> str | None:
    """Why the tests cannot be run, or None where they can; there is no gold answer."""
    kind = info.get("type")
    if kind not in TYPES:
        return f"verify_info.type: expected one of {', '.join(TYPES)}, found {kind!r}"
    if kind == "assert":
        return None if info.get("test_code") else "verify_info.test_code is empty"
    tests = info.get("tests")
    if not isinstance(tests, list) or not tests:
        return "verify_info.tests: expected a list of tests"
    if any(not isinstance(t, dict) or {"input", "output"} - set(t) for t in tests):
        return "verify_info.tests: every test needs input and output"
    if kind == "call" and not info.get("fn_name"):
        return "verify_info.fn_name is missing"
    return None


def extract(completion: str) -> str:
    """The last complete fenced block after the thinking, or all of the text."""
    text = completion.rpartition("</think>")[2] or completion
    blocks = FENCE.findall(text)
    python = [
        code for name, code in blocks if name.lower() in ("", "python", "py", "python3")
    ]
    if python or blocks:
        return str((python or [code for _, code in blocks])[-1])
    return text.partition("```")[2].partition("\n")[2] if "```" in text else text


def _first_failure(program: str, info: dict[str, Any]) -> tuple[str, int]:
    """What the first failing test did ("" when all pass), and how many there are."""
    timeout = float(info.get("timeout_s") or TIMEOUT_S)
    limits = Limits(
        wall_s=timeout + STARTUP_S,
        cpu_s=math.ceil(timeout),
        memory_mb=int(info.get("memory_mb") or 1024),
    )
    if info["type"] == "stdio":
        tests = info["tests"]
        for number, test in enumerate(tests, start=1):
            if why := _stdio(program, test, limits):
                return f"test {number}: {why}", len(tests)
        return "", len(tests)
    if info["type"] == "call":
        calls = [
            Call(info["fn_name"], list(test["input"]), test["output"])
            for test in info["tests"]
        ]
        return _calls(program, calls, limits)
    program = _completed(program, info)
    calls = as_calls(info["test_code"], info.get("entry_point"))
    if calls:
        return _calls(program, calls, limits)
    return _vouched(program, info, limits), 1


def _stdio(program: str, test: dict[str, Any], limits: Limits) -> str:
    fed = _joined(test["input"]).encode(errors="replace")
    ran = run_python(program, stdin=fed, limits=limits)
    if why := _broke(ran):
        return why
    printed = ran.out.decode(errors="replace")
    return "" if same_output(printed, _joined(test["output"])) else "wrong output"


def _joined(text: Any) -> str:
    return "\n".join(map(str, text)) if isinstance(text, list) else str(text)


def _calls(program: str, calls: list[Call], limits: Limits) -> tuple[str, int]:
    for number, call in enumerate(calls, start=1):
        job = {
            "prelude": PRELUDE,
            "program": program,
            "name": call.name,
            "arguments": repr(call.arguments),
        }
        ran = run_python(HARNESS, stdin=json.dumps(job).encode(), limits=limits)
        if why := _broke(ran) or _differs(ran.told, call.expected):
            return f"test {number}: {why}", len(calls)
    return "", len(calls)


def _differs(told: bytes, expected: Any) -> str:
    if not told:
        return "returned nothing"
    try:
        value = ast.literal_eval(told.decode())
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return "returned something that is no plain value"
    return "" if same_value(value, expected) else f"returned {str(value)[:80]}"


def _completed(program: str, info: dict[str, Any]) -> str:
    """A whole program: HumanEval's answers may go on where the prompt ends.

    MBPP's set-up, which has no entry point, comes after the program: it makes
    objects of the program's own classes.
    """
    setup, name = info.get("setup") or "", info.get("entry_point")
    if not name:
        return f"{program}\n{setup}"
    if (
        name
        and setup
        and not re.search(rf"^\s*(async\s+)?def\s+{name}\b", program, re.M)
    ):
        return setup + program
    return f"{setup}\n{program}"


def _vouched(program: str, info: dict[str, Any], limits: Limits) -> str:
    """Run tests of any shape beside the program; the token says they got through."""
    token = secrets.token_hex(16)
    job = {
        "prelude": PRELUDE,
        "program": program,
        "tests": info["test_code"],
        "name": info.get("entry_point"),
        "token": token,
    }
    ran = run_python(HARNESS, stdin=json.dumps(job).encode(), limits=limits)
    if why := _broke(ran):
        return why
    return "" if ran.told == token.encode() else "ended before its tests did"


def _broke(ran: Ran) -> str:
    if ran.ended == "timeout":
        return "timeout"
    if ran.ended == "output_limit":
        return "too much output"
    if ran.code:
        said = ran.err.decode(errors="replace").strip().splitlines()
        return f"exit code {ran.code}: {said[-1][:120] if said else 'no message'}"
    return ""
