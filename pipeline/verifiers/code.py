"""Programs: run against their tests in the sandbox, and compared out here.

`info["type"]` says what a test is: `stdio` feeds a program its input and compares
what it prints; `call` calls a function, or a method of `class Solution`; `assert`
holds asserts over a function (HumanEval's `check(candidate)`, MBPP's bare ones).

Expected values never enter the program's process: asserts of the shape
`f(literals) == literal` are taken apart and compared here, and tests of any other
shape run in a sandbox of their own, apart from the program; see docs/sandbox.md.
`language` (python or cpp, otherwise as the fence says), `timeout_s`, `memory_mb`,
`total_timeout_s`, `all_tests`, `tolerance`, `whitespace`, `ignore_case` and
`any_order` of `info` are optional. With `reference`, a program, a call's tests need
no output: it is what the reference answers, in the sandbox too.
"""

import json
import re
import secrets
import time
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from pipeline.sandbox.run import Ran, is_remote, run_cpp, run_python
from pipeline.verifiers.contract import Verdict
from pipeline.verifiers.program.apart import judged_apart
from pipeline.verifiers.program.asserts import Call, as_calls
from pipeline.verifiers.program.calls import (
    LATE,
    OPENING,
    PRELUDE,
    WIRE,
    Pace,
    Unfit,
    answers,
    broken,
    judged_calls,
)
from pipeline.verifiers.program.results import Policy, same_output
from pipeline.verifiers.program.tests import language, policy, read_tests

TIMEOUT_S, STARTUP_S, MEMORY_MB = 6.0, 2.0, 1024
TYPES = ("stdio", "call", "assert")
LANGUAGES = ("python", "cpp")
FENCE = re.compile(r"```[ \t]*([\w+-]*)[^\n]*\n(.*?)```", re.S)

BESIDE = """
job = json.loads(sys.stdin.buffer.read())
silence(0, 1)
scope = load(job)
exec(compile(job["tests"], "tests.py", "exec"), scope)
if "check" in scope and job["name"]:
    scope["check"](scope[job["name"]])
os.write(channel, job["token"].encode())
"""


def verify(answer: str | None, completion: str, info: dict[str, Any]) -> Verdict:
    """Whether the program in `completion` passes every test of `info`.

    With `info["all_tests"]` all of them run, and `score` is the share that passed;
    otherwise the first failure ends it.
    """
    spoken, program = _block(completion, info)
    if not program.strip():
        return Verdict(False, None, "no program found")
    if why := unreadable(answer, info):
        return Verdict(None, program, why)
    if spoken == "cpp" and info["type"] != "stdio":
        return Verdict(False, program, "C++, where the tests call Python")
    try:
        said = _said(_faults(program, info, spoken), is_all=bool(info.get("all_tests")))
    except Unfit as error:
        return Verdict(None, program, str(error))
    failed = [(n, fault) for n, fault in enumerate(said, start=1) if fault]
    score = 1 - len(failed) / len(said) if info.get("all_tests") else None
    why = f"passed {len(said)} tests"
    if failed:
        number, fault = failed[0]
        why = f"test {number}: {fault}"
        why += f" ({len(failed)} of {len(said)} fail)" if info.get("all_tests") else ""
    return Verdict(not failed, program, why, score)


def _said(faults: Iterator[str], *, is_all: bool) -> list[str]:
    """All faults, or those up to the first that is one."""
    if is_all:
        return list(faults)
    said = []
    for fault in faults:
        said.append(fault)
        if fault:
            break
    return said


def verdicts(completion: str, info: dict[str, Any]) -> list[str]:
    """What is wrong in each test, in their order; "" where it passes.

    A ValueError where the tests cannot be run.
    """
    if why := unreadable(None, info):
        raise ValueError(why)
    spoken, program = _block(completion, info)
    return list(_faults(program, info | {"all_tests": True}, spoken))


def unreadable(answer: str | None, info: dict[str, Any]) -> str | None:
    """Why the tests cannot be run, or None where they can; there is no gold answer."""
    kind = info.get("type")
    if kind not in TYPES:
        return f"verify_info.type: expected one of {', '.join(TYPES)}, found {kind!r}"
    if info.get("language", "python") not in LANGUAGES:
        known = ", ".join(LANGUAGES)
        return f"verify_info.language: {info['language']!r} is not one of {known}"
    if kind == "assert":
        return None if info.get("test_code") else "verify_info.test_code is empty"
    try:
        read_tests(info)
    except (ValueError, RecursionError) as error:
        return f"verify_info.tests: {error}"
    try:
        policy(info)
    except (ValueError, TypeError) as error:
        return f"verify_info: {error}"
    if kind == "call" and not info.get("fn_name"):
        return "verify_info.fn_name is missing"
    return None


def extract(completion: str) -> str:
    """The last complete fenced block after the thinking, or all of the text."""
    return _block(completion, {})[1]


def _block(completion: str, info: dict[str, Any]) -> tuple[str, str]:
    """The program and its language: the last block in one that the row wants."""
    wanted = [info["language"]] if info.get("language") else list(LANGUAGES)
    text = completion.rpartition("</think>")[2] or completion
    blocks = [(language(name, code), code) for name, code in FENCE.findall(text)]
    if blocks:
        spoken = [block for block in blocks if block[0] in wanted] or blocks
        return spoken[-1][0] or wanted[0], spoken[-1][1]
    if "```" in text:
        name, _, rest = text.partition("```")[2].partition("\n")
        return language(name.strip(), rest) or wanted[0], rest
    return language("", text) if len(wanted) > 1 else wanted[0], text


def _faults(program: str, info: dict[str, Any], spoken: str) -> Iterator[str]:
    """What is wrong in each test, as far as asked for."""
    total = info.get("total_timeout_s")
    pace = Pace(
        timeout_s=float(info.get("timeout_s") or TIMEOUT_S),
        startup_s=STARTUP_S,
        memory_mb=int(info.get("memory_mb") or MEMORY_MB),
        deadline=time.monotonic() + float(total) if total else None,
    )
    goes_on = bool(info.get("all_tests"))
    if info["type"] == "stdio":
        tests, rules = read_tests(info), policy(info)
        for test in tests:
            yield LATE if pace.is_late() else _stdio(program, test, pace, rules, spoken)
        return
    if info["type"] == "call":
        calls = _calls(info, pace)
        program = _completed(program, info) if info.get("setup") else program
        tolerance = float(info.get("tolerance") or 0)
        yield from judged_calls(
            program, calls, pace, goes_on=goes_on, tolerance=tolerance
        )
        return
    whole = _completed(program, info)
    if calls := as_calls(info["test_code"], info.get("entry_point")):
        yield from judged_calls(whole, calls, pace, goes_on=goes_on)
    else:
        yield _apart(program, whole, info, pace)


def _calls(info: dict[str, Any], pace: Pace) -> list[Call]:
    if info.get("reference"):
        return _expected(json.dumps(info, sort_keys=True), pace.timeout_s)
    return [
        Call(info["fn_name"], test["input"], test["output"], "alike")
        for test in read_tests(info)
    ]


@lru_cache(256)
def _expected(info_text: str, timeout_s: float) -> list[Call]:
    """The calls with what the row's reference answers, run in the sandbox once."""
    info = json.loads(info_text)
    calls = [
        Call(info["fn_name"], test["input"], None, "alike") for test in read_tests(info)
    ]
    pace = Pace(timeout_s, STARTUP_S, MEMORY_MB)
    return answers(info["reference"], calls, pace)


def _stdio(
    program: str, test: dict[str, Any], pace: Pace, rules: Policy, spoken: str
) -> str:
    fed = _joined(test["input"]).encode(errors="replace")
    run = run_cpp if spoken == "cpp" else run_python
    ran = run(program, stdin=fed, limits=pace.limits())
    if why := broken(ran):
        return why
    printed = ran.out.decode(errors="replace")
    return "" if same_output(printed, _joined(test["output"]), rules) else _differs(ran)


def _differs(ran: Ran) -> str:
    return "wrong output" if ran.out.strip() else "no output"


def _joined(text: Any) -> str:
    return "\n".join(map(str, text)) if isinstance(text, list) else str(text)


def _completed(program: str, info: dict[str, Any]) -> str:
    """A whole program: HumanEval's answers may go on where the prompt ends.

    MBPP's set-up, which has no entry point, comes after the program: it makes
    objects of the program's own classes.
    """
    setup, name = info.get("setup") or "", info.get("entry_point")
    if not name:
        return f"{program}\n{setup}"
    if setup and not re.search(rf"^\s*(async\s+)?def\s+{name}\b", program, re.M):
        return setup + program
    return f"{setup}\n{program}"


def _apart(program: str, whole: str, info: dict[str, Any], pace: Pace) -> str:
    """Run tests of any shape in a sandbox of their own, if they can be."""
    setup, name = info.get("setup") or "", info.get("entry_point")
    if is_remote():
        return _beside(whole, info, pace, "a server cannot hold two")
    try:
        subject = whole if name else program
        return judged_apart(subject, setup, name, info["test_code"], pace)
    except ValueError as error:
        return _beside(whole, info, pace, str(error))


def _beside(program: str, info: dict[str, Any], pace: Pace, reason: str) -> str:
    """Run the tests in the program's process; a token says they got through.

    Only where the tests, never the program, ask for it: what runs there could look
    for the token.
    """
    token = secrets.token_hex(16)
    job = {
        "prelude": PRELUDE,
        "program": program,
        "tests": info["test_code"],
        "name": info.get("entry_point"),
        "token": token,
    }
    source = WIRE + OPENING + BESIDE
    ran = run_python(source, stdin=json.dumps(job).encode(), limits=pace.limits())
    if why := broken(ran):
        return f"{why} (tests beside the program: {reason})"
    return "" if ran.told == token.encode() else "ended before its tests did"
