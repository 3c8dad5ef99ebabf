"""LiveCodeBench: programs on stdin and stdout, or methods of `class Solution`.

The benchmark's own release has public tests as JSON in a text and private ones packed
(JSON, pickled, compressed, in base64): they stay packed in the row, and the verifier
unpacks them, with an unpickler that makes text alone.
"""

import json
import re

from stages.sources._fields import Row, code_problem, text


def adapt(row: Row) -> Row | str:
    """{"problem", "starter_code", "tests": [{"input", "output", "testtype"}]}.

    Or, as released, {"question_content", "starter_code", "public_test_cases",
    "private_test_cases", "metadata"}.
    """
    if "public_test_cases" in row:
        return _released(row)
    problem, tests = text(row, "problem"), row.get("tests")
    if problem is None or not isinstance(tests, list) or not tests:
        return "problem, tests: expected a text and a list of tests"
    if not all(isinstance(test, dict) and _is_pair(test) for test in tests):
        return "tests: expected objects with input and output as text"
    starter = text(row, "starter_code") or ""
    is_call = tests[0].get("testtype") == "functional"
    try:
        info = _call(tests, starter) if is_call else _stdio(tests)
    except (ValueError, RecursionError) as error:
        return f"tests: {error!r:.120}"
    return _problem(problem, starter, info)


def _released(row: Row) -> Row | str:
    problem, starter = text(row, "question_content"), text(row, "starter_code") or ""
    packed = [text(row, "public_test_cases"), text(row, "private_test_cases")]
    tests = [part for part in packed if part not in (None, "[]")]
    if problem is None or not tests:
        return "question_content, public_test_cases: expected a text and tests"
    info: Row = {"type": "stdio", "tests": tests}
    try:
        name = json.loads(text(row, "metadata") or "{}").get("func_name")
    except (ValueError, AttributeError) as error:
        return f"metadata: {error!r:.120}"
    if starter or name:
        try:
            info |= {"type": "call", "fn_name": name or _method(starter)}
        except ValueError as error:
            return str(error)
    return _problem(problem, starter, info)


def _problem(problem: str, starter: str, info: Row) -> Row:
    return code_problem(f"{problem}\n\n{starter}" if starter else problem, info)


def _is_pair(test: Row) -> bool:
    return isinstance(test.get("input"), str) and isinstance(test.get("output"), str)


def _stdio(tests: list[Row]) -> Row:
    pairs = [{"input": test["input"], "output": test["output"]} for test in tests]
    return {"type": "stdio", "tests": pairs}


def _call(tests: list[Row], starter: str) -> Row:
    """Arguments stand one a line, in JSON."""
    calls = [
        {
            "input": [json.loads(line) for line in test["input"].splitlines() if line],
            "output": json.loads(test["output"]),
        }
        for test in tests
    ]
    return {"type": "call", "fn_name": _method(starter), "tests": calls}


def _method(starter: str) -> str:
    """The method's name; helper classes may stand before Solution."""
    name = re.search(r"def\s+(\w+)\s*\(", starter.partition("class Solution")[2])
    if name is None:
        raise ValueError("starter_code has no method in class Solution")
    return name.group(1)
