"""The tests of a program in the spellings that sets of programming problems have.

All come down to the three kinds of the verifier `code`: programs on stdin and stdout
(`stdio`), calls of a function (`call`), and asserts (`assert`). Values are read as
JSON and never evaluated; what cannot be read is a ValueError that says what was
expected.
"""

import json
import re
from typing import Any

from stages.sources._fields import Row, as_text, text

# Where a set's test case says which function it calls.
CALLS = ("function_call", "functional")
# Names of a row that has its inputs and outputs as columns of its own.
COLUMNS = ("inputs", "outputs")
PARTS = ("public_tests", "private_tests", "generated_tests")
# What a file of tests has: asserts of its own, of unittest, or what pytest collects.
ASSERTS = re.compile(r"assert|^\s*def test", re.M)


def read_tests(tests: Any, starter: str = "") -> Row:
    """`verify_info` of the tests: JSON or its value, a list, two lists, or asserts.

    `starter` is the code that a solution begins with: its last method of a class
    Solution is called, where the tests name no function.
    """
    given: Any = _unwrap(tests)
    if isinstance(given, dict):
        given = _unwrap_columns(given)
    match given:
        case str() if ASSERTS.search(given):
            return asserts(given)
        case {"inputs": list() as inputs, "outputs": list() as outputs} | {
            "input": list() as inputs,
            "output": list() as outputs,
        }:
            return _columns(given, inputs, outputs, starter)
        case {"functional": str() as code}:
            return asserts(code)
        case {"assert_case": [*cases]} if cases and all(map(as_text, cases)):
            return asserts("\n".join(cases))
        case {"test_code": str() as code, "entry_point": str() as name}:
            return asserts(code, _setup(given), name)
        case [str(), *_] if all(map(as_text, given)):
            return asserts("\n".join(given))
        case [{"input": _, "output": _}, *_]:
            return _cases(given, starter)
    raise ValueError("expected test cases, two lists of them, or asserts")


def count_tests(info: Row) -> int:
    """How many test cases or asserts `verify_info` has."""
    tests = info.get("tests")
    if isinstance(tests, list):
        return len(tests)
    return len(re.findall(r"\bassert\b", info.get("test_code", "")))


def _unwrap(tests: Any) -> Any:
    """The value behind JSON, a list of one JSON text, and objects that hold tests."""
    for _ in range(4):
        match tests:
            case str() if tests.lstrip()[:1] in ("{", "["):
                tests = json.loads(tests)
            case [str() as only] if only.lstrip()[:1] in ("{", "["):
                tests = only
            case {"test_cases": inner} | {"ground_truth": inner} | {"tests": inner}:
                tests = inner
            case _:
                return tests
    return tests


def _unwrap_columns(given: Row) -> Row:
    """The object, with inputs and outputs as lists; CodeContests has them in parts."""
    parts = [part for name in PARTS if isinstance(part := given.get(name), dict)]
    if parts:
        return {
            name: [value for part in parts for value in part.get(name) or []]
            for name in ("input", "output")
        }
    texts = [name for name in COLUMNS if isinstance(given.get(name), str)]
    return given | {name: json.loads(given[name]) for name in texts}


def asserts(code: str, setup: str = "", entry_point: str | None = None) -> Row:
    """`verify_info` of asserts, or of `check(candidate)` over the entry point."""
    info = {"type": "assert", "setup": setup, "entry_point": entry_point}
    return info | {"test_code": code}


def _setup(tests: Any) -> str:
    return as_text(tests.get("import_prefix")) or ""


def _columns(tests: Any, inputs: list[Any], outputs: list[Any], starter: str) -> Row:
    """APPS, TACO and their kin: inputs and outputs, and a name where they call."""
    if not inputs or len(inputs) != len(outputs):
        raise ValueError("expected as many outputs as inputs, and at least one")
    cases = [{"input": i, "output": o} for i, o in zip(inputs, outputs, strict=True)]
    if name := text(tests, "fn_name", "func_name") or find_method(starter):
        return _calls(name, cases)
    return {"type": "stdio", "tests": [_lines(case) for case in cases]}


def _cases(tests: list[Any], starter: str) -> Row:
    if not all(
        isinstance(test, dict) and {"input", "output"} <= {*test} for test in tests
    ):
        raise ValueError("expected objects with input and output")
    first = tests[0]
    if first.get("type") not in CALLS and first.get("testtype") not in CALLS:
        return {"type": "stdio", "tests": [_lines(test) for test in tests]}
    metadata = first.get("metadata")
    named = text(metadata, "func_name") if isinstance(metadata, dict) else None
    return _calls(text(first, "fn_name") or named or find_method(starter), tests)


def _calls(name: str | None, tests: list[Row]) -> Row:
    """Arguments are a list, or a text with one a line in JSON.

    APPS and its kin wrap what a call returns in a list of one; where every test does,
    the wrapper is taken off. A function that returns lists of one in every test cannot
    be told from that.
    """
    if name is None:
        raise ValueError("expected the name of what the tests call")
    calls = [{"input": _values(t["input"]), "output": t["output"]} for t in tests]
    if all(isinstance(call["output"], str) for call in calls) and any(
        isinstance(test["input"], str) for test in tests
    ):
        calls = [call | {"output": json.loads(call["output"])} for call in calls]
    elif all(isinstance(c["output"], list) and len(c["output"]) == 1 for c in calls):
        calls = [call | {"output": call["output"][0]} for call in calls]
    return {"type": "call", "fn_name": name, "tests": calls}


def _values(arguments: Any) -> list[Any]:
    if isinstance(arguments, str):
        # Not `splitlines`: a text in JSON may hold other line ends as they are.
        return [json.loads(line) for line in arguments.split("\n") if line.strip()]
    if not isinstance(arguments, list):
        raise ValueError("the input of a call: expected a list, or lines of JSON")
    return arguments


def _lines(case: Row) -> Row:
    """Input and output as text; a list is its lines."""
    given, output = case["input"], case["output"]
    pair = {"input": _joined(given), "output": _joined(output)}
    if not all(isinstance(value, str) for value in pair.values()):
        raise ValueError("input and output: expected text or a list of lines")
    return pair


def _joined(value: Any) -> Any:
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "\n".join(value)
    return value


def find_method(starter: str) -> str | None:
    """The first method of class Solution, before which other classes may stand."""
    name = re.search(r"def\s+(\w+)\s*\(", starter.partition("class Solution")[2])
    return name.group(1) if name else None
