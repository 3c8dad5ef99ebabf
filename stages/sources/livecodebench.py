"""LiveCodeBench: programs on stdin and stdout, or methods of `class Solution`."""

import json
import re
from typing import Any

from stages.sources._fields import text


def adapt(row: dict[str, Any]) -> dict[str, Any] | str:
    """{"problem", "starter_code", "tests": [{"input", "output", "testtype"}]}."""
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
    return {
        "problem": f"{problem}\n\n{starter}" if starter else problem,
        "answer": None,
        "domain": "code",
        "verifier": "code",
        "verify_info": info,
    }


def _is_pair(test: dict[str, Any]) -> bool:
    return isinstance(test.get("input"), str) and isinstance(test.get("output"), str)


def _stdio(tests: list[dict[str, Any]]) -> dict[str, Any]:
    pairs = [{"input": test["input"], "output": test["output"]} for test in tests]
    return {"type": "stdio", "tests": pairs}


def _call(tests: list[dict[str, Any]], starter: str) -> dict[str, Any]:
    """Arguments stand one a line, in JSON; helper classes may stand before Solution."""
    name = re.search(r"def\s+(\w+)\s*\(", starter.partition("class Solution")[2])
    if name is None:
        raise ValueError("starter_code has no method in class Solution")
    calls = [
        {
            "input": [json.loads(line) for line in test["input"].splitlines() if line],
            "output": json.loads(test["output"]),
        }
        for test in tests
    ]
    return {"type": "call", "fn_name": name.group(1), "tests": calls}
